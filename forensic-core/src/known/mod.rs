//! Known files: lists of digests, looked up.
//!
//! ```
//! use forensic_core::known::HashSet;
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("case-7.md5");
//! std::fs::write(&path, "d41d8cd98f00b204e9800998ecf8427e  empty.jpg\n")?;
//! let set = HashSet::build([&path])?;
//! let hits = set.lookup_hex("D41D8CD98F00B204E9800998ECF8427E")?;
//! assert_eq!(hits[0].name.as_deref(), Some("empty.jpg"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod lists;
mod record;
mod set;
mod standing;
mod write;

use crate::hash::hex;
use serde_json::{Map, Value};
use std::path::PathBuf;

pub use lists::{Format, List};
pub use record::{FileRecord, Group, Properties, Sink};
pub use set::{HashSet, SetGroup};
pub use standing::Standing;
pub use write::{ListWriter, WriteReport};

/// A file a set was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetSource {
    /// The file.
    pub path: PathBuf,
    /// Its format.
    pub format: Format,
    /// What hits call it: the file's name.
    pub set_name: String,
    /// Rows read from it.
    pub records: u64,
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetIssue {
    /// The file.
    pub source: PathBuf,
    /// Where it is: a line of a list of lines, of CSV or of SQL, the first being 1; a byte of a JSON or binary list; a row
    /// of a database. 0 where what is wrong has no place.
    pub position: u64,
    /// What is wrong with it.
    pub message: String,
}

/// What a set says of a digest. A pointer, not a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Known {
    /// The set.
    pub set_name: String,
    /// Whose categories `category` counts in; `None` where the set has none.
    pub scheme: Option<String>,
    /// The category as read.
    pub category: Option<String>,
    /// The file name the set gives.
    pub name: Option<String>,
    /// What else the set says, under its own names; a size in bytes as "size".
    pub properties: Map<String, Value>,
    /// True where the set can be wrong by construction (a Bloom filter).
    pub possible: bool,
}

/// The bytes of a digest in hex, of a length some algorithm has.
pub(crate) fn digest_from_hex(text: &[u8]) -> Option<Vec<u8>> {
    matches!(text.len(), 32 | 40 | 64).then(|| hex::decode(text))?
}
