//! A broken file, what is known of the space in which the rest of it may lie, and the effort it is worth.

use super::{Broken, Found, Holds, Tape, slack::Filled, tape::Meter};
use crate::{
    Progress,
    bytes::{Extents, ReadAt, Run, Source},
    error::{Error, Result},
};
use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes of effort between two looks at whether the work is to end.
const BETWEEN_LOOKS: u64 = 16 << 20;
/// Verdicts that are kept.
const MOST_VERDICTS: usize = 1 << 20;

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
    pub(super) source: &'a Source,
    pub(super) start: u64,
    pub(super) broken: Broken,
    pub(super) cluster_size: u64,
    /// Ranges of the source that no file has claimed, in order and apart.
    pub(super) free: &'a [(u64, u64)],
    /// Where the source leaves one run of the medium for another.
    pub(super) run_starts: &'a [u64],
    /// What the medium fills with zeros behind files, once it is known.
    pub(super) filled: Option<Filled>,
    pub(super) meter: Meter,
    /// What was left on the meter when it was last asked whether the work is to end.
    pub(super) looked_at: u64,
    /// Whoever may end the work, and the bytes of the source.
    pub(super) progress: (&'a dyn Progress, u64),
    pub(super) format: usize,
    pub(super) verdicts: &'a Verdicts,
    pub(super) again: bool,
}

/// What formats said of clusters, kept from one file to the next: by format and place.
pub(super) type Verdicts = Mutex<HashMap<(usize, u64), u8>>;

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

    /// Where the source leaves one run of the medium for another: what lies between them is in use, so that a file that was
    /// written when it was leaves the one at its end, and mostly goes on where another begins.
    pub fn run_starts(&self) -> &'a [u64] {
        self.run_starts
    }

    /// True where the source leaves one run for another at byte `at`, or may do so anywhere as far as is known.
    pub fn may_join(&self, at: u64) -> bool {
        self.run_starts.is_empty() || self.run_starts.binary_search(&at).is_ok()
    }

    /// The end of the run of the medium that holds byte `at` of the source.
    pub fn run_end(&self, at: u64) -> u64 {
        let next = self.run_starts.partition_point(|start| *start <= at);
        self.run_starts.get(next).copied().unwrap_or(self.source.len())
    }

    /// True where it is known that the medium fills up with zeros what files leave of their last sector or cluster.
    pub fn knows_slack(&self) -> bool {
        self.filled.is_some()
    }

    /// True where a file that has its last `length` bytes from byte `at` of the source on seems to end there, by such zeros.
    pub fn ends_in_slack(&self, at: u64, length: u64) -> bool {
        self.filled.is_some_and(|filled| filled.ends(self.source, (at, length)))
    }

    /// The end of the free range that holds byte `at` of the source; `at` where none does.
    pub fn free_until(&self, at: u64) -> u64 {
        let next = self.free.partition_point(|(_, end)| *end <= at);
        self.free.get(next).filter(|(start, _)| *start <= at).map_or(at, |(_, end)| *end)
    }

    /// True where nobody else has any byte of `run`.
    pub fn is_free(&self, run: &Run) -> bool {
        run.offset.is_none_or(|at| self.free_until(at) >= at.saturating_add(run.length))
    }

    /// The end of the free range that holds byte `at`, passing over files that begin off the grid of clusters: they are parts of
    /// others, as a thumbnail is.
    pub fn free_from_parts_until(&self, at: u64) -> u64 {
        let mut next = self.free.partition_point(|(_, end)| *end <= at);
        let mut until = at;
        while let Some((start, end)) = self.free.get(next) {
            if *start > until && (until == at || self.is_on_grid(until)) {
                break;
            }
            until = *end;
            next = next.saturating_add(1);
        }
        until
    }

    fn is_on_grid(&self, at: u64) -> bool {
        at.abs_diff(self.start).checked_rem(self.cluster_size) == Some(0)
    }

    /// A tape over runs of the source, as if they stood one behind another. What is read of it counts among the effort.
    pub fn tape(&self, runs: impl IntoIterator<Item = Run>) -> Tape {
        Tape::new(Arc::new(Extents::new(self.source.clone(), runs)), 0).metered(self.meter.clone())
    }

    /// A tape over the source from byte `start` on, in the same way.
    pub fn tape_from(&self, start: u64) -> Tape {
        Tape::new(self.source.clone(), start).metered(self.meter.clone())
    }

    /// False where the file would have bytes twice, or what nobody checked in the place of another's.
    pub(super) fn may_have(&self, mended: &Mended) -> bool {
        let is_free = || mended.runs.iter().skip(1).all(|run| self.is_free(run));
        are_apart(&mended.runs) && (mended.found.holds != Holds::Opaque || is_free())
    }

    /// True where the same file was tried before, and others were mended since: their clusters are out of the way now, and what
    /// did not fit then does not fit now.
    pub fn is_tried_again(&self) -> bool {
        self.again
    }

    /// What `judge` says of each of `clusters`, as far as the effort goes; `None` where one cannot be read. It must always say the
    /// same of the same bytes, as it is asked once only for all files of the format.
    pub fn verdicts(&mut self, clusters: &[u64], judge: impl Fn(&[u8]) -> u8) -> Vec<Option<u8>> {
        let mut known: Vec<Option<u8>> = {
            let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
            clusters.iter().map(|at| verdicts.get(&(self.format, *at)).copied()).collect()
        };
        let mut fresh = Vec::new();
        let mut asked = 0usize;
        for (at, known) in clusters.iter().zip(&mut known) {
            let length = self.cluster_size.min(self.source.len().saturating_sub(*at));
            // What is known already costs the same: on many threads, which files come first is a matter of chance.
            if !self.spend(length) {
                break;
            }
            asked = asked.saturating_add(1);
            if known.is_none()
                && let Ok(bytes) = self.source.read_vec(*at, length)
            {
                let verdict = judge(&bytes);
                *known = Some(verdict);
                fresh.push(((self.format, *at), verdict));
            }
        }
        known.truncate(asked);
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST_VERDICTS.saturating_sub(verdicts.len());
        verdicts.extend(fresh.into_iter().take(room));
        known
    }

    /// Takes `bytes` from the effort this file is worth; false once it is used up or the work is to end.
    pub fn spend(&mut self, bytes: u64) -> bool {
        let goes_on = self.meter.take(bytes);
        let left = self.meter.left();
        if self.looked_at.saturating_sub(left) >= BETWEEN_LOOKS {
            self.looked_at = left;
            if check(self.progress.0, self.progress.1).is_err() {
                self.meter.take(u64::MAX);
                return false;
            }
        }
        goes_on
    }
}

