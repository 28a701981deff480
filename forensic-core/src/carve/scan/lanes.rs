//! The filter of the scan in vector lanes: 32 places at once, by the nibbles of three bytes each.
//!
//! Signatures are put into eight buckets. For each of the three bytes, two tables of 16 entries tell by its low and its high
//! nibble which buckets it may belong to; where all six agree on a bucket, a signature may begin. The idea is Geoffrey
//! Langdale's "Teddy" (in Intel's Hyperscan). A place that is let through by accident costs a comparison, nothing else.

use super::PAGE;
use crate::carve::Signature;

const BUCKETS: usize = 8;
const LANES: usize = 32;
/// Lanes that are looked at together.
const WIDE: usize = 2 * LANES;
/// Places that are written at once, needed or not, for the processor not to have to guess how many there are.
const AT_ONCE: usize = 4;

/// The places of a page at which a signature may begin.
pub(super) struct Places {
    list: Box<[u32; PAGE + AT_ONCE]>,
    count: usize,
}

impl Places {
    pub(super) fn new() -> Self {
        Self { list: Box::new([0; PAGE + AT_ONCE]), count: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.list.iter().take(self.count).map(|place| *place as usize)
    }

    pub(super) fn push(&mut self, place: usize) {
        if let Some(free) = self.list.get_mut(self.count) {
            *free = place as u32;
            self.count = self.count.wrapping_add(1);
        }
    }

    /// Adds the places `from` and up that have a bit in `mask`.
    #[inline(always)]
    fn push_all(&mut self, from: usize, mut mask: u64) {
        let count = mask.count_ones() as usize;
        if let Some(free) = self.list.get_mut(self.count..).and_then(|free| free.first_chunk_mut::<AT_ONCE>()) {
            for place in free {
                *place = (from as u32).wrapping_add(mask.trailing_zeros());
                mask &= mask.wrapping_sub(1);
            }
        }
        self.count = self.count.wrapping_add(count.min(AT_ONCE));
        while mask != 0 {
            self.push(from.wrapping_add(mask.trailing_zeros() as usize));
            mask &= mask.wrapping_sub(1);
        }
    }
}

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
        if has_instructions() && !cfg!(miri) {
            return Some(Self { tables: tables(signatures) });
        }
        let _ = signatures;
        None
    }

    /// Adds to `places` each place of `block` from `from` to `end`, a page at most, at which a signature may begin, in order; some
    /// are none.
    pub(super) fn candidates(&self, block: &[u8], from: usize, end: usize, places: &mut Places) {
        let mut at = from;
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: `new` gives no lanes where the processor lacks the instructions.
            #[allow(unsafe_code)]
            unsafe {
                avx2::candidates(&self.tables, block, &mut at, end, places);
            }
        }
        (at..end).for_each(|place| places.push(place));
    }
}

#[cfg(target_arch = "x86_64")]
fn has_instructions() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2") && has!("bmi1") && has!("popcnt")
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
    use super::{LANES, Nibbles, Places, WIDE};
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256,
        _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    /// The places from `at` on at which a signature may begin, 64 at a time as long as so many are left before `end`;
    /// `at` is put behind them.
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    pub(super) fn candidates(tables: &[Nibbles; 3], block: &[u8], at: &mut usize, end: usize, places: &mut Places) {
        let tables = tables.each_ref().map(|table| (twice(&table.low), twice(&table.high)));
        // The third byte of the last lane lies two bytes behind it.
        let windows = block.get(*at..end.saturating_add(2).min(block.len())).unwrap_or_default();
        let mut rest = windows;
        while let Some(bytes) = rest.first_chunk::<{ WIDE + 2 }>() {
            let half = |from: usize| {
                bytes.get(from..).and_then(|rest| rest.first_chunk()).map_or(0, |rest| mask(&tables, rest))
            };
            places.push_all(*at, u64::from(half(0)) | u64::from(half(LANES)) << LANES);
            *at = at.saturating_add(WIDE);
            rest = rest.get(WIDE..).unwrap_or_default();
        }
    }

    /// A bit for each of 32 places at which a signature may begin.
    #[target_feature(enable = "avx2")]
    fn mask(tables: &[(__m256i, __m256i); 3], bytes: &[u8; LANES + 2]) -> u32 {
        let nibble = _mm256_set1_epi8(15);
        let mut buckets = _mm256_set1_epi8(-1);
        for (shift, (low, high)) in tables.iter().enumerate() {
            let Some(window) = bytes.get(shift..).and_then(|rest| rest.first_chunk()) else { break };
            let window = load(window);
            let low = _mm256_shuffle_epi8(*low, _mm256_and_si256(window, nibble));
            let high = _mm256_shuffle_epi8(*high, _mm256_and_si256(_mm256_srli_epi16::<4>(window), nibble));
            buckets = _mm256_and_si256(buckets, _mm256_and_si256(low, high));
        }
        !(_mm256_movemask_epi8(_mm256_cmpeq_epi8(buckets, _mm256_setzero_si256())) as u32)
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
