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

/// A clean aperture (ISO/IEC 14496-12, 12.1.4): width, height, and how far its middle lies from that of the picture, as fractions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::picture) struct Crop([(u32, u32); 4]);

impl Crop {
    /// Left, top, width and height of the part of a picture of this size; `None` where it does not lie in it.
    pub(in crate::picture) fn of(self, (width, height): (u32, u32)) -> Option<(u32, u32, u32, u32)> {
        let [wide, high, across, down] = self.0;
        let whole = |(over, under): (u32, u32)| over.checked_div(under);
        let start = |size: u32, part: u32, (over, under): (u32, u32)| {
            // Sizes are of 32 bits, so that nothing overflows here.
            let shift = f64::from(over.cast_signed()) / f64::from(under.cast_signed());
            let start = shift + (f64::from(size) - f64::from(part)) / 2.0;
            (0.0..=f64::from(size.checked_sub(part)?)).contains(&start).then_some(start.round() as u32)
        };
        let (wide, high) = (whole(wide)?, whole(high)?);
        let (left, top) = (start(width, wide, across)?, start(height, high, down)?);
        (wide > 0 && high > 0).then_some((left, top, wide, high))
    }
}

/// A property of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::picture) enum Property {
    /// Width and height.
    Size(u32, u32),
    Nclx(Nclx),
    /// The part that is to be shown: left, top, width and height.
    Crop(Crop),
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
            b"clap" => {
                let mut numbers = [(0, 0); 4];
                for (pair, at) in numbers.iter_mut().zip((body..).step_by(8)) {
                    *pair = (tape.be32(at)?, tape.be32(at.saturating_add(4))?);
                }
                Self::Crop(Crop(numbers))
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
