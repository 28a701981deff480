//! The walk over the objects of a PDF (ISO 32000-1, 7.3.8, 7.3.10, 7.5).

use super::{
    end::{self, End},
    tokens,
};
use crate::carve::{Tape, formats::inflate};

/// The farthest the end of an object that is no stream, or of a dictionary, is looked for.
const LONGEST_OBJECT: u64 = 16 << 20;
/// The farthest the end of a stream is looked for whose length stands elsewhere.
const LONGEST_STREAM: u64 = 1 << 30;

/// How far the walk came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Walk {
    /// Where it stands: the end of the last part that holds.
    pub(super) at: u64,
    pub(super) objects: u64,
    /// The end of the last revision.
    pub(super) end: Option<u64>,
    /// The first byte that is not as it must be.
    pub(super) wrong: Option<u64>,
}

/// Walks the file to its end.
pub(super) fn walk(tape: &mut Tape) -> Walk {
    let mut walk = Walk { at: 8, ..Walk::default() };
    while let Some(next) = tokens::skip(tape, walk.at) {
        if let Some((_, body)) = tokens::object(tape, next) {
            match body_end(tape, body) {
                Ok(end) => {
                    walk.objects = walk.objects.saturating_add(1);
                    walk.at = end;
                }
                Err(wrong) => return walk.stopped(wrong),
            }
        } else if tape.has(next, b"xref") || tape.has(next, b"trailer") || tape.has(next, b"startxref") {
            match trailer_end(tape, next) {
                Some(end) => {
                    walk.at = end.end;
                    // A linearized file has "startxref 0" behind its first part.
                    if end.xref != 0 || walk.end.is_some() {
                        walk.end = Some(end.end);
                    }
                }
                None => return walk.stopped(next),
            }
        } else {
            return walk.stopped(next);
        }
    }
    walk
}

impl Walk {
    /// What does not go on behind an end is not of this file.
    fn stopped(self, wrong: u64) -> Self {
        let goes_on = self.end != Some(self.at);
        Self { wrong: goes_on.then_some(wrong), ..self }
    }
}

/// The end of the object whose body begins at `body`, or the byte that is wrong.
fn body_end(tape: &mut Tape, body: u64) -> Result<u64, u64> {
    let end = tape.find(b"endobj", body, body.saturating_add(LONGEST_OBJECT));
    let stream = stream_start(tape, body, end.unwrap_or(body.saturating_add(LONGEST_OBJECT)));
    let Some((data, length)) = stream else {
        return end.map(|end| end.saturating_add(6)).ok_or(body);
    };
    if let Some(length) = length {
        let behind = data.saturating_add(length);
        let keyword = tokens::space(tape, behind).filter(|at| at.saturating_sub(behind) <= 8).unwrap_or(behind);
        if tape.has(keyword, b"endstream") {
            return object_end(tape, keyword).ok_or(keyword);
        }
    }
    if length.is_none()
        && let Some(data) = deflated(tape, body, data.saturating_add(1))
    {
        // The data tell their end.
        return match inflate::zlib(tape, data, u64::MAX) {
            Ok(inflated) => {
                let keyword = tokens::space(tape, inflated.end).unwrap_or(inflated.end);
                let keyword = tape.find(b"endstream", keyword, keyword.saturating_add(64)).ok_or(keyword)?;
                object_end(tape, keyword).ok_or(keyword)
            }
            Err(torn) => Err(torn.broken.at),
        };
    }
    let mut from = data;
    let to = data.saturating_add(length.map_or(LONGEST_STREAM, |length| length.saturating_add(4096)));
    while let Some(keyword) = tape.find(b"endstream", from, to) {
        if let Some(end) = object_end(tape, keyword) {
            return Ok(end);
        }
        from = keyword.saturating_add(9);
    }
    Err(data.saturating_add(length.unwrap_or(0)).min(tape.len()))
}

