//! Any bytes as a medium on which documents and archives are carved, those inside others too.
#![no_main]

use forensic_core::carve::Options;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| forensic_fuzz::carve(data.to_vec(), Options::default().nested(true)));
