//! The headers: file header, and the information headers of 12 to 124 bytes.

use super::{super::rows::Raster, LONGEST_TRAILER};

/// File header and the longest information header.
pub(super) const LONGEST: usize = 14 + 124;
const MOST_PIXELS_A_SIDE: u64 = 1 << 20;

/// How the pixels are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Plain,
    /// Run-length codes of pixels of 4, 8 or 24 bits.
    Runs(u8),
    Embedded,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    /// What the header says of the length of the file, if it is not 0.
    pub(super) size: Option<u64>,
    /// Where the pixels begin.
    pub(super) pixels: u64,
    pub(super) width: u64,
    pub(super) height: u64,
    pub(super) coding: Coding,
    /// What the header says of the length of the pixels; 0 where it does not.
    pub(super) data_size: u64,
    bits: u64,
    /// The end of a color profile that is linked or embedded.
    profile_end: u64,
}

/// Says whether `head` begins with the headers of a bitmap.
pub(super) fn is_plausible(head: &[u8]) -> bool {
    Header::read(head).is_some()
}

impl Header {
    pub(super) fn read(head: &[u8]) -> Option<Self> {
        let u16_at = |at: usize| Some(u64::from(u16::from_le_bytes(head.get(at..)?.first_chunk().copied()?)));
        let u32_at = |at: usize| Some(u32::from_le_bytes(head.get(at..)?.first_chunk().copied()?));
        let long = |at: usize| u32_at(at).map(u64::from);
        let side =
            |at: usize| u32_at(at).map(|value| u64::from(i32::from_le_bytes(value.to_le_bytes()).unsigned_abs()));
        let (size, pixels, length) = (long(2)?, long(10)?, long(14)?);
        let (width, height, planes, bits) = match length {
            12 => (u16_at(18)?, u16_at(20)?, u16_at(22)?, u16_at(24)?),
            16..=64 | 108 | 124 if length % 4 == 0 || length == 42 || length == 46 => {
                (long(18)?, side(22)?, u16_at(26)?, u16_at(28)?)
            }
            _ => return None,
        };
        let (compression, data_size) = if length >= 24 { (long(30)?, long(34)?) } else { (0, 0) };
        let coding = match (compression, bits) {
            (0, 1 | 2 | 4 | 8 | 16 | 24 | 32 | 64) | (3 | 6, 16 | 32) => Coding::Plain,
            (1, 8) => Coding::Runs(8),
            (2, 4) => Coding::Runs(4),
            (4, 24) if length == 64 => Coding::Runs(24),
            (4 | 5, 0 | 24 | 32) => Coding::Embedded,
            _ => return None,
        };
        let headers = length.saturating_add(14);
        let sides = 1..=MOST_PIXELS_A_SIDE;
        let fits = planes == 1 && sides.contains(&width) && sides.contains(&height);
        if !fits || pixels < headers || pixels > headers.saturating_add(64 << 10) {
            return None;
        }
        let colors = if length >= 40 { long(46)? } else { 0 };
        if colors > 1 << 16 {
            return None;
        }
        let profile_end = match (length, head.get(70..74)) {
            // 'LINK' and 'MBED' as numbers, whose lowest byte comes first.
            (124, Some(b"KNIL" | b"DEBM")) => {
                long(126)?.checked_add(long(130)?).and_then(|end| end.checked_add(14)).filter(|end| *end < 1 << 30)?
            }
            _ => 0,
        };
        let size = (size != 0).then_some(size);
        Some(Self { size, pixels, width, height, coding, data_size, bits, profile_end })
    }

    /// The end of rows that are stored as they are, each to a multiple of four bytes.
    pub(super) fn plain_end(&self) -> Option<u64> {
        let row = self.width.checked_mul(self.bits)?.div_ceil(32).checked_mul(4)?;
        row.checked_mul(self.height)?.checked_add(self.pixels)
    }

    /// The rows, where they are stored as they are.
    pub(super) fn raster(&self) -> Option<Raster> {
        let end = self.plain_end().filter(|_| self.coding == Coding::Plain)?;
        let row = end.checked_sub(self.pixels)?.checked_div(self.height)?;
        Some(Raster { start: self.pixels, end, row, length: self.file_end(end).0 })
    }

    /// The end of a file whose pixels end at `end`, and whether the header agrees.
    pub(super) fn file_end(&self, end: u64) -> (u64, bool) {
        let data_end = self.pixels.saturating_add(self.data_size);
        // Some encoders count two bytes of padding.
        let data_end = if data_end > end && data_end.saturating_sub(end) <= 4 { data_end } else { end };
        let end = data_end.max(self.profile_end);
        match self.size {
            Some(size) if size == end => (size, true),
            Some(size) if size > end && size.saturating_sub(end) <= 4 => (size, true),
            Some(size) if size > end && size.saturating_sub(end) <= LONGEST_TRAILER && self.says_data_end(size) => {
                (size, true)
            }
            _ => (end, false),
        }
    }

    /// True where the pixels end at `end` by the header's own account of their length.
    pub(super) fn says_data_end(&self, end: u64) -> bool {
        self.data_size > 0 && end.abs_diff(self.pixels.saturating_add(self.data_size)) <= 4
    }
}
