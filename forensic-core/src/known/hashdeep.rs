//! hashdeep lists: `%%%% HASHDEEP-1.0`, a line of columns, comments, then rows of comma-separated fields.
//!
//! The file name is the last column and takes all that is left, commas included; hashdeep escapes nothing.

use super::{Row, Sink, lines::Lines};
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
                Ok(row) => sink.row(row),
                Err(message) => sink.issue(line.number, message),
            }
        }
    }
    Ok(())
}

fn parse(line: &str, columns: &[String]) -> Result<Row, String> {
    if columns.is_empty() {
        return Err("expected a line of columns (%%%% size,md5,…) before the rows".to_owned());
    }
    let fields: Vec<&str> = line.splitn(columns.len(), ',').collect();
    if fields.len() != columns.len() {
        return Err(format!("expected {} fields, found {}", columns.len(), fields.len()));
    }
    let mut row = Row::default();
    for (column, field) in columns.iter().zip(fields) {
        let length = match column.as_str() {
            "size" => {
                row.size = Some(field.parse().map_err(|_| format!("expected a size, found {field:?}"))?);
                continue;
            }
            "filename" => {
                row.name = Some(field.to_owned());
                continue;
            }
            "md5" => 16,
            "sha1" => 20,
            "sha256" => 32,
            _ => continue,
        };
        let digest = hex::decode(field.as_bytes()).filter(|digest| digest.len() == length);
        row.digests.push(digest.ok_or_else(|| format!("expected a digest for {column}, found {field:?}"))?);
    }
    if row.digests.is_empty() {
        return Err("no digest of a known algorithm in the row".to_owned());
    }
    Ok(row)
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
