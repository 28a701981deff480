//! The attributes of an MFT record.
//!
//! Layout: [linux-ntfs documentation, attribute header](https://flatcap.github.io/linux-ntfs/ntfs/concepts/attribute_header.html).

use super::record::Record;
use crate::{
    bytes::Fields,
    error::{Error, Result},
};

const STRUCTURE: &str = "attribute";
const END: u32 = 0xffff_ffff;
/// The shortest an attribute can be.
const HEADER: u32 = 24;

/// Type codes of attributes.
pub(super) mod kind {
    pub(in super::super) const STANDARD_INFORMATION: u32 = 0x10;
    pub(in super::super) const ATTRIBUTE_LIST: u32 = 0x20;
    pub(in super::super) const FILE_NAME: u32 = 0x30;
    pub(in super::super) const OBJECT_ID: u32 = 0x40;
    pub(in super::super) const VOLUME_NAME: u32 = 0x60;
    pub(in super::super) const DATA: u32 = 0x80;
    pub(in super::super) const INDEX_ROOT: u32 = 0x90;
    pub(in super::super) const INDEX_ALLOCATION: u32 = 0xa0;
    pub(in super::super) const BITMAP: u32 = 0xb0;
    pub(in super::super) const REPARSE_POINT: u32 = 0xc0;
    pub(in super::super) const LOGGED_UTILITY_STREAM: u32 = 0x100;
}

/// An attribute, or one fragment of it.
#[derive(Clone, Copy)]
pub(super) struct Attribute<'a> {
    pub(super) kind: u32,
    /// UTF-16LE.
    pub(super) name: &'a [u8],
    pub(super) flags: u16,
    /// Number of the attribute within its record.
    pub(super) id: u16,
    /// Byte offset on the medium.
    pub(super) at: u64,
    pub(super) body: Body<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    /// The content stands in the record.
    Resident {
        value: &'a [u8],
        /// Byte offset of the value in the record.
        offset: usize,
    },
    /// The content stands in clusters.
    NonResident(NonResident<'a>),
}

/// Where the content of an attribute lies.
#[derive(Clone, Copy)]
pub(super) struct NonResident<'a> {
    /// First virtual cluster of this fragment.
    pub(super) lowest: u64,
    /// The data runs, packed.
    pub(super) runs: &'a [u8],
    /// Clusters of a compression unit as a power of two; 0 where there are none.
    pub(super) unit: u8,
    /// Bytes of the content; only the first fragment says so.
    pub(super) size: u64,
    /// Bytes that were ever written; those behind read as zeros.
    pub(super) initialized: u64,
}

impl<'a> Attribute<'a> {
    /// The method of compression; 0 for none, 1 for LZNT1.
    pub(super) fn compression(&self) -> u16 {
        self.flags & 0x00ff
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & 0x4000 != 0
    }

    pub(super) fn is_sparse(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// The value where it stands in the record.
    pub(super) fn resident(&self) -> Option<&'a [u8]> {
        match self.body {
            Body::Resident { value, .. } => Some(value),
            Body::NonResident(_) => None,
        }
    }

    /// The first virtual cluster; 0 for a resident attribute.
    pub(super) fn lowest(&self) -> u64 {
        match self.body {
            Body::Resident { .. } => 0,
            Body::NonResident(body) => body.lowest,
        }
    }

    /// `bytes` begin with the attribute, which stands at byte `at` of the medium and `offset` of its record. Its length
    /// comes with it.
    fn parse(bytes: &'a [u8], at: u64, offset: usize) -> Result<(Self, usize)> {
        let fields = Fields::new(bytes, STRUCTURE, at);
        let length = fields.u32(4)?;
        let length = usize::try_from(length)
            .ok()
            .filter(|_| length >= HEADER)
            .filter(|length| *length <= bytes.len())
            .ok_or_else(|| fields.corrupt(4, format!("a length of 24 to {} bytes", bytes.len()), length))?;
        let fields = Fields::new(fields.bytes(0, length)?, STRUCTURE, at);
        let name = fields.bytes(usize::from(fields.u16(10)?), usize::from(fields.u8(9)?).saturating_mul(2));
        let body = if fields.u8(8)? == 0 {
            let offset_of_value = usize::from(fields.u16(20)?);
            let length = usize::try_from(fields.u32(16)?).unwrap_or(usize::MAX);
            Body::Resident {
                value: fields.bytes(offset_of_value, length)?,
                offset: offset.saturating_add(offset_of_value),
            }
        } else {
            let runs = usize::from(fields.u16(32)?);
            Body::NonResident(NonResident {
                lowest: fields.u64(16)?,
                runs: fields.bytes(runs, length.saturating_sub(runs))?,
                unit: fields.u8(34)?,
                size: fields.optional(48).map_or(0, u64::from_le_bytes),
                initialized: fields.optional(56).map_or(0, u64::from_le_bytes),
            })
        };
        let attribute =
            Self { kind: fields.u32(0)?, name: name?, flags: fields.u16(12)?, id: fields.u16(14)?, at, body };
        Ok((attribute, length))
    }
}

/// The attributes of one record, in order; the first damaged one ends them.
pub(super) struct Attributes<'a> {
    bytes: &'a [u8],
    at: u64,
    next: Option<usize>,
}

impl Record {
    pub(super) fn attributes(&self) -> Attributes<'_> {
        let used = usize::try_from(self.header.used).unwrap_or(usize::MAX);
        Attributes {
            bytes: self.bytes.get(..used).unwrap_or(&self.bytes),
            at: self.at,
            next: Some(usize::from(self.header.first_attribute)),
        }
    }
}

impl<'a> Attributes<'a> {
    /// The attributes of one kind up to the first damaged one. The others are passed over by their lengths, unparsed: this
    /// is what most of the time of a listing would go into.
    pub(super) fn of_kind(mut self, kind: u32) -> impl Iterator<Item = Attribute<'a>> {
        std::iter::from_fn(move || {
            loop {
                let offset = self.next?;
                let head = self.bytes.get(offset..)?.first_chunk::<8>()?;
                let (found, length) =
                    (u32::from_le_bytes(*head.first_chunk()?), u32::from_le_bytes(*head.last_chunk()?));
                if found == kind {
                    return self.next()?.ok();
                }
                if found == END || length < HEADER {
                    return None;
                }
                self.next = offset.checked_add(usize::try_from(length).ok()?);
            }
        })
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.next.take()?;
        let at = self.at.saturating_add(offset as u64);
        let rest = self.bytes.get(offset..)?;
        // A record may end without an end mark where it is full.
        if rest.len() < 4 {
            return None;
        }
        match Fields::new(rest, STRUCTURE, at).u32(0) {
            Ok(END) => None,
            Ok(_) => Some(Attribute::parse(rest, at, offset).map(|(attribute, length)| {
                self.next = offset.checked_add(length);
                attribute
            })),
            Err(error) => Some(Err(error)),
        }
    }
}
