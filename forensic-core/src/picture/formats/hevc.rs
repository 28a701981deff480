//! Still pictures of HEVC by the crate `heic-rs`, their parameter sets taken from the container (ISO/IEC 14496-15, 8.3.3.1).

use super::{
    super::{
        heif::{Item, Nclx},
        job::Job,
    },
    heif::PIXEL,
    yuv::{Frame, Samples},
};
use crate::error::{Error, Result};
use heic_rs::{ChromaFormat, hevc};

/// What a file means that does not tell how its colours are coded, as cameras and other readers have it.
const USUAL: Nclx = Nclx { matrix: 6, full_range: true };
/// Parameter sets and slices of one picture.
const MOST_UNITS: usize = 1 << 10;

/// Decodes the picture of an item, whose bytes stand at byte `at`.
pub(super) fn still(job: &Job<'_>, item: &Item, bytes: &[u8], at: u64) -> Result<Frame> {
    let wrong = |error: heic_rs::Error| match error {
        heic_rs::Error::Unsupported(what) => Error::unsupported(format!("HEVC: {what}")),
        error => job.corrupt(at, format!("HEVC: {error}")),
    };
    let config = item.hevc().ok_or_else(|| job.corrupt(at, "no decoder configuration"))?;
    let (width, sets) = parameter_sets(config).ok_or_else(|| job.corrupt(at, "the decoder configuration"))?;
    let size = hevc::probe(&sets).map_err(wrong)?;
    job.admit(size.width, size.height, PIXEL)?;
    let slices = units(bytes, width).ok_or_else(|| job.corrupt(at, "more slices than a picture has"))?;
    let frame = hevc::decode_still(&sets, &slices).map_err(wrong)?;
    frame.validate().map_err(wrong)?;
    let (chroma, sub) = match frame.chroma {
        ChromaFormat::Monochrome => (Vec::new(), (0, 0)),
        ChromaFormat::Yuv420 => (vec![frame.cb, frame.cr], (1, 1)),
        ChromaFormat::Yuv422 => (vec![frame.cb, frame.cr], (1, 0)),
        ChromaFormat::Yuv444 => (vec![frame.cb, frame.cr], (0, 0)),
    };
    let luma = (Samples::Words(frame.y), frame.y_stride as usize);
    let chroma = chroma.into_iter().map(|plane| (Samples::Words(plane), frame.c_stride as usize));
    Ok(Frame {
        width: frame.width,
        height: frame.height,
        planes: std::iter::once(luma).chain(chroma).collect(),
        sub,
        depth: frame.bit_depth.into(),
        nclx: USUAL,
    })
}

/// Bytes of the length before a unit, and the parameter sets.
fn parameter_sets(config: &[u8]) -> Option<(usize, Vec<&[u8]>)> {
    let width = usize::from(config.get(21)? & 3) + 1;
    let arrays = *config.get(22)?;
    let mut rest = config.get(23..)?;
    let mut sets = Vec::new();
    for _ in 0..arrays {
        let [_, high, low, after @ ..] = rest else { return None };
        rest = after;
        for _ in 0..u16::from_be_bytes([*high, *low]) {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (unit, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            sets.push(unit);
            rest = after;
            if sets.len() > MOST_UNITS {
                return None;
            }
        }
    }
    Some((width, sets))
}

/// The units behind lengths of `width` bytes, those of pictures alone; the last may be cut.
fn units(mut bytes: &[u8], width: usize) -> Option<Vec<&[u8]>> {
    const LAST_OF_PICTURES: u8 = 31;
    let mut units = Vec::new();
    while let Some((length, after)) = bytes.split_at_checked(width) {
        let length = length.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
        let (unit, after) = after.split_at(length.min(after.len()));
        bytes = after;
        if unit.first().is_some_and(|head| head >> 1 & 63 <= LAST_OF_PICTURES) {
            units.push(unit);
        }
        if units.len() > MOST_UNITS {
            return None;
        }
    }
    Some(units)
}
