//! `forensic_entry`: a name in a filesystem, with all that is known of the file behind it.

use crate::{
    boundary::{borrow, fallible, free, getter, item, offer, out, text},
    error::{Failure, forensic_error, forensic_status},
    extents::forensic_extents,
    issues::forensic_issues,
    stream::forensic_stream,
    text::{Items, Texts},
    time::{self, forensic_time, forensic_timestamp},
};
use forensic_core::filesystem::{Entry, Kind, Recoverability, Status, Stream, Value};
use std::{ffi::c_char, ptr::null};

/// What an entry is.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_kind {
    /// A file.
    FORENSIC_KIND_FILE = 0,
    /// A directory.
    FORENSIC_KIND_DIRECTORY = 1,
    /// A symbolic link.
    FORENSIC_KIND_SYMLINK = 2,
    /// Anything else: a device, a socket, a volume label.
    FORENSIC_KIND_OTHER = 3,
}

/// The name of a kind as records have it ("file"); NULL for a number that is none. Static.
#[unsafe(no_mangle)]
pub extern "C" fn forensic_kind_name(kind: u32) -> *const c_char {
    crate::text::name(&[c"file", c"directory", c"symlink", c"other"], kind)
}

/// Whether an entry's name and metadata are in use.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_entry_state {
    /// In use, and listed in its directory.
    FORENSIC_ENTRY_ALLOCATED = 0,
    /// Deleted; its directory is known.
    FORENSIC_ENTRY_DELETED = 1,
    /// Deleted, and so is all that told its directory.
    FORENSIC_ENTRY_ORPHAN = 2,
    /// Its metadata is in use, but no directory lists it.
    FORENSIC_ENTRY_UNLISTED = 3,
}

/// The name of a state as records have it ("deleted"); NULL for a number that is none. Static.
#[unsafe(no_mangle)]
pub extern "C" fn forensic_entry_state_name(state: u32) -> *const c_char {
    crate::text::name(&[c"allocated", c"deleted", c"orphan", c"unlisted"], state)
}

/// How much of a deleted entry's content can be given back.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_recoverability {
    /// The entry is in use: nothing to recover.
    FORENSIC_RECOVERABILITY_NONE = 0,
    /// Every byte, as far as the medium can tell.
    FORENSIC_RECOVERABILITY_INTACT = 1,
    /// Some of it.
    FORENSIC_RECOVERABILITY_PARTIAL = 2,
    /// None: its clusters belong to others now.
    FORENSIC_RECOVERABILITY_OVERWRITTEN = 3,
    /// The medium does not say: the place was guessed, or is not known.
    FORENSIC_RECOVERABILITY_UNKNOWN = 4,
}

/// The name of a grade as records have it ("intact"); NULL for FORENSIC_RECOVERABILITY_NONE and for a number that is
/// none. Static.
#[unsafe(no_mangle)]
pub extern "C" fn forensic_recoverability_name(recoverability: u32) -> *const c_char {
    let names = [c"intact", c"partial", c"overwritten", c"unknown"];
    recoverability.checked_sub(1).map_or(null(), |index| crate::text::name(&names, index))
}

/// Which member of a forensic_attribute holds its value.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_value_kind {
    /// boolean.
    FORENSIC_VALUE_BOOLEAN = 0,
    /// integer.
    FORENSIC_VALUE_INTEGER = 1,
    /// text.
    FORENSIC_VALUE_TEXT = 2,
    /// bytes.
    FORENSIC_VALUE_BYTES = 3,
}

/// A further attribute of an entry.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_attribute {
    /// Its name.
    pub key: *const c_char,
    /// Which of the following it is.
    pub kind: forensic_value_kind,
    /// A flag; otherwise false.
    pub boolean: bool,
    /// A number; otherwise 0.
    pub integer: i64,
    /// A text, or bytes in lower-case hex; otherwise NULL.
    pub text: *const c_char,
}

