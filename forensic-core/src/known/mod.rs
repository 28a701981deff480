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
mod sums;

use self::{lines::Lines, record::Sink};
use crate::{
    error::{Error, Result},
    hash::{Algorithm, Digests, hex},
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

pub use format::Format;
pub use record::{FileRecord, Group, Properties};

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
    /// What else the set says, under its own names.
    pub properties: BTreeMap<String, String>,
    /// True where the set can be wrong by construction (a Bloom filter).
    pub possible: bool,
}

/// Sets of known digests, kept sorted in memory: lookup is O(log n), some 60 bytes a digest.
#[derive(Debug, Default)]
pub struct HashSet {
    sources: Vec<SetSource>,
    issues: Vec<SetIssue>,
    names: String,
    rows: Vec<StoredRow>,
    md5: Vec<([u8; 16], u32)>,
    sha1: Vec<([u8; 20], u32)>,
    /// SHA-256 and BLAKE3 together: an untagged list does not say which of the two it holds, and no value is both.
    wide: Vec<([u8; 32], u32)>,
    distinct: usize,
}

#[derive(Debug)]
struct StoredRow {
    source: u32,
    name: Option<std::ops::Range<usize>>,
    size: Option<u64>,
}

impl HashSet {
    /// Builds a set from lists, the format of each found by its content.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Format`] for a file that is no list of digests. A row that cannot be read is no error:
    /// see [`HashSet::issues`].
    pub fn build<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self> {
        Self::build_as(paths, None)
    }

    /// The same, with the format of all lists given.
    ///
    /// # Errors
    /// As [`HashSet::build`].
    pub fn build_as<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, format: Option<Format>) -> Result<Self> {
        let mut lists = Vec::new();
        for path in paths {
            let path = path.as_ref();
            lists.push((path.to_owned(), File::open(path).map_err(|error| Error::io(path, error))?));
        }
        Self::build_from_readers(lists, format)
    }

    /// Builds a set from lists that are no files, each with the path it is to be known by.
    ///
    /// # Errors
    /// As [`HashSet::build`].
    pub fn build_from_readers<R: Read>(
        lists: impl IntoIterator<Item = (PathBuf, R)>,
        format: Option<Format>,
    ) -> Result<Self> {
        let mut set = Self::default();
        for (path, list) in lists {
            set.read(Lines::new(path, list)?, format)?;
        }
        set.md5.sort_unstable();
        set.sha1.sort_unstable();
        set.wide.sort_unstable();
        set.distinct = distinct(&set.md5).saturating_add(distinct(&set.sha1)).saturating_add(distinct(&set.wide));
        Ok(set)
    }

    fn read<R: Read>(&mut self, mut lines: Lines<R>, format: Option<Format>) -> Result<()> {
        let format = match format {
            Some(format) => format,
            None => Format::detect(&mut lines)?,
        };
        let source = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let path = lines.path().to_owned();
        let set_name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        self.sources.push(SetSource { path: path.clone(), format, set_name, records: 0 });
        let issues_before = self.issues.len();
        let mut reader = Reading { set: self, source, path: &path };
        match format {
            Format::Hashdeep => hashdeep::read(&mut lines, &mut reader)?,
            Format::Plain | Format::Sums => sums::read(&mut lines, &mut reader)?,
        }
        let nothing_was_read = self.sources.last().is_some_and(|source| source.records == 0);
        if nothing_was_read && self.issues.len() > issues_before {
            return Err(not_a_list(&path));
        }
        Ok(())
    }

    /// Number of distinct digests.
    pub fn len(&self) -> usize {
        self.distinct
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.distinct == 0
    }

    /// The lists it was built from.
    pub fn sources(&self) -> &[SetSource] {
        &self.sources
    }

    /// The rows that could not be read.
    pub fn issues(&self) -> &[SetIssue] {
        &self.issues
    }

    /// What the set says of a file with any of these digests; nothing twice. In order of the lists and their rows.
    pub fn lookup(&self, digests: &Digests) -> Vec<Known> {
        let mut rows: Vec<u32> = Vec::new();
        for digest in Algorithm::RECORDED.into_iter().filter_map(|algorithm| digests.get(algorithm)) {
            self.rows_of(digest, &mut rows);
        }
        self.known(rows)
    }

    /// What the set says of a digest of 16, 20 or 32 bytes.
    pub fn lookup_bytes(&self, digest: &[u8]) -> Vec<Known> {
        let mut rows = Vec::new();
        self.rows_of(digest, &mut rows);
        self.known(rows)
    }

    /// What the set says of a digest given as hex text.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where the text is no digest.
    pub fn lookup_hex(&self, digest: &str) -> Result<Vec<Known>> {
        let bytes = digest_from_hex(digest.as_bytes());
        let bytes = bytes.ok_or_else(|| Error::invalid(format!("{digest:?} is not a digest in hex")))?;
        Ok(self.lookup_bytes(&bytes))
    }

    /// True where the set knows this digest of 16, 20 or 32 bytes.
    pub fn contains(&self, digest: &[u8]) -> bool {
        let mut rows = Vec::new();
        self.rows_of(digest, &mut rows);
        !rows.is_empty()
    }

    fn rows_of(&self, digest: &[u8], rows: &mut Vec<u32>) {
        match digest.len() {
            16 => matching(&self.md5, digest, rows),
            20 => matching(&self.sha1, digest, rows),
            32 => matching(&self.wide, digest, rows),
            _ => {}
        }
    }

    fn known(&self, mut rows: Vec<u32>) -> Vec<Known> {
        rows.sort_unstable();
        rows.dedup();
        let known = |row: u32| {
            let row = self.rows.get(row as usize)?;
            let source = self.sources.get(row.source as usize)?;
            Some(Known {
                set_name: source.set_name.clone(),
                scheme: None,
                category: None,
                name: row.name.clone().and_then(|range| self.names.get(range)).map(str::to_owned),
                properties: row.size.map(|size| ("size".to_owned(), size.to_string())).into_iter().collect(),
                possible: false,
            })
        };
        rows.into_iter().filter_map(known).collect()
    }
}

