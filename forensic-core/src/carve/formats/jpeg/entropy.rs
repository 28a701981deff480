//! The walk over the entropy-coded data of a scan, code by code, without the pictures they stand for (ITU-T T.81, F.2.2 and
//! G.2).

use super::{
    bits::{Bits, Dry, Reservoir},
    huffman::Table,
    markers::{Frame, Part, Pass, Scan, Unit},
    memory::Memory,
};

/// Bits of a DC difference at the most, at 8 and at 12 bits a sample (F.1.2.1.1).
const DC_BITS: (u32, u32) = (11, 15);

/// Where the walk of a scan stands, at the start of an MCU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cursor {
    /// The next byte of the file that is not in the reservoir.
    pub(super) at: u64,
    reservoir: Reservoir,
    pub(super) mcu: u32,
    /// MCUs since the last restart marker.
    since_restart: u32,
    /// Restart markers passed.
    restarts: u32,
    dc: [i32; 4],
    /// Blocks that are over before they begin.
    eob_run: u32,
}

impl Cursor {
    /// The start of a scan whose data begin at `at`.
    pub(super) fn new(at: u64) -> Self {
        Self { at, ..Self::default() }
    }
}

/// Where a scan's walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// All MCUs are there: the cursor is behind the last, where a marker has to stand.
    Whole,
    /// The bytes end in the MCU at the cursor.
    Bytes,
    /// The MCU at the cursor cannot be decoded; so many bytes were used when it failed.
    Broken(usize),
}

/// Walks on from `cursor` over `bytes`, which begin at the cursor's byte.
pub(super) fn walk(cursor: &mut Cursor, scan: &Scan, frame: &Frame, memory: &mut Memory, bytes: &[u8]) -> End {
    let mut bits = Bits::new(bytes, cursor.reservoir);
    let start = cursor.at;
    let dc_bits = if frame.precision == 8 { DC_BITS.0 } else { DC_BITS.1 };
    let mut walk = Walk { scan, frame, memory, dc_bits };
    while cursor.mcu < scan.mcus {
        let before = bits.state();
        let mut next = *cursor;
        let done = walk.restart(&mut bits, &mut next).and_then(|()| walk.mcu(&mut bits, &mut next));
        if let Err(dry) = done {
            let used = bits.state().0;
            bits.go_back(before);
            if dry == Dry::Marker && scan.mcus == u32::MAX && bits.marker().is_ok() {
                return End::Whole;
            }
            return if dry == Dry::Bytes { End::Bytes } else { End::Broken(used) };
        }
        next.mcu = next.mcu.wrapping_add(1);
        let (used, reservoir) = bits.state();
        *cursor = Cursor { at: start.wrapping_add(used as u64), reservoir, ..next };
    }
    End::Whole
}

/// The code of the marker behind the last MCU and the place behind it.
pub(super) fn marker_behind(cursor: &Cursor, bytes: &[u8]) -> Result<(u8, u64), Dry> {
    let mut bits = Bits::new(bytes, cursor.reservoir);
    let code = bits.marker()?;
    Ok((code, cursor.at.wrapping_add(bits.state().0 as u64)))
}

struct Walk<'a> {
    scan: &'a Scan,
    frame: &'a Frame,
    memory: &'a mut Memory,
    dc_bits: u32,
}

