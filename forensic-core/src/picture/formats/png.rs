//! PNG, and the default picture of APNG (W3C, Portable Network Graphics 3), row by row.

use super::super::{
    Decoded,
    canvas::{neutral, painted},
    job::Job,
};
use crate::{
    bytes::Reader,
    error::{Error, Result},
};
use image::ColorType;
use png::{BitDepth, InterlaceInfo, Transformations};
use std::io::BufReader;

const FORMAT: &str = "png";

/// Decodes a PNG picture. Where a part is wanted, checksums that do not hold are passed over.
pub(super) fn decode(job: &Job<'_>) -> Result<Decoded> {
    let strict = attempt(job, true);
    match strict {
        Ok(Decoded { issue: None, .. }) => strict,
        _ if !job.partial => strict,
        strict => {
            let first = match &strict {
                Ok(decoded) => decoded.issue.clone(),
                Err(error) => Some(error.into()),
            };
            match (attempt(job, false), strict) {
                (Ok(lenient), Ok(strict)) if lenient.decoded < strict.decoded => Ok(strict),
                (Ok(lenient), _) => Ok(Decoded { issue: first, ..lenient }),
                (Err(_), strict) => strict,
            }
        }
    }
}

fn attempt(job: &Job<'_>, checked: bool) -> Result<Decoded> {
    let mut reader = open(job, checked)?;
    let (width, height) = reader.info().size();
    let color = color_of(reader.output_color_type()).ok_or_else(|| job.corrupt(0, "colour type"))?;
    job.admit(width, height, u64::from(color.bytes_per_pixel()) + 1)?;
    let drawn = painted(width, height, color, |samples| {
        if job.partial {
            neutral(samples, color);
        }
        rows(&mut reader, samples, height, color)
    });
    let (pixels, (done, total, error)) = drawn.ok_or_else(|| job.corrupt(0, "too many pixels"))?;
    Decoded::part(job, (pixels, FORMAT), (done, total), error.map(|error| job.wrong(error)))
}

/// A decoder that stands before the pixels, samples expanded to 8 or 16 bits.
pub(in crate::picture) fn open(job: &Job<'_>, checked: bool) -> Result<png::Reader<BufReader<Reader>>, Error> {
    let mut decoder = png::Decoder::new_with_limits(job.reader(), png::Limits { bytes: job.memory() });
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.ignore_checksums(!checked);
    decoder.read_info().map_err(|error| job.wrong(error))
}

/// Reads the rows there are; gives the bytes of samples that were read, those there should be, and what ended it.
fn rows(
    reader: &mut png::Reader<BufReader<Reader>>,
    samples: &mut [u8],
    height: u32,
    color: ColorType,
) -> (u64, u64, Option<png::DecodingError>) {
    let stride = samples.len() / height.max(1) as usize;
    let pixel_bits = color.bits_per_pixel() as u8;
    let (mut done, total) = (0u64, samples.len() as u64);
    let mut lines = 0usize;
    let error = loop {
        match reader.next_interlaced_row() {
            Ok(Some(row)) => {
                done += row.data().len() as u64;
                match row.interlace() {
                    InterlaceInfo::Null(_) => {
                        let place = samples.get_mut(lines * stride..);
                        lines += 1;
                        if let Some(place) = place.and_then(|place| place.get_mut(..row.data().len())) {
                            place.copy_from_slice(row.data());
                        }
                    }
                    // Each pass fills the squares that later ones refine, so that half a picture is seen whole.
                    InterlaceInfo::Adam7(line) => {
                        png::splat_interlaced_row(samples, stride, row.data(), line, pixel_bits);
                    }
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    if u16::from(pixel_bits) > 8 * u16::from(color.channel_count()) {
        samples
            .as_chunks_mut::<2>()
            .0
            .iter_mut()
            .for_each(|sample| *sample = u16::from_be_bytes(*sample).to_ne_bytes());
    }
    (done, total, error)
}

fn color_of((color, depth): (png::ColorType, BitDepth)) -> Option<ColorType> {
    Some(match (color, depth) {
        (png::ColorType::Grayscale, BitDepth::Eight) => ColorType::L8,
        (png::ColorType::Grayscale, BitDepth::Sixteen) => ColorType::L16,
        (png::ColorType::GrayscaleAlpha, BitDepth::Eight) => ColorType::La8,
        (png::ColorType::GrayscaleAlpha, BitDepth::Sixteen) => ColorType::La16,
        (png::ColorType::Rgb, BitDepth::Eight) => ColorType::Rgb8,
        (png::ColorType::Rgb, BitDepth::Sixteen) => ColorType::Rgb16,
        (png::ColorType::Rgba, BitDepth::Eight) => ColorType::Rgba8,
        (png::ColorType::Rgba, BitDepth::Sixteen) => ColorType::Rgba16,
        _ => return None,
    })
}
