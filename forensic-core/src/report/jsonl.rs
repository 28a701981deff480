//! JSON lines.

use super::Record;

/// The record as one line of JSON, with its line feed.
pub(super) fn line(record: &Record) -> String {
    // A record holds nothing JSON cannot say: text keys, finite numbers.
    let mut line = serde_json::to_string(record).unwrap_or_default();
    line.push('\n');
    line
}

impl Record {
    /// The record as one JSON object, without a line feed.
    pub fn to_json(&self) -> String {
        line(self).trim_end().to_owned()
    }
}
