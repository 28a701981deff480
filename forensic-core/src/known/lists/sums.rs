//! Lists of checksums: coreutils' and b3sum's lines, their BSD form, and bare digests.
//!
//! Format: GNU coreutils manual, "md5sum invocation". A name with `\`, newline or carriage return is escaped, and its line
//! then begins with `\`.

use super::{FileRecord, Sink, lines::Lines};
use crate::{error::Result, known::digest_from_hex};

/// Reads all lines; one that is no checksum is an issue.
pub(super) fn read(lines: &mut Lines<'_>, sink: &mut dyn Sink) -> Result<()> {
    while let Some(line) = lines.next_line()? {
        if line.cut {
            sink.issue(line.number, "the line is too long".to_owned());
            continue;
        }
        match parse(&line.text) {
            Ok(Some(row)) => sink.record(&row)?,
            Ok(None) => {}
            Err(message) => sink.issue(line.number, message),
        }
    }
    Ok(())
}

/// The row of a line; `None` for a blank line or a comment.
pub(super) fn parse(line: &str) -> Result<Option<FileRecord>, String> {
    let trimmed = line.trim();
    if trimmed.is_empty() || trimmed.starts_with(['#', ';', '%']) {
        return Ok(None);
    }
    let (escaped, line) = match line.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let name_of = |name: &str| if escaped { unescape(name) } else { name.to_owned() };
    if let Some((name, row)) = bsd(line) {
        return Ok(Some(FileRecord { name: Some(name_of(name)), ..row }));
    }
    let line = line.trim_start();
    let (digest, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let digest = digest_from_hex(digest.trim().as_bytes()).ok_or_else(|| {
        format!(
            "expected a digest of 32, 40 or 64 hex digits, found {:?}",
            trimmed.chars().take(80).collect::<String>()
        )
    })?;
    // One character tells text (space) from binary (asterisk) mode.
    let name = rest.strip_prefix([' ', '*']).unwrap_or(rest);
    let mut row = FileRecord { name: (!name.is_empty()).then(|| name_of(name)), ..FileRecord::default() };
    row.take(&digest);
    Ok(Some(row))
}

/// `MD5 (name) = digest`; the name may itself hold `) = `.
fn bsd(line: &str) -> Option<(&str, FileRecord)> {
    let (algorithm, rest) = line.split_once(" (")?;
    let (name, digest) = rest.rsplit_once(") = ")?;
    let digest = digest_from_hex(digest.trim_end().as_bytes())?;
    let mut row = FileRecord::default();
    match algorithm.to_ascii_uppercase().as_str() {
        "MD5" => row.md5 = Some(digest.try_into().ok()?),
        "SHA1" | "SHA-1" => row.sha1 = Some(digest.try_into().ok()?),
        "SHA256" | "SHA2-256" | "SHA-256" => row.sha256 = Some(digest.try_into().ok()?),
        "BLAKE3" => row.blake3 = Some(digest.try_into().ok()?),
        _ => return None,
    }
    Some((name, row))
}

fn unescape(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name.chars();
    while let Some(c) = rest.next() {
        match (c, rest.as_str().chars().next()) {
            ('\\', Some(next @ ('n' | 'r' | '\\'))) => {
                text.push(match next {
                    'n' => '\n',
                    'r' => '\r',
                    other => other,
                });
                rest.next();
            }
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hex;

    fn one(line: &str) -> (String, Option<String>) {
        let row = parse(line).unwrap().unwrap();
        (hex::encode(row.digests().next().unwrap()), row.name.clone())
    }

    const EMPTY: &str = "d41d8cd98f00b204e9800998ecf8427e";

    #[test]
    fn each_form_gives_digest_and_name() {
        let named = |name: &str| (EMPTY.to_owned(), Some(name.to_owned()));
        assert_eq!(one(&format!("{EMPTY}  a b.jpg")), named("a b.jpg"));
        assert_eq!(one(&format!("{EMPTY} *a b.jpg")), named("a b.jpg"));
        assert_eq!(one(&format!("{EMPTY}   leading space")), named(" leading space"));
        assert_eq!(one(&format!("\\{EMPTY}  a\\nb\\\\c")), named("a\nb\\c"));
        assert_eq!(one(&format!("MD5 (x) = y) = {EMPTY}")), named("x) = y"));
        assert_eq!(one(&format!("\\MD5 (a\\nb) = {EMPTY}")), named("a\nb"));
        assert_eq!(one(&EMPTY.to_uppercase()), (EMPTY.to_owned(), None));
    }

    #[test]
    fn what_is_no_checksum_says_so() {
        assert!(parse("# comment").unwrap().is_none());
        assert!(parse("").unwrap().is_none());
        assert!(parse("hello world").is_err());
        assert!(parse(&EMPTY[1..]).is_err());
    }
}
