//! The CSV of the ICSE database: twelve columns, separated by `;`, which are properties of the records by their names.

use super::{FileRecord, Group, Layout, WriteReport, sums::lose_group};
use crate::hash::hex;
use csv::{Terminator, WriterBuilder};
use serde_json::Value;
use std::io::{self, Write};

const COLUMNS: [&str; 12] = [
    "MD5",
    "SHA1",
    "PhotoDNA",
    "Image ID",
    "Is distributed",
    "Victim identified",
    "Offender identified",
    "Series name",
    "Number of submissions",
    "File Available",
    "Media Type",
    "Baseline",
];

#[derive(Default)]
pub(super) struct Icse {
    has_header: bool,
}

impl Icse {
    fn header(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !std::mem::replace(&mut self.has_header, true) {
            write_row(out, &COLUMNS)?;
        }
        Ok(())
    }
}

impl Layout for Icse {
    fn describe(&mut self, group: Group, _: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        lose_group(&group, report);
        Ok(())
    }

    fn record(&mut self, record: &FileRecord, out: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        if record.md5.is_none() && record.sha1.is_none() {
            report.skip();
            return Ok(());
        }
        self.header(out)?;
        let properties = record.properties.to_map();
        let upper = |digest: &[u8]| hex::encode(digest).to_ascii_uppercase();
        let fields = COLUMNS.map(|column| match column {
            "MD5" => record.md5.map(|digest| upper(&digest)).unwrap_or_default(),
            "SHA1" => record.sha1.map(|digest| upper(&digest)).unwrap_or_default(),
            other => match properties.get(other) {
                Some(Value::String(text)) => text.clone(),
                None | Some(Value::Null) => String::new(),
                Some(value) => value.to_string(),
            },
        });
        write_row(out, &fields)?;
        let mut held = vec!["md5", "sha1"];
        if properties.keys().all(|name| COLUMNS.iter().skip(2).any(|column| column == name)) {
            held.push("properties");
        }
        report.keep(record, &held);
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, _: &mut WriteReport) -> io::Result<()> {
        self.header(out)
    }
}

fn write_row<T: AsRef<[u8]>>(out: &mut dyn Write, fields: &[T]) -> io::Result<()> {
    let mut row = WriterBuilder::new().delimiter(b';').terminator(Terminator::CRLF).from_writer(out);
    row.write_record(fields)?;
    row.flush()
}
