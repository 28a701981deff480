//! A database piece by piece: which pages must stand in a piece is told by those before it.

use super::{
    page::{self, Expected, Rows},
    survey::{self, Survey},
};
use crate::carve::{
    Tape,
    formats::runs::{Fit, Follow},
};

/// What a page that is expected is worth beside one that is but a page.
const EXPECTED: u64 = 1000;

/// The pages known of a database up to the byte at which a piece ends.
#[derive(Default)]
pub(super) struct Pages {
    settled: Option<Survey>,
}

impl Follow for Pages {
    fn settle(&mut self, tape: &mut Tape, cut: u64) -> bool {
        self.settled = survey::survey(tape).ok().filter(|survey| {
            let wrong = survey.wrong.first_key_value().map(|(page, _)| survey.header.place(page.saturating_add(1)));
            !survey.guessed && wrong.is_none_or(|wrong_end| wrong_end > cut)
        });
        self.settled.is_some()
    }

    fn fit(&mut self, tape: &mut Tape, cut: u64, end: u64) -> Option<Fit> {
        let survey = self.settled.as_ref()?;
        let header = survey.header;
        let (length, usable) = (usize::try_from(header.page_size).ok()?, usize::try_from(header.usable).ok()?);
        let first = u32::try_from(cut.checked_div(header.page_size)?).ok()?.saturating_add(1);
        let mut score = 0u64;
        for number in first..=survey.pages {
            let at = header.place(number);
            if at.saturating_add(header.page_size) > end {
                break;
            }
            let bytes = tape.bytes(at, length).ok()?;
            match survey.wrong.get(&number) {
                Some(Some(expected)) => {
                    let page = page::read(bytes, 0, usable, *expected)?;
                    score = score.saturating_add(if page.is_empty() { 1 } else { EXPECTED });
                }
                _ => {
                    let any = Expected { tree: None, rows: Rows::ALL, schema: false };
                    let is_page = page::read(bytes, 0, usable, any).is_some_and(|page| !page.is_empty());
                    score = score.saturating_add(is_page.into());
                }
            }
        }
        Some(Fit { score, ends: end >= header.place(survey.pages.saturating_add(1)) })
    }
}
