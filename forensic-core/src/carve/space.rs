//! The space of a medium that no file in use has.

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

fn runs_of(volume: &Volume, evidence: &Evidence) -> Result<Vec<(u64, u64)>> {
    let Ok(Some(filesystem)) = volume.filesystem(evidence.limits()) else {
        return Ok(vec![(volume.offset, volume.size)]);
    };
    let extents = [filesystem.unallocated()?, filesystem.slack()].into_iter().flat_map(|source| source.extents());
    Ok(extents.filter_map(|extent| Some((extent.offset?, extent.length))).collect())
}
