//! Compares a live listing of ours with that of a second, independent reader.

use super::model::{CrossCheck, Difference, Entry, Kind, Status, StreamInfo};
use crate::{
    bytes::{Source, for_each_block},
    error::Result,
};
use md5::{Digest, Md5};
use std::{cmp::Ordering, io};

/// One name, or one named stream ("path:stream"), as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The path from the root, with `:` and the stream's name after it for a named stream.
    pub(crate) path: String,
    pub(crate) kind: Kind,
    /// Bytes; 0 for a directory.
    pub(crate) size: u64,
    /// MD5 of the content in lower-case hex, or why it cannot be read; `None` where there is no content to compare.
    pub(crate) content: Option<Result<String, String>>,
}

/// Compares the allocated ones of `ours` with `theirs`, content by MD5: O(bytes of all live files).
///
/// `known_limit` says of a stream of ours why the second reader is known to be wrong about it; empty where it is not.
pub(crate) fn compare(
    reader: impl Into<String>,
    ours: impl IntoIterator<Item = Entry>,
    theirs: Vec<Seen>,
    known_limit: impl Fn(&Entry, &StreamInfo) -> &'static str,
) -> CrossCheck {
    let mut ours: Vec<(Seen, &'static str)> = ours
        .into_iter()
        .filter(|entry| entry.status == Status::Allocated)
        .flat_map(|entry| seen(&entry, &known_limit))
        .collect();
    let mut theirs = theirs;
    ours.sort_by(|(a, _), (b, _)| order(a, b));
    theirs.sort_by(order);
    let mut check = CrossCheck { reader: reader.into(), ..CrossCheck::default() };
    let (mut ours, mut theirs) = (ours.into_iter().peekable(), theirs.into_iter().peekable());
    loop {
        let next = match (ours.peek(), theirs.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some(b)) => a.path.cmp(&b.path),
        };
        let left = if next.is_le() { ours.next() } else { None };
        let right = if next.is_ge() { theirs.next() } else { None };
        check.compared = check.compared.saturating_add(1);
        check.differences.extend(difference(left, right));
    }
    check
}

/// The MD5 of all of a source, in lower-case hex.
///
/// # Errors
/// Where it cannot be read to its end.
pub(crate) fn digest(source: &Source) -> Result<String> {
    let mut hasher = Md5::new();
    for_each_block(source, 1 << 20, 0, |_, block| {
        hasher.update(block?);
        Ok(())
    })?;
    Ok(hex(hasher))
}

/// The same of an `io::Read`, as second readers give.
///
/// # Errors
/// Where it cannot be read to its end.
pub(crate) fn digest_reader(reader: &mut impl io::Read) -> io::Result<String> {
    let mut hasher = Md5::new();
    let mut buf = vec![0; 64 << 10];
    loop {
        match reader.read(&mut buf) {
            Ok(0) => return Ok(hex(hasher)),
            Ok(count) => hasher.update(buf.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hex(hasher: Md5) -> String {
    crate::hash::hex::encode(&hasher.finalize())
}

fn seen(entry: &Entry, known_limit: &impl Fn(&Entry, &StreamInfo) -> &'static str) -> Vec<(Seen, &'static str)> {
    let mut all = Vec::new();
    if entry.kind == Kind::Directory {
        let nothing = StreamInfo::new("", 0);
        let directory = Seen { path: entry.path.clone(), kind: entry.kind, size: 0, content: None };
        all.push((directory, known_limit(entry, &nothing)));
    }
    for stream in &entry.streams {
        let content = stream.open().and_then(|source| digest(&source)).map_err(|error| error.to_string());
        let (path, kind) = match stream.info.name.as_str() {
            "" => (entry.path.clone(), entry.kind),
            name => (format!("{}:{name}", entry.path), Kind::File),
        };
        let limit = known_limit(entry, &stream.info);
        all.push((Seen { path, kind, size: stream.info.size, content: Some(content) }, limit));
    }
    all
}

/// By path; several of one path by what they hold, so that equal ones meet.
fn order(a: &Seen, b: &Seen) -> Ordering {
    let key = |seen: &Seen| (seen.size, seen.content.clone().and_then(|content| content.ok()));
    a.path.cmp(&b.path).then_with(|| key(a).cmp(&key(b)))
}

fn difference(ours: Option<(Seen, &'static str)>, theirs: Option<Seen>) -> Option<Difference> {
    let differs = |path: String, what, ours: String, theirs: String, known_limit| {
        Some(Difference { path, what, ours, theirs, known_limit })
    };
    match (ours, theirs) {
        (None, None) => None,
        (Some((a, limit)), None) => differs(a.path, "missing", a.kind.as_str().to_owned(), String::new(), limit),
        (None, Some(b)) => differs(b.path, "extra", String::new(), b.kind.as_str().to_owned(), ""),
        (Some((a, limit)), Some(b)) => {
            if (a.kind == Kind::Directory) != (b.kind == Kind::Directory) {
                return differs(a.path, "kind", a.kind.as_str().to_owned(), b.kind.as_str().to_owned(), limit);
            }
            if a.size != b.size {
                return differs(a.path, "size", a.size.to_string(), b.size.to_string(), limit);
            }
            match (a.content, b.content) {
                (Some(Ok(a_md5)), Some(Ok(b_md5))) if a_md5 != b_md5 => differs(a.path, "content", a_md5, b_md5, limit),
                (Some(Ok(md5)), Some(Err(error))) => differs(a.path, "error", md5, error, limit),
                (Some(Err(error)), Some(Ok(md5))) => differs(a.path, "error", error, md5, limit),
                _ => None,
            }
        }
    }
}
