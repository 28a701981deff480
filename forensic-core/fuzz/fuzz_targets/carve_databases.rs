//! Any bytes as a medium that holds databases, logs, hives and thumbnail stores, whole or in pieces.
#![no_main]

use forensic_core::carve::Options;
use libfuzzer_sys::fuzz_target;

const TYPES: [&str; 8] = ["sqlite", "sqlite-wal", "registry", "evtx", "lnk", "ole", "thumbs", "thumbcache"];

fuzz_target!(|data: &[u8]| {
    forensic_fuzz::carve(data.to_vec(), Options::default().types(TYPES).cluster_size(512));
});
