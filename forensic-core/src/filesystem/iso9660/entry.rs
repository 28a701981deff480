//! An entry in full, from what the walk kept of it.

use super::{
    Volume,
    catalog::{Catalog, Place, What},
    date,
    descriptor::Form,
    record::flag,
    sectors::SECTOR,
    susp::SystemUse,
    walk::{File, Section},
    zisofs,
};
use crate::{
    bytes::{Extents, Fields, ReadAt, Run, Source},
    error::{Error, Issue, Result},
    filesystem::{Entry, Kind, Stream, StreamInfo, Timestamp, TimestampKind, Value, model::Time, posix, tree::Node},
};
use std::sync::Arc;

/// XA attributes of files whose sectors hold other than 2048 bytes: mode 2 form 2, and audio.
const OTHER_SECTORS: u16 = 0x1000 | 0x4000;

impl Catalog {
    /// The entry at a listing position.
    pub(super) fn entry(&self, volume: &Volume, position: u64) -> Option<Entry> {
        let node = self.listing.node(position)?;
        let mut entry = match node.payload.what {
            What::File { .. } => self.file_entry(volume, node)?,
            What::BootImage(number) => self.boot_entry(volume, number)?,
        };
        entry.path = self.listing.path(position);
        entry.name = self.listing.name(node).to_owned();
        let parent = node.parent.and_then(|parent| self.listing.node(u64::from(parent)));
        entry.parent_id = parent.and_then(|parent| Some(self.file(&parent.payload)?.1.at));
        entry.status = node.status;
        if !node.status.is_live() {
            let (grade, reason) = self.recoverability(&node.payload);
            entry.recoverability = Some(grade);
            entry.recoverability_reason = reason;
        }
        Some(entry)
    }

    fn boot_entry(&self, volume: &Volume, number: u32) -> Option<Entry> {
        let image = self.boot_images.get(number as usize)?;
        let mut entry = Entry::new(image.at);
        entry.kind = Kind::Other;
        entry.size = image.length;
        entry.attributes.insert("boot_image".into(), image.description.clone().into());
        let run = Run::new(u64::from(image.sector).saturating_mul(SECTOR), image.length);
        let content: Source = Arc::new(Extents::new(volume.source.clone(), [run]));
        entry.streams = vec![Stream::new(StreamInfo::new("", image.length), Ok(content), None)];
        Some(entry)
    }

    fn file_entry(&self, volume: &Volume, node: &Node<Place>) -> Option<Entry> {
        let (walked, file) = self.file(&node.payload)?;
        let tree = &walked.tree;
        let mut entry = Entry::new(file.at);
        let system_use = file.system_use.as_deref();
        entry.name_bytes = match system_use.and_then(|found| found.name.clone()) {
            Some(name) => name.into_vec(),
            None => file.identifier.to_vec(),
        };
        entry.kind = if file.is_directory() { Kind::Directory } else { Kind::File };
        entry.issues.clone_from(&file.issues);
        if let Some(found) = system_use {
            describe(found, file, &mut entry);
        }
        entry
            .timestamps
            .extend(date::short(&file.date).map(|time| stamp(TimestampKind::Modified, "directory_record", time)));
        for (name, flag) in
            [("hidden", flag::HIDDEN), ("record_format", flag::RECORD), ("protection", flag::PROTECTION)]
        {
            if file.flags & flag != 0 {
                entry.attributes.insert(name.into(), Value::Bool(true));
            }
        }
        if node.payload.is_only_here {
            entry
                .attributes
                .insert("tree".into(), tree_name(tree.descriptor.form, tree.has_rock_ridge).to_owned().into());
        }
        if walked.session > 0 || self.sessions > 1 {
            let session = i64::try_from(walked.session).unwrap_or(i64::MAX).saturating_add(1);
            entry.attributes.insert("session".into(), Value::Int(session));
        }
        if tree.has_rock_ridge && entry.name_bytes != *file.identifier {
            entry.attributes.insert("iso9660_name".into(), posix::name(&file.identifier).into());
        }
        let block_size = u64::from(tree.descriptor.block_size);
        let content = Content { volume, block_size, file };
        if file.sections.iter().any(|section| section.attribute_blocks > 0) {
            content.attribute_record(&mut entry);
        }
        if entry.kind == Kind::Directory {
            return Some(entry);
        }
        if let Some(image) = self.boot_images.iter().find(|image| content.begins_at(image.sector)) {
            entry.attributes.insert("boot_image".into(), image.description.clone().into());
        }
        match entry.kind {
            Kind::Symlink => entry.size = entry.target.as_ref().map_or(0, |target| target.len() as u64),
            _ => content.streams(&mut entry),
        }
        Some(entry)
    }
}

