//! One pass over the inode tables: what each inode is, and the blocks that those in use claim.

use super::{
    Volume, bitmap,
    inode::{self, Inode, Instant, flag},
    map,
};
use crate::{
    bytes::{ReadAt, Spare},
    error::{Error, Issue},
    parallel,
};
use std::{
    collections::HashSet,
    sync::{Mutex, OnceLock, PoisonError},
};

/// Bytes of a table read at once: what the processor's caches hold, and the allocator keeps to give it again.
const CHUNK: u64 = 64 << 10;
/// Inodes for which room is made before they are seen.
const AT_ONCE: usize = 1 << 18;
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
    pub(super) deleted: u32,
    created: Instant,
    /// True where the inode says when it was created.
    dated: bool,
    pub(super) in_use: bool,
    /// True where neither size nor place of the content is left.
    pub(super) emptied: bool,
    /// True where the checksum is known to be right, or there is none.
    pub(super) sound: bool,
}

impl Slot {
    pub(super) fn new(number: u32, inode: &Inode, in_use: bool) -> Self {
        Self {
            number,
            mode: inode.mode,
            links: inode.links,
            flags: inode.flags,
            generation: inode.generation,
            created: inode.created.unwrap_or_default(),
            dated: inode.created.is_some(),
            deleted: inode.deleted,
            in_use,
            emptied: inode.is_emptied(),
            sound: false,
        }
    }

    pub(super) fn created(&self) -> Option<Instant> {
        self.dated.then_some(self.created)
    }

    pub(super) fn is_directory(&self) -> bool {
        self.mode & 0xf000 == 0x4000
    }
}

/// Blocks that an inode in use claims: first, one after the last, and the inode.
type Claim = (u64, u64, u32);

/// What the pass found.
#[derive(Default)]
pub(super) struct Scan {
    /// In order of number.
    pub(super) slots: Vec<Slot>,
    /// Blocks of inodes in use, as the pass found them.
    found: Mutex<Vec<Claim>>,
    /// The same in order: made when first asked for, which a volume without deleted files never is.
    live: OnceLock<Vec<Claim>>,
    /// Of each group, the place behind its last slot.
    ends: Vec<usize>,
    /// Inodes of a group.
    per_group: u32,
    /// Inodes whose map is too large to be true.
    pub(super) too_large: HashSet<u32>,
}

/// A stretch of an inode table.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    group: usize,
    /// Number of its first inode, and the place of that in the group.
    first: u64,
    place: u64,
    /// Bytes of the volume: the first, and how many.
    offset: u64,
    length: u64,
}

/// What a stretch holds.
#[derive(Default)]
struct Part {
    slots: Vec<Slot>,
    live: Vec<Claim>,
    /// Inodes in use whose map lies in further blocks, and their byte offset in the volume.
    mapped: Vec<(u32, Inode, u64)>,
    /// What is wrong with an inode.
    errors: Vec<(u32, Error)>,
}

impl Scan {
    pub(super) fn run(volume: &Volume) -> Self {
        let mut scan = Self::default();
        let mut budget = volume.superblock.blocks;
        let stretches = stretches(volume);
        // Room for all that most volumes have, so that little is moved; no more than that before it is seen.
        let size = u64::from(volume.superblock.inode_size);
        let length: u64 = stretches.iter().map(|stretch| stretch.length).fold(0, u64::saturating_add);
        let count = usize::try_from(length.checked_div(size).unwrap_or(0)).unwrap_or(usize::MAX).min(AT_ONCE);
        scan.slots.reserve(count);
        let mut live: Vec<Claim> = Vec::with_capacity(count);
        let threads = parallel::threads_of_a_pass(stretches.len() as u64);
        // Bytes to read into, one piece a thread: new ones would have to be cleared.
        let spare = Spare::default();
        let read = |number: u64| {
            let Some(stretch) = usize::try_from(number).ok().and_then(|number| stretches.get(number)) else {
                return Part::default();
            };
            let mut bytes = spare.take();
            let part = Part::read(volume, stretch, &mut bytes);
            spare.give(bytes);
            part
        };
        let most = usize::try_from(volume.limits.entries).unwrap_or(usize::MAX);
        let _ = parallel::in_order(stretches.len() as u64, threads, read, |_, mut part| {
            part.slots.truncate(most.saturating_sub(scan.slots.len()));
            let Some(last) = part.slots.last().map(|slot| slot.number) else { return Ok(()) };
            scan.slots.append(&mut part.slots);
            live.extend(part.live.iter().filter(|(_, _, number)| *number <= last));
            part.errors.iter().filter(|(number, _)| *number <= last).for_each(|(_, error)| volume.issue(error));
            for (number, inode, offset) in part.mapped.iter().filter(|(number, _, _)| *number <= last) {
                scan.map(volume, *number, inode, *offset, &mut budget, &mut live);
            }
            Ok(())
        });
        scan.found = Mutex::new(live);
        scan.per_group = volume.superblock.inodes_per_group;
        let mut slots = scan.slots.iter().peekable();
        let mut place = 0usize;
        for group in 1..=volume.groups.len() as u64 {
            let end = group.saturating_mul(u64::from(scan.per_group));
            while slots.next_if(|slot| u64::from(slot.number) <= end).is_some() {
                place = place.saturating_add(1);
            }
            scan.ends.push(place);
        }
        scan
    }

