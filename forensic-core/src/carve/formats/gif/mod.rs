//! GIF, by the walk of its blocks and the LZW codes of its images (CompuServe, GIF87a and GIF89a specifications; sections
//! named as there).

mod mend;
mod walk;

use crate::carve::{Broken, Format, Found, Mended, Mending, Outcome, Signature, Tape};
use walk::Walk;

/// GIF pictures and animations.
pub(super) struct Gif;

const KIND: &str = "gif";
const SIGNATURES: &[Signature] = &[Signature::new(b"GIF87a"), Signature::new(b"GIF89a")];

impl Format for Gif {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let mut walk = Walk::new(tape);
        let end = walk.blocks();
        match (end, walk.wrong) {
            (Ok(length), None) => Outcome::Whole(Found::new(KIND, length).confidence(100)),
            (Ok(length), Some(wrong)) if walk.begun => Outcome::Whole(Found::new(KIND, length).damaged_at(wrong)),
            (Err(broken), wrong) if walk.begun => Outcome::Broken(Broken {
                kind: KIND,
                good: walk.good.min(wrong.unwrap_or(u64::MAX)),
                broken_at: broken.at.min(wrong.unwrap_or(u64::MAX)),
                length: None,
                confidence: 70,
            }),
            _ => Outcome::No,
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        mend::mend(self, mending)
    }
}
