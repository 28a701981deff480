//! The cluster heap of FAT and exFAT: clusters numbered from 2, and content put together from them, in which what is lost
//! fails to read and is never zeros.

use super::stored::Holed;
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::Error,
};
use std::{collections::HashSet, sync::Arc};

/// Bytes read at once.
const READ: u32 = 1 << 20;
/// Bytes of a cluster from which on its first sector is read alone.
const LARGE_CLUSTER: u32 = 8 << 10;

/// The clusters of a volume.
pub(crate) struct Heap {
    /// The volume.
    pub(crate) source: Source,
    /// Byte offset of cluster 2 in the volume.
    pub(crate) offset: u64,
    /// Bytes a cluster.
    pub(crate) cluster_size: u32,
    /// How many clusters there are.
    pub(crate) count: u32,
}

impl Heap {
    /// True for the number of a cluster of this volume.
    pub(crate) fn has(&self, cluster: u32) -> bool {
        cluster >= 2 && cluster.wrapping_sub(2) < self.count
    }

    /// The number after the last cluster's.
    pub(crate) fn end(&self) -> u32 {
        self.count.saturating_add(2)
    }

    /// Byte offset of a cluster in the volume.
    pub(crate) fn offset_of(&self, cluster: u32) -> u64 {
        self.bytes_of(cluster.saturating_sub(2)).saturating_add(self.offset)
    }

    /// Bytes of so many clusters.
    pub(crate) fn bytes_of(&self, clusters: u32) -> u64 {
        u64::from(clusters).saturating_mul(u64::from(self.cluster_size))
    }

    /// Clusters that `size` bytes take.
    pub(crate) fn clusters_for(&self, size: u64) -> u32 {
        u32::try_from(size.div_ceil(u64::from(self.cluster_size.max(1)))).unwrap_or(u32::MAX)
    }

    /// Calls `visit` with the beginning of each cluster for which `wanted` holds: all of it, or its first `sector` bytes where
    /// clusters are large. What cannot be read is passed over, and so are holes of a sparse image.
    pub(crate) fn for_each_start(&self, wanted: impl Fn(u32) -> bool, sector: u64, mut visit: impl FnMut(u32, &[u8])) {
        let mut runs = Vec::new();
        (2..self.end()).filter(|cluster| wanted(*cluster)).for_each(|cluster| ClusterRun::append(&mut runs, cluster));
        let is_large = self.cluster_size >= LARGE_CLUSTER;
        let together = if is_large { 1 } else { READ.checked_div(self.cluster_size).unwrap_or(1).max(1) };
        let mut buf = Vec::new();
        for run in runs {
            let mut clusters = run.clusters();
            while !clusters.is_empty() {
                let first = clusters.start;
                let count = together.min(clusters.end.saturating_sub(first));
                clusters.start = first.saturating_add(count);
                let offset = self.offset_of(first);
                if offset >= self.source.len() {
                    return;
                }
                let length = if is_large { sector } else { self.bytes_of(count) };
                if self.source.next_data(offset) >= offset.saturating_add(length) {
                    continue;
                }
                buf.resize(usize::try_from(length).unwrap_or(0), 0);
                if self.source.read_at(offset, &mut buf).is_ok() {
                    buf.chunks(self.cluster_size as usize).zip(first..).for_each(|(bytes, at)| visit(at, bytes));
                } else {
                    for cluster in first..clusters.start {
                        let bytes = self.source.read_vec(self.offset_of(cluster), sector);
                        bytes.iter().for_each(|bytes| visit(cluster, bytes));
                    }
                }
            }
        }
    }

    /// The first `size` bytes of `clusters`, zeros from byte `written` on; where clusters are lost, reading fails with
    /// `error`.
    pub(crate) fn content(
        &self,
        clusters: &Clusters,
        written: u64,
        size: u64,
        error: impl FnOnce() -> Error,
    ) -> Source {
        let written = written.min(size);
        let mut runs = Vec::new();
        let mut lost: Vec<(u64, u64)> = Vec::new();
        let mut end = 0u64;
        for piece in &clusters.pieces {
            let (offset, count) = match piece {
                Piece::Run(run) => (Some(self.offset_of(run.first)), run.count),
                Piece::Lost(count) => (None, *count),
            };
            let length = self.bytes_of(count);
            if offset.is_none() && end < written {
                lost.push((end, end.saturating_add(length)));
            }
            runs.push(Run { offset, length, inferred: clusters.inferred });
            end = end.saturating_add(length);
        }
        if end < written {
            lost.push((end, written));
            runs.push(Run::sparse(written.saturating_sub(end)));
        }
        let content = Extents::new(self.source.clone(), runs).truncated(written);
        let stored: Source =
            if lost.is_empty() { Arc::new(content) } else { Arc::new(Holed::new(content, lost, error())) };
        if written == size {
            return stored;
        }
        Arc::new(Extents::new(stored, [Run::new(0, written), Run::sparse(size.saturating_sub(written))]))
    }

