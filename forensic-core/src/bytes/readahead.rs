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
    let spare = Spare::default();
    take_each_block(source, block_size, readers, &spare, |offset, read, block| {
        visit(offset, read.map(|()| &*block))?;
        spare.give(block);
        Ok(())
    })
}

/// Buffers for blocks: those that are given back are taken again.
#[derive(Default)]
pub(crate) struct Spare(Mutex<Vec<Vec<u8>>>);

impl Spare {
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(crate) fn give(&self, block: Vec<u8>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(block);
    }
}

/// As [`for_each_block`], but `visit` gets the block to keep, and gives it back to `spare` when it needs it no more.
pub(crate) fn take_each_block(
    source: &Source,
    block_size: usize,
    readers: usize,
    spare: &Spare,
    mut visit: impl FnMut(u64, Result<()>, Vec<u8>) -> Result<()>,
) -> Result<()> {
    let read = |block: u64| {
        let mut buf = spare.take();
        (read_block(source, block_size, block, &mut buf), buf)
    };
    parallel::in_order(blocks(source, block_size), readers, read, |block, (read, buf)| {
        visit(block.saturating_mul(block_size.max(1) as u64), read, buf)
    })
}

/// Reads `source` from start to end, and does `work` for each block, given its offset, on `threads` threads (none: on this
/// one); `visit` is given what came of each, in order, on this thread.
///
/// # Errors
/// What `visit` returns.
pub(crate) fn work_on_blocks<T: Send>(
    source: &Source,
    block_size: usize,
    threads: usize,
    work: impl Fn(u64, Result<&[u8]>) -> T + Sync,
    mut visit: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let spare = Spare::default();
    let work = |block: u64| {
        let mut buf = spare.take();
        let read = read_block(source, block_size, block, &mut buf);
        let done = work(block.saturating_mul(block_size.max(1) as u64), read.map(|()| &*buf));
        spare.give(buf);
        done
    };
    parallel::in_order(blocks(source, block_size), threads, work, |_, done| visit(done))
}

fn blocks(source: &Source, block_size: usize) -> u64 {
    source.len().div_ceil(block_size.max(1) as u64)
}

/// Fills `buf` with a block: the last one may be shorter.
fn read_block(source: &Source, block_size: usize, block: u64, buf: &mut Vec<u8>) -> Result<()> {
    let offset = block.saturating_mul(block_size.max(1) as u64);
    // No longer than a block, which was a usize.
    buf.resize((block_size.max(1) as u64).min(source.len().saturating_sub(offset)) as usize, 0);
    source.read_at(offset, buf)
}
