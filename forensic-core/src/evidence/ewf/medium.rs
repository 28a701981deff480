//! The medium of an EWF image: small reads through a cache of inflated chunks, long ones straight into the buffer.

use super::chunk::Chunks;
use crate::{
    bytes::{Cached, ReadAt, check_bounds},
    error::Result,
};
use std::{num::NonZeroU64, sync::Arc};

/// Bytes of inflated chunks kept in memory.
const CACHE: u64 = 64 << 20;

pub(super) struct Medium {
    chunks: Arc<Chunks>,
    cached: Cached,
}

impl Medium {
    pub(super) fn new(chunks: Chunks) -> Self {
        let chunks = Arc::new(chunks);
        let cached = Cached::with_page_size(chunks.clone(), CACHE, chunks.chunk_size.get().into());
        Self { chunks, cached }
    }
}

impl ReadAt for Medium {
    fn len(&self) -> u64 {
        self.chunks.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.len())?;
        let chunk_size = NonZeroU64::from(self.chunks.chunk_size);
        if (buf.len() as u64) < chunk_size.get().saturating_mul(2) {
            return self.cached.read_at(offset, buf);
        }
        let end = offset.saturating_add(buf.len() as u64);
        let first_whole = offset.div_ceil(chunk_size.get()).saturating_mul(chunk_size.get());
        // The last chunk of the medium is whole even if it is short.
        let last_whole = if end == self.len() { end } else { (end / chunk_size).saturating_mul(chunk_size.get()) };
        let split = |at: u64| usize::try_from(at.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (rest, tail) = buf.split_at_mut(split(last_whole));
        let (head, whole) = rest.split_at_mut(split(first_whole));
        self.cached.read_at(offset, head)?;
        self.chunks.read_at(first_whole, whole)?;
        self.cached.read_at(last_whole, tail)
    }
}
