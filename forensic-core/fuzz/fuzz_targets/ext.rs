//! Any bytes as an ext2, ext3 or ext4 volume.
#![no_main]

mod exhaust;

use forensic_core::{Limits, bytes::Source, filesystem};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let mut volume = data.to_vec();
    // The magic is given, and the checksum of the superblock is only an issue: the rest is up to the fuzzer.
    if let Some(magic) = volume.get_mut(1080..1082) {
        magic.copy_from_slice(&[0x53, 0xef]);
    }
    let volume: Source = Arc::new(volume);
    if let Ok(Some(found)) = filesystem::open(volume, &Limits::default()) {
        exhaust::filesystem(&found);
    }
});
