//! TIFF, BigTIFF and the raw formats of cameras that are TIFF: every directory, value and strip is walked, the farthest end
//! is the file's (TIFF 6.0, section 2; Adobe TIFF technical notes 1 and 2; DNG 1.7; BigTIFF, Aware Systems).

pub(crate) mod directory;
mod early;
mod kind;
mod mend;
mod strips;
mod walk;

use super::{
    begins, coded,
    rows::{self, Verdict},
};
use crate::carve::{Broken, Format, Found, Holds, Mended, Mending, Outcome, Signature, Tape};
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
        let broken =
            |good: u64| Outcome::Broken(Broken { kind, good, broken_at: good, length: Some(length), confidence: 95 });
        let checked = strips::check(walk.tape, &walk.pictures, false);
        let there = walk.tape.len();
        if length > there {
            return broken(checked.wrong_at.unwrap_or(u64::MAX).min(there));
        }
        let found = Found::new(kind, length);
        if let Some(wrong) = checked.wrong_at {
            // A directory behind it stands in its place, and so does what reaches up to the zeros behind the file.
            let in_place = walk.first_directory >= wrong || walk.coded().is_some() && coded::ends_at(walk.tape, length);
            return match in_place {
                true => Outcome::Whole(found.damaged_at(wrong)),
                false => broken(begins::over(walk.tape, wrong)),
            };
        }
        let found = if checked.all { found.confidence(100) } else { found.holds(Holds::Opaque) };
        match verdict(&mut walk) {
            Verdict::Gap { cut, .. } | Verdict::Cut { cut } => broken(cut),
            Verdict::Hurt { at } => Outcome::Whole(found.damaged_at(at)),
            Verdict::Even => Outcome::Whole(found),
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        mend::mend(self, mending)
    }
}

/// What is seen of pixels that are not compressed, or of compressed data that cannot be checked.
fn verdict(walk: &mut Walk<'_>) -> Verdict {
    let length = walk.end;
    match (walk.raster(), walk.coded()) {
        (Some(raster), _) => rows::verdict(walk.tape, raster),
        (None, Some((from, to))) => coded::verdict(walk.tape, from, to, length),
        _ => walk.foreign_start().map_or(Verdict::Even, |cut| Verdict::Cut { cut }),
    }
}
