//! What format a list has, told by its first bytes.

use super::{Format, bloom, csv, encase, hashdeep, idx, json, sql, sums, text::Text};
use crate::known::digest_from_hex;
use std::io::Read;

/// Lines looked at before a file is called no list: comments may come first.
const LINES_LOOKED_AT: usize = 200;

/// The format of a list that is no database; `None` for none.
pub(super) fn by_content(head: &[u8], whole: bool) -> Option<Format> {
    if head.starts_with(encase::MAGIC) {
        return Some(Format::EncaseHash);
    }
    if bloom::is_filter(head) {
        return Some(Format::HashlookupBloom);
    }
    let mut bytes = Vec::new();
    Text::new(head).and_then(|mut text| text.read_to_end(&mut bytes)).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    if let Some(format) = json::by_content(&text) {
        return Some(format);
    }
    let found = text.lines().take(LINES_LOOKED_AT).find_map(by_line);
    // An empty list is a list.
    found.or_else(|| (whole && text.trim().is_empty()).then_some(Format::Plain))
}

fn by_line(line: &str) -> Option<Format> {
    match line {
        _ if hashdeep::is_header(line) => Some(Format::Hashdeep),
        _ if digest_from_hex(line.trim().as_bytes()).is_some() => Some(Format::Plain),
        _ if sums::parse(line).is_ok_and(|row| row.is_some()) => Some(Format::Sums),
        _ if idx::is_header(line) => Some(Format::TskIdx),
        _ if sql::is_statement(line) => Some(Format::NsrlSql),
        _ => csv::by_header(line),
    }
}
