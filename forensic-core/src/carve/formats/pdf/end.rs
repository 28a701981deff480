//! The end of a PDF: "startxref", the place of the cross-reference, "%%EOF" (ISO 32000-1, 7.5.5, 7.5.6).

use super::tokens::{self, is_space};
use crate::carve::Tape;

const MARK: &[u8; 5] = b"%%EOF";
/// The farthest "startxref" stands before "%%EOF".
const LONGEST_TAIL: u64 = 64;
/// The most line ends taken along behind "%%EOF".
const MOST_LINE_ENDS: u64 = 4;

/// A "%%EOF" with its "startxref".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// Where "startxref" stands.
    pub(super) keyword: u64,
    /// The number behind it.
    pub(super) xref: u64,
    /// The byte behind "%%EOF" and its line end.
    pub(super) end: u64,
}

/// The "%%EOF" at `at`, where "startxref" and a number stand before it.
pub(super) fn at(tape: &mut Tape, at: u64) -> Option<End> {
    let from = at.saturating_sub(LONGEST_TAIL);
    let length = usize::try_from(at.checked_sub(from)?).ok()?;
    let keyword = memchr::memmem::rfind(tape.bytes(from, length).ok()?, b"startxref")?;
    let keyword = from.checked_add(keyword as u64)?;
    let digits = tokens::space(tape, keyword.checked_add(9)?)?;
    let (xref, next) = tokens::number(tape, digits)?;
    (tokens::space(tape, next)? == at).then_some(End { keyword, xref, end: line_end(tape, at.checked_add(5)?) })
}

/// The next "%%EOF" with its "startxref", from `from` on and before `to`.
pub(super) fn next(tape: &mut Tape, mut from: u64, to: u64) -> Option<End> {
    loop {
        let mark = tape.find(MARK, from, to)?;
        if let Some(end) = at(tape, mark) {
            return Some(end);
        }
        from = mark.checked_add(5)?;
    }
}

/// Takes along what line ends stand at `at`, and spaces before one.
fn line_end(tape: &mut Tape, at: u64) -> u64 {
    let mut end = at;
    for _ in 0..MOST_LINE_ENDS {
        let mut next = end;
        while next < end.saturating_add(8) && tape.byte(next).is_ok_and(|byte| matches!(byte, b' ' | b'\t')) {
            next = next.saturating_add(1);
        }
        end = match (tape.byte(next), tape.byte(next.saturating_add(1))) {
            (Ok(b'\r'), Ok(b'\n')) => next.saturating_add(2),
            (Ok(b'\r' | b'\n'), _) => next.saturating_add(1),
            _ => break,
        };
    }
    end
}

/// True where a cross-reference, table or stream, stands at `at`.
pub(super) fn is_xref(tape: &mut Tape, at: u64) -> bool {
    // Some writers point at the white space before.
    let Some(at) = tokens::space(tape, at).filter(|next| next.saturating_sub(at) <= 4) else { return false };
    if tape.has(at, b"xref") {
        return tape.byte(at.saturating_add(4)).is_ok_and(is_space);
    }
    let Some((_, next)) = tokens::object(tape, at) else { return false };
    tape.find(b"/XRef", next, next.saturating_add(4096)).is_some()
}
