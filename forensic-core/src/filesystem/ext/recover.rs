//! How much of a deleted file can be given back, and why.
//!
//! Four witnesses speak against a block: the bitmap and the inodes in use (it belongs to a file that lives), the journal's
//! copies of the bitmap (it was given away since), and other deleted inodes that claim it (it belonged to a file that
//! lived later).

use super::{
    Volume,
    catalog::Catalog,
    history::{Life, NOW},
    inode::Inode,
    journal::Journal,
    map::{self, Map, Nodes, Place},
    record::Record,
};
use crate::{
    error::{Error, Result},
    filesystem::{allocation::Allocation, model::Recoverability},
};
use std::collections::{BTreeMap, HashMap};

/// The blocks of a map as they were when the file was last seen: from the journal, or from their place.
pub(super) struct Past<'a> {
    pub(super) volume: &'a Volume,
    pub(super) journal: Option<&'a Journal>,
    /// The last transaction whose copies may be used.
    pub(super) until: u32,
}

impl Nodes for Past<'_> {
    fn node(&self, block: u64, fits: &dyn Fn(&[u8]) -> bool) -> Result<(Vec<u8>, u64)> {
        if let Some(journal) = self.journal {
            let copies = journal.log.copies_of(block).rev().filter(|copy| copy.sequence <= self.until);
            for copy in copies {
                let Ok(bytes) = journal.block(copy) else { continue };
                if journal.is_whole(copy, &bytes) && fits(&bytes) {
                    return Ok((bytes, self.volume.source.medium_offset(journal.offset(copy))));
                }
            }
        }
        let (bytes, at) = self.volume.node(block, fits)?;
        match fits(&bytes) {
            true => Ok((bytes, at)),
            false => Err(Error::corrupt("block map", at, "a block of this file's map", "other data")),
        }
    }
}

/// What is known against the blocks of former files.
pub(super) struct Claims {
    /// By the number of the life.
    maps: HashMap<u32, Map>,
    /// Blocks that a later life took (true), or of which it cannot be told who had them last (false); and that life.
    contested: HashMap<u32, Vec<Contest>>,
    /// When each cluster was last given to a file, by group: after the first of two transactions, by the second.
    given: HashMap<u64, Vec<(u32, u32)>>,
    /// The latest deletion of an inode that kept nothing.
    last_emptied: u32,
}

#[derive(Debug, Clone, Copy)]
struct Contest {
    start: u64,
    end: u64,
    lost: bool,
    by: u32,
}

/// When a life ended, for comparing two of them: its last transaction, and when it was deleted.
type Age = (u32, u32);

/// A stretch of blocks that some life claims.
#[derive(Clone, Copy)]
struct Held {
    end: u64,
    oldest: Age,
    newest: Age,
    by: u32,
}

impl Claims {
    pub(super) fn new(volume: &Volume, journal: Option<&Journal>, catalog: &Catalog) -> Self {
        let lives = &catalog.lives.lives;
        let mut claims = Self {
            maps: HashMap::new(),
            contested: HashMap::new(),
            given: journal.map(|journal| given(volume, journal)).unwrap_or_default(),
            last_emptied: lives
                .iter()
                .filter(|life| life.emptied && life.mode & 0xf000 == 0x8000)
                .map(|life| life.deleted)
                .max()
                .unwrap_or(0),
        };
        let mut runs: Vec<(Age, u32, u64, u64)> = Vec::new();
        let mut budget = volume.superblock.blocks.saturating_mul(2);
        for (id, life) in (0u32..).zip(lives) {
            if life.present || life.emptied {
                continue;
            }
            let Ok(record) = Record::read_at(volume, life.number, life.offset) else { continue };
            let until = life.ended.map_or(NOW, |ended| ended.saturating_sub(1)).max(life.sequence);
            let past = Past { volume, journal, until };
            let map = map::read(volume, &past, life.number, &record.inode, record.at, budget);
            budget = budget.saturating_sub(map.nodes.len() as u64);
            let age = (life.sequence, life.deleted);
            runs.extend(map.blocks().map(|(start, end)| (age, id, start, end)));
            claims.maps.insert(id, map);
        }
        runs.sort_unstable();
        claims.compare(&runs);
        claims
    }

    /// Finds the blocks that several lives claim.
    fn compare(&mut self, runs: &[(Age, u32, u64, u64)]) {
        let mut held = BTreeMap::new();
        // From the last to the first: what is held already was taken by a later file.
        for run in runs.iter().rev() {
            let (age, id, ..) = *run;
            visit(&mut held, run, |start, end, other| {
                let lost = other.newest > age;
                self.contested.entry(id).or_default().push(Contest { start, end, lost, by: other.by });
            });
        }
        held.clear();
        // From the first to the last: what is held already was released in time, unless both are of the same age.
        for run in runs {
            let (age, id, ..) = *run;
            visit(&mut held, run, |start, end, other| {
                if other.newest == age {
                    self.contested.entry(id).or_default().push(Contest { start, end, lost: false, by: other.by });
                }
            });
        }
    }

