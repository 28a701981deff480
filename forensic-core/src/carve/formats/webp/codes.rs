//! The bits and prefix codes of WebP's lossless pictures (RFC 9649, 3.7.2).

/// In what order the lengths of the code of code lengths stand.
const ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// Bits of a code that are looked up at once.
const FAST: u32 = 8;
const LONGEST: usize = 15;

/// Bits, the lowest of each byte first. Behind the end stand zeros.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits {
    /// The next byte to load.
    at: usize,
    end: usize,
    value: u64,
    /// Bits in `value`.
    count: u32,
}

impl Bits {
    /// The bits from byte `start` to byte `end` of what each call is given.
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { at: start, end, value: 0, count: 0 }
    }

    /// A number of up to 24 bits.
    #[inline(always)]
    pub(super) fn take(&mut self, bytes: &[u8], bits: u32) -> u32 {
        self.need(bytes);
        let number = (self.value & (1u64 << (bits & 31)).wrapping_sub(1)) as u32;
        self.drop(bits);
        number
    }

    /// Loads what makes 32 bits at least.
    #[inline(always)]
    fn need(&mut self, bytes: &[u8]) {
        if self.count < 32 {
            *self = self.filled(bytes);
        }
    }

    #[inline(always)]
    fn drop(&mut self, bits: u32) {
        self.value >>= bits & 31;
        self.count = self.count.wrapping_sub(bits);
    }

    #[inline(always)]
    fn filled(self, bytes: &[u8]) -> Self {
        let next = self.at.wrapping_add(4);
        let whole = bytes.get(self.at..next).filter(|_| next <= self.end).and_then(|bytes| bytes.first_chunk::<4>());
        let four = match whole {
            Some(four) => *four,
            None => std::array::from_fn(|index| {
                let at = self.at.saturating_add(index);
                bytes.get(at).filter(|_| at < self.end).copied().unwrap_or(0)
            }),
        };
        let value = self.value | u64::from(u32::from_le_bytes(four)) << (self.count & 63);
        Self { value, count: self.count.wrapping_add(32), at: next, ..self }
    }

    /// The end of the bytes that were looked at.
    pub(super) fn loaded(&self) -> usize {
        self.at
    }

    /// Bits between what was taken and the end; less than zero where it was overrun.
    pub(super) fn left(&self) -> i64 {
        let bits = |at: usize| i64::try_from(at).unwrap_or(i64::MAX / 16).saturating_mul(8);
        bits(self.end).saturating_sub(bits(self.at)).saturating_add(self.count.into())
    }

    /// The byte that is being taken.
    pub(super) fn position(&self) -> usize {
        self.end.saturating_sub(usize::try_from(self.left() / 8).unwrap_or(0))
    }
}

/// A prefix code.
#[derive(Debug, Clone)]
pub(super) enum Code {
    /// One symbol, which takes no bits.
    Single(u16),
    Many(Box<Many>),
}

/// A code of two symbols and more.
#[derive(Debug, Clone)]
pub(super) struct Many {
    /// By the next bits: the symbol, and the length of its code in the upper four bits; 0 where it is longer.
    fast: [u16; 1 << FAST],
    /// Codes of each length.
    counts: [u16; LONGEST + 1],
    /// The symbols by their codes.
    symbols: Vec<u16>,
}

impl Code {
    /// Reads a code of `alphabet` symbols; `None` where it is none.
    pub(super) fn read(bits: &mut Bits, bytes: &[u8], alphabet: usize) -> Option<Self> {
        let mut lengths = vec![0u8; alphabet];
        if bits.take(bytes, 1) == 1 {
            let two = bits.take(bytes, 1) == 1;
            let width = if bits.take(bytes, 1) == 1 { 8 } else { 1 };
            let first = bits.take(bytes, width);
            *lengths.get_mut(first as usize)? = 1;
            if two {
                *lengths.get_mut(bits.take(bytes, 8) as usize)? = 1;
            }
            return Self::of(&lengths);
        }
        let count = bits.take(bytes, 4).wrapping_add(4) as usize;
        let mut outer = [0u8; ORDER.len()];
        for symbol in ORDER.iter().take(count) {
            if let Some(length) = outer.get_mut(*symbol) {
                *length = bits.take(bytes, 3) as u8;
            }
        }
        let outer = Self::of(&outer)?;
        let mut most = alphabet;
        if bits.take(bytes, 1) == 1 {
            let width = bits.take(bytes, 3).wrapping_mul(2).wrapping_add(2);
            most = (bits.take(bytes, width) as usize).wrapping_add(2);
        }
        if most > alphabet {
            return None;
        }
        let (mut symbol, mut last) = (0usize, 8u8);
        while symbol < alphabet && most > 0 {
            most = most.wrapping_sub(1);
            let (length, run) = match outer.symbol(bits, bytes) {
                16 => (last, bits.take(bytes, 2).wrapping_add(3)),
                17 => (0, bits.take(bytes, 3).wrapping_add(3)),
                18 => (0, bits.take(bytes, 7).wrapping_add(11)),
                length => (length as u8, 1),
            };
            if length > 0 {
                last = length;
            }
            let next = symbol.wrapping_add(run as usize);
            lengths.get_mut(symbol..next)?.fill(length);
            symbol = next;
        }
        Self::of(&lengths)
    }

