//! The walk of one tree: every directory from the root on, each sector once, then the directories that only a path table
//! knows (ECMA-119, 6.8 and 6.9).

use super::{
    Volume,
    descriptor::{Descriptor, Form, ucs2},
    path_table,
    record::{Record, flag},
    sectors::SECTOR,
    susp::{Reader, SystemUse},
};
use crate::{
    bytes::ReadAt,
    error::{Error, Issue},
    filesystem::posix,
};
use std::collections::{HashMap, HashSet, VecDeque};

const STRUCTURE: &str = "directory record";

/// One extent of a file, in logical blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Section {
    /// The first block, that of the extended attribute record where there is one.
    pub(super) block: u32,
    /// Blocks of the extended attribute record.
    pub(super) attribute_blocks: u8,
    /// Bytes of content.
    pub(super) length: u32,
    /// Blocks of a file unit and of the gap behind it.
    pub(super) unit: u8,
    pub(super) gap: u8,
}

/// A file or directory as its records describe it.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Byte offset of its first record in the volume; of its path table record where it has no other.
    pub(super) at: u64,
    /// The directory, by its place in [`Tree::files`]; `None` for the root.
    pub(super) parent: Option<u32>,
    pub(super) name: String,
    pub(super) identifier: Box<[u8]>,
    pub(super) sections: Vec<Section>,
    pub(super) flags: u8,
    pub(super) date: [u8; 7],
    pub(super) system_use: Option<Box<SystemUse>>,
    /// The associated file of the same name.
    pub(super) associated: Option<Box<File>>,
    /// False where no directory lists it.
    pub(super) is_listed: bool,
    pub(super) issues: Vec<Issue>,
}

impl File {
    /// Where a directory's records stand: its first block and its size.
    fn directory(&self) -> Option<(u32, u32)> {
        let section = self.sections.first()?;
        let moved = self.system_use.as_ref().and_then(|system_use| system_use.child);
        let block = moved.unwrap_or(section.block.saturating_add(u32::from(section.attribute_blocks)));
        Some((block, section.length))
    }

    pub(super) fn is_directory(&self) -> bool {
        self.flags & flag::DIRECTORY != 0 || self.system_use.as_ref().is_some_and(|found| found.child.is_some())
    }

    pub(super) fn size(&self) -> u64 {
        self.sections.iter().fold(0, |sum, section| sum.saturating_add(u64::from(section.length)))
    }
}

/// What the walk of a tree gave.
pub(super) struct Tree {
    pub(super) descriptor: Descriptor,
    pub(super) files: Vec<File>,
    pub(super) has_rock_ridge: bool,
    /// Sectors of directories, path tables and continuation areas.
    pub(super) structures: HashSet<u64>,
}

/// The walk in progress.
struct Walk<'v> {
    volume: &'v Volume,
    form: Form,
    block_size: u64,
    system_use: Reader<'v>,
    tree: Tree,
    /// First blocks of the directories that were read, with their places in [`Tree::files`].
    read: HashMap<u32, Option<u32>>,
    queue: VecDeque<(Option<u32>, u32, u64)>,
    /// Directories that were moved away from their place in the tree, which another record keeps.
    moved: Vec<File>,
}

/// Walks the tree that `descriptor` leads to.
pub(super) fn walk(volume: &Volume, descriptor: &Descriptor) -> Tree {
    let block_size = u64::from(descriptor.block_size);
    let tree =
        Tree { descriptor: descriptor.clone(), files: Vec::new(), has_rock_ridge: false, structures: HashSet::new() };
    let mut walk = Walk {
        volume,
        form: descriptor.form,
        block_size,
        system_use: Reader::new(volume, block_size),
        tree,
        read: HashMap::new(),
        queue: VecDeque::from([(None, descriptor.root.0, u64::from(descriptor.root.1))]),
        moved: Vec::new(),
    };
    walk.directories();
    walk.moved_directories();
    walk.unlisted_directories(descriptor);
    walk.tree
}

