//! Huffman codes looked up several at once.

use super::huffman::Table;

/// Bits of a look.
const LOOK: u32 = 12;
/// What a place in a block is put forward by where the block is over.
pub(crate) const OVER: u32 = 256;

/// What a few codes do, one behind another.
pub(crate) trait Burst: Copy {
    /// Not one code stands whole: of no bits, and leading out of any block.
    const NONE: Self;
    /// A code of `length` bits and what follows it; `None` where it has to be looked at alone.
    fn of(symbol: u8, length: u32) -> Option<Self>;
    /// Bits of all of them.
    fn length(self) -> u32;
    /// Those and the ones behind them; those alone where both do not go into one.
    fn and(self, behind: Self) -> Self;
}

/// The codes that stand whole in a few bits, each with its further bits.
#[derive(Debug)]
pub(crate) struct Bursts<B>(Box<[B; 1 << LOOK]>);

impl<B: Burst> Bursts<B> {
    /// Of each number of bits and each value of them, the burst is their first code and the burst of the bits behind it.
    pub(crate) fn new(table: &Table) -> Self {
        let mut bursts = Box::new([B::NONE; 2 << LOOK]);
        let codes: Vec<(u32, u32, B)> = (1..=LOOK)
            .flat_map(|length| table.codes(length).map(move |(code, symbol)| (code, length, symbol)))
            .filter_map(|(code, length, symbol)| Some((code, length, B::of(symbol, length)?)))
            .filter(|(_, _, burst)| burst.length() <= LOOK)
            .collect();
        for width in 1..=LOOK {
            let (narrower, here) = bursts.split_at_mut(1 << width);
            for (code, length, burst) in codes.iter().filter(|(_, _, burst)| burst.length() <= width) {
                let rest = width.wrapping_sub(burst.length()) & 31;
                let Some(behind) = narrower.get(1 << rest..2 << rest) else { continue };
                let first = (*code as usize) << (width.wrapping_sub(*length) & 31);
                let all = 1usize << (width.wrapping_sub(*length) & 31);
                let Some(places) = here.get_mut(first..first.wrapping_add(all)) else { continue };
                for places in places.chunks_exact_mut(1 << rest) {
                    places.iter_mut().zip(behind).for_each(|(place, behind)| *place = burst.and(*behind));
                }
            }
        }
        let mut table = Box::new([B::NONE; 1 << LOOK]);
        table.iter_mut().zip(bursts.iter().skip(1 << LOOK)).for_each(|(place, burst)| *place = *burst);
        Self(table)
    }

    /// The burst at the top of `bits`.
    #[inline(always)]
    pub(crate) fn find(&self, bits: u64) -> B {
        self.0.get((bits >> (64 - LOOK)) as usize).copied().unwrap_or(B::NONE)
    }
}

/// Codes of a sequential scan's coefficients: their bits in the low six bits of the number, as many as a shift looks at, and
/// above those the coefficients they pass over, [`OVER`] more where the last ends the block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passed(u16);

impl Passed {
    const fn new(length: u32, coefficients: u32) -> Self {
        Self((coefficients << 6 | length) as u16)
    }

    /// Coefficients passed over.
    #[inline(always)]
    pub(crate) fn coefficients(self) -> u32 {
        u32::from(self.0 >> 6)
    }
}

impl Burst for Passed {
    const NONE: Self = Self::new(0, OVER * 2);

    fn of(symbol: u8, length: u32) -> Option<Self> {
        let coefficients = match symbol {
            0 => OVER,
            0xf0 => 16,
            _ if symbol & 15 == 0 => return None,
            _ => u32::from(symbol >> 4).wrapping_add(1),
        };
        let length = length.wrapping_add(u32::from(symbol & 15));
        (length <= LOOK).then(|| Self::new(length, coefficients))
    }

    #[inline(always)]
    fn length(self) -> u32 {
        u32::from(self.0 & 63)
    }

    #[inline(always)]
    fn and(self, behind: Self) -> Self {
        // What would lead out of any block is left to the next burst.
        match self.coefficients().wrapping_add(behind.coefficients()) {
            both @ (..64 | OVER..=319) if self.coefficients() < 64 => {
                Self::new(self.length().wrapping_add(behind.length()), both)
            }
            _ => self,
        }
    }
}

/// Codes of a band of a progressive scan where nothing is to be corrected between them: from the lowest bit on, four bits for
/// their length, one that is set where the last ends the block, seven for the coefficients they pass over, and one for each
/// of those, set where it is not zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Band<const REFINING: bool>(u32);

/// Coefficients that a burst of a band passes over at the most.
const WIDEST: u32 = 20;

