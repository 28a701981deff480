//! Any bytes as a list of known digests.
#![no_main]

use forensic_core::known::{Format, HashSet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(set) = HashSet::build_from_readers([("list".into(), data)], None) else { return };
    // What a set says of its lists is what was said in it.
    if set.sources().iter().all(|source| source.format != Format::Set) {
        let records: u64 = set.sources().iter().map(|source| source.records).sum();
        assert!(set.len() as u64 <= records * 4, "a record has one digest of each kind");
    }
    for digest in [&[0u8; 16][..], &[0; 20], &[0; 32]] {
        assert_eq!(set.contains(digest).unwrap(), !set.lookup_bytes(digest).unwrap().is_empty());
    }
});