/// What is known of a stream without reading it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_stream_info {
    /// Its name; "" is the main stream.
    pub name: *const c_char,
    /// Bytes.
    pub size: u64,
    /// True where the content lies inside the metadata record.
    pub resident: bool,
    /// True where the content is stored compressed.
    pub compressed: bool,
    /// True where parts are not stored and read as zeros.
    pub sparse: bool,
}

/// A name in a filesystem, with all that is known of the file behind it. It stands on its own: it can be opened as long
/// as it is kept, also when the filesystem is freed. The caller frees it.
pub struct forensic_entry {
    entry: Entry,
    texts: Texts,
    timestamps: Items<forensic_timestamp>,
    attributes: Items<forensic_attribute>,
    streams: Items<forensic_stream_info>,
}

impl forensic_entry {
    pub(crate) fn new(entry: Entry) -> Self {
        Self {
            entry,
            texts: Texts::default(),
            timestamps: Items::default(),
            attributes: Items::default(),
            streams: Items::default(),
        }
    }

    fn timestamps(&self) -> &[forensic_timestamp] {
        self.timestamps.or_make(|| {
            self.entry.timestamps.iter().map(|timestamp| forensic_timestamp {
                kind: timestamp.kind.into(),
                source: self.texts.give(timestamp.source),
                value: timestamp.value.into(),
                resolution: timestamp.resolution,
            })
        })
    }

    fn attributes(&self) -> &[forensic_attribute] {
        self.attributes.or_make(|| self.entry.attributes.iter().map(|(key, value)| self.attribute(key, value)))
    }

    fn attribute(&self, key: &str, value: &Value) -> forensic_attribute {
        let (boolean, integer, text) = match value {
            Value::Bool(value) => (*value, 0, null()),
            Value::Int(value) => (false, *value, null()),
            Value::Text(value) => (false, 0, self.texts.give(value)),
            Value::Bytes(_) => (false, 0, self.texts.give(&value.to_string())),
        };
        let kind = match value {
            Value::Bool(_) => forensic_value_kind::FORENSIC_VALUE_BOOLEAN,
            Value::Int(_) => forensic_value_kind::FORENSIC_VALUE_INTEGER,
            Value::Text(_) => forensic_value_kind::FORENSIC_VALUE_TEXT,
            Value::Bytes(_) => forensic_value_kind::FORENSIC_VALUE_BYTES,
        };
        forensic_attribute { key: self.texts.give(key), kind, boolean, integer, text }
    }

    fn streams(&self) -> &[forensic_stream_info] {
        self.streams.or_make(|| {
            self.entry.streams.iter().map(|stream| forensic_stream_info {
                name: self.texts.give(&stream.info.name),
                size: stream.info.size,
                resident: stream.info.resident,
                compressed: stream.info.compressed,
                sparse: stream.info.sparse,
            })
        })
    }

    fn stream_at(&self, index: usize) -> Result<&Stream, Failure> {
        let stream = self.entry.streams.get(index);
        stream.ok_or_else(|| forensic_error::not_found(format!("stream {index} of {:?}", self.entry.path)))
    }
}

/// The path from the root, with '/' between names. What is no text in a name, and '/' or NUL inside one, is U+FFFD. A
/// name may be ".." on hostile media: never join a path to a path of your own unchecked. Owned by the entry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_path(entry: *const forensic_entry) -> *const c_char {
    getter!(entry, null(), entry.texts.give(&entry.entry.path))
}

/// The last part of the path; empty where the name is lost. Owned by the entry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_name(entry: *const forensic_entry) -> *const c_char {
    getter!(entry, null(), entry.texts.give(&entry.entry.name))
}

/// The name as stored (UTF-16LE for NTFS and FAT long names, the volume's code page for FAT short names), not
/// NUL-terminated; length, which may be NULL, is set to its bytes. Owned by the entry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_name_bytes(entry: *const forensic_entry, length: *mut usize) -> *const u8 {
    getter!(entry, null(), {
        offer!(length, Some(entry.entry.name_bytes.len()));
        entry.entry.name_bytes.as_ptr()
    })
}

