//! The boolean decoder of VP8 (RFC 6386, 7), which counts what it takes.

/// By how many bits a range is too small, and what it is less one when it has been put right: by the range, and by the range
/// less one, as whichever is at hand sooner.
static SHIFTS: [u8; 256] = shifts(0, false);
static NORMALISED: [u8; 256] = shifts(0, true);
static SHIFTS_LESS: [u8; 256] = shifts(1, false);
static NORMALISED_LESS: [u8; 256] = shifts(1, true);

#[allow(clippy::indexing_slicing)] // Known when compiled.
const fn shifts(less: u8, normalised: bool) -> [u8; 256] {
    let mut table = [0; 256];
    let mut range = u8::MAX;
    while range > 0 {
        let shift = range.leading_zeros();
        table[range.wrapping_sub(less) as usize] =
            if normalised { (range << (shift & 7)).wrapping_sub(1) } else { shift as u8 };
        range = range.wrapping_sub(1);
    }
    table
}

/// Reads bits of uneven chance from a partition. It never fails: behind the end it reads zeros.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bools {
    /// The next byte to load, and the end of the partition.
    at: usize,
    end: usize,
    /// Always less than `range << bits`.
    value: u64,
    bits: i32,
    /// Less one.
    range: u32,
}

impl Bools {
    /// The partition from `start` to `end` of the bytes that each call is given.
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { at: start, end, value: 0, bits: -8, range: 254 }
    }

    /// One bit that is zero with chance `probability` / 256.
    #[inline(always)]
    pub(super) fn bool(&mut self, bytes: &[u8], probability: u8) -> bool {
        if self.bits < 0 {
            self.fill(bytes);
        }
        let split = self.range.wrapping_mul(u32::from(probability)) >> 8;
        // Two ways, as the caller takes two ways: what comes next need not wait for this comparison.
        if (self.value >> (self.bits & 63)) as u32 > split {
            self.value = self.value.wrapping_sub(u64::from(split.wrapping_add(1)) << (self.bits & 63));
            self.normalise(self.range.wrapping_sub(split), &NORMALISED, &SHIFTS);
            true
        } else {
            self.normalise(split, &NORMALISED_LESS, &SHIFTS_LESS);
            false
        }
    }

    /// Goes on with what is left of the range. Its place in the tables is not cut to a byte: the next bit would wait for that.
    #[inline(always)]
    fn normalise(&mut self, range: u32, normalised: &[u8; 256], shifts: &[u8; 256]) {
        let at = |table: &[u8; 256]| table.get(range as usize).copied().unwrap_or(0);
        self.range = u32::from(at(normalised));
        self.bits = self.bits.wrapping_sub(i32::from(at(shifts)));
    }

    /// An even bit.
    pub(super) fn flag(&mut self, bytes: &[u8]) -> bool {
        self.bool(bytes, 128)
    }

    /// One bit which nothing depends on: no way to choose, and so none to choose wrongly.
    #[inline(always)]
    pub(super) fn skip(&mut self, bytes: &[u8], probability: u8) {
        if self.bits < 0 {
            self.fill(bytes);
        }
        let split = self.range.wrapping_mul(u32::from(probability)) >> 8;
        let behind = split.wrapping_add(1);
        let bit = u64::from((self.value >> (self.bits & 63)) as u32 > split).wrapping_neg();
        self.value = self.value.wrapping_sub((u64::from(behind) << (self.bits & 63)) & bit);
        let other = self.range.wrapping_sub(behind);
        self.normalise(split ^ ((split ^ other) & bit as u32), &NORMALISED_LESS, &SHIFTS_LESS);
    }

    /// Passes over a sign: an even bit behind another bit, by which no range is full, so that one bit is always taken.
    #[inline(always)]
    pub(super) fn sign(&mut self, bytes: &[u8]) {
        if self.bits < 0 {
            self.fill(bytes);
        }
        let split = self.range >> 1;
        let bit = u64::from((self.value >> (self.bits & 63)) as u32 > split).wrapping_neg();
        self.value = self.value.wrapping_sub((u64::from(split.wrapping_add(1)) << (self.bits & 63)) & bit);
        self.range = self.range.wrapping_add(bit as u32) | 1;
        self.bits = self.bits.wrapping_sub(1);
    }

    /// A number of `bits` even bits.
    pub(super) fn literal(&mut self, bytes: &[u8], bits: u32) -> u32 {
        (0..bits).fold(0, |number, _| number << 1 | u32::from(self.flag(bytes)))
    }

    #[inline(always)]
    fn fill(&mut self, bytes: &[u8]) {
        let (more, count) = more(bytes, self.at, self.end);
        self.value = self.value << (count << 3 & 63) | more;
        self.bits = self.bits.wrapping_add((count << 3) as i32);
        self.at = self.at.wrapping_add(count);
    }

    /// The end of the bytes that were looked at.
    pub(super) fn loaded(&self) -> usize {
        self.at
    }

    /// Bits between what was taken and the end of the partition; less than zero where it was overrun.
    pub(super) fn left(&self) -> i64 {
        let ahead = i64::from(self.bits).saturating_add(8);
        let bits = |at: usize| i64::try_from(at).unwrap_or(i64::MAX / 16).saturating_mul(8);
        bits(self.end).saturating_sub(bits(self.at)).saturating_add(ahead)
    }

    /// The byte that is being taken.
    pub(super) fn position(&self) -> usize {
        let left = usize::try_from(self.left() / 8).unwrap_or(0);
        self.end.saturating_sub(left)
    }
}

