//! Blocks whose coefficients come one behind another, and the DC coefficients of progressive frames (ITU-T T.81, F.2.2.1,
//! F.2.2.2 and G.1.2.1).

use super::{
    bits::Bits,
    bursts::{Burst, Bursts, OVER, Passed},
    entropy::{Reached, Stand, Stretch},
    huffman::Table,
    markers::{Part, Unit},
    memory::Memory,
};

/// Bits of a DC difference at the most, at 8 and at 12 bits a sample (F.1.2.1.1).
const DC_BITS: (u32, u32) = (11, 15);

/// A block of each MCU with the tables of its codes.
struct Lane<'a> {
    part: &'a Part,
    unit: &'a Unit,
    dc: &'a Table,
    ac: Option<(&'a Table, &'a Bursts<Passed>)>,
}

/// MCUs of a sequential scan.
pub(super) fn walk(stretch: &Stretch<'_>, memory: &mut Memory, stand: &mut Stand, position: usize) -> Reached {
    match memory.keeps_dc() {
        true => mcus::<true, true>(stretch, memory, stand, position),
        false => mcus::<true, false>(stretch, memory, stand, position),
    }
}

/// MCUs of a scan of DC coefficients.
pub(super) fn walk_dc(stretch: &Stretch<'_>, memory: &mut Memory, stand: &mut Stand, position: usize) -> Reached {
    match memory.keeps_dc() {
        true => mcus::<false, true>(stretch, memory, stand, position),
        false => mcus::<false, false>(stretch, memory, stand, position),
    }
}

fn mcus<'a, const AC: bool, const KEEP: bool>(
    stretch: &Stretch<'a>,
    memory: &mut Memory,
    stand: &mut Stand,
    position: usize,
) -> Reached {
    let (scan, frame) = (stretch.scan, stretch.frame);
    let lane = |unit: &'a Unit| {
        let part = scan.parts.get(unit.part)?;
        let ac = if AC { Some((part.ac.as_deref()?, part.ac.as_deref()?.bursts())) } else { None };
        Some(Lane { part, unit, dc: part.dc.as_deref()?, ac })
    };
    let lanes: Vec<Lane<'a>> = scan.units.iter().filter_map(lane).collect();
    let dc_bits = if frame.precision == 8 { DC_BITS.0 } else { DC_BITS.1 };
    let mut bits = Bits::new(stretch.data, position);
    let mut reached = Reached { mcus: 0, position, failed_at: None };
    let (mut dc, mut place) = (stand.dc, scan.place(stretch.first_mcu));
    while reached.mcus < stretch.most {
        for lane in &lanes {
            let value = dc.get_mut(lane.unit.part & 3).map(|dc| {
                let difference = difference(&mut bits, lane.dc, dc_bits)?;
                *dc = dc.wrapping_add(difference);
                if dc.unsigned_abs() > lane.part.dc_limit { Err(bits.position()) } else { Ok(*dc) }
            });
            let coded = value.unwrap_or(Err(usize::MAX)).and_then(|value| {
                if KEEP {
                    let block = scan.block_at(frame, place, lane.part, lane.unit);
                    memory.set_dc(block, value << if AC { 0 } else { scan.low });
                }
                lane.ac.map_or(Ok(()), |(table, bursts)| coefficients(&mut bits, table, bursts))
            });
            if let Err(bit) = coded {
                return Reached { failed_at: Some(bit), ..reached };
            }
        }
        let position = bits.position();
        if position > stretch.bits {
            return Reached { failed_at: Some(position), ..reached };
        }
        (reached.mcus, reached.position, stand.dc) = (reached.mcus.wrapping_add(1), position, dc);
        if KEEP {
            place = scan.behind(place);
        }
    }
    reached
}

/// The difference that the next code and its bits tell, of `most` bits at the most.
///
/// # Errors
/// The bit behind what is wrong.
#[inline(always)]
fn difference(bits: &mut Bits<'_>, table: &Table, most: u32) -> Result<i32, usize> {
    let window = bits.look();
    let Some((length, symbol)) = table.find(window) else { return Err(bits.position().wrapping_add(16)) };
    let size = u32::from(symbol);
    let code = length.wrapping_sub(size & 15);
    if size > most {
        return Err(bits.position().wrapping_add(code as usize));
    }
    bits.skip(length);
    let number = window << (code & 63);
    let negative = !((number as i64) >> 63) as i32;
    let value = (number >> 1 >> (63u32.wrapping_sub(size) & 63)) as i32;
    Ok(value.wrapping_add(negative & 1i32.wrapping_sub(1 << size)))
}

/// The AC coefficients of a block.
///
/// # Errors
/// The bit behind what is wrong.
#[inline(always)]
fn coefficients(bits: &mut Bits<'_>, table: &Table, bursts: &Bursts<Passed>) -> Result<(), usize> {
    let mut k = 1u32;
    loop {
        // Two bursts, the second of no length where the block is over by the first: few blocks have more, and which have
        // one and which two cannot be guessed.
        let window = bits.look();
        let burst = bursts.find(window);
        let second = bursts.find(window << (burst.length() & 63));
        let behind = k.wrapping_add(burst.coefficients());
        let goes_on = if behind < 64 { u32::MAX } else { 0 };
        let behind = behind.wrapping_add(second.coefficients() & goes_on);
        if behind < 64 {
            bits.skip(burst.length());
            bits.skip(second.length());
            k = behind;
            continue;
        }
        if behind == 64 || behind.wrapping_sub(OVER) < 64 {
            bits.skip(burst.length());
            bits.skip(second.length() & goes_on);
            return Ok(());
        }
        // One code alone.
        let Some((length, symbol)) = table.find(window) else { return Err(bits.position().wrapping_add(16)) };
        bits.skip(length);
        match symbol {
            0 => return Ok(()),
            0xf0 => k = k.wrapping_add(16),
            _ if symbol & 15 == 0 => return Err(bits.position()),
            _ => k = k.wrapping_add(u32::from(symbol >> 4)).wrapping_add(1),
        }
        match k {
            64 => return Ok(()),
            65.. => return Err(bits.position()),
            _ => {}
        }
    }
}
