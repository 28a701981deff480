//! hashdeep lists: `%%%% HASHDEEP-1.0`, a line of columns, comments, then rows of comma-separated fields.
//!
//! The file name is the last column and takes all that is left, commas included; hashdeep escapes nothing.

use super::{
    lines::Lines,
    record::{FileRecord, Sink},
};
use crate::{error::Result, hash::hex};
use std::io::Read;

/// True for the first line of a hashdeep list.
pub(super) fn is_header(line: &str) -> bool {
    line.starts_with("%%%% HASHDEEP-")
}

/// Reads all rows. Digests of algorithms this library does not compute (tiger, whirlpool) are passed over.
pub(super) fn read<R: Read>(lines: &mut Lines<R>, sink: &mut dyn Sink) -> Result<()> {
    let mut columns: Vec<String> = Vec::new();
    while let Some(line) = lines.next_line()? {
        let text = line.text.as_str();
        if let Some(header) = text.strip_prefix("%%%% ") {
            if !is_header(text) {
                columns = header.split(',').map(|column| column.trim().to_ascii_lowercase()).collect();
            }
        } else if !text.trim().is_empty() && !text.starts_with('#') {
            match parse(text, &columns) {
                Ok(_) if line.cut => sink.issue(line.number, "the line is too long".to_owned()),
                Ok(row) => sink.record(&row)?,
                Err(message) => sink.issue(line.number, message),
            }
        }
    }
    Ok(())
}

fn parse(line: &str, columns: &[String]) -> Result<FileRecord, String> {
    if columns.is_empty() {
        return Err("expected a line of columns (%%%% size,md5,…) before the rows".to_owned());
    }
    let fields: Vec<&str> = line.splitn(columns.len(), ',').collect();
    if fields.len() != columns.len() {
        return Err(format!("expected {} fields, found {}", columns.len(), fields.len()));
    }
    let mut row = FileRecord::default();
    for (column, field) in columns.iter().zip(fields) {
        let expected = |what: &str| format!("expected a {what}, found {field:?}");
        match column.as_str() {
            "size" => row.size = Some(field.parse().map_err(|_| expected("size"))?),
            "filename" => row.name = Some(field.to_owned()),
            "md5" => row.md5 = Some(digest(field).ok_or_else(|| expected("digest for md5"))?),
            "sha1" => row.sha1 = Some(digest(field).ok_or_else(|| expected("digest for sha1"))?),
            "sha256" => row.sha256 = Some(digest(field).ok_or_else(|| expected("digest for sha256"))?),
            _ => {}
        }
    }
    if row.digests().next().is_none() {
        return Err("no digest of a known algorithm in the row".to_owned());
    }
    Ok(row)
}

fn digest<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text.as_bytes())?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn the_name_keeps_its_commas() {
        let row = parse("0,d41d8cd98f00b204e9800998ecf8427e,/a,b.jpg", &columns("size,md5,filename")).unwrap();
        assert_eq!(row.name.as_deref(), Some("/a,b.jpg"));
        assert_eq!(row.size, Some(0));
    }

    #[test]
    fn a_short_row_is_an_issue() {
        assert!(parse("0,d41d8cd98f00b204e9800998ecf8427e", &columns("size,md5,filename")).is_err());
        assert!(parse("0,zz,x", &columns("size,md5,filename")).is_err());
        assert!(parse("0,d41d8cd98f00b204e9800998ecf8427e,x", &[]).is_err());
    }
}
