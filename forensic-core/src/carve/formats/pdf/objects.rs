//! The walk over the objects of a PDF (ISO 32000-1, 7.3.8, 7.3.10, 7.5).

use super::{
    end::{self, End},
    syntax::{self, Stop},
    tokens,
};
use crate::carve::{Tape, formats::inflate};

/// The farthest the end of an object that is no stream, or of a dictionary, is looked for.
const LONGEST_OBJECT: u64 = 16 << 20;
/// Bytes by which a stream may be longer than its dictionary says.
const LENGTH_ERROR: u64 = 16;
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
    let keyword = match syntax::value(tape, body)? {
        Stop::Object(end) => return Ok(end),
        Stop::Stream(keyword) => keyword,
    };
    let data = data(tape, keyword).ok_or(keyword)?;
    let length = direct_length(tape, body, keyword);
    if let Some(length) = length {
        let behind = data.saturating_add(length);
        let keyword = tokens::space(tape, behind).filter(|at| at.saturating_sub(behind) <= 8).unwrap_or(behind);
        if tape.has(keyword, b"endstream") {
            return object_end(tape, keyword).ok_or(keyword);
        }
    } else if is_deflated(tape, body, keyword, data) {
        // The data tell their end.
        let inflated = inflate::zlib(tape, data, u64::MAX).map_err(|torn| torn.broken.at)?;
        let keyword = tape.find(b"endstream", inflated.end, inflated.end.saturating_add(64)).ok_or(inflated.end)?;
        return object_end(tape, keyword).ok_or(keyword);
    }
    let mut from = data;
    let to = data.saturating_add(length.map_or(LONGEST_STREAM, |length| length.saturating_add(LENGTH_ERROR)));
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

/// Where the data of the stream begin whose keyword stands at `keyword`.
fn data(tape: &mut Tape, keyword: u64) -> Option<u64> {
    let at = keyword.checked_add(6)?;
    match (tape.byte(at).ok()?, tape.byte(at.checked_add(1)?).ok()?) {
        (b'\r', b'\n') => at.checked_add(2),
        (b'\n' | b'\r', _) => at.checked_add(1),
        _ => None,
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
    let stream = match syntax::value(tape, body) {
        Ok(Stop::Stream(keyword)) => data(tape, keyword).filter(|data| is_deflated(tape, body, keyword, *data)),
        _ => None,
    };
    match stream {
        None => TornObject { length, ..unsure(true) },
        Some(data) => {
            let holds = inflate::zlib(tape, data, end).is_ok();
            TornObject { holds, is_sure: holds, length }
        }
    }
}

/// True where the dictionary from `body` to `keyword` says that the data are deflated and nothing else, and they begin so.
fn is_deflated(tape: &mut Tape, body: u64, keyword: u64, data: u64) -> bool {
    let mut says = |name: &[u8]| tape.find(name, body, keyword).is_some();
    let only = says(b"FlateDecode") && !says(b"ASCII85Decode") && !says(b"ASCIIHexDecode") && !says(b"LZWDecode");
    let head = tape.be16(data).unwrap_or(0);
    only && head >> 8 & 15 == 8 && head.is_multiple_of(31)
}
