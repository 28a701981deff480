//! The scans of a progressive picture, each of which brings some coefficients some bits further (ITU-T T.81, annex G).

use super::{
    plane::ZIGZAG,
    scan::{Broken, Planes, Stretch},
    sequential::DC_BITS,
    syntax::{
        bits::Bits,
        codes::{difference, number},
        huffman::Table,
        markers::{Frame, Pass, Scan},
    },
};

/// A scan of DC coefficients (G.1.2.1).
pub(super) struct DcMcus<'a> {
    lanes: Vec<DcLane<'a>>,
    low: u32,
}

struct DcLane<'a> {
    component: usize,
    /// The index of its prediction.
    part: usize,
    /// Blocks of an MCU, and which of those it is.
    each: (u32, u32),
    at: (u32, u32),
    /// None where one bit refines what is there.
    table: Option<&'a Table>,
}

impl<'a> DcMcus<'a> {
    /// `None` where a table is missing.
    pub(super) fn new(scan: &'a Scan) -> Option<Self> {
        let lanes = scan.units.iter().map(|unit| {
            let part = scan.parts.get(unit.part)?;
            let table = if scan.pass == Pass::DcFirst { Some(part.dc.as_deref()?) } else { None };
            let (each, at) = ((part.across, part.down), (unit.x, unit.y));
            Some(DcLane { component: part.component, part: unit.part & 3, each, at, table })
        });
        Some(Self { lanes: lanes.collect::<Option<_>>()?, low: u32::from(scan.low) })
    }

    pub(super) fn decode(&self, stretch: &Stretch<'_>, planes: &mut Planes) -> Result<(), Broken> {
        let mut bits = Bits::new(stretch.data, 0);
        let (mut predictions, mut place) = ([0i32; 4], stretch.scan.place(stretch.mcus.start));
        for mcu in stretch.mcus.clone() {
            for lane in &self.lanes {
                let prediction = &mut predictions[lane.part];
                let refined = match lane.table {
                    Some(table) => {
                        let difference = difference(&mut bits, table, DC_BITS).map_err(|bit| Broken { mcu, bit })?;
                        *prediction = prediction.wrapping_add(difference);
                        None
                    }
                    None => Some(bits.take(1)),
                };
                if bits.position() > stretch.bits {
                    return Err(Broken { mcu, bit: bits.position() });
                }
                let Some(Some(plane)) = planes.get_mut(lane.component) else { continue };
                let (column, row) = (place.0 * lane.each.0 + lane.at.0, place.1 * lane.each.1 + lane.at.1);
                if let Some(dc) = plane.dc(column as usize, row as usize) {
                    match refined {
                        Some(bit) => *dc |= (bit << self.low) as i16,
                        None => *dc = (*prediction << self.low) as i16,
                    }
                }
            }
            place = stretch.scan.behind(place);
        }
        Ok(())
    }
}

/// A scan of AC coefficients of one component (G.1.2.2 and G.1.2.3).
pub(super) struct AcBlocks<'a> {
    component: usize,
    table: &'a Table,
    /// First and last coefficient.
    band: (u32, u32),
    low: u32,
    is_refining: bool,
    wide: u32,
}

impl<'a> AcBlocks<'a> {
    /// `None` where the table is missing.
    pub(super) fn new(scan: &'a Scan, frame: &Frame) -> Option<Self> {
        let part = scan.parts.first()?;
        Some(Self {
            component: part.component,
            table: part.ac.as_deref()?,
            band: (u32::from(scan.band.0), u32::from(scan.band.1)),
            low: u32::from(scan.low),
            is_refining: scan.pass == Pass::AcRefine,
            wide: frame.components.get(part.component)?.wide.max(1),
        })
    }

    pub(super) fn decode(&self, stretch: &Stretch<'_>, planes: &mut Planes) -> Result<(), Broken> {
        let Some(Some(plane)) = planes.get_mut(self.component) else { return Ok(()) };
        let mut bits = Bits::new(stretch.data, 0);
        let (mut mcu, mut eob_run) = (stretch.mcus.start, 0);
        while mcu < stretch.mcus.end {
            let (column, row) = (mcu % self.wide, mcu / self.wide);
            let count = (self.wide - column).min(stretch.mcus.end - mcu);
            let blocks = plane.blocks(column as usize, row as usize);
            let Some(blocks) = blocks.get_mut(..count as usize) else { return Err(Broken { mcu, bit: 0 }) };
            let decoded = match self.is_refining {
                false => self.first(&mut bits, stretch.bits, &mut eob_run, blocks),
                true => self.refine(&mut bits, stretch.bits, &mut eob_run, blocks),
            };
            decoded.map_err(|(passed, bit)| Broken { mcu: mcu + passed, bit })?;
            mcu += count;
        }
        Ok(())
    }

