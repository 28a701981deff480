//! Any bytes as a partitioned medium.
#![no_main]

mod exhaust;

use forensic_core::evidence::Evidence;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(evidence) = Evidence::from_bytes(data) else { return };
    let size = evidence.size();
    for volume in evidence.volumes() {
        assert!(volume.offset.checked_add(volume.size).is_some_and(|end| end <= size), "a volume leaves the medium");
    }
    for filesystem in evidence.filesystems() {
        exhaust::filesystem(&filesystem);
    }
});