    /// The map of a former life.
    pub(super) fn map(&self, life: u32) -> Option<&Map> {
        self.maps.get(&life)
    }

    /// Grades the content of a former life, and gives the blocks of it that others have: first, and one after the last.
    pub(super) fn grade(
        &self,
        volume: &Volume,
        catalog: &Catalog,
        allocation: &Result<Allocation>,
        id: u32,
        inode: &Inode,
    ) -> (Recoverability, String, Vec<(u64, u64)>) {
        let Some(life) = catalog.lives.lives.get(id as usize) else {
            return (Recoverability::Unknown, "its inode is lost".to_owned(), Vec::new());
        };
        if life.emptied {
            let reason =
                "deletion took size and place of the content from its inode, and the journal has no older copy";
            return (Recoverability::Unknown, reason.to_owned(), Vec::new());
        }
        let empty = Map::default();
        let map = self.maps.get(&id).unwrap_or(&empty);
        let allocation = match allocation {
            Ok(allocation) => allocation,
            Err(error) => {
                return (Recoverability::Unknown, format!("a block bitmap cannot be read: {error}"), Vec::new());
            }
        };
        let stop = inode.size.div_ceil(u64::from(volume.superblock.block_size));
        let mut total = 0u64;
        let (mut unwritten, mut doubtful) = (0u64, 0u64);
        let mut taken: Vec<(u64, u64)> = Vec::new();
        let mut owner: Option<String> = None;
        let contests = self.contested.get(&id).map(Vec::as_slice).unwrap_or_default();
        for segment in &map.segments {
            let count = segment.count.min(stop.saturating_sub(segment.logical));
            let block = match segment.place {
                Place::Data(block) => block,
                Place::Unwritten(_) => {
                    unwritten = unwritten.saturating_add(count);
                    continue;
                }
                Place::Lost => continue,
            };
            total = total.saturating_add(count);
            let end = block.saturating_add(count);
            doubtful = doubtful.saturating_add(self.add_taken(volume, allocation, life, (block, end), &mut taken));
            for contest in contests.iter().filter(|contest| contest.lost) {
                let (from, to) = (contest.start.max(block), contest.end.min(end));
                if from < to {
                    taken.push((from, to));
                    owner.get_or_insert_with(|| {
                        format!("a later, deleted file of inode {}", number(catalog, contest.by))
                    });
                }
            }
        }
        let taken = join(taken);
        let gone: u64 = taken.iter().map(|(start, end)| end.saturating_sub(*start)).sum();
        if let Some(error) = &map.damage {
            let grade = if total == 0 || gone >= total { Recoverability::Overwritten } else { Recoverability::Partial };
            return (grade, error.to_string(), taken);
        }
        if gone > 0 {
            let by = taken.first().and_then(|(block, _)| live_owner(catalog, *block)).or(owner);
            let by = by.unwrap_or_else(|| "another file since".to_owned());
            let grade = if gone >= total { Recoverability::Overwritten } else { Recoverability::Partial };
            return (grade, format!("{gone} of {total} blocks were given to {by}"), taken);
        }
        if let Some(contest) = contests.first() {
            let reason = format!("some blocks are claimed by deleted inode {} too", number(catalog, contest.by));
            return (Recoverability::Unknown, reason, taken);
        }
        if doubtful > 0 {
            let reason = format!("{doubtful} of {total} blocks may have been given to another file since");
            return (Recoverability::Unknown, reason, taken);
        }
        let (grade, reason) = self.untouched(life, inode, total, unwritten);
        (grade, reason, taken)
    }

    /// The grade of a life none of whose blocks belongs to another.
    fn untouched(&self, life: &Life, inode: &Inode, total: u64, unwritten: u64) -> (Recoverability, String) {
        if !life.certain {
            let reason = "the copy of its inode was recognised by its content only";
            return (Recoverability::Unknown, reason.to_owned());
        }
        if inode.is_directory() {
            let reason = "its names were taken out of it before it was deleted";
            return (Recoverability::Unknown, reason.to_owned());
        }
        if unwritten > 0 {
            let reason = format!("{unwritten} blocks were set aside and not yet known to be written");
            return (Recoverability::Unknown, reason);
        }
        let from = match life.sequence {
            NOW => "its inode".to_owned(),
            sequence => format!("the copy of its inode in transaction {sequence}"),
        };
        if total == 0 {
            return (Recoverability::Intact, format!("all of it stands in {from}"));
        }
        if life.sequence == NOW && self.last_emptied >= life.deleted {
            let reason =
                "none of its blocks is in use; whether one was since is not known: inodes deleted later are empty";
            return (Recoverability::Unknown, reason.to_owned());
        }
        let reason = format!("none of the {total} blocks that {from} gives is in use, or was given to another since");
        (Recoverability::Intact, reason)
    }

