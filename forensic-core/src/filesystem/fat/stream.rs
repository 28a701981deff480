//! Content: clusters as a source of bytes, in which what is lost fails to read and is never zeros.

use super::{Volume, table::ClusterRun};
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::Error,
    filesystem::stored::Holed,
};
use std::sync::Arc;

/// Clusters of a file in order: of its chain, or guessed.
#[derive(Debug, Clone, Default)]
pub(super) struct Clusters {
    pub(super) pieces: Vec<Piece>,
}

/// Part of a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece {
    /// These clusters.
    Run(ClusterRun),
    /// As many clusters that belong to others now, or are not known.
    Lost(u32),
}

impl Clusters {
    pub(super) fn push_run(&mut self, next: ClusterRun) {
        match self.pieces.last_mut() {
            Some(Piece::Run(run)) if run.first.checked_add(run.count) == Some(next.first) => {
                run.count = run.count.saturating_add(next.count);
            }
            _ => self.pieces.push(Piece::Run(next)),
        }
    }

    pub(super) fn push_lost(&mut self, count: u32) {
        match self.pieces.last_mut() {
            Some(Piece::Lost(lost)) => *lost = lost.saturating_add(count),
            _ => self.pieces.push(Piece::Lost(count)),
        }
    }

    /// Clusters that are there.
    pub(super) fn count(&self) -> u32 {
        let present = |piece: &Piece| if let Piece::Run(run) = piece { run.count } else { 0 };
        self.pieces.iter().map(present).fold(0, u32::saturating_add)
    }
}

impl FromIterator<ClusterRun> for Clusters {
    fn from_iter<I: IntoIterator<Item = ClusterRun>>(runs: I) -> Self {
        Self { pieces: runs.into_iter().map(Piece::Run).collect() }
    }
}

impl Volume {
    /// The first `size` bytes of `clusters`; where clusters are lost, reading fails with `error`.
    pub(super) fn content(
        &self,
        clusters: &Clusters,
        size: u64,
        inferred: bool,
        error: impl FnOnce() -> Error,
    ) -> Source {
        let mut runs = Vec::new();
        let mut lost: Vec<(u64, u64)> = Vec::new();
        let mut end = 0u64;
        for piece in &clusters.pieces {
            let (run, count) = match piece {
                Piece::Run(run) => (Some(self.boot.cluster_offset(run.first)), run.count),
                Piece::Lost(count) => (None, *count),
            };
            let length = self.bytes_of(count);
            if run.is_none() {
                lost.push((end, end.saturating_add(length)));
            }
            runs.push(Run { offset: run, length, inferred });
            end = end.saturating_add(length);
        }
        if end < size {
            lost.push((end, size));
            runs.push(Run::sparse(size.saturating_sub(end)));
        }
        let content = Extents::new(self.source.clone(), runs).truncated(size);
        if lost.is_empty() { Arc::new(content) } else { Arc::new(Holed::new(content, lost, error())) }
    }

    /// The bytes after the first `size` up to the end of the last cluster.
    pub(super) fn slack(&self, clusters: &Clusters, size: u64, inferred: bool) -> Option<Source> {
        let Some(Piece::Run(last)) = clusters.pieces.last() else { return None };
        let whole = self.bytes_of(self.boot.clusters_for(size));
        let length = whole.checked_sub(size).filter(|length| *length > 0)?;
        let end = self.boot.cluster_offset(last.first).saturating_add(self.bytes_of(last.count));
        let run = Run { offset: Some(end.saturating_sub(length)), length, inferred };
        (self.bytes_of(clusters.count()) == whole).then(|| Arc::new(Extents::new(self.source.clone(), [run])) as Source)
    }

    fn bytes_of(&self, clusters: u32) -> u64 {
        u64::from(clusters).saturating_mul(u64::from(self.boot.cluster_size))
    }

    /// All free clusters in volume order.
    pub(super) fn free_clusters(&self) -> Source {
        let run = |run: ClusterRun| Run::new(self.boot.cluster_offset(run.first), self.bytes_of(run.count));
        let end = self.source.len();
        // What a truncated volume does not have cannot be searched: runs end where it ends.
        let there = |run: Run| {
            let offset = run.offset.filter(|offset| *offset < end)?;
            Some(Run { length: run.length.min(end.saturating_sub(offset)), ..run })
        };
        Arc::new(Extents::new(self.source.clone(), self.table.free_runs().into_iter().map(run).filter_map(there)))
    }
}
