//! $Bitmap: which clusters are in use.

use super::{Volume, attribute::kind, file::File, scan::Claim, stream::fragments};
use crate::{
    bytes::{ReadAt, Run, Source, for_each_block},
    error::{Error, Result},
    filesystem::allocation::{Allocation, FreeRuns},
};

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
    for_each_block(&content(volume)?, 1 << 20, 0, |_, block| {
        free.push(block?);
        Ok(())
    })?;
    Ok(free.finish())
}

/// Clusters in use, by $Bitmap or by a record in use: the claims `live`.
///
/// # Errors
/// Where $Bitmap cannot be read.
pub(super) fn allocation(volume: &Volume, live: &[Claim]) -> Result<Allocation> {
    let source = content(volume)?;
    let length = source.len().min(volume.boot.clusters().div_ceil(8)).min(volume.limits.structure_bytes);
    Ok(Allocation::new(source.read_vec(0, length)?, live.iter().map(|claim| (claim.start, claim.end))))
}

/// The runs of clusters that nobody accounts for: free by $Bitmap, where that can be read, and claimed by no record.
pub(super) fn unaccounted(volume: &Volume, live: &[Claim], deleted: &[Claim]) -> Vec<Run> {
    let cluster_size = u64::from(volume.boot.cluster_size);
    let clusters = volume.boot.clusters().min(volume.source.len().checked_div(cluster_size).unwrap_or(0));
    let length = clusters.div_ceil(8).min(volume.limits.structure_bytes);
    let bits = content(volume).and_then(|bits| bits.read_vec(0, bits.len().min(length)));
    let bits = bits.unwrap_or_else(|_| vec![0; usize::try_from(length).unwrap_or(0)]);
    let claims = live.iter().chain(deleted).map(|claim| (claim.start, claim.end));
    Allocation::new(bits, claims).free(clusters, cluster_size)
}
