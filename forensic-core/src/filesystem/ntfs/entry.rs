//! One entry in full, from its record.

use super::{
    Volume,
    attribute::{Attribute, kind},
    catalog::{Catalog, NameAt, Place},
    file::File,
    file_name::{self, FileName},
    former::{Copy, Fate, Origin},
    record::Reference,
    recover,
    remains::UNKNOWN,
    reparse::{self, Interix, Reparse},
    standard_information::{self, StandardInformation},
    stream::{self, Main, streams},
    trial,
};
use crate::{
    bytes::{Fields, ReadAt},
    error::{Error, Issue, Result},
    filesystem::{
        allocation::Allocation,
        model::{Entry, Kind, Recoverability, Stream, StreamInfo, Time, Value},
    },
};

/// Why nothing but a name and its times is left of a file.
const REUSED: &str = "its MFT record was used again: where its content lies is not known";
const NAME_ONLY: &str = "only the name is left: which MFT record it had is not known";

/// The stream that holds the keys of an encrypted file.
const EFS: &str = "$EFS";

impl Catalog {
    /// The entry at a position of the listing. Reads its record: once, where there is no attribute list.
    pub(super) fn entry(&self, volume: &Volume, allocation: &Result<Allocation>, position: u64) -> Option<Entry> {
        let node = self.tree.node(position)?;
        let Place { record, name } = node.payload;
        let mut entry = Entry::new(u64::from(record));
        entry.path = self.tree.path(position);
        entry.name = self.tree.name(node).to_owned();
        entry.status = node.status;
        let copy = match name {
            NameAt::Copy(place) => self.copies.get(place as usize),
            _ => None,
        };
        let stray = match name {
            NameAt::Stray { place, .. } => self.strays.get(place as usize),
            _ => None,
        };
        let fate = copy.map_or(Fate::Kept, |copy| copy.fate);
        let number = stray.map_or(u64::from(record), |stray| stray.number);
        let is_unknown = copy.is_some_and(|copy| copy.child == UNKNOWN);
        let lost = |what: &str| {
            if is_unknown {
                let at = copy.map_or(0, |copy| copy.at);
                return Err(Error::corrupt("index entry", at, "the number of an MFT record", "only the name"));
            }
            let expected = format!("record {record} as of sequence number {}", copy.map_or(0, |c| c.child.sequence()));
            Err(Error::corrupt("MFT record", copy.map_or(0, |copy| copy.at), expected, what))
        };
        let file = match fate {
            Fate::Kept | Fate::Renamed => File::read(volume, number),
            Fate::Reused => lost("a file that uses the record since"),
            Fate::Absent => lost("no such record"),
        };
        if let Some(copy) = copy {
            entry.attributes.insert("name_source".into(), Value::Text(copy.origin.as_str().to_owned()));
        }
        let grade = match file {
            Ok(file) => {
                let holder = match name {
                    NameAt::Attribute { holder, id } => Some((u64::from(holder), id)),
                    NameAt::Stray { id, .. } => Some((number, id)),
                    _ => None,
                };
                read(&mut entry, volume, &file, holder, copy);
                match (entry.status.is_live(), fate) {
                    (true, _) => None,
                    (false, Fate::Renamed) => Some(renamed(&file, copy)),
                    (false, _) => Some(trial::confirm(recover::grade(volume, &file, &entry, self, allocation), &entry)),
                }
            }
            Err(error) => {
                without_record(&mut entry, copy, &error);
                match (entry.status.is_live(), fate) {
                    (true, _) => None,
                    (false, Fate::Reused) => Some((Recoverability::Unknown, REUSED.to_owned())),
                    (false, _) if is_unknown => Some((Recoverability::Unknown, NAME_ONLY.to_owned())),
                    (false, _) => Some((Recoverability::Unknown, error.to_string())),
                }
            }
        };
        let meant = copy.map(|copy| copy.child).or(stray.map(|stray| stray.reference));
        if !entry.status.is_live()
            && fate != Fate::Renamed
            && let Some(time) = self.deleted_at(u64::from(record), meant, entry.attributes.get("sequence"))
        {
            entry.attributes.insert("deleted_at".into(), Value::Text(time));
        }
        if let Some((grade, reason)) = grade {
            entry.recoverability = Some(grade);
            entry.recoverability_reason = reason;
        }
        Some(entry)
    }
}

