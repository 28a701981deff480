//! TIFF, BigTIFF and the raw formats of cameras that are TIFF: every directory, value and strip is walked, the farthest end
//! is the file's (TIFF 6.0, section 2; Adobe TIFF technical notes 1 and 2; DNG 1.7; BigTIFF, Aware Systems).

mod directory;
mod early;
mod kind;
mod strips;
mod walk;

use crate::carve::{Broken, Format, Found, Holds, Outcome, Signature, Tape};
use walk::Walk;

/// TIFF and its relatives.
pub(super) struct Tiff;

const SIGNATURES: &[Signature] = &[
    Signature::new(b"II*\0"),
    Signature::new(b"MM\0*"),
    Signature::new(b"II+\0\x08\0\0\0"),
    Signature::new(b"MM\0+\0\x08\0\0"),
    Signature::new(b"IIRO"),
    Signature::new(b"IIRS"),
    Signature::new(b"MMOR"),
    Signature::new(b"IIU\0"),
];

impl Format for Tiff {
    fn types(&self) -> &'static [&'static str] {
        &["tiff", "dng", "cr2", "nef", "arw", "orf", "rw2", "pef", "srw"]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok(mut walk) = Walk::new(tape) else { return Outcome::No };
        if let Err(broken) = walk.directories() {
            if !walk.is_picture() {
                // Most programs write the directory last: it is lost where the file is cut.
                return early::cut(walk.tape, walk.first_directory).map_or(Outcome::No, Outcome::Broken);
            }
            let (kind, good) = (walk.kind(), broken.at.min(walk.end).min(walk.tape.len()));
            return Outcome::Broken(Broken { kind, good, broken_at: good, length: None, confidence: 70 });
        }
        if !walk.is_picture() {
            return Outcome::No;
        }
        let (kind, length) = (walk.kind(), walk.end);
        let pictures = std::mem::take(&mut walk.pictures);
        let checked = strips::check(walk.tape, &pictures);
        if length > walk.tape.len() {
            let good = checked.wrong_at.unwrap_or(u64::MAX).min(walk.tape.len());
            return Outcome::Broken(Broken { kind, good, broken_at: good, length: Some(length), confidence: 80 });
        }
        let found = Found::new(kind, length);
        match checked.wrong_at {
            // Nothing tells here whether what follows is lost or only this strip hurt.
            Some(at) => {
                let length = Some(length);
                Outcome::Broken(Broken { kind, good: at, broken_at: at, length, confidence: 80 })
            }
            None if checked.all => Outcome::Whole(found.confidence(100)),
            None => Outcome::Whole(found.holds(Holds::Opaque)),
        }
    }
}