/// Seven bytes from `at` on, or one near the `end`, and zeros behind it.
#[cold]
#[inline(never)]
fn more(bytes: &[u8], at: usize, end: usize) -> (u64, usize) {
    let next = at.wrapping_add(8);
    let chunk = bytes.get(at..next).filter(|_| next <= end);
    match chunk.and_then(|chunk| chunk.first_chunk::<8>()) {
        Some(chunk) => (u64::from_be_bytes(*chunk) >> 8, 7),
        None => (bytes.get(at).filter(|_| at < end).copied().unwrap_or(0).into(), 1),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    /// The decoder as it is described (RFC 6386, 7.3), bit by bit.
    struct Plain<'a> {
        bits: Box<dyn Iterator<Item = u32> + 'a>,
        value: u32,
        range: u32,
    }

    impl<'a> Plain<'a> {
        fn new(bytes: &'a [u8]) -> Self {
            let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1)));
            let mut bits = bits.chain(std::iter::repeat(0));
            let value = bits.by_ref().take(8).fold(0, |value, bit| value << 1 | bit);
            Self { bits: Box::new(bits), value, range: 255 }
        }

        fn bool(&mut self, probability: u8) -> bool {
            let split = 1 + (((self.range - 1) * u32::from(probability)) >> 8);
            let bit = self.value >= split;
            (self.value, self.range) = if bit { (self.value - split, self.range - split) } else { (self.value, split) };
            while self.range < 128 {
                (self.value, self.range) = (self.value << 1 | self.bits.next().unwrap(), self.range << 1);
            }
            bit
        }
    }

    #[test]
    fn bits_are_those_of_the_plain_decoder() {
        let mut seed = 7u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        let bytes: Vec<u8> = (0..3000).map(|_| random()).collect();
        let (mut bools, mut plain) = (Bools::new(0, bytes.len()), Plain::new(&bytes));
        while bools.left() > -100 {
            let chance = random();
            assert_eq!(bools.bool(&bytes, chance), plain.bool(chance));
        }
    }

    #[test]
    fn a_sign_is_an_even_bit_and_one_that_is_skipped_is_taken_all_the_same() {
        let mut seed = 1u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        let bytes: Vec<u8> = (0..4000).map(|_| random()).collect();
        let mut bools = Bools::new(0, bytes.len());
        while bools.left() > 0 {
            let (chance, other) = (random(), random());
            let _ = bools.bool(&bytes, chance);
            let (mut taken, mut skipped, mut sign) = (bools, bools, bools);
            taken.flag(&bytes);
            skipped.skip(&bytes, 128);
            sign.sign(&bytes);
            for same in [skipped, sign] {
                assert_eq!((same.value, same.bits, same.range), (taken.value, taken.bits, taken.range));
            }
            let _ = taken.bool(&bytes, other);
            skipped.skip(&bytes, other);
            assert_eq!((skipped.value, skipped.bits, skipped.range), (taken.value, taken.bits, taken.range));
            bools = taken;
        }
    }
}
