//! What XPRESS and LZX share: bits of 16-bit words, and canonical Huffman codes.
//!
//! [MS-XCA] 2.1.4.3 and 2.2.4; [MS-PATCH] 2.1 and 2.5.

/// Codewords up to this length are found by one look into a table.
const FAST_BITS: u32 = 10;
/// The longest codeword of either algorithm.
const LONGEST: usize = 16;
/// The most symbols a code has: 512 in XPRESS, 496 in LZX with a window of 32 KiB.
const SYMBOLS: usize = 512;

/// Bits of 16-bit little-endian words, the highest first, always at least 16 of them at hand. Behind the end of the input
/// come zeros.
pub(super) struct Bits<'a> {
    input: &'a [u8],
    /// Bytes taken of `input`.
    taken: usize,
    /// The bits at hand, from the highest bit down.
    window: u64,
    count: u32,
    /// Of the bits at hand, those behind the end of the input.
    missing: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        let mut bits = Self { input, taken: 0, window: 0, count: 0, missing: 0 };
        // Both algorithms look 16 to 32 bits ahead; bytes between the bits of XPRESS stand behind the words looked at.
        bits.refill();
        bits.refill();
        bits
    }

    fn refill(&mut self) {
        let word = match self.input.get(self.taken..self.taken.saturating_add(2)) {
            Some([low, high]) => {
                self.taken = self.taken.saturating_add(2);
                u16::from_le_bytes([*low, *high])
            }
            _ => {
                self.missing = self.missing.saturating_add(16);
                0
            }
        };
        self.window |= u64::from(word) << 48u32.saturating_sub(self.count);
        self.count = self.count.saturating_add(16);
    }

    /// The next 16 bits, to look at.
    fn peek(&self) -> u32 {
        (self.window >> 48) as u32
    }

    /// Passes over up to 16 bits.
    fn skip(&mut self, count: u32) {
        self.window <<= count;
        self.count = self.count.saturating_sub(count);
        if self.count < 16 {
            self.refill();
        }
    }

    /// The next bits, up to 16, as a number.
    pub(super) fn take(&mut self, count: u32) -> u32 {
        let value = self.peek() >> 16u32.saturating_sub(count);
        self.skip(count);
        value
    }

    /// A byte that stands between the words, behind those looked at.
    pub(super) fn byte(&mut self) -> Result<u8, &'static str> {
        let byte = self.input.get(self.taken).copied().ok_or(TOO_SHORT)?;
        self.taken = self.taken.saturating_add(1);
        Ok(byte)
    }

    /// Goes on to the next 16-bit word (a whole one further where a word has just ended) and takes bytes from there; an odd
    /// number of bytes is followed by one that means nothing.
    pub(super) fn bytes(&mut self, counts: &[usize]) -> Result<Vec<&'a [u8]>, &'static str> {
        self.check()?;
        let rest = match self.count % 16 {
            0 => 16,
            rest => rest,
        };
        let unread = self.count.saturating_sub(rest).saturating_sub(self.missing) / 8;
        let mut at = self.taken.saturating_sub(unread as usize);
        let mut all = Vec::with_capacity(counts.len());
        for count in counts {
            let end = at.saturating_add(*count);
            all.push(self.input.get(at..end).ok_or(TOO_SHORT)?);
            at = end;
        }
        self.taken = at.next_multiple_of(2);
        (self.window, self.count, self.missing) = (0, 0, 0);
        self.refill();
        Ok(all)
    }

    /// # Errors
    /// Where bits were taken that the input does not have.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.missing > self.count { Err(TOO_SHORT) } else { Ok(()) }
    }
}

pub(super) const TOO_SHORT: &str = "packed bytes that end too soon";

/// A canonical code: shorter codewords come first, and of one length those of lower symbols.
pub(super) struct Code {
    /// By the next [`FAST_BITS`] bits, symbol and length (the low 5 bits); 0 where the codeword is longer.
    fast: [u16; 1 << FAST_BITS],
    /// By length, the end of the codewords up to that length, in 16 bits.
    ends: [u32; LONGEST + 1],
    /// By length, the number of shorter codewords.
    starts: [u16; LONGEST + 1],
    /// In the order of their codewords.
    symbols: [u16; SYMBOLS],
}

