//! One sweep over all inodes: the chunks that the inode B+trees list ("AG Inode Management").

use super::{Volume, btree, group, inode::Inode};
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
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    InUse(Kind),
    /// In use, and it cannot be read.
    Damaged,
    /// Freed; it holds what is left of a file.
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
                    btree::for_each_record(volume, &btree::INODES, group, root, |record, at| {
                        let fields = Fields::new(record, "inode B+tree record", at);
                        if let Some(chunk) = Chunk::parse(volume, group, &fields) {
                            chunk.read(volume, &mut slots);
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
    pub(super) fn state(&self, number: u64) -> Option<State> {
        let place = self.slots.binary_search_by_key(&number, |slot| slot.number).ok()?;
        self.slots.get(place).map(|slot| slot.state)
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
            let state = match (inode, self.free >> place & 1 == 1) {
                (Ok(inode), false) if inode.is_metadata() => continue,
                (Ok(inode), false) => State::InUse(posix::kind(inode.mode).unwrap_or(Kind::Other)),
                (Ok(_), true) => State::Free,
                (Err(error), false) => {
                    volume.issue(&error);
                    State::Damaged
                }
                (Err(_), true) => continue,
            };
            slots.push(Slot { number, state });
        }
    }
}
