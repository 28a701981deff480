//! Content: clusters as a source of bytes.

use super::Volume;
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::Error,
    filesystem::clusters::{ClusterRun, Clusters, Piece},
};
use std::sync::Arc;

impl Volume {
    /// The first `size` bytes of `clusters`; where clusters are lost, reading fails with `error`.
    pub(super) fn content(&self, clusters: &Clusters, size: u64, error: impl FnOnce() -> Error) -> Source {
        self.heap.content(clusters, size, size, error)
    }

    /// The bytes after the first `size` up to the end of the last cluster, where all clusters are there.
    pub(super) fn slack(&self, clusters: &Clusters, size: u64) -> Option<Source> {
        let whole = self.heap.bytes_of(self.heap.clusters_for(size));
        let is_whole =
            self.heap.bytes_of(clusters.count()) == whole && matches!(clusters.pieces.last(), Some(Piece::Run(_)));
        if is_whole { self.heap.behind(clusters, size) } else { None }
    }

    /// All free clusters in volume order.
    pub(super) fn free_clusters(&self) -> Source {
        let run = |run: ClusterRun| Run::new(self.heap.offset_of(run.first), self.heap.bytes_of(run.count));
        let end = self.source.len();
        // What a truncated volume does not have cannot be searched: runs end where it ends.
        let there = |run: Run| {
            let offset = run.offset.filter(|offset| *offset < end)?;
            Some(Run { length: run.length.min(end.saturating_sub(offset)), ..run })
        };
        Arc::new(Extents::new(self.source.clone(), self.table.free_runs().into_iter().map(run).filter_map(there)))
    }
}
