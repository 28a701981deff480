//! All names in their places: live directories from the root on, then deleted ones as far as they are still there.

use super::{
    Volume,
    directory::{self, Identifier},
    icb::FileEntry,
    layout::Address,
    space::Claims,
};
use crate::{
    bytes::{Extents, ReadAt, Run},
    error::{Error, Issue},
    filesystem::{
        model::Status,
        tree::{Parent, Tree, TreeBuilder},
    },
};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// What an entry is made from.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) identifier: Identifier,
    /// In [`Catalog::entries`]; `None` where the name leads nowhere.
    pub(super) entry: Option<u32>,
    /// True for a deleted name whose file entry is a live file's.
    pub(super) is_shared: bool,
}

/// All entries in listing order.
pub(super) struct Catalog {
    pub(super) tree: Tree<Name>,
    /// The file entries that names lead to, each with its address; or why one cannot be read.
    pub(super) entries: Vec<(Address, Result<FileEntry, Error>)>,
    pub(super) root: Address,
    pub(super) claims: Claims,
}

/// The walk in progress.
struct Walk<'v> {
    volume: &'v Volume,
    nodes: TreeBuilder<Name>,
    entries: Vec<(Address, Result<FileEntry, Error>)>,
    known: HashMap<Address, u32>,
    /// How many of `entries` live names lead to.
    live: usize,
    queue: VecDeque<(Parent, u32, bool)>,
    deleted: Vec<(Parent, Identifier)>,
    /// Bytes of directories that may still be read.
    budget: u64,
}

impl Catalog {
    pub(super) fn build(volume: &Volume) -> Self {
        let budget = volume.source.len().saturating_mul(2).saturating_add(1 << 20);
        let mut walk = Walk {
            volume,
            nodes: TreeBuilder::new(),
            entries: Vec::new(),
            known: HashMap::new(),
            live: 0,
            queue: VecDeque::new(),
            deleted: Vec::new(),
            budget,
        };
        if let Some(root) = volume.root {
            let entry = walk.entry(root);
            walk.queue.push_back((Parent::Root, entry, false));
        }
        walk.directories();
        walk.live = walk.entries.len();
        while !walk.deleted.is_empty() {
            walk.deleted_names();
            walk.directories();
        }
        let Walk { nodes, entries, live, .. } = walk;
        let claims = Claims::new(volume, &entries, live);
        let (tree, moved) = nodes.finish(&volume.limits);
        if !moved.is_empty() {
            let message = format!("{} entries in a loop of directories, or too deep", moved.len());
            volume.issues.push(Issue::new(volume.at(0), "directory tree", message));
        }
        Self { tree, entries, root: volume.root.unwrap_or_default(), claims }
    }
}

