//! The walk over the entropy-coded data of a scan, code by code, without the pictures they stand for (ITU-T T.81, F.2.2 and
//! G.2).

use super::{
    markers::{Frame, Pass, Scan},
    memory::Memory,
    progressive,
    segment::{Dry, Segment},
    sequential,
};

/// Where the walk of a scan stands, at the start of an MCU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cursor {
    /// The byte of the file that holds the next bit, and how many of its bits are used.
    pub(super) at: u64,
    used: u8,
    pub(super) mcu: u32,
    pub(super) stand: Stand,
    /// Restart markers passed.
    restarts: u32,
}

/// What codes that follow are told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stand {
    pub(super) dc: [i32; 4],
    /// Blocks that are over before they begin.
    pub(super) eob_run: u32,
    /// MCUs since the last restart marker, where there are such markers.
    since_restart: u32,
}

impl Cursor {
    /// The start of a scan whose data begin at `at`.
    pub(super) fn new(at: u64) -> Self {
        Self { at, ..Self::default() }
    }

    /// MCUs before the next restart marker, or before the end of the scan where there are none.
    fn left(&self, scan: &Scan) -> u32 {
        match scan.restart_interval {
            0 => scan.mcus.wrapping_sub(self.mcu),
            interval => interval.wrapping_sub(self.stand.since_restart),
        }
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

/// A stretch of a scan in one segment, from one MCU on.
pub(super) struct Stretch<'a> {
    pub(super) scan: &'a Scan,
    pub(super) frame: &'a Frame,
    pub(super) data: &'a [u8],
    /// Bits of the data.
    pub(super) bits: usize,
    /// MCUs at the most, and those in which a run of blocks may end.
    pub(super) most: u32,
    pub(super) left: u32,
    pub(super) first_mcu: u32,
}

/// How far a stretch goes: MCUs that are whole, the bit behind them, and the bit at which the next fails; behind the data
/// where it does not end in them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    pub(super) mcus: u32,
    pub(super) position: usize,
    pub(super) failed_at: Option<usize>,
}

/// Walks on from `cursor` over `bytes`, which begin at the cursor's byte.
pub(super) fn walk(cursor: &mut Cursor, scan: &Scan, frame: &Frame, memory: &mut Memory, bytes: &[u8]) -> End {
    let mut segment = std::mem::take(&mut memory.segment);
    let end = segments(cursor, scan, frame, memory, bytes, &mut segment);
    memory.segment = segment;
    end
}

fn segments(
    cursor: &mut Cursor,
    scan: &Scan,
    frame: &Frame,
    memory: &mut Memory,
    bytes: &[u8],
    segment: &mut Segment,
) -> End {
    let start = cursor.at;
    segment.cut(bytes, 0);
    // Behind a restart marker the cursor follows only with the first MCU that is whole.
    let (mut next, mut position) = (*cursor, usize::from(cursor.used));
    while next.mcu < scan.mcus {
        if scan.restart_interval != 0 && next.stand.since_restart == scan.restart_interval {
            match segment.marker(bytes, position) {
                Ok((code, behind)) if u32::from(code) == 0xd0 | (next.restarts & 7) => segment.cut(bytes, behind),
                Err(Dry::Bytes) => return End::Bytes,
                _ => return End::Broken(segment.place(noticed(position))),
            }
            (next.restarts, next.stand, position) = (next.restarts.wrapping_add(1), Stand::default(), 0);
        }
        let left = next.left(scan);
        let stretch = Stretch {
            scan,
            frame,
            data: segment.data(),
            bits: segment.bits(),
            most: left.min(scan.mcus.wrapping_sub(next.mcu)),
            left,
            first_mcu: next.mcu,
        };
        let reached = match scan.pass {
            Pass::Sequential => sequential::walk(&stretch, memory, &mut next.stand, position),
            Pass::DcFirst => sequential::walk_dc(&stretch, memory, &mut next.stand, position),
            Pass::DcRefine => progressive::dc_refine(&stretch, position),
            Pass::AcFirst => progressive::ac_first(&stretch, memory, &mut next.stand, position),
            Pass::AcRefine => progressive::ac_refine(&stretch, memory, &mut next.stand, position),
        };
        position = reached.position;
        if reached.mcus > 0 {
            next.mcu = next.mcu.wrapping_add(reached.mcus);
            if scan.restart_interval != 0 {
                next.stand.since_restart = next.stand.since_restart.wrapping_add(reached.mcus);
            }
            next.at = start.wrapping_add(segment.place(position >> 3) as u64);
            next.used = position as u8 & 7;
            *cursor = next;
        }
        match reached.failed_at {
            None => {}
            Some(bit) if bit <= segment.bits() => return End::Broken(segment.place(noticed(bit))),
            Some(_) if segment.dry() == Dry::Bytes => return End::Bytes,
            // The marker tells that there are no more MCUs.
            Some(_) if scan.mcus == u32::MAX && segment.marker(bytes, position).is_ok() => return End::Whole,
            Some(_) => return End::Broken(segment.place(usize::MAX >> 1)),
        }
    }
    End::Whole
}

/// The code of the marker behind the last MCU and the place behind it.
pub(super) fn marker_behind(cursor: &Cursor, bytes: &[u8]) -> Result<(u8, u64), Dry> {
    let mut segment = Segment::default();
    segment.cut(bytes, 0);
    let (code, behind) = segment.marker(bytes, usize::from(cursor.used))?;
    Ok((code, cursor.at.wrapping_add(behind as u64)))
}

/// The byte behind which a code is found wrong that ends at `bit`: those that follow are looked at with it.
fn noticed(bit: usize) -> usize {
    (bit >> 3).wrapping_add(5)
}
