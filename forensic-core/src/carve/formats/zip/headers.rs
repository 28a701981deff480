//! The headers of a ZIP file (APPNOTE 6.3.10: 4.3.7 local header, 4.3.9 data descriptor, 4.3.12 central directory,
//! 4.3.14 to 4.3.16 end records, 4.5.3 ZIP64 extra field).

use crate::carve::{Break, Tape};

pub(super) const LOCAL: &[u8; 4] = b"PK\x03\x04";
pub(super) const CENTRAL: &[u8; 4] = b"PK\x01\x02";
pub(super) const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";
pub(super) const END: &[u8; 4] = b"PK\x05\x06";
pub(super) const END64: &[u8; 4] = b"PK\x06\x06";
pub(super) const LOCATOR64: &[u8; 4] = b"PK\x06\x07";
pub(super) const ARCHIVE_EXTRA: &[u8; 4] = b"PK\x06\x08";
pub(super) const SIGNATURE: &[u8; 4] = b"PK\x05\x05";

pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;
const ENCRYPTED: u16 = 1;
const STREAMED: u16 = 8;
/// Flag bits that no writer sets: 7 to 10 and 14, 15.
const UNUSED: u16 = 0xc780;
const FULL: u64 = 0xffff_ffff;

/// What both headers of a member say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    pub(super) name_length: u16,
    /// True where the sizes are those of ZIP64.
    pub(super) large: bool,
}

impl Member {
    /// True where CRC and sizes follow the data.
    pub(super) fn is_streamed(&self) -> bool {
        self.flags & STREAMED != 0
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & ENCRYPTED != 0
    }

    /// The member at `at`, whose local header is there, with the byte its data begins at.
    pub(super) fn local(tape: &mut Tape, at: u64) -> Result<(Self, u64), Break> {
        let head: [u8; 30] = tape.array(at)?;
        if !plausible(&head) {
            return Err(Break::wrong(at, "local file header"));
        }
        let (mut member, extra) = fixed(&head, 4);
        let extra_at = at.saturating_add(30).saturating_add(u64::from(member.name_length));
        let data = extra_at.saturating_add(u64::from(extra));
        member.large = zip64(tape, extra_at, extra, &mut [&mut member.size, &mut member.packed, &mut 0])?;
        Ok((member, data))
    }
}

/// A member as the central directory has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Central {
    pub(super) member: Member,
    /// Where its local header stands.
    pub(super) local: u64,
    /// The byte behind the entry.
    pub(super) end: u64,
}

impl Central {
    pub(super) fn read(tape: &mut Tape, at: u64) -> Result<Self, Break> {
        let head: [u8; 46] = tape.array(at)?;
        if !head.starts_with(CENTRAL) {
            return Err(Break::wrong(at, "central directory entry"));
        }
        let (mut member, extra) = fixed(&head, 6);
        let extra_at = at.saturating_add(46).saturating_add(u64::from(member.name_length));
        let end = extra_at.saturating_add(u64::from(extra)).saturating_add(u64::from(le16(&head, 32)));
        if end > tape.len() {
            return Err(Break { at: tape.len(), cause: crate::carve::Cause::End });
        }
        let mut local = u64::from(le32(&head, 42));
        member.large = zip64(tape, extra_at, extra, &mut [&mut member.size, &mut member.packed, &mut local])?;
        Ok(Self { member, local, end })
    }
}

/// Whether the first bytes of a file may be a local header.
pub(super) fn plausible(head: &[u8]) -> bool {
    let known = matches!(le16(head, 8), 0..=10 | 12 | 14 | 16 | 18..=20 | 93..=99);
    let name_length = usize::from(le16(head, 26));
    let name = head.get(30..).map(|rest| rest.get(..name_length).unwrap_or(rest)).unwrap_or_default();
    head.starts_with(LOCAL)
        && le16(head, 4) & 0xff <= 63
        && le16(head, 6) & UNUSED == 0
        && known
        && name_length <= 4096
        && name.iter().all(|byte| *byte >= b' ')
}

/// The fields that both headers share, from byte `at` on: needed version, flags, method, time, date, CRC, sizes, lengths.
fn fixed(head: &[u8], at: usize) -> (Member, u16) {
    let field = |offset: usize| at.saturating_add(offset);
    let member = Member {
        flags: le16(head, field(2)),
        method: le16(head, field(4)),
        crc: le32(head, field(10)),
        packed: le32(head, field(14)).into(),
        size: le32(head, field(18)).into(),
        name_length: le16(head, field(22)),
        large: false,
    };
    (member, le16(head, field(24)))
}

/// Takes the values that did not fit in four bytes from the ZIP64 extra field; true where there is one.
fn zip64(tape: &mut Tape, at: u64, length: u16, values: &mut [&mut u64; 3]) -> Result<bool, Break> {
    let end = at.saturating_add(u64::from(length));
    let mut field = at;
    while field.saturating_add(4) <= end {
        let (id, size) = (tape.le16(field)?, tape.le16(field.saturating_add(2))?);
        let mut value = field.saturating_add(4);
        let stop = value.saturating_add(u64::from(size));
        if id == 1 && stop <= end {
            for wanted in values.iter_mut().filter(|wanted| ***wanted == FULL) {
                if value.saturating_add(8) > stop {
                    break;
                }
                **wanted = tape.le64(value)?;
                value = value.saturating_add(8);
            }
            return Ok(true);
        }
        field = stop;
    }
    Ok(false)
}

pub(super) fn le16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

pub(super) fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}