impl Walk<'_> {
    fn directories(&mut self) {
        while let Some((directory, block, size)) = self.queue.pop_front() {
            if self.read.insert(block, directory).is_none() {
                self.directory(directory, block, size);
            } else if size > 0 {
                let at = self.volume.source.medium_offset(u64::from(block).saturating_mul(self.block_size));
                let message = "belongs to another directory already (a cycle or a cross-link)";
                self.volume.issues.push(Issue::new(at, "directory", message));
            }
        }
    }

    /// Directories that were moved and that no record calls back: they are listed where they are. The folder that was made
    /// for them is not, unless it holds more than directories that were called back.
    fn moved_directories(&mut self) {
        while !self.moved.is_empty() {
            for file in std::mem::take(&mut self.moved) {
                let Some((block, _)) = file.directory().filter(|(block, _)| !self.read.contains_key(block)) else {
                    continue;
                };
                let (before, waiting) = (self.tree.files.len(), self.moved.len());
                self.push(file);
                self.directories();
                let is_called_back =
                    |file: &File| file.directory().is_some_and(|(block, _)| self.read.contains_key(&block));
                let inside = self.moved.get(waiting..).unwrap_or_default();
                let is_bare = self.tree.files.len() == before.saturating_add(1);
                if is_bare && !inside.is_empty() && inside.iter().all(is_called_back) {
                    self.tree.files.truncate(before);
                    self.read.insert(block, None);
                }
            }
        }
    }

    /// Directories that no directory lists, after the path tables.
    fn unlisted_directories(&mut self, descriptor: &Descriptor) {
        for listed in path_table::read(self.volume, descriptor, &mut self.tree.structures) {
            if self.read.contains_key(&listed.block) {
                continue;
            }
            let at = u64::from(listed.block).saturating_mul(self.block_size);
            let size = self.own_size(listed.block);
            let mut file = File {
                at: listed.at,
                parent: self.read.get(&listed.parent).copied().flatten(),
                name: self.text(&listed.identifier),
                identifier: listed.identifier,
                sections: vec![Section {
                    block: listed.block,
                    attribute_blocks: 0,
                    length: size.unwrap_or(0),
                    unit: 0,
                    gap: 0,
                }],
                flags: flag::DIRECTORY,
                date: [0; 7],
                system_use: None,
                associated: None,
                is_listed: false,
                issues: Vec::new(),
            };
            if size.is_none() {
                let message = "the path table leads here, but no directory begins here";
                let issue = Issue::new(self.volume.source.medium_offset(at), "directory", message);
                self.volume.issues.push(issue.clone());
                file.issues.push(issue);
            }
            self.push(file);
            self.directories();
        }
    }

    /// The size of the directory at `block` by its own record; `None` where none stands there.
    fn own_size(&self, block: u32) -> Option<u32> {
        let at = u64::from(block).saturating_mul(self.block_size);
        let sector = self.volume.metadata.read_vec(at, self.block_size).ok()?;
        let record = Record::parse(&sector, self.volume.source.medium_offset(at)).ok()?;
        (record.is_self() && record.block == block).then_some(record.size)
    }

    /// Reads the records of a directory.
    fn directory(&mut self, directory: Option<u32>, block: u32, size: u64) {
        let start = u64::from(block).saturating_mul(self.block_size);
        let end = start.saturating_add(size).min(self.volume.source.len().max(start));
        if start.saturating_add(size) > end {
            let message = format!("expected {size} bytes, found {}", end.saturating_sub(start));
            self.report(directory, start, message);
        }
        let mut pending = Pending::default();
        let mut at = start;
        while at < end {
            let next = (at / SECTOR).saturating_add(1).saturating_mul(SECTOR).min(end);
            if !self.tree.structures.insert(at / SECTOR) {
                // Blocks smaller than a sector share it with other directories.
                if self.block_size == SECTOR {
                    self.report(directory, at, "a sector that belongs to another directory already".to_owned());
                    break;
                }
            }
            match self.volume.metadata.read_vec(at, next.saturating_sub(at)) {
                Ok(bytes) => self.records(directory, &bytes, at, &mut pending),
                Err(error) => self.report(directory, at, format!("a sector of the directory cannot be read: {error}")),
            }
            at = next;
        }
        self.finish(&mut pending);
        // An associated file that belongs to none is a file of its own.
        if let Some(file) = pending.associated.take() {
            self.push(file);
        }
    }

    fn records(&mut self, directory: Option<u32>, bytes: &[u8], start: u64, pending: &mut Pending) {
        let mut offset = 0usize;
        loop {
            let rest = bytes.get(offset..).unwrap_or_default();
            // A record never crosses the end of a sector, and zeros fill what is left of it.
            if rest.first().is_none_or(|length| *length == 0) {
                return;
            }
            let at = start.saturating_add(offset as u64);
            match Record::parse(rest, self.volume.source.medium_offset(at)) {
                Ok(record) => {
                    offset = offset.saturating_add(record.length);
                    self.record(directory, &record, at, pending);
                }
                Err(error) => {
                    self.volume.issue(&error);
                    self.note(directory, Issue::from(&error));
                    return;
                }
            }
        }
    }

    fn record(&mut self, directory: Option<u32>, record: &Record<'_>, at: u64, pending: &mut Pending) {
        if record.is_parent() {
            return;
        }
        let place = self.volume.source.medium_offset(at);
        let is_root = record.is_self() && directory.is_none();
        if record.is_self() && !is_root {
            return;
        }
        let (system_use, damage) = match self.form {
            Form::Primary => self.system_use.read(record.system_use, place, is_root),
            _ => (SystemUse::default(), None),
        };
        self.tree.structures.extend(&system_use.continuations);
        if is_root {
            self.tree.has_rock_ridge |= system_use.is_rock_ridge;
            self.system_use.skip.set(system_use.skip.unwrap_or(0));
            return;
        }
        self.tree.has_rock_ridge |= system_use.is_rock_ridge;
        let mut issues: Vec<Issue> = damage.iter().map(Issue::from).collect();
        damage.iter().for_each(|error| self.volume.issue(error));
        if record.contradicts {
            issues.push(Issue::new(place, STRUCTURE, "a number differs in its two byte orders"));
        }
        let section = Section {
            block: record.block,
            attribute_blocks: record.attribute_blocks,
            length: record.size,
            unit: record.unit,
            gap: record.gap,
        };
        if let Some(last) = pending.open.as_mut()
            && *last.identifier == *record.identifier
        {
            last.sections.push(section);
            last.flags = record.flags;
            if record.flags & flag::MULTI_EXTENT == 0 {
                self.finish(pending);
            }
            return;
        }
        self.finish(pending);
        let name = match &system_use.name {
            Some(name) => posix::name(name),
            None => self.text(record.identifier),
        };
        let file = File {
            at,
            parent: directory,
            name,
            identifier: record.identifier.into(),
            sections: vec![section],
            flags: record.flags,
            date: record.date,
            system_use: system_use.is_of_use().then(|| Box::new(system_use)),
            associated: None,
            is_listed: true,
            issues,
        };
        match record.flags {
            flags if flags & flag::MULTI_EXTENT != 0 && flags & flag::DIRECTORY == 0 => pending.open = Some(file),
            flags if flags & flag::ASSOCIATED != 0 => pending.associated = Some(file),
            _ => self.add(file, pending),
        }
    }

    /// Adds what is pending, as no further record of the same name follows.
    fn finish(&mut self, pending: &mut Pending) {
        let Some(file) = pending.open.take() else { return };
        self.add(file, pending);
    }

    fn add(&mut self, mut file: File, pending: &mut Pending) {
        if let Some(associated) = pending.associated.take() {
            match associated.identifier == file.identifier {
                true => file.associated = Some(Box::new(associated)),
                false => self.push(associated),
            }
        }
        let is_moved = file.system_use.as_ref().is_some_and(|system_use| system_use.is_relocated);
        match is_moved && file.is_directory() {
            true => self.moved.push(file),
            false => self.push(file),
        }
    }

    fn push(&mut self, mut file: File) {
        if self.tree.files.len() as u64 >= self.volume.limits.entries.min(u64::from(u32::MAX)) {
            let (structure, offset, limit) = ("directory", file.at, self.volume.limits.entries);
            let found = limit.saturating_add(1);
            self.volume.issue(&Error::Limit { structure, offset, found, limit, unit: "entries" });
            return;
        }
        let place = u32::try_from(self.tree.files.len()).unwrap_or(u32::MAX);
        if file.is_directory()
            && let Some((block, size)) = file.directory()
        {
            let moved = file.system_use.as_ref().is_some_and(|system_use| system_use.child.is_some());
            let size = if moved { self.own_size(block) } else { Some(size) };
            if size.is_none() {
                let at = self.volume.source.medium_offset(file.at);
                let issue =
                    Issue::new(at, STRUCTURE, format!("no directory begins at block {block}, where it was moved"));
                self.volume.issues.push(issue.clone());
                file.issues.push(issue);
            }
            self.queue.push_back((Some(place), block, u64::from(size.unwrap_or(0))));
        }
        self.tree.files.push(file);
    }

    /// The identifier as text: without version 1 and without the dot before an extension of no characters.
    fn text(&self, identifier: &[u8]) -> String {
        let text = if self.form == Form::Joliet { ucs2(identifier) } else { posix::name(identifier) };
        let text = text.strip_suffix(";1").unwrap_or(&text);
        match self.form {
            Form::Primary => text.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(text).to_owned(),
            _ => text.to_owned(),
        }
    }

    fn report(&mut self, directory: Option<u32>, at: u64, message: String) {
        let issue = Issue::new(self.volume.source.medium_offset(at), "directory", message);
        self.volume.issues.push(issue.clone());
        self.note(directory, issue);
    }

    fn note(&mut self, directory: Option<u32>, issue: Issue) {
        if let Some(file) = directory.and_then(|place| self.tree.files.get_mut(place as usize)) {
            file.issues.push(issue);
        }
    }
}

/// Records that wait for those of the same name behind them.
#[derive(Default)]
struct Pending {
    /// A file whose next extent follows.
    open: Option<File>,
    /// An associated file, which stands before the file it belongs to.
    associated: Option<File>,
}
