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
mod hasher;
pub(crate) mod hex;
mod lanes;
mod trio;

use crate::{
    Progress,
    bytes::{FileSource, Source, for_each_block},
    error::{Error, Result},
    parallel,
};
use lanes::Width;
use std::{
    panic::resume_unwind,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use trio::Asked;

pub use algorithm::Algorithm;
pub use digests::Digests;
pub use hasher::Hasher;

/// Bytes read at a time.
const BLOCK: usize = 1 << 20;

/// All `algorithms` over all bytes of `source`, in one pass on this thread.
///
/// # Errors
/// Where a byte of `source` cannot be read.
pub fn hash(source: &Source, algorithms: &[Algorithm]) -> Result<Digests> {
    hash_with(source, algorithms, 0, &crate::NoProgress)
}

/// The same, with `readers` threads that read ahead, and with progress in bytes.
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
    let total = source.len();
    for_each_block(source, BLOCK, readers, |offset, block| {
        let block = block?;
        hasher.update(block);
        match progress.update(offset.saturating_add(block.len() as u64), total) {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(Error::Cancelled),
        }
    })?;
    Ok(hasher.finish())
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

/// The digests of many files of the system, in their order, as [`hash_many`] computes them. Each is opened when its turn
/// comes, so that there may be any number of them; where one cannot be opened or read, its error.
///
/// ```
/// use forensic_core::hash::{self, Algorithm};
///
/// let digests = hash::hash_files(&["Cargo.toml", "no such file"], &[Algorithm::Md5], Some(1));
/// assert_eq!(digests[0].as_ref().unwrap().hex(Algorithm::Md5).unwrap().len(), 32);
/// assert!(digests[1].is_err());
/// ```
pub fn hash_files<P: AsRef<Path> + Sync>(
    paths: &[P],
    algorithms: &[Algorithm],
    threads: Option<usize>,
) -> Vec<Result<Digests>> {
    let order: Vec<usize> = (0..paths.len()).collect();
    let open = |place: usize| Ok(Arc::new(FileSource::open(&paths[place])?) as Source);
    hash_in_order(&order, &open, algorithms, threads)
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