/// MFT record number; for FAT, the byte offset of the directory entry in the volume / 32.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_id(entry: *const forensic_entry) -> u64 {
    getter!(entry, 0, entry.entry.id)
}

/// True where the directory is known; its id is then written to parent_id (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_parent_id(entry: *const forensic_entry, parent_id: *mut u64) -> bool {
    getter!(entry, false, offer!(parent_id, entry.entry.parent_id))
}

/// What it is; FORENSIC_KIND_OTHER for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_kind(entry: *const forensic_entry) -> forensic_kind {
    getter!(
        entry,
        forensic_kind::FORENSIC_KIND_OTHER,
        match entry.entry.kind {
            Kind::File => forensic_kind::FORENSIC_KIND_FILE,
            Kind::Directory => forensic_kind::FORENSIC_KIND_DIRECTORY,
            Kind::Symlink => forensic_kind::FORENSIC_KIND_SYMLINK,
            _ => forensic_kind::FORENSIC_KIND_OTHER,
        }
    )
}

/// Whether its name and metadata are in use; FORENSIC_ENTRY_UNLISTED for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_status(entry: *const forensic_entry) -> forensic_entry_state {
    getter!(
        entry,
        forensic_entry_state::FORENSIC_ENTRY_UNLISTED,
        match entry.entry.status {
            Status::Allocated => forensic_entry_state::FORENSIC_ENTRY_ALLOCATED,
            Status::Deleted => forensic_entry_state::FORENSIC_ENTRY_DELETED,
            Status::Orphan => forensic_entry_state::FORENSIC_ENTRY_ORPHAN,
            Status::Unlisted => forensic_entry_state::FORENSIC_ENTRY_UNLISTED,
        }
    )
}

/// How much of the content can be given back; FORENSIC_RECOVERABILITY_NONE for an entry in use.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_recoverability(entry: *const forensic_entry) -> forensic_recoverability {
    getter!(
        entry,
        forensic_recoverability::FORENSIC_RECOVERABILITY_NONE,
        match entry.entry.recoverability {
            None => forensic_recoverability::FORENSIC_RECOVERABILITY_NONE,
            Some(Recoverability::Intact) => forensic_recoverability::FORENSIC_RECOVERABILITY_INTACT,
            Some(Recoverability::Partial) => forensic_recoverability::FORENSIC_RECOVERABILITY_PARTIAL,
            Some(Recoverability::Overwritten) => forensic_recoverability::FORENSIC_RECOVERABILITY_OVERWRITTEN,
            Some(Recoverability::Unknown) => forensic_recoverability::FORENSIC_RECOVERABILITY_UNKNOWN,
        }
    )
}

/// Why the recoverability is what it is; empty for an entry in use. Owned by the entry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_recoverability_reason(entry: *const forensic_entry) -> *const c_char {
    getter!(entry, null(), entry.texts.give(&entry.entry.recoverability_reason))
}

/// Where a symbolic link leads; NULL for anything else. Owned by the entry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_target(entry: *const forensic_entry) -> *const c_char {
    getter!(entry, null(), entry.texts.give_any(entry.entry.target.as_deref()))
}

/// Bytes of the main stream; 0 for a directory without one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_size(entry: *const forensic_entry) -> u64 {
    getter!(entry, 0, entry.entry.size)
}

/// True where there is a time of this kind (a forensic_time_kind); its preferred value is then written to time (which
/// may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_time(
    entry: *const forensic_entry,
    kind: u32,
    time: *mut forensic_time,
) -> bool {
    getter!(entry, false, {
        let value = time::kind(kind).and_then(|kind| entry.entry.time(kind));
        offer!(time, value.map(Into::into))
    })
}

