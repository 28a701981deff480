//! An entry in full, from its name and its file entry.

use super::{
    Volume,
    catalog::{Catalog, Name, is_of},
    directory,
    icb::{Content, FileEntry, kind},
    layout::Address,
    text,
};
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::{Error, Issue, Result},
    filesystem::{Entry, Kind, Recoverability, Status, Stream, StreamInfo, Timestamp, Value, posix, tree::Node},
};
use std::sync::Arc;

/// Named streams of a file at most.
const MOST_STREAMS: usize = 4096;
/// Steps of a timestamp in nanoseconds.
const RESOLUTION: u64 = 1000;

fn number(address: Address) -> u64 {
    u64::from(address.partition) << 32 | u64::from(address.block)
}

impl Catalog {
    /// The entry at a listing position.
    pub(super) fn entry(&self, volume: &Volume, position: u64) -> Option<Entry> {
        let node = self.tree.node(position)?;
        let name = &node.payload;
        let mut entry = Entry::new(name.identifier.icb.map_or(0, number));
        entry.path = self.tree.path(position);
        entry.name = self.tree.name(node).to_owned();
        entry.name_bytes = name.identifier.bytes.to_vec();
        let parent = node.parent.and_then(|parent| self.tree.node(u64::from(parent)));
        entry.parent_id = match parent {
            Some(parent) => parent.payload.identifier.icb.map(number),
            None => Some(number(self.root)).filter(|_| !entry.path.starts_with("/$OrphanFiles/")),
        };
        entry.status = node.status;
        entry.kind = if name.identifier.is_directory { Kind::Directory } else { Kind::File };
        if name.identifier.is_hidden {
            entry.attributes.insert("hidden".into(), Value::Bool(true));
        }
        match name.entry.and_then(|place| self.entries.get(place as usize)) {
            Some((address, Ok(found))) if node.status == Status::Allocated => live(volume, found, *address, &mut entry),
            Some((address, Ok(found))) => self.deleted(volume, node, (found, *address), &mut entry),
            Some((_, Err(error))) => lost(node, error.clone(), &mut entry),
            None => {
                let at = volume.at(0);
                lost(node, Error::corrupt(directory::STRUCTURE, at, "the place of a file entry", "none"), &mut entry);
            }
        }
        Some(entry)
    }

    fn deleted(&self, volume: &Volume, node: &Node<Name>, found: (&FileEntry, Address), entry: &mut Entry) {
        let (found, address) = found;
        let name = &node.payload;
        if !is_of(found, &name.identifier) {
            let error =
                Error::corrupt(super::icb::STRUCTURE, found.at, "the entry of this file", "that of another one");
            lost(node, error, entry);
            return;
        }
        live(volume, found, address, entry);
        entry.kind = if name.identifier.is_directory { Kind::Directory } else { entry.kind };
        let content = found.content(volume, address);
        let (grade, reason) = match &content {
            _ if name.is_shared && name.identifier.unique_id != 0 => {
                (Recoverability::Intact, "the file lives on under another name".to_owned())
            }
            _ if name.is_shared => {
                (Recoverability::Unknown, "its file entry is in use, perhaps by another file".to_owned())
            }
            Ok(content) if found.size == 0 && content.runs.is_empty() && found.links == 0 => (
                Recoverability::Unknown,
                "its file entry was emptied: where its content lies is not recorded".to_owned(),
            ),
            Ok(content) => {
                let own = volume.block_place(address).map(|offset| Run::new(offset, volume.block_size()));
                let runs: Vec<Run> = content.runs.iter().copied().chain(own).collect();
                self.claims.grade(volume, name.entry.unwrap_or(u32::MAX), &runs)
            }
            Err(error) => (Recoverability::Unknown, format!("where its content lies cannot be read: {error}")),
        };
        let is_empty = found.size == 0 && found.links == 0 && !name.is_shared;
        if grade == Recoverability::Overwritten || is_empty && entry.kind == Kind::File {
            let error = Error::corrupt("content of a deleted file", found.at, "blocks of its own", &reason);
            let info =
                entry.streams.first().map_or_else(|| StreamInfo::new("", found.size), |stream| stream.info.clone());
            entry.streams = vec![Stream::new(info, Err(error), None)];
        }
        entry.recoverability = Some(grade);
        entry.recoverability_reason = reason;
    }
}

/// A name whose file entry is not to be had.
fn lost(node: &Node<Name>, error: Error, entry: &mut Entry) {
    if node.status != Status::Allocated {
        entry.recoverability = Some(Recoverability::Overwritten);
        entry.recoverability_reason = format!("its file entry is gone: {error}");
    } else {
        entry.issues.push(Issue::from(&error));
    }
    if entry.kind == Kind::File {
        entry.streams = vec![Stream::new(StreamInfo::new("", 0), Err(error), None)];
    }
}