fn stamp(kind: TimestampKind, source: &'static str, value: Time) -> Timestamp {
    let resolution = if value.nanoseconds == 0 { 1_000_000_000 } else { 10_000_000 };
    Timestamp { kind, source, value, resolution }
}

fn tree_name(form: Form, has_rock_ridge: bool) -> &'static str {
    match form {
        Form::Primary if has_rock_ridge => "rock_ridge",
        Form::Primary => "iso9660",
        Form::Joliet => "joliet",
        Form::Enhanced => "enhanced",
    }
}

/// What Rock Ridge and CD-ROM XA say of a file.
fn describe(found: &SystemUse, file: &File, entry: &mut Entry) {
    if let Some(mode) = found.mode {
        let is_directory = entry.kind == Kind::Directory;
        posix::Owner { mode, uid: found.uid, gid: found.gid, links: u64::from(found.links) }.describe(entry);
        // A directory that was moved has the mode of a directory and the record of a file.
        if is_directory {
            entry.kind = Kind::Directory;
        } else if posix::kind(mode).is_none() || entry.kind == Kind::Directory && !file.is_directory() {
            entry.kind = Kind::File;
        }
    }
    if let Some(target) = &found.target {
        entry.kind = Kind::Symlink;
        entry.target = Some(posix::name(target));
    }
    if let Some(serial) = found.serial {
        entry.attributes.insert("inode".into(), Value::Int(i64::from(serial)));
    }
    if let Some((major, minor)) = found.device {
        entry.attributes.insert("device".into(), format!("{major}:{minor}").into());
    }
    if let Some(xa) = found.xa {
        entry.attributes.insert("xa_attributes".into(), Value::Int(i64::from(xa)));
    }
    entry.timestamps.extend(found.times.iter().map(|(kind, time)| stamp(*kind, "rock_ridge", *time)));
}

/// The content of a file.
struct Content<'a> {
    volume: &'a Volume,
    block_size: u64,
    file: &'a File,
}

