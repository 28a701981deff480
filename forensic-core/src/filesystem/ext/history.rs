//! The lives of inodes: what the journal's copies of the tables, and the tables themselves, say of each number's
//! former and present files.
//!
//! An inode number is given to one file after another; its generation, which is drawn anew each time, and its time of
//! creation tell them apart.

use super::{
    Volume,
    inode::{self, Inode, Instant},
    journal::{Copy, Journal, Log},
    scan::{Scan, Slot},
};
use std::collections::{BTreeMap, HashMap};

/// The sequence of what is in its place now: after every transaction.
pub(super) const NOW: u32 = u32::MAX;

/// Which file had an inode number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Who {
    /// The one that has it now.
    Present,
    /// A former one: a place in [`Lives`].
    Former(u32),
    /// One of which nothing but the name is left.
    Unknown,
}

/// One file's time as the owner of an inode number.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) number: u32,
    pub(super) generation: u32,
    pub(super) created: Option<Instant>,
    pub(super) mode: u16,
    /// The most names it had at once.
    pub(super) links: u16,
    /// Transactions of the first and the last copy in which it is alive.
    pub(super) first: u32,
    pub(super) last: u32,
    /// The transaction by which it was gone.
    pub(super) ended: Option<u32>,
    /// When it was deleted, in seconds; 0 where that is not known.
    pub(super) deleted: u32,
    /// The best copy of its inode: byte offset in the volume, and transaction.
    pub(super) offset: u64,
    pub(super) sequence: u32,
    /// True where that copy has lost size and place of the content.
    pub(super) emptied: bool,
    /// True where that copy's place in the journal was told by its descriptor, or it stands in its table.
    pub(super) certain: bool,
    /// True where the file has the number now.
    pub(super) present: bool,
}

impl Life {
    pub(super) fn is_directory(&self) -> bool {
        self.mode & 0xf000 == 0x4000
    }
}

/// All lives that the journal or a deleted inode tells of.
#[derive(Default)]
pub(super) struct Lives {
    pub(super) lives: Vec<Life>,
    /// The lives of each number, in order of time.
    by_number: HashMap<u32, Vec<u32>>,
}

impl Lives {
    pub(super) fn build(volume: &Volume, scan: &Scan, journal: Option<&Journal>) -> Self {
        let mut lives = Self::default();
        if let Some(journal) = journal {
            lives.read_journal(volume, scan, journal);
        }
        for slot in &scan.slots {
            lives.now(volume, slot);
        }
        lives
    }

    pub(super) fn get(&self, who: Who) -> Option<&Life> {
        match who {
            Who::Former(life) => self.lives.get(life as usize),
            _ => None,
        }
    }

