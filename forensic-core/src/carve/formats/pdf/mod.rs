//! PDF (ISO 32000-1, 7.5): objects one behind another, cross-references where "startxref" says, and what was added later.

mod end;
mod mend;
mod objects;
mod syntax;
mod tokens;

use crate::carve::{Broken, Format, Found, Mended, Mending, Outcome, Signature, Tape};
use end::End;
use objects::Walk;

/// PDF documents.
pub(super) struct Pdf;

const KIND: &str = "pdf";
const SIGNATURES: &[Signature] = &[Signature::new(b"%PDF-").when(plausible)];
/// Objects that must hold before a torn document is believed.
const CONVINCING: u64 = 2;
/// How far behind a place that does not hold the end is still looked for.
const FARTHEST_END: u64 = 64 << 20;

impl Format for Pdf {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let walk = objects::walk(tape);
        match (walk.end, walk.wrong) {
            (Some(end), None) => Outcome::Whole(Found::new(KIND, end).confidence(95)),
            (None, _) if walk.objects < CONVINCING => Outcome::No,
            (_, wrong) => beyond(tape, &walk, wrong.unwrap_or(walk.at)),
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        mend::mend(mending)
    }
}

fn plausible(head: &[u8]) -> bool {
    matches!(head, [_, _, _, _, _, b'1' | b'2', b'.', b'0'..=b'9', end, ..] if tokens::is_space(*end) || *end == b'%')
}

/// What to say of a file whose objects do not follow one another at `wrong`: its end may be found all the same, at the
/// right distance.
fn beyond(tape: &mut Tape, walk: &Walk, wrong: u64) -> Outcome {
    let mut from = walk.at;
    let farthest = from.saturating_add(FARTHEST_END);
    while let Some(End { keyword, xref, end }) = end::next(tape, from, farthest) {
        if xref < keyword && xref > wrong && end::is_xref(tape, xref) {
            return Outcome::Whole(Found::new(KIND, end).confidence(80).damaged_at(wrong));
        }
        from = end;
    }
    let good = walk.at.min(wrong);
    Outcome::Broken(Broken { kind: KIND, good, broken_at: wrong.max(good), length: None, confidence: 70 })
}
