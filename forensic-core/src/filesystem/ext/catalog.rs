//! All names of the volume in their places: the directories joined with the inodes, live and former.

use super::{
    ROOT, Volume,
    directory::{self, Dirent, Format},
    folder,
    history::{self, Life, Lives, Who},
    inode::{self, flag},
    journal::Journal,
    map,
    names::{Directory, Left, Listed, Live, Name, Names},
    record::Record,
    recover::Past,
    scan::{Scan, Slot},
    sweep,
};
use crate::{
    bytes::ReadAt,
    error::{Error, Issue},
    filesystem::{
        model::Status,
        tree::{NodeId, Parent, Tree, TreeBuilder},
    },
};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::OnceLock,
};

/// What an entry is made from.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) number: u32,
    pub(super) who: Who,
    /// The type that the directory gives; 0 for none.
    pub(super) file_type: u8,
    /// The directory that lists or listed it.
    pub(super) directory: Option<u32>,
    /// Why the content may be another file's, or that of another name.
    pub(super) doubt: Option<Doubt>,
    /// The name, where it is no text: seldom, hence one pointer.
    #[allow(clippy::box_collection)]
    pub(super) raw: Option<Box<Vec<u8>>>,
}

/// Why a name's content may not be what stood under the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The inode may have been another file's when the name was listed.
    Inode,
    /// The file was listed under another name later.
    Renamed,
}

/// All entries in listing order, and what they were found by.
pub(super) struct Catalog {
    pub(super) tree: Tree<Place>,
    pub(super) scan: Scan,
    pub(super) lives: Lives,
    /// Inodes in use, in order, and the position of the first name of each: made when the first is asked for.
    positions: OnceLock<Vec<(u32, u32)>>,
}

impl Catalog {
    pub(super) fn build(volume: &Volume, journal: Option<&Journal>) -> Self {
        let scan = Scan::run(volume);
        let lives = Lives::build(volume, &scan, journal);
        let mut builder = Builder {
            volume,
            scan: &scan,
            lives: &lives,
            nodes: TreeBuilder::with_capacity(scan.slots.len()),
            hung: Vec::new(),
            directories: HashMap::new(),
            listed: vec![false; scan.slots.len()],
            named: HashSet::new(),
        };
        let mut listed = Listed::default();
        builder.live(&mut listed);
        builder.former_blocks(journal, &mut listed);
        builder.former(journal, listed);
        builder.unnamed();
        let (tree, moved) = builder.finish();
        for node in moved {
            let found = format!("name {} in a loop of directories, or too deep", node.0);
            volume.issues.push(Issue::new(volume.source.medium_offset(0), "directory tree", found));
        }
        Self { tree, scan, lives, positions: OnceLock::new() }
    }

    /// The path of an inode in use, by the first of its names.
    pub(super) fn path(&self, number: u32) -> Option<String> {
        let positions = self.positions.get_or_init(|| {
            let live = (0u32..).zip(self.tree.nodes()).filter(|(_, node)| node.status.is_live());
            let mut positions: Vec<_> = live.map(|(position, node)| (node.payload.number, position)).collect();
            positions.sort_unstable();
            positions.dedup_by_key(|(number, _)| *number);
            positions
        });
        let place = positions.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        positions.get(place).map(|(_, position)| self.tree.path(u64::from(*position)))
    }
}

struct Builder<'a> {
    volume: &'a Volume,
    scan: &'a Scan,
    lives: &'a Lives,
    nodes: TreeBuilder<Place>,
    /// The directory that a node and those behind it hang in.
    hung: Vec<(NodeId, Directory)>,
    directories: HashMap<Directory, NodeId>,
    /// Of each slot of the scan, whether a name in use leads to it.
    listed: Vec<bool>,
    /// Former files that a name leads to: inode and which file of it.
    named: HashSet<(u32, Who)>,
}

