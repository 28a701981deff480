//! How files of many kinds begin: where one stands at the start of a sector, the file before it is over.

use super::sector::SECTOR;
use crate::carve::Tape;

/// First bytes that do not come up by chance.
const FIRST: [&[u8]; 17] = [
    b"\x89PNG\r\n",
    b"GIF8",
    b"RIFF",
    b"II*\0",
    b"MM\0*",
    b"\x1a\x45\xdf\xa3",
    b"\x30\x26\xb2\x75\x8e\x66",
    b"\0\0\x01\xba",
    b"FLV\x01",
    b"OggS",
    b"fLaC",
    b"PK\x03\x04",
    b"7z\xbc\xaf",
    b"Rar!",
    b"%PDF-",
    b"\xd0\xcf\x11\xe0\xa1\xb1",
    b"SQLite format 3",
];
/// Bytes before a noticed break in which another file may begin.
const DOUBTFUL: u64 = 4096;
/// Bytes that are looked at.
const HEAD: usize = 16;

/// The first sector behind `from`, and before `to`, that begins as a file does.
pub(super) fn first(tape: &mut Tape, from: u64, to: u64) -> Option<u64> {
    let first = from.saturating_add(1).checked_next_multiple_of(SECTOR as u64)?;
    for at in (first..to.min(tape.len())).step_by(SECTOR) {
        let left = usize::try_from(tape.len().saturating_sub(at)).unwrap_or(HEAD);
        if is_start(tape.bytes(at, HEAD.min(left)).ok()?) {
            return Some(at);
        }
    }
    None
}

/// Where the file is over that is noticed to break at `noticed`: there, or where another begins shortly before.
pub(super) fn over(tape: &mut Tape, noticed: u64) -> u64 {
    first(tape, noticed.saturating_sub(DOUBTFUL), noticed).unwrap_or(noticed)
}

/// True where `head` begins as a file does.
pub(super) fn is_start(head: &[u8]) -> bool {
    match head {
        [0, 0, _, _, b'f', b't', b'y', b'p', ..] => true,
        [0xff, 0xd8, 0xff, marker, ..] => matches!(marker, 0xc0..=0xc4 | 0xdb | 0xdd | 0xe0..=0xef | 0xfe),
        _ => FIRST.iter().any(|first| head.starts_with(first)),
    }
}
