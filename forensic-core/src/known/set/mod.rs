//! The set of known digests on disk: one file, mapped, never changed once it is written.
//!
//! A set is built from any mixture of lists by an external sort, and asked by digest. What it looks like is told in the
//! modules: [`layout`] has the file, [`table`] the digests, [`blob`] the records.

mod blob;
mod bloom;
mod builder;
mod description;
mod give;
mod intake;
mod layout;
mod line;
mod lookup;
mod placing;
mod sort;
mod table;
mod table_writer;
#[cfg(test)]
mod tests;

use self::{
    bloom::Bloom,
    builder::Builder,
    description::Description,
    layout::{Header, WIDTHS},
    table::Table,
};
use super::{FileRecord, Format, List, SetIssue, SetSource};
use crate::{
    Limits,
    error::{Error, Result},
    sealed::{BLOCK, Bytes, Image, Section},
};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

pub use description::SetGroup;
pub(super) use layout::MAGIC;

/// Sets of known digests in one file, or in memory: some 14.5 bytes a bare MD5. Threads and processes may share it.
///
/// A lookup costs a cache miss or three. Each block of the file is held against its checksum when it is first touched, so
/// that a changed file is an error, not a wrong answer.
pub struct HashSet {
    image: Image,
    records: Section,
    tables: [Table; 3],
    filters: Vec<(u64, Bloom, Section)>,
    description: Description,
}

