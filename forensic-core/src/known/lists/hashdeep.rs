//! hashdeep lists: `%%%% HASHDEEP-1.0`, a line of columns, comments, then rows of comma-separated fields.
//!
//! The file name is the last column and takes all that is left, commas included; hashdeep escapes nothing.

use super::{FileRecord, Group, Sink, lines::Lines, object::ObjectText};
use crate::{error::Result, hash::hex, known::record::Properties};

/// True for the first line of a hashdeep list.
pub(super) fn is_header(line: &str) -> bool {
    line.starts_with("%%%% HASHDEEP-")
}

/// Reads all rows. Digests of algorithms that sets are not asked by (tiger, whirlpool) are properties.
pub(super) fn read(lines: &mut Lines<'_>, sink: &mut dyn Sink) -> Result<()> {
    let mut columns: Vec<String> = Vec::new();
    let mut comments = Some(Properties::default());
    while let Some(line) = lines.next_line()? {
        let text = &*line.text;
        if let Some(header) = text.strip_prefix("%%%% ") {
            if !is_header(text) {
                columns = header.split(',').map(|column| column.trim().to_ascii_lowercase()).collect();
            }
        } else if let Some(comment) = text.strip_prefix('#') {
            if let Some(properties) = &mut comments {
                keep_comment(comment, properties);
            }
        } else if !text.trim().is_empty() {
            describe(&mut comments, sink)?;
            match parse(text, &columns) {
                Ok(_) if line.cut => sink.issue(line.number, "the line is too long".to_owned()),
                Ok(row) => sink.record(&row)?,
                Err(message) => sink.issue(line.number, message),
            }
        }
    }
    describe(&mut comments, sink)
}

/// `## Invoked from: /folder` and `## $ hashdeep -l .`
fn keep_comment(comment: &str, properties: &mut Properties) {
    let comment = comment.trim_start_matches('#').trim();
    let mut object = ObjectText::new(properties);
    if let Some(command) = comment.strip_prefix("$ ") {
        object.text("command", command);
    } else if let Some((name, value)) = comment.split_once(": ") {
        object.text(name, value);
    }
}

/// Tells of the comments before the first row, once.
fn describe(comments: &mut Option<Properties>, sink: &mut dyn Sink) -> Result<()> {
    match comments.take() {
        Some(properties) if !properties.as_json().is_empty() => sink.describe(Group { scheme: None, properties }),
        _ => Ok(()),
    }
}

fn parse(line: &str, columns: &[String]) -> Result<FileRecord, String> {
    if columns.is_empty() {
        return Err("expected a line of columns (%%%% size,md5,…) before the rows".to_owned());
    }
    let mut row = FileRecord::default();
    let mut fields = line.splitn(columns.len(), ',');
    for (number, column) in columns.iter().enumerate() {
        let Some(field) = fields.next() else {
            return Err(format!("expected {} fields, found {number}", columns.len()));
        };
        let expected = |what: &str| format!("expected a {what}, found {field:?}");
        match column.as_str() {
            _ if field.is_empty() => {}
            "size" => row.size = Some(field.parse().map_err(|_| expected("size"))?),
            "filename" => row.name = Some(field.to_owned()),
            "md5" => row.md5 = Some(digest(field).ok_or_else(|| expected("digest for md5"))?),
            "sha1" => row.sha1 = Some(digest(field).ok_or_else(|| expected("digest for sha1"))?),
            "sha256" => row.sha256 = Some(digest(field).ok_or_else(|| expected("digest for sha256"))?),
            other => ObjectText::new(&mut row.properties).text(other, field),
        }
    }
    if row.digests().next().is_none() {
        return Err("no digest of a known algorithm in the row".to_owned());
    }
    Ok(row)
}

fn digest<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode_array(text.as_bytes())
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
    fn digests_of_other_algorithms_are_kept() {
        let row = parse("1,d41d8cd98f00b204e9800998ecf8427e,3293ac63,a", &columns("size,md5,tiger,filename")).unwrap();
        assert_eq!(row.properties.as_json(), r#"{"tiger":"3293ac63"}"#);
    }

    #[test]
    fn a_short_row_is_an_issue() {
        assert!(parse("0,d41d8cd98f00b204e9800998ecf8427e", &columns("size,md5,filename")).is_err());
        assert!(parse("0,zz,x", &columns("size,md5,filename")).is_err());
        assert!(parse("0,d41d8cd98f00b204e9800998ecf8427e,x", &[]).is_err());
    }
}
