//! The few tokens of a PDF that a walk over its objects needs (ISO 32000-1, 7.2, 7.3).

use crate::carve::Tape;

/// The longest run of white space between two tokens; zeros count as such.
const LONGEST_SPACE: u64 = 1 << 20;

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

/// The first byte from `at` on that is neither white space nor of a comment; stops at "%%EOF" and "%PDF-".
pub(super) fn skip(tape: &mut Tape, at: u64) -> Option<u64> {
    let mut at = space(tape, at)?;
    while tape.byte(at).ok()? == b'%' && !tape.has(at, b"%%EOF") && !tape.has(at, b"%PDF-") {
        let next = line_end(tape, at)?;
        at = space(tape, next)?;
    }
    Some(at)
}

/// The first byte from `at` on that is no white space.
pub(super) fn space(tape: &mut Tape, from: u64) -> Option<u64> {
    let mut at = from;
    while at < from.saturating_add(LONGEST_SPACE) {
        let window = tape.window(at).ok()?;
        match window.iter().position(|byte| !is_space(*byte)) {
            Some(index) => return at.checked_add(index as u64),
            None => at = at.checked_add(window.len() as u64)?,
        }
    }
    None
}

fn line_end(tape: &mut Tape, from: u64) -> Option<u64> {
    (from..from.saturating_add(4096)).find(|at| tape.byte(*at).is_ok_and(|byte| matches!(byte, 10 | 13)))
}

/// A number of up to 19 digits at `at`, and the byte behind it.
pub(super) fn number(tape: &mut Tape, at: u64) -> Option<(u64, u64)> {
    let (mut value, mut next) = (0u64, at);
    while let Some(digit) = tape.byte(next).ok().filter(u8::is_ascii_digit) {
        value = value.checked_mul(10)?.checked_add(u64::from(digit & 15))?;
        next = next.checked_add(1)?;
    }
    (next > at).then_some((value, next))
}

/// "N G obj" at `at`: the object's number and the byte behind.
pub(super) fn object(tape: &mut Tape, at: u64) -> Option<(u64, u64)> {
    let (number_, next) = number(tape, at)?;
    let generation = gap(tape, next)?;
    let (_, next) = number(tape, generation)?;
    let next = gap(tape, next)?;
    tape.has(next, b"obj").then_some((number_, next.checked_add(3)?))
}

/// White space of one to 16 bytes.
fn gap(tape: &mut Tape, at: u64) -> Option<u64> {
    let next = (at..at.saturating_add(16)).find(|at| !tape.byte(*at).is_ok_and(is_space))?;
    (next > at).then_some(next)
}
