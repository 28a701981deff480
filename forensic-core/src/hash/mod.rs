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
mod compress;
mod digests;
mod ed2k;
mod hasher;
pub(crate) mod hex;
mod lanes;
mod trio;

use crate::{
    Progress,
    bytes::{Source, for_each_block},
    error::{Error, Result},
    parallel,
};

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

/// Sources that one thread takes at a time.
const BATCH: usize = 8 * lanes::LANES;

/// The digests of many sources, in their order, on `threads` threads (`None`: as many as the machine runs at once).
///
/// The fast way for many files: they are read in the order of the medium, and where MD5 alone is asked for, a thread works on sixteen of them at once in the lanes of
/// the processor's vector registers.
pub fn hash_many(sources: &[Source], algorithms: &[Algorithm], threads: Option<usize>) -> Vec<Result<Digests>> {
    // In the order of the medium: a disk then reads on instead of seeking.
    let mut order: Vec<(u64, usize)> = sources.iter().map(|source| source.medium_offset(0)).zip(0..).collect();
    order.sort_unstable();
    let sorted: Vec<Source> = order.iter().filter_map(|(_, place)| sources.get(*place).cloned()).collect();
    let batches: Vec<&[Source]> = sorted.chunks(BATCH).collect();
    let threads = parallel::threads_to_start(threads);
    let hash_batch = |number: u64| {
        let batch = usize::try_from(number).ok().and_then(|number| batches.get(number)).copied().unwrap_or_default();
        match algorithms {
            [Algorithm::Md5] if batch.len() > 1 => lanes::md5_many(batch),
            _ => batch.iter().map(|source| hash(source, algorithms)).collect(),
        }
    };
    let mut places = order.iter().map(|(_, place)| *place);
    let mut results: Vec<(usize, Result<Digests>)> = Vec::with_capacity(sources.len());
    // The visitor never fails, so neither does the whole.
    let _ = parallel::in_order(batches.len() as u64, threads, hash_batch, |_, digests| {
        results.extend(digests.into_iter().zip(places.by_ref()).map(|(digests, place)| (place, digests)));
        Ok(())
    });
    results.sort_unstable_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, digests)| digests).collect()
}
