//! $Bitmap: which clusters are in use.

use super::{Volume, attribute::kind, file::File, stream::fragments};
use crate::{
    bytes::{ReadAt, Run, Slice, Source, for_each_block},
    error::{Error, Result},
    filesystem::allocation::{Allocation, FreeRuns},
};
use std::sync::Arc;

/// The record of $Bitmap.
const BITMAP: u64 = 6;

/// The content of $Bitmap.
///
/// # Errors
/// Where it cannot be read at all.
fn content(volume: &Volume) -> Result<Source> {
    let file = File::read(volume, BITMAP)?;
    if let Some(error) = file.torn() {
        return Err(error.clone());
    }
    let data = fragments(&file, kind::DATA);
    let at = file.base.at;
    let bits = data.iter().find(|data| data.name.is_empty());
    bits.ok_or_else(|| Error::corrupt("$Bitmap", at, "a $DATA attribute", "none"))?.content(volume)
}

/// The runs of clusters that are not in use, in order; without those behind the end of the medium.
///
/// # Errors
/// Where $Bitmap cannot be read.
pub(super) fn unallocated(volume: &Volume) -> Result<Vec<Run>> {
    let cluster_size = u64::from(volume.boot.cluster_size);
    let clusters = volume.boot.clusters().min(volume.source.len().checked_div(cluster_size).unwrap_or(0));
    let mut free = FreeRuns::new(clusters, cluster_size, 0);
    let bits = content(volume)?;
    // A hole can make $Bitmap longer than any medium.
    let bits = Slice::new(bits.clone(), 0, bits.len().min(clusters.div_ceil(8)))?;
    for_each_block(&(Arc::new(bits) as Source), 1 << 20, 0, |_, block| {
        free.push(block?);
        Ok(())
    })?;
    Ok(free.finish())
}

/// Clusters in use, by $Bitmap or by a record in use: the runs `live`.
///
/// # Errors
/// Where $Bitmap cannot be read.
pub(super) fn allocation(volume: &Volume, live: &[(u64, u64)]) -> Result<Allocation> {
    let source = content(volume)?;
    let length = source.len().min(volume.boot.clusters().div_ceil(8)).min(volume.limits.structure_bytes);
    Ok(Allocation::new(source.read_vec(0, length)?, live))
}
