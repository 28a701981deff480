//! The filter of the scan in vector lanes: 32 places at once, by the nibbles of three bytes each.
//!
//! Signatures are put into eight buckets. For each of the three bytes, two tables of 16 entries tell by its low and its high
//! nibble which buckets it may belong to; where all six agree on a bucket, a signature may begin. The idea is Geoffrey
//! Langdale's "Teddy" (in Intel's Hyperscan). A place that is let through by accident costs a comparison, nothing else.

use crate::carve::Signature;

const BUCKETS: usize = 8;
const LANES: usize = 32;

/// For one of the three bytes: the buckets each low and each high nibble may belong to, one bit a bucket.
#[derive(Clone, Copy, Default, PartialEq)]
struct Nibbles {
    low: [u8; 16],
    high: [u8; 16],
}

impl Nibbles {
    fn insert(&mut self, byte: Option<u8>, bucket: u8) {
        let all = 0..=255u8;
        for byte in all.filter(|other| byte.is_none_or(|byte| byte == *other)) {
            if let Some(low) = self.low.get_mut(usize::from(byte & 15)) {
                *low |= bucket;
            }
            if let Some(high) = self.high.get_mut(usize::from(byte >> 4)) {
                *high |= bucket;
            }
        }
    }

    /// How many of 256 bytes pass for `bucket`.
    fn passes(&self, bucket: u8) -> u64 {
        let count = |table: &[u8; 16]| table.iter().filter(|buckets| **buckets & bucket != 0).count() as u64;
        count(&self.low).saturating_mul(count(&self.high))
    }
}

/// The tables of all signatures, on a processor that has the instructions.
pub(super) struct Lanes {
    tables: [Nibbles; 3],
}

impl Lanes {
    /// `None` where the processor lacks the instructions.
    pub(super) fn new(signatures: &[(usize, Signature)]) -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && !cfg!(miri) {
            return Some(Self { tables: tables(signatures) });
        }
        let _ = signatures;
        None
    }

    /// Adds to `places` each place of `block` from `from` to `end` at which a signature may begin, in order; some are none.
    pub(super) fn candidates(&self, block: &[u8], from: usize, end: usize, places: &mut Vec<usize>) {
        let mut at = from;
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: `new` gives no lanes where the processor lacks AVX2.
            #[allow(unsafe_code)]
            unsafe {
                avx2::candidates(&self.tables, block, &mut at, end, places);
            }
        }
        places.extend(at..end);
    }
}

/// Each signature in the bucket that lets the fewest strangers pass with it.
fn tables(signatures: &[(usize, Signature)]) -> [Nibbles; 3] {
    let mut tables = [Nibbles::default(); 3];
    let mut beginnings: Vec<[Option<u8>; 3]> =
        signatures.iter().map(|(_, signature)| [0, 1, 2].map(|n: usize| signature.bytes.get(n).copied())).collect();
    // What is vague is placed first, so that it shares a bucket with what is vague.
    beginnings.sort_unstable();
    beginnings.dedup();
    let with = |tables: &[Nibbles; 3], beginning: &[Option<u8>; 3], bucket: u8| {
        let mut tables = *tables;
        tables.iter_mut().zip(beginning).for_each(|(table, byte)| table.insert(*byte, bucket));
        tables
    };
    let cost = |tables: &[Nibbles; 3], bucket: u8| {
        tables.iter().fold(1u64, |cost, table| cost.saturating_mul(table.passes(bucket)))
    };
    for beginning in beginnings {
        let placed = (0..BUCKETS).map(|number| {
            let bucket = 1u8 << number;
            let after = with(&tables, &beginning, bucket);
            (cost(&after, bucket).saturating_sub(cost(&tables, bucket)), number, after)
        });
        if let Some((_, _, best)) = placed.min_by_key(|(cost, number, _)| (*cost, *number)) {
            tables = best;
        }
    }
    tables
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2 {
    use super::{LANES, Nibbles};
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256,
        _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    /// The places from `at` on at which a signature may begin, 32 at a time as long as so many are left before `end`;
    /// `at` is put behind them.
    #[target_feature(enable = "avx2")]
    pub(super) fn candidates(tables: &[Nibbles; 3], block: &[u8], at: &mut usize, end: usize, places: &mut Vec<usize>) {
        let nibble = _mm256_set1_epi8(15);
        let tables = tables.each_ref().map(|table| (twice(&table.low), twice(&table.high)));
        // The third byte of the last lane lies two bytes behind it.
        let windows = block.get(*at..end.saturating_add(2).min(block.len())).unwrap_or_default();
        let mut rest = windows;
        while let Some(bytes) = rest.first_chunk::<{ LANES + 2 }>() {
            let mut buckets = _mm256_set1_epi8(-1);
            for (shift, (low, high)) in tables.iter().enumerate() {
                let Some(window) = bytes.get(shift..).and_then(|rest| rest.first_chunk()) else { break };
                let window = load(window);
                let low = _mm256_shuffle_epi8(*low, _mm256_and_si256(window, nibble));
                let high = _mm256_shuffle_epi8(*high, _mm256_and_si256(_mm256_srli_epi16::<4>(window), nibble));
                buckets = _mm256_and_si256(buckets, _mm256_and_si256(low, high));
            }
            let mut mask = !(_mm256_movemask_epi8(_mm256_cmpeq_epi8(buckets, _mm256_setzero_si256())) as u32);
            while mask != 0 {
                places.push(at.saturating_add(mask.trailing_zeros() as usize));
                mask &= mask.wrapping_sub(1);
            }
            *at = at.saturating_add(LANES);
            rest = rest.get(LANES..).unwrap_or_default();
        }
    }

    #[target_feature(enable = "avx2")]
    fn load(bytes: &[u8; LANES]) -> __m256i {
        // SAFETY: 32 readable bytes stand behind the reference, and the load needs no alignment.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx2")]
    fn twice(table: &[u8; 16]) -> __m256i {
        // SAFETY: 16 readable bytes stand behind the reference, and the load needs no alignment.
        _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
    }
}
