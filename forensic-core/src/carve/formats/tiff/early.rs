//! A TIFF whose directory is lost: its pixels stand between the header and the place where the directory was.

use super::super::sector::SECTOR;
use crate::carve::{Broken, Tape};

/// A directory farther away than this is not believed where nothing else speaks for a TIFF.
const FARTHEST: u64 = 256 << 20;
const LEAST: u64 = 1 << 10;
/// How files begin that show a TIFF to be over.
const BEGINNINGS: &[&[u8]] = &[
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"BM",
    b"RIFF",
    b"II*\0",
    b"MM\0*",
    b"PK\x03\x04",
    b"%PDF",
    b"\x1a\x45\xdf\xa3",
    b"OggS",
    b"fLaC",
    b"ID3",
    b"SQLite f",
    b"\xd0\xcf\x11\xe0",
    b"\x1f\x8b\x08",
    b"\0\0\x01\xba",
    b"\x30\x26\xb2\x75",
    b"FLV\x01",
    b"7z\xbc\xaf",
    b"Rar!",
];

/// The part of a TIFF whose first directory should be at `directory` and is not; `None` where nothing speaks for one.
pub(super) fn cut(tape: &mut Tape, directory: u64) -> Option<Broken> {
    // Files begin at sectors; four bytes at any other place are no evidence.
    if tape.start() % SECTOR as u64 != 0 || directory % 2 != 0 || !(LEAST..FARTHEST).contains(&directory) {
        return None;
    }
    let end = directory.min(tape.len());
    let mut good = end;
    for at in (SECTOR as u64..end).step_by(SECTOR) {
        let Ok(bytes) = tape.bytes(at, SECTOR.min(usize::try_from(end.saturating_sub(at)).ok()?)) else {
            good = at;
            break;
        };
        let begins =
            BEGINNINGS.iter().any(|beginning| bytes.starts_with(beginning)) || bytes.get(4..8) == Some(b"ftyp");
        if begins || is_text(bytes) {
            good = at;
            break;
        }
    }
    (good >= LEAST).then_some(Broken { kind: "tiff", good, broken_at: good, length: None, confidence: 40 })
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e))
}