/// True where no byte of the source is in two of the runs.
pub(super) fn are_apart(runs: &[Run]) -> bool {
    let place = |run: &Run| Some((run.offset?, run.offset?.saturating_add(run.length)));
    let mut places: Vec<(u64, u64)> = runs.iter().filter_map(place).collect();
    places.sort_unstable();
    places.array_windows().all(|[a, b]| a.1 <= b.0)
}

/// The places of a free range at which a cluster begins, on the grid through `origin`.
fn grid((start, end): (u64, u64), origin: u64, size: u64) -> impl DoubleEndedIterator<Item = u64> {
    let phase = origin.checked_rem(size).unwrap_or(0);
    let first = start.saturating_sub(phase).div_ceil(size.max(1)).saturating_mul(size).saturating_add(phase);
    let count = end.saturating_sub(first).div_ceil(size.max(1));
    (0..count).map(move |n| first.saturating_add(n.saturating_mul(size)))
}

/// Whether whoever asked for the work wants it to go on.
pub(super) fn check(progress: &dyn Progress, length: u64) -> Result<()> {
    match progress.update(length, length) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Cancelled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_share_a_byte_are_not_apart() {
        let runs = |places: &[(u64, u64)]| places.iter().map(|(at, length)| Run::new(*at, *length)).collect::<Vec<_>>();
        assert!(are_apart(&runs(&[(2048, 512), (512, 1536), (2560, 1)])));
        assert!(!are_apart(&runs(&[(2048, 24576), (1536, 9925)])));
    }
}
