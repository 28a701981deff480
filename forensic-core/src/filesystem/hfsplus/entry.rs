//! One entry in full, from its catalog record and its extended attributes.

use super::{
    Volume,
    attributes::Attribute,
    catalog::{Item, Record, Type, id},
    fork::{Blocks, DATA, RESOURCE},
    listing::{FOLDER_LINKS, Listing, Place},
    scan::Kept,
};
use crate::{
    bytes::ReadAt,
    error::{Error, Issue, Result},
    filesystem::{
        allocation::Allocation,
        apple, decmpfs,
        model::{Entry, Kind, Recoverability, Stream, StreamInfo, TimestampKind, Value},
        posix::{self, Owner},
    },
};

/// Seconds from 1904, when Apple's time begins, to 1970.
const EPOCH: i64 = 2_082_844_800;

/// Bytes of the longest extended attribute that is an attribute of the entry; a longer one is a stream.
const LONGEST_VALUE: u64 = 64 << 10;

/// Bytes of the longest target of a symbolic link.
const LONGEST_TARGET: u64 = 64 << 10;

impl Listing {
    /// The entry at a position of the listing; `allocation` is asked for what is deleted.
    pub(super) fn entry<'a>(
        &self,
        volume: &Volume,
        allocation: impl FnOnce() -> &'a Result<Allocation>,
        position: u64,
    ) -> Option<Entry> {
        let node = self.tree.node(position)?;
        let mut entry = Entry::new(0);
        entry.path = self.tree.path(position);
        entry.name = self.tree.name(node).to_owned();
        entry.status = node.status;
        match node.payload {
            Place::Own(number) => own_file(&mut entry, volume, number),
            Place::Record(kept) => match self.records.get(volume, kept) {
                Ok(record) => self.describe(&mut entry, volume, allocation, kept, &record),
                Err(error) => entry.issues.push(Issue::from(&error)),
            },
        }
        Some(entry)
    }

    fn describe<'a>(
        &self,
        entry: &mut Entry,
        volume: &Volume,
        allocation: impl FnOnce() -> &'a Result<Allocation>,
        kept: Kept,
        record: &Record<'_>,
    ) {
        entry.name_bytes = record.name.to_vec();
        entry.parent_id = Some(record.parent.into());
        let is_folder = matches!(record.kind, Type::Folder | Type::FolderThread);
        entry.kind = if is_folder { Kind::Directory } else { Kind::File };
        if let (true, Some((parent, name))) = (record.is_thread(), record.thread()) {
            (entry.id, entry.parent_id, entry.name_bytes) = (record.parent.into(), Some(parent.into()), name.to_vec());
            let expected = format!("the catalog record of {}", record.parent);
            let error = Error::corrupt("HFS+ catalog record", record.at, expected, "only its thread");
            if !is_folder {
                entry.streams.push(Stream::new(StreamInfo::new("", 0), Err(error), None));
            }
            graded(entry, Recoverability::Unknown, "only its name is left: where its content lies is not known");
            return;
        }
        let link = match record.item() {
            Ok(item) => item,
            Err(error) => return entry.issues.push(Issue::from(&error)),
        };
        let target = self.behind_link(volume, &link);
        let mut lost = None;
        if let Some(target) = &target {
            entry.attributes.insert("link_id".into(), Value::Int(link.id.into()));
            if target.is_none() {
                let expected = format!("file or folder {} behind the hard link", link.special);
                let error = Error::corrupt("HFS+ catalog record", record.at, expected, "none");
                entry.issues.push(Issue::from(&error));
                lost = Some(error).filter(|_| link.file_link().is_some());
            }
        }
        let (item, at, behind) = match target.flatten() {
            Some((target, at, is_live)) => (target, at, Some(is_live)),
            None => (link, volume.source.medium_offset(kept.at), None),
        };
        if let Some(number) = link.folder_link() {
            entry.kind = Kind::Directory;
            entry.target = Some(format!("/{FOLDER_LINKS}/dir_{number}"));
        }
        entry.id = item.id.into();
        facts(entry, &item, behind.is_some() || record.kind == Type::Folder);
        let forks = self.streams(entry, volume, &item, at);
        // The link's own forks are not the content.
        if let Some(error) = lost {
            entry.streams = vec![Stream::new(StreamInfo::new("", 0), Err(error), None)];
        }
        if entry.kind == Kind::Symlink {
            symlink(entry);
        }
        if entry.status.is_live() {
            return;
        }
        match behind {
            Some(true) => graded(entry, Recoverability::Intact, "it was a hard link to a file that is still there"),
            _ if is_folder => graded(entry, Recoverability::Intact, "all of it stands in its catalog record"),
            _ if item.file_link().is_some() => {
                graded(entry, Recoverability::Unknown, "the file behind the hard link is not there any more");
            }
            _ => match forks {
                Ok(forks) => {
                    let (grade, reason) = volume.grade(&item, &forks, &self.claims, allocation());
                    graded(entry, grade, &reason);
                }
                Err(error) => graded(entry, Recoverability::Unknown, &error.to_string()),
            },
        }
    }

    /// The file or folder behind a hard link, the place of its record, and whether it is live; `Some(None)` where there is
    /// none, `None` for what is no link.
    fn behind_link(&self, volume: &Volume, item: &Item) -> Option<Option<(Item, u64, bool)>> {
        let (linked, number) = match (item.file_link(), item.folder_link()) {
            (Some(number), _) => (&self.linked_files, number),
            (_, Some(number)) => (&self.linked_folders, number),
            _ => return None,
        };
        let target = linked.get(&number).and_then(|(kept, is_live)| {
            let item = self.records.get(volume, *kept).ok()?.item().ok()?;
            Some((item, volume.source.medium_offset(kept.at), *is_live))
        });
        Some(target)
    }

    /// Adds the streams and the extended attributes of a file or folder; gives where its forks lie.
    fn streams(&self, entry: &mut Entry, volume: &Volume, item: &Item, at: u64) -> Result<Vec<Blocks>> {
        let attributes = self.attributes.of(volume, item.id, |error| entry.issues.push(Issue::from(&error)));
        let is_compressed = u32::from(item.owner_flags) & apple::COMPRESSED != 0;
        let mut packed = None;
        let mut named = Vec::new();
        for Attribute { name, value } in attributes {
            match (is_compressed && name == decmpfs::NAME, value.len() <= LONGEST_VALUE) {
                (true, _) => packed = Some(value),
                (false, true) => match value.read_vec(0, value.len()) {
                    Ok(value) => posix::add_xattr(&mut entry.attributes, &name, &value),
                    Err(error) => entry.issues.push(Issue::from(&error)),
                },
                (false, false) => {
                    let info = StreamInfo::new(format!("xattr:{name}"), value.len());
                    named.push(Stream::new(info, Ok(value), None));
                }
            }
        }
        if entry.kind == Kind::Directory {
            entry.streams = named;
            return Ok(Vec::new());
        }
        let data = volume.blocks(&item.data, item.id, DATA, at);
        let resource = volume.blocks(&item.resource, item.id, RESOURCE, at);
        for blocks in [&data, &resource] {
            entry.issues.extend(blocks.damage.iter().map(Issue::from));
        }
        let fork = (item.resource.size > 0).then(|| volume.stream("rsrc", &item.resource, &resource));
        let mut result = Ok(());
        if is_compressed {
            let content = fork.as_ref().and_then(|fork| fork.open().ok());
            let (main, description, hides_fork) = decmpfs::stream(packed, content.as_ref(), &volume.limits, at);
            entry.attributes.extend(description.map(|text| ("compression".into(), Value::Text(text))));
            result = main.open().map(drop);
            entry.issues.extend(result.as_ref().err().map(Issue::from));
            entry.streams.push(main);
            entry.streams.extend(fork.filter(|_| !hides_fork));
        } else {
            entry.streams.push(volume.stream("", &item.data, &data));
            entry.streams.extend(fork);
        }
        entry.streams.extend(named);
        entry.size = entry.streams.first().map_or(0, |main| main.info.size);
        result.map(|()| vec![data, resource])
    }
}

