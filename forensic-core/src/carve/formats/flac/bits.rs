//! Bits of a frame, the highest of a byte first.

/// Reads bits; `None` at the end of the bytes.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: u64,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8], byte: u64) -> Self {
        Self { bytes, at: byte.saturating_mul(8) }
    }

    /// The byte in which the next bit is, or the next whole one where a byte is over.
    pub(super) fn byte(&self) -> u64 {
        self.at.div_ceil(8)
    }

    /// A number of `width` bits, 32 at most.
    pub(super) fn number(&mut self, width: u32) -> Option<u64> {
        let first = usize::try_from(self.at / 8).ok()?;
        let skipped = u32::try_from(self.at % 8).ok()?;
        let end = self.at.checked_add(u64::from(width))?;
        let last = usize::try_from(end.div_ceil(8)).ok()?;
        let bytes = self.bytes.get(first..last)?;
        let all = bytes.iter().fold(0u64, |all, byte| all << 8 | u64::from(*byte));
        let spare = (bytes.len() as u64).saturating_mul(8).saturating_sub(u64::from(skipped.saturating_add(width)));
        self.at = end;
        Some(all >> spare & (1u64 << width).saturating_sub(1))
    }

    pub(super) fn skip(&mut self, bits: u64) -> Option<()> {
        self.at = self.at.checked_add(bits)?;
        (self.byte() <= self.bytes.len() as u64).then_some(())
    }

    /// Zeros up to the next one.
    pub(super) fn unary(&mut self) -> Option<u64> {
        let mut zeros = 0u64;
        loop {
            let byte = self.bytes.get(usize::try_from(self.at / 8).ok()?)?;
            let skipped = self.at % 8;
            let rest = byte << skipped;
            if rest != 0 {
                let leading = u64::from(rest.leading_zeros());
                self.at = self.at.checked_add(leading)?.checked_add(1)?;
                return zeros.checked_add(leading);
            }
            let passed = 8u64.saturating_sub(skipped);
            zeros = zeros.checked_add(passed)?;
            self.at = self.at.checked_add(passed)?;
        }
    }
}
