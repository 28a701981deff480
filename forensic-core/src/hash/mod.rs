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

mod digest;
pub(crate) mod hex;

use crate::{
    Progress,
    bytes::{Source, for_each_block},
    error::{Error, Result},
    parallel,
};

pub use digest::{Algorithm, Digests, Hasher};

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
pub fn hash_many(sources: &[Source], algorithms: &[Algorithm], threads: Option<usize>) -> Vec<Result<Digests>> {
    let threads = threads.unwrap_or_else(parallel::available_threads);
    let mut results = Vec::with_capacity(sources.len());
    let one = |number: u64| {
        let source = usize::try_from(number).ok().and_then(|number| sources.get(number));
        source.map_or_else(|| Err(Error::invalid("no such source")), |source| hash(source, algorithms))
    };
    // The visitor never fails, so neither does the whole.
    let _ = parallel::in_order(sources.len() as u64, threads, one, |_, digests| {
        results.push(digests);
        Ok(())
    });
    results
}