    fn of(&self, number: u32) -> impl DoubleEndedIterator<Item = (u32, &Life)> {
        let ids = self.by_number.get(&number).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| Some((*id, self.lives.get(*id as usize)?)))
    }

    fn read_journal(&mut self, volume: &Volume, scan: &Scan, journal: &Journal) {
        let tables = Tables::new(volume);
        let mut known: Option<Known> = None;
        for copy in &journal.log.copies {
            let first = match copy.block {
                Some(block) => match tables.first_inode(block) {
                    Some(first) => first,
                    None => continue,
                },
                None => 0,
            };
            let Ok(bytes) = journal.block(copy) else { continue };
            let (first, certain) = match copy.block {
                Some(_) if journal.is_whole(copy, &bytes) => (first, true),
                _ => match known.get_or_insert_with(|| Known::new(volume, scan)).table(volume, &bytes) {
                    Some(first) => (first, volume.superblock.has_checksums()),
                    None => continue,
                },
            };
            let size = usize::from(volume.superblock.inode_size);
            let start = journal.offset(copy);
            for ((number, bytes), place) in (first..).zip(bytes.chunks_exact(size)).zip(0u64..) {
                let Ok(inode) = Inode::parse(bytes, 0) else { continue };
                if inode.mode == 0 || number > volume.superblock.inodes {
                    continue;
                }
                let certain =
                    certain && (copy.block.is_some() || inode::check(&volume.superblock, number, bytes, 0).is_ok());
                let offset = start.saturating_add(place.saturating_mul(size as u64));
                self.seen(number, &inode, copy, offset, certain);
            }
        }
    }

    /// Takes in a copy of an inode, newer than all before it.
    fn seen(&mut self, number: u32, inode: &Inode, copy: &Copy, offset: u64, certain: bool) {
        let alive = inode.links > 0 || !inode.is_emptied();
        let sequence = copy.sequence;
        let id = self.life(number, inode.generation, inode.created, inode.mode, sequence);
        let Some(life) = self.lives.get_mut(id as usize) else { return };
        if !alive || inode.links == 0 && inode.deleted != 0 && inode.is_emptied() {
            life.ended.get_or_insert(sequence);
            if life.offset == 0 {
                (life.offset, life.sequence, life.emptied, life.certain) = (offset, sequence, true, certain);
            }
            life.deleted = inode.deleted;
            return;
        }
        if life.first == NOW {
            life.first = sequence;
        }
        life.last = sequence;
        life.ended = None;
        life.links = life.links.max(inode.links);
        (life.offset, life.sequence, life.emptied, life.certain) = (offset, sequence, false, certain);
        life.mode = inode.mode;
    }

    /// The life of a number that a copy of transaction `sequence` speaks of: the last one, or a new one.
    fn life(&mut self, number: u32, generation: u32, created: Option<Instant>, mode: u16, sequence: u32) -> u32 {
        let last = self.by_number.get(&number).and_then(|ids| ids.last()).copied();
        if let Some(id) = last
            && let Some(life) = self.lives.get_mut(id as usize)
        {
            if life.generation == generation && life.created == created && life.mode & 0xf000 == mode & 0xf000 {
                return id;
            }
            life.ended.get_or_insert(sequence);
        }
        let id = u32::try_from(self.lives.len()).unwrap_or(NOW);
        self.lives.push(Life {
            number,
            generation,
            created,
            mode,
            links: 0,
            first: NOW,
            last: 0,
            ended: None,
            deleted: 0,
            offset: 0,
            sequence,
            emptied: false,
            certain: false,
            present: false,
        });
        self.by_number.entry(number).or_default().push(id);
        id
    }

    /// Takes in what the table says now.
    fn now(&mut self, volume: &Volume, slot: &Slot) {
        if slot.mode == 0 {
            return;
        }
        let known = self.by_number.contains_key(&slot.number);
        if slot.in_use {
            // A file without a history needs none.
            if known {
                let id = self.life(slot.number, slot.generation, slot.created(), slot.mode, NOW);
                if let Some(life) = self.lives.get_mut(id as usize) {
                    life.present = true;
                    life.links = life.links.max(slot.links);
                    life.ended = None;
                }
            }
            return;
        }
        let Some(offset) = volume.inode_offset(slot.number) else { return };
        let id = self.life(slot.number, slot.generation, slot.created(), slot.mode, NOW);
        let Some(life) = self.lives.get_mut(id as usize) else { return };
        life.ended.get_or_insert(NOW);
        life.deleted = slot.deleted;
        life.links = life.links.max(slot.links);
        if life.offset == 0 || !slot.emptied && life.emptied {
            (life.offset, life.sequence, life.emptied, life.certain) = (offset, NOW, slot.emptied, true);
        }
    }

    /// Which file an entry of a directory meant that stood there in transaction `sequence`, at `time`, and whether that is
    /// certain. `present` is the slot of the inode's number, where it is in use now.
    pub(super) fn at(
        &self,
        number: u32,
        sequence: u32,
        log: Option<&Log>,
        present: Option<&Slot>,
        file_type: u8,
    ) -> (Who, bool) {
        let fits = |mode: u16| file_type == 0 || type_of(mode) == file_type;
        let time = log.and_then(|log| log.commit_time(sequence));
        let was_made = |created: Option<Instant>| match (created, time) {
            (Some(created), Some(time)) => created <= time,
            _ => false,
        };
        // Lives follow one another: the last of those made by then is the one.
        let made = self.of(number).rev().find(|(_, life)| life.first <= sequence || was_made(life.created));
        let found = match made {
            Some((id, life)) if life.ended.is_none_or(|ended| ended > sequence) => {
                // Another may have come and gone between its last copy and the entry, in transactions that are lost.
                let seen = life.last.min(sequence);
                let certain = was_made(life.created) && life.first > sequence
                    || life.last >= sequence
                    || log.is_some_and(|log| log.is_gapless(seen, sequence));
                Some((id, life, certain))
            }
            Some(_) => None,
            // The only one there is, where no time of creation tells whether it is as old as the entry.
            None => {
                self.of(number).next().filter(|(_, life)| life.created.is_none()).map(|(id, life)| (id, life, false))
            }
        };
        match found {
            Some((id, life, certain)) if fits(life.mode) => {
                (if life.present { Who::Present } else { Who::Former(id) }, certain)
            }
            Some(_) => (Who::Unknown, false),
            None => match present.filter(|slot| self.of(number).next().is_none() && fits(slot.mode)) {
                Some(slot) if was_made(slot.created()) => (Who::Present, true),
                Some(slot) if slot.created().is_none() => (Who::Present, false),
                _ => (Who::Unknown, false),
            },
        }
    }

    /// The last former file of a number, for an entry of which nobody knows when it was deleted.
    pub(super) fn last(&self, number: u32, file_type: u8) -> Who {
        let fits = |life: &Life| !life.present && (file_type == 0 || type_of(life.mode) == file_type);
        self.of(number).rev().find(|(_, life)| fits(life)).map_or(Who::Unknown, |(id, _)| Who::Former(id))
    }
}