impl HashSet {
    /// Builds a set in memory from lists, the format of each found by its content. A set is a list, too.
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
        Self::build_in(paths, format, Builder::new(None)?)
    }

    /// Builds a set in a file at `path`, in less than a gigabyte of memory however many digests there are, and opens it. The
    /// file has its name when it is whole; one that was there before is replaced. What does not fit into memory is kept in the
    /// folder of `path` meanwhile, up to 40 bytes a digest.
    ///
    /// ```
    /// use forensic_core::known::HashSet;
    /// # let dir = tempfile::tempdir()?;
    /// # let (list, path) = (dir.path().join("case-7.md5"), dir.path().join("known.set"));
    /// std::fs::write(&list, "d41d8cd98f00b204e9800998ecf8427e  empty.jpg\n")?;
    /// HashSet::build_to([&list], None, &path)?;
    /// let set = HashSet::open(&path)?;
    /// assert!(set.contains(&[0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0, 0xb2, 4, 0xe9, 0x80, 9, 0x98, 0xec, 0xf8, 0x42, 0x7e])?);
    /// set.verify()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`HashSet::build`]; then there is no file.
    pub fn build_to<P: AsRef<Path>>(
        paths: impl IntoIterator<Item = P>,
        format: Option<Format>,
        path: impl AsRef<Path>,
    ) -> Result<Self> {
        Self::build_in(paths, format, Builder::new(Some(path.as_ref()))?)
    }

    fn build_in<P: AsRef<Path>>(
        paths: impl IntoIterator<Item = P>,
        format: Option<Format>,
        mut builder: Builder,
    ) -> Result<Self> {
        let limits = Limits::default();
        for path in paths {
            builder.take(List::open(path, format, &limits)?)?;
        }
        builder.finish()
    }

    /// Builds a set in memory from lists that are no files, each with the path it is to be known by.
    ///
    /// # Errors
    /// As [`HashSet::build`].
    pub fn build_from_readers<R: Read + Send>(
        lists: impl IntoIterator<Item = (PathBuf, R)>,
        format: Option<Format>,
    ) -> Result<Self> {
        let (mut builder, limits) = (Builder::new(None)?, Limits::default());
        for (path, list) in lists {
            builder.take(List::from_reader(path, list, format, &limits)?)?;
        }
        builder.finish()
    }

    /// Opens a set. Its header and its table of checksums are checked, which takes milliseconds; all else when it is touched.
    ///
    /// The file is mapped: what the system keeps of it in memory is shared by all who have it open. Do not change it while
    /// it is; to replace it (as [`HashSet::build_to`] does) is no change. A file that somebody cuts meanwhile ends the
    /// process on most systems (`SIGBUS`): where others may do that, read it and give it to [`HashSet::from_bytes`].
    ///
    /// # Errors
    /// [`Error::Format`] for what is no set, [`Error::Unsupported`] for one of a later version, [`Error::Corrupt`] for
    /// one that is cut or changed, [`Error::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::of(Bytes::open(path.as_ref())?)
    }

    /// Opens a set whose file is in memory.
    ///
    /// # Errors
    /// As [`HashSet::open`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        Self::of(Bytes::Memory(bytes))
    }

    fn of(bytes: Bytes) -> Result<Self> {
        let header = Header::parse(&bytes)?;
        let image = Image::new(bytes, "hash set", header.sums);
        let [a, b, c] = header.tables;
        let [x, y, z] = WIDTHS;
        let tables = [Table::new(x, a)?, Table::new(y, b)?, Table::new(z, c)?];
        let description = Description::from_json(image.section(header.description)?, header.description.offset)?;
        let filter = |filter: &description::StoredFilter| {
            let section =
                Section { offset: header.filters.offset.saturating_add(filter.offset), length: filter.length };
            if section.end() > header.filters.end() {
                let expected = format!("a filter before byte {}", header.filters.end());
                return Err(Error::corrupt("filters of a hash set", section.offset, expected, section.end()));
            }
            Ok((filter.group, Bloom::open(&image, section)?, section))
        };
        let filters = description.filters.iter().map(filter).collect::<Result<_>>()?;
        Ok(Self { image, records: header.records, tables, filters, description })
    }

    /// Reads all of the set and holds it against its checksums.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the offset of the first block that was changed.
    pub fn verify(&self) -> Result<()> {
        Header::parse(self.image.bytes())?;
        (1..self.image.end().div_ceil(BLOCK)).try_for_each(|block| self.image.check(block))
    }

    /// Number of distinct digests; those that only a Bloom filter knows are not counted.
    pub fn len(&self) -> usize {
        let all = self.tables.iter().fold(0u64, |all, table| all.saturating_add(table.distinct()));
        usize::try_from(all).unwrap_or(usize::MAX)
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The lists it was built from.
    pub fn sources(&self) -> &[SetSource] {
        &self.description.sources
    }

    /// The groups its records are in: each list, and each case in a list of cases.
    pub fn groups(&self) -> &[SetGroup] {
        &self.description.groups
    }

    /// The rows that could not be read.
    pub fn issues(&self) -> &[SetIssue] {
        &self.description.issues
    }

    /// Gives every record to `visit`, with the number of its group among [`HashSet::groups`]: first, in the order they
    /// were read, those of which more is known than a digest, then the bare digests, in order of their values.
    ///
    /// # Errors
    /// Those of `visit`, and [`Error::Corrupt`] for a set that was changed.
    pub fn for_each_record(&self, mut visit: impl FnMut(usize, FileRecord) -> Result<()>) -> Result<()> {
        let mut at = self.records.offset;
        while at < self.records.end() {
            let (stored, length) = self.stored(at)?;
            if !stored.removed {
                visit(self.group_number(stored.group, at)?, stored.record)?;
            }
            at = at.saturating_add(length as u64);
        }
        self.for_each_bare(|_| true, |group, record| visit(usize::try_from(group).unwrap_or(usize::MAX), record))
    }

    /// Gives each bare digest of the groups that are wanted to `visit`, in order of their values.
    fn for_each_bare(
        &self,
        wanted: impl Fn(u64) -> bool,
        mut visit: impl FnMut(u64, FileRecord) -> Result<()>,
    ) -> Result<()> {
        let bare = self.description.bare.as_slice();
        if !bare.iter().any(|(group, _)| wanted(*group)) {
            return Ok(());
        }
        for table in &self.tables {
            table.for_each(&self.image, |digest, place| {
                match usize::try_from(place).ok().and_then(|place| bare.get(place)) {
                    Some((group, kind)) if wanted(*group) => visit(*group, kind.record(digest)),
                    _ => Ok(()),
                }
            })?;
        }
        Ok(())
    }

    /// Gives the group and the bytes of each Bloom filter to `visit`.
    fn for_each_filter(&self, mut visit: impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        self.filters.iter().try_for_each(|(group, _, section)| visit(*group, self.image.section(*section)?))
    }

    /// The record at an offset of the file, and its length.
    fn stored(&self, at: u64) -> Result<(blob::Stored, usize)> {
        let left = self.records.end().saturating_sub(at);
        let head = blob::head(self.image.read(at, left.min(blob::LONGEST_HEAD as u64))?, at)?;
        blob::parse(self.image.read(at, left.min(head.end as u64))?, at)
    }

    fn group_number(&self, group: u64, at: u64) -> Result<usize> {
        let number = usize::try_from(group).ok().filter(|number| *number < self.description.groups.len());
        let expected = || format!("one of {} groups", self.description.groups.len());
        number.ok_or_else(|| Error::corrupt("record of a hash set", at, expected(), group))
    }
}

impl std::fmt::Debug for HashSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HashSet").field("len", &self.len()).field("sources", &self.sources()).finish_non_exhaustive()
    }
}