impl<const REFINING: bool> Band<REFINING> {
    const fn new(length: u32, over: bool, coefficients: u32, nonzero: u32) -> Self {
        Self(nonzero << 12 | coefficients << 5 | (over as u32) << 4 | length)
    }

    /// True where the last code ends the block.
    #[inline(always)]
    pub(crate) fn is_over(self) -> bool {
        self.0 & 16 != 0
    }

    /// Coefficients passed over.
    #[inline(always)]
    pub(crate) fn coefficients(self) -> u32 {
        self.0 >> 5 & 127
    }

    /// What has to be left of the band.
    #[inline(always)]
    pub(crate) fn needs(self) -> u32 {
        self.coefficients().wrapping_add(self.0 >> 4 & 1)
    }

    /// A bit for each coefficient that is not zero any more.
    #[inline(always)]
    pub(crate) fn nonzero(self) -> u64 {
        u64::from(self.0 >> 12)
    }
}

impl<const REFINING: bool> Burst for Band<REFINING> {
    const NONE: Self = Self::new(0, false, 127, 0);

    fn of(symbol: u8, length: u32) -> Option<Self> {
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let length = length.wrapping_add(size);
        match symbol {
            _ if length > LOOK => None,
            0 => Some(Self::new(length, true, 0, 0)),
            0xf0 => Some(Self::new(length, false, 16, 0)),
            _ if size == 0 || (REFINING && size > 1) => None,
            _ => Some(Self::new(length, false, run.wrapping_add(1), 1 << run)),
        }
    }

    #[inline(always)]
    fn length(self) -> u32 {
        self.0 & 15
    }

    #[inline(always)]
    fn and(self, behind: Self) -> Self {
        let coefficients = self.coefficients().wrapping_add(behind.coefficients());
        if self.is_over() || coefficients > WIDEST {
            return self;
        }
        let length = self.length().wrapping_add(behind.length());
        let nonzero = self.nonzero() | behind.nonzero() << (self.coefficients() & 31);
        Self::new(length, behind.is_over(), coefficients, nonzero as u32)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    /// Ends of blocks, runs of zeros, and coefficients of one bit and of several, in codes of two bits and more.
    fn table() -> Table {
        let mut counts = [0; 16];
        (counts[1], counts[2], counts[3], counts[4]) = (1, 3, 4, 2);
        Table::new(&counts, &[0x01, 0x00, 0x11, 0x02, 0x21, 0xf0, 0x31, 0x03, 0x41, 0x10]).unwrap()
    }

    /// The bits of `length`, whether the block is over, coefficients and those not zero, code by code.
    fn alone(table: &Table, value: u32, refining: bool, length: u32) -> Option<(bool, u32, u64)> {
        let (mut used, mut over, mut passed, mut nonzero) = (0, false, 0, 0);
        while used < length {
            assert!(!over);
            let (whole, symbol) = table.find(u64::from(value) << (64 - LOOK) << used)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            used += whole;
            match symbol {
                0 => over = true,
                0xf0 => passed += 16,
                _ if size == 0 || (refining && size > 1) => return None,
                _ => {
                    nonzero |= 1 << (passed + run);
                    passed += run + 1;
                }
            }
        }
        (used == length).then_some((over, passed, nonzero))
    }

    fn compare<const REFINING: bool>() {
        let (table, mut several) = (table(), 0);
        let bursts = Bursts::<Band<REFINING>>::new(&table);
        for value in 0..1u32 << LOOK {
            let burst = bursts.find(u64::from(value) << (64 - LOOK));
            if burst.length() == 0 {
                assert!(burst.needs() > 64);
                continue;
            }
            let told = (burst.is_over(), burst.coefficients(), burst.nonzero());
            assert_eq!(alone(&table, value, REFINING, burst.length()), Some(told), "{value:012b}");
            several += u32::from(burst.nonzero().count_ones() > 1);
        }
        assert!(several > 1000);
    }

    #[test]
    fn several_codes_at_once_are_the_same_as_one_by_one() {
        compare::<false>();
        compare::<true>();
    }

    #[test]
    fn coefficients_that_are_passed_over_are_counted_alike() {
        let table = table();
        let bursts = Bursts::<Passed>::new(&table);
        for value in 0..1u32 << LOOK {
            let burst = bursts.find(u64::from(value) << (64 - LOOK));
            if burst.length() > 0 {
                let (over, passed, _) = alone(&table, value, false, burst.length()).unwrap();
                assert_eq!(burst.coefficients(), passed + if over { OVER } else { 0 });
            }
        }
    }
}
