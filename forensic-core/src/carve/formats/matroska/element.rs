//! EBML elements: their number, and their length or the lack of one (RFC 8794, 4 to 6).

use crate::carve::{Break, Tape};

/// An element, or where one begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    pub(super) id: u32,
    pub(super) start: u64,
    pub(super) body: u64,
    /// Where it ends; `None` where its length is not known.
    pub(super) end: Option<u64>,
}

impl Element {
    /// The element at `at`.
    pub(super) fn at(tape: &mut Tape, at: u64) -> Result<Self, Break> {
        let (id, id_width) = number(tape, at, 4, false)?;
        let (size, size_width) = number(tape, at.saturating_add(id_width), 8, true)?;
        let body = at.saturating_add(id_width).saturating_add(size_width);
        let all_ones = (1u64 << size_width.saturating_mul(7)).saturating_sub(1);
        let end = (size != all_ones).then(|| body.saturating_add(size));
        Ok(Self { id: u32::try_from(id).unwrap_or(0), start: at, body, end })
    }

    /// Its content as an unsigned number.
    pub(super) fn unsigned(&self, tape: &mut Tape) -> Result<u64, Break> {
        let length = self.end.unwrap_or(self.body).saturating_sub(self.body);
        if length > 8 {
            return Err(Break::wrong(self.body, "length of a number"));
        }
        let bytes = tape.bytes(self.body, usize::try_from(length).unwrap_or(0))?;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

/// A number of variable width of `most` bytes at most, and its width; without the bit that tells the width where `value`.
pub(super) fn number(tape: &mut Tape, at: u64, most: u32, value: bool) -> Result<(u64, u64), Break> {
    let first = tape.byte(at)?;
    let width = first.leading_zeros().saturating_add(1);
    if width > most {
        return Err(Break::wrong(at, "number of variable width"));
    }
    let bytes = tape.bytes(at, usize::try_from(width).unwrap_or(1))?;
    let number = bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let mask = (1u64 << width.saturating_mul(7)).saturating_sub(1);
    Ok((if value { number & mask } else { number }, u64::from(width)))
}
