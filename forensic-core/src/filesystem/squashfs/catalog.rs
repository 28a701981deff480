//! All names in their places: the directories from the root on, then the inodes that no directory lists.

use super::{
    Volume,
    directory::{self, DOTS},
    inode::{Body, Inode},
    metadata::{Metadata, Place},
    superblock::Superblock,
};
use crate::{
    bytes::{ReadAt, Source},
    error::{Error, Issue},
    filesystem::{
        model::Status,
        posix,
        tree::{Parent, Tree, TreeBuilder},
    },
};
use std::collections::{HashMap, VecDeque};

/// What an entry is made from.
#[derive(Debug, Clone)]
pub(super) struct Name {
    /// In [`Catalog::inodes`].
    pub(super) inode: u32,
    /// The name where text cannot hold it.
    pub(super) bytes: Option<Box<[u8]>>,
}

/// All entries in listing order.
pub(super) struct Catalog {
    pub(super) tree: Tree<Name>,
    /// Every inode that a name leads to, with its place; or why it cannot be read.
    pub(super) inodes: Vec<(Place, Result<Inode, Error>)>,
    pub(super) root: u32,
}

/// Why the root of a SquashFS cannot be read where its superblock says it is.
pub(super) fn root_error(source: &Source, superblock: &Superblock) -> Option<Error> {
    let metadata = Metadata::new(source.clone(), superblock.compression);
    let place = Place::of_reference(superblock.root, superblock.inode_table);
    let (block_size, directories) = (superblock.block_size, superblock.directory_table);
    match Inode::read(&metadata, place, block_size, directories, &mut 0) {
        Ok((Inode { body: Body::Directory { listing, length }, .. }, _)) if length > DOTS => {
            metadata.at(listing).read(1).err()
        }
        Ok((Inode { body: Body::Directory { .. }, .. }, _)) => None,
        Ok(_) => Some(Error::corrupt("squashfs inode", metadata.medium_offset(place), "a directory", "another inode")),
        Err(error) => Some(error),
    }
}

/// The walk in progress.
struct Walk<'v> {
    volume: &'v Volume,
    nodes: TreeBuilder<Name>,
    inodes: Vec<(Place, Result<Inode, Error>)>,
    known: HashMap<Place, u32>,
    /// Bytes of block lists, and of directory listings, that may still be read.
    lists: u64,
    listings: u64,
    queue: VecDeque<(Parent, Place, u32)>,
}

impl Catalog {
    pub(super) fn build(volume: &Volume) -> Self {
        let superblock = &volume.superblock;
        let mut walk = Walk {
            volume,
            nodes: TreeBuilder::new(),
            inodes: Vec::new(),
            known: HashMap::new(),
            lists: volume.limits.structure_bytes,
            listings: volume.source.len().saturating_mul(16).saturating_add(16 << 20),
            queue: VecDeque::new(),
        };
        let root = walk.inode(Place::of_reference(superblock.root, superblock.inode_table));
        walk.enter(root, Parent::Root);
        walk.directories();
        walk.unlisted();
        if walk.nodes.len() == 0 {
            walk.names();
        }
        let root = walk.inodes.first().and_then(|(_, inode)| inode.as_ref().ok()).map_or(0, |inode| inode.number);
        let Walk { nodes, inodes, .. } = walk;
        let (tree, moved) = nodes.finish(&volume.limits);
        if !moved.is_empty() {
            let message = format!("{} entries in a loop of directories, or too deep", moved.len());
            volume.issues.push(Issue::new(volume.source.medium_offset(0), "directory tree", message));
        }
        Self { tree, inodes, root }
    }
}

