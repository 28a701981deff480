//! Similarity digests: two files that share much have digests that are alike.
//!
//! ```
//! use forensic_core::{bytes::Source, hash::fuzzy::{self, Algorithm}};
//! use std::sync::Arc;
//!
//! let text: Vec<u8> = (0..4096u32).flat_map(|n| format!("{} ", n * n).into_bytes()).collect();
//! let mut edited = text.clone();
//! edited.splice(2000..2000, *b"a sentence more");
//! let digest = |bytes: Vec<u8>| fuzzy::hash(&(Arc::new(bytes) as Source), Algorithm::Ssdeep);
//! assert!(fuzzy::compare(&digest(text)?, &digest(edited)?)? > 90);
//! # Ok::<(), forensic_core::Error>(())
//! ```

mod ssdeep;
mod ssdeep_score;
mod tlsh;

use crate::{
    bytes::{Source, for_each_block},
    error::{Error, Result},
};
use std::str::FromStr;

/// Bytes read at a time: what the processor's caches hold.
const BLOCK: usize = 64 << 10;

/// A similarity digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Context-triggered piecewise hashing (Kornblum, "Identifying almost identical files using context triggered piecewise
    /// hashing", DFRWS 2006), as the program ssdeep 2.14 prints it: `block size:hash:hash`.
    Ssdeep,
    /// TLSH (Oliver, Cheng, Chen, "TLSH: a locality sensitive hash", 2013) with 128 buckets and one byte of checksum, as
    /// version 4 and later of the reference print it: `T1` and 70 hex digits.
    Tlsh,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ssdeep, Self::Tlsh];

    /// The name: `ssdeep`, `tlsh`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ssdeep => "ssdeep",
            Self::Tlsh => "tlsh",
        }
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    /// The algorithm of this name, in either case.
    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|algorithm| name.eq_ignore_ascii_case(algorithm.as_str()));
        found.ok_or_else(|| Error::invalid(format!("unknown similarity digest {name:?}")))
    }
}

/// The similarity digest of all bytes of `source`, in one pass.
///
/// TLSH is `TNULL`, as the reference has it, for fewer than 50 bytes and for bytes that vary too little.
///
/// # Errors
/// Where a byte of `source` cannot be read; [`Error::Limit`] for more bytes than the algorithm is defined for: 192 GiB
/// (ssdeep), 4 GiB (TLSH).
pub fn hash(source: &Source, algorithm: Algorithm) -> Result<String> {
    match algorithm {
        Algorithm::Ssdeep => {
            let mut generator = ssdeep::Generator::new(checked(source, ssdeep::LONGEST)?);
            feed(source, |block| generator.update(block))?;
            Ok(generator.finish())
        }
        Algorithm::Tlsh => {
            let mut generator = tlsh::Generator::default();
            checked(source, tlsh::LONGEST)?;
            feed(source, |block| generator.update(block))?;
            Ok(generator.finish())
        }
    }
}

/// What two digests of the same algorithm, told by their form, say of two files.
///
/// ssdeep: 0 (nothing alike that it can see) to 100 (the same digest). TLSH: a distance, 0 for the same digest; below some
/// 30 to 50 files are alike, and it may exceed 300.
///
/// # Errors
/// [`Error::InvalidArgument`] for what is no digest, for digests of two algorithms, and for `TNULL`.
pub fn compare(a: &str, b: &str) -> Result<u32> {
    if a.contains(':') || b.contains(':') { ssdeep_score::compare(a, b) } else { tlsh::compare(a, b) }
}

fn checked(source: &Source, limit: u64) -> Result<u64> {
    let found = source.len();
    if found <= limit {
        return Ok(found);
    }
    let offset = source.medium_offset(0);
    Err(Error::Limit { structure: "similarity digest", offset, found, limit, unit: "bytes" })
}

fn feed(source: &Source, mut update: impl FnMut(&[u8])) -> Result<()> {
    for_each_block(source, BLOCK, 0, |_, block| {
        update(block?);
        Ok(())
    })
}
