//! How the bits of a hash are cut into chunks, and where the table of each is.
//!
//! The section of chunks has of each chunk, one behind another and each beginning at a multiple of 64 bytes: its starts, of each
//! value of the chunk's bits the number of the first row with it, counted in order of the values, and behind the last how many
//! rows there are (u32); then the numbers of the rows in that order (u32). The rows themselves are in order of the first chunk,
//! which needs no numbers.

use super::spread::{self, WIDEST};

/// Chunks at most.
pub(super) const MOST: usize = 32;

/// Rows for which looking at all of them is as fast as any table.
const FEW_ROWS: u64 = 4096;

/// Bytes of tables for each row: with what else there is, fewer than 100.
const TABLE_BYTES: u64 = 84;

const ALIGNMENT: u64 = 64;

/// A chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::perceptual) struct Chunk {
    /// Its first bit; the first bit of a hash is the highest of its first byte.
    pub(in crate::perceptual) bit: u32,
    pub(in crate::perceptual) width: u8,
    /// Offset of its starts.
    pub(in crate::perceptual) starts: u64,
    /// Offset of its row numbers; `None` where they are those of the rows.
    pub(in crate::perceptual) ids: Option<u64>,
}

impl Chunk {
    /// Number of values.
    pub(super) fn values(self) -> u64 {
        1u64.wrapping_shl(u32::from(self.width))
    }

    /// Bytes of the starts.
    pub(super) fn starts_length(self) -> u64 {
        self.values().saturating_add(1).saturating_mul(4)
    }

    /// The chunk's bits of a row.
    #[inline]
    pub(in crate::perceptual) fn value(self, row: &[u8]) -> u32 {
        let bytes = row.get((self.bit / 8) as usize..).unwrap_or_default();
        let word = match bytes.first_chunk() {
            Some(word) => u32::from_be_bytes(*word),
            None => {
                let byte = |number: usize| u32::from(bytes.get(number).copied().unwrap_or_default());
                byte(0) << 24 | byte(1) << 16 | byte(2) << 8
            }
        };
        word.wrapping_shl(self.bit % 8).wrapping_shr(32u32.saturating_sub(u32::from(self.width)))
    }
}

/// All chunks of an index.
#[derive(Debug, Clone)]
pub(super) struct Chunks {
    chunks: Vec<Chunk>,
    end: u64,
}

impl Chunks {
    /// Lays out chunks of these widths for hashes of so many bits from `offset` on; `None` where that cannot be.
    pub(super) fn new(widths: &[u8], bits: u32, rows: u64, offset: u64) -> Option<Self> {
        let all: u32 = widths.iter().map(|width| u32::from(*width)).sum();
        if all > bits || widths.len() > MOST || !widths.iter().all(|width| (1..=WIDEST).contains(width)) {
            return None;
        }
        let (mut bit, mut end, mut chunks) = (0u32, offset, Vec::new());
        for (number, width) in widths.iter().enumerate() {
            let mut chunk = Chunk { bit, width: *width, starts: end.checked_next_multiple_of(ALIGNMENT)?, ids: None };
            end = chunk.starts.checked_add(chunk.starts_length())?;
            if number > 0 {
                let ids = end.checked_next_multiple_of(ALIGNMENT)?;
                chunk.ids = Some(ids);
                end = ids.checked_add(rows.checked_mul(4)?)?;
            }
            bit = bit.saturating_add(u32::from(*width));
            chunks.push(chunk);
        }
        Some(Self { chunks, end })
    }

    /// Where the last one ends.
    pub(super) fn end(&self) -> u64 {
        self.end
    }
}

impl std::ops::Deref for Chunks {
    type Target = [Chunk];

    fn deref(&self) -> &[Chunk] {
        &self.chunks
    }
}

/// The widths of chunks by which so many rows of so many bits are found fastest; none where there are few rows.
pub(super) fn plan(bits: u32, rows: u64) -> Vec<u8> {
    let mut best = (f64::INFINITY, Vec::new());
    if rows < FEW_ROWS {
        return best.1;
    }
    // The distance at which pictures are looked for, of 256 bits 31, and in proportion of fewer.
    let radius = (bits / 8).min(32).saturating_sub(1);
    for count in 1..=MOST as u32 {
        let (Some(narrow), Some(over)) = (bits.checked_div(count), bits.checked_rem(count)) else { continue };
        // Bits that are left over make the first chunks wider, where there is room for it.
        let widened = if narrow < u32::from(WIDEST) { over } else { 0 };
        let widths = (8..=u32::from(WIDEST).min(narrow)).map(|width| (width, 0)).chain([(narrow, widened)]);
        for (width, wider) in widths {
            let width_of = |number: u32| (width.min(WIDEST.into()) as u8).saturating_add(u8::from(number < wider));
            let widths: Vec<u8> = (0..count).map(width_of).collect();
            let bytes = Chunks::new(&widths, bits, rows, 0).map_or(u64::MAX, |chunks| chunks.end());
            if bytes > rows.saturating_mul(TABLE_BYTES) {
                continue;
            }
            let crowds = widths.iter().map(|width| rows as f64 / 2f64.powi(i32::from(*width)));
            let crowds: Vec<f64> = crowds.collect();
            if let Some(spread) = spread::cheapest(radius, &widths, &crowds, best.0) {
                best = (spread.cost, widths);
            }
        }
    }
    best.1
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // An overflow fails the test, as it should.
mod tests {
    use super::*;

    #[test]
    fn a_chunk_has_its_bits_wherever_they_lie() {
        let row: Vec<u8> = (0..16u8).map(|byte| byte.wrapping_mul(0x5d) ^ 0xa7).collect();
        let bit = |at: u32| u32::from(row[at as usize / 8] >> (7 - at % 8) & 1);
        for width in 1..=WIDEST {
            for first in 0..=128 - u32::from(width) {
                let chunk = Chunk { bit: first, width, starts: 0, ids: None };
                let expected = (first..first + u32::from(width)).fold(0, |value, at| value << 1 | bit(at));
                assert_eq!(chunk.value(&row), expected, "{width} bits from {first} on");
            }
        }
    }

    #[test]
    fn tables_are_small_and_cover_what_they_can() {
        for (bits, rows) in
            [(64, 5_000), (64, 1_000_000), (256, 5_000), (256, 100_000), (256, 10_000_000), (1024, 1 << 20)]
        {
            let widths = plan(bits, rows);
            let chunks = Chunks::new(&widths, bits, rows, 0).unwrap();
            assert!(!widths.is_empty() && chunks.end() <= rows * TABLE_BYTES, "{bits} bits, {rows} rows: {widths:?}");
        }
        assert!(plan(256, 100).is_empty());
    }
}