/// Number of all stored times.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_timestamp_count(entry: *const forensic_entry) -> usize {
    getter!(entry, 0, entry.timestamps().len())
}

/// A stored time, the preferred source first; NULL past the end. Owned by the entry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_timestamp(
    entry: *const forensic_entry,
    index: usize,
) -> *const forensic_timestamp {
    item!(entry, index, entry.timestamps())
}

/// Number of further attributes (dos flags, compressed, encrypted, ...).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_attribute_count(entry: *const forensic_entry) -> usize {
    getter!(entry, 0, entry.attributes().len())
}

/// A further attribute, in order of their keys; NULL past the end. Owned by the entry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_attribute(
    entry: *const forensic_entry,
    index: usize,
) -> *const forensic_attribute {
    item!(entry, index, entry.attributes())
}

/// The further attribute of this key. FORENSIC_NOT_FOUND where there is none. Owned by the entry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_attribute_named(
    entry: *const forensic_entry,
    key: *const c_char,
    attribute: *mut *const forensic_attribute,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let attribute = out!(attribute);
        let (entry, key) = (borrow!(entry), text!(key));
        let index = entry.entry.attributes.keys().position(|known| *known == key);
        let found = index.and_then(|index| entry.attributes().get(index));
        attribute.lend(found.ok_or_else(|| forensic_error::not_found(format!("attribute {key:?}")))?)
    })
}

/// Number of streams.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_stream_count(entry: *const forensic_entry) -> usize {
    getter!(entry, 0, entry.entry.streams.len())
}

/// What is known of a stream; the main one, named "", comes first, on every file. NULL past the end. Owned by the entry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_stream_info(
    entry: *const forensic_entry,
    index: usize,
) -> *const forensic_stream_info {
    item!(entry, index, entry.streams())
}

/// Opens the stream of this name; "" is the main one.
///
/// FORENSIC_NOT_FOUND where there is none; FORENSIC_CORRUPT, FORENSIC_UNSUPPORTED and others where its bytes cannot be
/// had.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_open(
    entry: *const forensic_entry,
    name: *const c_char,
    stream: *mut *mut forensic_stream,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let stream = out!(stream);
        stream.give(forensic_stream(borrow!(entry).entry.open(text!(name))?))
    })
}

/// Opens the stream at index, as forensic_entry_stream_info counts them. Errors are those of forensic_entry_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_open_at(
    entry: *const forensic_entry,
    index: usize,
    stream: *mut *mut forensic_stream,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let stream = out!(stream);
        stream.give(forensic_stream(borrow!(entry).stream_at(index)?.open()?))
    })
}

/// Where the stream of this name lies on the medium. Errors are those of forensic_entry_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_extents(
    entry: *const forensic_entry,
    name: *const c_char,
    extents: *mut *mut forensic_extents,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let extents = out!(extents);
        extents.give(forensic_extents::new(&borrow!(entry).entry.extents(text!(name))?))
    })
}

/// The bytes between the end of the main stream and the end of its last cluster; an empty stream where there are none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_slack(
    entry: *const forensic_entry,
    slack: *mut *mut forensic_stream,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let slack = out!(slack);
        slack.give(forensic_stream(borrow!(entry).entry.slack()))
    })
}

/// The slack of the stream at index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_slack_at(
    entry: *const forensic_entry,
    index: usize,
    slack: *mut *mut forensic_stream,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let slack = out!(slack);
        slack.give(forensic_stream(borrow!(entry).stream_at(index)?.slack()))
    })
}

/// What could not be read of this entry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_issues(
    entry: *const forensic_entry,
    issues: *mut *mut forensic_issues,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let issues = out!(issues);
        issues.give(forensic_issues::new(&borrow!(entry).entry.issues))
    })
}

/// Frees an entry; NULL is allowed. Streams opened from it live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_entry_free(entry: *mut forensic_entry) {
    free!(entry);
}
