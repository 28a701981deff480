//! The items of a picture in the HEIF manner: their types and where they lie (ISO/IEC 14496-12:2022, 8.11; ISO/IEC 23008-12).

use super::{
    boxes::{Header, children, first},
    coding::Coding,
};
use crate::carve::{Break, Tape};

/// The media type of XMP (ISO/IEC 23008-12, A.3).
const XMP: &[u8] = b"application/rdf+xml";
/// Bytes of the name and the media type of an item that are looked at.
const LONGEST_NAME: u64 = 512;
/// Items and extents that are looked at.
const MOST: usize = 1 << 16;

/// A part of an item in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) offset: u64,
    pub(super) length: u64,
    /// How the item is coded, where all of it is here.
    pub(super) coding: Coding,
}

/// The extents of the items that the box `meta` tells of, in the order of the table.
pub(super) fn extents(tape: &mut Tape, meta: Header) -> Result<Vec<Extent>, Break> {
    let boxes = children(tape, meta.body.saturating_add(4), meta.end)?;
    let iloc = first(&boxes, b"iloc").ok_or(Break::wrong(meta.start, "item locations"))?;
    let codings = match first(&boxes, b"iinf") {
        Some(iinf) => codings(tape, iinf)?,
        None => Vec::new(),
    };
    let mut reader = Reader { tape, at: iloc.body, end: iloc.end };
    let version = reader.number(1)?;
    reader.at = reader.at.saturating_add(3);
    let widths = reader.number(2)?;
    let width = |shift: u32| widths >> shift & 15;
    let (offset_width, length_width, base_width) = (width(12), width(8), width(4));
    let index_width = if version > 0 { width(0) } else { 0 };
    let id_width = if version < 2 { 2 } else { 4 };
    if version > 2
        || [offset_width, length_width, base_width, index_width].iter().any(|width| ![0, 4, 8].contains(width))
    {
        return Err(Break::wrong(iloc.body, "widths of item locations"));
    }
    let items = reader.number(id_width)?;
    let mut found = Vec::new();
    for _ in 0..items {
        let id = reader.number(id_width)?;
        let method = if version > 0 { reader.number(2)? & 15 } else { 0 };
        let other_file = reader.number(2)? != 0;
        let base = reader.number(base_width)?;
        let count = reader.number(2)?;
        let coding = codings.iter().find(|(item, _)| *item == id).map(|(_, coding)| *coding);
        let coding = coding.filter(|_| count == 1).unwrap_or(Coding::Unknown);
        for _ in 0..count {
            reader.number(index_width)?;
            let offset = base.saturating_add(reader.number(offset_width)?);
            let length = reader.number(length_width)?;
            if method == 0 && !other_file && length > 0 {
                found.push(Extent { offset, length, coding });
            }
            if found.len() > MOST {
                return Err(Break::wrong(iloc.start, "number of items"));
            }
        }
    }
    Ok(found)
}

/// How the items are coded, by their number.
fn codings(tape: &mut Tape, iinf: Header) -> Result<Vec<(u64, Coding)>, Break> {
    let head = if tape.byte(iinf.body)? == 0 { 6 } else { 8 };
    let mut codings = Vec::new();
    for infe in children(tape, iinf.body.saturating_add(head), iinf.end)? {
        let (id, at) = match tape.byte(infe.body)? {
            2 => (u64::from(tape.be16(infe.body.saturating_add(4))?), infe.body.saturating_add(8)),
            3 => (u64::from(tape.be32(infe.body.saturating_add(4))?), infe.body.saturating_add(10)),
            _ => continue,
        };
        let kind: [u8; 4] = tape.array(at)?;
        let is_xmp = kind == *b"mime" && is_xmp(tape, infe, at);
        codings.push((id, if is_xmp { Coding::Xml } else { Coding::of(kind, 4) }));
    }
    Ok(codings)
}

/// True where the media type of an item, whose type stands at `at` of its entry, says so; its name stands before.
fn is_xmp(tape: &mut Tape, infe: Header, at: u64) -> bool {
    let name = at.saturating_add(4);
    let length = infe.end.saturating_sub(name).min(LONGEST_NAME);
    let texts = tape.bytes(name, usize::try_from(length).unwrap_or(0)).unwrap_or_default();
    texts.split(|byte| *byte == 0).nth(1) == Some(XMP)
}

struct Reader<'a> {
    tape: &'a mut Tape,
    at: u64,
    end: u64,
}

impl Reader<'_> {
    fn number(&mut self, width: u64) -> Result<u64, Break> {
        let next = self.at.saturating_add(width);
        if next > self.end {
            return Err(Break::wrong(self.at, "item locations"));
        }
        let bytes = self.tape.bytes(self.at, usize::try_from(width).unwrap_or(0))?;
        let number = bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        self.at = next;
        Ok(number)
    }
}
