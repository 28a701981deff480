//! Putting fragmented files together, in rounds: each file that is mended takes its clusters out of the way of the next.

use super::{
    Format, Mended, Mending, Options,
    claim::{Claim, What},
    formats::last_run,
    mending::{Verdicts, check},
    slack::Filled,
    tape::Meter,
};
use crate::{
    Progress,
    bytes::{Extent, ReadAt, Run, Source},
    error::{Issue, IssueLog, Result},
    parallel,
};
use std::collections::VecDeque;

/// The end of a broken file's good part that may be another's: a break is noticed some bytes after it.
const DOUBTFUL: u64 = 128 << 10;
/// Rounds over the broken files; each is worth its time only because the one before took clusters away.
const ROUNDS: usize = 3;
/// Files that are mended beside one another.
const WAVE: usize = 8;
/// Bytes that mending may look at in all: so many times those of the source, and so many more. What is decoded counts as many
/// times as bytes could be read meanwhile. The cost stays linear whatever the medium holds.
const EFFORT: (u64, u64) = (4, 32 << 30);
/// Broken files times claims: where there are very many of both, only the first files are mended.
const MOST_LOOKED_AT: usize = 50_000_000;
/// What begins within a sector is a part of another file, whose clusters follow a grid that is not known.
const SECTOR: u64 = 512;
/// Files of fewer bytes do not count where the cluster size is inferred.
const LONG: u64 = 4096;
/// The cluster sizes a filesystem has, the largest first.
const CLUSTER_SIZES: [u64; 8] = [64 << 10, 32 << 10, 16 << 10, 8 << 10, 4 << 10, 2 << 10, 1 << 10, 512];

