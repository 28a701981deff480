//! Putting fragmented files together: what is known of the space around a broken file, and the rounds in which files are
//! mended, each taking its clusters out of the way of the next.

use super::{
    Broken, Format, Found, Tape,
    claim::{Claim, What},
};
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    limits::Limits,
};
use std::sync::Arc;

/// The end of a broken file's good part that may be another's: a break is noticed some bytes after it.
const DOUBTFUL: u64 = 128 << 10;
/// Rounds over the broken files; each is worth its time only because the one before took clusters away.
const ROUNDS: usize = 3;
/// Broken files times claims: where there are very many of both, only the first files are mended.
const MOST_LOOKED_AT: usize = 50_000_000;
/// What begins within a sector is a part of another file, whose clusters follow a grid that is not known.
const SECTOR: u64 = 512;
/// Files of fewer bytes do not count where the cluster size is inferred.
const LONG: u64 = 4096;
/// The cluster sizes a filesystem has, the largest first.
const CLUSTER_SIZES: [u64; 8] = [64 << 10, 32 << 10, 16 << 10, 8 << 10, 4 << 10, 2 << 10, 1 << 10, 512];

/// A file put together from runs of the source.
#[derive(Debug, Clone)]
pub struct Mended {
    /// Its runs, in the order of the file; they say nothing of what was inferred.
    pub runs: Vec<Run>,
    /// What the validator says of them.
    pub found: Found,
}

/// A broken file and the space in which the rest of it may lie.
pub struct Mending<'a> {
    source: &'a Source,
    start: u64,
    broken: Broken,
    cluster_size: u64,
    /// Ranges of the source that no file has claimed, in order and apart.
    free: &'a [(u64, u64)],
    effort: u64,
}

impl<'a> Mending<'a> {
    /// Where the file begins, in the source.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// What its validator said.
    pub fn broken(&self) -> Broken {
        self.broken
    }

    /// Bytes of a cluster: fragments begin at multiples of it, counted from the start of the file.
    pub fn cluster_size(&self) -> u64 {
        self.cluster_size
    }

    /// The source.
    pub fn source(&self) -> &'a Source {
        self.source
    }

    /// Where in the source the rest may begin: every free cluster behind byte `from` in order, then those before the file, from
    /// the nearest to the farthest.
    pub fn clusters(&self, from: u64) -> impl Iterator<Item = u64> + 'a {
        self.clusters_behind(from).chain(self.clusters_before())
    }

    /// Every free cluster behind byte `from` in order.
    pub fn clusters_behind(&self, from: u64) -> impl Iterator<Item = u64> + 'a {
        let (start, size) = (self.start, self.cluster_size);
        let first = self.free.partition_point(|(_, end)| *end <= from);
        let free = self.free.get(first..).unwrap_or_default();
        free.iter().flat_map(move |range| grid((range.0.max(from), range.1), start, size))
    }

    /// Every free cluster before the file, from the nearest to the farthest.
    pub fn clusters_before(&self) -> impl Iterator<Item = u64> + 'a {
        let (start, size) = (self.start, self.cluster_size);
        let last = self.free.partition_point(|(free, _)| *free < start);
        let free = self.free.get(..last).unwrap_or_default();
        free.iter().rev().flat_map(move |range| grid((range.0, range.1.min(start)), start, size).rev())
    }

    /// The end of the free range that holds byte `at` of the source; `at` where none does.
    pub fn free_until(&self, at: u64) -> u64 {
        let next = self.free.partition_point(|(_, end)| *end <= at);
        self.free.get(next).filter(|(start, _)| *start <= at).map_or(at, |(_, end)| *end)
    }

    /// A tape over runs of the source, as if they stood one behind another.
    pub fn tape(&self, runs: impl IntoIterator<Item = Run>) -> Tape {
        Tape::new(Arc::new(Extents::new(self.source.clone(), runs)), 0)
    }

    /// Takes `bytes` from the effort this file is worth; false once it is used up.
    pub fn spend(&mut self, bytes: u64) -> bool {
        let left = self.effort.checked_sub(bytes);
        self.effort = left.unwrap_or(0);
        left.is_some()
    }
}

/// The places of a free range at which a cluster begins, on the grid through `origin`.
fn grid((start, end): (u64, u64), origin: u64, size: u64) -> impl DoubleEndedIterator<Item = u64> {
    let phase = origin.checked_rem(size).unwrap_or(0);
    let first = start.saturating_sub(phase).div_ceil(size.max(1)).saturating_mul(size).saturating_add(phase);
    let count = end.saturating_sub(first).div_ceil(size.max(1));
    (0..count).map(move |n| first.saturating_add(n.saturating_mul(size)))
}

/// Mends what can be mended of `claims`: gives the runs of each file that was, by the index of its claim.
pub(super) fn mend(
    source: &Source,
    claims: &[Claim],
    formats: &[&'static dyn Format],
    cluster_size: Option<u64>,
    limits: &Limits,
) -> Vec<Option<Mended>> {
    let cluster_size = cluster_size.unwrap_or_else(|| inferred_cluster_size(claims));
    let mut mended: Vec<Option<Mended>> = vec![None; claims.len()];
    // What is free is found anew for each.
    let most = MOST_LOOKED_AT.checked_div(claims.len()).unwrap_or(0);
    // How many files were mended when each was last tried: it fails again as long as no more are.
    let (mut mends, mut tried_at) = (0usize, vec![usize::MAX; claims.len()]);
    for _ in 0..ROUNDS {
        let (before, mut tried) = (mends, 0usize);
        for (index, claim) in claims.iter().enumerate() {
            let (What::Broken(broken), Some(None)) = (claim.what, mended.get(index)) else { continue };
            let Some(format) = formats.get(claim.format).filter(|_| claim.start.is_multiple_of(SECTOR)) else { continue };
            tried = tried.saturating_add(1);
            if tried > most {
                break;
            }
            let Some(last) = tried_at.get_mut(index).filter(|last| **last != mends) else { continue };
            *last = mends;
            let free = free(source.len(), claims, &mended, index);
            let mut mending =
                Mending { source, start: claim.start, broken, cluster_size, free: &free, effort: limits.mend_bytes };
            if let (Some(found), Some(place)) = (format.mend(&mut mending), mended.get_mut(index)) {
                *place = Some(found);
                mends = mends.saturating_add(1);
            }
        }
        if mends == before {
            break;
        }
    }
    mended
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

/// What no whole or mended file has, nor the certain part of a broken one but `own`.
fn free(length: u64, claims: &[Claim], mended: &[Option<Mended>], own: usize) -> Vec<(u64, u64)> {
    let mut taken = Vec::new();
    for (index, (claim, mended)) in claims.iter().zip(mended).enumerate() {
        match (mended, claim.what) {
            (Some(mended), _) => {
                taken.extend(
                    mended.runs.iter().filter_map(|run| Some((run.offset?, run.offset?.saturating_add(run.length)))),
                );
            }
            (None, What::Whole(_)) => taken.push((claim.start, claim.end())),
            (None, What::Broken(broken)) if index != own => {
                let certain = broken.good.saturating_sub(DOUBTFUL).max(broken.good.min(512));
                taken.push((claim.start, claim.start.saturating_add(certain)));
            }
            _ => {}
        }
    }
    taken.sort_unstable();
    let (mut free, mut at) = (Vec::new(), 0);
    for (start, end) in taken.into_iter().chain([(length, length)]) {
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
