//! Databases in two fragments: a page that must be of a certain tree and hold certain rows is looked for in free space; where
//! it stands tells how far off the second fragment is. Every page of the whole must then be as expected.

use super::{
    Sqlite,
    page::{self, Expected},
    survey::{self, Survey},
};
use crate::{
    bytes::ReadAt,
    carve::{
        Mended, Mending, Tape,
        formats::splice::{Splice, cuts},
    },
};

/// Pages that are looked for, one after another.
const MOST_SOUGHT: usize = 4;
/// Clusters before the first wrong page at which the file may be cut.
const FARTHEST_CUT: u64 = 16;

pub(super) fn mend(mending: &mut Mending<'_>) -> Option<Mended> {
    let mut tape = Tape::new(mending.source().clone(), mending.start());
    let survey = survey::survey(&mut tape).ok()?;
    if survey.guessed {
        return None;
    }
    let wrong = survey.header.place(survey.wrong.first_key_value().map(|(page, _)| *page)?);
    // The last ones are the farthest from the cut.
    let sought = survey.wrong.iter().rev().filter_map(|(page, expected)| Some((*page, (*expected)?)));
    for (number, expected) in sought.take(MOST_SOUGHT) {
        if let Some(mended) = seek(mending, &survey, wrong, number, expected) {
            return Some(mended);
        }
    }
    None
}

fn seek(mending: &mut Mending<'_>, survey: &Survey, wrong: u64, number: u32, expected: Expected) -> Option<Mended> {
    let header = survey.header;
    let byte = header.place(number);
    let in_cluster = byte.checked_rem(mending.cluster_size())?;
    let usable = usize::try_from(header.usable).ok()?;
    for cluster in mending.clusters(mending.start()) {
        let place = cluster.saturating_add(in_cluster);
        if !mending.spend(header.page_size) {
            return None;
        }
        let mut first = [0];
        if mending.source().read_at(place, &mut first).is_err() || !matches!(first, [2 | 5 | 10 | 13]) {
            continue;
        }
        let Ok(bytes) = mending.source().read_vec(place, header.page_size) else { continue };
        if page::read(&bytes, 0, usable, expected).is_none_or(|page| page.is_empty()) {
            continue;
        }
        let from = wrong.saturating_sub(mending.cluster_size().saturating_mul(FARTHEST_CUT));
        let to = wrong.saturating_add(header.page_size.saturating_sub(1)).min(byte);
        let mended = cuts(mending, from, to).find_map(|cut| {
            let splice = Splice::through(mending, cut, byte, place)?;
            mending.spend(survey.header.place(survey.pages) / 8).then_some(())?;
            splice.checked(mending, &Sqlite)
        });
        if mended.is_some() {
            return mended;
        }
    }
    None
}
