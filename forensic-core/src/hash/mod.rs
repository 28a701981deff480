//! Digests of streams, all asked-for algorithms in one pass.
//!
//! ```
//! use forensic_core::{bytes::Source, hash::{self, Algorithm}};
//! use std::sync::Arc;
//!
//! let source: Source = Arc::new(b"abc".to_vec());
//! let digests = hash::hash(&source, &[Algorithm::Md5, Algorithm::Sha256])?;
//! assert_eq!(digests.hex(Algorithm::Md5).as_deref(), Some("900150983cd24fb0d6963f7d28e17f72"));
//! assert_eq!(digests.hex(Algorithm::Sha1), None);
//! # Ok::<(), forensic_core::Error>(())
//! ```

mod algorithm;
#[macro_use]
mod compress;
mod digests;
mod ed2k;
pub mod fuzzy;
mod hasher;
pub(crate) mod hex;
mod lanes;
mod pieces;
mod trio;

use crate::{
    Progress,
    bytes::{Source, Spare, for_each_block, take_each_block},
    error::{Error, Result},
    parallel,
};
use lanes::Width;
use std::{
    ops::ControlFlow,
    panic::resume_unwind,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};
use trio::Asked;

pub use algorithm::Algorithm;
pub use digests::Digests;
pub use hasher::Hasher;
pub use pieces::{Piece, Pieces, pieces};

/// Bytes read at a time.
const BLOCK: usize = 1 << 20;

/// All `algorithms` over all bytes of `source`, in one pass on this thread.
///
/// # Errors
/// Where a byte of `source` cannot be read.
pub fn hash(source: &Source, algorithms: &[Algorithm]) -> Result<Digests> {
    hash_with(source, algorithms, 0, &crate::NoProgress)
}

/// The same, with `readers` threads beside this one, and with progress in bytes. They read ahead; where algorithms besides
/// MD5, SHA-1 and SHA-256 are asked for too, which this thread computes, the others are left to one of them.
///
/// # Errors
/// Where a byte of `source` cannot be read; [`Error::Cancelled`].
pub fn hash_with(
    source: &Source,
    algorithms: &[Algorithm],
    readers: usize,
    progress: &dyn Progress,
) -> Result<Digests> {
    let mut hasher = Hasher::new(algorithms);
    let (mut done, total) = (0u64, source.len());
    let mut advance = |block: &[u8]| {
        done = done.saturating_add(block.len() as u64);
        match progress.update(done, total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled),
        }
    };
    if readers == 0 || total <= BLOCK as u64 || !hasher.trio.any() || !hasher.others.any() {
        for_each_block(source, BLOCK, readers, |_, block| {
            let block = block?;
            hasher.update(block);
            advance(block)
        })?;
        return Ok(hasher.finish());
    }
    let Hasher { mut trio, mut others } = hasher;
    let spare = Spare::default();
    // As many blocks wait as one thread is ahead of the other where the medium is no steady one.
    let (to_trio, blocks) = mpsc::sync_channel::<Vec<u8>>(8);
    let others = std::thread::scope(|scope| {
        let read = scope.spawn(|| {
            let to_trio = to_trio;
            take_each_block(source, BLOCK, readers - 1, &spare, |_, read, block| {
                read?;
                others.update(&block);
                to_trio.send(block).map_err(|_| Error::Cancelled)
            })?;
            Ok(others)
        });
        let feed = blocks.into_iter().try_for_each(|block| {
            trio.update(&block);
            advance(&block)?;
            spare.give(block);
            Ok(())
        });
        let others = read.join().unwrap_or_else(|panic| resume_unwind(panic));
        feed.and(others)
    })?;
    Ok(Hasher { trio, others }.finish())
}

/// The digests of many sources, in their order, on `threads` threads (`None`: as many as the machine runs at once).
///
/// The fast way for many: they are read in the order of the medium, each once, and a thread computes MD5, SHA-1 and SHA-256
/// of many of them at once, in the lanes of the processor's vector registers.
pub fn hash_many(sources: &[Source], algorithms: &[Algorithm], threads: Option<usize>) -> Vec<Result<Digests>> {
    // In the order of the medium: a disk then reads on instead of seeking.
    let mut order: Vec<(u64, usize)> = sources.iter().map(|source| source.medium_offset(0)).zip(0..).collect();
    order.sort_unstable();
    let order: Vec<usize> = order.into_iter().map(|(_, place)| place).collect();
    hash_in_order(&order, &|place| Ok(sources[place].clone()), algorithms, threads)
}

