//! The Sleuth Kit's index of a text list (`.idx`): two lines of header, then `DIGEST|offset`, sorted.
//!
//! The offset is a place in the list that was indexed and says nothing without it; it is not kept.

use super::{FileRecord, Group, Sink, lines::Lines, object::ObjectText};
use crate::{
    error::Result,
    known::{digest_from_hex, record::Properties},
};

/// Digits of the digest that a line of the header has in its place, but for the last.
const HEADER: &str = "0000000000000000000000000000000000000000";

/// The field of a header line: `0`×41`|type`, `0`×40`1|name`.
fn header(line: &str) -> Option<(&'static str, &str)> {
    let (kind, value) = line.strip_prefix(HEADER)?.split_once('|')?;
    match kind {
        "0" => Some(("type", value)),
        "1" => Some(("name", value)),
        _ => None,
    }
}

/// True for a header line.
pub(super) fn is_header(line: &str) -> bool {
    header(line).is_some()
}

/// Reads all rows.
pub(super) fn read(lines: &mut Lines<'_>, sink: &mut dyn Sink) -> Result<()> {
    let mut properties = Some(Properties::default());
    while let Some(line) = lines.next_line()? {
        if let (Some((name, value)), Some(properties)) = (header(&line.text), &mut properties) {
            ObjectText::new(properties).text(name, value.trim_end());
            continue;
        }
        if let Some(properties) = properties.take() {
            sink.describe(Group { scheme: None, properties })?;
        }
        let digest = line.text.split_once('|').and_then(|(digest, offset)| {
            let is_offset = !offset.trim().is_empty() && offset.trim().bytes().all(|byte| byte.is_ascii_digit());
            is_offset.then(|| digest_from_hex(digest.as_bytes()))?
        });
        match digest {
            Some(digest) => {
                let mut record = FileRecord::default();
                record.take(&digest);
                sink.record(&record)?;
            }
            None if line.text.trim().is_empty() => {}
            None => {
                let found: String = line.text.chars().take(80).collect();
                sink.issue(line.number, format!("expected a digest, | and an offset, found {found:?}"));
            }
        }
    }
    Ok(())
}
