//! One entry in full, from its inode or the best copy of it.

use super::{
    Ext, Volume,
    catalog::{Doubt, Place},
    content,
    history::Who,
    inode::flag,
    map::{self, Map},
    record::Record,
};
use crate::{
    bytes::ReadAt,
    error::{Error, Issue},
    filesystem::{
        model::{Entry, Kind, Recoverability, Stream, StreamInfo, Time, Value},
        posix,
    },
};

/// Bytes of a symbolic link's target that are read.
const TARGET: u64 = 64 << 10;

/// The entry at a position of the listing.
pub(super) fn entry(ext: &Ext, position: u64) -> Option<Entry> {
    let (volume, catalog) = (&ext.volume, ext.catalog());
    let node = catalog.tree.node(position)?;
    let place = &node.payload;
    let mut entry = Entry::new(u64::from(place.number));
    entry.path = catalog.tree.path(position);
    entry.name = catalog.tree.name(node).to_owned();
    entry.name_bytes = match &place.raw {
        Some(raw) => raw.to_vec(),
        None => entry.name.clone().into_bytes(),
    };
    entry.parent_id = place.directory.map(u64::from);
    entry.status = node.status;
    entry.kind = posix::kind_of_entry(place.file_type).unwrap_or(Kind::File);
    match place.who {
        Who::Present => present(&mut entry, ext, place),
        Who::Former(life) => former(&mut entry, ext, place, life),
        Who::Unknown if place.number == 0 => {
            without(
                &mut entry,
                &Error::NotFound { what: "inode number in its directory entry: it was cleared".to_owned() },
            );
        }
        Who::Unknown => {
            let reason = "its inode was used again or is lost: where its content lies is not known";
            without_inode(&mut entry, volume, place, reason);
        }
    }
    Some(entry)
}

/// Fills in a file whose inode is in its table.
fn present(entry: &mut Entry, ext: &Ext, place: &Place) {
    let volume = &ext.volume;
    let record = match Record::read(volume, place.number) {
        Ok(record) if record.inode.mode != 0 => record,
        Ok(record) => {
            let expected = format!("inode {} in use", place.number);
            let error = Error::corrupt("inode", record.at, expected, "an empty one");
            return without(entry, &error);
        }
        Err(error) => return without(entry, &error),
    };
    let catalog = ext.catalog();
    if !catalog.scan.slot(place.number).is_some_and(|slot| slot.sound)
        && let Some(error) = record.check(volume)
    {
        entry.issues.push(Issue::from(&error));
    }
    let budget = if catalog.scan.too_large.contains(&place.number) { 0 } else { volume.superblock.blocks };
    let map = map::read(volume, volume, place.number, &record.inode, record.at, budget);
    fill(entry, volume, &record, &map, &[]);
    if record.inode.links == 0 {
        entry.attributes.insert("orphan_list".into(), Value::Bool(true));
    }
    if entry.status.is_live() {
        return;
    }
    entry.recoverability = Some(Recoverability::Unknown);
    entry.recoverability_reason = match catalog.path(place.number) {
        Some(path) => format!("its inode is in use: the content is now that of {path}"),
        None => "its inode is in use, and no directory lists it".to_owned(),
    };
}

/// Fills in a file that is deleted.
fn former(entry: &mut Entry, ext: &Ext, place: &Place, id: u32) {
    let (volume, catalog) = (&ext.volume, ext.catalog());
    let Some(life) = catalog.lives.lives.get(id as usize) else {
        return without_inode(entry, volume, place, "its inode is lost");
    };
    let record = match Record::read_at(volume, life.number, life.offset) {
        Ok(record) => record,
        Err(error) => {
            without(entry, &error);
            entry.recoverability = Some(Recoverability::Unknown);
            entry.recoverability_reason = error.to_string();
            return;
        }
    };
    let (claims, allocation) = ext.claims();
    let empty = Map::default();
    let map = claims.map(id).unwrap_or(&empty);
    let (grade, reason, taken) = claims.grade(volume, catalog, allocation, id, &record.inode);
    let (grade, reason) = match place.doubt {
        Some(doubt) if grade == Recoverability::Intact => (Recoverability::Unknown, reason_of(doubt).to_owned()),
        _ => (grade, reason),
    };
    fill(entry, volume, &record, map, &taken);
    if life.deleted != 0 {
        let time = Time { seconds: i64::from(life.deleted), nanoseconds: 0, utc: true };
        let text = time.to_rfc3339().unwrap_or_else(|| life.deleted.to_string());
        entry.attributes.insert("deleted_time".into(), Value::Text(text));
    }
    entry.recoverability = Some(grade);
    entry.recoverability_reason = reason;
    let lost = || Error::corrupt("inode", record.at, "size and place of the content", "none: the file was deleted");
    if life.emptied && entry.kind == Kind::File {
        entry.streams = vec![Stream::new(StreamInfo::new("", 0), Err(lost()), None)];
    } else if grade == Recoverability::Overwritten && entry.kind == Kind::File {
        let error = match entry.open("") {
            Err(error) => error,
            Ok(_) => {
                Error::corrupt("data block", record.at, "blocks of this file", entry.recoverability_reason.clone())
            }
        };
        entry.streams = vec![Stream::new(StreamInfo::new("", entry.size), Err(error), None)];
    }
}

fn reason_of(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Inode => "the name's inode may have been used again by the file whose content this is",
        Doubt::Renamed => "the file had another name later: this is its last content",
    }
}

/// Fills in all that an inode says.
fn fill(entry: &mut Entry, volume: &Volume, record: &Record, map: &Map, taken: &[(u64, u64)]) {
    let inode = &record.inode;
    let owner =
        posix::Owner { mode: u32::from(inode.mode), uid: inode.uid, gid: inode.gid, links: u64::from(inode.links) };
    entry.timestamps = inode.timestamps();
    inode.describe(&mut entry.attributes);
    owner.describe(entry);
    record.add_attributes(volume, &mut entry.attributes, &mut entry.issues);
    if let Some(error) = map.damage.as_deref() {
        entry.issues.push(Issue::from(error));
    }
    if !inode.has_content() {
        return;
    }
    let stream = content::stream(volume, record, map, taken);
    entry.size = stream.info.size;
    if inode.is_symlink() && !inode.has(flag::ENCRYPTED) {
        let target = stream.open().and_then(|content| content.read_vec(0, content.len().min(TARGET)));
        match target {
            Ok(target) => entry.target = Some(posix::name(&target)),
            Err(error) => entry.issues.push(Issue::from(&error)),
        }
    }
    entry.streams = vec![stream];
}

/// An entry of which only the name is left.
fn without_inode(entry: &mut Entry, volume: &Volume, place: &Place, reason: &str) {
    let at = volume.inode_offset(place.number).map_or(0, |offset| volume.metadata.medium_offset(offset));
    let expected = format!("inode {} of this file", place.number);
    without(entry, &Error::corrupt("inode", at, expected, "no copy of it"));
    entry.recoverability = Some(Recoverability::Unknown);
    entry.recoverability_reason = reason.to_owned();
}

fn without(entry: &mut Entry, error: &Error) {
    entry.issues.push(Issue::from(error));
    if entry.kind == Kind::File {
        entry.streams.push(Stream::new(StreamInfo::new("", 0), Err(error.clone()), None));
    }
    if !entry.status.is_live() {
        entry.recoverability = Some(Recoverability::Unknown);
        entry.recoverability_reason = error.to_string();
    }
}
