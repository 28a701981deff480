//! Any bytes as a medium on which movies and pictures in boxes are carved.
#![no_main]

use forensic_core::carve::Options;
use libfuzzer_sys::fuzz_target;

const TYPES: [&str; 7] = ["mp4", "mov", "3gp", "m4a", "heic", "avif", "jxl"];

fuzz_target!(|data: &[u8]| {
    forensic_fuzz::carve(data.to_vec(), Options::default().types(TYPES).cluster_size(512));
});
