//! Blocks whose coefficients come one behind another, and the DC coefficients of progressive frames (ITU-T T.81, F.2.2.1,
//! F.2.2.2 and G.1.2.1).

use super::{
    bits::Bits,
    bursts::{Bursts, Passed},
    codes::{difference, pass_over},
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
                lane.ac.map_or(Ok(()), |(table, bursts)| pass_over(&mut bits, table, bursts))
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
