//! How samples are coded, as far as their own bytes can be checked: lengths before NAL units (ISO/IEC 14496-15), sizes of OBUs
//! (AV1 specification, 5.3), and first bytes that never change.

use crate::carve::{Break, Tape};

/// Units of one sample that are looked at.
const MOST_UNITS: usize = 1 << 12;

/// What the bytes of a sample can be held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// NAL units behind lengths of so many bytes.
    Nal(u8),
    /// OBUs.
    Av1,
    /// Samples begin with these bytes.
    Begins(&'static [u8]),
    /// ProRes: the size of the frame, and its name.
    ProRes,
    /// VP9: a frame marker of two bits.
    Vp9,
    /// H.263: a picture start code of 22 bits.
    H263,
    /// XML: XMP beside a picture.
    Xml,
    /// AAC, ALAC and MP3: each frame begins as nearly all others do, which shows where several are looked at.
    Sound,
    /// Nothing.
    Unknown,
}

impl Coding {
    /// The coding of the sample entry `entry` (or item type), whose NAL lengths take `nal` bytes.
    pub(super) fn of(entry: [u8; 4], nal: u8) -> Self {
        match &entry {
            b"avc1" | b"avc2" | b"avc3" | b"avc4" | b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" | b"dvav" | b"dva1"
            | b"vvc1" | b"vvi1" | b"lhv1" => Self::Nal(nal),
            b"av01" => Self::Av1,
            b"mp4v" => Self::Begins(b"\0\0\x01"),
            b"jpeg" | b"MJPG" | b"mjpa" | b"mjpb" => Self::Begins(b"\xff\xd8"),
            b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => Self::ProRes,
            b"vp09" => Self::Vp9,
            b"s263" | b"h263" => Self::H263,
            b"mp4a" | b"alac" => Self::Sound,
            b"ac-3" | b"ec-3" => Self::Begins(b"\x0b\x77"),
            _ => Self::Unknown,
        }
    }

    /// True where a sample can be checked by itself.
    pub(super) fn can_check(self) -> bool {
        !matches!(self, Self::Xml | Self::Sound | Self::Unknown)
    }

    /// True for pictures, nothing of which is text or zeros.
    pub(super) fn is_compressed(self) -> bool {
        matches!(self, Self::Nal(_) | Self::Av1 | Self::Begins(b"\xff\xd8"))
    }

    /// True where the sample of `size` bytes at `at` begins as one of several units, whatever follows.
    pub(super) fn begins(self, tape: &mut Tape, at: u64, size: u64) -> bool {
        let Self::Nal(4) = self else { return false };
        let unit = tape.be32(at).map_or(0, u64::from);
        (2..size.saturating_sub(4)).contains(&unit)
            && tape.byte(at.saturating_add(4)).is_ok_and(|kind| kind & 0x80 == 0)
    }

    /// True where the sample of `size` bytes at `at` is coded so.
    pub(super) fn holds(self, tape: &mut Tape, at: u64, size: u64) -> Result<bool, Break> {
        let end = at.saturating_add(size);
        if end > tape.len() {
            return Ok(false);
        }
        Ok(match self {
            Self::Nal(length) => nal_units(tape, at, end, length)?,
            Self::Av1 => obus(tape, at, end)?,
            Self::Begins(bytes) => size < bytes.len() as u64 || tape.has(at, bytes),
            Self::ProRes => u64::from(tape.be32(at)?) == size && tape.has(at.saturating_add(4), b"icpf"),
            Self::Vp9 => size == 0 || tape.byte(at)? >> 6 == 2,
            Self::H263 => size < 3 || tape.be32(at)? >> 10 == 0x20,
            Self::Xml | Self::Sound | Self::Unknown => true,
        })
    }
}

/// The first byte of the text from `at` to `end` that is of none; a writer may end it with a zero.
pub(super) fn no_text(tape: &mut Tape, at: u64, end: u64) -> Option<u64> {
    match tape.byte(at).ok()? {
        b'<' | 0xef | b' ' | b'\t' | b'\r' | b'\n' => tape.find(b"\0", at, end.saturating_sub(1)),
        _ => Some(at),
    }
}

fn nal_units(tape: &mut Tape, mut at: u64, end: u64, length: u8) -> Result<bool, Break> {
    for _ in 0..MOST_UNITS {
        if at == end {
            return Ok(true);
        }
        let unit = at.saturating_add(u64::from(length));
        if unit > end {
            return Ok(false);
        }
        let size = match length {
            1 => u64::from(tape.byte(at)?),
            2 => u64::from(tape.be16(at)?),
            _ => u64::from(tape.be32(at)?),
        };
        // The first bit of a unit is zero, and none is empty.
        if size == 0 || unit.saturating_add(size) > end || tape.byte(unit)? & 0x80 != 0 {
            return Ok(false);
        }
        at = unit.saturating_add(size);
    }
    Ok(at <= end)
}

/// The first place in the NAL units from `at` to `end` at which three bytes stand that no unit holds: they would be taken for a
/// start code, and are written otherwise (ISO/IEC 23008-2, 7.4.2; ISO/IEC 14496-10, 7.4.1).
pub(super) fn forbidden(tape: &mut Tape, mut at: u64, end: u64, length: u8) -> Option<u64> {
    for _ in 0..MOST_UNITS {
        if length != 4 || at >= end {
            return None;
        }
        let unit = at.saturating_add(4);
        let next = unit.saturating_add(tape.be32(at).ok()?.into()).min(end);
        let mut from = unit;
        while let Some(zeros) = tape.find(b"\0\0", from, next.saturating_sub(2)) {
            if tape.byte(zeros.saturating_add(2)).ok()? < 3 {
                return Some(zeros);
            }
            from = zeros.saturating_add(1);
        }
        at = next;
    }
    None
}

fn obus(tape: &mut Tape, mut at: u64, end: u64) -> Result<bool, Break> {
    for _ in 0..MOST_UNITS {
        if at == end {
            return Ok(true);
        }
        let head = tape.byte(at)?;
        let kind = head >> 3 & 15;
        if head & 0x81 != 0 || matches!(kind, 0 | 9..=14) {
            return Ok(false);
        }
        at = at.saturating_add(if head & 4 != 0 { 2 } else { 1 });
        if head & 2 == 0 {
            return Ok(at <= end);
        }
        let Some((size, bytes)) = leb128(tape, at)? else { return Ok(false) };
        at = at.saturating_add(bytes).saturating_add(size);
        if at > end {
            return Ok(false);
        }
    }
    Ok(at <= end)
}

/// A number in LEB128, and its bytes.
fn leb128(tape: &mut Tape, at: u64) -> Result<Option<(u64, u64)>, Break> {
    let mut value = 0u64;
    for index in 0..5u64 {
        let byte = tape.byte(at.saturating_add(index))?;
        value |= u64::from(byte & 0x7f) << index.saturating_mul(7);
        if byte & 0x80 == 0 {
            return Ok(Some((value, index.saturating_add(1))));
        }
    }
    Ok(None)
}
