//! Which blocks of the volume are in use: the space bitmaps of its partitions, and what live and deleted files claim
//! (ECMA-167, 4/14.12).

use super::{
    Volume,
    icb::FileEntry,
    layout::Address,
    tag::{self, id},
};
use crate::{
    bytes::{Fields, ReadAt, Run},
    error::{Error, Result},
    filesystem::{allocation::Allocation, allocation::FreeRuns, model::Recoverability},
};

const STRUCTURE: &str = "space bitmap descriptor";
/// Bytes of a descriptor before its bits.
const HEADER: u64 = 24;

/// The blocks that files claim, and those that are in use.
pub(super) struct Claims {
    allocation: Allocation,
    /// Blocks of deleted files: first, one after the last, and the number of the file entry; sorted.
    deleted: Vec<(u64, u64, u32)>,
}

impl Claims {
    /// Of `entries` the first `live` are of live files.
    pub(super) fn new(volume: &Volume, entries: &[(Address, Result<FileEntry>)], live: usize) -> Self {
        let bits = bits(volume).unwrap_or_else(|error| {
            volume.issue(&error);
            all_used(volume)
        });
        let claims = |(address, entry): &(Address, Result<FileEntry>)| -> Vec<(u64, u64)> {
            let Ok(entry) = entry else { return Vec::new() };
            let own = volume.block_place(*address).map(|offset| Run::new(offset, volume.block_size()));
            let content = entry.content(volume, *address).map(|content| content.runs).unwrap_or_default();
            content.iter().chain(own.as_ref()).filter_map(|run| blocks(volume, run)).collect()
        };
        let (live, gone) = entries.split_at(live.min(entries.len()));
        let used: Vec<(u64, u64)> = live.iter().flat_map(claims).collect();
        let first = u32::try_from(live.len()).unwrap_or(u32::MAX);
        let mut deleted: Vec<(u64, u64, u32)> = (first..)
            .zip(gone)
            .flat_map(|(number, entry)| claims(entry).into_iter().map(move |(start, end)| (start, end, number)))
            .collect();
        deleted.sort_unstable();
        Self { allocation: Allocation::new(bits, used), deleted }
    }

    /// What is left of the deleted file with this entry, whose content lies in `runs`.
    pub(super) fn grade(&self, volume: &Volume, entry: u32, runs: &[Run]) -> (Recoverability, String) {
        let claimed: Vec<(u64, u64)> = runs.iter().filter_map(|run| blocks(volume, run)).collect();
        let total = claimed.iter().fold(0u64, |sum, (start, end)| sum.saturating_add(end.saturating_sub(*start)));
        let taken =
            claimed.iter().fold(0u64, |sum, (start, end)| sum.saturating_add(self.allocation.count(*start, *end)));
        if taken > 0 {
            let grade = if taken >= total { Recoverability::Overwritten } else { Recoverability::Partial };
            return (grade, format!("{taken} of {total} blocks are in use now"));
        }
        let rival = claimed.iter().find_map(|(start, end)| {
            let from = self.deleted.partition_point(|(other, ..)| *other < *end);
            // Few files are deleted, and fewer of them overlap: those before the end are looked at in turn.
            self.deleted.get(..from)?.iter().rev().take(4096).find(|(_, stop, number)| stop > start && *number != entry)
        });
        match rival {
            Some(_) => (Recoverability::Unknown, "another deleted file claims some of its blocks".to_owned()),
            None => (Recoverability::Intact, format!("none of {total} blocks is in use, and no other file claims one")),
        }
    }
}

/// The runs of blocks that no partition uses.
pub(super) fn free(volume: &Volume) -> Result<Vec<Run>> {
    let size = volume.block_size();
    let mut free = FreeRuns::new(volume.source.len().checked_div(size).unwrap_or(0), size, 0);
    free.push(&bits(volume)?);
    Ok(free.finish())
}

/// Blocks of the volume that a run meets.
fn blocks(volume: &Volume, run: &Run) -> Option<(u64, u64)> {
    let (offset, size) = (run.offset?, volume.block_size());
    Some((offset.checked_div(size)?, offset.saturating_add(run.length).div_ceil(size)))
}

fn all_used(volume: &Volume) -> Vec<u8> {
    let blocks = volume.source.len().checked_div(volume.block_size()).unwrap_or(0);
    vec![0xff; usize::try_from(blocks.div_ceil(8)).unwrap_or(0)]
}

/// A bit for each block of the volume, set where it is in use. A partition without a bitmap is in use.
fn bits(volume: &Volume) -> Result<Vec<u8>> {
    let mut bits = all_used(volume);
    let size = volume.block_size();
    for described in &volume.layout.partitions {
        let Some((length, block)) = described.free_bitmap else { continue };
        let start = u64::from(described.start).saturating_mul(volume.layout.sector);
        let at = start.saturating_add(u64::from(block).saturating_mul(size));
        let limit = volume.limits.structure_bytes;
        if u64::from(length) > limit {
            let (offset, found) = (volume.at(at), u64::from(length));
            return Err(Error::Limit { structure: STRUCTURE, offset, found, limit, unit: "bytes" });
        }
        let header = volume.source.read_vec(at, HEADER)?;
        let fields = Fields::new(&header, STRUCTURE, volume.at(at));
        // The CRC of a bitmap may cover all of it or its head only: it is not checked.
        tag::check(&header, STRUCTURE, volume.at(at), &[id::SPACE_BITMAP])?;
        let count = u64::from(fields.u32(16)?).min(u64::from(described.length));
        let bytes =
            volume.source.read_vec(at.saturating_add(HEADER), u64::from(fields.u32(20)?).min(u64::from(length)))?;
        let first = start.checked_div(size).unwrap_or(0);
        for block in 0..count {
            let byte = usize::try_from(block / 8).ok().and_then(|place| bytes.get(place)).copied().unwrap_or(0);
            if byte >> (block % 8) & 1 == 0 {
                continue;
            }
            let place = first.saturating_add(block);
            if let Some(byte) = usize::try_from(place / 8).ok().and_then(|index| bits.get_mut(index)) {
                *byte &= !(1u8 << (place % 8));
            }
        }
    }
    Ok(bits)
}
