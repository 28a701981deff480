//! The items of a picture file in the HEIF manner: which there are, what describes them, how they refer to one another, and
//! where their bytes lie (ISO/IEC 14496-12:2022, 8.11; ISO/IEC 23008-12).
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod properties;

use crate::{
    bytes::Source,
    carve::{
        Break, Tape,
        formats::isobmff::boxes::{Header, children, first},
    },
    error::{Error, Result},
};

use properties::Crop;
pub(super) use properties::{Nclx, Property};

/// Boxes at the top of a file that are looked at.
const MOST_BOXES: usize = 64;
/// Items, properties, references, and parts of items that are looked at.
const MOST: usize = 1 << 12;
/// Bytes of one item at most.
const LONGEST_ITEM: u64 = 256 << 20;
/// Bytes that are read for the description of the items.
const MOST_BYTES: u64 = 64 << 20;

/// An item: a coded picture, how others make one, or metadata.
#[derive(Debug, Clone, Default)]
pub(super) struct Item {
    pub(super) id: u32,
    /// Type: "av01", "hvc1", "grid", "Exif", "mime".
    pub(super) kind: [u8; 4],
    /// Media type of an item of type "mime".
    pub(super) media_type: String,
    /// Parts in the file; in the box `idat` where `inside` is true.
    parts: Vec<(u64, u64)>,
    inside: bool,
    pub(super) properties: Vec<Property>,
}

/// A reference from one item to others.
#[derive(Debug, Clone)]
struct Reference {
    kind: [u8; 4],
    from: u32,
    to: Vec<u32>,
}

/// What the box `meta` of a file tells.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) primary: u32,
    items: Vec<Item>,
    references: Vec<Reference>,
    /// Where the box `idat` has its bytes.
    data: Option<(u64, u64)>,
}

impl Items {
    /// Reads the description of the items of `source`.
    pub(super) fn read(source: &Source) -> Result<Self> {
        let mut tape = Tape::new(source.clone(), 0);
        tape.allow(MOST_BYTES);
        Self::walk(&mut tape).map_err(|broken| {
            let at = source.medium_offset(broken.at);
            Error::corrupt("HEIF items", at, "a box that holds", format!("{:?}", broken.cause))
        })
    }

    fn walk(tape: &mut Tape) -> Result<Self, Break> {
        let meta = top(tape, b"meta")?;
        let boxes = children(tape, meta.body.saturating_add(4), meta.end)?;
        let mut items = Self::default();
        if let Some(pitm) = first(&boxes, b"pitm") {
            let mut reader = Reader::versioned(tape, pitm)?;
            items.primary = reader.id(1)?;
        }
        if let Some(iinf) = first(&boxes, b"iinf") {
            items.entries(tape, iinf)?;
        }
        if let Some(iloc) = first(&boxes, b"iloc") {
            items.locations(tape, iloc)?;
        }
        if let Some(iref) = first(&boxes, b"iref") {
            items.refer(tape, iref)?;
        }
        if let Some(iprp) = first(&boxes, b"iprp") {
            items.describe(tape, iprp)?;
        }
        items.data = first(&boxes, b"idat").map(|idat| (idat.body, idat.end));
        Ok(items)
    }

    fn entries(&mut self, tape: &mut Tape, iinf: Header) -> Result<(), Break> {
        let head = if tape.byte(iinf.body)? == 0 { 6 } else { 8 };
        for infe in children(tape, iinf.body.saturating_add(head), iinf.end)?.into_iter().take(MOST) {
            let mut reader = Reader::versioned(tape, infe)?;
            if !matches!(reader.version, 2 | 3) {
                continue;
            }
            let id = reader.id(3)?;
            reader.skip(2);
            let kind = reader.tape.array(reader.at)?;
            reader.skip(4);
            let length = usize::try_from(infe.end.saturating_sub(reader.at).min(512)).unwrap_or(0);
            let texts = reader.tape.bytes(reader.at, length).unwrap_or_default();
            let media_type = texts.split(|byte| *byte == 0).nth(1).unwrap_or_default();
            let media_type = String::from_utf8_lossy(media_type).into_owned();
            self.items.push(Item { id, kind, media_type, ..Item::default() });
        }
        Ok(())
    }

