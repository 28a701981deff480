//! Boxes: the header of one, and those inside another (ISO/IEC 14496-12:2022, 4.2; QuickTime File Format, "Atoms").

use crate::carve::{Break, Tape};

/// Boxes inside one box that are looked at.
const MOST_CHILDREN: usize = 1 << 14;

/// A box, or where one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: [u8; 4],
    pub(crate) start: u64,
    /// Where its content begins.
    pub(crate) body: u64,
    /// Where it ends; for a box that reaches to the end of the file, the end of what can be read.
    pub(crate) end: u64,
    /// True where its size says "to the end of the file".
    pub(crate) open: bool,
}

impl Header {
    /// True where all its bytes are there.
    pub(crate) fn fits(&self, tape: &Tape) -> bool {
        self.end <= tape.len()
    }
}

/// The header at `at`, whatever its type; its size is no less than its own bytes.
pub(crate) fn header(tape: &mut Tape, at: u64) -> Result<Header, Break> {
    let size = u64::from(tape.be32(at)?);
    let kind: [u8; 4] = tape.array(at.saturating_add(4))?;
    let (size, head, open) = match size {
        0 => (tape.len().saturating_sub(at), 8, true),
        1 => (tape.be64(at.saturating_add(8))?, 16, false),
        size => (size, 8, false),
    };
    let end = at.checked_add(size).filter(|_| size >= head).ok_or(Break::wrong(at, "size of a box"))?;
    Ok(Header { kind, start: at, body: at.saturating_add(head), end, open })
}

/// The boxes that fill the bytes from `from` to `to`.
pub(crate) fn children(tape: &mut Tape, from: u64, to: u64) -> Result<Vec<Header>, Break> {
    let mut boxes = Vec::new();
    let mut at = from;
    // The list of user data may end in a zero of four bytes.
    while at.saturating_add(8) <= to {
        let child = header(tape, at)?;
        if child.open || child.end > to || boxes.len() >= MOST_CHILDREN {
            return Err(Break::wrong(at, "box inside a box"));
        }
        boxes.push(child);
        at = child.end;
    }
    if to.saturating_sub(at) > 4 { Err(Break::wrong(at, "end of a box")) } else { Ok(boxes) }
}

/// The first of `boxes` of type `kind`.
pub(crate) fn first(boxes: &[Header], kind: &[u8; 4]) -> Option<Header> {
    boxes.iter().find(|header| header.kind == *kind).copied()
}

/// The box inside `header` that `path` leads to.
pub(crate) fn inside(tape: &mut Tape, header: Header, path: &[&[u8; 4]]) -> Result<Header, Break> {
    let mut found = header;
    for kind in path {
        let boxes = children(tape, found.body, found.end)?;
        found = first(&boxes, kind).ok_or(Break::wrong(found.start, "a box that must be inside"))?;
    }
    Ok(found)
}
