//! What can go wrong: [`Error`] for what stops a call, [`Issue`] for what was passed over on the way.

use std::{io, path::PathBuf, sync::Arc};

/// The result of a call into this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call could not give what it was asked for.
///
/// An error about the structure of evidence names the structure and the byte offset on the medium. Errors are cheap to
/// clone, so that one can be kept beside the entry it belongs to and given back each time the entry is opened.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not of any format looked for.
    #[error("{what} is not recognised")]
    Format {
        /// What was looked at.
        what: String,
    },
    /// A structure is damaged: it does not say what its format demands.
    #[error("{structure} at byte {offset}: expected {expected}, found {found}")]
    Corrupt {
        /// The structure, in the words of its specification ("MFT record", "E01 table").
        structure: &'static str,
        /// Byte offset on the medium (in the segment file, for structures of a container).
        offset: u64,
        /// What the format demands.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A segment of an image in several files is not there.
    #[error("segment {number} is missing (looked for {path:?})")]
    MissingSegment {
        /// Number of the segment, the first being 1.
        number: u32,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Recognised, but this library cannot read it.
    #[error("{what} is recognised but not supported")]
    Unsupported {
        /// The format or feature.
        what: String,
    },
    /// A bound of [`Limits`](crate::Limits) was reached.
    #[error("{structure} at byte {offset}: {found} {unit} exceed the limit of {limit}")]
    Limit {
        /// The structure that asks for too much.
        structure: &'static str,
        /// Byte offset of that structure on the medium.
        offset: u64,
        /// How much it asks for.
        found: u64,
        /// How much is allowed.
        limit: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// The medium could not be read at this place.
    #[error("{length} bytes at byte {offset} cannot be read: {source}")]
    Unreadable {
        /// Byte offset on the medium.
        offset: u64,
        /// How many bytes were asked for.
        length: u64,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// A read went past the end of its source.
    #[error("a read of {length} bytes at byte {offset} goes past the end at {size}")]
    OutOfBounds {
        /// Byte offset in the source.
        offset: u64,
        /// How many bytes were asked for.
        length: u64,
        /// The size of the source.
        size: u64,
    },
    /// There is no such entry, stream or name.
    #[error("no such {what}")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// The caller gave something that makes no sense.
    #[error("{what}")]
    InvalidArgument {
        /// What is wrong with it.
        what: String,
    },
    /// The caller stopped the work.
    #[error("cancelled")]
    Cancelled,
    /// The operating system refused a file.
    #[error("{path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
}

impl Error {
    /// A damaged structure; `offset` is on the medium.
    pub(crate) fn corrupt(
        structure: &'static str,
        offset: u64,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> Self {
        Self::Corrupt { structure, offset, expected: expected.into(), found: found.to_string() }
    }

    /// The same error about a source that begins at byte `start` of another.
    pub(crate) fn moved_by(mut self, start: u64) -> Self {
        if let Self::Corrupt { offset, .. }
        | Self::Limit { offset, .. }
        | Self::Unreadable { offset, .. }
        | Self::OutOfBounds { offset, .. } = &mut self
        {
            *offset = offset.saturating_add(start);
        }
        self
    }

    /// What the operating system said of a file, a directory or a stream.
    pub fn io(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { path: path.into(), source: Arc::new(source) }
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }

    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::InvalidArgument { what: what.into() }
    }

    /// The structure an error is about, where it is about one.
    pub fn structure(&self) -> Option<&'static str> {
        match self {
            Self::Corrupt { structure, .. } | Self::Limit { structure, .. } => Some(structure),
            Self::MissingSegment { .. } => Some("segment set"),
            _ => None,
        }
    }

    /// The byte offset an error is about, where it is about one.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Corrupt { offset, .. }
            | Self::Limit { offset, .. }
            | Self::Unreadable { offset, .. }
            | Self::OutOfBounds { offset, .. } => Some(*offset),
            _ => None,
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::OutOfBounds { .. } => io::ErrorKind::UnexpectedEof,
            Error::Corrupt { .. } | Error::Format { .. } | Error::MissingSegment { .. } => io::ErrorKind::InvalidData,
            Error::Unsupported { .. } => io::ErrorKind::Unsupported,
            Error::NotFound { .. } => io::ErrorKind::NotFound,
            Error::Cancelled => io::ErrorKind::Interrupted,
            Error::Io { source, .. } | Error::Unreadable { source, .. } => source.kind(),
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

/// Something that could not be read and was passed over; what is beside it was read all the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Issue {
    /// Byte offset on the medium, where there is one.
    pub offset: Option<u64>,
    /// The structure concerned, in the words of its specification.
    pub structure: String,
    /// What is wrong with it.
    pub message: String,
}

impl Issue {
    /// An issue of `structure` at `offset`.
    pub fn new(offset: impl Into<Option<u64>>, structure: impl Into<String>, message: impl Into<String>) -> Self {
        Self { offset: offset.into(), structure: structure.into(), message: message.into() }
    }
}

impl From<&Error> for Issue {
    fn from(error: &Error) -> Self {
        let message = match error {
            Error::Corrupt { expected, found, .. } => format!("expected {expected}, found {found}"),
            other => other.to_string(),
        };
        Self::new(error.offset(), error.structure().unwrap_or("read"), message)
    }
}

impl std::fmt::Display for Issue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "{} at byte {offset}: {}", self.structure, self.message),
            None => write!(f, "{}: {}", self.structure, self.message),
        }
    }
}

/// Collects issues from many threads: each kept once, given back in order of offset, bounded in number.
#[derive(Debug)]
pub(crate) struct IssueLog {
    issues: std::sync::Mutex<std::collections::BTreeSet<Issue>>,
    limit: usize,
}

impl IssueLog {
    pub(crate) fn new(limit: usize) -> Self {
        Self { issues: std::sync::Mutex::default(), limit }
    }

    pub(crate) fn push(&self, issue: Issue) {
        let mut issues = self.issues.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        issues.insert(issue);
        // Dropping the last in order, not the last to arrive, keeps the list the same on any number of threads.
        if issues.len() > self.limit {
            issues.pop_last();
        }
    }

    /// All issues so far, in order of offset.
    pub(crate) fn list(&self) -> Vec<Issue> {
        self.issues.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter().cloned().collect()
    }
}
