//! The model all filesystems share: entries, their streams, times and states.

use super::attributes::Attributes;
use crate::{
    bytes::{Extent, Extents, Source},
    error::{Error, Issue, Result},
    hash::hex,
};
use std::sync::Arc;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Anything else: a device, a socket, a volume label.
    Other,
}

impl Kind {
    /// The name used in records: `file`, `directory`, `symlink`, `other`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Symlink => "symlink",
            Self::Other => "other",
        }
    }
}

/// Whether an entry's name and metadata are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// In use, and listed in its directory.
    Allocated,
    /// Deleted; its directory is known.
    Deleted,
    /// Deleted, and so is all that told its directory.
    Orphan,
    /// Its metadata is in use, but no directory lists it.
    Unlisted,
}

impl Status {
    /// The name used in records: `allocated`, `deleted`, `orphan`, `unlisted`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allocated => "allocated",
            Self::Deleted => "deleted",
            Self::Orphan => "orphan",
            Self::Unlisted => "unlisted",
        }
    }

    /// True where the metadata is in use: allocated or unlisted.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Allocated | Self::Unlisted)
    }
}

/// How much of a deleted entry's content can be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recoverability {
    /// Every byte, as far as the medium can tell.
    Intact,
    /// Some of it.
    Partial,
    /// None: its clusters belong to others now.
    Overwritten,
    /// The medium does not say: the place was guessed, or is not known.
    Unknown,
}

impl Recoverability {
    /// The name used in records: `intact`, `partial`, `overwritten`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::Partial => "partial",
            Self::Overwritten => "overwritten",
            Self::Unknown => "unknown",
        }
    }
}

/// What a reader can tell about its filesystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Cap {
    /// Deleted entries.
    Deleted,
    /// Entries whose directory is lost.
    Orphans,
    /// Metadata in use that no directory lists.
    Unlisted,
    /// Where the content lies.
    Extents,
    /// File slack.
    Slack,
    /// The unallocated clusters.
    Unallocated,
    /// Named streams.
    Streams,
    /// Several names of one file.
    HardLinks,
    /// Compressed content.
    Compression,
    /// Symbolic links and their targets.
    Symlinks,
    /// A second, independent reader.
    CrossCheck,
}

impl Cap {
    /// The name used in the bindings: `deleted`, `extents`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Orphans => "orphans",
            Self::Unlisted => "unlisted",
            Self::Extents => "extents",
            Self::Slack => "slack",
            Self::Unallocated => "unallocated",
            Self::Streams => "streams",
            Self::HardLinks => "hard_links",
            Self::Compression => "compression",
            Self::Symlinks => "symlinks",
            Self::CrossCheck => "cross_check",
        }
    }
}

/// Which of an entry's times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimestampKind {
    /// When it came to be on this volume.
    Created,
    /// When its content last changed.
    Modified,
    /// When it was last read.
    Accessed,
    /// When its metadata last changed.
    Changed,
}

impl TimestampKind {
    /// The name used in records: `created`, `modified`, `accessed`, `changed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Modified => "modified",
            Self::Accessed => "accessed",
            Self::Changed => "changed",
        }
    }
}

/// A point in time as the filesystem stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// Seconds since 1970-01-01T00:00:00, in UTC or in the local time of the machine that wrote it.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanoseconds: u32,
    /// True where the filesystem stores UTC, false where it stores local time of an unknown zone.
    pub utc: bool,
}

/// 100-nanosecond steps from 1601-01-01 to 1970-01-01.
const FILETIME_OF_1970: i64 = 116_444_736_000_000_000;

impl Time {
    /// A FILETIME of Windows: steps of 100 ns since 1601-01-01 UTC.
    pub(crate) fn from_filetime(steps: u64) -> Self {
        let since_epoch = i64::try_from(steps).unwrap_or(i64::MAX).saturating_sub(FILETIME_OF_1970);
        let rest = u32::try_from(since_epoch.rem_euclid(10_000_000)).unwrap_or(0);
        Self { seconds: since_epoch.div_euclid(10_000_000), nanoseconds: rest.saturating_mul(100), utc: true }
    }