/// The type that a directory entry of a file of this mode has.
pub(super) fn type_of(mode: u16) -> u8 {
    match mode & 0xf000 {
        0x8000 => 1,
        0x4000 => 2,
        0x2000 => 3,
        0x6000 => 4,
        0x1000 => 5,
        0xc000 => 6,
        0xa000 => 7,
        _ => 0,
    }
}

/// Which blocks are those of inode tables.
pub(super) struct Tables {
    /// First block of each table, and the number of its first inode.
    starts: BTreeMap<u64, u32>,
    blocks: u64,
    inodes_per_block: u32,
}

impl Tables {
    pub(super) fn new(volume: &Volume) -> Self {
        let superblock = &volume.superblock;
        let inodes_per_block = superblock.inodes_per_block();
        let first = |group: u64| u32::try_from(group.saturating_mul(u64::from(superblock.inodes_per_group)));
        let starts = (0u64..)
            .zip(&volume.groups)
            .filter(|(_, group)| group.inode_table != 0)
            .filter_map(|(number, group)| Some((group.inode_table, first(number).ok()?.checked_add(1)?)))
            .collect();
        let blocks = superblock.table_blocks();
        Self { starts, blocks, inodes_per_block }
    }

    /// The number of the first inode in a block; `None` for a block of no table.
    pub(super) fn first_inode(&self, block: u64) -> Option<u32> {
        let (start, first) = self.starts.range(..=block).next_back()?;
        let inside = block.checked_sub(*start).filter(|inside| *inside < self.blocks)?;
        first.checked_add(u32::try_from(inside).ok()?.checked_mul(self.inodes_per_block)?)
    }
}

/// Tells of a block with inodes which one it is, by the generations that the tables still have.
struct Known {
    /// Place in the block and generation, to the first inode of the block.
    blocks: HashMap<(u32, u32), u32>,
    inodes_per_block: u32,
}

impl Known {
    fn new(volume: &Volume, scan: &Scan) -> Self {
        let inodes_per_block = volume.superblock.inodes_per_block();
        let mut blocks = HashMap::new();
        for slot in scan.slots.iter().filter(|slot| slot.generation != 0) {
            // Tables begin with a block, and groups have a whole number of blocks of inodes.
            let index = slot.number.saturating_sub(1).checked_rem(volume.superblock.inodes_per_group).unwrap_or(0);
            let place = index.checked_rem(inodes_per_block).unwrap_or(0);
            blocks.insert((place, slot.generation), slot.number.saturating_sub(place));
        }
        Self { blocks, inodes_per_block }
    }

    /// The first inode of the table's block that `bytes` are an older copy of.
    fn table(&self, volume: &Volume, bytes: &[u8]) -> Option<u32> {
        let size = usize::from(volume.superblock.inode_size);
        let mut votes: BTreeMap<u32, u32> = BTreeMap::new();
        for (place, bytes) in (0..self.inodes_per_block).zip(bytes.chunks_exact(size)) {
            let Ok(inode) = Inode::parse(bytes, 0) else { continue };
            let Some(first) = self.blocks.get(&(place, inode.generation)).filter(|_| type_of(inode.mode) != 0) else {
                continue;
            };
            let number = first.saturating_add(place);
            if inode::check(&volume.superblock, number, bytes, 0).is_ok() {
                let vote = votes.entry(*first).or_default();
                *vote = vote.saturating_add(1);
            }
        }
        votes.into_iter().max_by_key(|(first, votes)| (*votes, std::cmp::Reverse(*first))).map(|(first, _)| first)
    }
}
