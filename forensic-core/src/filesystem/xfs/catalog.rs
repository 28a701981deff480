//! All names of the volume in their places: the directories from the root on, then what none of them lists.

use super::{
    Volume,
    directory::{self, Entry},
    history::{History, Life, Name, Seen, Version},
    inode::Inode,
    scan::{Scan, State},
};
use crate::{
    bytes::ReadAt,
    error::{Error, Issue},
    filesystem::{
        model::{Kind, Status},
        posix,
        tree::{NodeId, Parent, Tree, TreeBuilder},
    },
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

/// What an entry is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) inode: u64,
    pub(super) directory: Option<u64>,
    /// What the directory's entry says it is.
    pub(super) kind: Option<Kind>,
    pub(super) witness: Witness,
    /// A name that is no UTF-8: its place in [`Catalog::names`].
    name: Option<u32>,
}

/// What an entry is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Witness {
    /// An inode in use, and a directory that lists it.
    Current,
    /// An inode in use that no directory lists.
    Nameless,
    /// A former name of an inode that is in use: by the same file, or, for all that is known, by another.
    FormerName { is_same: bool },
    /// The log: this generation of the inode. `is_sure` where the log tells that the name was that file's.
    Logged { generation: u32, is_sure: bool, is_named: bool },
    /// What is left in a freed inode.
    Freed { is_named: bool },
}

impl Witness {
    pub(super) fn is_named(self) -> bool {
        match self {
            Self::Current | Self::FormerName { .. } => true,
            Self::Nameless => false,
            Self::Logged { is_named, .. } | Self::Freed { is_named } => is_named,
        }
    }
}

/// All entries in listing order.
pub(super) struct Catalog {
    pub(super) tree: Tree<Place>,
    names: Vec<Box<[u8]>>,
    pub(super) history: History,
}

impl Catalog {
    pub(super) fn build(volume: &Volume) -> Self {
        let scan = Scan::run(volume);
        let history = History::read(volume);
        if !history.coverage.is_clean {
            let message = "the log was not replayed: the last changes stand in it only, and are not listed";
            volume.issues.push(Issue::new(volume.source.medium_offset(0), "log", message));
        }
        let mut builder = Builder {
            volume,
            scan: &scan,
            history,
            current: HashSet::new(),
            nodes: TreeBuilder::new(),
            names: Vec::new(),
            hung: Vec::new(),
            directories: HashMap::new(),
            listed: HashSet::new(),
            taken: HashSet::new(),
        };
        builder.directories();
        builder.unlisted();
        builder.deleted();
        for (node, directory) in std::mem::take(&mut builder.hung) {
            let parent = builder.directories.get(&directory).map_or(Parent::Lost, |directory| Parent::Node(*directory));
            builder.nodes.set_parent(node, parent);
        }
        let Builder { nodes, names, history, .. } = builder;
        let (tree, moved) = nodes.finish(&volume.limits);
        for node in moved {
            let found = format!("name {} in a loop of directories, or too deep", node.0);
            volume.issues.push(Issue::new(volume.source.medium_offset(0), "directory tree", found));
        }
        Self { tree, names, history }
    }

    /// The name of a node as stored.
    pub(super) fn name_bytes(&self, place: &Place, text: &str) -> Vec<u8> {
        let stored = place.name.and_then(|name| self.names.get(name as usize));
        stored.map_or_else(|| text.as_bytes().to_vec(), |name| name.to_vec())
    }
}

struct Builder<'a> {
    volume: &'a Volume,
    scan: &'a Scan,
    history: History,
    /// Hashes of all names in use.
    current: HashSet<u64>,
    nodes: TreeBuilder<Place>,
    names: Vec<Box<[u8]>>,
    /// Nodes with the directory each hangs in, where that is not the root.
    hung: Vec<(NodeId, u64)>,
    /// The node of each directory.
    directories: HashMap<u64, NodeId>,
    /// Inodes that a current entry lists.
    listed: HashSet<u64>,
    /// Blocks of directories read so far.
    taken: HashSet<u64>,
}