    /// The first bits of the coefficients of a row's blocks.
    ///
    /// # Errors
    /// How many blocks are whole, and the bit behind what is wrong.
    fn first(
        &self,
        bits: &mut Bits<'_>,
        end: usize,
        eob_run: &mut u32,
        blocks: &mut [[i16; 64]],
    ) -> Result<(), (u32, usize)> {
        let mut passed = 0;
        while let Some(block) = blocks.get_mut(passed as usize) {
            if *eob_run > 0 {
                let over = (*eob_run).min(blocks.len() as u32 - passed);
                *eob_run -= over;
                passed += over;
                continue;
            }
            let mut k = self.band.0;
            while k <= self.band.1 {
                let window = bits.look();
                let Some((length, symbol)) = self.table.find(window) else {
                    return Err((passed, bits.position() + 16));
                };
                let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
                bits.skip(length);
                if size == 0 {
                    if run < 15 {
                        *eob_run = end_of_blocks(bits, run) - 1;
                        break;
                    }
                    k += 16;
                    continue;
                }
                k += run;
                if k > self.band.1 {
                    return Err((passed, bits.position()));
                }
                let value = number(window << (length - size), size) << self.low;
                block[usize::from(ZIGZAG[(k & 63) as usize] & 63)] = value as i16;
                k += 1;
            }
            if bits.position() > end {
                return Err((passed, bits.position()));
            }
            passed += 1;
        }
        Ok(())
    }

    /// One bit more of the coefficients of a row's blocks.
    ///
    /// # Errors
    /// How many blocks are whole, and the bit behind what is wrong.
    fn refine(
        &self,
        bits: &mut Bits<'_>,
        end: usize,
        eob_run: &mut u32,
        blocks: &mut [[i16; 64]],
    ) -> Result<(), (u32, usize)> {
        for (passed, block) in (0..).zip(blocks) {
            // Most blocks that are over have nothing to correct.
            if *eob_run > 0 && block.iter().fold(0, |all, value| all | value) == 0 {
                *eob_run -= 1;
                continue;
            }
            let mut k = self.band.0;
            while k <= self.band.1 && *eob_run == 0 {
                let window = bits.look();
                let Some((length, symbol)) = self.table.find(window) else {
                    return Err((passed, bits.position() + 16));
                };
                let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
                bits.skip(length);
                if size > 1 {
                    return Err((passed, bits.position()));
                }
                if size == 0 && run < 15 {
                    *eob_run = end_of_blocks(bits, run);
                    break;
                }
                // A coefficient that was zero takes its first bit behind `run` others that stay so.
                let Some(place) = self.correct(bits, block, &mut k, run) else {
                    // Sixteen zeros may lead up to the end of the band.
                    if size == 0 {
                        break;
                    }
                    return Err((passed, bits.position()));
                };
                if size == 1 {
                    *place = (number(window << (length - 1), 1) << self.low) as i16;
                }
            }
            if *eob_run > 0 {
                self.correct(bits, block, &mut k, u32::MAX);
                *eob_run -= 1;
            }
            if bits.position() > end {
                return Err((passed, bits.position()));
            }
        }
        Ok(())
    }

    /// Corrects coefficients from `k` on that are not zero, up to one that is and has `zeros` others before it: `k` is then behind
    /// it. `None` where the band ends before.
    #[inline(always)]
    fn correct<'b>(
        &self,
        bits: &mut Bits<'_>,
        block: &'b mut [i16; 64],
        k: &mut u32,
        mut zeros: u32,
    ) -> Option<&'b mut i16> {
        // 32 bits are good at a time.
        let (mut window, mut used) = (bits.peek(), 0);
        let mut found = None;
        while *k <= self.band.1 {
            let index = usize::from(ZIGZAG[(*k & 63) as usize] & 63);
            *k += 1;
            let value = block[index];
            if value == 0 {
                if zeros == 0 {
                    found = Some(index);
                    break;
                }
                zeros -= 1;
                continue;
            }
            let bit = (window >> 63) as i16;
            block[index] = value.wrapping_add((value.signum() << self.low) * bit);
            (window, used) = (window << 1, used + 1);
            if used == 32 {
                bits.skip(used);
                (window, used) = (bits.peek(), 0);
            }
        }
        bits.skip(used);
        block.get_mut(found?)
    }
}

/// The blocks that are over, this one included, by a code of `run` further bits.
#[inline(always)]
fn end_of_blocks(bits: &mut Bits<'_>, run: u32) -> u32 {
    let further = if run == 0 { 0 } else { bits.take(run) };
    (1 << (run & 15)) + further
}
