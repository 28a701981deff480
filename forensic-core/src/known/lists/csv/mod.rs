//! Lists in CSV: NSRL RDSv2's `NSRLFile.txt`, the ICSE database's export, HashKeeper's `.hsh`. The columns are told by the
//! header, and those that no field of a record holds become properties under their own names.
//!
//! RFC 4180 with the separator of each.

mod rows;

use self::rows::{Row, Rows};
use super::{FileRecord, Format, Group, Sink, lines::Lines, object::ObjectText};
use crate::{
    error::{Error, Result},
    hash::hex,
    known::record::Properties,
};

/// The format of the CSV that this line is the header of.
pub(super) fn by_header(line: &str) -> Option<Format> {
    let has = |separator: char, name: &str| {
        line.split(separator).any(|column| column.trim().trim_matches('"').eq_ignore_ascii_case(name))
    };
    if has(',', "SHA-1") && has(',', "FileName") && has(',', "ProductCode") {
        Some(Format::NsrlCsv)
    } else if has(',', "hashset_id") && has(',', "hash") {
        Some(Format::Hashkeeper)
    } else {
        (line.contains(';') && (has(';', "MD5") || has(';', "SHA1"))).then_some(Format::IcseCsv)
    }
}

/// What a column holds.
enum Column {
    Md5,
    Sha1,
    Sha256,
    Size,
    Name,
    Other(String),
}

impl Column {
    fn new(format: Format, header: &str) -> Self {
        match (format, header.to_ascii_lowercase().as_str()) {
            (Format::Hashkeeper, "hash") | (_, "md5") => Self::Md5,
            (_, "sha1" | "sha-1") => Self::Sha1,
            (_, "sha256" | "sha-256") => Self::Sha256,
            (Format::NsrlCsv, "filesize") | (Format::Hashkeeper, "file_size") => Self::Size,
            (Format::NsrlCsv, "filename") | (Format::Hashkeeper, "file_name") => Self::Name,
            _ => Self::Other(header.to_owned()),
        }
    }
}

/// Reads all rows behind the header.
pub(super) fn read(lines: Lines<'_>, format: Format, sink: &mut dyn Sink) -> Result<()> {
    let separator = if format == Format::IcseCsv { b';' } else { b',' };
    let mut rows = Rows::new(lines, separator);
    let mut row = Row::default();
    let mut columns: Vec<Column> = Vec::new();
    while rows.next(&mut row, sink)? {
        if columns.is_empty() {
            columns = row.fields().map(|header| Column::new(format, header.trim())).collect();
            let keyed = |column: &Column| matches!(column, Column::Md5 | Column::Sha1 | Column::Sha256);
            if !columns.iter().any(keyed) {
                let found = row.fields().take(20).collect::<Vec<_>>().join(" ");
                return Err(Error::corrupt("header of a CSV list", 0, "a column of digests", found));
            }
            if format == Format::NsrlCsv {
                sink.describe(Group { scheme: Some("NSRL".to_owned()), properties: Properties::default() })?;
            }
            continue;
        }
        match parse(&row, &columns) {
            Ok((record, Some(message))) => {
                sink.issue(row.line, message);
                sink.record(&record)?;
            }
            Ok((record, None)) => sink.record(&record)?,
            Err(message) => sink.issue(row.line, message),
        }
    }
    Ok(())
}

/// The record of a row, and what is wrong with a part of it.
fn parse(row: &Row, columns: &[Column]) -> Result<(FileRecord, Option<String>), String> {
    let found = row.fields().count();
    if found != columns.len() {
        return Err(format!("expected {} fields, found {found}", columns.len()));
    }
    let mut record = FileRecord::default();
    let mut wrong = None;
    for (column, field) in columns.iter().zip(row.fields()) {
        let digits = field.trim();
        let mut expected = |what: &str| wrong = Some(format!("expected {what}, found {field:?}"));
        match column {
            _ if field.is_empty() => {}
            Column::Md5 => digest(digits, &mut record.md5).unwrap_or_else(|| expected("an MD5")),
            Column::Sha1 => digest(digits, &mut record.sha1).unwrap_or_else(|| expected("a SHA-1")),
            Column::Sha256 => digest(digits, &mut record.sha256).unwrap_or_else(|| expected("a SHA-256")),
            Column::Size => match digits.parse() {
                Ok(size) => record.size = Some(size),
                Err(_) => expected("a size in bytes"),
            },
            Column::Name => record.name = Some(field.to_owned()),
            Column::Other(name) => ObjectText::new(&mut record.properties).text(name, field),
        }
    }
    let is_keyed = record.digests().next().is_some();
    match is_keyed {
        true => Ok((record, wrong)),
        false => Err(wrong.unwrap_or_else(|| "no digest in the row".to_owned())),
    }
}

fn digest<const N: usize>(text: &str, field: &mut Option<[u8; N]>) -> Option<()> {
    *field = Some(hex::decode_array(text.as_bytes())?);
    Some(())
}
