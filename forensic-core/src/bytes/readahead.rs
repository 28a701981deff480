//! Bulk reading: other threads read (and inflate) ahead while this one works on the bytes.

use super::{ReadAt, Source};
use crate::error::Result;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
};

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
    let block_size = block_size.max(1);
    let blocks = size.div_ceil(block_size as u64);
    let length_of = |offset: u64| usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX).min(block_size);
    if readers == 0 || blocks < 2 {
        let mut buf = vec![0; length_of(0)];
        for offset in (0..size).step_by(block_size) {
            let part = buf.get_mut(..length_of(offset)).unwrap_or_default();
            let read = source.read_at(offset, part);
            visit(offset, read.map(|()| &*part))?;
        }
        return Ok(());
    }
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    // A ticket is a buffer to read into: as many tickets as blocks may be in memory, handed back when visited.
    let (ticket_tx, ticket_rx) = mpsc::channel::<Vec<u8>>();
    let ticket_rx = Mutex::new(ticket_rx);
    for _ in 0..readers.saturating_mul(2).saturating_add(2) {
        let _ = ticket_tx.send(Vec::new());
    }
    let (next, stop, ticket_rx) = (&next, &stop, &ticket_rx);
    std::thread::scope(move |scope| {
        let (done_tx, done_rx) = mpsc::channel::<(u64, Result<()>, Vec<u8>)>();
        for _ in 0..readers {
            let done_tx = done_tx.clone();
            scope.spawn(move || {
                loop {
                    // The ticket is taken before the block number, so that the lowest block always has a buffer.
                    let ticket = {
                        let tickets = ticket_rx.lock().unwrap_or_else(PoisonError::into_inner);
                        let Ok(ticket) = tickets.recv() else { break };
                        (ticket, next.fetch_add(1, Ordering::Relaxed))
                    };
                    let (mut buf, block) = ticket;
                    if block >= blocks || stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let offset = block.saturating_mul(block_size as u64);
                    buf.resize(length_of(offset), 0);
                    let read = source.read_at(offset, &mut buf);
                    if done_tx.send((block, read, buf)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done_tx);
        let result = (|| {
            let mut waiting = BTreeMap::new();
            let mut expected = 0u64;
            while expected < blocks {
                let Ok((block, read, buf)) = done_rx.recv() else { break };
                waiting.insert(block, (read, buf));
                while let Some((read, buf)) = waiting.remove(&expected) {
                    visit(expected.saturating_mul(block_size as u64), read.map(|()| &*buf))?;
                    expected = expected.saturating_add(1);
                    let _ = ticket_tx.send(buf);
                }
            }
            Ok(())
        })();
        stop.store(true, Ordering::Relaxed);
        drop(ticket_tx);
        result
    })
}
