//! One entry in full, from its name, its inode, and what else the tree tells of it.

use super::{
    Container,
    inode::{self, Inode, Name},
    listing::{Listing, Place},
    records::{Record, Records, kind},
    stream,
};
use crate::{
    bytes::ReadAt,
    error::{Error, Issue, Result},
    filesystem::{
        allocation::Allocation,
        apple, decmpfs,
        model::{Entry, Kind, Recoverability, Stream, StreamInfo, Timestamp, TimestampKind, Value},
        posix::{self, Owner},
    },
};

/// Extended attributes that are something else besides.
const SYMLINK: &str = "com.apple.fs.symlink";
const RESOURCE_FORK: &str = "com.apple.ResourceFork";

/// Bytes of the longest extended attribute that is an attribute of the entry; a longer one is a stream.
const LONGEST_VALUE: u64 = 64 << 10;

/// Extended attributes read of one file.
const MOST_ATTRIBUTES: usize = 4096;

const NANOSECONDS: i64 = 1_000_000_000;

impl Listing {
    /// The entry at a position of the listing; `allocation` is asked for what is deleted.
    pub(super) fn entry<'a>(
        &self,
        container: &Container,
        allocation: impl FnOnce() -> &'a Result<Allocation>,
        position: u64,
    ) -> Option<Entry> {
        let node = self.tree.node(position)?;
        let mut entry = Entry::new(0);
        entry.path = self.tree.path(position);
        entry.name = self.tree.name(node).to_owned();
        entry.status = node.status;
        let (number, place, is_stale) = match node.payload {
            Place::Volume(number) => {
                self.volume(&mut entry, container, number);
                return Some(entry);
            }
            Place::Private(number) => {
                let records = self.volumes.get(usize::from(number)).map(|(_, records)| records);
                let record =
                    records.and_then(|records| Some((records, records.of(inode::PRIVATE, kind::INODE).first()?)));
                entry.kind = Kind::Directory;
                entry.id = inode::PRIVATE;
                if let Some((records, record)) = record {
                    self.describe(&mut entry, container, records, number, record);
                }
                return Some(entry);
            }
            Place::Live(number, place) => (number, place, false),
            Place::Stale(number, place) => (number, place, true),
        };
        let records = match is_stale {
            true => self.stale.get(usize::from(number)),
            false => self.volumes.get(usize::from(number)).map(|(_, records)| records),
        }?;
        let record = records.get(place)?;
        let inode = self.describe(&mut entry, container, records, number, record);
        if is_stale {
            let (grade, reason) = self.grade(container, records, &entry, inode.as_ref(), allocation);
            entry.recoverability = Some(grade);
            entry.recoverability_reason = reason;
        }
        Some(entry)
    }

    /// The root of one of several volumes.
    fn volume(&self, entry: &mut Entry, container: &Container, number: u16) {
        entry.kind = Kind::Directory;
        entry.id = inode::ROOT;
        let Some((volume, records)) = self.volumes.get(usize::from(number)) else { return };
        entry.name_bytes = volume.name.clone().into_bytes();
        if let Some(record) = records.of(inode::ROOT, kind::INODE).first() {
            self.describe(entry, container, records, number, record);
        }
        entry.parent_id = None;
        entry.attributes.insert("volume_uuid".into(), Value::Text(volume.uuid.clone()));
        entry.attributes.insert("volume_role".into(), Value::Int(volume.role.into()));
        entry.issues.extend(volume.encryption(container).iter().map(Issue::from));
    }

    /// Fills in what the name and the inode say; gives the inode.
    fn describe(
        &self,
        entry: &mut Entry,
        container: &Container,
        records: &Records,
        number: u16,
        record: &Record,
    ) -> Option<Inode> {
        let volume = self.volumes.get(usize::from(number)).map(|(volume, _)| volume);
        let at = container.at(record);
        let mut id = record.id;
        if record.kind == kind::NAME {
            let hashed = volume.is_none_or(|volume| volume.has_hashed_names);
            let name = Name::parse(records, record, hashed, at).ok()?;
            id = name.file;
            entry.name_bytes = name.name.to_vec();
            entry.parent_id = Some(name.parent);
            entry.kind = if name.is_directory { Kind::Directory } else { Kind::File };
            let added = timestamp(TimestampKind::Changed, name.added).value.to_rfc3339().filter(|_| name.added != 0);
            entry.attributes.extend(added.map(|text| ("added".into(), Value::Text(text))));
        }
        entry.id = id;
        let found = records
            .of(id, kind::INODE)
            .first()
            .ok_or_else(|| Error::corrupt("APFS file tree", at, format!("inode {id}"), "none"));
        let inode =
            found.and_then(|record| Ok((Inode::parse(records, record, container.at(record))?, container.at(record))));
        let (inode, at) = match inode {
            Ok(inode) => inode,
            Err(error) => {
                entry.issues.push(Issue::from(&error));
                if entry.kind == Kind::File {
                    entry.streams.push(Stream::new(StreamInfo::new("", 0), Err(error), None));
                }
                return None;
            }
        };
        if record.kind == kind::INODE {
            entry.name_bytes.clone_from(&inode.name);
            entry.parent_id = Some(inode.parent);
        }
        facts(entry, &inode);
        let blocked = volume.and_then(|volume| volume.content_encryption());
        streams(entry, container, records, &inode, blocked, at);
        Some(inode)
    }

    /// How much of a deleted file can be given back, and why.
    fn grade<'a>(
        &self,
        container: &Container,
        records: &Records,
        entry: &Entry,
        inode: Option<&Inode>,
        allocation: impl FnOnce() -> &'a Result<Allocation>,
    ) -> (Recoverability, String) {
        let Some(inode) = inode else {
            let reason = "its inode is gone: where its content lies is not known";
            return (Recoverability::Unknown, reason.to_owned());
        };
        if matches!(entry.kind, Kind::Directory | Kind::Other) {
            return (Recoverability::Intact, "all of it stands in its inode".to_owned());
        }
        if let Some(error) = entry.streams.iter().find_map(|stream| stream.open().err()) {
            return (Recoverability::Unknown, error.to_string());
        }
        if entry.kind == Kind::Symlink && entry.target.is_some() {
            return (Recoverability::Intact, "all of it stands in an extended attribute".to_owned());
        }
        let is_packed = entry.streams.first().is_some_and(|main| main.info.compressed);
        let runs = stream::main(container, records, inode, 0);
        if let Some(error) = runs.damage.as_ref().filter(|_| !is_packed) {
            return (Recoverability::Partial, error.to_string());
        }
        let (kept, lost): (Vec<_>, Vec<_>) = stream::extents(records, inode).partition(|extent| extent.kept);
        match (kept.is_empty(), lost.is_empty()) {
            (false, true) => return (Recoverability::Intact, "a snapshot keeps all of its blocks".to_owned()),
            (true, true) if is_packed => {
                return (Recoverability::Intact, "all of it stands in an extended attribute".to_owned());
            }
            _ => {}
        }
        let blocks: Vec<_> = lost.into_iter().filter_map(|extent| container.blocks_of(records, extent)).collect();
        if blocks.iter().any(|(_, end)| *end > container.held_blocks()) {
            return (Recoverability::Partial, "some of its blocks lie behind the end of the medium".to_owned());
        }
        if blocks.is_empty() {
            let reason = "its inode tells of no content, as it does before a file is written for the first time";
            return (Recoverability::Unknown, reason.to_owned());
        }
        self.claims.grade(inode.id, blocks, allocation())
    }
}

