//! Any bytes as a medium that holds JPEG pictures, whole or in pieces.
#![no_main]

use forensic_core::carve::Options;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    forensic_fuzz::carve(data.to_vec(), Options::default().types(["jpeg"]).cluster_size(512));
});
