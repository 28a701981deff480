//! Verification: the digests of the medium beside those stored at acquisition.

use super::Evidence;
use crate::{
    Progress,
    bytes::{Extent, ExtentKind, ReadAt, Slice, Source, for_each_block},
    error::{Error, Result},
    hash::{Algorithm, Hasher},
};
use std::{collections::BTreeMap, sync::Arc};

/// Bytes hashed at once.
const BLOCK: usize = 1 << 20;

/// What [`Evidence::verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// True where every stored digest that can be computed equals the computed one and all bytes could be read; false
    /// where one differs or bytes cannot be read; `None` where nothing is stored to compare with.
    pub ok: Option<bool>,
    /// The digests of the medium as it is now, by algorithm, in lower-case hex: MD5 always, SHA-1 and SHA-256 where one is
    /// stored. Empty where part of the medium cannot be read, as there is no whole to digest.
    pub computed: BTreeMap<String, String>,
    /// The digests stored at acquisition.
    pub stored: BTreeMap<String, String>,
    /// Ranges of the medium that cannot be read or whose checksum does not fit, in order.
    pub bad_ranges: Vec<Extent>,
}

impl Evidence {
    /// Reads the whole medium, O(size), and compares its digests with those stored at acquisition. Bytes that cannot be
    /// read are reported, whatever [`OpenOptions::unreadable`](super::OpenOptions::unreadable) says, and do not end it.
    ///
    /// # Errors
    /// [`Error::Cancelled`] where `progress` answers `Break`.
    ///
    /// ```
    /// use forensic_core::{NoProgress, evidence::Evidence};
    /// let evidence = Evidence::from_bytes(*b"abc")?;
    /// let verification = evidence.verify(&NoProgress)?;
    /// assert_eq!(verification.ok, None);
    /// assert_eq!(verification.computed["md5"], "900150983cd24fb0d6963f7d28e17f72");
    /// # Ok::<(), forensic_core::Error>(())
    /// ```
    pub fn verify(&self, progress: &dyn Progress) -> Result<Verification> {
        let medium = &self.0.container_medium;
        let stored = self.stored_hashes().clone();
        let mut algorithms = vec![Algorithm::Md5];
        algorithms.extend([Algorithm::Sha1, Algorithm::Sha256].into_iter().filter(|a| stored.contains_key(a.as_str())));
        let mut digests = Hasher::new(&algorithms);
        let unit = self.0.unit.max(1);
        let block_size = (BLOCK as u64).next_multiple_of(unit);
        let mut bad = BadRanges::default();
        let mut at = 0;
        // What the container does not hold need not be tried, however much of it there is said to be.
        for absent in self.0.absent.iter().chain([&range(medium.len(), 0)]) {
            let start = absent.stream_offset;
            let part: Source = Arc::new(Slice::new(medium.clone(), at, start.saturating_sub(at))?);
            for_each_block(&part, usize::try_from(block_size).unwrap_or(BLOCK), readers(), |offset, block| {
                let offset = offset.saturating_add(at);
                let done = match block {
                    Ok(block) => {
                        digests.update(block);
                        block.len() as u64
                    }
                    Err(_) => {
                        let length = medium.len().saturating_sub(offset).min(block_size);
                        bad.find(medium, offset, length, unit);
                        length
                    }
                };
                match progress.update(offset.saturating_add(done), medium.len()) {
                    std::ops::ControlFlow::Continue(()) => Ok(()),
                    std::ops::ControlFlow::Break(()) => Err(Error::Cancelled),
                }
            })?;
            bad.push(start, absent.length);
            at = start.saturating_add(absent.length);
        }
        let bad_ranges = bad.0;
        let digests = digests.finish();
        let hex = |algorithm: &Algorithm| Some((algorithm.as_str().to_owned(), digests.hex(*algorithm)?));
        let computed: BTreeMap<_, _> =
            if bad_ranges.is_empty() { algorithms.iter().filter_map(hex).collect() } else { BTreeMap::new() };
        let mut compared = stored.iter().filter_map(|(name, digest)| Some(computed.get(name)? == digest)).peekable();
        let ok = if !bad_ranges.is_empty() {
            Some(false)
        } else if compared.peek().is_none() {
            None
        } else {
            Some(compared.all(|equal| equal))
        };
        Ok(Verification { ok, computed, stored, bad_ranges })
    }
}

/// Threads that read ahead. One core hashes; the readers share what it leaves.
fn readers() -> usize {
    crate::parallel::available_threads().min(8)
}

/// Ranges that cannot be read, in order, adjacent ones as one.
#[derive(Default)]
struct BadRanges(Vec<Extent>);

impl BadRanges {
    /// Finds the units of a range that cannot be read.
    fn find(&mut self, medium: &Source, offset: u64, length: u64, unit: u64) {
        let (mut at, end) = (offset, offset.saturating_add(length));
        while at < end {
            let next = at.checked_div(unit).unwrap_or(0).saturating_add(1).saturating_mul(unit).min(end);
            let part = next.saturating_sub(at);
            if medium.read_vec(at, part).is_err() {
                self.push(at, part);
            }
            at = next;
        }
    }

    fn push(&mut self, offset: u64, length: u64) {
        match self.0.last_mut() {
            _ if length == 0 => {}
            Some(last) if last.stream_offset.saturating_add(last.length) == offset => {
                last.length = last.length.saturating_add(length);
            }
            _ => self.0.push(range(offset, length)),
        }
    }
}

fn range(offset: u64, length: u64) -> Extent {
    Extent { stream_offset: offset, offset: Some(offset), length, kind: ExtentKind::Data, inferred: false }
}
