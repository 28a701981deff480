//! A source that fails on purpose.
#![allow(dead_code)]

use forensic_core::{
    Error, Result,
    bytes::{Extent, ReadAt, Source},
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Fails its n-th read, once.
pub struct FailingRead {
    source: Source,
    left: AtomicU64,
}

impl FailingRead {
    pub fn new(source: Source, nth: u64) -> Self {
        Self { source, left: AtomicU64::new(nth) }
    }

    /// True when the read that was to fail has failed.
    pub fn has_failed(&self) -> bool {
        self.left.load(Ordering::SeqCst) == u64::MAX
    }
}

impl ReadAt for FailingRead {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let count = |left: u64| (left != u64::MAX).then(|| left.wrapping_sub(1));
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count) == Ok(0) {
            let source = Arc::new(io::Error::other("injected"));
            return Err(Error::Unreadable { offset, length: buf.len() as u64, source });
        }
        self.source.read_at(offset, buf)
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        self.source.locate(offset, length)
    }
}