    /// Adds what an inode claims by a map that lies in blocks of its own: all of them together can have no more than the
    /// volume.
    fn map(
        &mut self,
        volume: &Volume,
        number: u32,
        inode: &Inode,
        offset: u64,
        budget: &mut u64,
        live: &mut Vec<Claim>,
    ) {
        let map = map::read(volume, volume, number, inode, offset, *budget);
        *budget = budget.saturating_sub(map.nodes.len() as u64);
        if let Some(error) = map.damage.as_deref() {
            volume.issue(error);
            if let Error::Limit { unit: "blocks of metadata", .. } = error {
                self.too_large.insert(number);
            }
        }
        live.extend(map.blocks().map(|(start, end)| (start, end, number)));
        live.extend(map.nodes.iter().map(|block| (*block, block.saturating_add(1), number)));
    }

    /// The blocks of inodes in use, in order.
    pub(super) fn live(&self) -> &[Claim] {
        self.live.get_or_init(|| {
            let mut live = std::mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner));
            // Most of it is in order already, which the stable sort makes use of.
            live.sort();
            live
        })
    }

    /// The inode in use that claims a block.
    pub(super) fn claim(&self, block: u64) -> Option<u32> {
        let live = self.live();
        let place = live.partition_point(|(start, _, _)| *start <= block).checked_sub(1)?;
        live.get(place).filter(|(_, end, _)| block < *end).map(|(_, _, number)| *number)
    }

    /// The slot of an inode; `None` for one that was never used or cannot be read.
    pub(super) fn slot(&self, number: u32) -> Option<&Slot> {
        self.slots.get(self.place(number)?)
    }

    /// The place of an inode in `slots`.
    pub(super) fn place(&self, number: u32) -> Option<usize> {
        // Mostly all inodes behind it in its group have a slot, as they are used in order.
        let group = number.checked_sub(1)?.checked_div(self.per_group)?;
        let last = self.ends.get(group as usize)?.checked_sub(1)?;
        let behind = self.slots.get(last)?.number.checked_sub(number)?;
        let guess = last.checked_sub(behind as usize);
        if guess.and_then(|guess| self.slots.get(guess)).is_some_and(|slot| slot.number == number) {
            return guess;
        }
        self.slots.binary_search_by_key(&number, |slot| slot.number).ok()
    }
}

impl Part {
    fn read(volume: &Volume, stretch: &Stretch, buffer: &mut Vec<u8>) -> Self {
        let mut part = Self::default();
        let Some(group) = volume.groups.get(stretch.group) else { return part };
        let bits = bitmap::inodes(volume, group);
        let size = u64::from(volume.superblock.inode_size);
        let count = usize::try_from(stretch.length.checked_div(size).unwrap_or(0)).unwrap_or(0);
        part.slots.reserve(count);
        part.live.reserve(count);
        read_what_can_be_read(volume, stretch.offset, stretch.length, buffer, |offset, bytes| {
            let index = offset.saturating_sub(stretch.offset).checked_div(size).unwrap_or(0);
            for (index, bytes) in (index..).zip(bytes.chunks_exact(usize::from(volume.superblock.inode_size))) {
                let bit = bits.as_deref().map(|bits| bitmap::is_set(bits, stretch.place.saturating_add(index)));
                let offset = stretch.offset.saturating_add(index.saturating_mul(size));
                if let Ok(inode) = u32::try_from(stretch.first.saturating_add(index)) {
                    part.inode(volume, inode, bytes, offset, bit);
                }
            }
        });
        part
    }

