//! CRC-32 of a stretch of a tape.

use crate::carve::{Break, Tape};

/// The CRC-32 of the bytes from `at` to `end`.
pub(super) fn crc32(tape: &mut Tape, mut at: u64, end: u64) -> Result<u32, Break> {
    let mut crc = crc32fast::Hasher::new();
    while at < end {
        let window = tape.window(at)?;
        let room = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
        let window = window.get(..room).unwrap_or(window);
        crc.update(window);
        let read = window.len() as u64;
        at = at.saturating_add(read);
        tape.charge(read);
    }
    Ok(crc.finalize())
}