impl Catalog {
    /// When the change journal says that a file was deleted: the one `meant`, or the last in its record.
    fn deleted_at(&self, record: u64, meant: Option<Reference>, sequence: Option<&Value>) -> Option<String> {
        let last = || {
            let Some(Value::Int(sequence)) = sequence else { return None };
            let sequence = u16::try_from(*sequence).ok()?;
            // The number is counted up when the record is freed, by most drivers.
            [sequence.wrapping_sub(1), sequence]
                .into_iter()
                .find_map(|sequence| self.deletions.get(&Reference(record | u64::from(sequence) << 48)))
        };
        let time = match meant {
            Some(meant) => self.deletions.get(&meant),
            None => last(),
        };
        Time::from_filetime(*time?).to_rfc3339()
    }
}

/// Fills in all that the record says.
fn read(entry: &mut Entry, volume: &Volume, file: &File, holder: Option<(u64, u16)>, copy: Option<&Copy>) {
    entry.issues.extend(file.issues.iter().cloned());
    let directory = file.base.header.directory;
    entry.kind = if directory { Kind::Directory } else { Kind::File };
    let header = &file.base.header;
    // Four of the file, four of its name.
    entry.timestamps.reserve(8);
    let information = file
        .first(kind::STANDARD_INFORMATION)
        .and_then(|attribute| StandardInformation::parse(attribute.resident()?, attribute.at).ok());
    let mut flags = 0;
    if let Some(information) = &information {
        flags = information.flags;
        information.times.add_to(&mut entry.timestamps, "standard_information");
    }
    let own = match holder {
        Some((holder, id)) => file.of_kind(kind::FILE_NAME).find_map(|(number, attribute)| {
            let is_it = number == holder && attribute.id == id;
            FileName::parse(attribute.resident().filter(|_| is_it)?, attribute.at).ok()
        }),
        None => copy.and_then(Copy::name),
    };
    if let Some(own) = &own {
        named(entry, own, source(copy));
        if information.is_none() {
            flags = own.flags;
        }
        let alias =
            file_names(file).find(|other| other.is_alias() && other.parent == own.parent && other.name != own.name);
        if let Some(alias) = alias {
            entry.attributes.insert("short_name".into(), Value::Text(file_name::text(alias.name)));
        }
    }
    standard_information::add_flags(&mut entry.attributes, flags);
    let known = information.as_ref();
    for (key, number) in [
        ("links", Some(i64::from(header.links))),
        ("security_id", known.and_then(|known| known.security_id).filter(|id| *id != 0).map(i64::from)),
        ("sequence", Some(i64::from(header.sequence))),
        ("usn", known.and_then(|known| i64::try_from(known.usn.filter(|usn| *usn != 0)?).ok())),
    ] {
        if let Some(number) = number {
            entry.attributes.insert(key.into(), Value::Int(number));
        }
    }
    let object_id =
        |attribute: Attribute<'_>| Fields::new(attribute.resident()?, "$OBJECT_ID", attribute.at).guid(0).ok();
    if let Some(id) = file.first(kind::OBJECT_ID).and_then(object_id) {
        entry.attributes.insert("object_id".into(), Value::Text(id));
    }
    if stream::fragments(file, kind::LOGGED_UTILITY_STREAM).iter().any(|stream| file_name::text(stream.name) == EFS) {
        entry.attributes.insert("efs".into(), Value::Bool(true));
    }
    let main = reparse_point(entry, volume, file, flags);
    entry.streams = streams(volume, file, directory, &main);
    entry.size = entry.streams.first().filter(|main| main.info.name.is_empty()).map_or(0, |main| main.info.size);
    if flags & standard_information::SYSTEM != 0 && entry.kind == Kind::File {
        interix(entry);
    }
}