impl Builder<'_> {
    /// Adds what the directories in use list.
    fn live(&mut self, listed: &mut Listed) {
        let format = Format::of(&self.volume.superblock);
        // A block is that of one directory: more than the volume has would be those of a hostile one.
        let mut budget = self.volume.clusters().saturating_mul(u64::from(self.volume.superblock.cluster_blocks));
        for slot in self.scan.slots.iter().filter(|slot| slot.is_directory() && (slot.in_use || slot.number == ROOT)) {
            let own = Directory { number: slot.number, who: Who::Present };
            folder::for_each_block(self.volume, self.scan, slot, &mut budget, |block, bytes, at| {
                if let Some(block) = block {
                    listed.own(block, own);
                }
                let seed = inode::seed(&self.volume.superblock, slot.number, slot.generation);
                if block.is_some()
                    && self.volume.superblock.has_checksums()
                    && directory::checksum(bytes, seed) == Some(false)
                {
                    let message = format!("checksum of a block of directory {}", slot.number);
                    self.volume.issues.push(Issue::new(at, "directory block", message));
                }
                let entries = format.read(bytes);
                if let Some((offset, found)) = entries.damage {
                    let at = at.saturating_add(offset as u64);
                    let expected = format!("an entry of directory {}", slot.number);
                    self.volume.issue(&Error::corrupt("directory entry", at, expected, found));
                }
                if (listed.gaps.len() as u64) < self.volume.limits.entries {
                    listed.gaps.extend(entries.gaps.iter().map(|entry| Left::new(own, entry)));
                }
                for (place, entry) in entries.live.iter().enumerate() {
                    if matches!(entry.name, b"." | b"..") || self.is_full() {
                        continue;
                    }
                    // Behind a break, a chain may begin with a former entry: the inode must speak for it.
                    if place >= entries.behind && !self.fits(entry) {
                        listed.gaps.push(Left::new(own, entry));
                        continue;
                    }
                    let place = Place {
                        number: entry.inode,
                        who: Who::Present,
                        file_type: entry.file_type,
                        directory: Some(slot.number),
                        doubt: None,
                        raw: None,
                    };
                    let node = self.push(entry.name, Status::Allocated, place, own);
                    let slot = self.scan.place(entry.inode);
                    if let Some(listed) = slot.and_then(|slot| self.listed.get_mut(slot)) {
                        *listed = true;
                    }
                    if slot.and_then(|slot| self.scan.slots.get(slot)).is_some_and(Slot::is_directory) {
                        let is = Directory { number: entry.inode, who: Who::Present };
                        self.directories.entry(is).or_insert(node);
                    }
                }
            });
        }
    }

    /// True where the inode of an entry is in use, by a file of the type that the entry gives.
    fn fits(&self, entry: &Dirent<'_>) -> bool {
        let slot = self.scan.slot(entry.inode).filter(|slot| slot.in_use);
        slot.is_some_and(|slot| entry.file_type == 0 || history::type_of(slot.mode) == entry.file_type)
    }

    /// Tells `listed` which blocks former directories had.
    fn former_blocks(&self, journal: Option<&Journal>, listed: &mut Listed) {
        let mut budget = self.volume.superblock.blocks;
        let mut blocks = self.volume.clusters().saturating_mul(u64::from(self.volume.superblock.cluster_blocks));
        for (id, life) in (0u32..).zip(&self.lives.lives) {
            if !life.is_directory() || life.present || life.emptied {
                continue;
            }
            let Ok(record) = Record::read_at(self.volume, life.number, life.offset) else { continue };
            let past = Past { volume: self.volume, journal, until: life.sequence };
            let map = map::read(self.volume, &past, life.number, &record.inode, record.at, budget);
            budget = budget.saturating_sub(map.nodes.len() as u64);
            let own = Directory { number: life.number, who: Who::Former(id) };
            for (start, end) in map.blocks() {
                let count = end.saturating_sub(start).min(blocks);
                blocks = blocks.saturating_sub(count);
                (start..start.saturating_add(count)).for_each(|block| listed.own(block, own));
            }
        }
    }

    /// Adds former names.
    fn former(&mut self, journal: Option<&Journal>, mut listed: Listed) {
        let gaps = std::mem::take(&mut listed.gaps);
        let live = Live::new(&self.nodes);
        let mut names = Names::new(self.volume, self.scan, self.lives, journal, &listed, &live);
        names.read_journal();
        let mut owned: Vec<(u64, Directory)> = listed
            .owners
            .iter()
            .flat_map(|(block, owners)| owners.iter().map(|owner| (*block, *owner)))
            .filter(|(_, owner)| owner.who != Who::Present)
            .collect();
        owned.sort_unstable();
        for (number, owner) in owned {
            if !self.is_live(number)
                && let Ok(block) = self.volume.block(number)
                && self.is_own(owner, &block)
            {
                names.read_block(owner, &block);
            }
        }
        if journal.is_none() {
            sweep::for_each_directory(self.volume, |number, block| {
                let who = names.last(number, directory::DIRECTORY);
                names.read_block(Directory { number, who }, block);
            });
        }
        gaps.into_iter().for_each(|left| names.left(left));
        let (names, parents) = names.finish();
        let last = last_named(&names);
        for name in &names {
            if self.is_full() {
                break;
            }
            let place = Place {
                number: name.number,
                who: name.who,
                file_type: name.file_type,
                directory: Some(name.directory.number),
                doubt: doubt(name, &last, self.lives),
                raw: None,
            };
            // A former name does not make an inode in use a listed one.
            if name.who != Who::Present {
                self.named.insert((name.number, name.who));
            }
            let node = self.push(&name.name, Status::Deleted, place, name.directory);
            if self.lives.get(name.who).is_some_and(Life::is_directory) {
                // Names come in order of time: the last one of a directory is its path.
                self.directories.insert(Directory { number: name.number, who: name.who }, node);
            }
        }
        self.nameless_directories(&names, &parents);
    }

    /// True where a block is still one of a former directory.
    fn is_own(&self, owner: Directory, block: &[u8]) -> bool {
        match (directory::own_number(block), self.lives.get(owner.who)) {
            (Some((own, _)), _) => own == owner.number,
            (None, Some(life)) => {
                let seed = inode::seed(&self.volume.superblock, life.number, life.generation);
                directory::checksum(block, seed).unwrap_or(!self.volume.superblock.has_checksums())
            }
            (None, None) => false,
        }
    }

    /// Adds the former directories that have former names in them, and no name of their own.
    fn nameless_directories(&mut self, names: &[Name], parents: &HashMap<Directory, Directory>) {
        let mut wanted: Vec<Directory> = names.iter().map(|name| name.directory).collect();
        wanted.sort_unstable();
        wanted.dedup();
        while let Some(directory) = wanted.pop() {
            if directory.who == Who::Present || self.directories.contains_key(&directory) || self.is_full() {
                continue;
            }
            let Directory { number, who } = directory;
            let file_type = directory::DIRECTORY;
            let place = Place { number, who, file_type, directory: None, doubt: None, raw: None };
            self.named.insert((number, who));
            let parent = parents.get(&directory).copied().filter(|parent| *parent != directory);
            let nowhere = Directory { number: 0, who: Who::Unknown };
            let name = format!("$Inode-{number}");
            let node = self.push(name.as_bytes(), Status::Deleted, place, parent.unwrap_or(nowhere));
            self.directories.insert(directory, node);
            wanted.extend(parent);
        }
    }

    /// Adds inodes in use that nothing lists, and deleted ones without a name.
    fn unnamed(&mut self) {
        let superblock = &self.volume.superblock;
        let nowhere = Directory { number: 0, who: Who::Unknown };
        let is_own = |number: u32| number < superblock.first_inode || superblock.own_inodes.contains(&number);
        let mut wanted: Vec<(u32, Who, Status)> = Vec::new();
        let slots = self.scan.slots.iter().zip(&self.listed);
        for (slot, listed) in slots.filter(|(slot, _)| slot.in_use && slot.flags & flag::EA_INODE == 0) {
            if !listed && !is_own(slot.number) {
                wanted.push((slot.number, Who::Present, Status::Unlisted));
            }
        }
        for (id, life) in (0u32..).zip(&self.lives.lives) {
            let who = Who::Former(id);
            if !life.present && !is_own(life.number) && !self.named.contains(&(life.number, who)) {
                wanted.push((life.number, who, Status::Deleted));
            }
        }
        wanted.sort_unstable_by_key(|(number, who, _)| (*number, *who));
        for (number, who, status) in wanted {
            if self.is_full() {
                return;
            }
            let place = Place { number, who, file_type: 0, directory: None, doubt: None, raw: None };
            let node = self.push(format!("$Inode-{number}").as_bytes(), status, place, nowhere);
            let directory = match self.lives.get(who) {
                Some(life) => life.is_directory(),
                None => self.scan.slot(number).is_some_and(Slot::is_directory),
            };
            if directory {
                self.directories.entry(Directory { number, who }).or_insert(node);
            }
        }
    }

    fn push(&mut self, name: &[u8], status: Status, place: Place, directory: Directory) -> NodeId {
        let text = std::str::from_utf8(name).map_or_else(|_| String::from_utf8_lossy(name), Cow::Borrowed);
        let is_changed = matches!(text, Cow::Owned(_)) || name.iter().any(|byte| matches!(byte, b'/' | 0));
        let raw = is_changed.then(|| Box::new(name.to_vec()));
        let node = self.nodes.push(Parent::Lost, &text, status, Place { raw, ..place });
        // The names of a directory come one after another.
        if self.hung.last().is_none_or(|(_, last)| *last != directory) {
            self.hung.push((node, directory));
        }
        node
    }

    /// True where the limit of entries is reached.
    fn is_full(&self) -> bool {
        let limit = self.volume.limits.entries;
        let full = self.nodes.len() as u64 >= limit;
        if full {
            let (structure, offset) = ("directory tree", self.volume.source.medium_offset(0));
            let found = limit.saturating_add(1);
            self.volume.issue(&Error::Limit { structure, offset, found, limit, unit: "entries" });
        }
        full
    }

    /// True where an inode in use claims a block.
    fn is_live(&self, block: u64) -> bool {
        self.scan.claim(block).is_some()
    }

    fn finish(mut self) -> (Tree<Place>, Vec<NodeId>) {
        let count = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let ends = self.hung.iter().skip(1).map(|(next, _)| next.0).chain([count]);
        for ((first, directory), end) in self.hung.iter().zip(ends) {
            let found = self.directories.get(directory).copied();
            for node in (first.0..end).map(NodeId) {
                let parent = match found.filter(|parent| *parent != node) {
                    _ if directory.number == ROOT => Parent::Root,
                    Some(parent) => Parent::Node(parent),
                    None => Parent::Lost,
                };
                self.nodes.set_parent(node, parent);
            }
        }
        self.nodes.finish(&self.volume.limits)
    }
}

/// Of each former file, the last transaction in which it is certain that a name of it was listed.
fn last_named(names: &[Name]) -> HashMap<u32, u32> {
    let mut last = HashMap::new();
    for name in names.iter().filter(|name| name.certain) {
        if let Who::Former(life) = name.who {
            let known = last.entry(life).or_insert(0);
            *known = name.last.max(*known);
        }
    }
    last
}

fn doubt(name: &Name, last: &HashMap<u32, u32>, lives: &Lives) -> Option<Doubt> {
    let Who::Former(life) = name.who else { return None };
    let links = lives.get(name.who).map_or(0, |life| life.links);
    match last.get(&life) {
        _ if !name.certain => Some(Doubt::Inode),
        // A file of several names may lose one and keep its content.
        Some(last) if *last > name.last && links < 2 => Some(Doubt::Renamed),
        _ => None,
    }
}
