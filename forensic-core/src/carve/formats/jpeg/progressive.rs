//! Scans of a progressive frame that have no differences of DC coefficients (ITU-T T.81, G.1.2).

use super::{
    bits::Bits,
    bursts::{Band, Burst, Bursts},
    entropy::{Reached, Stand, Stretch},
    huffman::Table,
    memory::Memory,
};

/// A further bit of each DC coefficient.
pub(super) fn dc_refine(stretch: &Stretch<'_>, position: usize) -> Reached {
    let units = stretch.scan.units.len().max(1);
    let there = stretch.bits.saturating_sub(position).checked_div(units).unwrap_or(0);
    let mcus = u32::try_from(there).unwrap_or(u32::MAX).min(stretch.most);
    let position = position.wrapping_add(units.wrapping_mul(mcus as usize));
    Reached { mcus, position, failed_at: (mcus < stretch.most).then_some(usize::MAX) }
}

/// First bits of a band of coefficients (G.1.2.2).
pub(super) fn ac_first(stretch: &Stretch<'_>, memory: &mut Memory, stand: &mut Stand, position: usize) -> Reached {
    ac(stretch, memory, stand, position, Table::first)
}

/// A further bit of a band of coefficients (G.1.2.3).
pub(super) fn ac_refine(stretch: &Stretch<'_>, memory: &mut Memory, stand: &mut Stand, position: usize) -> Reached {
    ac(stretch, memory, stand, position, Table::refining)
}

#[inline(always)]
fn ac<const REFINING: bool>(
    stretch: &Stretch<'_>,
    memory: &mut Memory,
    stand: &mut Stand,
    position: usize,
    bursts: impl FnOnce(&Table) -> &Bursts<Band<REFINING>>,
) -> Reached {
    let mut reached = Reached { mcus: 0, position, failed_at: None };
    let Some((mut blocks, table, (first, last))) = Blocks::of(stretch) else { return reached.failing(usize::MAX) };
    let band = (u64::MAX << (first & 63)) & (u64::MAX >> (63u32.wrapping_sub(last) & 63));
    let bursts = bursts(table);
    let mut bits = Bits::new(stretch.data, position);
    while reached.mcus < stretch.most {
        if !REFINING && stand.eob_run > 0 {
            let over = stand.eob_run.min(stretch.most.wrapping_sub(reached.mcus));
            stand.eob_run = stand.eob_run.wrapping_sub(over);
            reached.mcus = reached.mcus.wrapping_add(over);
            blocks.pass(over);
            continue;
        }
        // Those that are corrected on the way.
        let before = if REFINING { memory.nonzero(blocks.block) & band } else { 0 };
        let (mut k, mut found, mut eob_run) = (first, 0u64, stand.eob_run);
        while k <= last && eob_run == 0 {
            let (window, rest) = (bits.look(), before >> (k & 63));
            if rest == 0 {
                let burst = bursts.find(window);
                if k.wrapping_add(burst.needs()) <= last.wrapping_add(1) {
                    bits.skip(burst.length());
                    found |= burst.nonzero() << (k & 63);
                    if burst.is_over() {
                        break;
                    }
                    k = k.wrapping_add(burst.coefficients());
                    continue;
                }
            }
            let Some((length, symbol)) = table.find(window) else {
                return reached.failing(bits.position().wrapping_add(16));
            };
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if REFINING && size > 1 {
                return reached.failing(bits.position().wrapping_add(length as usize).wrapping_sub(size as usize));
            }
            if size == 0 && run < 15 {
                bits.skip(length);
                eob_run = end_of_blocks(&mut bits, run);
                if eob_run > stretch.left.wrapping_sub(reached.mcus) {
                    return reached.failing(bits.position());
                }
                break;
            }
            let (behind, corrected) = if REFINING { pass(rest, k, run) } else { (k.wrapping_add(run), 0) };
            skip(&mut bits, length.wrapping_add(corrected));
            if size > 0 {
                if behind > last {
                    return reached.failing(bits.position());
                }
                found |= 1 << (behind & 63);
            }
            k = behind.wrapping_add(1);
        }
        if eob_run > 0 {
            if k <= last && before != 0 {
                bits.peek();
                skip(&mut bits, (before >> (k & 63)).count_ones());
            }
            eob_run = eob_run.wrapping_sub(1);
        }
        if bits.position() > stretch.bits {
            return reached.failing(bits.position());
        }
        if found != 0 {
            memory.set_nonzero(blocks.block, memory.nonzero(blocks.block) | found);
        }
        stand.eob_run = eob_run;
        (reached.mcus, reached.position) = (reached.mcus.wrapping_add(1), bits.position());
        blocks.next();
    }
    reached
}

