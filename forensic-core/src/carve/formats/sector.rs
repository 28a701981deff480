//! What kind of bytes a sector holds: compressed data has none of zeros, text or machine code in it.

use crate::{bytes::is_zero, carve::Tape};

/// Bytes that are looked at in one go.
pub(super) const SECTOR: usize = 512;

/// The last multiple of `size` of the source behind byte `from` of the tape, and no later than `to`: where a file of which the bytes
/// between are the last can have been cut.
pub(super) fn boundary(tape: &Tape, from: u64, to: u64, size: u64) -> Option<u64> {
    let end = tape.start().checked_add(to)?;
    let back = end.checked_rem(size)?;
    to.checked_sub(back).filter(|place| *place > from)
}

/// True where compressed data reaches to `end`, and nothing but zeros, `least` of them, follows to the end of its `unit`.
pub(super) fn is_last_before_zeros(tape: &mut Tape, end: u64, unit: u64, least: usize) -> bool {
    let rest = end.checked_next_multiple_of(unit).unwrap_or(end).saturating_sub(end);
    let Ok(rest) = usize::try_from(rest) else { return false };
    let filled = tape.bytes(end, rest).is_ok_and(|slack| slack.len() >= least && is_zero(slack));
    let is_data = |last: &[u8]| last.iter().filter(|byte| **byte != 0).count() > 8;
    filled && tape.bytes(end.saturating_sub(16), 16).is_ok_and(is_data)
}

/// True where `bytes`, a sector, cannot be of well compressed data: one value over and over, text, or few values in uneven
/// numbers as in machine code and tables. Never true of bytes that are spread like random ones.
pub(super) fn is_foreign_to_compressed(bytes: &[u8]) -> bool {
    let mut counts = [0u16; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let length = bytes.len() as u64;
    let most = u64::from(counts.iter().copied().max().unwrap_or(0));
    let squares: u64 = counts.iter().map(|count| u64::from(*count).saturating_mul(u64::from(*count))).sum();
    let printable: u64 = counts
        .iter()
        .zip(0u8..=255)
        .filter(|(_, byte)| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e))
        .map(|(count, _)| u64::from(*count))
        .sum();
    // 512 random bytes have about 512 + 1022 in the sum of squares; six times as much is far beyond chance.
    most.saturating_mul(4) > length
        || printable.saturating_mul(100) > length.saturating_mul(97)
        || squares.saturating_mul(20) > length.saturating_mul(length)
}
