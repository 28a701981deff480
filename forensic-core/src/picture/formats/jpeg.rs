//! JPEG (ITU-T T.81) by the crate `zune-jpeg`, after a look at the frame header for what it does not decode.

use super::super::{
    Decoded,
    canvas::{neutral, painted},
    job::Job,
};
use crate::error::{Error, Result};
use image::ColorType;
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

/// Scans of one picture; real ones have some ten.
const MOST_SCANS: usize = 100;
/// Bytes of memory for each pixel: three samples, and of a progressive picture three coefficients of two bytes as well.
const SEQUENTIAL: u64 = 4;
const PROGRESSIVE: u64 = 10;
const FORMAT: &str = "jpeg";

/// Decodes a JPEG picture.
pub(in crate::picture) fn decode(job: &Job<'_>) -> Result<Decoded> {
    decode_bytes(job, &job.bytes()?, FORMAT)
}

/// Decodes a JPEG picture that stands in memory; `format` is that of the file it comes from.
pub(in crate::picture) fn decode_bytes(job: &Job<'_>, bytes: &[u8], format: &'static str) -> Result<Decoded> {
    let frame = Frame::find(bytes).ok_or_else(|| job.corrupt(0, "no frame header"))?;
    if let Some(what) = frame.unsupported() {
        return Err(Error::unsupported(what));
    }
    job.admit(frame.width, frame.height, if frame.is_progressive() { PROGRESSIVE } else { SEQUENTIAL })?;
    match attempt(job, bytes, true) {
        Ok((pixels, _)) => Ok(Decoded::whole(pixels, format)),
        Err(error) if !job.partial => Err(error),
        Err(error) => {
            let (pixels, rows) = attempt(job, bytes, false)?;
            let height = u64::from(pixels.height());
            Decoded::part(job, (pixels, format), (rows, height), Some(error))
        }
    }
}

/// The pixels, and the rows above those at the bottom that are grey.
fn attempt(job: &Job<'_>, bytes: &[u8], strict: bool) -> Result<(image::DynamicImage, u64)> {
    let options = DecoderOptions::default()
        .set_strict_mode(strict)
        .jpeg_set_max_scans(MOST_SCANS)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| job.wrong(error))?;
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let (space, color) = if grey { (ColorSpace::Luma, ColorType::L8) } else { (ColorSpace::RGB, ColorType::Rgb8) };
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let size = decoder.dimensions().and_then(|(w, h)| Some((u32::try_from(w).ok()?, u32::try_from(h).ok()?)));
    let (width, height) = size.ok_or_else(|| job.corrupt(0, "no dimensions"))?;
    job.admit(width, height, SEQUENTIAL)?;
    let drawn = painted(width, height, color, |samples| {
        neutral(samples, color);
        let outcome = decoder.decode_into(samples);
        let row = samples.len() / height.max(1) as usize;
        let is_grey = |row: &&[u8]| row.iter().all(|sample| sample.abs_diff(0x80) <= 1);
        let left = samples.rchunks(row.max(1)).take_while(is_grey).count();
        (outcome, u64::from(height).saturating_sub(left as u64))
    });
    let (pixels, (outcome, rows)) = drawn.ok_or_else(|| job.corrupt(0, "too many pixels"))?;
    match outcome {
        Err(error) if strict => Err(job.wrong(error)),
        _ => Ok((pixels, rows)),
    }
}

/// The frame header.
pub(super) struct Frame {
    marker: u8,
    precision: u8,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Frame {
    /// The first frame header of a stream.
    pub(super) fn find(bytes: &[u8]) -> Option<Self> {
        let mut at = 2usize;
        loop {
            let (marker, length) = match bytes.get(at..at.checked_add(4)?)? {
                [0xff, 0xff, ..] => {
                    at = at.checked_add(1)?;
                    continue;
                }
                [0xff, 0x01 | 0xd0..=0xd8, ..] => {
                    at = at.checked_add(2)?;
                    continue;
                }
                [0xff, marker, high, low] => (*marker, usize::from(u16::from_be_bytes([*high, *low]))),
                // Bytes between segments are passed over, as other readers do.
                _ => {
                    at = at.checked_add(1)?;
                    continue;
                }
            };
            match marker {
                0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                    let [precision, h1, h0, w1, w0] = *bytes.get(at.checked_add(4)?..)?.first_chunk()?;
                    let (width, height) = (u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
                    return Some(Self { marker, precision, width, height });
                }
                0xd9 | 0xda => return None,
                _ => at = at.checked_add(2)?.checked_add(length.max(2))?,
            }
        }
    }

    fn is_progressive(&self) -> bool {
        self.marker == 0xc2
    }

    /// What there is in this picture that is not decoded (ITU-T T.81, table B.1).
    pub(super) fn unsupported(&self) -> Option<&'static str> {
        match self.marker {
            0xc3 | 0xc7 | 0xcb | 0xcf => Some("lossless JPEG"),
            0xc9..=0xce => Some("JPEG with arithmetic coding"),
            0xc5 | 0xc6 => Some("hierarchical JPEG"),
            _ if self.precision == 12 => Some("JPEG with 12 bits a sample"),
            _ => None,
        }
    }
}
