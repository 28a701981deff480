//! Bloom filters of hashlookup: SHA-1s that are known, and some that are not.
//!
//! Format: DCSO bloom, version 1: six words, little-endian (version, capacity, probability of a wrong answer as a float,
//! hash functions k, bits m, digests), then the bits in words, then free data. The key is the SHA-1 as upper-case hex.

use crate::{
    bytes::Fields,
    error::Result,
    hash::hex,
    sealed::{Image, Section},
};

const STRUCTURE: &str = "Bloom filter";
const HEADER: u64 = 48;
const VERSION: u8 = 1;
/// More hash functions than any sensible filter has: a probability of 2⁻²⁵⁶.
const MOST_FUNCTIONS: u64 = 256;

/// 2⁶⁴ − 59, the largest prime of 64 bits, and a generator.
const MODULUS: u64 = 18_446_744_073_709_551_557;
const GENERATOR: u64 = 18_446_744_073_709_550_147;

/// A filter, its bits left where they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bloom {
    functions: u64,
    bits: u64,
    /// Offset of the bits.
    words: u64,
}

impl Bloom {
    /// Reads the header of a filter of `length` bytes; `offset` is where it begins, in the file or in what it is read from.
    pub(super) fn parse(header: &[u8], offset: u64, length: u64) -> Result<Self> {
        let fields = Fields::new(header, STRUCTURE, offset);
        let version = fields.u8(0)?;
        if version != VERSION {
            return Err(fields.corrupt(0, "version 1", version));
        }
        let (functions, bits) = (fields.u64(24)?, fields.u64(32)?);
        if !(1..=MOST_FUNCTIONS).contains(&functions) {
            return Err(fields.corrupt(24, format!("1 to {MOST_FUNCTIONS} hash functions"), functions));
        }
        let needed = bits.div_ceil(64).checked_mul(8).and_then(|words| words.checked_add(HEADER));
        if bits == 0 || needed.is_none_or(|needed| needed > length) {
            return Err(fields.corrupt(32, "as many bits as there are", bits));
        }
        Ok(Self { functions, bits, words: offset.saturating_add(HEADER) })
    }

    /// Reads the header of a filter that lies in a set.
    pub(super) fn open(image: &Image, section: Section) -> Result<Self> {
        let header = image.read(section.offset, HEADER.min(section.length))?;
        Self::parse(header, section.offset, section.length)
    }

    /// True where the digest may be known.
    pub(super) fn contains(&self, image: &Image, sha1: &[u8]) -> Result<bool> {
        let mut hash = fnv1(hex::encode(sha1).to_ascii_uppercase().as_bytes()).checked_rem(MODULUS).unwrap_or(0);
        for _ in 0..self.functions {
            hash = hash.wrapping_mul(GENERATOR) % MODULUS;
            let bit = hash.checked_rem(self.bits).unwrap_or(0);
            let word = image.read(self.words.saturating_add((bit / 64).saturating_mul(8)), 8)?;
            let word = word.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
            if word.wrapping_shr((bit % 64) as u32) & 1 == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Refuses bytes that are no filter.
    pub(super) fn check(bytes: &[u8]) -> Result<()> {
        let header = bytes.get(..(HEADER as usize).min(bytes.len())).unwrap_or_default();
        Self::parse(header, 0, bytes.len() as u64).map(|_| ())
    }
}

/// FNV-1 of 64 bits.
fn fnv1(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| hash.wrapping_mul(0x100_0000_01b3) ^ u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv1_is_what_its_authors_list() {
        assert_eq!(fnv1(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1(b"a"), 0xaf63_bd4c_8601_b7be);
        assert_eq!(fnv1(b"foobar"), 0x340d_8765_a4dd_a9c2);
    }

    #[test]
    fn headers_that_ask_for_too_much_are_refused() {
        let filter =
            |k: u64, m: u64| [1, 10, 0, k, m, 0, 0, 0].into_iter().flat_map(u64::to_le_bytes).collect::<Vec<_>>();
        assert!(Bloom::check(&filter(7, 128)).is_ok());
        for (k, m) in [(0, 128), (257, 128), (7, 0), (7, 129), (7, u64::MAX)] {
            assert!(Bloom::check(&filter(k, m)).is_err(), "{k} {m}");
        }
        assert!(Bloom::check(&[1, 0, 0]).is_err());
    }
}
