//! Bulk reading: other threads read (and inflate) ahead while this one works on the bytes.

use super::{ReadAt, Source};
use crate::{error::Result, parallel};
use std::sync::{Mutex, PoisonError};

/// Reads `source` from start to end and gives each block to `visit`, in order, with its offset.
///
/// `readers` threads read ahead; with 0, or for a source of one block, everything happens on this thread. At most
/// `2 × readers + 2` blocks are in memory. A block that cannot be read is given to `visit` as its error; `visit` ends the
/// work by returning one.
///
/// # Errors
/// What `visit` returns.
pub fn for_each_block(
    source: &Source,
    block_size: usize,
    readers: usize,
    mut visit: impl FnMut(u64, Result<&[u8]>) -> Result<()>,
) -> Result<()> {
    let size = source.len();
    let block_size = block_size.max(1) as u64;
    let spare: Mutex<Vec<Vec<u8>>> = Mutex::default();
    let lock = || spare.lock().unwrap_or_else(PoisonError::into_inner);
    let read = |block: u64| {
        let offset = block.saturating_mul(block_size);
        // No longer than a block, which was a usize.
        let length = block_size.min(size.saturating_sub(offset)) as usize;
        let mut buf = lock().pop().unwrap_or_default();
        buf.resize(length, 0);
        (source.read_at(offset, &mut buf), buf)
    };
    parallel::in_order(size.div_ceil(block_size), readers, read, |block, (read, buf)| {
        visit(block.saturating_mul(block_size), read.map(|()| &*buf))?;
        lock().push(buf);
        Ok(())
    })
}