    fn locations(&mut self, tape: &mut Tape, iloc: Header) -> Result<(), Break> {
        let mut reader = Reader::versioned(tape, iloc)?;
        let version = reader.version;
        let widths = reader.number(2)?;
        let width = |shift: u32| widths >> shift & 15;
        let (offset_width, length_width, base_width) = (width(12), width(8), width(4));
        let index_width = if version > 0 { width(0) } else { 0 };
        if version > 2
            || [offset_width, length_width, base_width, index_width].iter().any(|width| ![0, 4, 8].contains(width))
        {
            return Err(Break::wrong(iloc.body, "widths of item locations"));
        }
        let count = reader.id(2)?;
        let mut parts = 0usize;
        for _ in 0..count {
            let id = reader.id(2)?;
            let method = if version > 0 { reader.number(2)? & 15 } else { 0 };
            let other_file = reader.number(2)? != 0;
            let base = reader.number(base_width)?;
            for _ in 0..reader.number(2)? {
                reader.number(index_width)?;
                let offset = base.saturating_add(reader.number(offset_width)?);
                let length = reader.number(length_width)?;
                parts = parts.saturating_add(1);
                if parts > MOST {
                    return Err(Break::wrong(iloc.start, "number of parts of items"));
                }
                if let Some(item) = self.items.iter_mut().find(|item| item.id == id)
                    && method < 2
                    && !other_file
                {
                    item.inside = method == 1;
                    item.parts.push((offset, length));
                }
            }
        }
        Ok(())
    }

    fn refer(&mut self, tape: &mut Tape, iref: Header) -> Result<(), Break> {
        let wide = tape.byte(iref.body)? > 0;
        let width = if wide { 4 } else { 2 };
        for one in children(tape, iref.body.saturating_add(4), iref.end)?.into_iter().take(MOST) {
            let mut reader = Reader { tape, at: one.body, end: one.end, version: 0, flags: 0 };
            let from = u32::try_from(reader.number(width)?).unwrap_or(0);
            let count = reader.number(2)?;
            let to = (0..count).map(|_| reader.number(width).map(|id| u32::try_from(id).unwrap_or(0)));
            let to = to.collect::<Result<_, _>>()?;
            self.references.push(Reference { kind: one.kind, from, to });
        }
        Ok(())
    }

    fn describe(&mut self, tape: &mut Tape, iprp: Header) -> Result<(), Break> {
        let boxes = children(tape, iprp.body, iprp.end)?;
        let ipco = first(&boxes, b"ipco").ok_or(Break::wrong(iprp.start, "properties"))?;
        let mut properties = Vec::new();
        for one in children(tape, ipco.body, ipco.end)?.into_iter().take(MOST) {
            properties.push(Property::read(tape, one).unwrap_or(Property::Other));
        }
        for ipma in boxes.iter().filter(|header| &header.kind == b"ipma") {
            let mut reader = Reader::versioned(tape, *ipma)?;
            let wide = reader.flags & 1 != 0;
            let count = reader.number(4)?;
            for _ in 0..count {
                let id = reader.id(1)?;
                for _ in 0..reader.number(1)? {
                    let index = if wide { reader.number(2)? & 0x7fff } else { reader.number(1)? & 0x7f };
                    let property = usize::try_from(index).ok().and_then(|index| properties.get(index.checked_sub(1)?));
                    let item = self.items.iter_mut().find(|item| item.id == id);
                    if let (Some(item), Some(property)) = (item, property)
                        && item.properties.len() < 64
                    {
                        item.properties.push(property.clone());
                    }
                }
            }
        }
        Ok(())
    }

    /// The item of a number.
    pub(super) fn item(&self, id: u32) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    /// All items.
    pub(super) fn all(&self) -> &[Item] {
        &self.items
    }

    /// The items that `from` refers to by references of a kind.
    pub(super) fn from(&self, from: u32, kind: &[u8; 4]) -> Vec<u32> {
        let fits = |one: &&Reference| one.from == from && one.kind == *kind;
        self.references.iter().filter(fits).flat_map(|one| one.to.iter().copied()).collect()
    }

    /// The items that refer to `to` by references of a kind.
    pub(super) fn to(&self, to: u32, kind: &[u8; 4]) -> impl Iterator<Item = &Item> {
        let fits = move |one: &&Reference| one.kind == *kind && one.to.contains(&to);
        self.references.iter().filter(fits).filter_map(|one| self.item(one.from))
    }

