//! Compressed extents: zlib, LZO in segments of a sector, Zstandard ("Compression" in the Btrfs documentation).

use crate::{bytes::Fields, filesystem::unpack};

/// An extent is never larger than this before compression.
pub(super) const MAX_UNPACKED: u64 = 128 << 10;

/// A compression algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Zlib,
    Lzo,
    Zstandard,
}

impl Compression {
    /// The algorithm of this number; `None` for one that is not known.
    pub(super) fn of(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Zlib,
            2 => Self::Lzo,
            3 => Self::Zstandard,
            _ => return None,
        })
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Zlib => "zlib",
            Self::Lzo => "lzo",
            Self::Zstandard => "zstd",
        }
    }

    /// Unpacks `packed` to `length` bytes; what the stream ends before reads as zeros.
    pub(super) fn unpack(self, packed: &[u8], length: usize, sector_size: usize) -> Result<Vec<u8>, String> {
        let mut bytes = match self {
            Self::Zlib => unpack::zlib(packed, length)?,
            Self::Lzo => lzo_segments(packed, length, sector_size)?,
            Self::Zstandard => unpack::zstd(packed, length)?,
        };
        bytes.resize(length, 0);
        Ok(bytes)
    }
}

/// The length of all, then segments with their lengths; the length of a segment never crosses the end of a sector.
fn lzo_segments(packed: &[u8], length: usize, sector_size: usize) -> Result<Vec<u8>, String> {
    let fields = Fields::new(packed, "LZO segment", 0);
    let number = |place: usize| fields.u32(place).map(|number| number as usize).map_err(|error| error.to_string());
    let end = number(0)?.min(packed.len());
    let mut bytes = Vec::with_capacity(length);
    let mut place = 4usize;
    while place < end && bytes.len() < length {
        let left = sector_size.saturating_sub(place.checked_rem(sector_size).unwrap_or(0));
        if left < 4 {
            place = place.saturating_add(left);
        }
        if place >= end {
            break;
        }
        let start = place.saturating_add(4);
        let segment = fields.bytes(start, number(place)?).map_err(|error| error.to_string())?;
        let most = sector_size.min(length.saturating_sub(bytes.len()));
        bytes.extend(unpack::lzo(segment, most)?);
        place = start.saturating_add(segment.len());
    }
    Ok(bytes)
}
