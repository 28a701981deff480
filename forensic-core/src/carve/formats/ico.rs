//! ICO and CUR, by their directory and the PNG or DIB each entry tells of (Microsoft, "Icons", ICONDIR and ICONDIRENTRY).

use crate::carve::{Break, Format, Found, Holds, Outcome, Signature, Tape};

/// Windows icons and cursors.
pub(super) struct Ico;

const SIGNATURES: &[Signature] =
    &[Signature::new(b"\0\0\x01\0").when(is_plausible), Signature::new(b"\0\0\x02\0").when(is_plausible)];
const HEADER: u64 = 6;
const ENTRY: u64 = 16;
const MOST_PICTURES: u16 = 256;

impl Format for Ico {
    fn types(&self) -> &'static [&'static str] {
        &["ico", "cur"]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        match walk(tape) {
            Ok(found) => Outcome::Whole(found.holds(Holds::Others)),
            Err(_) => Outcome::No,
        }
    }
}

/// The first entry's fields agree with one another.
fn is_plausible(head: &[u8]) -> bool {
    let Some((fields, _)) = head.split_first_chunk::<22>() else { return false };
    let [_, _, kind, _, low, high, _, _, _, reserved, planes, _, bits, bits_high, s0, s1, s2, s3, o0, o1, o2, o3] =
        *fields;
    let count = u16::from_le_bytes([low, high]);
    let size = u32::from_le_bytes([s0, s1, s2, s3]);
    let offset = u32::from_le_bytes([o0, o1, o2, o3]);
    let directory = u32::from(count).saturating_mul(16).saturating_add(6);
    let of_icon = kind == 2 || (planes <= 1 && bits_high == 0 && matches!(bits, 0 | 1 | 4 | 8 | 16 | 24 | 32));
    (1..=MOST_PICTURES).contains(&count)
        && matches!(reserved, 0 | 255)
        && of_icon
        && (40..1 << 24).contains(&size)
        && (directory..1 << 24).contains(&offset)
}

fn walk(tape: &mut Tape) -> Result<Found, Break> {
    let kind = if tape.byte(2)? == 1 { "ico" } else { "cur" };
    let count = u64::from(tape.le16(4)?);
    let mut end = HEADER.saturating_add(count.saturating_mul(ENTRY));
    let directory = end;
    for number in 0..count {
        let entry = HEADER.saturating_add(number.saturating_mul(ENTRY));
        let size = u64::from(tape.le32(entry.saturating_add(8))?);
        let offset = u64::from(tape.le32(entry.saturating_add(12))?);
        if offset < directory {
            return Err(Break::wrong(entry, "place of an icon's picture"));
        }
        let width = tape.byte(entry)?;
        picture(tape, offset, size, width)?;
        end = end.max(offset.saturating_add(size));
    }
    if end > tape.len() {
        return Err(Break::wrong(tape.len(), "end of the icon"));
    }
    Ok(Found::new(kind, end))
}

/// A picture is a PNG to its last chunk, or a bitmap whose height counts its mask as well.
fn picture(tape: &mut Tape, at: u64, size: u64, width: u8) -> Result<(), Break> {
    let wrong = Break::wrong(at, "picture of an icon");
    if tape.has(at, b"\x89PNG\r\n\x1a\n") {
        let last = at.saturating_add(size).checked_sub(8).ok_or(wrong)?;
        return tape.expect(last, b"IEND\xaeB`\x82", "end of an icon's PNG");
    }
    let [length, wide, high] = [tape.le32(at)?, tape.le32(at.saturating_add(4))?, tape.le32(at.saturating_add(8))?];
    let [planes, bits] = [tape.le16(at.saturating_add(12))?, tape.le16(at.saturating_add(14))?];
    let compression = tape.le32(at.saturating_add(16))?;
    let fits = matches!(length, 40 | 52 | 56 | 108 | 124)
        && planes <= 1
        && matches!(bits, 1 | 4 | 8 | 16 | 24 | 32)
        && matches!(compression, 0 | 3)
        && (1..=1024).contains(&wide)
        && (width == 0 || wide & 0xff == u32::from(width))
        && high.checked_rem(2) == Some(0);
    let row = u64::from(wide).saturating_mul(bits.into()).div_ceil(32).saturating_mul(4);
    let pixels = row.saturating_mul(u64::from(high / 2));
    if fits && pixels.saturating_add(length.into()) <= size { Ok(()) } else { Err(wrong) }
}
