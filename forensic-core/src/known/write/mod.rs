//! Writing lists of known files. A writer is a [`Sink`], as a set that is built is one: a set is given back, and a list
//! turned into another format, by the same calls.

mod hashdeep;
mod icse;
mod json;
mod report;
mod sums;

use super::{
    lists::Format,
    record::{FileRecord, Group, Sink},
};
use crate::error::{Error, Result};
use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
};

pub use report::WriteReport;

/// Writes a list, record by record.
///
/// What a list says of itself ([`Sink::describe`]) goes before its records where it is told before them.
///
/// ```
/// use forensic_core::{Limits, known::{Format, List, ListWriter}};
///
/// let text = "MD5 (a.jpg) = d41d8cd98f00b204e9800998ecf8427e\n";
/// let mut vics = Vec::new();
/// let mut writer = ListWriter::new("set.json", &mut vics, Format::Vics)?;
/// List::from_reader("list", text.as_bytes(), None, &Limits::default())?.read(&mut writer)?;
/// let report = writer.finish()?;
/// assert_eq!((report.records, report.skipped, report.lost.is_empty()), (1, 0, true));
/// assert!(String::from_utf8(vics)?.contains(r#""MD5":"D41D8CD98F00B204E9800998ECF8427E""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ListWriter<'w> {
    path: PathBuf,
    out: BufWriter<Box<dyn Write + 'w>>,
    layout: Box<dyn Layout>,
    report: WriteReport,
}

/// How a format lays out what a list says. What it cannot hold it counts.
trait Layout {
    /// A group begins.
    fn begin(&mut self, _: &mut dyn Write, _: &mut WriteReport) -> io::Result<()> {
        Ok(())
    }

    /// What the group says of itself.
    fn describe(&mut self, group: Group, out: &mut dyn Write, report: &mut WriteReport) -> io::Result<()>;

    /// One record.
    fn record(&mut self, record: &FileRecord, out: &mut dyn Write, report: &mut WriteReport) -> io::Result<()>;

    /// What ends the list.
    fn end(&mut self, _: &mut dyn Write, _: &mut WriteReport) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> ListWriter<'w> {
    /// Begins a list in `out`, which errors call by `path`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a format that is only read.
    pub fn new(path: impl Into<PathBuf>, out: impl Write + 'w, format: Format) -> Result<Self> {
        let layout: Box<dyn Layout> = match format {
            Format::Vics => Box::new(json::HashSet::new(json::Dialect::Vics)),
            Format::Caid => Box::new(json::HashSet::new(json::Dialect::Caid)),
            Format::VicsCase => Box::new(json::Cases::default()),
            Format::IcseCsv => Box::new(icse::Icse::default()),
            Format::Hashdeep => Box::new(hashdeep::Hashdeep::default()),
            Format::Sums => Box::new(sums::Sums),
            Format::Plain => Box::new(sums::Plain),
            other => return Err(Error::unsupported(format!("the format {other}, for writing,"))),
        };
        let out = BufWriter::with_capacity(256 << 10, Box::new(out) as Box<dyn Write>);
        Ok(Self { path: path.into(), out, layout, report: WriteReport::default() })
    }

    /// Ends the list.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(mut self) -> Result<WriteReport> {
        let ended = self.layout.end(&mut self.out, &mut self.report).and_then(|()| self.out.flush());
        ended.map_err(|error| Error::io(&self.path, error))?;
        Ok(self.report)
    }

    fn written(&self, result: io::Result<()>) -> Result<()> {
        result.map_err(|error| Error::io(&self.path, error))
    }
}

impl Sink for ListWriter<'_> {
    fn begin_group(&mut self) -> Result<()> {
        let result = self.layout.begin(&mut self.out, &mut self.report);
        self.written(result)
    }

    fn describe(&mut self, group: Group) -> Result<()> {
        let result = self.layout.describe(group, &mut self.out, &mut self.report);
        self.written(result)
    }

    fn record(&mut self, record: &FileRecord) -> Result<()> {
        let result = self.layout.record(record, &mut self.out, &mut self.report);
        self.written(result)
    }

    /// A list says what is known; that something is no more cannot be said in it.
    fn remove(&mut self, _: &FileRecord) -> Result<()> {
        self.report.skipped = self.report.skipped.saturating_add(1);
        self.report.lose("removal", true);
        Ok(())
    }

    fn filter(&mut self, _: Vec<u8>) -> Result<()> {
        self.report.skipped = self.report.skipped.saturating_add(1);
        self.report.lose("filter", true);
        Ok(())
    }

    fn issue(&mut self, _: u64, _: String) {
        self.report.lose("issue", true);
    }
}
