//! Pictures: recognised by content, decoded within bounds.

mod content;
pub mod jpeg;

use crate::{
    bytes::{ReadAt, Reader, Source},
    error::{Error, Result},
    limits::Limits,
};
use image::{DynamicImage, ImageDecoder, ImageReader};
use std::{io::BufReader, panic::AssertUnwindSafe};

pub use content::content_type;

/// Decodes the picture in `source`: BMP, GIF (first frame), ICO, JPEG, PNG, PNM, TIFF, WebP.
///
/// Dimensions are checked against `limits.pixels` before anything is decoded.
///
/// # Errors
/// [`Error::Format`] where it is no picture of a known format, [`Error::Limit`] where it is too large, [`Error::Corrupt`]
/// where it cannot be decoded.
pub fn decode(source: &Source, limits: &Limits) -> Result<DynamicImage> {
    // Decoders are other people's code: should one panic on hostile input, the picture is damaged, no more.
    std::panic::catch_unwind(AssertUnwindSafe(|| decode_unguarded(source, limits)))
        .unwrap_or_else(|_| Err(corrupt(source, "the decoder failed")))
}

fn decode_unguarded(source: &Source, limits: &Limits) -> Result<DynamicImage> {
    let reader = BufReader::with_capacity(64 << 10, Reader::new(source.clone()));
    let mut reader = ImageReader::new(reader).with_guessed_format().map_err(|error| corrupt(source, error))?;
    if reader.format().is_none() {
        return Err(Error::Format { what: "picture".to_owned() });
    }
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.picture_bytes);
    reader.limits(bounds);
    let decoder = reader.into_decoder().map_err(|error| corrupt(source, error))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    if pixels > limits.pixels || decoder.total_bytes() > limits.picture_bytes {
        return Err(Error::Limit {
            structure: "picture",
            offset: source.medium_offset(0),
            found: pixels,
            limit: limits.pixels,
            unit: "pixels",
        });
    }
    DynamicImage::from_decoder(decoder).map_err(|error| corrupt(source, error))
}

fn corrupt(source: &Source, found: impl ToString) -> Error {
    Error::corrupt("picture", source.medium_offset(0), "a picture that decodes", found)
}