impl Walk<'_> {
    /// Passes a restart marker where one is due.
    #[inline(always)]
    fn restart(&mut self, bits: &mut Bits<'_>, cursor: &mut Cursor) -> Result<(), Dry> {
        if self.scan.restart_interval == 0 {
            return Ok(());
        }
        if cursor.since_restart == self.scan.restart_interval {
            if u32::from(bits.marker()?) != 0xd0 | (cursor.restarts & 7) {
                return Err(Dry::Code);
            }
            cursor.restarts = cursor.restarts.wrapping_add(1);
            (cursor.since_restart, cursor.dc, cursor.eob_run) = (0, [0; 4], 0);
        }
        cursor.since_restart = cursor.since_restart.wrapping_add(1);
        Ok(())
    }

    #[inline(always)]
    fn mcu(&mut self, bits: &mut Bits<'_>, cursor: &mut Cursor) -> Result<(), Dry> {
        let scan = self.scan;
        for unit in &scan.units {
            let Some(part) = scan.parts.get(unit.part) else { return Err(Dry::Code) };
            match scan.pass {
                Pass::Sequential => {
                    self.dc(bits, cursor, part, unit)?;
                    coefficients(bits, part)?;
                }
                Pass::DcFirst => self.dc(bits, cursor, part, unit)?,
                Pass::DcRefine => bits.take(1).map(|_| ())?,
                Pass::AcFirst => self.ac_first(bits, cursor, part)?,
                Pass::AcRefine => self.ac_refine(bits, cursor, part)?,
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn dc(&mut self, bits: &mut Bits<'_>, cursor: &mut Cursor, part: &Part, unit: &Unit) -> Result<(), Dry> {
        let (Some(table), Some(dc)) = (&part.dc, cursor.dc.get_mut(unit.part)) else { return Err(Dry::Code) };
        *dc = dc.wrapping_add(table.difference(bits, self.dc_bits)?);
        if dc.unsigned_abs() > part.dc_limit {
            return Err(Dry::Code);
        }
        if self.memory.keeps_dc() {
            let block = self.block(cursor.mcu, part, unit);
            self.memory.set_dc(block, *dc << if self.scan.pass == Pass::DcFirst { self.scan.low } else { 0 });
        }
        Ok(())
    }

    fn block(&self, mcu: u32, part: &Part, unit: &Unit) -> u32 {
        self.scan.block(self.frame, mcu, part, unit)
    }

    /// The block of an MCU that has only one.
    fn lone_block(&self, cursor: &Cursor, part: &Part) -> u32 {
        self.block(cursor.mcu, part, &Unit { part: 0, x: 0, y: 0 })
    }

    /// First bits of a band of coefficients (G.1.2.2).
    fn ac_first(&mut self, bits: &mut Bits<'_>, cursor: &mut Cursor, part: &Part) -> Result<(), Dry> {
        if cursor.eob_run > 0 {
            cursor.eob_run = cursor.eob_run.wrapping_sub(1);
            return Ok(());
        }
        let Some(table) = &part.ac else { return Err(Dry::Code) };
        let (first, last) = (u32::from(self.scan.band.0), u32::from(self.scan.band.1));
        let (mut k, mut found) = (first, 0u64);
        while k <= last {
            let symbol = table.symbol(bits)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if size > 0 {
                k = k.wrapping_add(run);
                bits.peek();
                bits.skip(size)?;
                if k > last {
                    return Err(Dry::Code);
                }
                found |= 1 << (k & 63);
                k = k.wrapping_add(1);
            } else if run == 15 {
                k = k.wrapping_add(16);
            } else {
                cursor.eob_run = self.end_of_blocks(bits, cursor, run)?.wrapping_sub(1);
                break;
            }
        }
        if found != 0 {
            let block = self.lone_block(cursor, part);
            let before = self.memory.nonzero(block);
            self.memory.set_nonzero(block, before | found);
        }
        Ok(())
    }

    /// The blocks that are over, this one included, by a code of `run` further bits.
    fn end_of_blocks(&self, bits: &mut Bits<'_>, cursor: &Cursor, run: u32) -> Result<u32, Dry> {
        let further = if run == 0 { 0 } else { bits.take(run)? };
        let blocks = (1u32 << (run & 15)).wrapping_add(further);
        let left = match self.scan.restart_interval {
            0 => self.scan.mcus.wrapping_sub(cursor.mcu),
            interval => interval.wrapping_add(1).wrapping_sub(cursor.since_restart),
        };
        if blocks > left { Err(Dry::Code) } else { Ok(blocks) }
    }

    /// A further bit of a band of coefficients (G.1.2.3).
    fn ac_refine(&mut self, bits: &mut Bits<'_>, cursor: &mut Cursor, part: &Part) -> Result<(), Dry> {
        let Some(table) = &part.ac else { return Err(Dry::Code) };
        let (first, last) = (u32::from(self.scan.band.0), u32::from(self.scan.band.1));
        let block = self.lone_block(cursor, part);
        let (before, mut found, mut k) = (self.memory.nonzero(block), 0u64, first);
        if cursor.eob_run == 0 {
            while k <= last {
                let symbol = table.symbol(bits)?;
                let (mut zeros, size) = (u32::from(symbol >> 4), symbol & 15);
                match size {
                    0 if zeros < 15 => {
                        cursor.eob_run = self.end_of_blocks(bits, cursor, zeros)?;
                        break;
                    }
                    0 => {}
                    1 => bits.take(1).map(|_| ())?,
                    _ => return Err(Dry::Code),
                }
                let mut corrected = 0;
                while k <= last {
                    if before >> (k & 63) & 1 == 1 {
                        corrected = 1u32.wrapping_add(corrected);
                    } else if zeros == 0 {
                        break;
                    } else {
                        zeros = zeros.wrapping_sub(1);
                    }
                    k = k.wrapping_add(1);
                }
                pass_over(bits, corrected)?;
                if size == 1 {
                    if k > last {
                        return Err(Dry::Code);
                    }
                    found |= 1 << (k & 63);
                }
                k = k.wrapping_add(1);
            }
        }
        if cursor.eob_run > 0 {
            if k <= last {
                let band = (u64::MAX << (k & 63)) & (u64::MAX >> (63u32.wrapping_sub(last) & 63));
                pass_over(bits, (before & band).count_ones())?;
            }
            cursor.eob_run = cursor.eob_run.wrapping_sub(1);
        }
        if found != 0 {
            self.memory.set_nonzero(block, before | found);
        }
        Ok(())
    }
}

/// The AC coefficients of a block in a sequential scan (F.2.2.2).
#[inline(always)]
fn coefficients(bits: &mut Bits<'_>, part: &Part) -> Result<(), Dry> {
    let (Some(table), Some(bursts)) = (&part.ac, &part.bursts) else { return Err(Dry::Code) };
    let mut k = 1u32;
    loop {
        let burst = bursts.find(bits.peek());
        let behind = k.wrapping_add(u32::from(burst.coefficients));
        if burst.length > 0 && (behind < 64 || (behind == 64 && !burst.ends)) {
            bits.skip(u32::from(burst.length))?;
            k = behind;
            if burst.ends {
                return Ok(());
            }
        } else {
            match coefficient(bits, table)? {
                0 => return Ok(()),
                passed => k = k.wrapping_add(passed),
            }
        }
        match k {
            64 => return Ok(()),
            65.. => return Err(Dry::Code),
            _ => {}
        }
    }
}

/// One code of a sequential scan's coefficients: how many it passes over, 0 where it ends the block.
fn coefficient(bits: &mut Bits<'_>, table: &Table) -> Result<u32, Dry> {
    match table.symbol(bits)? {
        0 => Ok(0),
        0xf0 => Ok(16),
        symbol if symbol & 15 == 0 => Err(Dry::Code),
        symbol => {
            bits.peek();
            bits.skip(u32::from(symbol & 15))?;
            Ok(u32::from(symbol >> 4).wrapping_add(1))
        }
    }
}

fn pass_over(bits: &mut Bits<'_>, mut count: u32) -> Result<(), Dry> {
    while count > 0 {
        let now = count.min(32);
        bits.peek();
        bits.skip(now)?;
        count = count.wrapping_sub(now);
    }
    Ok(())
}