/// The bytes of a digest in hex, of a length some algorithm has.
pub(crate) fn digest_from_hex(text: &[u8]) -> Option<Vec<u8>> {
    matches!(text.len(), 32 | 40 | 64).then(|| hex::decode(text))?
}

fn not_a_list(path: &Path) -> Error {
    Error::Format { what: format!("a list of digests in {path:?}") }
}

fn distinct<const N: usize>(sorted: &[([u8; N], u32)]) -> usize {
    sorted.chunk_by(|(a, _), (b, _)| a == b).count()
}

fn matching<const N: usize>(sorted: &[([u8; N], u32)], digest: &[u8], rows: &mut Vec<u32>) {
    let start = sorted.partition_point(|(known, _)| known.as_slice() < digest);
    let same = sorted.iter().skip(start).take_while(|(known, _)| known.as_slice() == digest);
    rows.extend(same.map(|(_, row)| *row));
}

struct Reading<'a> {
    set: &'a mut HashSet,
    source: u32,
    path: &'a Path,
}

impl Sink for Reading<'_> {
    fn begin_group(&mut self) -> Result<()> {
        Ok(())
    }

    fn describe(&mut self, _: Group) -> Result<()> {
        Ok(())
    }

    fn record(&mut self, record: &FileRecord) -> Result<()> {
        let set = &mut *self.set;
        let Ok(number) = u32::try_from(set.rows.len()) else { return Ok(()) };
        for digest in record.digests() {
            if let Ok(digest) = digest.try_into() {
                set.md5.push((digest, number));
            } else if let Ok(digest) = digest.try_into() {
                set.sha1.push((digest, number));
            } else if let Ok(digest) = digest.try_into() {
                set.wide.push((digest, number));
            }
        }
        let start = set.names.len();
        set.names.push_str(record.name.as_deref().unwrap_or_default());
        let name = record.name.is_some().then_some(start..set.names.len());
        set.rows.push(StoredRow { source: self.source, name, size: record.size });
        if let Some(source) = set.sources.last_mut() {
            source.records = source.records.saturating_add(1);
        }
        Ok(())
    }

    fn remove(&mut self, _: &FileRecord) -> Result<()> {
        Ok(())
    }

    fn filter(&mut self, _: Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn issue(&mut self, line: u64, message: String) {
        self.set.issues.push(SetIssue { source: self.path.to_owned(), position: line, message });
    }
}