    /// RFC 3339 with as many digits as `resolution_ns` needs; without an offset where the zone is unknown. `None` outside
    /// the years 0 to 9999.
    pub fn to_rfc3339(&self) -> Option<String> {
        let at = time::UtcDateTime::from_unix_timestamp(self.seconds).ok()?;
        let year = u16::try_from(at.year()).ok().filter(|year| *year <= 9999)?;
        let mut text = format!(
            "{year:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        );
        if self.nanoseconds != 0 {
            text.push_str(format!(".{:09}", self.nanoseconds).trim_end_matches('0'));
        }
        if self.utc {
            text.push('Z');
        }
        Some(text)
    }
}

/// One stored time of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// Which time.
    pub kind: TimestampKind,
    /// The structure that stores it: "standard_information", "file_name", "directory_entry".
    pub source: &'static str,
    /// The value.
    pub value: Time,
    /// The step of the stored value in nanoseconds.
    pub resolution: u64,
}

/// A further attribute of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A flag.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes that are no text: an extended attribute's value. In records, lower-case hex.
    Bytes(Vec<u8>),
}

/// As it stands in records.
impl std::fmt::Display for Value {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(to),
            Self::Int(value) => value.fmt(to),
            Self::Text(value) => value.fmt(to),
            Self::Bytes(value) => hex::encode(value).fmt(to),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// What is known of a stream without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo {
    /// Its name; "" is the main stream.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// True where the content lies inside the metadata record.
    pub resident: bool,
    /// True where the content is stored compressed.
    pub compressed: bool,
    /// True where parts are not stored and read as zeros.
    pub sparse: bool,
}

impl StreamInfo {
    /// A stream of `size` bytes stored as it is.
    pub fn new(name: impl Into<String>, size: u64) -> Self {
        Self { name: name.into(), size, resident: false, compressed: false, sparse: false }
    }
}

/// A stream of an entry: what is known of it, and its bytes or why they cannot be had.
#[derive(Clone)]
pub struct Stream {
    /// What is known without reading it.
    pub info: StreamInfo,
    content: Result<Bytes>,
    slack: Option<Bytes>,
}

/// The bytes of a stream. Runs become a source when they are asked for, as most streams of a listing are not read.
#[derive(Clone)]
enum Bytes {
    Source(Source),
    Runs(Extents),
}

impl Bytes {
    fn source(&self) -> Source {
        match self {
            Self::Source(source) => source.clone(),
            Self::Runs(runs) => Arc::new(runs.clone()),
        }
    }
}

impl Stream {
    pub(crate) fn new(info: StreamInfo, content: Result<Source>, slack: Option<Source>) -> Self {
        Self { info, content: content.map(Bytes::Source), slack: slack.map(Bytes::Source) }
    }

    /// A stream that lies in runs of its volume as it is.
    pub(crate) fn of_runs(info: StreamInfo, content: Extents, slack: Option<Extents>) -> Self {
        Self { info, content: Ok(Bytes::Runs(content)), slack: slack.map(Bytes::Runs) }
    }

    /// The bytes of the stream.
    ///
    /// # Errors
    /// Why they cannot be had: damaged metadata, an encoding that is not supported.
    pub fn open(&self) -> Result<Source> {
        match &self.content {
            Ok(bytes) => Ok(bytes.source()),
            Err(error) => Err(error.clone()),
        }
    }

    /// The bytes between the end of the stream and the end of its last cluster, behind those in its clusters that the
    /// stream never wrote (which read as zeros in it); empty where there are none.
    pub fn slack(&self) -> Source {
        self.slack.as_ref().map_or_else(|| Arc::new(Vec::new()) as Source, Bytes::source)
    }
}

