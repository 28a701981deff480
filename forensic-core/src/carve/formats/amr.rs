//! AMR speech, narrow and wide band, by the walk of its frames (RFC 4867, 5).

use crate::carve::{Break, Broken, Cause, Format, Found, Holds, Outcome, Signature, Tape};

/// AMR.
pub(super) struct Amr;

const KIND: &str = "amr";
const SIGNATURES: &[Signature] = &[Signature::new(b"#!AMR\n"), Signature::new(b"#!AMR-WB\n")];
/// Bytes of a frame of each type, its header included; 0 where there is no such type.
const NARROW: [u64; 16] = [13, 14, 16, 18, 20, 21, 27, 32, 6, 7, 6, 6, 0, 0, 0, 1];
const WIDE: [u64; 16] = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1];
const FEWEST_FRAMES: u64 = 10;

impl Format for Amr {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let wide = tape.has(5, b"-WB\n");
        let (sizes, mut at) = if wide { (WIDE, 9u64) } else { (NARROW, 6) };
        let (mut frames, mut seen) = (0u64, [0u64; 16]);
        let broken = loop {
            let Ok(head) = tape.byte(at) else { break Break { at, cause: Cause::End } };
            let kind = usize::from(head >> 3 & 15);
            let size = sizes.get(kind).copied().unwrap_or(0);
            // Quality is good in what a recorder writes, and its rate does not change at once.
            let speech = size > 7;
            let usual = !speech || frames < FEWEST_FRAMES || seen.get(kind).is_some_and(|count| *count > 0);
            if head & 0x87 != 4 || size == 0 || !usual {
                break Break::wrong(at, "frame header");
            }
            let end = at.saturating_add(size);
            if end > tape.len() {
                break Break { at, cause: Cause::End };
            }
            frames = frames.saturating_add(1);
            if let Some(count) = seen.get_mut(kind) {
                *count = count.saturating_add(1);
            }
            at = end;
        };
        match broken.cause {
            _ if frames < FEWEST_FRAMES => Outcome::No,
            Cause::End if at < tape.len() => Outcome::Broken(Broken {
                kind: KIND,
                good: tape.len(),
                broken_at: tape.len(),
                length: None,
                confidence: 70,
            }),
            _ => Outcome::Whole(Found::new(KIND, at).holds(Holds::Others)),
        }
    }
}
