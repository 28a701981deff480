//! Records protected by an update sequence: MFT records (FILE) and index records (INDX).
//!
//! Layout: [linux-ntfs documentation, FILE record](https://flatcap.github.io/linux-ntfs/ntfs/concepts/file_record.html)
//! and [fixup](https://flatcap.github.io/linux-ntfs/ntfs/concepts/fixup.html).

use super::mft;
use crate::{
    bytes::Fields,
    error::{Error, Result},
};
use std::ops::Range;

const STRUCTURE: &str = "MFT record";
/// The header of an MFT record up to the first field that only newer versions have.
const HEADER: usize = 42;

/// Number and sequence number of an MFT record, as other records refer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Reference(pub(super) u64);

impl Reference {
    /// The record number: the low 48 bits.
    pub(super) fn record(self) -> u64 {
        self.0 & 0xffff_ffff_ffff
    }

    /// The sequence number: the high 16 bits.
    pub(super) fn sequence(self) -> u16 {
        (self.0 >> 48) as u16
    }

    /// Whether this refers to a record with `sequence` as it stands, or, where `deleted`, as it stood: most drivers count
    /// the sequence number up when they free a record, leaving out 0; some leave it until the record is used again.
    pub(super) fn meant(self, sequence: u16, deleted: bool) -> bool {
        self.sequence() == sequence || deleted && self.sequence().wrapping_add(1).max(1) == sequence
    }
}

/// The header of an MFT record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) sequence: u16,
    /// Number of names.
    pub(super) links: u16,
    pub(super) first_attribute: u16,
    pub(super) in_use: bool,
    pub(super) directory: bool,
    /// Bytes in use.
    pub(super) used: u32,
    /// The record this one continues; 0 for a record of its own.
    pub(super) base: Reference,
    /// The number the record itself gives; only since NTFS 3.1.
    pub(super) stated: Option<u32>,
}

impl Header {
    fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let fields = Fields::new(bytes, STRUCTURE, at);
        let flags = fields.u16(22)?;
        let header = Header {
            sequence: fields.u16(16)?,
            links: fields.u16(18)?,
            first_attribute: fields.u16(20)?,
            in_use: flags & 1 != 0,
            directory: flags & 2 != 0,
            used: fields.u32(24)?,
            base: Reference(fields.u64(32)?),
            // Before NTFS 3.1 the update sequence array stands in this place.
            stated: fields.u32(44).ok().filter(|_| fields.u16(4).is_ok_and(|array| array >= 48)),
        };
        if usize::from(header.first_attribute) < HEADER || usize::from(header.first_attribute) >= bytes.len() {
            return Err(fields.corrupt(20, "the first attribute inside the record", header.first_attribute));
        }
        Ok(header)
    }
}

/// An MFT record, its sector ends put back.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) number: u64,
    pub(super) header: Header,
    /// Byte offset on the medium.
    pub(super) at: u64,
    pub(super) bytes: Box<[u8]>,
    /// Set where a sector of it was not written together with the others: nothing in it can be relied on.
    pub(super) torn: Option<Error>,
    /// Set on a copy: what is wrong with the record it stands for.
    pub(super) replaces: Option<Error>,
}

impl Record {
    /// Parses the bytes of record `number`, which stand at byte `at` of the medium.
    ///
    /// # Errors
    /// Where there is no record at all; a torn one is parsed and marked.
    pub(super) fn parse(mut bytes: Box<[u8]>, number: u64, at: u64) -> Result<Self> {
        let torn = put_back_sector_ends(&mut bytes, b"FILE", STRUCTURE, at, |_| {})?;
        let header = Header::parse(&bytes, at)?;
        Ok(Self { number, header, at, bytes, torn, replaces: None })
    }
}

impl Record {
    /// Parses a record as the log holds it: the bytes in use, unprotected, at byte `at` of the medium.
    ///
    /// # Errors
    /// Where it is none.
    pub(super) fn logged(bytes: &[u8], at: u64) -> Result<Self> {
        let header = Header::parse(bytes, at)?;
        let fields = Fields::new(bytes, STRUCTURE, at);
        let used = fields.bytes(0, usize::try_from(header.used).unwrap_or(usize::MAX))?;
        Ok(Self { number: mft::outside(0), header, at, bytes: used.into(), torn: None, replaces: None })
    }

    /// The number by which other records refer to this one, also where it stands outside $MFT.
    pub(super) fn own_number(&self) -> u64 {
        match mft::is_outside(self.number) {
            true => self.header.stated.map_or(self.number, u64::from),
            false => self.number,
        }
    }
}

/// Puts back the last two bytes of each 512, which the update sequence array keeps, and tells `put_back` of each such
/// sector.
///
/// Gives the error of the first sector whose check value differs; the sectors that fit are put back all the same.
///
/// # Errors
/// Where the signature or the update sequence array is not there.
pub(super) fn put_back_sector_ends(
    bytes: &mut [u8],
    signature: &[u8; 4],
    structure: &'static str,
    at: u64,
    mut put_back: impl FnMut(Range<usize>),
) -> Result<Option<Error>> {
    let fields = Fields::new(bytes, structure, at);
    let found = fields.array::<4>(0)?;
    if found != *signature {
        let name = |bytes: &[u8]| bytes.escape_ascii().to_string();
        return Err(fields.corrupt(0, format!("the signature {:?}", name(signature)), format!("{:?}", name(&found))));
    }
    let (offset, count) = (usize::from(fields.u16(4)?), usize::from(fields.u16(6)?));
    let sectors = count.saturating_sub(1);
    // One kept value for each 512 bytes on every medium seen; one for each 4096 would fit media of such sectors.
    let stride = bytes.len().checked_div(sectors).unwrap_or(0);
    if stride.checked_mul(sectors) != Some(bytes.len()) || !matches!(stride, 512 | 4096) {
        return Err(fields.corrupt(6, format!("{} sector ends", bytes.len() / 512), sectors));
    }
    fields.bytes(offset, count.saturating_mul(2))?;
    let check = fields.array::<2>(offset)?;
    let mut torn = None;
    for index in 0..sectors {
        let kept = offset.saturating_add(index.saturating_add(1).saturating_mul(2));
        let kept = Fields::new(bytes, structure, at).array::<2>(kept)?;
        let start = index.saturating_mul(stride);
        let end = start.saturating_add(stride).saturating_sub(2);
        let Some(end) = bytes.get_mut(end..).and_then(|rest| rest.first_chunk_mut::<2>()) else { continue };
        if *end == check {
            *end = kept;
            put_back(start..start.saturating_add(stride));
        } else if torn.is_none() {
            let place = start.saturating_add(stride).saturating_sub(2) as u64;
            let expected = format!("the check value {check:02x?} of the update sequence");
            torn = Some(Error::corrupt(structure, at.saturating_add(place), expected, format!("{end:02x?}")));
        }
    }
    Ok(torn)
}
