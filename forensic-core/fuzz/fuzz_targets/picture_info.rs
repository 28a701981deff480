//! Any bytes as a picture file: what it says of its picture, and its frames.
#![no_main]

use forensic_core::{Limits, bytes::Source, picture};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { pixels: 1 << 18, picture_bytes: 16 << 20, ..Limits::default() };
    let source: Source = Arc::new(data.to_vec());
    if let Ok(info) = picture::info(&source, &limits) {
        for thumbnail in &info.thumbnails {
            assert!(thumbnail.offset + thumbnail.bytes.len() as u64 <= data.len() as u64);
        }
        let gps = info.gps.unwrap_or_default();
        assert!(gps.latitude.is_none_or(|latitude| latitude.abs() <= 90.0));
        assert!(gps.longitude.is_none_or(|longitude| longitude.abs() <= 180.0));
    }
    if let Ok(frames) = picture::frames(&source, &limits) {
        frames.take(64).for_each(drop);
    }
});