impl Content<'_> {
    fn begins_at(&self, sector: u32) -> bool {
        let start = |section: &Section| self.start(section) / SECTOR == u64::from(sector);
        self.file.sections.first().is_some_and(|section| section.length > 0 && start(section))
    }

    /// Byte offset of the content of a section.
    fn start(&self, section: &Section) -> u64 {
        u64::from(section.block).saturating_add(u64::from(section.attribute_blocks)).saturating_mul(self.block_size)
    }

    fn streams(&self, entry: &mut Entry) {
        let mut info = StreamInfo::new("", self.file.size());
        let packed = self.file.system_use.as_ref().and_then(|found| found.packed);
        let is_other =
            self.file.system_use.as_ref().and_then(|found| found.xa).is_some_and(|xa| xa & OTHER_SECTORS != 0);
        let stored = runs(self.volume, self.block_size, self.file);
        let slack = stored.as_ref().ok().and_then(|runs| self.slack(runs));
        let stored = stored.map(|runs| Arc::new(Extents::new(self.volume.source.clone(), runs)) as Source);
        let content = match (packed, stored) {
            _ if is_other => Err(Error::unsupported("content in sectors of mode 2 form 2, or audio,")),
            (Some(packed), Ok(stored)) => {
                info.compressed = true;
                info.size = u64::from(packed.size);
                zisofs::content(&stored, &packed).map(|units| Arc::new(units) as Source)
            }
            (_, stored) => stored,
        };
        entry.issues.extend(content.as_ref().err().map(Issue::from));
        if let Ok(source) = &content {
            self.check_end(source, entry);
        }
        entry.size = info.size;
        entry.streams = vec![Stream::new(info, content, slack)];
        if let Some(associated) = &self.file.associated {
            let content = runs(self.volume, self.block_size, associated)
                .map(|runs| Arc::new(Extents::new(self.volume.source.clone(), runs)) as Source);
            entry.streams.push(Stream::new(StreamInfo::new("associated", associated.size()), content, None));
        }
    }

    /// Tells of content that lies behind the end of the image.
    fn check_end(&self, source: &Source, entry: &mut Entry) {
        let end = self.volume.source.len();
        let last =
            self.file.sections.iter().map(|section| self.start(section).saturating_add(u64::from(section.length)));
        if !source.is_empty()
            && let Some(last) = last.max().filter(|last| *last > end)
        {
            let at = self.volume.source.medium_offset(self.file.at);
            let message = format!("the content goes on to byte {last}, but the volume ends at {end}");
            entry.issues.push(Issue::new(at, "directory record", message));
        }
    }

    /// The bytes behind the content in its last sector.
    fn slack(&self, runs: &[Run]) -> Option<Source> {
        let last = runs.last()?;
        let end = last.offset?.saturating_add(last.length);
        let whole = end.div_ceil(SECTOR).saturating_mul(SECTOR).min(self.volume.source.len());
        let length = whole.checked_sub(end).filter(|length| *length > 0)?;
        Some(Arc::new(Extents::new(self.volume.source.clone(), [Run::new(end, length)])))
    }

    /// The extended attribute record: owner, permissions and times (ECMA-119, 9.5).
    fn attribute_record(&self, entry: &mut Entry) {
        let Some(section) = self.file.sections.iter().find(|section| section.attribute_blocks > 0) else { return };
        let at = u64::from(section.block).saturating_mul(self.block_size);
        let read = || -> Result<Vec<u8>> { self.volume.metadata.read_vec(at, 78) };
        match read() {
            Ok(bytes) => {
                let fields = Fields::new(&bytes, "extended attribute record", self.volume.source.medium_offset(at));
                let kinds = [(10, TimestampKind::Created), (27, TimestampKind::Modified)];
                for (offset, kind) in kinds {
                    let time = fields.bytes(offset, 17).ok().and_then(date::long);
                    entry.timestamps.extend(time.map(|time| stamp(kind, "extended_attribute_record", time)));
                }
                for (name, offset) in [("owner", 0usize), ("group", 4), ("permissions", 8)] {
                    if let Ok(value) = fields.u16(offset) {
                        entry.attributes.insert(name.into(), Value::Int(i64::from(value)));
                    }
                }
            }
            Err(error) => entry.issues.push(Issue::from(&error)),
        }
    }
}

/// The runs of a file, interleaved ones unit by unit.
pub(super) fn runs(volume: &Volume, block_size: u64, file: &File) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for section in &file.sections {
        let blocks = u64::from(section.block).saturating_add(u64::from(section.attribute_blocks));
        let mut at = blocks.saturating_mul(block_size);
        let mut left = u64::from(section.length);
        let unit = u64::from(section.unit).saturating_mul(block_size);
        if unit == 0 {
            runs.push(Run::new(at, left));
            continue;
        }
        let pitch = unit.saturating_add(u64::from(section.gap).saturating_mul(block_size));
        while left > 0 {
            if runs.len() >= volume.limits.runs {
                let (structure, offset) = ("directory record", volume.source.medium_offset(file.at));
                let limit = volume.limits.runs as u64;
                return Err(Error::Limit { structure, offset, found: limit.saturating_add(1), limit, unit: "runs" });
            }
            runs.push(Run::new(at, left.min(unit)));
            left = left.saturating_sub(unit);
            at = at.saturating_add(pitch);
        }
    }
    Ok(runs)
}