/// Grades a name that was removed while its file lives on, or lived on.
fn renamed(file: &File, copy: Option<&Copy>) -> (Recoverability, String) {
    let modified = file
        .first(kind::STANDARD_INFORMATION)
        .and_then(|attribute| StandardInformation::parse(attribute.resident()?, attribute.at).ok())
        .map(|information| information.times.modified);
    let unchanged = copy.and_then(Copy::name).is_some_and(|name| Some(name.times.modified) == modified);
    match (file.base.header.in_use, unchanged) {
        (true, true) => {
            let reason = "the name was removed; the file lives on under another, not modified since".to_owned();
            (Recoverability::Intact, reason)
        }
        (true, false) => {
            let reason = "the name was removed; the file lives on under another, and was modified since".to_owned();
            (Recoverability::Unknown, reason)
        }
        (false, _) => (Recoverability::Unknown, "the name was removed before the file was deleted".to_owned()),
    }
}

/// An entry of which only a copy of the name is left.
fn without_record(entry: &mut Entry, copy: Option<&Copy>, error: &Error) {
    entry.issues.push(Issue::from(error));
    let mut size = 0;
    if let Some(name) = copy.and_then(Copy::name) {
        named(entry, &name, source(copy));
        standard_information::add_flags(&mut entry.attributes, name.flags);
        entry.kind = if name.is_directory() { Kind::Directory } else { Kind::File };
        size = name.size;
    }
    if entry.kind == Kind::File {
        entry.size = size;
        entry.streams.push(Stream::new(StreamInfo::new("", size), Err(error.clone()), None));
    }
}

/// What the times beside a name are called: those of the journal are its own.
fn source(copy: Option<&Copy>) -> &'static str {
    copy.filter(|copy| copy.origin == Origin::Journal).map_or("file_name", |copy| copy.origin.as_str())
}

fn named(entry: &mut Entry, name: &FileName<'_>, source: &'static str) {
    entry.name_bytes = name.name.to_vec();
    entry.parent_id = Some(name.parent.record());
    name.times.add_to(&mut entry.timestamps, source);
}

fn file_names(file: &File) -> impl Iterator<Item = FileName<'_>> {
    file.of_kind(kind::FILE_NAME).filter_map(|(_, attribute)| FileName::parse(attribute.resident()?, attribute.at).ok())
}

/// Reads the reparse point, if there is one; gives where the content of the main stream is.
fn reparse_point(entry: &mut Entry, volume: &Volume, file: &File, flags: u32) -> Main {
    let fragments = stream::fragments(file, kind::REPARSE_POINT);
    let Some(content) = fragments.first() else { return reparse::without_point(flags) };
    let at = file.first(kind::REPARSE_POINT).map_or(file.base.at, |attribute: Attribute<'_>| attribute.at);
    let parsed = content.content(volume).and_then(|bytes| {
        let bytes = bytes.read_vec(0, bytes.len().min(16 << 10))?;
        Reparse::parse(&bytes, at)
    });
    let point = match parsed {
        Ok(point) => point,
        Err(error) => {
            entry.issues.push(Issue::from(&error));
            return reparse::without_point(flags);
        }
    };
    entry.attributes.insert("reparse_tag".into(), Value::Int(i64::from(point.tag)));
    let texts = [("reparse_tag_name", point.tag_name), ("wof_algorithm", point.packing())];
    let texts = texts.into_iter().filter_map(|(key, text)| Some((key, text?.to_owned())));
    let program = point
        .program
        .iter()
        .flat_map(|[package, program]| [("app_exec_package", package.clone()), ("app_exec_target", program.clone())]);
    entry.attributes.extend(texts.chain(program).map(|(key, text)| (key.into(), Value::Text(text))));
    let main = point.main(flags);
    entry.kind = point.kind.unwrap_or(entry.kind);
    entry.target = point.target;
    main
}

/// Symbolic links and devices that Interix and ntfs-3g keep in files of the system flag.
fn interix(entry: &mut Entry) {
    let Ok(content) = entry.open("") else { return };
    if !reparse::INTERIX_BYTES.contains(&content.len()) {
        return;
    }
    match content.read_vec(0, content.len()).ok().as_deref().and_then(reparse::interix) {
        Some(Interix::Link(target)) => {
            entry.kind = Kind::Symlink;
            entry.target = Some(target);
        }
        Some(Interix::Device) => entry.kind = Kind::Other,
        None => {}
    }
}