    /// Where the first byte of an item stands.
    pub(super) fn place(&self, item: &Item) -> Option<u64> {
        let (offset, _) = item.parts.first()?;
        if item.inside { self.data?.0.checked_add(*offset) } else { Some(*offset) }
    }

    /// The bytes of an item, as many of them as the source has.
    pub(super) fn bytes(&self, source: &Source, item: &Item, limit: u64) -> Result<Vec<u8>> {
        let limit = limit.min(LONGEST_ITEM);
        let mut bytes = Vec::new();
        for (offset, length) in &item.parts {
            let (start, end) = match self.data.filter(|_| item.inside) {
                Some((start, end)) => (start.saturating_add(*offset), end),
                None => (*offset, source.len()),
            };
            let there = end.min(source.len()).saturating_sub(start);
            // A length of nought is all there is.
            let length = if *length == 0 { there } else { (*length).min(there) };
            let found = length.saturating_add(bytes.len() as u64);
            if found > limit {
                let offset = source.medium_offset(start);
                return Err(Error::Limit { structure: "HEIF item", offset, found, limit, unit: "bytes" });
            }
            bytes.extend_from_slice(&source.read_vec(start, length)?);
        }
        Ok(bytes)
    }
}

impl Item {
    /// The part of a picture of this size that is shown: left, top, width and height.
    pub(super) fn crop(&self, size: (u32, u32)) -> Option<(u32, u32, u32, u32)> {
        let crop: Option<Crop> = self.properties.iter().find_map(|property| match property {
            Property::Crop(crop) => Some(*crop),
            _ => None,
        });
        crop.and_then(|crop| crop.of(size))
    }

    /// Width and height, before anything is cut off.
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        self.properties.iter().find_map(|property| match property {
            Property::Size(width, height) => Some((*width, *height)),
            _ => None,
        })
    }

    /// How colours are coded, where the container tells.
    pub(super) fn nclx(&self) -> Option<Nclx> {
        self.properties.iter().find_map(|property| match property {
            Property::Nclx(nclx) => Some(*nclx),
            _ => None,
        })
    }

    /// The decoder configuration of HEVC.
    pub(super) fn hevc(&self) -> Option<&[u8]> {
        self.properties.iter().find_map(|property| match property {
            Property::Hevc(config) => Some(&**config),
            _ => None,
        })
    }

    /// Bytes, as the file tells.
    pub(super) fn length(&self) -> u64 {
        self.parts.iter().fold(0, |length, part| part.1.saturating_add(length))
    }

    /// True for an item that is the alpha of another.
    pub(super) fn is_alpha(&self) -> bool {
        self.properties.contains(&Property::Alpha)
    }
}

/// The first box of a type at the top of the file.
pub(super) fn top(tape: &mut Tape, kind: &[u8; 4]) -> Result<Header, Break> {
    let mut at = 0;
    for _ in 0..MOST_BOXES {
        let header = crate::carve::formats::isobmff::boxes::header(tape, at)?;
        if header.kind == *kind {
            return Ok(header);
        }
        at = header.end;
    }
    Err(Break::wrong(at, "a box that must be there"))
}

struct Reader<'a> {
    tape: &'a mut Tape,
    at: u64,
    end: u64,
    version: u64,
    flags: u64,
}

impl<'a> Reader<'a> {
    /// Behind version and flags of a box.
    fn versioned(tape: &'a mut Tape, header: Header) -> Result<Self, Break> {
        let mut reader = Self { tape, at: header.body, end: header.end, version: 0, flags: 0 };
        reader.version = reader.number(1)?;
        reader.flags = reader.number(3)?;
        Ok(reader)
    }

    fn skip(&mut self, bytes: u64) {
        self.at = self.at.saturating_add(bytes);
    }

    /// A number of an item, or of items: of four bytes from version `wide` on.
    fn id(&mut self, wide: u64) -> Result<u32, Break> {
        let width = if self.version >= wide { 4 } else { 2 };
        Ok(u32::try_from(self.number(width)?).unwrap_or(0))
    }

    fn number(&mut self, width: u64) -> Result<u64, Break> {
        let next = self.at.saturating_add(width);
        if next > self.end {
            return Err(Break::wrong(self.at, "end of a box"));
        }
        let bytes = self.tape.bytes(self.at, usize::try_from(width).unwrap_or(0))?;
        let number = bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        self.at = next;
        Ok(number)
    }
}