    /// The bytes of `clusters` from byte `end` on that are there; `None` where there are none.
    pub(crate) fn behind(&self, clusters: &Clusters, end: u64) -> Option<Source> {
        let mut start = 0u64;
        let mut runs = Vec::new();
        for piece in &clusters.pieces {
            let (run, count) = match piece {
                Piece::Run(run) => (Some(run), run.count),
                Piece::Lost(count) => (None, *count),
            };
            let length = self.bytes_of(count);
            let skip = end.saturating_sub(start).min(length);
            start = start.saturating_add(length);
            if let Some(run) = run.filter(|_| skip < length) {
                let offset = Some(self.offset_of(run.first).saturating_add(skip));
                runs.push(Run { offset, length: length.saturating_sub(skip), inferred: clusters.inferred });
            }
        }
        (!runs.is_empty()).then(|| Arc::new(Extents::new(self.source.clone(), runs)) as Source)
    }
}

/// Consecutive clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClusterRun {
    pub(crate) first: u32,
    pub(crate) count: u32,
}

impl ClusterRun {
    pub(crate) fn clusters(self) -> std::ops::Range<u32> {
        self.first..self.end()
    }

    /// The number after the last cluster's.
    pub(crate) fn end(self) -> u32 {
        self.first.saturating_add(self.count)
    }

    /// The run of `runs`, which are in order and do not overlap, that holds a cluster.
    pub(crate) fn holding(runs: &[Self], cluster: u32) -> Option<Self> {
        let after = runs.partition_point(|run| run.first <= cluster);
        runs.get(after.checked_sub(1)?).copied().filter(|run| run.clusters().contains(&cluster))
    }

    /// The clusters of `runs` before the first that was among them already, and that one; `None` where each is there once.
    pub(crate) fn until_repeat(runs: &[Self]) -> Option<(Vec<Self>, u32)> {
        let mut sorted = runs.to_vec();
        sorted.sort_unstable();
        if !sorted.windows(2).any(|pair| matches!(pair, [a, b] if a.end() > b.first)) {
            return None;
        }
        let mut seen = HashSet::new();
        let mut before = Vec::new();
        for cluster in runs.iter().flat_map(|run| run.clusters()) {
            if !seen.insert(cluster) {
                return Some((before, cluster));
            }
            Self::append(&mut before, cluster);
        }
        None
    }

    /// Adds a cluster to `runs`, to the last one where it continues it.
    pub(crate) fn append(runs: &mut Vec<Self>, cluster: u32) {
        match runs.last_mut() {
            Some(last) if last.first.checked_add(last.count) == Some(cluster) => {
                last.count = last.count.saturating_add(1);
            }
            _ => runs.push(Self { first: cluster, count: 1 }),
        }
    }
}

/// A set of clusters: one bit each.
pub(crate) struct ClusterSet(Vec<u64>);

impl ClusterSet {
    pub(crate) fn new(heap: &Heap) -> Self {
        Self(vec![0; usize::try_from(heap.end() / 64).unwrap_or(0).saturating_add(1)])
    }

    pub(crate) fn contains(&self, cluster: u32) -> bool {
        let word = usize::try_from(cluster / 64).ok().and_then(|index| self.0.get(index));
        word.is_some_and(|word| word >> (cluster % 64) & 1 != 0)
    }

    /// Adds a cluster; false where it was in already.
    pub(crate) fn insert(&mut self, cluster: u32) -> bool {
        let Some(word) = usize::try_from(cluster / 64).ok().and_then(|index| self.0.get_mut(index)) else {
            return false;
        };
        let is_new = *word >> (cluster % 64) & 1 == 0;
        *word |= 1 << (cluster % 64);
        is_new
    }
}

