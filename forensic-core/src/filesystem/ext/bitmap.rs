//! The bitmaps of inodes and blocks
//! ([bitmaps](https://www.kernel.org/doc/html/latest/filesystems/ext4/bitmaps.html)).

use super::{Volume, groups::Group};
use crate::{
    bytes::{Part, ReadAt, Run},
    error::{Error, Result},
    filesystem::allocation::{Allocation, FreeRuns, bit},
};

/// The inode bitmap of a group; `None` where it cannot be read.
pub(super) fn inodes(volume: &Volume, group: &Group) -> Option<Part> {
    match volume.block(group.inode_bitmap) {
        Ok(bits) => Some(bits),
        Err(error) => {
            volume.issue(&error);
            None
        }
    }
}

/// Whether a bit is set; one outside is not.
pub(super) fn is_set(bits: &[u8], number: u64) -> bool {
    bit(bits, number) == Some(true)
}

/// The block bitmaps of all groups, one after another, one bit a cluster from cluster 0 of the volume on. Where one
/// cannot be read, its clusters count as used, and the error comes with it.
fn blocks(volume: &Volume) -> (Vec<u8>, Option<Error>) {
    let superblock = &volume.superblock;
    let per_group = superblock.clusters_per_group();
    let clusters = volume.clusters();
    let mut bits = vec![0u8; usize::try_from(clusters.div_ceil(8)).unwrap_or(0)];
    let mut failed = None;
    // With 1 KiB blocks the first block is in no group: it holds the boot sectors.
    let skipped = superblock.cluster(u64::from(superblock.first_data_block));
    set(&mut bits, 0, skipped);
    for (number, group) in (0u64..).zip(&volume.groups) {
        let first = superblock.cluster(superblock.group_start(number));
        let count = per_group.min(clusters.saturating_sub(first));
        if group.blocks_uninitialised {
            continue;
        }
        let found = match group.block_bitmap {
            0 => Err(Error::corrupt("group descriptor", volume.at_block(0), format!("one of group {number}"), "none")),
            block => volume.block(block),
        };
        match found {
            Ok(found) => copy(&mut bits, first, count, &found),
            Err(error) => {
                set(&mut bits, first, first.saturating_add(count));
                failed.get_or_insert(error);
            }
        }
    }
    for (start, end) in metadata(volume) {
        set(&mut bits, superblock.cluster(start), superblock.cluster_end(end).min(clusters));
    }
    (bits, failed)
}

/// Blocks of superblocks, descriptors, bitmaps and tables: first, and one after the last.
fn metadata(volume: &Volume) -> Vec<(u64, u64)> {
    let superblock = &volume.superblock;
    let table = superblock.table_blocks();
    let mut runs = Vec::new();
    for (number, group) in (0u64..).zip(&volume.groups) {
        if superblock.has_superblock(number) {
            let start = superblock.superblock_block(number);
            runs.push((start, start.saturating_add(1)));
        }
        if group.inode_table != 0 {
            runs.push((group.block_bitmap, group.block_bitmap.saturating_add(1)));
            runs.push((group.inode_bitmap, group.inode_bitmap.saturating_add(1)));
            runs.push((group.inode_table, group.inode_table.saturating_add(table)));
        }
    }
    for (block, count) in volume.descriptor_blocks() {
        runs.push((block, block.saturating_add(count)));
    }
    runs
}

fn copy(bits: &mut [u8], first: u64, count: u64, from: &[u8]) {
    if first.is_multiple_of(8) {
        let whole = count / 8;
        let place = |bit: u64| usize::try_from(bit / 8).unwrap_or(usize::MAX);
        let (start, length) = (place(first), place(whole.saturating_mul(8)));
        let to = bits.get_mut(start..start.saturating_add(length)).unwrap_or_default();
        if let Some(from) = from.get(..to.len()) {
            to.copy_from_slice(from);
        }
        (whole.saturating_mul(8)..count).filter(|n| is_set(from, *n)).for_each(|n| {
            set(bits, first.saturating_add(n), first.saturating_add(n).saturating_add(1));
        });
        return;
    }
    (0..count).filter(|n| is_set(from, *n)).for_each(|n| {
        set(bits, first.saturating_add(n), first.saturating_add(n).saturating_add(1));
    });
}

fn set(bits: &mut [u8], start: u64, end: u64) {
    for number in start..end {
        let Some(byte) = usize::try_from(number / 8).ok().and_then(|byte| bits.get_mut(byte)) else { break };
        *byte |= 1 << (number % 8);
    }
}

/// Clusters in use, by the bitmaps, as metadata, or by an inode in use: the blocks `live`.
///
/// # Errors
/// Where a bitmap cannot be read.
pub(super) fn allocation(volume: &Volume, live: &[(u64, u64, u32)]) -> Result<Allocation> {
    let (bits, failed) = blocks(volume);
    if let Some(error) = failed {
        return Err(error);
    }
    let clusters =
        |&(start, end, _): &(u64, u64, u32)| (volume.superblock.cluster(start), volume.superblock.cluster_end(end));
    let live: Vec<(u64, u64)> = live.iter().map(clusters).collect();
    Ok(Allocation::new(bits, live))
}

/// The runs of clusters that are not in use, in order; without those behind the end of the medium.
pub(super) fn unallocated(volume: &Volume) -> Vec<Run> {
    let (bits, failed) = blocks(volume);
    if let Some(error) = failed {
        volume.issue(&error);
    }
    let size = volume.superblock.offset(u64::from(volume.superblock.cluster_blocks));
    let clusters = volume.clusters().min(volume.source.len().checked_div(size).unwrap_or(0));
    let mut free = FreeRuns::new(clusters, size, 0);
    free.push(&bits);
    free.finish()
}
