//! Content: clusters as a source of bytes, in which what is lost fails to read and is never zeros.

use super::Volume;
use crate::{
    bytes::{Extent, ExtentKind, Extents, ReadAt, Run, Source},
    error::{Error, Result},
    filesystem::clusters::{ClusterRun, Clusters, Piece},
};
use std::sync::Arc;

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
        if lost.is_empty() { Arc::new(content) } else { Arc::new(Holed { content, lost, error: error() }) }
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

/// A source with holes: reading one fails.
struct Holed {
    content: Extents,
    /// Start and end of each hole, in order.
    lost: Vec<(u64, u64)>,
    error: Error,
}

impl ReadAt for Holed {
    fn len(&self) -> u64 {
        self.content.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let end = offset.saturating_add(buf.len() as u64);
        if self.lost.iter().any(|&(from, to)| from < end && offset < to) {
            return Err(self.error.clone());
        }
        self.content.read_at(offset, buf)
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let mut extents = self.content.locate(offset, length);
        extents.retain(|extent| extent.kind != ExtentKind::Sparse);
        extents
    }
}
