//! Camera raws in the manner of TIFF (Adobe, DNG 1.7; CR2, NEF, ARW and others): the largest of the JPEG previews inside.

use super::{
    super::{
        Decoded,
        exif::{Directories, Kind},
        job::Job,
        jpeg::header,
    },
    jpeg, tiff,
};
use crate::error::{Error, Result};

const COMPRESSION: u16 = 0x0103;
const PHOTOMETRIC: u16 = 0x0106;
const MAKE: u16 = 0x010f;
const STRIPS: u16 = 0x0111;
const STRIP_BYTES: u16 = 0x0117;
const JPEG: u16 = 0x0201;
const JPEG_BYTES: u16 = 0x0202;
const DNG_VERSION: u16 = 0xc612;
/// Samples of a colour filter array, and linear ones: of the sensor, not of a preview.
const SENSOR: [u64; 2] = [32803, 34892];
/// Ways of compression that only makers of cameras use: Nikon's, Sony's, Pentax's.
const OF_MAKERS: [u64; 3] = [34713, 32767, 65535];
/// Bytes of a preview that are read for its frame header.
const HEAD: u64 = 64 << 10;

/// The name of the raw format, of a file that is one.
pub(in crate::picture) fn kind(job: &Job<'_>, directories: &mut Directories) -> Option<&'static str> {
    let first = directories.first(Kind::Picture(0))?;
    if directories.count(first, DNG_VERSION) > 0 {
        return Some("dng");
    }
    if job.head(11).is_ok_and(|head| head.get(8..) == Some(b"CR\x02")) {
        return Some("cr2");
    }
    let of_sensor = (0..directories.found.len()).any(|ifd| {
        directories.number(ifd, PHOTOMETRIC).is_some_and(|kind| SENSOR.contains(&kind))
            || directories.number(ifd, COMPRESSION).is_some_and(|kind| OF_MAKERS.contains(&kind))
    });
    let make = directories.value(first, MAKE)?;
    let make = make.as_text().filter(|_| of_sensor)?.to_ascii_uppercase();
    Some(match make.as_bytes() {
        [b'N', b'I', b'K', b'O', b'N', ..] => "nef",
        [b'S', b'O', b'N', b'Y', ..] => "arw",
        [b'P', b'E', b'N', b'T', b'A', b'X', ..] => "pef",
        [b'S', b'A', b'M', b'S', b'U', b'N', b'G', ..] => "srw",
        _ => return None,
    })
}

/// Decodes the largest preview.
pub(super) fn decode(job: &Job<'_>, directories: &mut Directories, format: &'static str) -> Result<Decoded> {
    match previews(job, directories).first() {
        Some(preview) => {
            let length = preview.length.min(job.limits.picture_bytes / 2);
            jpeg::decode_at(job, preview.at, &job.source.read_vec(preview.at, length)?, format)
        }
        // The first directory of some has a small picture without compression.
        None => tiff::decode_first(job, directories, format).map_err(|error| match error {
            Error::Corrupt { .. } => Error::unsupported(format!("{format} without a preview")),
            error => error,
        }),
    }
}

/// A JPEG preview.
#[derive(Debug, Clone, Copy)]
pub(in crate::picture) struct Preview {
    pub(in crate::picture) at: u64,
    pub(in crate::picture) length: u64,
    pub(in crate::picture) width: u32,
    pub(in crate::picture) height: u32,
}

/// The previews that decode, as far as their headers tell, the largest first.
pub(in crate::picture) fn previews(job: &Job<'_>, directories: &mut Directories) -> Vec<Preview> {
    let mut found = Vec::new();
    for ifd in 0..directories.found.len() {
        let whole = directories.number(ifd, JPEG).zip(directories.number(ifd, JPEG_BYTES));
        let is_jpeg = matches!(directories.number(ifd, COMPRESSION), Some(6 | 7));
        let is_sensor = directories.number(ifd, PHOTOMETRIC).is_some_and(|kind| SENSOR.contains(&kind));
        let strip = (is_jpeg && !is_sensor && directories.count(ifd, STRIPS) == 1)
            .then(|| directories.number(ifd, STRIPS).zip(directories.number(ifd, STRIP_BYTES)))
            .flatten();
        for (at, length) in whole.into_iter().chain(strip) {
            let length = length.min(job.source.len().saturating_sub(at));
            let Ok(head) = job.source.read_vec(at, length.min(HEAD)) else { continue };
            if let Ok(frame) = header(&head)
                && jpeg::is_decoded(&frame)
            {
                found.push(Preview { at, length, width: frame.width, height: frame.height });
            }
        }
    }
    found.sort_by_key(|preview| std::cmp::Reverse(u64::from(preview.width) * u64::from(preview.height)));
    found
}