/// Owner, times and flags.
fn facts(entry: &mut Entry, inode: &Inode) {
    let links = if inode.is_directory() { 0 } else { u64::from(inode.links) };
    Owner { mode: inode.mode.into(), uid: inode.uid, gid: inode.gid, links }.describe(entry);
    if inode.is_directory() {
        entry.attributes.remove("links");
    }
    let kinds = [TimestampKind::Created, TimestampKind::Modified, TimestampKind::Changed, TimestampKind::Accessed];
    for (kind, time) in kinds.into_iter().zip(inode.times).filter(|(_, time)| *time != 0) {
        entry.timestamps.push(timestamp(kind, time));
    }
    apple::add_flags(&mut entry.attributes, inode.bsd_flags);
    if inode.is_clone() {
        entry.attributes.insert("clone".into(), Value::Bool(true));
    }
    if let Some(code) = inode.finder.first_chunk::<8>() {
        apple::add_finder_codes(&mut entry.attributes, code);
    }
}

/// A time as nanoseconds since 1970; it is a signed number.
fn timestamp(kind: TimestampKind, time: u64) -> Timestamp {
    let (time, step) = (time.cast_signed(), NANOSECONDS);
    let rest = u32::try_from(time.rem_euclid(step)).unwrap_or(0);
    posix::timestamp(kind, "inode", (time.div_euclid(step), rest), 1)
}

/// Adds the streams and the extended attributes.
fn streams(
    entry: &mut Entry,
    container: &Container,
    records: &Records,
    inode: &Inode,
    blocked: Option<Error>,
    at: u64,
) {
    let is_compressed = inode.bsd_flags & apple::COMPRESSED != 0;
    let (mut packed, mut fork, mut named) = (None, None, Vec::new());
    for record in records.of(inode.id, kind::XATTR).iter().take(MOST_ATTRIBUTES) {
        let (name, value) = match stream::xattr(container, records, record, blocked.as_ref()) {
            Ok(found) => found,
            Err(error) => {
                entry.issues.push(Issue::from(&error));
                continue;
            }
        };
        match name.as_str() {
            SYMLINK => match value.read_vec(0, value.len().min(LONGEST_VALUE)) {
                Ok(target) => entry.target = Some(posix::name(&target).trim_end_matches('\0').to_owned()),
                Err(error) => entry.issues.push(Issue::from(&error)),
            },
            RESOURCE_FORK => fork = Some(value),
            decmpfs::NAME if is_compressed => packed = Some(value),
            _ if value.len() > LONGEST_VALUE => {
                named.push(Stream::new(StreamInfo::new(format!("xattr:{name}"), value.len()), Ok(value), None));
            }
            _ => match value.read_vec(0, value.len()) {
                Ok(value) => posix::add_xattr(&mut entry.attributes, &name, &value),
                Err(error) => entry.issues.push(Issue::from(&error)),
            },
        }
    }
    let mut shows_fork = true;
    if !matches!(entry.kind, Kind::Directory) {
        let mut main = match is_compressed {
            false => {
                let runs = stream::main(container, records, inode, at);
                entry.issues.extend(runs.damage.iter().map(Issue::from));
                runs.stream(container, "")
            }
            true => {
                let (main, description, hides_fork) = decmpfs::stream(packed, fork.as_ref(), &container.limits, at);
                entry.attributes.extend(description.map(|text| ("compression".into(), Value::Text(text))));
                shows_fork = !hides_fork;
                entry.issues.extend(main.open().err().iter().map(Issue::from));
                main
            }
        };
        if let Some(error) = blocked.filter(|_| main.info.size > 0 && !main.info.resident) {
            main = Stream::new(main.info.clone(), Err(error), None);
        }
        entry.size = main.info.size;
        entry.streams.push(main);
    }
    if let Some(fork) = fork.filter(|_| shows_fork) {
        entry.streams.push(Stream::new(StreamInfo::new("rsrc", fork.len()), Ok(fork), None));
    }
    entry.streams.extend(named);
}
