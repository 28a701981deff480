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
        Mended, Mending,
        formats::splice::{Splice, cuts},
    },
};

/// Pages that are looked for, one after another.
const MOST_SOUGHT: usize = 8;
const MOST_CUTS: usize = 256;
/// Distances that are tried.
const MOST_TAILS: usize = 64;
/// Clusters before the first wrong page at which the file may be cut.
const FARTHEST_CUT: u64 = 16;

pub(super) fn mend(mending: &mut Mending<'_>) -> Option<Mended> {
    let mut tape = mending.tape_from(mending.start());
    let survey = survey::survey(&mut tape).ok()?;
    if survey.guessed {
        return None;
    }
    let wrong = survey.header.place(survey.wrong.first_key_value().map(|(page, _)| *page)?);
    let sought = survey.wrong.iter().filter_map(|(page, expected)| Some((*page, (*expected)?)));
    // The last ones are the farthest from the cut.
    let sought: Vec<_> = sought.rev().take(MOST_SOUGHT).collect();
    let mut tails = tails(mending, &survey, &sought)?;
    // Other databases may have pages of the same shape: the nearest are the likeliest.
    tails.sort_by_key(|(byte, place)| place.wrapping_sub(*byte).abs_diff(mending.start()));
    let page = survey.header.page_size;
    let doubtful = survey.header.place(survey.first_doubtful());
    tails.into_iter().find_map(|(byte, place)| {
        let from = wrong.saturating_sub(mending.cluster_size().saturating_mul(FARTHEST_CUT)).min(doubtful);
        let to = wrong.saturating_add(page.saturating_sub(1)).min(byte);
        cuts(mending, from, to).take(MOST_CUTS).find_map(|cut| {
            let splice = Splice::through(mending, cut, byte, place)?;
            mending.spend(survey.header.place(survey.pages) / 8).then_some(())?;
            splice.checked(mending, &Sqlite)
        })
    })
}

/// Where pages of the second fragment may stand: the byte of the file, and the place in the source.
fn tails(mending: &mut Mending<'_>, survey: &Survey, sought: &[(u32, Expected)]) -> Option<Vec<(u64, u64)>> {
    let header = survey.header;
    let usable = usize::try_from(header.usable).ok()?;
    let mut found: Vec<(u64, u64)> = Vec::new();
    for cluster in mending.clusters(mending.start()) {
        for (number, expected) in sought {
            let byte = header.place(*number);
            let place = cluster.saturating_add(byte.checked_rem(mending.cluster_size())?);
            let mut first = [0];
            if mending.source().read_at(place, &mut first).is_err() || !matches!(first, [2 | 5 | 10 | 13]) {
                continue;
            }
            if !mending.spend(header.page_size) {
                return Some(found);
            }
            let Ok(bytes) = mending.source().read_vec(place, header.page_size) else { continue };
            let distance = place.wrapping_sub(byte);
            let is_known = found.iter().any(|(byte, place)| place.wrapping_sub(*byte) == distance);
            let fits = || page::read(&bytes, 0, usable, *expected).is_some_and(|page| !page.is_empty());
            if found.len() < MOST_TAILS && !is_known && fits() {
                found.push((byte, place));
            }
        }
    }
    Some(found)
}
