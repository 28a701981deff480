//! Any bytes as a volume.
#![no_main]

mod exhaust;

use forensic_core::{Limits, bytes::Source, filesystem};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let volume: Source = Arc::new(data.to_vec());
    if let Ok(Some(found)) = filesystem::open(volume, &Limits::default()) {
        exhaust::filesystem(&found);
    }
});
