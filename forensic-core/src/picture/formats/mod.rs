//! One decoder a format, chosen by the content.

pub(super) mod av1;
pub(super) mod gif;
mod heif;
mod hevc;
pub(super) mod jpeg;
mod jxl;
mod plain;
pub(super) mod png;
pub(super) mod psd;
pub(super) mod raw;
mod tiff;
pub(super) mod webp;
mod yuv;

use super::{
    Decoded, content_type,
    job::Job,
    jpeg::{Header, Options, Picture},
};
use crate::error::{Error, Result};
use image::ImageFormat;

/// Bytes that tell the format.
const HEAD: u64 = 64;

/// Decodes a picture of any format that is known.
pub(super) fn decode(job: &Job<'_>) -> Result<Decoded> {
    match content_type(&job.head(HEAD)?) {
        Some("jpeg") => jpeg::decode(job),
        Some("png") => png::decode(job),
        Some("gif") => gif::decode(job),
        Some("webp") => webp::decode(job),
        Some("tiff") => tiff::decode(job),
        Some("avif") => heif::decode(job, "avif"),
        Some("heic") => heif::decode(job, "heic"),
        Some("jxl") => jxl::decode(job),
        Some("psd") => psd::decode(job),
        Some("bmp") => plain::decode(job, ImageFormat::Bmp, "bmp"),
        Some("ico") => plain::decode(job, ImageFormat::Ico, "ico"),
        Some("pnm") => plain::decode(job, ImageFormat::Pnm, "pnm"),
        _ => Err(Error::Format { what: "picture".to_owned() }),
    }
}

/// Decodes a JPEG as [`jpeg::decode_scaled`]; `None` for what is none.
pub(super) fn jpeg_scaled(job: &Job<'_>, choose: impl FnOnce(&Header) -> Options) -> Result<Option<Picture>> {
    match content_type(&job.head(HEAD)?) {
        Some("jpeg") => jpeg::decode_scaled(job, choose).map(Some),
        _ => Ok(None),
    }
}

/// Width and height of a picture whose decoder tells them first: BMP, ICO, JPEG XL, PNM.
pub(super) fn size(job: &Job<'_>) -> Result<(u32, u32)> {
    match content_type(&job.head(HEAD)?) {
        Some("jxl") => jxl::size(job),
        Some("bmp") => plain::size(job, ImageFormat::Bmp),
        Some("ico") => plain::size(job, ImageFormat::Ico),
        _ => plain::size(job, ImageFormat::Pnm),
    }
}
