//! PNG, APNG, MNG and JNG, by the walk of their chunks and the checksum of each (PNG third edition, sections 5 and 11; MNG
//! 1.0, sections 3 to 5).
//!
//! The picture's data is inflated only where a checksum fails: that is where the exact place of a break is worth it.

mod inflate;
mod mend;
mod runs;
mod walk;

use crate::carve::{Broken, Format, Found, Mended, Mending, Outcome, Signature, Tape, formats};
pub(super) use runs::Chunks;
use walk::{Picture, Walk};

/// PNG and its relatives.
pub(super) struct Png;

/// IHDR, the frame of another chunk, and a little of its data: less is not reported.
const FIRST_DATA: u64 = 33 + 12 + 16;
const SIGNATURES: &[Signature] =
    &[Signature::new(b"\x89PNG\r\n\x1a\n"), Signature::new(b"\x8aMNG\r\n\x1a\n"), Signature::new(b"\x8bJNG\r\n\x1a\n")];

impl Format for Png {
    fn types(&self) -> &'static [&'static str] {
        &["png", "mng", "jng"]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok((kind, last)) = family(tape) else { return Outcome::No };
        let Ok(picture) = Picture::read(tape) else { return Outcome::No };
        let mut walk = Walk::new(tape, last);
        let end = walk.chunks();
        match end {
            Ok(length) => {
                let found = Found::new(kind, length).confidence(100);
                let damaged = walk.damaged.map(|chunk| inflate::good(walk.tape, &picture, &walk.data, chunk));
                Outcome::Whole(damaged.map_or(found, |place| found.damaged_at(place.broken_at)))
            }
            Err(broken) => {
                let chunk = walk.damaged.unwrap_or(walk.broken);
                let place = inflate::good(walk.tape, &picture, &walk.data, chunk);
                let broken_at = place.broken_at.min(broken.at.max(place.good));
                if place.good <= FIRST_DATA {
                    return Outcome::No;
                }
                Outcome::Broken(Broken { kind, good: place.good, broken_at, length: None, confidence: 95 })
            }
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        formats::runs::mended(mending, self, &mut Chunks::default()).or_else(|| mend::mend(self, mending))
    }
}

/// The type of the file and its last chunk.
fn family(tape: &mut Tape) -> Result<(&'static str, [u8; 4]), crate::carve::Break> {
    Ok(match tape.byte(0)? {
        0x8a => ("mng", *b"MEND"),
        0x8b => ("jng", *b"IEND"),
        _ => ("png", *b"IEND"),
    })
}
