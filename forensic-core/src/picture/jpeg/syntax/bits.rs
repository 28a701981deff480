//! The bits of entropy-coded data, out of bytes whose stuffed zeros are taken out already.

/// Bits out of bytes. Behind the last of them zeros come, so that nothing has to be asked between codes: whoever reads looks at
/// [`Bits::position`] now and then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    /// The next byte to take bits from.
    next: usize,
    /// Bits taken from the bytes and not yet used, the next one at the top. What stands below them is of the next bytes.
    bits: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    /// Goes on at bit `position` of `bytes`.
    pub(crate) fn new(bytes: &'a [u8], position: usize) -> Self {
        let mut bits = Self { bytes, next: position >> 3, bits: 0, count: 0 };
        bits.refill();
        bits.skip(position as u32 & 7);
        bits
    }

    /// Bits used since the first byte.
    #[inline(always)]
    pub(crate) fn position(&self) -> usize {
        (self.next << 3).wrapping_sub(self.count as usize)
    }

    /// The next 64 bits, of which 32 at least are good.
    #[inline(always)]
    pub(crate) fn peek(&mut self) -> u64 {
        if self.count < 32 {
            self.refill();
        }
        self.bits
    }

    /// The same, where few bits were passed over since it was last asked: those behind are fetched meanwhile, for nobody to
    /// have to wait for them.
    #[inline(always)]
    pub(crate) fn look(&mut self) -> u64 {
        let window = self.peek();
        self.refill();
        window
    }

    /// Passes over bits that were looked at, 32 at the most.
    #[inline(always)]
    pub(crate) fn skip(&mut self, count: u32) {
        self.bits <<= count & 63;
        self.count = self.count.wrapping_sub(count);
    }

    /// The number in the next `count` bits, 16 at the most.
    #[inline(always)]
    pub(crate) fn take(&mut self, count: u32) -> u32 {
        let number = (self.peek() >> 48) as u32 >> (16u32.wrapping_sub(count) & 31);
        self.skip(count);
        number
    }

    #[inline(always)]
    fn refill(&mut self) {
        let word = match self.bytes.get(self.next..self.next.wrapping_add(8)).and_then(<[u8]>::first_chunk) {
            Some(eight) => u64::from_be_bytes(*eight),
            None => last(self.bytes.get(self.next..).unwrap_or_default()),
        };
        self.bits |= word >> (self.count & 63);
        self.next = self.next.wrapping_add((63u32.wrapping_sub(self.count) >> 3) as usize);
        self.count |= 56;
    }
}

/// Fewer than eight bytes, and zeros.
#[cold]
#[inline(never)]
fn last(bytes: &[u8]) -> u64 {
    bytes.iter().zip([56u32, 48, 40, 32, 24, 16, 8, 0]).fold(0, |word, (byte, shift)| word | u64::from(*byte) << shift)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_the_same_however_they_are_looked_at() {
        let bytes: Vec<u8> = (0..200u32).map(|number| ((number * number * 37) >> 3) as u8).collect();
        let (mut peeked, mut looked) = (Bits::new(&bytes, 3), Bits::new(&bytes, 3));
        let mut position = 3;
        for count in (0..=32).cycle() {
            if position > bytes.len() * 8 + 40 {
                break;
            }
            assert_eq!((peeked.position(), looked.position()), (position, position));
            let expected = (position..position + 32).fold(0u32, |bits, at| {
                bits << 1 | bytes.get(at / 8).map_or(0, |byte| u32::from(byte >> (7 - at % 8) & 1))
            });
            assert_eq!([peeked.peek(), looked.look()].map(|bits| (bits >> 32) as u32), [expected; 2]);
            peeked.skip(count);
            looked.skip(count);
            position += count as usize;
        }
    }
}
