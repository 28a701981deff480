//! JPEG by our own decoder.

use super::super::{
    Decoded,
    job::Job,
    jpeg::{self, Channels, Header, Options, Picture},
};
use crate::error::{Error, Issue, Result};
use image::{DynamicImage, GrayImage, RgbImage};

const FORMAT: &str = "jpeg";

/// Decodes a JPEG picture.
pub(in crate::picture) fn decode(job: &Job<'_>) -> Result<Decoded> {
    decode_at(job, 0, &job.bytes()?, FORMAT)
}

/// Decodes a JPEG picture whose bytes are those from `start` on; `format` is that of the file it comes from.
pub(in crate::picture) fn decode_at(job: &Job<'_>, start: u64, bytes: &[u8], format: &'static str) -> Result<Decoded> {
    let decode = || {
        let channels = if jpeg::header(bytes)?.components == 1 { Channels::Luma } else { Channels::Rgb };
        jpeg::decode(bytes, &Options::default().partial(job.partial).channels(channels), job.limits)
    };
    let decoded = decode().map_err(|error| placed(job, start, error))?;
    let Picture { width, height, channels, pixels, decoded, damage, .. } = decoded;
    let pixels = match channels {
        Channels::Luma => GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        Channels::Rgb => RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
    };
    let pixels = pixels.ok_or_else(|| job.corrupt(0, "too few pixels"))?;
    let issue = damage.map(|error| Issue::from(&placed(job, start, error)));
    Ok(Decoded { pixels, format, decoded, issue })
}

/// Decodes as much of a JPEG picture as `options` says, of a width and height that `choose` sees first.
pub(in crate::picture) fn decode_scaled(job: &Job<'_>, choose: impl FnOnce(&Header) -> Options) -> Result<Picture> {
    let bytes = job.bytes()?;
    let decode = || jpeg::decode(&bytes, &choose(&jpeg::header(&bytes)?).partial(job.partial), job.limits);
    decode().map_err(|error| placed(job, 0, error))
}

/// An error at an offset of bytes that begin at `start`, with that of the medium.
fn placed(job: &Job<'_>, start: u64, error: Error) -> Error {
    match error {
        Error::Corrupt { structure, offset, expected, found } => {
            let offset = job.source.medium_offset(start.saturating_add(offset));
            Error::Corrupt { structure, offset, expected, found }
        }
        error => error,
    }
}

/// Whether such a picture is decoded.
pub(super) fn is_decoded(header: &Header) -> bool {
    header.precision == 8 && matches!(header.process, "baseline" | "extended sequential" | "progressive")
}