/// The end of the object whose stream ends at `keyword`.
fn object_end(tape: &mut Tape, keyword: u64) -> Option<u64> {
    let next = tokens::skip(tape, keyword.checked_add(9)?)?;
    tape.has(next, b"endobj").then(|| next.saturating_add(6))
}

/// Where the data of a stream begin, and their length where the dictionary has it.
fn stream_start(tape: &mut Tape, body: u64, to: u64) -> Option<(u64, Option<u64>)> {
    let mut from = body;
    loop {
        let keyword = tape.find(b"stream", from, to)?;
        from = keyword.checked_add(6)?;
        let data = match (tape.byte(from).ok()?, tape.byte(from.checked_add(1)?).ok()?) {
            (b'\r', b'\n') => from.checked_add(2)?,
            (b'\n' | b'\r', _) => from.checked_add(1)?,
            _ => continue,
        };
        // "stream" follows the dictionary.
        let before = tape.bytes(keyword.saturating_sub(16).max(body), 16).ok()?;
        let before = before.trim_ascii_end();
        if before.ends_with(b">>") || before.is_empty() {
            return Some((data, direct_length(tape, body, keyword)));
        }
    }
}

/// The number behind "/Length" in the dictionary between the two places, unless it refers to an object.
fn direct_length(tape: &mut Tape, body: u64, keyword: u64) -> Option<u64> {
    let mut from = body;
    loop {
        let key = tape.find(b"/Length", from, keyword)?;
        from = key.checked_add(7)?;
        if tape.byte(from).is_ok_and(|byte| byte.is_ascii_alphanumeric()) {
            continue;
        }
        let digits = tokens::space(tape, from)?;
        let (length, next) = tokens::number(tape, digits)?;
        let next = tokens::space(tape, next)?;
        let refers = tokens::number(tape, next)
            .and_then(|(_, end)| tokens::space(tape, end))
            .is_some_and(|end| tape.has(end, b"R"));
        return (!refers).then_some(length);
    }
}

/// The end of the revision whose "xref", "trailer" or "startxref" stands at `at`, where it points to a cross-reference.
fn trailer_end(tape: &mut Tape, at: u64) -> Option<End> {
    let found = end::next(tape, at, at.saturating_add(LONGEST_OBJECT))?;
    let holds = found.xref == 0 || (found.xref < found.end && end::is_xref(tape, found.xref));
    holds.then_some(found)
}

/// An object that lies across the cut of a mended file.
#[derive(Debug, Clone, Copy)]
pub(super) struct TornObject {
    /// True where nothing speaks against it.
    pub(super) holds: bool,
    /// True where a checksum speaks for it.
    pub(super) is_sure: bool,
    pub(super) length: u64,
}

/// What is to be said of the object from `at` on.
pub(super) fn torn(tape: &mut Tape, at: u64) -> TornObject {
    let unsure = |holds: bool| TornObject { holds, is_sure: false, length: 0 };
    let Some((_, body)) = tokens::skip(tape, at).and_then(|next| tokens::object(tape, next)) else {
        return unsure(true);
    };
    let Ok(end) = body_end(tape, body) else { return unsure(false) };
    let length = end.saturating_sub(at);
    match deflated(tape, body, end) {
        None => TornObject { length, ..unsure(true) },
        Some(data) => {
            let holds = inflate::zlib(tape, data, end).is_ok();
            TornObject { holds, is_sure: holds, length }
        }
    }
}

/// Where the data of a deflated stream begin.
fn deflated(tape: &mut Tape, body: u64, end: u64) -> Option<u64> {
    let (data, _) = stream_start(tape, body, end)?;
    let filter = tape.find(b"FlateDecode", body, data)?;
    let only = ![&b"ASCII85Decode"[..], b"ASCIIHexDecode", b"LZWDecode"]
        .iter()
        .any(|other| tape.find(other, body, data).is_some());
    let head = u32::from(tape.be16(data).ok()?);
    (filter > body && only && head >> 8 & 15 == 8 && head.is_multiple_of(31)).then_some(data)
}
