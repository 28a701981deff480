//! Reading lists of known files, one file or folder a format, all streaming into a [`Sink`].

mod bloom;
mod csv;
mod database;
mod detect;
mod encase;
mod format;
mod hashdeep;
mod idx;
mod input;
pub(super) mod json;
mod lines;
mod nsrl;
pub(super) mod object;
mod sql;
mod sums;
mod text;
mod value;

use self::{
    database::Database,
    input::{Damage, Input, Opened},
    lines::Lines,
};
use super::{
    HashSet,
    record::{FileRecord, Group, Sink},
    set,
};
use crate::{
    Limits,
    error::{Error, Result},
};
use std::{
    io::Read,
    path::{Path, PathBuf},
    sync::PoisonError,
};

pub use format::Format;

/// A list, opened, its format known.
///
/// ```
/// use forensic_core::{Limits, known::{FileRecord, Format, Group, List, Sink}};
/// # use forensic_core::Result;
///
/// #[derive(Default)]
/// struct Names(Vec<String>);
///
/// impl Sink for Names {
///     fn record(&mut self, record: &FileRecord) -> Result<()> {
///         self.0.extend(record.name.clone());
///         Ok(())
///     }
///     // …
/// #     fn begin_group(&mut self) -> Result<()> { Ok(()) }
/// #     fn describe(&mut self, _: Group) -> Result<()> { Ok(()) }
/// #     fn remove(&mut self, _: &FileRecord) -> Result<()> { Ok(()) }
/// #     fn filter(&mut self, _: Vec<u8>) -> Result<()> { Ok(()) }
/// #     fn issue(&mut self, _: u64, _: String) {}
/// }
///
/// let text = "MD5 (empty.jpg) = d41d8cd98f00b204e9800998ecf8427e\n";
/// let list = List::from_reader("list", text.as_bytes(), None, &Limits::default())?;
/// assert_eq!(list.format(), Format::Sums);
/// let mut names = Names::default();
/// list.read(&mut names)?;
/// assert_eq!(names.0, ["empty.jpg"]);
/// # Ok::<(), forensic_core::Error>(())
/// ```
pub struct List<'a> {
    path: PathBuf,
    format: Format,
    body: Body<'a>,
    /// Issues that are told one by one.
    issues: u64,
    damage: Damage,
}

enum Body<'a> {
    Bytes(Input<'a>),
    Database(Box<Database>),
    Set(Box<HashSet>),
}

impl<'a> List<'a> {
    /// Opens a file. The format is told by its content where none is given; what is packed by gzip is unpacked.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Format`] for a file of no known format, or a database that is not of the format given.
    pub fn open(path: impl AsRef<Path>, format: Option<Format>, limits: &Limits) -> Result<Self> {
        Self::over(Opened::file(path.as_ref(), limits.clone())?, format)
    }

    /// Opens a list that is no file, to be known by `path`. A database is copied to a temporary file.
    ///
    /// # Errors
    /// As [`List::open`].
    pub fn from_reader(
        path: impl Into<PathBuf>,
        reader: impl Read + Send + 'a,
        format: Option<Format>,
        limits: &Limits,
    ) -> Result<Self> {
        Self::over(Opened::stream(path.into(), Box::new(reader), limits.clone())?, format)
    }

