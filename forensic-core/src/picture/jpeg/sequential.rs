//! Blocks whose coefficients come one behind another (ITU-T T.81, F.2.2).

use super::{
    plane::ZIGZAG,
    scan::{Broken, Planes, Stretch},
    syntax::{
        bits::Bits,
        codes::{difference, number, pass_over},
        huffman::Table,
        markers::{Part, Scan, Unit},
    },
};

/// Bits of a DC difference at the most (F.1.2.1.1).
pub(super) const DC_BITS: u32 = 11;

/// The blocks of an MCU.
pub(super) struct Mcus<'a> {
    lanes: Vec<Lane<'a>>,
}

/// A block of each MCU with the tables of its codes.
struct Lane<'a> {
    part: &'a Part,
    unit: &'a Unit,
    dc: &'a Table,
    ac: &'a Table,
    wanted: Wanted,
}

enum Wanted {
    Nothing,
    /// DC times its quantizer.
    Dc(i16),
    /// All, times these in zigzag order.
    All([i16; 64]),
}

impl<'a> Mcus<'a> {
    /// `None` where a table is missing.
    pub(super) fn new(scan: &'a Scan, planes: &Planes) -> Option<Self> {
        let lane = |unit: &'a Unit| {
            let part = scan.parts.get(unit.part)?;
            let wanted = match planes.get(part.component)? {
                None => Wanted::Nothing,
                Some(plane) if plane.is_flat() => Wanted::Dc(plane.quantizer()?[0]),
                Some(plane) => Wanted::All(*plane.quantizer()?),
            };
            Some(Lane { part, unit, dc: part.dc.as_deref()?, ac: part.ac.as_deref()?, wanted })
        };
        scan.units.iter().map(lane).collect::<Option<_>>().map(|lanes| Self { lanes })
    }

    pub(super) fn decode(&self, stretch: &Stretch<'_>, planes: &mut Planes) -> Result<(), Broken> {
        let mut bits = Bits::new(stretch.data, 0);
        let (mut dc, mut place) = ([0i32; 4], stretch.scan.place(stretch.mcus.start));
        let mut block = [0; 64];
        for mcu in stretch.mcus.clone() {
            for lane in &self.lanes {
                lane.decode(&mut bits, &mut dc[lane.unit.part & 3], place, planes, &mut block)
                    .map_err(|bit| self.broken(mcu, bit, place, planes))?;
            }
            if bits.position() > stretch.bits {
                return Err(self.broken(mcu, bits.position(), place, planes));
            }
            place = stretch.scan.behind(place);
        }
        Ok(())
    }

    /// What was written of an MCU before it proved broken means nothing.
    #[cold]
    fn broken(&self, mcu: u32, bit: usize, place: (u32, u32), planes: &mut Planes) -> Broken {
        for lane in &self.lanes {
            if let Some(Some(plane)) = planes.get_mut(lane.part.component) {
                let (column, row) = lane.block(place);
                plane.put_flat(column, row, 0);
            }
        }
        Broken { mcu, bit }
    }
}

impl Lane<'_> {
    /// Column and row of its block in the MCU at `place`.
    #[inline(always)]
    fn block(&self, (column, row): (u32, u32)) -> (usize, usize) {
        let Lane { part, unit, .. } = self;
        ((column * part.across + unit.x) as usize, (row * part.down + unit.y) as usize)
    }

    /// Decodes its block, `dc` being the DC coefficient of the one before; `block` is of zeros and stays so.
    ///
    /// # Errors
    /// The bit behind what is wrong.
    #[inline(always)]
    fn decode(
        &self,
        bits: &mut Bits<'_>,
        dc: &mut i32,
        place: (u32, u32),
        planes: &mut Planes,
        block: &mut [i16; 64],
    ) -> Result<(), usize> {
        *dc = dc.wrapping_add(difference(bits, self.dc, DC_BITS)?);
        match &self.wanted {
            Wanted::Nothing => pass_over(bits, self.ac, self.ac.bursts()),
            Wanted::Dc(quantizer) => {
                let (column, row) = self.block(place);
                if let Some(Some(plane)) = planes.get_mut(self.part.component) {
                    plane.put_flat(column, row, (*dc as i16).wrapping_mul(*quantizer));
                }
                pass_over(bits, self.ac, self.ac.bursts())
            }
            Wanted::All(quantizer) => {
                let dc = (*dc as i16).wrapping_mul(quantizer[0]);
                let (column, row) = self.block(place);
                let any = coefficients(bits, self.ac, quantizer, block)?;
                if let Some(Some(plane)) = planes.get_mut(self.part.component) {
                    if any {
                        block[0] = dc;
                        plane.put(column, row, block);
                        *block = [0; 64];
                    } else {
                        plane.put_flat(column, row, dc);
                    }
                }
                Ok(())
            }
        }
    }
}

/// The AC coefficients of a block, dequantized; false where there are none.
///
/// # Errors
/// The bit behind what is wrong.
#[inline(always)]
fn coefficients(
    bits: &mut Bits<'_>,
    table: &Table,
    quantizer: &[i16; 64],
    block: &mut [i16; 64],
) -> Result<bool, usize> {
    let (mut k, mut any) = (1u32, false);
    while k < 64 {
        let window = bits.look();
        let Some((length, symbol)) = table.find(window) else { return Err(bits.position() + 16) };
        bits.skip(length);
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        if size == 0 {
            match symbol {
                0 => break,
                0xf0 => k += 16,
                _ => return Err(bits.position()),
            }
            continue;
        }
        k += run;
        if k > 63 {
            return Err(bits.position());
        }
        let place = (k & 63) as usize;
        let value = number(window << (length - size), size) as i16;
        block[usize::from(ZIGZAG[place] & 63)] = value.wrapping_mul(quantizer[place]);
        any = true;
        k += 1;
    }
    if k > 64 { Err(bits.position()) } else { Ok(any) }
}