    fn inode(&mut self, volume: &Volume, number: u32, bytes: &[u8], offset: u64, bit: Option<bool>) {
        let Ok(inode) = Inode::parse(bytes, 0) else { return };
        if inode.mode == 0 && inode.links == 0 && inode.deleted == 0 || number > volume.superblock.inodes {
            return;
        }
        let alive = inode.mode != 0 && inode.links > 0 && inode.deleted == 0;
        let in_use = inode.mode != 0 && bit.unwrap_or(alive);
        let sound = in_use && inode::check(&volume.superblock, number, bytes, 0).is_ok();
        self.slots.push(Slot { sound, ..Slot::new(number, &inode, in_use) });
        if !in_use {
            return;
        }
        if !sound {
            let at = volume.current.medium_offset(offset);
            let error = inode::check(&volume.superblock, number, bytes, at).err();
            self.errors.extend(error.map(|error| (number, error)));
        }
        if inode.attribute_block != 0 && !inode.has(flag::EA_INODE) {
            let block = inode.attribute_block;
            self.live.push((block, block.saturating_add(1), number));
        }
        // Of most files the inode itself is the map.
        let map = map::read(volume, volume, number, &inode, offset, 0);
        if map.cut {
            return self.mapped.push((number, inode, offset));
        }
        self.live.extend(map.blocks().map(|(start, end)| (start, end, number)));
        self.errors.extend(map.damage.map(|error| (number, *error)));
    }
}

/// The parts of the inode tables that are used, in pieces.
fn stretches(volume: &Volume) -> Vec<Stretch> {
    let size = u64::from(volume.superblock.inode_size);
    let per_group = volume.superblock.inodes_per_group;
    // A whole number of inodes.
    let chunk = CHUNK.checked_div(size).unwrap_or(0).max(1).saturating_mul(size);
    let mut stretches = Vec::new();
    for (group, own) in volume.groups.iter().enumerate() {
        if own.inode_table == 0 || own.inodes_uninitialised {
            continue;
        }
        let used = per_group.saturating_sub(own.unused_inodes.min(per_group));
        let (start, length) = (volume.superblock.offset(own.inode_table), u64::from(used).saturating_mul(size));
        let first = (group as u64).saturating_mul(u64::from(per_group)).saturating_add(1);
        // Also of a table not in use yet: its bitmap is looked at.
        for at in (0..length.max(1)).step_by(usize::try_from(chunk).unwrap_or(usize::MAX)) {
            let place = at.checked_div(size).unwrap_or(0);
            stretches.push(Stretch {
                group,
                first: first.saturating_add(place),
                place,
                offset: start.saturating_add(at),
                length: chunk.min(length.saturating_sub(at)),
            });
        }
    }
    stretches
}

/// Reads a stretch of a table into `buffer` at once or, where that fails, sector by sector, and gives the bytes and their
/// offset to `visit`; what cannot be read is an issue.
fn read_what_can_be_read(
    volume: &Volume,
    offset: u64,
    length: u64,
    buffer: &mut Vec<u8>,
    mut visit: impl FnMut(u64, &[u8]),
) {
    // No longer than a chunk or one inode.
    buffer.resize(usize::try_from(length).unwrap_or(0), 0);
    if volume.current.read_at(offset, buffer).is_ok() {
        return visit(offset, buffer);
    }
    let step = u64::from(volume.superblock.inode_size).max(SECTOR);
    let mut at = 0u64;
    while at < length {
        let (offset, part) = (offset.saturating_add(at), step.min(length.saturating_sub(at)));
        match volume.current.read_vec(offset, part) {
            Ok(bytes) => visit(offset, &bytes),
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
}
