//! Huffman tables (ITU-T T.81, annexes C and F.2.2.3).

use std::sync::OnceLock;

/// Codes of so many bits are found by one look.
const LOOK: u32 = 10;
/// Bits of the look that takes several codes at once.
const BURST: u32 = 12;

/// A table of codes.
#[derive(Debug)]
pub(super) struct Table {
    /// Length and symbol of the code that begins with these bits; length 0 where it is longer.
    look: Box<[u16; 1 << LOOK]>,
    /// For each length, the first 16-bit number behind its codes.
    limit: [u32; 17],
    /// For each length, what leads from a code to the index of its symbol.
    offset: [u32; 17],
    symbols: Vec<u8>,
    bursts: OnceLock<Bursts>,
}

impl Table {
    /// The table with `counts` codes of 1 to 16 bits; `None` where there are no such codes.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            look: Box::new([0; 1 << LOOK]),
            limit: [0; 17],
            offset: [0; 17],
            symbols: symbols.to_vec(),
            bursts: OnceLock::new(),
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
        let entry = self.look.get((bits >> (64 - LOOK)) as usize).copied().unwrap_or(0);
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

    /// Its codes as those of a sequential scan's coefficients, several at once.
    pub(super) fn bursts(&self) -> &Bursts {
        self.bursts.get_or_init(|| Bursts::new(self))
    }
}

/// The codes of a sequential scan's coefficients that stand whole in a few bits, each with its further bits.
#[derive(Debug)]
pub(super) struct Bursts(Box<[u16; 1 << BURST]>);

/// Several codes: their bits in the low four bits of the number, and above those the coefficients they pass over, [`OVER`] more
/// where the last ends the block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Burst(u16);

/// What a place in a block is put forward by where the block is over.
pub(super) const OVER: u32 = 256;

impl Burst {
    /// Not one code stands whole: no bits, and a place that no block has, over or not.
    const NONE: Self = Self::new(0, OVER * 4);

    const fn new(length: u32, coefficients: u32) -> Self {
        Self((coefficients << 4 | length) as u16)
    }

    /// Bits of all of them.
    #[inline(always)]
    pub(super) fn length(self) -> u32 {
        u32::from(self.0 & 15)
    }

    /// Coefficients passed over.
    #[inline(always)]
    pub(super) fn coefficients(self) -> u32 {
        u32::from(self.0 >> 4)
    }
}

impl Bursts {
    /// Of each number of bits and each value of them, the burst is their first code and the burst of the bits behind it.
    fn new(table: &Table) -> Self {
        let codes = codes(table);
        let mut bursts = vec![Burst::NONE; 2 << BURST];
        for width in 1..=BURST {
            let missing = BURST.wrapping_sub(width) & 31;
            for value in 0..1usize << width {
                let code = codes.get(value << missing).copied().unwrap_or(Burst::NONE);
                let (length, coefficients) = (code.length(), code.coefficients());
                if length == 0 || length > width {
                    continue;
                }
                let rest = 1usize << (width.wrapping_sub(length) & 31);
                let behind = rest | (value & rest.wrapping_sub(1));
                let behind = bursts.get(behind).copied().unwrap_or(Burst::NONE);
                let both = coefficients.wrapping_add(behind.coefficients());
                // What would lead out of any block is left to the next burst.
                let burst = match both {
                    ..64 | OVER..=319 if coefficients < 64 => Burst::new(length.wrapping_add(behind.length()), both),
                    _ => code,
                };
                if let Some(place) = bursts.get_mut((1usize << width) | value) {
                    *place = burst;
                }
            }
        }
        let mut table = Box::new([0; 1 << BURST]);
        table.iter_mut().zip(bursts.iter().skip(1 << BURST)).for_each(|(place, burst)| *place = burst.0);
        Self(table)
    }

    /// The burst at the top of `bits`.
    #[inline(always)]
    pub(super) fn find(&self, bits: u64) -> Burst {
        self.0.get((bits >> (64 - BURST)) as usize).map_or(Burst::NONE, |burst| Burst(*burst))
    }
}

/// For each value of [`BURST`] bits the one code at their top with its further bits, where those are all there.
fn codes(table: &Table) -> Vec<Burst> {
    let mut codes = vec![Burst::NONE; 1 << BURST];
    let limits = table.limit.iter().zip(table.limit.iter().skip(1)).zip(table.offset.iter().skip(1));
    for (length, ((first, behind), offset)) in (1..=BURST).zip(limits) {
        let shift = 16u32.wrapping_sub(length) & 31;
        for code in first >> shift..behind >> shift {
            let Some(symbol) = table.symbols.get(offset.wrapping_add(code) as usize) else { continue };
            let coefficients = match symbol {
                0 => OVER,
                0xf0 => 16,
                _ if symbol & 15 == 0 => continue,
                _ => u32::from(symbol >> 4).wrapping_add(1),
            };
            let total = length.wrapping_add(u32::from(symbol & 15));
            let spread = BURST.wrapping_sub(length) & 31;
            let first = (code as usize) << spread;
            if total <= BURST
                && let Some(places) = codes.get_mut(first..first.wrapping_add(1 << spread))
            {
                places.fill(Burst::new(total, coefficients));
            }
        }
    }
    codes
}
