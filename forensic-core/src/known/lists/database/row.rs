//! A row of a table of hashes: its digests by the names of their columns, all else as properties.

use super::super::{FileRecord, Sink, value};
use rusqlite::Row;

/// Fills a record from a row whose key stands before these columns. What is no digest where one is expected is an issue.
pub(super) fn fill_columns(
    record: &mut FileRecord,
    columns: &[String],
    row: &Row<'_>,
    number: u64,
    sink: &mut dyn Sink,
) {
    for (place, column) in (1..).zip(columns) {
        let Ok(found) = row.get_ref(place) else { continue };
        let filled = match column.to_ascii_lowercase().as_str() {
            "id" | "hash_id" => Ok(()),
            "md5" => value::digest(found, &mut record.md5),
            "sha1" | "sha-1" => value::digest(found, &mut record.sha1),
            "sha256" | "sha-256" | "sha2_256" => value::digest(found, &mut record.sha256),
            _ => {
                value::property(found, column, &mut record.properties);
                Ok(())
            }
        };
        if let Err(expected) = filled {
            sink.issue(number, format!("{column}: expected {expected}"));
        }
    }
}