    /// Adds the blocks of a run that are in use, or were given away since the life was last seen; gives the number of
    /// those that may have been.
    fn add_taken(
        &self,
        volume: &Volume,
        allocation: &Allocation,
        life: &Life,
        (start, end): (u64, u64),
        taken: &mut Vec<(u64, u64)>,
    ) -> u64 {
        let superblock = &volume.superblock;
        if self.given.is_empty() && allocation.count(superblock.cluster(start), superblock.cluster_end(end)) == 0 {
            return 0;
        }
        let mut doubtful = 0u64;
        let mut block = start;
        while block < end {
            let number = superblock.cluster(block);
            let next = number.saturating_add(1).saturating_mul(u64::from(superblock.cluster_blocks)).min(end);
            let next = next.max(block.saturating_add(1));
            let (after, by) = self.given_at(volume, number);
            if allocation.is_used(number) != Some(false) || after >= life.sequence && by > life.sequence {
                taken.push((block, next));
            } else if by > life.sequence {
                doubtful = doubtful.saturating_add(next.saturating_sub(block));
            }
            block = next;
        }
        doubtful
    }

    /// When a cluster was last given to a file.
    fn given_at(&self, volume: &Volume, cluster: u64) -> (u32, u32) {
        let superblock = &volume.superblock;
        let inside = cluster.saturating_sub(superblock.cluster(u64::from(superblock.first_data_block)));
        let per_group = superblock.clusters_per_group();
        let group = self.given.get(&inside.checked_div(per_group).unwrap_or(0));
        let place = usize::try_from(inside.checked_rem(per_group).unwrap_or(0)).unwrap_or(usize::MAX);
        group.and_then(|group| group.get(place)).copied().unwrap_or_default()
    }
}

fn number(catalog: &Catalog, life: u32) -> u32 {
    catalog.lives.lives.get(life as usize).map_or(0, |life| life.number)
}

/// The path of the file in use that has a block.
fn live_owner(catalog: &Catalog, block: u64) -> Option<String> {
    catalog.path(catalog.scan.claim(block)?)
}

/// Puts runs in order, and joins those that meet.
fn join(mut runs: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    runs.sort_unstable();
    let mut apart: Vec<(u64, u64)> = Vec::with_capacity(runs.len());
    for (start, end) in runs {
        match apart.last_mut().filter(|last| start <= last.1) {
            Some(last) => last.1 = last.1.max(end),
            None => apart.push((start, end)),
        }
    }
    apart
}

/// Tells `meet` of the stretches of `held` that a run meets, and adds it.
fn visit(
    held: &mut BTreeMap<u64, Held>,
    &(age, by, start, end): &(Age, u32, u64, u64),
    mut meet: impl FnMut(u64, u64, &Held),
) {
    let (mut first, mut last) = (start, end);
    let mut sum = Held { end, oldest: age, newest: age, by };
    // Stretches that meet become one, so that each is met once.
    while let Some((&from, &other)) = held.range(..end).next_back() {
        if other.end <= start {
            break;
        }
        held.remove(&from);
        if other.by != by {
            meet(from.max(start), other.end.min(end), &other);
        }
        first = first.min(from);
        last = last.max(other.end);
        (sum.oldest, sum.newest) = (sum.oldest.min(other.oldest), sum.newest.max(other.newest));
    }
    sum.end = last;
    held.insert(first, sum);
}

/// When each cluster last came into use, as the journal's copies of the block bitmaps tell.
fn given(volume: &Volume, journal: &Journal) -> HashMap<u64, Vec<(u32, u32)>> {
    let bitmaps: HashMap<u64, u64> =
        (0u64..).zip(&volume.groups).map(|(number, group)| (group.block_bitmap, number)).collect();
    let clusters = usize::try_from(volume.superblock.clusters_per_group()).unwrap_or(0);
    let mut given: HashMap<u64, Vec<(u32, u32)>> = HashMap::new();
    let mut before: HashMap<u64, (u32, Vec<u8>)> = HashMap::new();
    for copy in &journal.log.copies {
        let Some(group) = copy.block.and_then(|block| bitmaps.get(&block)) else { continue };
        let Ok(bits) = journal.block(copy) else { continue };
        if !journal.is_whole(copy, &bits) {
            continue;
        }
        if let Some((sequence, before)) = before.get(group) {
            let last = given.entry(*group).or_insert_with(|| vec![(0, 0); clusters]);
            for ((byte, old), eight) in bits.iter().zip(before).zip(last.chunks_mut(8)) {
                let new = byte & !old;
                if new != 0 {
                    let set = eight.iter_mut().enumerate().filter(|(bit, _)| new >> bit & 1 == 1);
                    set.for_each(|(_, given)| *given = (*sequence, copy.sequence));
                }
            }
        }
        before.insert(*group, (copy.sequence, bits));
    }
    given
}
