//! WebP (RFC 9649; VP8, RFC 6386): lossy and lossless, the first frame of an animation; of a truncated lossy picture, the rows
//! that its data reach.

use super::{
    super::{
        Decoded,
        canvas::{neutral, painted},
        job::Job,
    },
    plain::Padded,
};
use crate::{
    bytes::{Reader, Source},
    error::{Error, Result},
};
use image::{ColorType, DynamicImage};
use image_webp::WebPDecoder;
use std::{io::BufReader, sync::Arc};

const FORMAT: &str = "webp";
/// Samples, planes of luma and chroma, and alpha; of an animation, the canvas and the frame before.
const STILL: u64 = 8;
const ANIMATED: u64 = 16;
/// Chunks that are looked at for the picture.
const MOST_CHUNKS: usize = 64;

/// Decodes a WebP picture.
pub(super) fn decode(job: &Job<'_>) -> Result<Decoded> {
    match picture(job, job.source) {
        Ok((pixels, _)) => Ok(Decoded::whole(pixels, FORMAT)),
        Err(error @ Error::Corrupt { .. }) if job.partial => {
            let Some(cut) = Cut::find(job) else { return Err(error) };
            let padded = Padded { source: job.source.clone(), length: cut.end, filler: 0 };
            let (mut pixels, color) = picture(job, &(Arc::new(padded) as Source))?;
            let rows = cut.rows(pixels.height());
            fade(&mut pixels, color, rows);
            let height = u64::from(pixels.height());
            Decoded::part(job, (pixels, FORMAT), (u64::from(rows), height), Some(error))
        }
        Err(error) => Err(error),
    }
}

/// A decoder of the picture or animation in `source`, its size admitted.
pub(in crate::picture) fn open(job: &Job<'_>, source: &Source) -> Result<WebPDecoder<BufReader<Reader>>> {
    let mut decoder = WebPDecoder::new(super::super::job::reader(source)).map_err(|error| job.wrong(error))?;
    let (width, height) = decoder.dimensions();
    job.admit(width, height, if decoder.is_animated() { ANIMATED } else { STILL })?;
    decoder.set_memory_limit(job.memory());
    Ok(decoder)
}

fn picture(job: &Job<'_>, source: &Source) -> Result<(DynamicImage, ColorType)> {
    let mut decoder = open(job, source)?;
    let (width, height) = decoder.dimensions();
    let color = if decoder.has_alpha() { ColorType::Rgba8 } else { ColorType::Rgb8 };
    let drawn = painted(width, height, color, |samples| decoder.read_image(samples));
    let (pixels, outcome) = drawn.ok_or_else(|| job.corrupt(0, "too many pixels"))?;
    outcome.map_err(|error| job.wrong(error))?;
    Ok((pixels, color))
}

/// Grey from row `rows` on.
fn fade(pixels: &mut DynamicImage, color: ColorType, rows: u32) {
    let from = rows as usize * pixels.width() as usize * usize::from(color.bytes_per_pixel());
    let samples: &mut [u8] = match pixels {
        DynamicImage::ImageRgb8(picture) => picture.as_flat_samples_mut().samples,
        DynamicImage::ImageRgba8(picture) => picture.as_flat_samples_mut().samples,
        _ => return,
    };
    if let Some(rest) = samples.get_mut(from..) {
        neutral(rest, color);
    }
}

/// A lossy picture whose data end too early.
struct Cut {
    /// Where the file should end.
    end: u64,
    /// Share of the coded rows that are there, in thousandths.
    share: u64,
}

impl Cut {
    fn find(job: &Job<'_>) -> Option<Self> {
        let number = |at: u64| {
            let bytes = job.source.read_vec(at, 4).ok()?;
            Some(u64::from(u32::from_le_bytes(*bytes.first_chunk()?)))
        };
        let length = job.source.len();
        let mut at = 12u64;
        for _ in 0..MOST_CHUNKS {
            let (name, size) = (job.source.read_vec(at, 4).ok()?, number(at.checked_add(4)?)?);
            let body = at.checked_add(8)?;
            let end = body.checked_add(size)?;
            if name == b"VP8 " && end > length {
                // Tag, start code and size, 10 bytes; then the modes of all blocks, and only then what they look like.
                let tag = number(body)? & 0xff_ffff;
                let tokens = body.checked_add(10)?.checked_add(tag >> 5)?;
                let (there, wanted) = (length.checked_sub(tokens)?, end.checked_sub(tokens)?);
                return Some(Self { end, share: there.checked_mul(1000)?.checked_div(wanted)? });
            }
            at = end.checked_add(size & 1)?;
        }
        None
    }

    /// Rows above the first that misses data, as far as bytes tell.
    fn rows(&self, height: u32) -> u32 {
        u32::try_from(u64::from(height).saturating_mul(self.share) / 1000).unwrap_or(height).min(height)
    }
}