    fn over(opened: Opened<'a>, format: Option<Format>) -> Result<Self> {
        let path = opened.path.clone();
        let issues = opened.limits.issues as u64;
        let damage = opened.damage.clone();
        if opened.head.starts_with(&set::MAGIC) || format == Some(Format::Set) {
            let set = Box::new(opened.into_set()?);
            return Ok(Self { path, format: Format::Set, body: Body::Set(set), issues, damage });
        }
        let is_database = opened.head.starts_with(database::MAGIC);
        if is_database || format.is_some_and(Format::is_database) {
            let database = Database::open(opened.into_file()?)?;
            let format = format.map_or_else(|| database.format(), Ok)?;
            if !format.is_database() {
                return Err(Error::Format { what: format!("{format} in the database {path:?}") });
            }
            return Ok(Self { path, format, body: Body::Database(Box::new(database)), issues, damage });
        }
        let format = match format {
            Some(format) => format,
            None => detect::by_content(&opened.head, opened.is_whole()).ok_or_else(|| not_a_list(&path))?,
        };
        Ok(Self { path, format, body: Body::Bytes(opened.into_input()), issues, damage })
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The path it is known by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The set, where the list is one.
    pub(super) fn as_set(&self) -> Option<&HashSet> {
        match &self.body {
            Body::Set(set) => Some(set),
            _ => None,
        }
    }

    /// Reads all of it. What cannot be read is an issue of the sink's; what is beside it is read all the same.
    ///
    /// # Errors
    /// Those of the sink; [`Error::Io`]; [`Error::Corrupt`] or [`Error::Limit`] where the rest of the list cannot be
    /// read; [`Error::Format`] where the list has issues and no record.
    pub fn read(self, sink: &mut dyn Sink) -> Result<()> {
        let mut counting = Counting { sink, records: 0, issues: 0, most: self.issues };
        match self.body {
            Body::Database(database) => database.read(self.format, &mut counting)?,
            Body::Set(set) => set.give(&mut counting)?,
            Body::Bytes(input) => read_bytes(self.format, input, &mut counting)?,
        }
        let damage = self.damage.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(damage) = damage {
            counting.issue(0, format!("the packed list is cut or damaged, and unpacked up to there: {damage}"));
        }
        counting.tell_more();
        if counting.records == 0 && counting.issues > 0 {
            return Err(not_a_list(&self.path));
        }
        Ok(())
    }
}

fn read_bytes(format: Format, input: Input<'_>, sink: &mut dyn Sink) -> Result<()> {
    match format {
        Format::Vics | Format::VicsCase | Format::Caid => json::read(input.into_text()?, sink),
        Format::NsrlCsv | Format::IcseCsv | Format::Hashkeeper => {
            csv::read(Lines::new(input.into_text()?), format, sink)
        }
        Format::Hashdeep => hashdeep::read(&mut Lines::new(input.into_text()?), sink),
        Format::Plain | Format::Sums => sums::read(&mut Lines::new(input.into_text()?), sink),
        Format::NsrlSql => sql::read(input.into_text()?, sink),
        Format::TskIdx => idx::read(&mut Lines::new(input.into_text()?), sink),
        Format::EncaseHash => encase::read(input, sink),
        Format::HashlookupBloom => bloom::read(input, sink),
        Format::NsrlSqlite | Format::TskKdb | Format::Iped | Format::Set => Err(not_a_list(&input.path)),
    }
}

fn not_a_list(path: &Path) -> Error {
    Error::Format { what: format!("a list of digests in {path:?}") }
}

/// Tells a list with bad rows from what is no list at all.
struct Counting<'a> {
    sink: &'a mut dyn Sink,
    records: u64,
    issues: u64,
    /// Issues that the sink is told one by one.
    most: u64,
}

impl Counting<'_> {
    /// Says how many issues were too many to be told one by one.
    fn tell_more(&mut self) {
        if let Some(more) = self.issues.checked_sub(self.most).filter(|more| *more > 0) {
            self.sink.issue(0, format!("{more} more issues of this list are not told one by one"));
        }
    }
}

impl Sink for Counting<'_> {
    fn begin_group(&mut self) -> Result<()> {
        self.sink.begin_group()
    }

    fn describe(&mut self, group: Group) -> Result<()> {
        self.sink.describe(group)
    }

    fn record(&mut self, record: &FileRecord) -> Result<()> {
        self.records = self.records.saturating_add(1);
        self.sink.record(record)
    }

    fn remove(&mut self, record: &FileRecord) -> Result<()> {
        self.records = self.records.saturating_add(1);
        self.sink.remove(record)
    }

    fn filter(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.records = self.records.saturating_add(1);
        self.sink.filter(bytes)
    }

    fn issue(&mut self, position: u64, message: String) {
        self.issues = self.issues.saturating_add(1);
        if self.issues <= self.most {
            self.sink.issue(position, message);
        }
    }
}
