//! One sweep over all inodes: the chunks that the inode B+trees list ("AG Inode Management").

use super::{Volume, btree, extents, group, inode::Inode};
use crate::{
    bytes::Fields,
    error::Issue,
    filesystem::{model::Kind, posix},
};

/// Inodes of a chunk.
const CHUNK: u32 = 64;
/// Inodes of a sparse chunk that one bit of the hole mask stands for.
const HOLE: u32 = 4;

/// An inode that the sweep met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) number: u64,
    /// Raised each time the inode is freed.
    pub(super) generation: u32,
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    InUse(Kind),
    /// In use, and it cannot be read.
    Damaged,
    /// Freed, and still with the extents of a file.
    Free,
}

/// All inodes, in order of number.
pub(super) struct Scan {
    slots: Vec<Slot>,
}

impl Scan {
    pub(super) fn run(volume: &Volume) -> Self {
        let mut slots = Vec::new();
        for group in group::all(volume) {
            match group::inode_root(volume, group) {
                Ok(root) => {
                    let mut next = 0;
                    btree::for_each_record(volume, &btree::INODES, group, root, |record, at| {
                        let fields = Fields::new(record, "inode B+tree record", at);
                        match Chunk::parse(volume, group, &fields) {
                            // Chunks come in order and apart, so that no inode is read twice.
                            Some(chunk) if chunk.start >= next => {
                                next = chunk.start.saturating_add(CHUNK);
                                chunk.read(volume, &mut slots);
                            }
                            _ => volume.issue(&fields.corrupt(0, format!("a chunk from inode {next} on"), "another")),
                        }
                    });
                }
                Err(error) => volume.issue(&error),
            }
            if slots.len() as u64 > volume.limits.entries {
                let found = format!("more than {} inodes", volume.limits.entries);
                volume.issues.push(Issue::new(None, "inode B+tree", found));
                break;
            }
        }
        slots.sort_by_key(|slot| slot.number);
        slots.dedup_by_key(|slot| slot.number);
        Self { slots }
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// What the sweep says of an inode.
    pub(super) fn slot(&self, number: u64) -> Option<&Slot> {
        let place = self.slots.binary_search_by_key(&number, |slot| slot.number).ok()?;
        self.slots.get(place)
    }
}

/// A record of the tree: 64 inodes from `start` on.
struct Chunk {
    group: u32,
    start: u32,
    /// Four inodes a bit: those that are not there.
    holes: u16,
    /// One inode a bit.
    free: u64,
}

impl Chunk {
    fn parse(volume: &Volume, group: u32, fields: &Fields<'_>) -> Option<Self> {
        let holes = if volume.superblock.sparse_inodes { fields.u16_be(4).ok()? } else { 0 };
        Some(Self { group, start: fields.u32_be(0).ok()?, holes, free: fields.u64_be(8).ok()? })
    }

    fn read(&self, volume: &Volume, slots: &mut Vec<Slot>) {
        let superblock = &volume.superblock;
        let size = u64::from(superblock.inode_size);
        let first = superblock.inode_number(self.group, self.start);
        let whole = superblock.inode_offset(first).and_then(|offset| {
            let length = u64::from(CHUNK).saturating_mul(size);
            (self.holes == 0).then(|| volume.read(offset, length).ok()).flatten()
        });
        for place in 0..CHUNK {
            if self.holes >> (place / HOLE) & 1 == 1 {
                continue;
            }
            let number = first.saturating_add(u64::from(place));
            let Some(offset) = superblock.inode_offset(number) else { return };
            let start = (place as usize).saturating_mul(superblock.inode_size as usize);
            let bytes =
                whole.as_ref().and_then(|all| all.get(start..start.saturating_add(superblock.inode_size as usize)));
            let inode = match bytes {
                Some(bytes) => Inode::parse(volume, number, offset, bytes.to_vec()),
                None => Inode::read(volume, number),
            };
            let generation = inode.as_ref().map_or(0, |inode| inode.generation);
            let state = match (inode, self.free >> place & 1 == 1) {
                (Ok(inode), false) if inode.is_metadata() => continue,
                (Ok(inode), false) => State::InUse(posix::kind(inode.mode).unwrap_or(Kind::Other)),
                (Ok(inode), true) if inode.mode == 0 && !extents::left_over(volume, &inode).is_empty() => State::Free,
                (Err(error), false) => {
                    volume.issue(&error);
                    State::Damaged
                }
                (_, true) => continue,
            };
            slots.push(Slot { number, generation, state });
        }
    }
}
