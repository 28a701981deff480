//! The coded data of a scan, from restart marker to restart marker, and the way on behind damage (ITU-T T.81, E.2).

use super::{
    file::behind_data,
    plane::Plane,
    progressive, sequential,
    syntax::{
        markers::{Frame, Pass, Scan},
        segment::Segment,
    },
};
use std::ops::Range;

/// The planes of the components, where they are wanted.
pub(super) type Planes = [Option<Plane>];

/// MCUs of a scan that follow each other without a marker.
pub(super) struct Stretch<'a> {
    pub(super) scan: &'a Scan,
    pub(super) data: &'a [u8],
    /// Bits of the data.
    pub(super) bits: usize,
    pub(super) mcus: Range<u32>,
}

/// The MCU that cannot be decoded, and the bit at which that shows.
pub(super) struct Broken {
    pub(super) mcu: u32,
    pub(super) bit: usize,
}

/// What became of a scan.
pub(super) struct Decoded {
    /// The byte behind its data.
    pub(super) end: usize,
    pub(super) mcus: u32,
    /// Where damage was met first.
    pub(super) failed_at: Option<usize>,
}

/// What decodes the MCUs of a scan.
enum Coder<'a> {
    Sequential(sequential::Mcus<'a>),
    Dc(progressive::DcMcus<'a>),
    Ac(progressive::AcBlocks<'a>),
}

/// Decodes the scan whose data begin at `start`. What cannot be decoded is passed over to the next restart marker; where the scan
/// is not to be decoded in part, nothing follows it.
pub(super) fn decode(
    bytes: &[u8],
    start: usize,
    (scan, frame): (&Scan, &Frame),
    planes: &mut Planes,
    partial: bool,
) -> Decoded {
    let coder = match scan.pass {
        Pass::Sequential => sequential::Mcus::new(scan, planes).map(Coder::Sequential),
        Pass::DcFirst | Pass::DcRefine => progressive::DcMcus::new(scan).map(Coder::Dc),
        Pass::AcFirst | Pass::AcRefine => progressive::AcBlocks::new(scan, frame).map(Coder::Ac),
    };
    let mut decoded = Decoded { end: start, mcus: 0, failed_at: None };
    let Some(coder) = coder else {
        return Decoded { end: behind_data(bytes, start), failed_at: Some(start), ..decoded };
    };
    let mut segment = Segment::default();
    segment.cut(bytes, start);
    let interval = if scan.restart_interval == 0 { scan.mcus } else { scan.restart_interval };
    let mut mcu = 0;
    while mcu < scan.mcus {
        let end = mcu.saturating_add(interval).min(scan.mcus);
        let stretch = Stretch { scan, data: segment.data(), bits: segment.bits(), mcus: mcu..end };
        let reached = match &coder {
            Coder::Sequential(mcus) => mcus.decode(&stretch, planes),
            Coder::Dc(mcus) => mcus.decode(&stretch, planes),
            Coder::Ac(blocks) => blocks.decode(&stretch, planes),
        };
        let reached = match reached {
            Ok(()) => end,
            Err(broken) => {
                decoded.failed_at.get_or_insert(segment.place(broken.bit >> 3));
                broken.mcu
            }
        };
        decoded.mcus += reached - mcu;
        if end == scan.mcus || (decoded.failed_at.is_some() && !partial) {
            break;
        }
        let passed = mcu / interval.max(1);
        match restart(bytes, segment.end(), passed) {
            Some((next, behind)) => {
                if next != passed + 1 {
                    decoded.failed_at.get_or_insert(segment.end());
                }
                segment.cut(bytes, behind);
                mcu = next.saturating_mul(interval);
            }
            None => {
                decoded.failed_at.get_or_insert(segment.end());
                break;
            }
        }
    }
    decoded.end = behind_data(bytes, segment.end());
    decoded
}

/// The interval that begins behind the next restart marker from byte `from` on, `passed` the one before it, and its first byte.
fn restart(bytes: &[u8], from: usize, passed: u32) -> Option<(u32, usize)> {
    let mut from = from;
    loop {
        let at = from + memchr::memchr(0xff, bytes.get(from..)?)?;
        match *bytes.get(at + 1)? {
            code @ 0xd0..=0xd7 => {
                // Markers are counted from 0 to 7: one that seems to be far ahead is of an interval before.
                let ahead = (u32::from(code & 7).wrapping_sub(passed)) & 7;
                if ahead < 6 {
                    return Some((passed + 1 + ahead, at + 2));
                }
                from = at + 2;
            }
            0xff => from = at + 1,
            // Only what stands behind a scan: any other code is damaged data.
            0xc4 | 0xd8..=0xdd => return None,
            _ => from = at + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_behind_a_restart_marker_is_told_by_its_number() {
        assert_eq!(restart(b"\xff\xd3..", 0, 3), Some((4, 2)));
        // Two intervals are missing.
        assert_eq!(restart(b"ab\xff\x00\xff\xff\xd1..", 0, 7), Some((10, 7)));
        // One that was passed already, then the next.
        assert_eq!(restart(b"\xff\xd2\xff\xd4..", 0, 4), Some((5, 4)));
        assert_eq!(restart(b"\xff\xd9\xff\xd4..", 0, 4), None);
        assert_eq!(restart(b"abc", 0, 4), None);
    }
}
