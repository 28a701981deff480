//! A TIFF whose directory is lost: its pixels stand between the header and the place where the directory was.

use super::super::{begins, sector::SECTOR};
use crate::carve::{Broken, Tape};

/// A directory farther away than this is not believed where nothing else speaks for a TIFF.
const FARTHEST: u64 = 64 << 20;
/// Mean difference of neighbouring samples below which bytes are taken for pixels.
const SMOOTH: u64 = 12;
const LEAST: u64 = 1 << 10;
/// First bytes that tell of a file in the pixels of another only where that is doubtful itself.
const WEAK: [&[u8]; 3] = [b"BM", b"ID3", b"\x1f\x8b\x08"];

/// The part of a TIFF whose first directory should be at `directory` and is not; `None` where nothing speaks for one.
pub(super) fn cut(tape: &mut Tape, directory: u64) -> Option<Broken> {
    // Files begin at sectors; four bytes at any other place are no evidence.
    if !tape.start().is_multiple_of(SECTOR as u64)
        || !directory.is_multiple_of(2)
        || !(LEAST..FARTHEST).contains(&directory)
    {
        return None;
    }
    let first = tape.bytes(8, usize::try_from(LEAST).ok()?).ok()?;
    if !begins_strip(first) {
        return None;
    }
    let end = directory.min(tape.len());
    let mut good = end;
    for at in (SECTOR as u64..end).step_by(SECTOR) {
        let Ok(bytes) = tape.bytes(at, SECTOR.min(usize::try_from(end.saturating_sub(at)).ok()?)) else {
            good = at;
            break;
        };
        let begins = begins::is_start(bytes) || WEAK.iter().any(|weak| bytes.starts_with(weak));
        if begins || is_text(bytes) {
            good = at;
            break;
        }
    }
    (good >= LEAST).then_some(Broken { kind: "tiff", good, broken_at: good, length: None, confidence: 40 })
}

/// True where `bytes` may begin a strip: an LZW clear code, a zlib or JPEG header, or pixels that differ little from those before.
fn begins_strip(bytes: &[u8]) -> bool {
    let coded = match *bytes {
        [0x80, next, ..] => next < 0x80,
        [0x78, flags, ..] => u16::from_be_bytes([0x78, flags]).is_multiple_of(31),
        [0xff, 0xd8, 0xff, ..] => true,
        _ => false,
    };
    let mut seen = [false; 256];
    bytes.iter().for_each(|byte| seen.get_mut(usize::from(*byte)).into_iter().for_each(|seen| *seen = true));
    let values = seen.iter().filter(|seen| **seen).count();
    let smooth = (1..=4).any(|step| {
        let pairs = bytes.iter().zip(bytes.iter().skip(step));
        let sum: u64 = pairs.map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
        sum < (bytes.len() as u64).saturating_mul(SMOOTH)
    });
    coded || (values > 16 && smooth)
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e))
}