impl Walk<'_> {
    /// The inode at a place, read once.
    fn inode(&mut self, place: Place) -> u32 {
        if let Some(known) = self.known.get(&place) {
            return *known;
        }
        let superblock = &self.volume.superblock;
        let read = Inode::read(
            &self.volume.metadata,
            place,
            superblock.block_size,
            superblock.directory_table,
            &mut self.lists,
        );
        let inode = read.map(|(inode, _)| inode);
        inode.as_ref().err().into_iter().for_each(|error| self.volume.issue(error));
        let number = u32::try_from(self.inodes.len()).unwrap_or(u32::MAX);
        self.inodes.push((place, inode));
        self.known.insert(place, number);
        number
    }

    /// Lines up a directory whose entries hang from `parent`.
    fn enter(&mut self, inode: u32, parent: Parent) {
        if let Some((_, Ok(Inode { body: Body::Directory { listing, length, .. }, .. }))) =
            self.inodes.get(inode as usize)
        {
            self.queue.push_back((parent, *listing, *length));
        }
    }

    fn directories(&mut self) {
        while let Some((parent, place, length)) = self.queue.pop_front() {
            let at = self.volume.metadata.medium_offset(place);
            let Some(left) = self.listings.checked_sub(u64::from(length)) else {
                let (structure, offset, limit) = ("squashfs directory", at, self.listings);
                let (found, unit) = (u64::from(length), "bytes of directories");
                self.volume.issue(&Error::Limit { structure, offset, found, limit, unit });
                continue;
            };
            self.listings = left;
            let mut listed = Vec::new();
            let inode_table = self.volume.superblock.inode_table;
            let read = directory::read(&self.volume.metadata, place, length, inode_table, |entry| listed.push(entry));
            read.as_ref().err().into_iter().for_each(|error| self.volume.issue(error));
            for entry in listed {
                if self.nodes.len() as u64 >= self.volume.limits.entries.min(u64::from(u32::MAX)) {
                    let (structure, limit) = ("squashfs directory", self.volume.limits.entries);
                    let found = limit.saturating_add(1);
                    self.volume.issue(&Error::Limit { structure, offset: at, found, limit, unit: "entries" });
                    return;
                }
                let is_new = !self.known.contains_key(&entry.inode);
                let inode = self.inode(entry.inode);
                let text = posix::name(&entry.name);
                let bytes = (text.as_bytes() != &*entry.name).then_some(entry.name);
                let node = self.nodes.push(parent, &text, Status::Allocated, Name { inode, bytes });
                // A directory has one name only; a second one would make a loop.
                if is_new {
                    self.enter(inode, Parent::Node(node));
                }
            }
        }
    }

    /// Inodes that no directory lists, by reading the inode table from its start. Where all are listed it is not read.
    fn unlisted(&mut self) {
        let superblock = &self.volume.superblock;
        let mut place = Place { block: superblock.inode_table, offset: 0 };
        if self.inodes.iter().filter(|(_, inode)| inode.is_ok()).count() as u64 >= u64::from(superblock.inodes) {
            return;
        }
        let mut found = Vec::new();
        for _ in 0..superblock.inodes {
            let (block_size, directories) = (superblock.block_size, superblock.directory_table);
            match Inode::read(&self.volume.metadata, place, block_size, directories, &mut self.lists) {
                Ok((inode, next)) => {
                    if !self.known.contains_key(&place) {
                        found.push((place, inode));
                    }
                    place = next;
                }
                Err(error) => {
                    self.volume.issue(&error);
                    break;
                }
            }
        }
        // Directories first, so that what they list has its name.
        found.sort_by_key(|(_, inode)| !matches!(inode.body, Body::Directory { .. }));
        for (place, inode) in found {
            if self.known.contains_key(&place) {
                continue;
            }
            let number = u32::try_from(self.inodes.len()).unwrap_or(u32::MAX);
            let name = format!("inode {}", inode.number);
            self.inodes.push((place, Ok(inode)));
            self.known.insert(place, number);
            let node = self.nodes.push(Parent::Lost, &name, Status::Unlisted, Name { inode: number, bytes: None });
            self.enter(number, Parent::Node(node));
            self.directories();
        }
    }

    /// The names in the table of directories from its start on: all that is left where no inode can be read.
    fn names(&mut self) {
        let superblock = &self.volume.superblock;
        let place = Place { block: superblock.directory_table, offset: 0 };
        let length = u32::try_from(self.listings).unwrap_or(u32::MAX);
        let mut listed = Vec::new();
        // It ends where the table does, which nothing tells.
        let _ =
            directory::read(&self.volume.metadata, place, length, superblock.inode_table, |entry| listed.push(entry));
        let most = usize::try_from(self.volume.limits.entries).unwrap_or(usize::MAX);
        for entry in listed.into_iter().take(most) {
            let inode = self.inode(entry.inode);
            let text = posix::name(&entry.name);
            let bytes = (text.as_bytes() != &*entry.name).then_some(entry.name);
            self.nodes.push(Parent::Lost, &text, Status::Unlisted, Name { inode, bytes });
        }
    }
}
