//! How files of many kinds begin: where one stands at the start of a sector, the file before it is over.

use crate::carve::Tape;

const SECTOR: u64 = 512;
/// First bytes that do not come up by chance.
const FIRST: [&[u8]; 12] = [
    b"\xff\xd8\xff",
    b"\x89PNG\r\n",
    b"GIF8",
    b"RIFF",
    b"\x1a\x45\xdf\xa3",
    b"\x30\x26\xb2\x75\x8e\x66",
    b"\0\0\x01\xba",
    b"FLV\x01",
    b"PK\x03\x04",
    b"%PDF-",
    b"\xd0\xcf\x11\xe0\xa1\xb1",
    b"SQLite format 3",
];

/// The first sector behind `from`, and before `to`, that begins as a file does.
pub(super) fn first(tape: &mut Tape, from: u64, to: u64) -> Option<u64> {
    let mut at = from.saturating_add(1).checked_next_multiple_of(SECTOR)?;
    while at < to {
        let head = tape.bytes(at, 16.min(usize::try_from(tape.len().saturating_sub(at)).unwrap_or(16))).ok()?;
        let is_typed = matches!(head, [0, 0, _, _, b'f', b't', b'y', b'p', ..]);
        if is_typed || FIRST.iter().any(|first| head.starts_with(first)) {
            return Some(at);
        }
        at = at.saturating_add(SECTOR);
    }
    None
}
