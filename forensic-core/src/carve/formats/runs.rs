//! Files in many runs of a space whose runs are known: a file leaves one at its end and goes on where another begins, so that each
//! join is one of few. A format tells which of them may be right by what stands in the run up to its end.

use super::{
    layout::Layout,
    sector::{SECTOR, is_foreign_to_compressed},
};
use crate::carve::{Format, Found, Mended, Mending, Outcome, Tape};

/// Joins that are tried for one file, for each of its runs.
const MOST_TRIED: usize = 3;
const MOST_RUNS: usize = 1024;
/// Continuations of one run that are followed.
const FOLLOWED: usize = 4;
/// What looking at a run costs.
const COST: u64 = 512;

/// A format's knowledge of its file, piece by piece.
pub(super) trait Follow {
    /// Takes in the file up to byte `cut`, the end of the tape; false where it is wrong before, or nothing is known of it.
    fn settle(&mut self, tape: &mut Tape, cut: u64) -> bool;

    /// What speaks for the bytes from `cut` to `end`, the end of the tape; `None` where they are wrong.
    fn fit(&mut self, tape: &mut Tape, cut: u64, end: u64) -> Option<Fit>;
}

/// What speaks for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    pub(super) score: u64,
    /// True where the file ends in it.
    pub(super) ends: bool,
}

/// Where a file leaves a run, and where it may go on, the likeliest last.
struct Join {
    layout: Layout,
    cut: u64,
    fits: Vec<(Fit, u64)>,
}

/// Puts the file together that `follow` is of, and lets `format` check it to its end.
pub(super) fn mended(mending: &mut Mending<'_>, format: &dyn Format, follow: &mut dyn Follow) -> Option<Mended> {
    if mending.run_starts().is_empty() {
        return None;
    }
    let candidates = candidates(mending);
    let layout = Layout::new(mending.start());
    let cut = end_of_last(mending, &layout, 0)?;
    let mut joins = vec![join(mending, follow, &candidates, layout, cut)?];
    let (mut tried, mut longest) = (0usize, 1usize);
    while let Some(last) = joins.last_mut() {
        let Some((fit, place)) = last.fits.pop() else {
            joins.pop();
            continue;
        };
        let (layout, cut) = (last.layout.on_from(last.cut, place), last.cut);
        tried = tried.saturating_add(1);
        if tried > longest.saturating_mul(MOST_TRIED) || joins.len() > MOST_RUNS {
            return None;
        }
        if fit.ends {
            match format.check(&mut layout.tape(mending)) {
                Outcome::Whole(found @ Found { damaged_at: None, .. }) if found.length > cut => {
                    return Some(Mended { runs: layout.runs(found.length), found });
                }
                _ => continue,
            }
        }
        let end = end_of_last(mending, &layout, cut)?;
        joins.extend(join(mending, follow, &candidates, layout, end));
        longest = longest.max(joins.len());
    }
    None
}

/// What the file may go on with at its byte `cut`.
fn join(
    mending: &mut Mending<'_>,
    follow: &mut dyn Follow,
    candidates: &[u64],
    layout: Layout,
    cut: u64,
) -> Option<Join> {
    if !mending.spend(cut) || !follow.settle(&mut mending.tape(layout.runs(cut)), cut) {
        return None;
    }
    let mut fits = Vec::new();
    for place in candidates {
        let longer = layout.on_from(cut, *place);
        let Some(end) = end_of_last(mending, &longer, cut) else { continue };
        if !mending.spend(COST) {
            return None;
        }
        if let Some(fit) = follow.fit(&mut mending.tape(longer.runs(end)), cut, end) {
            fits.push((fit, *place));
        }
    }
    // Of two that are as likely, the first comes first.
    fits.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
    fits.truncate(FOLLOWED);
    fits.reverse();
    Some(Join { layout, cut, fits })
}

/// True where the bytes from `cut` on are none of compressed data up to `end`; what fills no sector tells nothing.
pub(super) fn is_foreign(tape: &mut Tape, cut: u64, end: impl FnOnce(&mut Tape) -> Option<u64>) -> bool {
    let is_last = |end: u64| end < cut.saturating_add(SECTOR as u64);
    tape.bytes(cut, SECTOR).is_ok_and(is_foreign_to_compressed) && !end(tape).is_some_and(is_last)
}

/// Where the file may go on: where a run begins, or what is free. Those behind the file come first, and then all from the start of
/// the source, as allocators look for room.
pub(super) fn candidates(mending: &Mending<'_>) -> Vec<u64> {
    let starts = mending.run_starts();
    let mut clusters: Vec<u64> = mending.clusters(0).collect();
    clusters.sort_unstable();
    clusters.dedup();
    let mut next = None;
    clusters.retain(|at| {
        let begins = next != Some(*at) || starts.binary_search(at).is_ok();
        next = at.checked_add(mending.cluster_size());
        begins
    });
    let behind = clusters.partition_point(|at| *at < mending.start());
    clusters.rotate_left(behind);
    clusters
}

/// The byte of the file at which its last run, which begins at byte `from`, ends at the latest; `None` where it lies on another
/// of the file.
pub(super) fn end_of_last(mending: &Mending<'_>, layout: &Layout, from: u64) -> Option<u64> {
    let place = layout.source_of(from);
    let mut end = mending.run_end(place).min(mending.free_from_parts_until(place));
    for run in layout.runs(from) {
        let (start, stop) = (run.offset?, run.offset?.saturating_add(run.length));
        if (start..stop).contains(&place) {
            return None;
        }
        if start > place {
            end = end.min(start);
        }
    }
    // What reaches to the end of the source may be cut anywhere.
    let length = end.checked_sub(place)?;
    let part = length.checked_rem(mending.cluster_size()).filter(|_| end < mending.source().len()).unwrap_or(0);
    let length = length.saturating_sub(part);
    (length > 0).then(|| from.saturating_add(length))
}
