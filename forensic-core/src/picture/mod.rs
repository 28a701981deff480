//! Pictures: recognised by content, decoded within bounds, whole or as far as they go, and what they say of themselves.

mod canvas;
mod colour;
mod content;
mod decoded;
mod exif;
mod formats;
mod frames;
mod heif;
mod info;
mod job;
pub mod jpeg;

use crate::{
    bytes::Source,
    error::{Error, Result},
    limits::Limits,
};
use image::DynamicImage;
use job::Job;
use std::panic::AssertUnwindSafe;

pub use content::content_type;
pub(crate) use content::is_picture;
pub use decoded::{DecodeOptions, Decoded};
pub use exif::Gps;
pub use frames::{Frame, Frames};
pub use info::{PictureInfo, Thumbnail, Xmp};

/// Decodes the whole picture in `source`: [`decode_with`], without a part of a damaged one.
///
/// # Errors
/// As [`decode_with`].
pub fn decode(source: &Source, limits: &Limits) -> Result<DynamicImage> {
    decode_with(source, &DecodeOptions::default(), limits).map(|decoded| decoded.pixels)
}

/// Decodes the picture in `source`: AVIF, BMP, GIF (the first frame), HEIC, ICO, JPEG (8 bits; baseline, progressive, CMYK), JPEG
/// XL, PNG and APNG, PNM, PSD (the composite), TIFF, WebP, and the largest preview in a camera raw (DNG, CR2, NEF, ARW). The
/// orientation is that of the file.
///
/// Dimensions and memory are checked against `limits.pixels` and `limits.picture_bytes` before anything is decoded; time grows
/// with the pixels and the bytes that are allowed, whatever a file claims.
///
/// With `options.partial`, what is left of a truncated or damaged picture is given, the rest being grey, and
/// [`Decoded::decoded`] says how much there is.
///
/// ```
/// use forensic_core::{Limits, bytes::Source, picture::{DecodeOptions, decode_with}};
/// use std::sync::Arc;
///
/// // Two rows of two pixels, of which the second is cut off.
/// let source: Source = Arc::new(b"P5 2 2 255 \x10\x20".to_vec());
/// assert!(decode_with(&source, &DecodeOptions::default(), &Limits::default()).is_err());
/// let part = decode_with(&source, &DecodeOptions::default().partial(true), &Limits::default())?;
/// assert_eq!((part.decoded, part.pixels.as_bytes()), (0.5, &[0x10, 0x20, 0x80, 0x80][..]));
/// # Ok::<(), forensic_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Format`] where it is no picture of a known format, [`Error::Unsupported`] where it is one of a kind that is not
/// decoded (12-bit, lossless and arithmetic JPEG), [`Error::Limit`] where it is too large, [`Error::Corrupt`] where it does not
/// decode, or nothing of it does.
pub fn decode_with(source: &Source, options: &DecodeOptions, limits: &Limits) -> Result<Decoded> {
    guarded(source, || formats::decode(&Job::new(source, limits, options.partial)))
}

/// The luminance of the picture in `source`, at the scale that `scale` gives for its width and height; `None` where it is no
/// JPEG. Damage has its place on the medium.
pub(crate) fn jpeg_luma(
    source: &Source,
    scale: impl FnOnce(u32, u32) -> u32,
    partial: bool,
    limits: &Limits,
) -> Result<Option<jpeg::Picture>> {
    guarded(source, || {
        let job = Job::new(source, limits, partial);
        let options = |header: &jpeg::Header| {
            jpeg::Options::default().scale(scale(header.width, header.height)).channels(jpeg::Channels::Luma)
        };
        formats::jpeg_scaled(&job, options)
    })
}

/// Reads what the picture file in `source` says of its picture: format, size, EXIF, XMP, IPTC, GPS as numbers, the maker of the
/// camera, and the thumbnails inside. Of JPEG, TIFF and camera raws, PNG, WebP, HEIC and AVIF, JPEG XL and PSD; of GIF, size and XMP;
/// of BMP, ICO and PNM, the size.
///
/// No pixel is decoded. Directories are walked once each and within bounds, so that pointers in a loop end.
///
/// ```
/// use forensic_core::{Limits, bytes::Source, picture::info};
/// use std::sync::Arc;
///
/// let source: Source = Arc::new(b"P5 640 480 255 ".to_vec());
/// let found = info(&source, &Limits::default())?;
/// assert_eq!((found.format, found.width, found.height), ("pnm", 640, 480));
/// # Ok::<(), forensic_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Format`] where it is no picture of a known format, [`Error::Corrupt`] where neither its size nor any metadata can be
/// read. What is damaged beside is in [`PictureInfo::issues`].
pub fn info(source: &Source, limits: &Limits) -> Result<PictureInfo> {
    guarded(source, || info::read(&Job::new(source, limits, false)))
}

/// The frames of the animation or video in `source`: GIF, APNG, animated WebP, sequences of AVIF, Motion JPEG in AVI, QuickTime and
/// MP4. A picture that does not move is one frame.
///
/// Frames are decoded one by one as the iterator is asked for them; what it holds is bounded by `limits.picture_bytes`. Frames and
/// pixels in all are bounded, too: see [`Frames`].
///
/// ```
/// use forensic_core::{Limits, bytes::Source, picture::frames};
/// use std::sync::Arc;
///
/// let source: Source = Arc::new(b"P6 1 1 255 abc".to_vec());
/// let frame = frames(&source, &Limits::default())?.next().unwrap()?;
/// assert_eq!((frame.number, frame.seconds, frame.picture.as_raw().as_slice()), (0, 0.0, &b"abc"[..]));
/// # Ok::<(), forensic_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Format`] where it is nothing of these, [`Error::Unsupported`] where the video is coded otherwise (the error names how),
/// [`Error::Limit`] where a frame is too large, [`Error::Corrupt`] where not even the headers hold.
pub fn frames(source: &Source, limits: &Limits) -> Result<Frames> {
    guarded(source, || Frames::open(source, limits))
}

/// What `work` gives. Decoders are other people's code: should one panic on hostile input, the picture is damaged, no more.
fn guarded<T>(source: &Source, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let failed = || Error::corrupt("picture", source.medium_offset(0), "a picture that decodes", "the decoder failed");
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(failed()));
    outcome.map_err(|error| match error {
        Error::OutOfBounds { size, .. } => {
            Error::corrupt("picture", source.medium_offset(size), "a picture that goes on", "the end of the file")
        }
        error => error,
    })
}
