//! Files that hold several pictures one behind another, told by an index in the first (CIPA DC-007, Multi-Picture Format).

use super::{
    memory::Memory,
    walk::{Pause, State},
};
use crate::carve::{Break, Tape};

/// Pictures of one file that are looked at.
const MOST_PICTURES: u32 = 256;
/// Bytes of an entry of the index, and where in it size and offset of the picture stand.
const ENTRY: u64 = 16;
/// The tag of the index's entries (5.2.3.3).
const ENTRIES: u16 = 0xb002;
/// Bytes that may lie between one picture and the next.
const MOST_BETWEEN: u64 = 64 << 10;

/// The end of the file whose first picture ends at `end`: that of the last picture its index tells of and that is there.
pub(super) fn end(tape: &mut Tape, state: &State, end: u64) -> u64 {
    let Some((header, length)) = state.told.pictures else { return end };
    let mut pictures = index(tape, header, length).unwrap_or_default();
    pictures.sort_unstable();
    pictures.into_iter().fold(end, |end, at| {
        if at < end || at.saturating_sub(end) > MOST_BETWEEN || !tape.has(at, &[0xff, 0xd8, 0xff]) {
            return end;
        }
        match State::new(at).walk(tape, &mut Memory::default(), u64::MAX) {
            Ok(Pause::End(end)) => end,
            _ => end,
        }
    })
}

/// Where the pictures of an index begin whose TIFF header stands at `header`.
fn index(tape: &mut Tape, header: u64, length: u64) -> Result<Vec<u64>, Break> {
    let wrong = Break::wrong(header, "multi-picture index");
    let little = match tape.array::<4>(header)? {
        [b'I', b'I', 42, 0] => true,
        [b'M', b'M', 0, 42] => false,
        _ => return Err(wrong),
    };
    let le16 = |tape: &mut Tape, at| if little { tape.le16(at) } else { tape.be16(at) };
    let le32 = |tape: &mut Tape, at| if little { tape.le32(at) } else { tape.be32(at) };
    let inside = |offset: u64, size: u64| match offset.checked_add(size) {
        Some(end) if end <= length => header.checked_add(offset).ok_or(wrong),
        _ => Err(wrong),
    };
    let directory = u64::from(le32(tape, header.saturating_add(4))?);
    let fields = u64::from(le16(tape, inside(directory, 2)?)?);
    let mut pictures = Vec::new();
    for field in 0..fields.min(64) {
        let at = inside(directory.saturating_add(2).saturating_add(field.saturating_mul(12)), 12)?;
        if le16(tape, at)? != ENTRIES {
            continue;
        }
        let count = le32(tape, at.saturating_add(4))? / 16;
        let entries = u64::from(le32(tape, at.saturating_add(8))?);
        for entry in 0..u64::from(count.min(MOST_PICTURES)) {
            let place = inside(entries.saturating_add(entry.saturating_mul(ENTRY)), ENTRY)?;
            let offset = u64::from(le32(tape, place.saturating_add(8))?);
            // The first picture's offset is 0, by definition.
            if offset > 0 {
                pictures.push(header.saturating_add(offset));
            }
        }
    }
    Ok(pictures)
}