/// The coefficient from `k` on before which `zeros` that were zero lie and which was zero itself, or one behind the band; and
/// how many were not zero on the way there, of which `rest` tells from `k` on.
#[inline(always)]
fn pass(rest: u64, k: u32, zeros: u32) -> (u32, u32) {
    // Most are near, and no loop that cannot be guessed has to be left then.
    let place = PASSED.get(rest as usize & 0xff).and_then(|places| places.get(zeros as usize & 15)).copied();
    match place {
        Some(place @ ..NEAR) => (k.wrapping_add(u32::from(place)), u32::from(place).wrapping_sub(zeros)),
        _ => pass_far(rest, k, zeros),
    }
}

fn pass_far(mut rest: u64, mut k: u32, mut zeros: u32) -> (u32, u32) {
    let mut corrected = 0u32;
    loop {
        let gap = rest.trailing_zeros();
        if zeros < gap {
            return (k.wrapping_add(zeros), corrected);
        }
        (zeros, corrected) = (zeros.wrapping_sub(gap), corrected.wrapping_add(1));
        k = k.wrapping_add(gap).wrapping_add(1);
        rest = rest >> gap >> 1;
    }
}

/// Coefficients among which most runs end.
const NEAR: u8 = 8;
/// For each pattern of so many coefficients that were not zero, the place of each that was, in their order; [`NEAR`] behind the
/// last.
#[allow(clippy::indexing_slicing)] // Known when compiled.
static PASSED: [[u8; 16]; 256] = {
    let mut passed = [[NEAR; 16]; 256];
    let mut pattern = 0;
    while pattern < 256 {
        let (mut place, mut zeros) = (0u8, 0);
        while place < NEAR {
            if pattern >> place & 1 == 0 {
                passed[pattern][zeros] = place;
                zeros = zeros.wrapping_add(1);
            }
            place = place.wrapping_add(1);
        }
        pattern = pattern.wrapping_add(1);
    }
    passed
};

/// The blocks that are over, this one included, by a code of `run` further bits.
#[inline(always)]
fn end_of_blocks(bits: &mut Bits<'_>, run: u32) -> u32 {
    let further = if run == 0 { 0 } else { bits.take(run) };
    (1u32 << (run & 15)).wrapping_add(further)
}

/// Passes over more bits than may have been looked at.
#[inline(always)]
fn skip(bits: &mut Bits<'_>, mut count: u32) {
    while count > 32 {
        bits.skip(32);
        bits.peek();
        count = count.wrapping_sub(32);
    }
    bits.skip(count);
}

impl Reached {
    fn failing(self, bit: usize) -> Self {
        Self { failed_at: Some(bit), ..self }
    }
}

/// The blocks of a component, one an MCU, by their index among the blocks of the frame.
struct Blocks {
    block: u32,
    column: u32,
    wide: u32,
    /// What a row has more than the scan.
    filling: u32,
}

impl Blocks {
    /// From the first MCU of the stretch on, with the table of its codes and the band.
    fn of<'a>(stretch: &Stretch<'a>) -> Option<(Self, &'a Table, (u32, u32))> {
        let scan = stretch.scan;
        let (part, unit) = (scan.parts.first()?, scan.units.first()?);
        let block = scan.block(stretch.frame, stretch.first_mcu, part, unit);
        let wide = scan.mcus_wide;
        let filling = stretch.frame.components.get(part.component)?.stride.wrapping_sub(wide);
        let blocks = Self { block, column: stretch.first_mcu.checked_rem(wide)?, wide, filling };
        Some((blocks, part.ac.as_deref()?, (u32::from(scan.band.0), u32::from(scan.band.1))))
    }

    #[inline(always)]
    fn next(&mut self) {
        (self.block, self.column) = (self.block.wrapping_add(1), self.column.wrapping_add(1));
        if self.column == self.wide {
            (self.block, self.column) = (self.block.wrapping_add(self.filling), 0);
        }
    }

    fn pass(&mut self, count: u32) {
        let column = u64::from(self.column).wrapping_add(u64::from(count));
        let rows = column.checked_div(u64::from(self.wide)).unwrap_or(0) as u32;
        self.block = self.block.wrapping_add(count).wrapping_add(rows.wrapping_mul(self.filling));
        self.column = column.checked_rem(u64::from(self.wide)).unwrap_or(0) as u32;
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    #[test]
    fn near_runs_are_passed_as_far_ones_are() {
        for pattern in [0u64, 1, 0b1011, 0xff, 0x7f, 0xfe, 0xffff_ffff, 0xaaaa_aaaa_aaaa_aaaa, 0x8000_0000_0000_0001] {
            for k in 1..64 {
                for zeros in 0..16 {
                    assert_eq!(pass(pattern >> k, k, zeros), pass_far(pattern >> k, k, zeros));
                }
            }
        }
        // One that was zero is passed, and three that were not.
        assert_eq!(pass(0b1011, 1, 1), (5, 3));
    }
}
