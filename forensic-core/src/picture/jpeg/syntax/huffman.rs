//! Huffman tables (ITU-T T.81, annexes C and F.2.2.3).

use super::bursts::{Band, Bursts, Passed};
use std::sync::OnceLock;

/// Codes of so many bits are found by one look.
const LOOK: u32 = 10;

/// A table of codes.
#[derive(Debug)]
pub(crate) struct Table {
    /// The code that begins with these bits: its bits and those behind it that its symbol counts, six bits of the number, and
    /// above them the symbol; 0 where it is longer.
    look: Box<[u16; 1 << LOOK]>,
    /// For each length, the first 16-bit number behind its codes.
    limit: [u32; 17],
    /// For each length, what leads from a code to the index of its symbol.
    offset: [u32; 17],
    symbols: Vec<u8>,
    bursts: OnceLock<Bursts<Passed>>,
    first: OnceLock<Bursts<Band<false>>>,
    refining: OnceLock<Bursts<Band<true>>>,
}

impl Table {
    /// The table with `counts` codes of 1 to 16 bits; `None` where there are no such codes.
    pub(crate) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            look: Box::new([0; 1 << LOOK]),
            limit: [0; 17],
            offset: [0; 17],
            symbols: symbols.to_vec(),
            bursts: OnceLock::new(),
            first: OnceLock::new(),
            refining: OnceLock::new(),
        };
        let (mut code, mut index) = (0u32, 0u32);
        for (length, count) in (1u32..).zip(counts) {
            let end = code.checked_add(u32::from(*count))?;
            if end > 1 << length {
                return None;
            }
            let offset = index.wrapping_sub(code);
            *table.offset.get_mut(length as usize)? = offset;
            *table.limit.get_mut(length as usize)? = end << (16u32.wrapping_sub(length) & 31);
            for code in (code..end).take_while(|_| length <= LOOK) {
                let symbol = *symbols.get(offset.wrapping_add(code) as usize)?;
                let spread = LOOK.wrapping_sub(length) & 31;
                let first = (code << spread) as usize;
                let entry = u16::from(symbol) << 6 | whole(length, symbol) as u16;
                table.look.get_mut(first..first.wrapping_add(1 << spread))?.fill(entry);
            }
            index = index.wrapping_add(u32::from(*count));
            code = end << 1;
        }
        (index as usize == symbols.len() && index > 0).then_some(table)
    }

    /// The symbol of the code at the top of `bits`, and the bits of the code and of what its symbol's low half counts.
    #[inline(always)]
    pub(crate) fn find(&self, bits: u64) -> Option<(u32, u8)> {
        let entry = self.look.get((bits >> (64 - LOOK)) as usize).copied().unwrap_or(0);
        if entry != 0 {
            return Some((u32::from(entry & 63), (entry >> 6) as u8));
        }
        self.find_long((bits >> 48) as u32)
    }

    #[cold]
    fn find_long(&self, next: u32) -> Option<(u32, u8)> {
        (LOOK.wrapping_add(1)..=16).find_map(|length| {
            let code =
                (next < *self.limit.get(length as usize)?).then_some(next >> (16u32.wrapping_sub(length) & 31))?;
            let index = self.offset.get(length as usize)?.wrapping_add(code);
            let symbol = *self.symbols.get(index as usize)?;
            Some((whole(length, symbol), symbol))
        })
    }

    /// Its codes as those of a sequential scan's coefficients, several at once.
    pub(crate) fn bursts(&self) -> &Bursts<Passed> {
        self.bursts.get_or_init(|| Bursts::new(self))
    }

    /// Its codes as those of the first bits of a band, several at once.
    pub(crate) fn first(&self) -> &Bursts<Band<false>> {
        self.first.get_or_init(|| Bursts::new(self))
    }

    /// Its codes as those of a further bit of a band, several at once.
    pub(crate) fn refining(&self) -> &Bursts<Band<true>> {
        self.refining.get_or_init(|| Bursts::new(self))
    }

    /// The codes of `length` bits, each with its symbol.
    pub(crate) fn codes(&self, length: u32) -> impl Iterator<Item = (u32, u8)> {
        let at = |list: &[u32; 17], length: u32| list.get(length as usize).copied().unwrap_or(0);
        let shift = 16u32.wrapping_sub(length) & 31;
        let (first, behind) = (at(&self.limit, length.wrapping_sub(1)), at(&self.limit, length));
        let offset = at(&self.offset, length);
        (first >> shift..behind >> shift)
            .filter_map(move |code| Some((code, *self.symbols.get(offset.wrapping_add(code) as usize)?)))
    }
}

/// Bits of a code of `length` and of what the low half of its symbol counts.
fn whole(length: u32, symbol: u8) -> u32 {
    length.wrapping_add(u32::from(symbol & 15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_with_the_bits_that_follow_them_whether_short_or_long() {
        let mut counts = [0; 16];
        (counts[1], counts[11], counts[15]) = (3, 2, 1);
        let table = Table::new(&counts, &[0x00, 0x13, 0xf0, 0x0f, 0x21, 0x35]).unwrap();
        for (code, found) in [
            (0b00u64 << 62, Some((2, 0x00))),
            (0b01 << 62, Some((5, 0x13))),
            (0b10 << 62, Some((2, 0xf0))),
            (0b1100_0000_0000 << 52, Some((27, 0x0f))),
            (0b1100_0000_0001 << 52, Some((13, 0x21))),
            (0b1100_0000_0010_0000 << 48, Some((21, 0x35))),
            (0b1100_0000_0010_0001 << 48, None),
        ] {
            assert_eq!(table.find(code), found);
        }
    }
}
