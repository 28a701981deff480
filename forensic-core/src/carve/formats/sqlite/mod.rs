//! SQLite databases (sqlite.org, "Database File Format"): every page is reached and of the kind expected. And their
//! write-ahead logs.

mod header;
mod mend;
mod page;
mod runs;
mod survey;
mod wal;

use crate::carve::{Broken, Format, Found, Mended, Mending, Outcome, Signature, Tape, formats};
pub(super) use wal::Wal;

/// SQLite databases.
pub(super) struct Sqlite;

const KIND: &str = "sqlite";
const SIGNATURES: &[Signature] = &[Signature::new(header::MAGIC).when(header::plausible)];

impl Format for Sqlite {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok(survey) = survey::survey(tape) else { return Outcome::No };
        let length = survey.header.place(survey.pages.saturating_add(1));
        match survey.wrong.first_key_value() {
            None => {
                let confidence = if survey.guessed { 80 } else { 100 };
                Outcome::Whole(Found::new(KIND, length).confidence(confidence))
            }
            Some((page, _)) => {
                let broken_at = survey.header.place(*page).min(tape.len());
                let good = survey.header.place(survey.first_doubtful()).min(broken_at);
                let length = (!survey.guessed).then_some(length);
                Outcome::Broken(Broken { kind: KIND, good, broken_at, length, confidence: 80 })
            }
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        formats::runs::mended(mending, self, &mut runs::Pages::default()).or_else(|| mend::mend(mending))
    }
}
