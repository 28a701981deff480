//! Any bytes as a picture, whole or in part.
#![no_main]

use forensic_core::{
    Limits,
    bytes::Source,
    perceptual::{Algorithm, Options, hash_picture},
    picture::{self, DecodeOptions},
};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { pixels: 1 << 20, picture_bytes: 16 << 20, ..Limits::default() };
    let source: Source = Arc::new(data.to_vec());
    let whole = picture::decode(&source, &limits);
    let part = picture::decode_with(&source, &DecodeOptions::default().partial(true), &limits);
    if let Ok(part) = &part {
        assert!((0.0..=1.0).contains(&part.decoded));
    }
    if let Ok(picture) = whole {
        // What decodes whole decodes as a part of itself.
        assert!(part.is_ok_and(|part| part.pixels == picture));
        for algorithm in Algorithm::ALL {
            let _ = hash_picture(&picture, Options::new(algorithm));
        }
    }
});