    /// The code of these lengths; `None` where it is not complete.
    fn of(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0u16; LONGEST + 1];
        for length in lengths {
            let count = counts.get_mut(usize::from(*length))?;
            *count = count.wrapping_add(1);
        }
        counts[0] = 0;
        let used: u32 = counts.iter().map(|count| u32::from(*count)).sum();
        if used < 2 {
            let only = lengths.iter().position(|length| *length > 0)?;
            return u16::try_from(only).ok().map(Self::Single);
        }
        let (mut next, mut code) = ([0u32; LONGEST + 1], 0u32);
        let mut taken = 0u32;
        for (length, (count, next)) in counts.iter().zip(&mut next).enumerate().skip(1) {
            code = code.checked_shl(1)?;
            *next = code;
            code = code.checked_add(u32::from(*count))?;
            taken = taken.checked_add(u32::from(*count) << LONGEST.checked_sub(length)?)?;
        }
        if taken != 1 << LONGEST {
            return None;
        }
        let mut symbols = Vec::new();
        let mut fast = [0u16; 1 << FAST];
        for wanted in 1..=LONGEST as u8 {
            for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length == wanted) {
                let symbol = u16::try_from(symbol).ok()?;
                symbols.push(symbol);
                let next = next.get_mut(usize::from(*length))?;
                let code = *next;
                *next = code.wrapping_add(1);
                let length = u32::from(*length);
                if length <= FAST {
                    let reversed = code.reverse_bits().checked_shr(32u32.checked_sub(length)?)? as usize;
                    let step = 1usize << length;
                    fast.iter_mut()
                        .skip(reversed)
                        .step_by(step)
                        .for_each(|entry| *entry = symbol | (length as u16) << 12);
                }
            }
        }
        Some(Self::Many(Box::new(Many { fast, counts, symbols })))
    }

    /// The next symbol.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits, bytes: &[u8]) -> u16 {
        match self {
            Self::Single(symbol) => *symbol,
            Self::Many(code) => {
                bits.need(bytes);
                let entry = code.fast.get((bits.value & 0xff) as usize).copied().unwrap_or(0);
                if entry == 0 {
                    return code.long(bits);
                }
                bits.drop(u32::from(entry >> 12));
                entry & 0xfff
            }
        }
    }

    /// True where a symbol takes no bits.
    pub(super) fn is_single(&self) -> bool {
        matches!(self, Self::Single(_))
    }

    /// The sum over all symbols of what `of` gives, weighed by the chance of each in parts of 32,768.
    pub(super) fn expected(&self, of: impl Fn(u16) -> usize) -> usize {
        match self {
            Self::Single(symbol) => of(*symbol) << LONGEST,
            Self::Many(code) => {
                let lengths = code.counts.iter().enumerate().flat_map(|(length, count)| {
                    std::iter::repeat_n(LONGEST.saturating_sub(length), usize::from(*count))
                });
                code.symbols.iter().zip(lengths).map(|(symbol, weight)| of(*symbol) << weight).sum()
            }
        }
    }

    /// Bytes in memory.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Single(_) => size_of::<Self>(),
            Self::Many(code) => size_of::<Many>().saturating_add(code.symbols.len().saturating_mul(2)),
        }
    }
}

impl Many {
    /// A symbol with a code longer than those looked up.
    #[cold]
    fn long(&self, bits: &mut Bits) -> u16 {
        let (mut code, mut first, mut index) = (0u32, 0u32, 0u32);
        for (length, count) in (0u32..).zip(&self.counts).skip(1) {
            let count = u32::from(*count);
            code |= (bits.value >> length.wrapping_sub(1)) as u32 & 1;
            if code.wrapping_sub(first) < count {
                bits.drop(length);
                return self.symbols.get(index.wrapping_add(code.wrapping_sub(first)) as usize).copied().unwrap_or(0);
            }
            index = index.wrapping_add(count);
            first = first.wrapping_add(count) << 1;
            code <<= 1;
        }
        bits.drop(LONGEST as u32);
        0
    }
}