/// A name in a filesystem, with all that is known of the file behind it. Self-contained: it can be opened as long as
/// it is kept, from any thread.
#[derive(Clone)]
#[non_exhaustive]
pub struct Entry {
    /// The path as text, from the root, with `/` between names. Bytes that are no text, and `/` or NUL inside a name,
    /// are U+FFFD. A name may be ".." on hostile media: never join a path to a path of your own unchecked.
    pub path: String,
    /// The last part of the path; empty where the name is lost.
    pub name: String,
    /// The name as stored: UTF-16LE for NTFS, exFAT and FAT long names, the volume's code page for FAT short names, bytes
    /// for the filesystems of Unix.
    pub name_bytes: Vec<u8>,
    /// MFT record or inode number; position of a FAT or exFAT directory entry as its byte offset in the volume / 32.
    pub id: u64,
    /// `id` of the directory, where it is known.
    pub parent_id: Option<u64>,
    /// What it is.
    pub kind: Kind,
    /// Whether name and metadata are in use.
    pub status: Status,
    /// How much of the content can be given back; `None` for a live entry.
    pub recoverability: Option<Recoverability>,
    /// Why `recoverability` says what it says; empty for a live entry.
    pub recoverability_reason: String,
    /// Where a symbolic link leads.
    pub target: Option<String>,
    /// Bytes of the main stream; 0 for a directory without one.
    pub size: u64,
    /// Every time the filesystem stores, the preferred source first.
    pub timestamps: Vec<Timestamp>,
    /// What else the filesystem says. Extended attributes have their full name behind `xattr:` (`xattr:user.comment`).
    pub attributes: Attributes,
    /// The streams; the main one, named "", first, on every file.
    pub streams: Vec<Stream>,
    /// What could not be read of this entry.
    pub issues: Vec<Issue>,
}

impl Entry {
    /// An allocated file without a name, streams or times, for a reader to fill in.
    pub(crate) fn new(id: u64) -> Self {
        Self {
            path: String::new(),
            name: String::new(),
            name_bytes: Vec::new(),
            id,
            parent_id: None,
            kind: Kind::File,
            status: Status::Allocated,
            recoverability: None,
            recoverability_reason: String::new(),
            target: None,
            size: 0,
            timestamps: Vec::new(),
            attributes: Attributes::new(),
            streams: Vec::new(),
            issues: Vec::new(),
        }
    }

    /// The stream with this name.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn stream(&self, name: &str) -> Result<&Stream> {
        self.streams
            .iter()
            .find(|stream| stream.info.name == name)
            .ok_or_else(|| Error::NotFound { what: format!("stream {name:?} of {:?}", self.path) })
    }

    /// The bytes of a stream; "" is the main one.
    ///
    /// # Errors
    /// [`Error::NotFound`], or why the bytes cannot be had.
    pub fn open(&self, stream: &str) -> Result<Source> {
        self.stream(stream)?.open()
    }

    /// Where a stream lies on the medium.
    ///
    /// # Errors
    /// As [`Entry::open`].
    pub fn extents(&self, stream: &str) -> Result<Vec<Extent>> {
        Ok(self.open(stream)?.extents())
    }

    /// The slack of the main stream: the bytes between its end and the end of its last cluster.
    pub fn slack(&self) -> Source {
        self.stream("").map_or_else(|_| Arc::new(Vec::new()) as Source, Stream::slack)
    }

    /// The preferred value of one of the four times.
    pub fn time(&self, kind: TimestampKind) -> Option<Time> {
        self.timestamps.iter().find(|timestamp| timestamp.kind == kind).map(|timestamp| timestamp.value)
    }
}

/// What a second, independent reader makes of the same volume.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CrossCheck {
    /// The second reader and its version.
    pub reader: String,
    /// Live entries compared.
    pub compared: u64,
    /// Every disagreement, in order of path.
    pub differences: Vec<Difference>,
}

impl CrossCheck {
    /// True where both readers say the same, but for differences explained by a known limit of the second reader. Those
    /// are in the list all the same.
    pub fn agrees(&self) -> bool {
        self.differences.iter().all(|difference| !difference.known_limit.is_empty())
    }
}

/// A disagreement between two readers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Difference {
    /// The path concerned.
    pub path: String,
    /// What differs: "missing", "extra", "kind", "size", "content", "error".
    pub what: &'static str,
    /// What this library says.
    pub ours: String,
    /// What the second reader says.
    pub theirs: String,
    /// Where the second reader is known to be wrong, the reason; empty otherwise.
    pub known_limit: &'static str,
}
