//! The bytes of a set, each block held against its checksum when it is first touched.

use super::{
    layout::{BLOCK, Section},
    map::Bytes,
};
use crate::error::{Error, Result};
use std::sync::atomic::{AtomicU64, Ordering};
use twox_hash::XxHash3_64;

const BITS: u64 = 64;

/// The checksum of a block.
pub(super) fn checksum(block: &[u8]) -> u64 {
    XxHash3_64::oneshot(block)
}

/// A set's bytes.
pub(super) struct Image {
    bytes: Bytes,
    /// The checksums, one a block behind the header.
    sums: Section,
    /// A bit a block that was found to be whole.
    whole: Vec<AtomicU64>,
}

impl Image {
    /// Takes bytes whose table of checksums was found to be whole.
    pub(super) fn new(bytes: Bytes, sums: Section) -> Self {
        let words = (sums.length / 8).div_ceil(BITS);
        Self { bytes, sums, whole: (0..words).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Where what the blocks cover ends.
    pub(super) fn end(&self) -> u64 {
        self.sums.offset
    }

    /// `length` bytes at `offset`, none of them changed since they were written.
    #[inline]
    pub(super) fn read(&self, offset: u64, length: u64) -> Result<&[u8]> {
        let end = offset.saturating_add(length);
        let bytes = match (usize::try_from(offset), usize::try_from(end)) {
            (Ok(from), Ok(to)) if end <= self.sums.offset => self.bytes.get(from..to),
            _ => None,
        };
        let Some(bytes) = bytes else { return Err(self.out_of_bounds(offset, length)) };
        let (first, last) = (offset / BLOCK, end.saturating_sub(1) / BLOCK);
        // Most reads lie in one block that was seen before.
        if first != last || !self.is_whole(first) {
            self.check_new(first, last)?;
        }
        Ok(bytes)
    }

    /// Holds those of the blocks against their checksums that were not yet.
    fn check_new(&self, first: u64, last: u64) -> Result<()> {
        (first..=last).filter(|block| !self.is_whole(*block)).try_for_each(|block| self.check(block))
    }

    /// The bytes of a section.
    pub(super) fn section(&self, section: Section) -> Result<&[u8]> {
        self.read(section.offset, section.length)
    }

    /// Brings the lines of memory at these offsets near, for reads that follow. The loop does nothing else, so that the
    /// processor has all of them on their way at once.
    #[inline]
    pub(super) fn fetch(&self, offsets: &[u64]) {
        let bytes: &[u8] = &self.bytes;
        let touch = |sum: u8, offset: &u64| sum ^ bytes.get(*offset as usize).copied().unwrap_or_default();
        std::hint::black_box(offsets.iter().fold(0, touch));
    }

    /// The bit of a block: word and mask. The header is no block of the table.
    #[inline]
    fn bit(&self, block: u64) -> Option<(&AtomicU64, u64)> {
        let number = block.checked_sub(1)?;
        let word = self.whole.get(usize::try_from(number / BITS).ok()?)?;
        Some((word, 1u64.wrapping_shl((number % BITS) as u32)))
    }

    #[inline]
    fn is_whole(&self, block: u64) -> bool {
        self.bit(block).is_some_and(|(word, mask)| word.load(Ordering::Relaxed) & mask != 0)
    }

    /// Holds a block against its checksum.
    #[cold]
    pub(super) fn check(&self, block: u64) -> Result<()> {
        let start = block.saturating_mul(BLOCK);
        let end = start.saturating_add(BLOCK).min(self.sums.offset);
        let place = self.sums.offset.saturating_add(block.saturating_sub(1).saturating_mul(8));
        let bytes = self.raw(start, end).ok_or_else(|| self.out_of_bounds(start, BLOCK))?;
        let stored = self.raw(place, place.saturating_add(8)).and_then(|sum| sum.first_chunk().copied());
        let stored = u64::from_le_bytes(stored.ok_or_else(|| self.out_of_bounds(place, 8))?);
        let found = checksum(bytes);
        if found != stored {
            let expected = format!("a block of checksum {stored:016x}");
            return Err(Error::corrupt("block of a hash set", start, expected, format!("{found:016x}")));
        }
        if let Some((word, mask)) = self.bit(block) {
            // Whoever else finds the bit unset checks the same bytes again and comes to the same answer.
            word.fetch_or(mask, Ordering::Relaxed);
        }
        Ok(())
    }

    fn raw(&self, from: u64, to: u64) -> Option<&[u8]> {
        self.bytes.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
    }

    #[cold]
    fn out_of_bounds(&self, offset: u64, length: u64) -> Error {
        let expected = format!("{length} bytes");
        Error::corrupt("hash set", offset, expected, format!("the end of its sections at {}", self.sums.offset))
    }

    /// All bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
