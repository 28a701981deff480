//! One pass over the inode tables: what each inode is, and the blocks that those in use claim.

use super::{
    Volume, bitmap,
    inode::{self, Inode, Instant, flag},
    map,
};
use crate::{
    bytes::ReadAt,
    error::{Error, Issue},
};
use std::collections::HashSet;

/// Bytes of a table read at once.
const CHUNK: u64 = 1 << 20;
/// Bytes that a medium gives or does not give.
const SECTOR: u64 = 512;

/// An inode in brief. One that was never used has none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) number: u32,
    pub(super) mode: u16,
    pub(super) links: u16,
    pub(super) flags: u32,
    pub(super) generation: u32,
    pub(super) created: Option<Instant>,
    pub(super) deleted: u32,
    pub(super) in_use: bool,
    /// True where neither size nor place of the content is left.
    pub(super) emptied: bool,
}

impl Slot {
    pub(super) fn new(number: u32, inode: &Inode, in_use: bool) -> Self {
        Self {
            number,
            mode: inode.mode,
            links: inode.links,
            flags: inode.flags,
            generation: inode.generation,
            created: inode.created,
            deleted: inode.deleted,
            in_use,
            emptied: inode.is_emptied(),
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        self.mode & 0xf000 == 0x4000
    }
}

/// What the pass found.
#[derive(Default)]
pub(super) struct Scan {
    /// In order of number.
    pub(super) slots: Vec<Slot>,
    /// Blocks of inodes in use: first, one after the last, and the inode. In order, once the pass is over.
    pub(super) live: Vec<(u64, u64, u32)>,
    /// Inodes whose map is too large to be true.
    pub(super) too_large: HashSet<u32>,
}

impl Scan {
    pub(super) fn run(volume: &Volume) -> Self {
        let mut scan = Self::default();
        let mut budget = volume.superblock.blocks;
        for (number, group) in (0u64..).zip(&volume.groups) {
            if group.inode_table == 0 || group.inodes_uninitialised {
                continue;
            }
            let bits = bitmap::inodes(volume, group);
            let per_group = volume.superblock.inodes_per_group;
            let used = per_group.saturating_sub(group.unused_inodes.min(per_group));
            let size = u64::from(volume.superblock.inode_size);
            let start = volume.superblock.offset(group.inode_table);
            let first = number.saturating_mul(u64::from(per_group)).saturating_add(1);
            let length = u64::from(used).saturating_mul(size);
            let mut at = 0u64;
            while at < length {
                let chunk = CHUNK.min(length.saturating_sub(at));
                let offset = start.saturating_add(at);
                for (offset, bytes) in read_what_can_be_read(volume, offset, chunk) {
                    let inside = offset.saturating_sub(start);
                    let index = inside.checked_div(size).unwrap_or(0);
                    for (place, bytes) in (index..).zip(bytes.chunks_exact(usize::from(volume.superblock.inode_size))) {
                        let bit = bits.as_deref().map(|bits| bitmap::is_set(bits, place));
                        let offset = start.saturating_add(place.saturating_mul(size));
                        if let Ok(inode) = u32::try_from(first.saturating_add(place)) {
                            scan.inode(volume, inode, bytes, offset, bit, &mut budget);
                        }
                    }
                }
                at = at.saturating_add(chunk);
            }
        }
        scan.live.sort_unstable();
        scan
    }

    /// The slot of an inode; `None` for one that was never used or cannot be read.
    pub(super) fn slot(&self, number: u32) -> Option<&Slot> {
        let place = self.slots.binary_search_by_key(&number, |slot| slot.number).ok()?;
        self.slots.get(place)
    }

    fn inode(&mut self, volume: &Volume, number: u32, bytes: &[u8], offset: u64, bit: Option<bool>, budget: &mut u64) {
        let Ok(inode) = Inode::parse(bytes, 0) else { return };
        if inode.mode == 0 && inode.links == 0 && inode.deleted == 0 || number > volume.superblock.inodes {
            return;
        }
        if self.slots.len() as u64 >= volume.limits.entries {
            return;
        }
        let alive = inode.mode != 0 && inode.links > 0 && inode.deleted == 0;
        let in_use = inode.mode != 0 && bit.unwrap_or(alive);
        self.slots.push(Slot::new(number, &inode, in_use));
        if !in_use {
            return;
        }
        let at = || volume.current.medium_offset(offset);
        if inode::check(&volume.superblock, number, bytes, 0).is_err()
            && let Err(error) = inode::check(&volume.superblock, number, bytes, at())
        {
            volume.issue(&error);
        }
        let map = map::read(volume, volume, number, &inode, offset, *budget);
        *budget = budget.saturating_sub(map.nodes.len() as u64);
        if let Some(error) = &map.damage {
            volume.issue(error);
            if let Error::Limit { unit: "blocks of metadata", .. } = error {
                self.too_large.insert(number);
            }
        }
        self.live.extend(map.blocks().map(|(start, end)| (start, end, number)));
        self.live.extend(map.nodes.iter().map(|block| (*block, block.saturating_add(1), number)));
        if inode.attribute_block != 0 && !inode.has(flag::EA_INODE) {
            let block = inode.attribute_block;
            self.live.push((block, block.saturating_add(1), number));
        }
    }
}

/// Reads a stretch of a table at once or, where that fails, sector by sector; what cannot be read is an issue.
fn read_what_can_be_read(volume: &Volume, offset: u64, length: u64) -> Vec<(u64, Vec<u8>)> {
    if let Ok(bytes) = volume.current.read_vec(offset, length) {
        return vec![(offset, bytes)];
    }
    let step = u64::from(volume.superblock.inode_size).max(SECTOR);
    let mut read = Vec::new();
    let mut at = 0u64;
    while at < length {
        let (offset, part) = (offset.saturating_add(at), step.min(length.saturating_sub(at)));
        match volume.current.read_vec(offset, part) {
            Ok(bytes) => read.push((offset, bytes)),
            Err(Error::OutOfBounds { .. }) => {
                let error = Error::corrupt(
                    "inode table",
                    volume.source.medium_offset(offset),
                    "a block of the medium",
                    "the end of the medium",
                );
                volume.issues.push(Issue::from(&error));
                break;
            }
            Err(error) => volume.issue(&error),
        }
        at = at.saturating_add(part);
    }
    read
}
