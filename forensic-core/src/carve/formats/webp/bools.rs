//! The boolean decoder of VP8 (RFC 6386, 7), which counts what it takes.

/// Reads bits of uneven chance from a partition. It never fails: behind the end it reads zeros.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bools {
    /// The next byte to load, and the end of the partition.
    at: usize,
    end: usize,
    /// Always less than `range << bits`.
    value: u64,
    bits: i32,
    range: u32,
}

impl Bools {
    /// The partition from `start` to `end` of the bytes that each call is given.
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { at: start, end, value: 0, bits: -8, range: 255 }
    }

    /// One bit that is zero with chance `probability` / 256.
    #[inline(always)]
    pub(super) fn bool(&mut self, bytes: &[u8], probability: u8) -> bool {
        if self.bits < 0 {
            // By value, for the rest of the decoder to stay in registers.
            *self = self.filled(bytes);
        }
        let split = (self.range.wrapping_sub(1).wrapping_mul(u32::from(probability)) >> 8).wrapping_add(1);
        let threshold = u64::from(split) << (self.bits & 63);
        // Two ways, as the caller takes two ways: what comes next need not wait for this comparison.
        if self.value >= threshold {
            self.range = self.range.wrapping_sub(split);
            self.value = self.value.wrapping_sub(threshold);
            self.normalise();
            true
        } else {
            self.range = split;
            self.normalise();
            false
        }
    }

    #[inline(always)]
    fn normalise(&mut self) {
        let shift = self.range.leading_zeros().wrapping_sub(24) & 7;
        self.range <<= shift;
        self.bits = self.bits.wrapping_sub(shift.cast_signed());
    }

    /// An even bit.
    pub(super) fn flag(&mut self, bytes: &[u8]) -> bool {
        self.bool(bytes, 128)
    }

    /// One bit which nothing depends on: no way to choose, and so none to choose wrongly.
    #[inline(always)]
    pub(super) fn skip(&mut self, bytes: &[u8], probability: u8) {
        if self.bits < 0 {
            *self = self.filled(bytes);
        }
        let split = (self.range.wrapping_sub(1).wrapping_mul(u32::from(probability)) >> 8).wrapping_add(1);
        let threshold = u64::from(split) << (self.bits & 63);
        let bit = u64::from(self.value >= threshold).wrapping_neg();
        self.value = self.value.wrapping_sub(threshold & bit);
        let other = self.range.wrapping_sub(split);
        self.range = split ^ ((split ^ other) & bit as u32);
        self.normalise();
    }

    /// A number of `bits` even bits.
    pub(super) fn literal(&mut self, bytes: &[u8], bits: u32) -> u32 {
        (0..bits).fold(0, |number, _| number << 1 | u32::from(self.flag(bytes)))
    }

    #[inline(never)]
    fn filled(self, bytes: &[u8]) -> Self {
        let next = self.at.wrapping_add(8);
        let chunk = bytes.get(self.at..next).filter(|_| next <= self.end);
        if let Some(chunk) = chunk.and_then(|chunk| chunk.first_chunk::<8>()) {
            let value = self.value << 56 | u64::from_be_bytes(*chunk) >> 8;
            return Self { value, bits: self.bits.wrapping_add(56), at: self.at.wrapping_add(7), ..self };
        }
        let byte = bytes.get(self.at).filter(|_| self.at < self.end).copied().unwrap_or(0);
        let value = self.value << 8 | u64::from(byte);
        Self { value, bits: self.bits.wrapping_add(8), at: self.at.saturating_add(1), ..self }
    }

    /// The end of the bytes that were looked at.
    pub(super) fn loaded(&self) -> usize {
        self.at
    }

    /// Bits between what was taken and the end of the partition; less than zero where it was overrun.
    pub(super) fn left(&self) -> i64 {
        let ahead = i64::from(self.bits).saturating_add(8);
        let [end, at] = [self.end, self.at].map(|at| i64::try_from(at).unwrap_or(i64::MAX / 16).saturating_mul(8));
        end.saturating_sub(at).saturating_add(ahead)
    }

    /// The byte that is being taken.
    pub(super) fn position(&self) -> usize {
        let left = usize::try_from(self.left() / 8).unwrap_or(0);
        self.end.saturating_sub(left)
    }
}