impl Walk<'_> {
    /// The file entry at an address, read once.
    fn entry(&mut self, address: Address) -> u32 {
        if let Some(known) = self.known.get(&address) {
            return *known;
        }
        let entry = FileEntry::read(self.volume, address);
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push((address, entry));
        self.known.insert(address, number);
        number
    }

    fn directories(&mut self) {
        while let Some((parent, entry, is_deleted)) = self.queue.pop_front() {
            for identifier in self.identifiers(entry, is_deleted) {
                if self.nodes.len() as u64 >= self.volume.limits.entries.min(u64::from(u32::MAX)) {
                    let (structure, offset, limit) = ("directory", self.volume.at(0), self.volume.limits.entries);
                    let found = limit.saturating_add(1);
                    self.volume.issue(&Error::Limit { structure, offset, found, limit, unit: "entries" });
                    return;
                }
                match identifier.is_deleted || is_deleted {
                    true => self.deleted.push((parent, identifier)),
                    false => self.live(parent, identifier),
                }
            }
        }
    }

    fn live(&mut self, parent: Parent, identifier: Identifier) {
        let Some(address) = identifier.icb else {
            self.push(parent, identifier, Status::Allocated, None, false);
            return;
        };
        let is_new = !self.known.contains_key(&address);
        let entry = self.entry(address);
        let mut is_directory = false;
        match self.entries.get(entry as usize) {
            Some((_, Ok(found))) => {
                found.issue.iter().filter(|_| is_new).for_each(|issue| self.volume.issues.push(issue.clone()));
                is_directory = found.is_directory();
            }
            Some((_, Err(error))) if is_new => self.volume.issue(error),
            _ => {}
        }
        let node = self.push(parent, identifier, Status::Allocated, Some(entry), false);
        // A directory has one name only; a second one would make a loop.
        if is_directory && is_new {
            self.queue.push_back((node, entry, false));
        }
    }

    /// Lists the deleted names that were met, now that all live ones are known.
    fn deleted_names(&mut self) {
        for (parent, identifier) in std::mem::take(&mut self.deleted) {
            let Some(address) = identifier.icb else {
                self.push(parent, identifier, Status::Deleted, None, false);
                continue;
            };
            let is_new = !self.known.contains_key(&address);
            let entry = self.entry(address);
            let is_shared = (entry as usize) < self.live;
            let is_own = matches!(self.entries.get(entry as usize), Some((_, Ok(found)))
                if found.is_directory() && identifier.is_directory && is_of(found, &identifier));
            let node = self.push(parent, identifier, Status::Deleted, Some(entry), is_shared);
            if is_new && is_own && !is_shared {
                self.queue.push_back((node, entry, true));
            }
        }
    }

    fn push(
        &mut self,
        parent: Parent,
        identifier: Identifier,
        status: Status,
        entry: Option<u32>,
        is_shared: bool,
    ) -> Parent {
        let name = identifier.name.clone();
        Parent::Node(self.nodes.push(parent, &name, status, Name { identifier, entry, is_shared }))
    }

    /// The names in a directory.
    fn identifiers(&mut self, entry: u32, is_deleted: bool) -> Vec<Identifier> {
        let Some((address, Ok(entry))) = self.entries.get(entry as usize) else { return Vec::new() };
        let content = match entry.content(self.volume, *address) {
            Ok(content) => content,
            Err(error) => {
                if !is_deleted {
                    self.volume.issue(&error);
                }
                return Vec::new();
            }
        };
        let size = content.source.len();
        let Some(left) = self.budget.checked_sub(size).filter(|_| size <= self.volume.limits.structure_bytes) else {
            let (structure, offset, limit) = ("directory", entry.at, self.budget);
            self.volume.issue(&Error::Limit { structure, offset, found: size, limit, unit: "bytes" });
            return Vec::new();
        };
        self.budget = left;
        // What is allocated behind the end, up to a block, may hold former names.
        let behind = content.behind.into_iter().filter(|run| run.offset.is_some()).take(1);
        let behind = behind.map(|run| Run { length: run.length.min(self.volume.block_size()), ..run });
        let source = match content.is_embedded {
            true => content.source,
            false => Arc::new(Extents::new(self.volume.metadata.clone(), content.runs.into_iter().chain(behind))),
        };
        let bytes = self.read(&source, is_deleted);
        let mut found = Vec::new();
        let at = |offset: u64| source.medium_offset(offset);
        let report = |issue: Issue| {
            if !is_deleted {
                self.volume.issues.push(issue);
            }
        };
        directory::read(&bytes, size, at, |identifier| found.push(identifier), report);
        found
    }

    /// The bytes of a directory, block by block where it cannot be read at once: what is unreadable is zeros, and told.
    fn read(&self, source: &crate::bytes::Source, is_deleted: bool) -> Vec<u8> {
        if let Ok(bytes) = source.read_vec(0, source.len()) {
            return bytes;
        }
        let block = self.volume.block_size();
        let mut bytes = Vec::new();
        for number in 0..source.len().div_ceil(block) {
            let at = number.saturating_mul(block);
            let length = block.min(source.len().saturating_sub(at));
            let part = source.read_vec(at, length).unwrap_or_else(|error| {
                if !is_deleted {
                    self.volume.issue(&error);
                }
                vec![0; usize::try_from(length).unwrap_or(0)]
            });
            bytes.extend(part);
        }
        bytes
    }
}

/// Whether a file entry is the one that a name meant: by the unique identifier, where the name has one.
pub(super) fn is_of(entry: &FileEntry, identifier: &Identifier) -> bool {
    identifier.unique_id == 0 || u64::from(identifier.unique_id) == entry.unique_id & 0xffff_ffff
}
