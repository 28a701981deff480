//! Any bytes as a medium to carve; the seeds are documents, archives, stores and databases.
#![no_main]

use forensic_core::{
    NoProgress,
    bytes::{ReadAt, Source},
    carve,
};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let medium: Source = Arc::new(data.to_vec());
    let options = carve::Options::default().nested(true).threads(1);
    if let Ok(carving) = carve::carve(&medium, &options, &NoProgress) {
        for file in &carving.files {
            assert!(file.size > 0 && file.open().read_vec(0, file.size).is_ok());
        }
    }
});
