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

mod format;
mod hashdeep;
mod lines;
mod record;
mod set;
mod standing;
mod sums;

use self::{
    lines::Lines,
    set::{Builder, MAGIC},
};
use crate::{
    error::{Error, Result},
    hash::hex,
};
use serde_json::{Map, Value};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

pub use format::Format;
pub use record::{FileRecord, Group, Properties};
pub use set::{HashSet, SetGroup};
pub use standing::Standing;

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
    /// The line, the first being 1.
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

/// Reads a list that is a file.
fn read_file(path: &Path, format: Option<Format>, builder: &mut Builder) -> Result<()> {
    let mut file = File::open(path).map_err(|error| Error::io(path, error))?;
    let mut head = Vec::new();
    file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut head).map_err(|error| Error::io(path, error))?;
    if head == MAGIC || format == Some(Format::Set) {
        return builder.merge(&HashSet::open(path)?);
    }
    read_list(path, head.chain(file), format, builder)
}

/// Reads a list that may be no file.
fn read_list(path: &Path, mut list: impl Read, format: Option<Format>, builder: &mut Builder) -> Result<()> {
    let mut head = Vec::new();
    list.by_ref().take(MAGIC.len() as u64).read_to_end(&mut head).map_err(|error| Error::io(path, error))?;
    let mut list = head.chain(list);
    if head == MAGIC || format == Some(Format::Set) {
        let mut bytes = Vec::new();
        list.read_to_end(&mut bytes).map_err(|error| Error::io(path, error))?;
        return builder.merge(&HashSet::from_bytes(bytes)?);
    }
    let mut lines = Lines::new(path.to_owned(), list)?;
    let format = match format {
        Some(format) => format,
        None => Format::detect(&mut lines)?,
    };
    builder.begin_list(path, format)?;
    let (_, issues_before) = builder.progress();
    match format {
        Format::Hashdeep => hashdeep::read(&mut lines, builder)?,
        Format::Plain | Format::Sums => sums::read(&mut lines, builder)?,
        Format::Set => {}
    }
    let (records, issues) = builder.progress();
    if records == 0 && issues > issues_before {
        return Err(not_a_list(path));
    }
    Ok(())
}

/// The bytes of a digest in hex, of a length some algorithm has.
pub(crate) fn digest_from_hex(text: &[u8]) -> Option<Vec<u8>> {
    matches!(text.len(), 32 | 40 | 64).then(|| hex::decode(text))?
}

fn not_a_list(path: &Path) -> Error {
    Error::Format { what: format!("a list of digests in {path:?}") }
}