fn live(volume: &Volume, found: &FileEntry, address: Address, entry: &mut Entry) {
    posix::Owner { mode: mode(found), uid: found.uid, gid: found.gid, links: u64::from(found.links) }.describe(entry);
    if found.kind == kind::REAL_TIME {
        entry.kind = Kind::File;
    }
    for (kind, value) in &found.times {
        entry.timestamps.push(Timestamp { kind: *kind, source: "file_entry", value: *value, resolution: RESOLUTION });
    }
    entry.attributes.insert("unique_id".into(), Value::Int(i64::try_from(found.unique_id).unwrap_or(i64::MAX)));
    entry.issues.extend(found.issue.clone());
    let content = found.content(volume, address);
    entry.issues.extend(content.as_ref().err().map(Issue::from));
    entry.issues.extend(content.as_ref().ok().and_then(|content| content.issue.clone()));
    match entry.kind {
        Kind::Symlink => {
            let target = content.and_then(|content| content.source.read_vec(0, content.source.len().min(65_536)));
            match target {
                Ok(bytes) => {
                    let target = self::target(&bytes);
                    entry.size = target.len() as u64;
                    entry.target = Some(target);
                }
                Err(error) => entry.issues.push(Issue::from(&error)),
            }
        }
        Kind::File => {
            entry.size = found.size;
            entry.streams.push(stream(volume, "", found.size, content));
        }
        Kind::Directory | Kind::Other => {}
    }
    if found.streams.is_some()
        && let Err(error) = named_streams(volume, found, entry)
    {
        entry.issues.push(Issue::from(&error));
    }
}

fn stream(volume: &Volume, name: &str, size: u64, content: Result<Content>) -> Stream {
    let mut info = StreamInfo::new(name, size);
    let mut slack = None;
    let content = content.map(|content| {
        info.resident = content.is_embedded;
        info.sparse = content.runs.iter().any(|run| run.offset.is_none());
        slack = self::slack(volume, &content);
        content.source
    });
    Stream::new(info, content, slack)
}

/// What is stored behind the end: the rest of the last block, and blocks that are allocated beyond it.
fn slack(volume: &Volume, content: &Content) -> Option<Source> {
    let last = content.runs.last()?;
    let end = last.offset?.saturating_add(last.length);
    let is_allocated = content.behind.first().is_some_and(|run| run.offset == Some(end));
    let rest = end.next_multiple_of(volume.block_size()).saturating_sub(end);
    let rest = Some(Run::new(end, rest)).filter(|run| run.length > 0 && !is_allocated);
    let behind = content.behind.iter().copied().filter(|run| run.offset.is_some());
    let runs: Vec<Run> = rest.into_iter().chain(behind).collect();
    (!runs.is_empty()).then(|| Arc::new(Extents::new(volume.source.clone(), runs)) as Source)
}

/// Adds the streams that the stream directory names.
fn named_streams(volume: &Volume, found: &FileEntry, entry: &mut Entry) -> Result<()> {
    let Some(extent) = found.streams else { return Ok(()) };
    let directory = FileEntry::read(volume, extent.at)?;
    if directory.kind != kind::STREAM_DIRECTORY {
        return Err(Error::corrupt("stream directory", directory.at, "a file entry of type 13", directory.kind));
    }
    let content = directory.content(volume, extent.at)?.source;
    let bytes = content.read_vec(0, content.len().min(volume.limits.structure_bytes))?;
    let mut names = Vec::new();
    let mut issues = Vec::new();
    let at = |offset: u64| content.medium_offset(offset);
    directory::read(&bytes, content.len(), at, |name| names.push(name), |issue| issues.push(issue));
    entry.issues.extend(issues);
    for name in names.into_iter().filter(|name| !name.is_deleted).take(MOST_STREAMS) {
        let Some(address) = name.icb else { continue };
        let opened = FileEntry::read(volume, address).map(|found| (found.size, found.content(volume, address)));
        let (size, content) = match opened {
            Ok((size, content)) => (size, content),
            Err(error) => (0, Err(error)),
        };
        entry.streams.push(stream(volume, &name.name, size, content));
    }
    Ok(())
}

/// Permissions as the mode bits of Unix (ECMA-167, 4/14.9.5), with the type of the file.
fn mode(found: &FileEntry) -> u32 {
    let bits = |shift: u32| found.permissions >> shift & 7;
    let flags = [(6, 0o4000u32), (7, 0o2000), (8, 0o1000)];
    let special = flags.iter().filter(|(bit, _)| found.flags >> bit & 1 == 1).fold(0, |sum, (_, mode)| sum | mode);
    let kind = match found.kind {
        kind::DIRECTORY | kind::STREAM_DIRECTORY => 0o040_000,
        kind::BLOCK_DEVICE => 0o060_000,
        kind::CHARACTER_DEVICE => 0o020_000,
        kind::PIPE => 0o010_000,
        kind::SOCKET => 0o140_000,
        kind::SYMLINK => 0o120_000,
        kind::FILE | kind::REAL_TIME | 0 => 0o100_000,
        _ => 0,
    };
    kind | special | bits(10) << 6 | bits(5) << 3 | bits(0)
}

/// The target of a symbolic link: its path components (ECMA-167, 4/14.16).
fn target(bytes: &[u8]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = bytes;
    let mut is_absolute = false;
    while let [kind, length, _, _, behind @ ..] = rest {
        let length = usize::from(*length).min(behind.len());
        let (name, next) = behind.split_at(length);
        match kind {
            1 | 2 => {
                is_absolute = true;
                parts.clear();
            }
            3 => parts.push("..".to_owned()),
            4 => parts.push(".".to_owned()),
            _ => parts.push(text::compressed(name).unwrap_or_default()),
        }
        rest = next;
    }
    let path = parts.join("/");
    if is_absolute { format!("/{path}") } else { path }
}
