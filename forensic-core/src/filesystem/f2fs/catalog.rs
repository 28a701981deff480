//! All names in their places: live directories from the root on, inodes that none lists, deleted entries and former inodes.

use super::{
    Volume, content,
    dentry::{self, Dentry},
    former::Former,
    nat,
    node::Inode,
    segment,
    superblock::BLOCK,
};
use crate::{
    error::{Error, Issue},
    filesystem::{
        model::Status,
        posix,
        tree::{NodeId, Parent, Tree, TreeBuilder},
    },
};
use std::collections::{HashMap, HashSet, VecDeque};

/// Type of a directory's entry.
const DIRECTORY: u8 = 2;

/// What an entry is made from.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) inode: u32,
    /// The name where text cannot hold it.
    pub(super) bytes: Option<Box<[u8]>>,
    pub(super) is_directory: bool,
}

/// All entries in listing order.
pub(super) struct Catalog {
    pub(super) tree: Tree<Name>,
    pub(super) former: Former,
    /// A bit for each block of the main area, set where it is in use.
    pub(super) usage: Vec<u8>,
}

/// The walk in progress.
struct Walk<'v> {
    volume: &'v Volume,
    nodes: TreeBuilder<Name>,
    /// Inodes that a live name leads to.
    listed: HashSet<u32>,
    directories: HashMap<u32, NodeId>,
    queue: VecDeque<(Parent, u32)>,
    /// Deleted entries with the directory that held them.
    deleted: Vec<(Parent, Dentry)>,
}

impl Catalog {
    pub(super) fn build(volume: &Volume) -> Self {
        let root = volume.superblock.root;
        let mut walk = Walk {
            volume,
            nodes: TreeBuilder::new(),
            listed: HashSet::from([root]),
            directories: HashMap::new(),
            queue: VecDeque::from([(Parent::Root, root)]),
            deleted: Vec::new(),
        };
        walk.directories();
        walk.unlisted();
        let former = Former::read(volume);
        walk.deleted(&former);
        let (tree, moved) = walk.nodes.finish(&volume.limits);
        if !moved.is_empty() {
            let message = format!("{} entries in a loop of directories, or too deep", moved.len());
            volume.issues.push(Issue::new(volume.at(0), "directory tree", message));
        }
        Self { tree, former, usage: segment::usage(volume) }
    }
}

impl Walk<'_> {
    fn directories(&mut self) {
        while let Some((parent, number)) = self.queue.pop_front() {
            for entry in self.entries(number) {
                if self.nodes.len() as u64 >= self.volume.limits.entries.min(u64::from(u32::MAX)) {
                    let (structure, offset, limit) = ("F2FS directory", self.volume.at(0), self.volume.limits.entries);
                    let found = limit.saturating_add(1);
                    self.volume.issue(&Error::Limit { structure, offset, found, limit, unit: "entries" });
                    return;
                }
                if !entry.is_used {
                    self.deleted.push((parent, entry));
                    continue;
                }
                let is_new = self.listed.insert(entry.inode);
                let node = self.push(parent, &entry.name, Status::Allocated, entry.inode, entry.kind == DIRECTORY);
                // A directory has one name only; a second one would make a loop.
                if entry.kind == DIRECTORY && is_new {
                    self.directories.insert(entry.inode, node);
                    self.queue.push_back((Parent::Node(node), entry.inode));
                }
            }
        }
    }

    /// The entries of a live directory.
    fn entries(&self, number: u32) -> Vec<Dentry> {
        let inode = match Inode::read(self.volume, number) {
            Ok(inode) => inode,
            Err(error) => {
                self.volume.issue(&error);
                return Vec::new();
            }
        };
        if !inode.is_directory() {
            let at = self.volume.at(u64::from(inode.block).saturating_mul(BLOCK));
            let found = format!("mode {:o}", inode.mode);
            self.volume.issue(&Error::corrupt("F2FS inode", at, format!("directory {number}"), found));
            return Vec::new();
        }
        if inode.has_inline_entries {
            return dentry::read(inode.inline_area().0);
        }
        let content = match content::open(self.volume, &inode, &content::by_nat(self.volume)) {
            Ok(content) => content,
            Err(error) => {
                self.volume.issue(&error);
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        for owned in &content.blocks {
            match self.volume.block(owned.block) {
                Ok(bytes) => found.extend(dentry::read(&bytes)),
                Err(error) => self.volume.issue(&error),
            }
        }
        found
    }

    fn push(&mut self, parent: Parent, name: &[u8], status: Status, inode: u32, is_directory: bool) -> NodeId {
        let text = posix::name(name);
        let bytes = (text.as_bytes() != name).then(|| name.into());
        self.nodes.push(parent, &text, status, Name { inode, bytes, is_directory })
    }

    /// Inodes in use that no directory lists.
    fn unlisted(&mut self) {
        for number in nat::inodes(self.volume) {
            if self.listed.contains(&number) {
                continue;
            }
            match Inode::read(self.volume, number) {
                Ok(inode) => {
                    self.listed.insert(number);
                    let parent = self.parent_of(&inode);
                    let node = self.push(parent, &inode.name, Status::Unlisted, number, inode.is_directory());
                    if inode.is_directory() {
                        self.directories.insert(number, node);
                        self.queue.push_back((Parent::Node(node), number));
                        self.directories();
                    }
                }
                Err(error) => self.volume.issue(&error),
            }
        }
    }

    /// The directory that an inode says it lies in.
    fn parent_of(&self, inode: &Inode) -> Parent {
        match self.directories.get(&inode.parent) {
            Some(node) => Parent::Node(*node),
            None if inode.parent == self.volume.superblock.root => Parent::Root,
            None => Parent::Lost,
        }
    }

    /// Former inodes under the name and in the directory they had last, then names that lead to none of them.
    fn deleted(&mut self, former: &Former) {
        let inodes: Vec<Inode> = former
            .inodes()
            .into_iter()
            .filter_map(|number| former.inode(self.volume, number))
            .map(Inode::without_bytes)
            .collect();
        let mut known: HashSet<(u32, Box<[u8]>)> = HashSet::new();
        let mut nodes = Vec::new();
        for inode in &inodes {
            let node = self.push(Parent::Lost, &inode.name, Status::Deleted, inode.number, inode.is_directory());
            known.insert((inode.number, inode.name.clone()));
            if inode.is_directory() {
                self.directories.insert(inode.number, node);
            }
            nodes.push(node);
        }
        for (inode, node) in inodes.iter().zip(nodes) {
            let parent = self.parent_of(inode);
            if parent != Parent::Node(node) {
                self.nodes.set_parent(node, parent);
            }
        }
        for (parent, entry) in std::mem::take(&mut self.deleted) {
            // An entry that moved within its directory left its name behind.
            let is_live = self.listed.contains(&entry.inode)
                && Inode::read(self.volume, entry.inode).is_ok_and(|inode| inode.name == entry.name);
            if !is_live && known.insert((entry.inode, entry.name.clone())) {
                self.push(parent, &entry.name, Status::Deleted, entry.inode, entry.kind == DIRECTORY);
            }
        }
    }
}