fn graded(entry: &mut Entry, grade: Recoverability, reason: &str) {
    entry.recoverability = Some(grade);
    entry.recoverability_reason = reason.to_owned();
}

/// One of the filesystem's own files.
fn own_file(entry: &mut Entry, volume: &Volume, number: u32) {
    entry.id = number.into();
    entry.parent_id = Some(id::ROOT.into());
    let fork = volume.own_fork(number).copied().unwrap_or_default();
    let blocks = volume.blocks(&fork, number, DATA, volume.source.medium_offset(1024));
    entry.size = fork.size;
    entry.issues.extend(blocks.damage.iter().map(Issue::from));
    entry.streams.push(volume.stream("", &fork, &blocks));
}

/// Owner, times, flags, and what the Finder knows.
fn facts(entry: &mut Entry, item: &Item, has_links: bool) {
    if item.mode != 0 {
        let kind = entry.kind;
        let links = if has_links && kind != Kind::Directory { item.special.into() } else { 1 };
        Owner { mode: item.mode.into(), uid: item.uid, gid: item.gid, links }.describe(entry);
        if kind == Kind::Directory {
            entry.kind = kind;
            entry.attributes.remove("links");
        }
    }
    if &item.finder_codes == b"slnkrhap" {
        entry.kind = Kind::Symlink;
    }
    let kinds = [TimestampKind::Created, TimestampKind::Modified, TimestampKind::Changed, TimestampKind::Accessed];
    for (kind, date) in kinds.into_iter().zip(item.dates).filter(|(_, date)| *date != 0) {
        let seconds = i64::from(date).saturating_sub(EPOCH);
        entry.timestamps.push(posix::timestamp(kind, "catalog", (seconds, 0), 1_000_000_000));
    }
    let [.., backup] = item.dates;
    if backup != 0 {
        let time = posix::timestamp(TimestampKind::Changed, "catalog", (i64::from(backup).saturating_sub(EPOCH), 0), 1);
        entry.attributes.extend(time.value.to_rfc3339().map(|text| ("backed_up".into(), Value::Text(text))));
    }
    let flags = u32::from(item.admin_flags) << 16 | u32::from(item.owner_flags);
    apple::add_flags(&mut entry.attributes, flags);
    apple::add_finder_codes(&mut entry.attributes, &item.finder_codes);
    for (flag, key) in [(0x4000, "invisible"), (0x8000, "alias")] {
        if item.finder_flags & flag != 0 {
            entry.attributes.insert(key.into(), Value::Bool(true));
        }
    }
    if item.flags & 1 != 0 {
        entry.attributes.insert("locked".into(), Value::Bool(true));
    }
}

/// Where a symbolic link leads.
fn symlink(entry: &mut Entry) {
    let target = entry.open("").and_then(|content| content.read_vec(0, content.len().min(LONGEST_TARGET)));
    match target {
        Ok(target) => entry.target = Some(posix::name(&target)),
        Err(error) => entry.issues.push(Issue::from(&error)),
    }
}