/// Clusters of a file in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Clusters {
    pub(crate) pieces: Vec<Piece>,
    /// True where the place was guessed.
    pub(crate) inferred: bool,
}

/// Part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// These clusters.
    Run(ClusterRun),
    /// As many clusters that belong to others now, or are not known.
    Lost(u32),
}

impl Clusters {
    pub(crate) fn push_run(&mut self, next: ClusterRun) {
        match self.pieces.last_mut() {
            Some(Piece::Run(run)) if run.first.checked_add(run.count) == Some(next.first) => {
                run.count = run.count.saturating_add(next.count);
            }
            _ if next.count > 0 => self.pieces.push(Piece::Run(next)),
            _ => {}
        }
    }

    pub(crate) fn push_lost(&mut self, count: u32) {
        match self.pieces.last_mut() {
            Some(Piece::Lost(lost)) => *lost = lost.saturating_add(count),
            _ if count > 0 => self.pieces.push(Piece::Lost(count)),
            _ => {}
        }
    }

    /// The runs that are there.
    pub(crate) fn runs(&self) -> impl DoubleEndedIterator<Item = ClusterRun> + '_ {
        self.pieces.iter().filter_map(|piece| if let Piece::Run(run) = piece { Some(*run) } else { None })
    }

    /// Clusters, those that are lost included.
    pub(crate) fn length(&self) -> u32 {
        let length = |piece: &Piece| match piece {
            Piece::Run(run) => run.count,
            Piece::Lost(count) => *count,
        };
        self.pieces.iter().map(length).fold(0, u32::saturating_add)
    }

    /// Clusters that are there.
    pub(crate) fn count(&self) -> u32 {
        self.runs().map(|run| run.count).fold(0, u32::saturating_add)
    }
}

impl FromIterator<ClusterRun> for Clusters {
    fn from_iter<I: IntoIterator<Item = ClusterRun>>(runs: I) -> Self {
        let mut clusters = Self::default();
        runs.into_iter().for_each(|run| clusters.push_run(run));
        clusters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heap() -> Heap {
        let volume: Vec<u8> = (0..48).collect();
        Heap { source: Arc::new(volume), offset: 16, cluster_size: 4, count: 8 }
    }

    #[test]
    fn lost_clusters_fail_and_what_was_never_written_is_zeros() {
        let mut clusters: Clusters = [ClusterRun { first: 4, count: 1 }].into_iter().collect();
        clusters.push_lost(1);
        clusters.push_run(ClusterRun { first: 2, count: 1 });
        let content = heap().content(&clusters, 10, 14, || Error::unsupported("a hole"));
        assert_eq!(content.len(), 14);
        assert_eq!(content.read_vec(0, 4).unwrap(), [24, 25, 26, 27]);
        assert!(content.read_vec(3, 2).is_err() && content.read_vec(7, 2).is_err());
        assert_eq!(content.read_vec(8, 6).unwrap(), [16, 17, 0, 0, 0, 0]);
        let places: Vec<_> = content.extents().iter().map(|e| (e.stream_offset, e.offset, e.length)).collect();
        assert_eq!(places, [(0, Some(24), 4), (8, Some(16), 2), (10, None, 4)]);
        let behind = heap().behind(&clusters, 10).unwrap();
        assert_eq!(behind.read_vec(0, behind.len()).unwrap(), [18, 19]);
    }

    #[test]
    fn clusters_end_before_the_first_that_repeats() {
        let run = |first, count| ClusterRun { first, count };
        assert_eq!(ClusterRun::until_repeat(&[run(5, 3), run(2, 3)]), None);
        assert_eq!(ClusterRun::until_repeat(&[run(5, 3), run(2, 9)]), Some((vec![run(5, 3), run(2, 3)], 5)));
    }

    #[test]
    fn runs_that_continue_are_one() {
        let mut runs = Vec::new();
        [5, 6, 9].into_iter().for_each(|cluster| ClusterRun::append(&mut runs, cluster));
        let clusters: Clusters = runs.into_iter().chain([ClusterRun { first: 10, count: 2 }]).collect();
        assert_eq!((clusters.pieces.len(), clusters.count()), (2, 5));
    }
}
