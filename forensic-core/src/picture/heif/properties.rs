//! What describes an item: its size, its colours, its layers, that it is the alpha of another (ISO/IEC 23008-12, 6.5; MIAF,
//! ISO/IEC 23000-22).

use crate::carve::{Break, Tape, formats::isobmff::boxes::Header};
use std::sync::Arc;

/// Bytes of a decoder configuration.
const LONGEST: u64 = 64 << 10;

/// How colours are coded (ITU-T H.273).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::picture) struct Nclx {
    pub(in crate::picture) matrix: u16,
    pub(in crate::picture) full_range: bool,
}

/// A property of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::picture) enum Property {
    /// Width and height.
    Size(u32, u32),
    Nclx(Nclx),
    /// The item is the alpha of another.
    Alpha,
    /// The decoder configuration of HEVC.
    Hevc(Arc<[u8]>),
    /// One that nothing here needs.
    Other,
}

impl Property {
    pub(super) fn read(tape: &mut Tape, header: Header) -> Result<Self, Break> {
        let body = header.body;
        Ok(match &header.kind {
            b"ispe" => Self::Size(tape.be32(body.saturating_add(4))?, tape.be32(body.saturating_add(8))?),
            b"colr" if tape.has(body, b"nclx") => {
                let matrix = tape.be16(body.saturating_add(8))?;
                Self::Nclx(Nclx { matrix, full_range: tape.byte(body.saturating_add(10))? & 0x80 != 0 })
            }
            b"auxC" => {
                let length = usize::try_from(header.end.saturating_sub(body).min(256)).unwrap_or(0);
                let kind = tape.bytes(body, length)?;
                let ends = |urn: &[u8]| kind.get(4..).is_some_and(|kind| kind.starts_with(urn));
                let is_alpha =
                    ends(b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0") || ends(b"urn:mpeg:hevc:2015:auxid:1\0");
                if is_alpha { Self::Alpha } else { Self::Other }
            }
            b"hvcC" => {
                let length = usize::try_from(header.end.saturating_sub(body).min(LONGEST)).unwrap_or(0);
                Self::Hevc(tape.bytes(body, length)?.into())
            }
            _ => Self::Other,
        })
    }
}
