//! Huffman tables (ITU-T T.81, annexes C and F.2.2.3).

use super::bits::{Bits, Dry};

/// Codes of so many bits are found by one look.
const LOOK: u32 = 9;
/// Bits of the look that takes several codes at once.
pub(super) const BURST: u32 = 11;

/// A table of codes.
#[derive(Debug)]
pub(super) struct Table {
    /// Length and symbol of the code that begins with these bits; length 0 where it is longer.
    look: Vec<u16>,
    /// For each length, the first 16-bit number behind its codes.
    limit: [u32; 17],
    /// For each length, what leads from a code to the index of its symbol.
    offset: [u32; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// The table with `counts` codes of 1 to 16 bits; `None` where there are no such codes.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self { look: vec![0; 1 << LOOK], limit: [0; 17], offset: [0; 17], symbols: symbols.to_vec() };
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
                let entry = (length as u16) << 8 | u16::from(symbol);
                table.look.get_mut(first..first.wrapping_add(1 << spread))?.fill(entry);
            }
            index = index.wrapping_add(u32::from(*count));
            code = end << 1;
        }
        (index as usize == symbols.len() && index > 0).then_some(table)
    }

    /// Length and symbol of the code at the top of `bits`.
    #[inline(always)]
    pub(super) fn find(&self, bits: u64) -> Option<(u32, u8)> {
        let entry = *self.look.get((bits >> (64 - LOOK)) as usize)?;
        if entry != 0 {
            return Some((u32::from(entry >> 8), entry as u8));
        }
        self.find_long((bits >> 48) as u32)
    }

    #[cold]
    fn find_long(&self, next: u32) -> Option<(u32, u8)> {
        (LOOK.wrapping_add(1)..=16).find_map(|length| {
            let code =
                (next < *self.limit.get(length as usize)?).then_some(next >> (16u32.wrapping_sub(length) & 31))?;
            let index = self.offset.get(length as usize)?.wrapping_add(code);
            Some((length, *self.symbols.get(index as usize)?))
        })
    }

    /// The next symbol.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Result<u8, Dry> {
        let (length, symbol) = self.find(bits.peek()).ok_or_else(|| missing(bits))?;
        bits.skip(length)?;
        Ok(symbol)
    }

    /// The difference that the next code and its bits tell (F.2.2.1), of `most` bits at the most.
    #[inline(always)]
    pub(super) fn difference(&self, bits: &mut Bits<'_>, most: u32) -> Result<i32, Dry> {
        let size = u32::from(self.symbol(bits)?);
        if size > most {
            return Err(Dry::Code);
        }
        if size == 0 {
            return Ok(0);
        }
        let number = bits.take(size)? as i32;
        let half = 1i32 << (size.wrapping_sub(1) & 15);
        Ok(if number < half { number.wrapping_sub((1i32 << (size & 31)).wrapping_sub(1)) } else { number })
    }
}

/// What a code that is in no table means: there may be fewer bits than it was looked for in.
#[cold]
fn missing(bits: &mut Bits<'_>) -> Dry {
    match bits.skip(16) {
        Err(dry) => dry,
        Ok(()) => Dry::Code,
    }
}

/// Several codes of a sequential scan's coefficients at once.
#[derive(Debug)]
pub(super) struct Bursts(Vec<Burst>);

/// The codes, each with its further bits, that stand whole in [`BURST`] bits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Burst {
    /// Bits of all of them; 0 where there is not one.
    pub(super) length: u8,
    /// Coefficients passed over.
    pub(super) coefficients: u8,
    /// True where the last of them ends the block.
    pub(super) ends: bool,
}

impl Bursts {
    pub(super) fn new(table: &Table) -> Self {
        let burst = |window: u64| {
            let mut burst = Burst::default();
            loop {
                let bits = window << (64 - BURST) << (burst.length & 63);
                let Some((length, symbol)) = table.find(bits) else { return burst };
                let length = length.wrapping_add(u32::from(symbol & 15)).wrapping_add(u32::from(burst.length));
                let coefficients = match symbol {
                    0 => 0,
                    0xf0 => 16,
                    _ if symbol & 15 == 0 => return burst,
                    _ => (symbol >> 4).wrapping_add(1),
                };
                if length > BURST || burst.coefficients.wrapping_add(coefficients) > 63 {
                    return burst;
                }
                burst.length = length as u8;
                burst.coefficients = burst.coefficients.wrapping_add(coefficients);
                if symbol == 0 {
                    return Burst { ends: true, ..burst };
                }
            }
        };
        Self((0..1 << BURST).map(burst).collect())
    }

    #[inline(always)]
    pub(super) fn find(&self, bits: u64) -> Burst {
        self.0.get((bits >> (64 - BURST)) as usize).copied().unwrap_or_default()
    }
}
