//! Any bytes as a medium on which movies and pictures in boxes are carved and read.
#![no_main]

use forensic_core::{
    Limits, NoProgress,
    bytes::{ReadAt, Source},
    carve,
};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { mend_bytes: 4 << 20, ..Limits::default() };
    let types = ["mp4", "mov", "3gp", "m4a", "heic", "avif", "jxl"];
    let options = carve::Options::default().types(types).threads(1).cluster_size(512).limits(limits);
    let source: Source = Arc::new(data.to_vec());
    for file in carve::carve(&source, &options, &NoProgress).unwrap().files {
        assert_eq!(file.open().read_vec(0, file.size).unwrap().len() as u64, file.size);
    }
});
