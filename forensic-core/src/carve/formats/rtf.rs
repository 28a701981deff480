//! Rich Text Format (Microsoft, RTF Specification 1.9.1): groups to the brace that closes the first.

use crate::carve::{Broken, Format, Found, Holds, Outcome, Signature, Tape};

/// Rich Text documents.
pub(super) struct Rtf;

const KIND: &str = "rtf";
const SIGNATURES: &[Signature] = &[Signature::new(b"{\\rtf").when(|head| {
    matches!(head.get(5..7), Some([b'0'..=b'9', b'\\' | b'\r' | b'\n' | b' ' | b'{']) | Some([b'\\', _]))
})];
/// Bytes that must hold before a torn document is believed.
const CONVINCING: u64 = 512;
const LONGEST_WORD: usize = 48;

impl Format for Rtf {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        match walk(tape) {
            Ok(end) => Outcome::Whole(Found::new(KIND, behind(tape, end)).holds(Holds::Others)),
            Err(at) if at >= CONVINCING => {
                Outcome::Broken(Broken { kind: KIND, good: at, broken_at: at, length: None, confidence: 60 })
            }
            Err(_) => Outcome::No,
        }
    }
}

/// The byte behind the last brace, or the byte at which the text breaks.
fn walk(tape: &mut Tape) -> Result<u64, u64> {
    let (mut at, mut depth) = (0u64, 0u32);
    loop {
        let byte = tape.byte(at).map_err(|broken| broken.at)?;
        match byte {
            b'{' => depth = depth.saturating_add(1),
            b'}' => depth = depth.saturating_sub(1),
            b'\\' => {
                at = control(tape, at).ok_or(at)?;
                continue;
            }
            b'\t' | b'\r' | b'\n' | 12 | 26 | b' '.. => {}
            _ => return Err(at),
        }
        at = at.saturating_add(1);
        if depth == 0 {
            return Ok(at);
        }
    }
}

/// The end of the control word or symbol at `at`, with the bytes that "\bin" announces.
fn control(tape: &mut Tape, at: u64) -> Option<u64> {
    let start = at.checked_add(1)?;
    if !tape.byte(start).ok()?.is_ascii_alphabetic() {
        return start.checked_add(1);
    }
    let length = LONGEST_WORD.min(usize::try_from(tape.len().checked_sub(start)?).unwrap_or(LONGEST_WORD));
    let word = tape.bytes(start, length).ok()?;
    let letters = word.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let digits = word.iter().skip(letters).take_while(|byte| byte.is_ascii_digit()).count();
    let end = start.checked_add(letters as u64)?.checked_add(digits as u64)?;
    if word.get(..letters)? != b"bin" {
        return Some(end);
    }
    let digits = word.get(letters..letters.checked_add(digits)?)?;
    let count: u64 = std::str::from_utf8(digits).ok()?.parse().unwrap_or(0);
    end.checked_add(1)?.checked_add(count)
}

/// Takes along the line end behind the last brace, and the zero that Windows' editor writes after it.
fn behind(tape: &mut Tape, end: u64) -> u64 {
    let lines = match (tape.byte(end), tape.byte(end.saturating_add(1))) {
        (Ok(b'\r'), Ok(b'\n')) => 2,
        (Ok(b'\r' | b'\n'), _) => 1,
        _ => 0,
    };
    let next = end.saturating_add(lines);
    let editor = lines == 2
        && tape.find(b"\\generator ", 0, end.min(4096)).is_some_and(|at| {
            tape.find(b"iched20", at, at.saturating_add(64)).is_some()
                || tape.find(b"sftedit", at, at.saturating_add(64)).is_some()
        });
    if editor && tape.has(next, b"\0") { next.saturating_add(1) } else { next }
}
