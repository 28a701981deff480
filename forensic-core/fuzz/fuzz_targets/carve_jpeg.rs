//! Any bytes as a medium that holds JPEG pictures, whole or in pieces.
#![no_main]

use forensic_core::{
    Limits, NoProgress,
    bytes::{ReadAt, Source},
    carve::{self, Options},
};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { mend_bytes: 1 << 20, ..Limits::default() };
    let options = Options::default().types(["jpeg"]).cluster_size(512).threads(1).limits(limits);
    let source: Source = Arc::new(data.to_vec());
    let carving = carve::carve(&source, &options, &NoProgress).unwrap();
    for file in carving.files {
        assert!(file.offset() < source.len() && file.size <= source.len());
    }
});
