//! The bits of entropy-coded data, with its stuffed zeros taken out (ITU-T T.81, F.2.2.5 and B.1.1.5).

/// Why no bits are to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dry {
    /// The bytes at hand end here.
    Bytes,
    /// A marker stands here.
    Marker,
    /// A code that the table does not have, or one that leads out of its block.
    Code,
}

/// Where the reading of bits stands, between two codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reservoir {
    /// Bits taken from the bytes and not yet used, the next one at the top. What stands below them is of the next bytes or zero.
    bits: u64,
    count: u32,
}

/// Bits out of bytes.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The next byte to take bits from.
    next: usize,
    bits: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    /// Goes on at the start of `bytes`.
    pub(super) fn new(bytes: &'a [u8], reservoir: Reservoir) -> Self {
        Self { bytes, next: 0, bits: reservoir.bits, count: reservoir.count }
    }

    /// Where the reading stands, with the number of bytes used.
    #[inline(always)]
    pub(super) fn state(&self) -> (usize, Reservoir) {
        (self.next, Reservoir { bits: self.bits, count: self.count })
    }

    /// Goes back to a place that [`Bits::state`] told of.
    #[inline(always)]
    pub(super) fn go_back(&mut self, (next, reservoir): (usize, Reservoir)) {
        (self.next, self.bits, self.count) = (next, reservoir.bits, reservoir.count);
    }

    /// The next 64 bits; those behind the last byte or before a marker are of no meaning. 32 at least are good elsewhere.
    #[inline(always)]
    pub(super) fn peek(&mut self) -> u64 {
        if self.count < 32 {
            self.refill();
        }
        self.bits
    }

    /// Passes over bits that were looked at, 32 at the most.
    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) -> Result<(), Dry> {
        if count > self.count {
            return Err(self.dry());
        }
        self.bits <<= count;
        self.count = self.count.wrapping_sub(count);
        Ok(())
    }

    /// The number in the next `count` bits, 16 at the most.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) -> Result<u32, Dry> {
        let number = (self.peek() >> 48) as u32 >> (16u32.wrapping_sub(count) & 31);
        self.skip(count)?;
        Ok(number)
    }

    #[inline(always)]
    fn refill(&mut self) {
        let eight = self.bytes.get(self.next..self.next.wrapping_add(8)).and_then(|bytes| bytes.try_into().ok());
        if let Some(word) = eight.map(u64::from_be_bytes).filter(|word| !has_ff(*word)) {
            self.bits |= word >> (self.count & 63);
            let taken = 63u32.wrapping_sub(self.count) >> 3;
            self.next = self.next.wrapping_add(taken as usize);
            self.count = self.count.wrapping_add(taken << 3);
        } else {
            self.refill_slowly();
        }
    }

    #[inline(never)]
    fn refill_slowly(&mut self) {
        // What a refill of eight bytes left below the count is taken once more.
        self.bits &= !(u64::MAX.checked_shr(self.count).unwrap_or(0));
        while self.count <= 56 {
            let length = match (self.bytes.get(self.next), self.bytes.get(self.next.wrapping_add(1))) {
                (Some(0xff), Some(0)) => 2,
                (Some(0xff) | None, _) => return,
                _ => 1,
            };
            let byte = self.bytes.get(self.next).copied().unwrap_or(0);
            self.bits |= u64::from(byte) << (56u32.wrapping_sub(self.count) & 63);
            self.count = self.count.wrapping_add(8);
            self.next = self.next.wrapping_add(length);
        }
    }

    /// Why there are no more bits.
    #[cold]
    fn dry(&self) -> Dry {
        match (self.bytes.get(self.next), self.bytes.get(self.next.wrapping_add(1))) {
            (Some(_), Some(_)) => Dry::Marker,
            _ => Dry::Bytes,
        }
    }

    /// Ends at a marker: what is left of the last byte is passed over. Gives the marker's code, fill bytes passed over.
    pub(super) fn marker(&mut self) -> Result<u8, Dry> {
        if self.count < 32 {
            self.refill();
        }
        if self.count >= 8 {
            return Err(Dry::Code);
        }
        let mut next = self.next;
        loop {
            match (self.bytes.get(next), self.bytes.get(next.wrapping_add(1))) {
                (Some(0xff), Some(0xff)) => next = next.wrapping_add(1),
                (Some(0xff), Some(0)) | (Some(0..0xff), _) => return Err(Dry::Code),
                (Some(0xff), Some(code)) => {
                    (self.next, self.bits, self.count) = (next.wrapping_add(2), 0, 0);
                    return Ok(*code);
                }
                _ => return Err(Dry::Bytes),
            }
        }
    }
}

fn has_ff(word: u64) -> bool {
    let ones = !word;
    ones.wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 != 0
}
