//! Content of entries, and the free clusters.

use super::Volume;
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::Error,
    filesystem::clusters::{ClusterRun, Clusters, Heap},
};
use std::sync::Arc;

impl Volume {
    fn heap(&self) -> Heap {
        Heap {
            source: self.source.clone(),
            offset: self.boot.data_offset,
            cluster_size: self.boot.cluster_size,
            count: self.boot.cluster_count,
        }
    }

    /// The first `size` bytes of `clusters`; where clusters are lost, reading fails with `error`.
    pub(super) fn content(&self, clusters: &Clusters, size: u64, error: impl FnOnce() -> Error) -> Source {
        self.heap().content(clusters, size, size, error)
    }

    /// The bytes after the first `size` up to the end of the last cluster, where all that `size` takes are there.
    pub(super) fn slack(&self, clusters: &Clusters, size: u64) -> Option<Source> {
        let is_whole = clusters.count() == clusters.length() && clusters.count() == self.boot.clusters_for(size);
        is_whole.then(|| self.heap().behind(clusters, size)).flatten()
    }

    /// All free clusters in volume order.
    pub(super) fn free_clusters(&self) -> Source {
        let heap = self.heap();
        let run = |run: ClusterRun| Run::new(heap.offset_of(run.first), heap.bytes_of(run.count));
        let end = self.source.len();
        // What a truncated volume does not have cannot be searched: runs end where it ends.
        let there = |run: Run| {
            let offset = run.offset.filter(|offset| *offset < end)?;
            Some(Run { length: run.length.min(end.saturating_sub(offset)), ..run })
        };
        Arc::new(Extents::new(self.source.clone(), self.table.free_runs().into_iter().map(run).filter_map(there)))
    }
}
