//! An entry in full: what its inode says.

use super::{
    Volume, attributes,
    catalog::{Catalog, Place, Witness},
    extents,
    inode::{Format, Inode},
    recover,
    space::FreeSpace,
};
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::{Error, Issue, Result},
    filesystem::{
        model::{Entry, Kind, Recoverability, Stream, StreamInfo},
        posix,
        stored::Resident,
    },
};
use std::sync::Arc;

/// The longest target of a symbolic link.
const MAX_TARGET: u64 = 1024;
/// Header of each block of a target where blocks carry checksums.
const TARGET_HEADER: u64 = 56;

impl Catalog {
    /// The entry at a position of the listing.
    pub(super) fn entry(&self, volume: &Volume, space: &FreeSpace, position: u64) -> Option<Entry> {
        let node = self.tree.node(position)?;
        let place = node.payload;
        let mut entry = Entry::new(place.inode);
        entry.path = self.tree.path(position);
        entry.status = node.status;
        if place.witness.is_named() {
            entry.name = self.tree.name(node).to_owned();
            entry.name_bytes = self.name_bytes(&place, &entry.name);
        }
        entry.parent_id = place.directory;
        let grade = match place.witness {
            Witness::Current | Witness::Nameless => {
                match Inode::read(volume, place.inode).and_then(|inode| live(volume, inode)) {
                    Ok(inode) => read(&mut entry, volume, &inode),
                    Err(error) => without_inode(&mut entry, &place, &error),
                }
                None
            }
            Witness::FormerName { is_same } => {
                match Inode::read(volume, place.inode).and_then(|inode| live(volume, inode)) {
                    Ok(inode) if is_same => read(&mut entry, volume, &inode),
                    _ => {
                        entry.kind = place.kind.unwrap_or(Kind::Other);
                        lost(&mut entry, "the name is all that is left");
                    }
                }
                let whom = if is_same { "this file, which may have changed since" } else { "this file or another" };
                let reason = format!("the name was removed; inode {} is in use by {whom}", place.inode);
                Some((Recoverability::Unknown, reason))
            }
            Witness::Freed { .. } => Some(recover::freed(&mut entry, volume, space, &place)),
            Witness::Logged { generation, is_sure, .. } => {
                Some(recover::logged(&mut entry, volume, space, &self.history, (place.inode, generation), is_sure))
            }
        };
        if let Some((grade, reason)) = grade {
            (entry.recoverability, entry.recoverability_reason) = (Some(grade), reason);
        }
        Some(entry)
    }
}

/// Gives a file of which nothing is known a stream that says so.
pub(super) fn lost(entry: &mut Entry, reason: &str) {
    if entry.kind == Kind::File {
        let lost = Error::NotFound { what: format!("inode {}: {reason}", entry.id) };
        entry.streams.push(Stream::new(StreamInfo::new("", 0), Err(lost), None));
    }
}

/// Refuses an inode that is not in use.
fn live(volume: &Volume, inode: Inode) -> Result<Inode> {
    match inode.mode {
        0 => {
            let at = volume.source.medium_offset(inode.offset);
            Err(Error::corrupt("inode", at, format!("inode {} in use", inode.number), "a free one"))
        }
        _ => Ok(inode),
    }
}

/// Fills in all that the inode says.
pub(super) fn read(entry: &mut Entry, volume: &Volume, inode: &Inode) {
    entry.issues.extend(inode.doubt.iter().map(Issue::from));
    let at = volume.source.medium_offset(inode.offset);
    describe(entry, inode).unwrap_or_else(|error| entry.issues.push(Issue::from(&error.moved_by(at))));
    let mut damage = Vec::new();
    attributes::read(volume, inode, &mut entry.attributes, &mut damage);
    entry.issues.extend(damage.iter().map(Issue::from));
    match entry.kind {
        Kind::File | Kind::Symlink => {
            let stream = stream(volume, inode, entry.kind, &mut entry.issues);
            entry.size = stream.info.size;
            entry.streams.push(stream);
        }
        Kind::Directory | Kind::Other => {}
    }
    if entry.kind == Kind::Symlink {
        match entry.open("").and_then(|target| target.read_vec(0, target.len())) {
            Ok(target) => entry.target = Some(posix::name(&target)),
            Err(error) => entry.issues.push(Issue::from(&error)),
        }
    }
}

fn describe(entry: &mut Entry, inode: &Inode) -> Result<()> {
    inode.owner()?.describe(entry);
    entry.timestamps = inode.timestamps()?;
    entry.attributes.extend(inode.further()?);
    Ok(())
}

/// An entry of which only the name is left.
fn without_inode(entry: &mut Entry, place: &Place, error: &Error) {
    entry.issues.push(Issue::from(error));
    entry.kind = place.kind.unwrap_or(Kind::Other);
    if entry.kind == Kind::File {
        entry.streams.push(Stream::new(StreamInfo::new("", 0), Err(error.clone()), None));
    }
}

/// The content of a file, or the target of a symbolic link.
pub(super) fn stream(volume: &Volume, inode: &Inode, kind: Kind, issues: &mut Vec<Issue>) -> Stream {
    let mut info = StreamInfo::new("", inode.size);
    let fork = inode.data();
    let at = volume.source.medium_offset(inode.offset);
    let refuse = |info, error| Stream::new(info, Err(error), None);
    if kind == Kind::Symlink && inode.size > MAX_TARGET {
        let error = Error::corrupt("inode", at, format!("a target of at most {MAX_TARGET} bytes"), inode.size);
        return refuse(info, error);
    }
    match fork.format {
        Format::Local => {
            info.resident = true;
            let bytes = usize::try_from(inode.size).ok().and_then(|size| fork.bytes.get(..size));
            let content = bytes.map(|bytes| {
                let (within, offset) = (volume.source.clone(), fork.offset);
                Arc::new(Resident { bytes: bytes.into(), within, offset }) as Source
            });
            let expected = format!("{} bytes in the inode", inode.size);
            Stream::new(info, content.ok_or_else(|| Error::corrupt("inode", at, expected, fork.bytes.len())), None)
        }
        Format::Extents | Format::Btree if inode.is_realtime() && kind == Kind::File => {
            refuse(info, Error::unsupported("content on the real-time device of XFS"))
        }
        Format::Extents | Format::Btree => {
            let mappings = extents::read(volume, inode, &fork);
            if let Some(error) = mappings.damage {
                issues.push(Issue::from(&error));
                return refuse(info, error);
            }
            let (content, slack) = match kind {
                Kind::Symlink if volume.superblock.checksums => {
                    (mappings.parts_behind_headers(volume, inode.size, TARGET_HEADER), Vec::new())
                }
                _ => mappings.runs(volume, inode.size),
            };
            info.sparse = content.iter().any(|run| run.offset.is_none() && run.length > 0);
            let build = |runs: Vec<Run>| Arc::new(Extents::new(volume.source.clone(), runs)) as Source;
            let content = build(content);
            match content.len() == inode.size {
                true => Stream::new(info, Ok(content), Some(build(slack))),
                false => refuse(info, Error::corrupt("inode", at, format!("{} bytes", inode.size), content.len())),
            }
        }
        Format::Device | Format::Unknown(_) => {
            refuse(info, Error::corrupt("inode", at, "a data fork of a file", format!("{:?}", fork.format)))
        }
    }
}