/// The same of whatever `open` makes a source of, which it does when the turn of that item comes: there may be more files
/// than the system lets a program have open at once. Where one cannot be opened or read, its error.
///
/// ```
/// use forensic_core::{bytes::{FileSource, Source}, hash::{self, Algorithm}};
/// use std::sync::Arc;
///
/// let paths = ["Cargo.toml", "no such file"];
/// let open = |path: &&str| Ok(Arc::new(FileSource::open(path)?) as Source);
/// let digests = hash::hash_each(&paths, open, &[Algorithm::Md5], Some(1));
/// assert_eq!(digests[0].as_ref().unwrap().hex(Algorithm::Md5).unwrap().len(), 32);
/// assert!(digests[1].is_err());
/// ```
pub fn hash_each<T: Sync>(
    items: &[T],
    open: impl Fn(&T) -> Result<Source> + Sync,
    algorithms: &[Algorithm],
    threads: Option<usize>,
) -> Vec<Result<Digests>> {
    let order: Vec<usize> = (0..items.len()).collect();
    hash_in_order(&order, &|place| open(&items[place]), algorithms, threads)
}

/// The digests of as many sources as `order` has places, which it gives in the order in which they are opened and read.
fn hash_in_order(
    order: &[usize],
    open: &(dyn Fn(usize) -> Result<Source> + Sync),
    algorithms: &[Algorithm],
    threads: Option<usize>,
) -> Vec<Result<Digests>> {
    let threads = threads.unwrap_or_else(parallel::available_threads).clamp(1, order.len().max(1));
    let width = Width::best(Asked::new(algorithms));
    let turn = AtomicUsize::new(0);
    let work = || {
        let next = || {
            let place = *order.get(turn.fetch_add(1, Ordering::Relaxed))?;
            Some((place, open(place)))
        };
        lanes::feed(width, order.len().div_ceil(threads), algorithms, next)
    };
    let mut results: Vec<Result<Digests>> = order.iter().map(|_| Ok(Digests::default())).collect();
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        // A thread that panicked takes this one with it.
        others.into_iter().for_each(|other| done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic))));
        for (place, digests) in done {
            results[place] = digests;
        }
    });
    results
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        NoProgress,
        bytes::{Extents, Run},
    };
    use std::sync::{Arc, atomic::AtomicU64};

    /// Three blocks and a half.
    fn source() -> Source {
        Arc::new((0..7 * BLOCK as u32 / 2).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<u8>>())
    }

    #[test]
    fn any_number_of_readers_gives_the_same_digests_and_all_progress() {
        let source = source();
        for algorithms in [&Algorithm::RECORDED[..], &[Algorithm::Blake3], &[Algorithm::Sha1, Algorithm::Sha256]] {
            let expected = hash(&source, algorithms).unwrap();
            for readers in [0, 1, 2, 5] {
                let last = AtomicU64::new(0);
                let progress = |done: u64, total: u64| {
                    assert!(last.fetch_max(done, Ordering::Relaxed) < done && total == source.len());
                    ControlFlow::Continue(())
                };
                assert_eq!(hash_with(&source, algorithms, readers, &progress).unwrap(), expected, "{readers} readers");
                assert_eq!(last.into_inner(), source.len());
            }
        }
    }

    #[test]
    fn work_ends_where_it_is_cancelled_or_a_byte_cannot_be_read() {
        // The second run lies outside.
        let torn: Source = Arc::new(Extents::new(source(), [Run::new(0, 2 * BLOCK as u64), Run::new(1 << 40, 9)]));
        for readers in [0, 1, 3] {
            let stop = |_, _| ControlFlow::Break(());
            let cancelled = hash_with(&source(), &Algorithm::RECORDED, readers, &stop);
            assert!(matches!(cancelled, Err(Error::Cancelled)));
            let failed = hash_with(&torn, &Algorithm::RECORDED, readers, &NoProgress);
            assert!(!matches!(failed, Ok(_) | Err(Error::Cancelled)), "{readers} readers");
        }
    }

    #[test]
    fn many_are_given_in_their_order_on_any_number_of_threads() {
        let bytes = |number: usize| vec![number as u8; number * 37 % 400];
        let sources: Vec<Source> = (0..100).map(|number| Arc::new(bytes(number)) as Source).collect();
        let expected: Vec<Digests> = sources.iter().map(|source| hash(source, &Algorithm::ALL).unwrap()).collect();
        for threads in [Some(1), Some(2), Some(7), Some(1000), None] {
            let digests: Result<Vec<Digests>> = hash_many(&sources, &Algorithm::ALL, threads).into_iter().collect();
            assert_eq!(digests.unwrap(), expected, "{threads:?}");
        }
        assert!(hash_many(&[], &Algorithm::ALL, None).is_empty());
    }
}
