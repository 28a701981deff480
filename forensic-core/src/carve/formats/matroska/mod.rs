//! Matroska and WebM, by the walk of their elements (RFC 8794, EBML; RFC 9559, Matroska).

mod element;
mod walk;

use super::chain;
use crate::carve::{Broken, Format, Found, Mended, Mending, Outcome, Signature, Tape};
use walk::Walk;

/// Matroska and WebM.
pub(super) struct Matroska;

const SIGNATURES: &[Signature] = &[Signature::new(b"\x1a\x45\xdf\xa3")];

impl Format for Matroska {
    fn types(&self) -> &'static [&'static str] {
        &["mkv", "webm"]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let mut walk = Walk::default();
        let end = walk.file(tape);
        let kind = if walk.web { "webm" } else { "mkv" };
        match (end, walk.bad) {
            _ if walk.blocks == 0 => Outcome::No,
            (Ok(end), None) => Outcome::Whole(Found::new(kind, end).confidence(95)),
            (Ok(end), Some(bad)) => Outcome::Whole(Found::new(kind, end).damaged_at(bad)),
            (Err(broken), _) => Outcome::Broken(Broken {
                kind,
                good: walk.good,
                broken_at: walk.bad.map_or(broken.at, |bad| bad.min(broken.at)).max(walk.good),
                length: walk.length,
                confidence: if walk.blocks > 1 { 95 } else { 80 },
            }),
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        chain::mended(mending, self, &mut Walk::default())
    }
}
