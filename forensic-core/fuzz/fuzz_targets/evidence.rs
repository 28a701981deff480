//! Any bytes as a container.
#![no_main]

use forensic_core::{
    bytes::{ReadAt, Unreadable},
    evidence::OpenOptions,
};
use libfuzzer_sys::fuzz_target;
use std::{ops::ControlFlow, sync::Arc};

/// Bytes read of the medium: a few bytes of container can claim exabytes.
const READ: u64 = 128 << 10;

fuzz_target!(|data: &[u8]| {
    for policy in [Unreadable::Raise, Unreadable::Zero] {
        let Ok(evidence) = OpenOptions::new().unreadable(policy).open_source(Arc::new(data.to_vec())) else { return };
        let (medium, size) = (evidence.stream(), evidence.size());
        for at in [0, size / 2, size.saturating_sub(READ)] {
            let _ = medium.read_vec(at, READ.min(size - at));
        }
        if size < READ {
            let _ = evidence.verify(&|_, _| ControlFlow::Continue(()));
        }
        evidence.issues();
        evidence.unreadable_ranges();
    }
});