/// Mends what can be mended of `claims`: gives the runs of each file that was, by the index of its claim. Files that what is
/// behind them refutes are broken from then on.
///
/// A few files at a time are mended beside one another, all knowing the same of the others; which they are does not depend on
/// the number of threads. Of two that took the same bytes, the first has them and the other is tried again.
///
/// # Errors
/// [`Error::Cancelled`].
pub(super) fn mend(
    source: &Source,
    claims: &mut [Claim],
    formats: &[&'static dyn Format],
    options: &Options,
    issues: &IssueLog,
    progress: &dyn Progress,
) -> Result<Vec<Option<Mended>>> {
    let cluster_size = options.cluster_size.unwrap_or_else(|| inferred_cluster_size(claims));
    let threads = parallel::threads_to_start(options.threads);
    let mut mended: Vec<Option<Mended>> = vec![None; claims.len()];
    // What is free is found anew for each.
    let most = MOST_LOOKED_AT.checked_div(claims.len()).unwrap_or(0);
    let mut effort = source.len().saturating_mul(EFFORT.0).saturating_add(EFFORT.1);
    // How many files were mended when each was last tried: it fails again as long as no more are.
    let (mut mends, mut tried_at) = (0usize, vec![usize::MAX; claims.len()]);
    let verdicts = Verdicts::default();
    let mut filled = None;
    let run_starts = run_starts(source);
    for _ in 0..ROUNDS {
        let before = mends;
        let broken = claims.iter().zip(&mended).enumerate().filter_map(|(index, (claim, mended))| match claim.what {
            What::Broken(broken) if mended.is_none() && claim.start.is_multiple_of(SECTOR) => {
                Some((index, broken, claim.format, *formats.get(claim.format)?))
            }
            _ => None,
        });
        let mut waiting: VecDeque<_> = broken.take(most).collect();
        while !waiting.is_empty() {
            let mut wave = Vec::new();
            while wave.len() < WAVE
                && let Some(next) = waiting.pop_front()
            {
                if let Some(last) = tried_at.get_mut(next.0).filter(|last| **last != mends) {
                    wave.push((next, *last != usize::MAX));
                    *last = mends;
                }
            }
            let taken = taken(claims, &mended);
            let allowed = effort.checked_div(wave.len() as u64).unwrap_or(0).min(options.limits.mend_bytes);
            let work = |number: u64| {
                let ((index, broken, number, format), again) = wave.get(usize::try_from(number).ok()?)?;
                let (start, free) = (claims.get(*index)?.start, free(source.len(), &taken, *index));
                let mut mending = Mending {
                    source,
                    start,
                    broken: *broken,
                    cluster_size,
                    free: &free,
                    run_starts: &run_starts,
                    filled,
                    meter: Meter::new(allowed),
                    looked_at: allowed,
                    progress: (progress, source.len()),
                    format: *number,
                    verdicts: &verdicts,
                    again: *again,
                };
                let found = last_run::mended(&mut mending, *format).or_else(|| format.mend(&mut mending));
                let found = found.filter(|mended| mending.may_have(mended));
                Some((found, allowed.saturating_sub(mending.meter.left())))
            };
            let (mut of_wave, mut again): (Vec<Run>, Vec<_>) = Default::default();
            parallel::in_order(wave.len() as u64, threads, work, |number, done| {
                check(progress, source.len())?;
                let tried = usize::try_from(number).ok().and_then(|number| wave.get(number));
                let (Some((tried, _)), Some((found, spent))) = (tried, done) else { return Ok(()) };
                effort = effort.saturating_sub(spent);
                let fits = |found: &Mended| !filled.is_some_and(|filled: Filled| filled.refutes_mended(source, found));
                let Some(found) = found.filter(fits) else { return Ok(()) };
                if found.runs.iter().any(|run| of_wave.iter().any(|other| overlap(run, other))) {
                    again.push(*tried);
                } else if let Some(place) = mended.get_mut(tried.0) {
                    of_wave.extend(found.runs.iter().copied());
                    *place = Some(found);
                    mends = mends.saturating_add(1);
                }
                Ok(())
            })?;
            again.into_iter().rev().for_each(|tried| waiting.push_front(tried));
            if effort == 0 {
                let message =
                    "the search for missing fragments ended early: it had looked at many times the medium's bytes";
                issues.push(Issue::new(None, "fragmented files", message));
                return Ok(mended);
            }
        }
        let learned = Filled::learned(source, claims, &mended, cluster_size);
        if filled.is_none() && learned.is_some() && !run_starts.is_empty() {
            // More is known of all of them.
            mends = mends.saturating_add(1);
        }
        filled = learned;
        let refuted = filled.map_or(0, |filled| refute(source, claims, &mut mended, filled));
        if mends == before && refuted == 0 {
            break;
        }
    }
    Ok(mended)
}

/// Takes back what is refuted by the bytes behind it, and says how many files that are.
fn refute(source: &Source, claims: &mut [Claim], mended: &mut [Option<Mended>], filled: Filled) -> usize {
    let mut refuted = 0usize;
    for (claim, mended) in claims.iter_mut().zip(mended) {
        if mended.take_if(|mended| filled.refutes_mended(source, mended)).is_some() {
            refuted = refuted.saturating_add(1);
        } else if let (None, Some(broken)) = (mended, filled.refutes(source, claim)) {
            claim.what = What::Broken(broken);
            refuted = refuted.saturating_add(1);
        }
    }
    refuted
}

/// Where runs of the medium begin in the source, but the first.
fn run_starts(source: &Source) -> Vec<u64> {
    let end = |extent: &Extent| extent.offset.map(|offset| offset.saturating_add(extent.length));
    let extents = source.extents();
    let pairs = extents.iter().zip(extents.iter().skip(1));
    pairs.filter(|(last, next)| end(last) != next.offset).map(|(_, next)| next.stream_offset).collect()
}

fn overlap(a: &Run, b: &Run) -> bool {
    let (Some(from_a), Some(from_b)) = (a.offset, b.offset) else { return false };
    from_a < from_b.saturating_add(b.length) && from_b < from_a.saturating_add(a.length)
}

/// Takes what lies inside the runs of a mended file out of the list: whole files become its children, what is broken is but a
/// part of it.
pub(super) fn take_in(claims: Vec<Claim>, mended: Vec<Option<Mended>>) -> Vec<(Claim, Option<Mended>)> {
    let mut runs = Vec::new();
    for (owner, mended) in mended.iter().enumerate() {
        let of_file = mended.iter().flat_map(|mended| &mended.runs);
        runs.extend(of_file.filter_map(|run| Some((run.offset?, run.offset?.saturating_add(run.length), owner))));
    }
    runs.sort_unstable();
    let holder = |claim: &Claim| {
        let (start, end, owner) = *runs.get(runs.partition_point(|run| run.0 <= claim.start).checked_sub(1)?)?;
        let inside = match claim.what {
            What::Whole(_) => claim.end() <= end,
            What::Broken(_) => claim.start < end,
        };
        (inside && claim.start >= start).then_some(owner)
    };
    let (mut kept, mut children) = (Vec::new(), Vec::new());
    for (index, (claim, mended)) in claims.into_iter().zip(mended).enumerate() {
        match holder(&claim).filter(|_| mended.is_none()) {
            Some(owner) if matches!(claim.what, What::Whole(_)) => children.push((owner, claim)),
            Some(_) => {}
            None => kept.push((index, claim, mended)),
        }
    }
    for (owner, child) in children {
        if let Ok(place) = kept.binary_search_by_key(&owner, |(index, ..)| *index)
            && let Some((_, claim, _)) = kept.get_mut(place)
        {
            claim.children.push(child);
        }
    }
    kept.into_iter().map(|(_, claim, mended)| (claim, mended)).collect()
}

/// What each whole or mended file has, and the certain part of each broken one, with the index of its claim; in order.
fn taken(claims: &[Claim], mended: &[Option<Mended>]) -> Vec<(u64, u64, usize)> {
    let mut taken = Vec::new();
    for (index, (claim, mended)) in claims.iter().zip(mended).enumerate() {
        match (mended, claim.what) {
            (Some(mended), _) => {
                let place = |run: &Run| Some((run.offset?, run.offset?.saturating_add(run.length), index));
                taken.extend(mended.runs.iter().filter_map(place));
            }
            (None, What::Whole(_)) => taken.push((claim.start, claim.end(), index)),
            (None, What::Broken(broken)) => {
                let certain = broken.good.saturating_sub(DOUBTFUL).max(broken.good.min(512));
                taken.push((claim.start, claim.start.saturating_add(certain), index));
            }
        }
    }
    taken.sort_unstable();
    taken
}

/// What of the source nobody has but `own`.
fn free(length: u64, taken: &[(u64, u64, usize)], own: usize) -> Vec<(u64, u64)> {
    let others = taken.iter().filter(|(.., index)| *index != own).map(|(start, end, _)| (*start, *end));
    let (mut free, mut at) = (Vec::new(), 0);
    for (start, end) in others.chain([(length, length)]) {
        if start > at {
            free.push((at, start));
        }
        at = at.max(end);
    }
    free
}

/// The largest cluster size on whose grid nearly all files begin that begin at a sector; 512 where they begin anywhere. What
/// begins within a sector is part of something that was not recognised.
fn inferred_cluster_size(claims: &[Claim]) -> u64 {
    // Parts of torn files may be taken for files, and lie anywhere; they are short.
    let long = claims.iter().filter(|claim| claim.end().saturating_sub(claim.start) >= LONG);
    let starts: Vec<u64> = long.map(|claim| claim.start).filter(|start| start.is_multiple_of(512)).collect();
    let fits = |size: &u64| {
        let off = starts.iter().filter(|start| start.checked_rem(*size) != Some(0)).count();
        off.saturating_mul(8) <= starts.len()
    };
    CLUSTER_SIZES.into_iter().find(fits).unwrap_or(512)
}
