//! Comma-separated values: the same columns as JSON has keys.

use super::{Record, refused};
use crate::error::{Error, Result};
use serde_json::Value;
use std::io::Write;

pub(super) struct CsvWriter<W: Write>(csv::Writer<W>);

impl<W: Write> CsvWriter<W> {
    pub(super) fn new(out: W) -> Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        let names: Vec<String> = columns(&Record::default()).into_iter().map(|(name, _)| name).collect();
        writer.write_record(names).map_err(csv_refused)?;
        Ok(Self(writer))
    }

    pub(super) fn write(&mut self, record: &Record) -> Result<()> {
        self.0.write_record(columns(record).into_iter().map(|(_, cell)| cell)).map_err(csv_refused)
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.0.flush().map_err(refused)
    }
}

/// Name and cell of each column: text as it is, null empty, lists and objects as JSON.
fn columns(record: &Record) -> Vec<(String, String)> {
    // serde_json keeps the order of the fields (its feature `preserve_order`).
    let Ok(Value::Object(fields)) = serde_json::to_value(record) else { return Vec::new() };
    let cell = |value: Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    };
    fields.into_iter().map(|(name, value)| (name, cell(value))).collect()
}

fn csv_refused(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => refused(error),
        other => Error::invalid(format!("{other:?}")),
    }
}
