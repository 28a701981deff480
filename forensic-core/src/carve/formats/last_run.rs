//! A file of which nothing but its length and its first run are known, in a space whose runs are known and on a medium that fills
//! up with zeros what files leave of their last cluster: it goes on in the one run in which so many bytes end before zeros.

use super::{
    layout::Layout,
    own::Own,
    runs::{candidates, end_of_last},
    sector::SECTOR,
};
use crate::carve::{Format, Found, Mended, Mending, Outcome};

/// How sure such a file is, at most.
const UNSURE: u8 = 75;
/// Runs in which such a file could end that are tried.
const MOST_TRIED: usize = 16;
/// What looking at a run costs.
const COST: u64 = 4096;

/// Puts the file together from its first run and another, where no third could be meant, and lets `format` check it.
pub(in crate::carve) fn mended(mending: &mut Mending<'_>, format: &dyn Format) -> Option<Mended> {
    if mending.run_starts().is_empty() || !mending.knows_slack() {
        return None;
    }
    let broken = mending.broken();
    let first = Layout::new(mending.start());
    let cut = end_of_last(mending, &first, 0).filter(|cut| *cut < broken.broken_at)?;
    let length = broken.length.filter(|length| *length > cut)?;
    let (size, rest) = (mending.cluster_size(), length.saturating_sub(cut));
    let mut tape = mending.tape_from(0);
    let own = Own::of(&mut tape, mending.start(), mending.start().saturating_add(cut), u64::MAX, size)?;
    let mut is_own = |at, end: u64| !own.look(&mut tape, at, size.min(end.saturating_sub(at))).is_foreign();
    let (mut only, mut tried) = (None, 0usize);
    for place in candidates(mending) {
        if !mending.spend(COST) {
            return None;
        }
        let layout = first.on_from(cut, place);
        let has_room = end_of_last(mending, &layout, cut).is_some_and(|end| end >= length);
        if place == first.source_of(cut) || !has_room || !mending.ends_in_slack(place, rest) {
            continue;
        }
        let end = place.saturating_add(rest);
        // The last bytes may be of another kind: metadata, an index.
        let body = end.saturating_sub(SECTOR as u64).max(place.saturating_add(1));
        if !(place..body).step_by(usize::try_from(size).ok()?).all(|at| is_own(at, end)) {
            continue;
        }
        let whole = match format.check(&mut layout.tape(mending)) {
            Outcome::Whole(found @ Found { damaged_at: None, .. }) if found.length == length => Some((layout, found)),
            _ => None,
        };
        tried = tried.saturating_add(1);
        if tried > MOST_TRIED || whole.is_some() && only.is_some() {
            return None;
        }
        only = only.or(whole);
    }
    let (layout, found) = only?;
    Some(Mended { runs: layout.runs(found.length), found: found.confidence(found.confidence.min(UNSURE)) })
}
