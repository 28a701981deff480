//! Any bytes as a picture.
#![no_main]

use forensic_core::{
    Limits,
    bytes::Source,
    perceptual::{Algorithm, Options, hash_picture},
    picture,
};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { pixels: 1 << 20, picture_bytes: 16 << 20, ..Limits::default() };
    let source: Source = Arc::new(data.to_vec());
    let Ok(picture) = picture::decode(&source, &limits) else { return };
    for algorithm in Algorithm::ALL {
        let _ = hash_picture(&picture, Options::new(algorithm));
    }
});
