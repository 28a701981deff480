//! Records: what is known of one stream of one entry, and the writers that render them; timelines.

mod bodyfile;
mod csv;
mod jsonl;
mod record;

use crate::error::{Error, Result};
use std::{io::Write, path::Path, str::FromStr};

pub use bodyfile::Bodyfile;
pub use record::{KnownHit, Perceptual, Picture, Record, Similar};

/// A format records are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One JSON object a line (RFC 8259, UTF-8), keys in the order of [`Record`], null where absent.
    Jsonl,
    /// RFC 4180 with a header line; lists and objects are cells of JSON, null is an empty cell.
    Csv,
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "jsonl" => Ok(Self::Jsonl),
            "csv" => Ok(Self::Csv),
            _ => Err(Error::invalid(format!("unknown report format {name:?}"))),
        }
    }
}

/// Writes records one by one.
pub struct Writer<W: Write> {
    rendering: Rendering<W>,
}

enum Rendering<W: Write> {
    Jsonl(W),
    Csv(Box<csv::CsvWriter<W>>),
}

impl<W: Write> Writer<W> {
    /// A writer of `format` into `out`, which is best buffered.
    ///
    /// # Errors
    /// Where `out` refuses the header.
    pub fn new(out: W, format: Format) -> Result<Self> {
        let rendering = match format {
            Format::Jsonl => Rendering::Jsonl(out),
            Format::Csv => Rendering::Csv(Box::new(csv::CsvWriter::new(out)?)),
        };
        Ok(Self { rendering })
    }

    /// Writes the next record.
    ///
    /// # Errors
    /// Where `out` refuses it.
    pub fn write(&mut self, record: &Record) -> Result<()> {
        match &mut self.rendering {
            Rendering::Jsonl(out) => out.write_all(jsonl::line(record).as_bytes()).map_err(refused),
            Rendering::Csv(csv) => csv.write(record),
        }
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// Where `out` refuses it.
    pub fn finish(self) -> Result<()> {
        match self.rendering {
            Rendering::Jsonl(mut out) => out.flush().map_err(refused),
            Rendering::Csv(csv) => csv.finish(),
        }
    }
}

/// Creates a file and writes records into it.
///
/// # Errors
/// [`Error::Io`].
pub fn write_file<'a>(
    path: impl AsRef<Path>,
    format: Format,
    records: impl IntoIterator<Item = &'a Record>,
) -> Result<()> {
    let mut writer = create_file(path, format)?;
    for record in records {
        writer.write(record)?;
    }
    writer.finish()
}

/// Creates a file to write records into.
///
/// # Errors
/// [`Error::Io`].
pub fn create_file(path: impl AsRef<Path>, format: Format) -> Result<Writer<Box<dyn Write + Send>>> {
    let path = path.as_ref();
    let file = std::fs::File::create(path).map_err(|error| Error::io(path, error))?;
    Writer::new(Box::new(std::io::BufWriter::with_capacity(1 << 20, file)), format)
}

fn refused(error: std::io::Error) -> Error {
    Error::io("report", error)
}
