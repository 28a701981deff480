//! The space of a medium that no file in use has.

use super::Options;
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::Result,
    evidence::Evidence,
    volume::Volume,
};
use std::sync::Arc;

/// Everything of a medium that belongs to no file in use, as one source in medium order: unallocated clusters and volume
/// slack of every filesystem that is read, all of every other volume, and the gaps between volumes.
///
/// What was a deleted file in two unallocated runs with a live file between them is one piece in it.
///
/// # Errors
/// As reading a filesystem's allocation gives them; a volume whose filesystem cannot be opened is taken whole.
pub fn unallocated(evidence: &Evidence) -> Result<Source> {
    let mut runs = Vec::new();
    for volume in evidence.volumes() {
        runs.extend(runs_of(volume, evidence)?);
    }
    runs.sort_unstable();
    let runs = runs.into_iter().map(|(offset, length)| Run::new(offset, length));
    Ok(Arc::new(Extents::new(evidence.stream(), runs)))
}

impl Options {
    /// The same with the cluster size of the evidence's filesystems, where it was not told and they all have one.
    pub fn clusters_of(self, evidence: &Evidence) -> Self {
        let filesystems = evidence.volumes().iter().filter_map(|volume| volume.filesystem(evidence.limits()).ok()?);
        let mut sizes = filesystems.map(|filesystem| u64::from(filesystem.cluster_size()));
        match sizes.next().filter(|first| !self.has_cluster_size() && sizes.all(|other| other == *first)) {
            Some(size) => self.cluster_size(size),
            None => self,
        }
    }
}

fn runs_of(volume: &Volume, evidence: &Evidence) -> Result<Vec<(u64, u64)>> {
    let Ok(Some(filesystem)) = volume.filesystem(evidence.limits()) else {
        return Ok(vec![(volume.offset, volume.size)]);
    };
    let extents = [filesystem.unallocated()?, filesystem.slack()].into_iter().flat_map(|source| source.extents());
    Ok(extents.filter_map(|extent| Some((extent.offset?, extent.length))).collect())
}
