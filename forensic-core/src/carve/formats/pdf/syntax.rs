//! The syntax of an object: dictionaries, arrays, strings, names, numbers (ISO 32000-1, 7.3).

use super::tokens::{self, is_space};
use crate::carve::Tape;

/// The longest name, number or keyword.
const LONGEST_TOKEN: u64 = 512;
const LONGEST_STRING: u64 = 16 << 20;

/// What ends an object's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// "endobj", and the byte behind it.
    Object(u64),
    /// The keyword "stream" at this byte.
    Stream(u64),
}

/// Walks the value that begins at `at`, or gives the byte that is wrong.
pub(super) fn value(tape: &mut Tape, mut at: u64) -> Result<Stop, u64> {
    loop {
        at = tokens::skip(tape, at).ok_or(at)?;
        let byte = tape.byte(at).map_err(|broken| broken.at)?;
        at = match byte {
            b'[' | b']' => at.saturating_add(1),
            b'<' if tape.has(at, b"<<") => at.saturating_add(2),
            b'>' if tape.has(at, b">>") => at.saturating_add(2),
            b'<' => hex_string(tape, at.saturating_add(1))?,
            b'(' => string(tape, at.saturating_add(1))?,
            b'/' => token(tape, at.saturating_add(1), at)?,
            b'0'..=b'9' | b'+' | b'-' | b'.' | b'a'..=b'z' | b'R' => {
                let end = token(tape, at, at)?;
                let length = usize::try_from(end.saturating_sub(at)).unwrap_or(0);
                match tape.bytes(at, length).unwrap_or_default() {
                    b"endobj" => return Ok(Stop::Object(end)),
                    b"stream" => return Ok(Stop::Stream(at)),
                    b"true" | b"false" | b"null" | b"R" => end,
                    // Some writers leave no space before the keyword.
                    token if token.ends_with(b"endobj") => return Ok(Stop::Object(end)),
                    token
                        if token.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) =>
                    {
                        end
                    }
                    _ => return Err(at),
                }
            }
            _ => return Err(at),
        };
    }
}

/// The end of the regular characters from `at` on; `start` is where the token begins.
fn token(tape: &mut Tape, mut at: u64, start: u64) -> Result<u64, u64> {
    while let Ok(byte) = tape.byte(at) {
        if is_space(byte) || b"()<>[]{}/%".contains(&byte) {
            return Ok(at);
        }
        // Names are not always of ASCII, but they are of characters.
        if byte < b'!' || byte == 127 || at.saturating_sub(start) > LONGEST_TOKEN {
            return Err(at);
        }
        at = at.saturating_add(1);
    }
    Err(at)
}

fn hex_string(tape: &mut Tape, start: u64) -> Result<u64, u64> {
    let mut at = start;
    loop {
        match tape.byte(at).map_err(|broken| broken.at)? {
            b'>' => return Ok(at.saturating_add(1)),
            byte if byte.is_ascii_hexdigit() || is_space(byte) => at = at.saturating_add(1),
            _ => return Err(at),
        }
    }
}

fn string(tape: &mut Tape, start: u64) -> Result<u64, u64> {
    let (mut at, mut depth) = (start, 1u32);
    while at.saturating_sub(start) < LONGEST_STRING {
        match tape.byte(at).map_err(|broken| broken.at)? {
            b'\\' => at = at.saturating_add(1),
            b'(' => depth = depth.saturating_add(1),
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at = at.saturating_add(1);
        if depth == 0 {
            return Ok(at);
        }
    }
    Err(start)
}
