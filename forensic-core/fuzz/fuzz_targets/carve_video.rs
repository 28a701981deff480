//! Any bytes as a medium on which video, sound and pictures in boxes are carved, those inside others too.
#![no_main]

use forensic_core::carve::Options;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| forensic_fuzz::carve(data.to_vec(), Options::default().nested(true).cluster_size(512)));
