//! All names of the volume in their places: the directories from the root on, then what none of them lists.

use super::{
    Volume,
    directory::{self, Entry},
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
use std::collections::{HashMap, HashSet, VecDeque};

/// What an entry is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) inode: u64,
    pub(super) directory: Option<u64>,
    /// What the directory's entry says it is.
    pub(super) kind: Option<Kind>,
    /// A name that is no UTF-8: its place in [`Catalog::names`].
    name: Option<u32>,
}

/// All entries in listing order.
pub(super) struct Catalog {
    pub(super) tree: Tree<Place>,
    names: Vec<Box<[u8]>>,
    pub(super) scan: Scan,
}

impl Catalog {
    pub(super) fn build(volume: &Volume) -> Self {
        let scan = Scan::run(volume);
        let mut builder = Builder {
            volume,
            scan: &scan,
            nodes: TreeBuilder::new(),
            names: Vec::new(),
            hung: Vec::new(),
            directories: HashMap::new(),
            listed: HashSet::new(),
            taken: HashSet::new(),
        };
        builder.directories();
        builder.unlisted();
        for (node, directory) in std::mem::take(&mut builder.hung) {
            let parent = builder.directories.get(&directory).map_or(Parent::Lost, |directory| Parent::Node(*directory));
            builder.nodes.set_parent(node, parent);
        }
        let (nodes, names) = (builder.nodes, builder.names);
        let (tree, moved) = nodes.finish(&volume.limits);
        for node in moved {
            let found = format!("name {} in a loop of directories, or too deep", node.0);
            volume.issues.push(Issue::new(volume.source.medium_offset(0), "directory tree", found));
        }
        Self { tree, names, scan }
    }

    /// The name of a node as stored.
    pub(super) fn name_bytes(&self, place: &Place, text: &str) -> Vec<u8> {
        let stored = place.name.and_then(|name| self.names.get(name as usize));
        stored.map_or_else(|| text.as_bytes().to_vec(), |name| name.to_vec())
    }
}

/// The type that a directory entry tells.
fn kind_of(file_type: u8) -> Option<Kind> {
    Some(match file_type {
        1 => Kind::File,
        2 => Kind::Directory,
        3..=6 => Kind::Other,
        7 => Kind::Symlink,
        _ => return None,
    })
}

struct Builder<'a> {
    volume: &'a Volume,
    scan: &'a Scan,
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
        let result = directory::for_each_entry(self.volume, &inode, &mut taken, |entry| {
            if entry.current {
                self.entry(number, &entry, below);
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
        let state = self.scan.state(entry.inode);
        let kind = match state {
            Some(State::InUse(kind)) => Some(kind),
            _ => entry.file_type.and_then(kind_of),
        };
        let node = self.push(Status::Allocated, Some(directory), entry.inode, kind, entry.name);
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
            let node = self.push(Status::Unlisted, None, slot.number, Some(kind), name.as_bytes());
            if kind == Kind::Directory {
                self.directories.entry(slot.number).or_insert(node);
            }
        }
    }

    fn push(&mut self, status: Status, directory: Option<u64>, inode: u64, kind: Option<Kind>, name: &[u8]) -> NodeId {
        let text = posix::name(name);
        let stored = (text.as_bytes() != name || name.iter().any(|byte| matches!(byte, b'/' | 0))).then(|| {
            self.names.push(name.into());
            u32::try_from(self.names.len().saturating_sub(1)).unwrap_or(u32::MAX)
        });
        let parent = match directory {
            Some(directory) if directory == self.volume.superblock.root => Parent::Root,
            _ => Parent::Lost,
        };
        let node = self.nodes.push(parent, &text, status, Place { inode, directory, kind, name: stored });
        if let Some(directory) = directory.filter(|directory| *directory != self.volume.superblock.root) {
            self.hung.push((node, directory));
        }
        node
    }
}
