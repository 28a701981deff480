//! Any bytes as a medium on which pictures are carved.
#![no_main]

use forensic_core::{Limits, NoProgress, bytes::Source, carve};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { mend_bytes: 4 << 20, ..Limits::default() };
    let options = carve::Options::default().threads(1).nested(true).limits(limits);
    let source: Source = Arc::new(data.to_vec());
    let carving = carve::carve(&source, &options, &NoProgress).unwrap();
    for file in carving.files {
        let is_there = |place: Option<u64>, length| place.is_some_and(|place| place + length <= data.len() as u64);
        assert!(file.extents().iter().all(|extent| is_there(extent.offset, extent.length)));
    }
});
