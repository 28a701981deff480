//! $Bitmap: which clusters are in use.

use super::{
    Volume,
    attribute::kind,
    file::File,
    scan::{Claim, Scan},
    stream::fragments,
    sweep::Place,
};
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

/// Clusters in use, by $Bitmap or by a record in use: the claims `live`.
///
/// # Errors
/// Where $Bitmap cannot be read.
pub(super) fn allocation(volume: &Volume, live: &[Claim]) -> Result<Allocation> {
    let source = content(volume)?;
    let length = source.len().min(volume.boot.clusters().div_ceil(8)).min(volume.limits.structure_bytes);
    Ok(Allocation::new(source.read_vec(0, length)?, live.iter().map(|claim| (claim.start, claim.end))))
}

/// What nobody accounts for, in volume order: clusters that are free by $Bitmap, where that can be read, and that no
/// record claims; and what lies behind the ends of streams.
pub(super) fn unaccounted(volume: &Volume, scan: &Scan) -> Vec<Place> {
    let cluster_size = u64::from(volume.boot.cluster_size);
    let clusters = volume.boot.clusters().min(volume.source.len().checked_div(cluster_size).unwrap_or(0));
    let length = clusters.div_ceil(8).min(volume.limits.structure_bytes);
    let bits = content(volume).and_then(|bits| bits.read_vec(0, bits.len().min(length)));
    let bits = bits.unwrap_or_else(|_| vec![0; usize::try_from(length).unwrap_or(0)]);
    let in_use = Allocation::new(bits, scan.live.iter().map(|claim| (claim.start, claim.end)));
    let cluster = |place: u64| place.checked_div(cluster_size).unwrap_or(0);
    // The slack of a deleted file may be content of its successor.
    let mut places: Vec<Place> = scan
        .slack
        .iter()
        .filter(|(start, end, live)| {
            *live || in_use.count(cluster(*start), cluster(end.saturating_sub(1)).saturating_add(1)) == 0
        })
        .map(|&(start, end, _)| {
            let end = end.min(clusters.saturating_mul(cluster_size));
            Place { bytes: start..end, alone: end.saturating_sub(start) >= cluster_size }
        })
        .collect();
    let free = in_use.with(scan.deleted.iter().map(|claim| (claim.start, claim.end))).free(clusters, cluster_size);
    places.extend(free.iter().filter_map(|run| {
        let start = run.offset?;
        Some(Place { bytes: start..start.saturating_add(run.length), alone: true })
    }));
    places.sort_unstable_by_key(|place| (place.bytes.start, place.bytes.end));
    let mut end = 0;
    for place in &mut places {
        place.bytes.start = place.bytes.start.max(end);
        end = end.max(place.bytes.end);
    }
    places.retain(|place| place.bytes.start < place.bytes.end);
    places
}