impl Builder<'_> {
    /// Reads all directories: those the root reaches level by level, then the others in order of inode.
    fn directories(&mut self) {
        let root = self.volume.superblock.root;
        let mut read = HashSet::from([root]);
        let mut waiting = VecDeque::from([root]);
        let others = self.scan.slots().iter().filter(|slot| slot.state == State::InUse(Kind::Directory));
        let mut others = others.map(|slot| slot.number);
        loop {
            let next = waiting.pop_front().or_else(|| others.find(|number| read.insert(*number)));
            let Some(number) = next else { return };
            let mut found = Vec::new();
            if let Err(error) = self.directory(number, &mut found) {
                self.volume.issue(&error);
            }
            waiting.extend(found.into_iter().filter(|number| read.insert(*number)));
        }
    }

    /// Adds the entries of a directory; the directories among them go to `below`.
    fn directory(&mut self, number: u64, below: &mut Vec<u64>) -> Result<(), Error> {
        let inode = Inode::read(self.volume, number)?;
        if posix::kind(inode.mode) != Some(Kind::Directory) {
            let at = self.volume.source.medium_offset(inode.offset);
            return Err(Error::corrupt("inode", at, "a directory", format!("mode {:o}", inode.mode)));
        }
        let mut taken = std::mem::take(&mut self.taken);
        let result = directory::for_each_entry(self.volume, &inode, &mut taken, |mut entry| {
            if entry.current {
                self.entry(number, &entry, below);
            } else {
                // A directory lies near what it lists: the upper half is likely its own.
                if entry.inode <= u64::from(u32::MAX) {
                    entry.inode |= number & !u64::from(u32::MAX);
                }
                self.history.left_over(number, &entry);
            }
        });
        self.taken = taken;
        result
    }

    fn entry(&mut self, directory: u64, entry: &Entry<'_>, below: &mut Vec<u64>) {
        if self.nodes.len() as u64 >= self.volume.limits.entries {
            let limit = self.volume.limits.entries;
            let (offset, found) = (entry.at, limit.saturating_add(1));
            return self.volume.issue(&Error::Limit {
                structure: "directory tree",
                offset,
                found,
                limit,
                unit: "entries",
            });
        }
        self.current.insert(hash(directory, entry.inode, entry.name));
        let kind = match self.scan.slot(entry.inode).map(|slot| slot.state) {
            Some(State::InUse(kind)) => Some(kind),
            _ => entry.file_type.and_then(posix::kind_of_entry),
        };
        let node = self.push(Status::Allocated, Some(directory), (entry.inode, kind, Witness::Current), entry.name);
        self.listed.insert(entry.inode);
        let is_new = kind == Some(Kind::Directory) && entry.inode != self.volume.superblock.root;
        if is_new && !self.directories.contains_key(&entry.inode) {
            self.directories.insert(entry.inode, node);
            below.push(entry.inode);
        }
    }

    /// Adds the inodes in use that no directory lists.
    fn unlisted(&mut self) {
        let superblock = &self.volume.superblock;
        let scan = self.scan;
        for slot in scan.slots() {
            let State::InUse(kind) = slot.state else { continue };
            let is_own = slot.number == superblock.root || superblock.internal.contains(&slot.number);
            if is_own || self.listed.contains(&slot.number) {
                continue;
            }
            let name = format!("inode-{}", slot.number);
            let node = self.push(Status::Unlisted, None, (slot.number, Some(kind), Witness::Nameless), name.as_bytes());
            if kind == Kind::Directory {
                self.directories.entry(slot.number).or_insert(node);
            }
        }
    }

    /// Adds the names that are no more, and the files without a name that the log or a freed inode tells of.
    fn deleted(&mut self) {
        let names = std::mem::take(&mut self.history.names);
        let mut told: HashSet<Life> = HashSet::new();
        let mut named: HashSet<u64> = HashSet::new();
        let mut directories: HashMap<u64, Vec<(Option<u32>, NodeId)>> = HashMap::new();
        let mut hung = Vec::new();
        for (Name { directory, inode, name }, seen) in &names {
            if self.current.contains(&hash(*directory, *inode, name)) || self.is_full() {
                continue;
            }
            let kind = seen.file_type.and_then(posix::kind_of_entry);
            let witness = self.witness(*inode, kind, seen);
            let generation = match witness {
                Witness::Logged { generation, .. } => {
                    told.insert((*inode, generation));
                    Some(generation)
                }
                _ => None,
            };
            named.insert(*inode);
            let node = self.push(Status::Deleted, Some(*directory), (*inode, kind, witness), name);
            if kind == Some(Kind::Directory) && !matches!(witness, Witness::FormerName { .. }) {
                directories.entry(*inode).or_default().push((generation, node));
            }
            hung.push((node, *directory, seen.logged.map(|(first, _)| first)));
        }
        for (node, directory, first) in hung {
            let parent = self.former_parent(directory, first, &directories);
            self.nodes.set_parent(node, parent);
        }
        let lives: Vec<Life> = self.history.versions.keys().copied().filter(|life| !told.contains(life)).collect();
        for (inode, generation) in lives {
            let is_worth =
                self.history.versions.get(&(inode, generation)).is_some_and(|version| version.inode.size > 0);
            if is_worth && !self.is_alive(inode, generation) && !self.is_full() {
                named.insert(inode);
                let witness = Witness::Logged { generation, is_sure: true, is_named: false };
                self.push(Status::Deleted, None, (inode, None, witness), format!("inode-{inode}").as_bytes());
            }
        }
        let scan = self.scan;
        for slot in scan.slots().iter().filter(|slot| slot.state == State::Free) {
            if !named.contains(&slot.number) && !self.is_full() {
                let witness = Witness::Freed { is_named: false };
                let name = format!("inode-{}", slot.number);
                self.push(Status::Deleted, None, (slot.number, Some(Kind::File), witness), name.as_bytes());
            }
        }
        self.history.names.clear();
    }

    fn is_full(&self) -> bool {
        self.nodes.len() as u64 >= self.volume.limits.entries
    }

    /// Whether this generation of an inode is in use.
    fn is_alive(&self, inode: u64, generation: u32) -> bool {
        let slot = self.scan.slot(inode);
        slot.is_some_and(|slot| matches!(slot.state, State::InUse(_)) && slot.generation == generation)
    }

    /// What tells of the file that a former name meant.
    fn witness(&self, inode: u64, kind: Option<Kind>, seen: &Seen) -> Witness {
        let first = seen.logged.map(|(first, _)| first);
        let lives = self.history.lives(inode);
        let fits = |version: &Version| {
            let is_kind = kind.is_none() || posix::kind(version.inode.mode) == kind;
            is_kind && first.is_none_or(|first| (version.first..=version.last).contains(&first))
        };
        let mut fitting = lives.iter().filter(|(_, version)| fits(version)).map(|(life, _)| *life).rev();
        let Some((_, generation)) = fitting.next() else {
            let is_used =
                matches!(self.scan.slot(inode).map(|slot| slot.state), Some(State::InUse(_) | State::Damaged));
            return if is_used { Witness::FormerName { is_same: false } } else { Witness::Freed { is_named: true } };
        };
        let further = fitting.next();
        if self.is_alive(inode, generation) {
            // Of a name without a time, the last life may be another's.
            return match further {
                Some((_, generation)) if first.is_none() => {
                    Witness::Logged { generation, is_sure: false, is_named: true }
                }
                _ => Witness::FormerName { is_same: first.is_some() },
            };
        }
        Witness::Logged { generation, is_sure: further.is_none() && first.is_some(), is_named: true }
    }

    /// Where a former name of `directory` hangs, seen first at `first`.
    fn former_parent(
        &self,
        directory: u64,
        first: Option<u64>,
        deleted: &HashMap<u64, Vec<(Option<u32>, NodeId)>>,
    ) -> Parent {
        let version = |generation: u32| self.history.versions.get(&(directory, generation));
        if directory == self.volume.superblock.root {
            return Parent::Root;
        }
        let slot = self.scan.slot(directory).filter(|slot| slot.state == State::InUse(Kind::Directory));
        let is_of_now =
            slot.is_some_and(|slot| version(slot.generation).zip(first).is_none_or(|(v, first)| v.first <= first));
        if let Some(node) = self.directories.get(&directory).filter(|_| is_of_now) {
            return Parent::Node(*node);
        }
        let candidates = deleted.get(&directory).map(Vec::as_slice).unwrap_or_default();
        let fits = |generation: u32| {
            version(generation).zip(first).is_some_and(|(v, first)| (v.first..=v.last).contains(&first))
        };
        let fitting = candidates.iter().find(|(generation, _)| generation.is_some_and(fits));
        fitting.or(candidates.last()).map_or(Parent::Lost, |(_, node)| Parent::Node(*node))
    }

    fn push(
        &mut self,
        status: Status,
        directory: Option<u64>,
        (inode, kind, witness): (u64, Option<Kind>, Witness),
        name: &[u8],
    ) -> NodeId {
        let text = posix::name(name);
        let stored = (text.as_bytes() != name || name.iter().any(|byte| matches!(byte, b'/' | 0))).then(|| {
            self.names.push(name.into());
            u32::try_from(self.names.len().saturating_sub(1)).unwrap_or(u32::MAX)
        });
        let parent = match directory {
            Some(directory) if directory == self.volume.superblock.root => Parent::Root,
            _ => Parent::Lost,
        };
        let place = Place { inode, directory, kind, witness, name: stored };
        let node = self.nodes.push(parent, &text, status, place);
        // Where a deleted name hangs is found by its time.
        let directory = directory.filter(|_| status != Status::Deleted);
        if let Some(directory) = directory.filter(|directory| *directory != self.volume.superblock.root) {
            self.hung.push((node, directory));
        }
        node
    }
}

fn hash(directory: u64, inode: u64, name: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (directory, inode, name).hash(&mut hasher);
    hasher.finish()
}