impl Code {
    /// The code whose codewords have these lengths, 0 for a symbol without one. `None` for a code without codewords.
    ///
    /// # Errors
    /// Where the codewords are more or fewer than such lengths allow.
    pub(super) fn new(lengths: &[u8]) -> Result<Option<Self>, &'static str> {
        let mut counts = [0u16; LONGEST + 1];
        for length in lengths {
            let count = counts.get_mut(usize::from(*length)).ok_or("a codeword of more than 16 bits")?;
            *count = count.saturating_add(1);
        }
        let mut code =
            Self { fast: [0; 1 << FAST_BITS], ends: [0; LONGEST + 1], starts: [0; LONGEST + 1], symbols: [0; SYMBOLS] };
        let (mut end, mut start) = (0u32, 0u16);
        for length in 1..=LONGEST {
            let count = counts.get(length).copied().unwrap_or(0);
            let width = 1u32 << LONGEST.saturating_sub(length);
            set(&mut code.starts, length, start);
            end = end.saturating_add(u32::from(count).saturating_mul(width));
            start = start.saturating_add(count);
            set(&mut code.ends, length, end);
        }
        match end {
            0 => return Ok(None),
            0x1_0000 => {}
            _ => return Err("a Huffman code that is not complete"),
        }
        code.assign(lengths);
        Ok(Some(code))
    }

    /// Gives each symbol its codeword.
    fn assign(&mut self, lengths: &[u8]) {
        let mut next = self.starts;
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let (length, symbol) = (usize::from(*length), u16::try_from(symbol).unwrap_or(0));
            let Some(place) = next.get_mut(length) else { continue };
            let order = place.saturating_sub(self.starts.get(length).copied().unwrap_or(0));
            set(&mut self.symbols, usize::from(*place), symbol);
            *place = place.saturating_add(1);
            let Some(spare) = FAST_BITS.checked_sub(length as u32) else { continue };
            let shorter = self.ends.get(length.saturating_sub(1)).copied().unwrap_or(0) >> (16 - FAST_BITS);
            let first = shorter.saturating_add(u32::from(order) << spare) as usize;
            let same = self.fast.get_mut(first..first.saturating_add(1 << spare)).unwrap_or_default();
            same.fill(symbol << 5 | length as u16);
        }
    }

    /// The symbol whose codeword comes next.
    #[inline]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> u16 {
        let next = bits.peek();
        match self.fast.get((next >> (16 - FAST_BITS)) as usize).copied().unwrap_or(0) {
            0 => self.long_symbol(bits, next),
            found => {
                bits.skip(u32::from(found & 31));
                found >> 5
            }
        }
    }

    fn long_symbol(&self, bits: &mut Bits<'_>, next: u32) -> u16 {
        // The ends grow with the length, and the last one is above any 16 bits.
        let length = self.ends.iter().position(|end| next < *end).unwrap_or(LONGEST);
        let shorter = self.ends.get(length.saturating_sub(1)).copied().unwrap_or(0);
        let order = next.saturating_sub(shorter) >> LONGEST.saturating_sub(length);
        bits.skip(length as u32);
        let place = usize::from(self.starts.get(length).copied().unwrap_or(0)).saturating_add(order as usize);
        self.symbols.get(place).copied().unwrap_or(0)
    }
}

fn set<T>(table: &mut [T], place: usize, value: T) {
    if let Some(slot) = table.get_mut(place) {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codewords_are_given_by_length_and_then_by_symbol() {
        // 0 is "10", 1 is "0", 2 is "110", 3 is "111".
        let code = Code::new(&[2, 1, 3, 3]).unwrap().unwrap();
        let word = 0b1001_1011_1000_0000u16.to_le_bytes();
        let mut bits = Bits::new(&word);
        let symbols: Vec<_> = (0..4).map(|_| code.symbol(&mut bits)).collect();
        assert_eq!(symbols, [0, 1, 2, 3]);
        assert!(bits.check().is_ok());
        bits.take(16);
        assert!(bits.check().is_err());
    }

    #[test]
    fn codewords_longer_than_the_table_are_found() {
        let mut lengths: Vec<u8> = (1..16).collect();
        lengths.extend([16, 16]);
        let code = Code::new(&lengths).unwrap().unwrap();
        for (symbol, word) in [(14u16, 0xfffcu16), (15, 0xfffe), (16, 0xffff), (9, 0xff80), (10, 0xffc0)] {
            assert_eq!(code.symbol(&mut Bits::new(&word.to_le_bytes())), symbol, "{word:#x}");
        }
    }

    #[test]
    fn a_code_with_too_many_or_too_few_codewords_is_refused() {
        assert!(Code::new(&[1, 1, 1]).is_err());
        assert!(Code::new(&[1, 2]).is_err());
        assert!(Code::new(&[0; 20]).unwrap().is_none());
    }
}
