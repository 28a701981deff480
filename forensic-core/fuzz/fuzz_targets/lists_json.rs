//! Any bytes as a VICS or CAID document.
#![no_main]

use forensic_core::known::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| forensic_fuzz::lists(data, &[Format::Vics]));
