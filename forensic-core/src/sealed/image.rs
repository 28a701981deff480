//! The bytes of a file, each block held against its checksum when it is first touched.

use super::{BLOCK, Bytes, Section, checksum};
use crate::error::{Error, Result};
use std::sync::atomic::{AtomicU64, Ordering};

const BITS: u64 = 64;

/// The bytes of a file.
pub(crate) struct Image {
    bytes: Bytes,
    /// What the file is, in errors.
    what: &'static str,
    /// The checksums, one a block behind the header.
    sums: Section,
    /// A bit a block that was found to be whole.
    whole: Vec<AtomicU64>,
    /// How many blocks were not yet.
    left: AtomicU64,
}

impl Image {
    /// Takes bytes whose table of checksums was found to be whole.
    pub(crate) fn new(bytes: Bytes, what: &'static str, sums: Section) -> Self {
        let blocks = sums.length / 8;
        let whole = (0..blocks.div_ceil(BITS)).map(|_| AtomicU64::new(0)).collect();
        Self { bytes, what, sums, whole, left: AtomicU64::new(blocks) }
    }

    /// Where what the blocks cover ends.
    pub(crate) fn end(&self) -> u64 {
        self.sums.offset
    }

    /// `length` bytes at `offset`, none of them changed since they were written.
    #[inline]
    pub(crate) fn read(&self, offset: u64, length: u64) -> Result<&[u8]> {
        let end = offset.saturating_add(length);
        let bytes = match (usize::try_from(offset), usize::try_from(end)) {
            (Ok(from), Ok(to)) if end <= self.sums.offset => self.bytes.get(from..to),
            _ => None,
        };
        let Some(bytes) = bytes else { return Err(self.out_of_bounds(offset, length)) };
        self.ensure(offset, length)?;
        Ok(bytes)
    }

    /// Makes sure that none of `length` bytes at `offset` was changed since they were written.
    #[inline]
    pub(crate) fn ensure(&self, offset: u64, length: u64) -> Result<()> {
        let (first, last) = (offset / BLOCK, offset.saturating_add(length).saturating_sub(1) / BLOCK);
        // Most reads lie in one block that was seen before.
        if first != last || !self.is_whole(first) { self.check_new(first, last) } else { Ok(()) }
    }

    /// True where every block was held against its checksum.
    #[inline]
    pub(crate) fn is_all_whole(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// The bytes of a section, which nothing holds against their checksums: see [`Image::ensure`].
    pub(crate) fn unchecked(&self, section: Section) -> &[u8] {
        self.raw(section.offset, section.end()).unwrap_or_default()
    }

    /// Holds those of the blocks against their checksums that were not yet.
    fn check_new(&self, first: u64, last: u64) -> Result<()> {
        (first..=last).filter(|block| !self.is_whole(*block)).try_for_each(|block| self.check(block))
    }

    /// The bytes of a section.
    pub(crate) fn section(&self, section: Section) -> Result<&[u8]> {
        self.read(section.offset, section.length)
    }

    /// Brings the lines of memory at these offsets near, for reads that follow. The loop does nothing else, so that the
    /// processor has all of them on their way at once.
    #[inline]
    pub(crate) fn fetch(&self, offsets: &[u64]) {
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
    pub(crate) fn check(&self, block: u64) -> Result<()> {
        let start = block.saturating_mul(BLOCK);
        let end = start.saturating_add(BLOCK).min(self.sums.offset);
        let place = self.sums.offset.saturating_add(block.saturating_sub(1).saturating_mul(8));
        let bytes = self.raw(start, end).ok_or_else(|| self.out_of_bounds(start, BLOCK))?;
        let stored = self.raw(place, place.saturating_add(8)).and_then(|sum| sum.first_chunk().copied());
        let stored = u64::from_le_bytes(stored.ok_or_else(|| self.out_of_bounds(place, 8))?);
        let found = checksum(bytes);
        if found != stored {
            let expected = format!("a block of checksum {stored:016x}");
            return Err(Error::corrupt(self.what, start, expected, format!("{found:016x}")));
        }
        if let Some((word, mask)) = self.bit(block) {
            // Whoever else finds the bit unset checks the same bytes again and comes to the same answer.
            if word.fetch_or(mask, Ordering::Relaxed) & mask == 0 {
                self.left.fetch_sub(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn raw(&self, from: u64, to: u64) -> Option<&[u8]> {
        self.bytes.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
    }

    #[cold]
    fn out_of_bounds(&self, offset: u64, length: u64) -> Error {
        let expected = format!("{length} bytes");
        Error::corrupt(self.what, offset, expected, format!("the end of its sections at {}", self.sums.offset))
    }

    /// All bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
