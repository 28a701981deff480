//! `forensic_image_hash`: perceptual hashes of pictures.

use crate::{
    boundary::{borrow, bytes, fallible, file_path, free, getter, offer, or_default, out},
    error::{Failure, forensic_error, forensic_status},
    limits::forensic_limits,
    stream::forensic_stream,
    text::Texts,
};
use forensic_core::{
    bytes::{FileSource, Source},
    perceptual::{self, Algorithm, ImageHash, Options},
};
use image::{DynamicImage, RgbImage};
use std::{ffi::c_char, ptr::null, sync::Arc};

/// A perceptual algorithm of the img_hash family.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_image_algorithm {
    /// Brighter or darker than the mean ("aHash").
    FORENSIC_IMAGE_MEAN = 0,
    /// Brighter or darker than the left neighbour ("dHash").
    FORENSIC_IMAGE_GRADIENT = 1,
    /// Brighter or darker than the neighbour above.
    FORENSIC_IMAGE_VERT_GRADIENT = 2,
    /// Both gradients.
    FORENSIC_IMAGE_DOUBLE_GRADIENT = 3,
    /// Brighter or darker than the median.
    FORENSIC_IMAGE_MEDIAN = 4,
    /// Blockhash.io, without interpolation.
    FORENSIC_IMAGE_BLOCKHASH = 5,
}

/// The perceptual hash of a picture: pictures that look alike have hashes that differ in few bits. The caller frees it.
pub struct forensic_image_hash {
    pub(crate) hash: ImageHash,
    texts: Texts,
}

impl From<ImageHash> for forensic_image_hash {
    fn from(hash: ImageHash) -> Self {
        Self { hash, texts: Texts::default() }
    }
}

/// How to hash, from the numbers C gives.
pub(crate) fn options(algorithm: u32, hash_size: u32, dct: bool) -> Result<Options, Failure> {
    let found = usize::try_from(algorithm).ok().and_then(|index| Algorithm::ALL.get(index));
    let found = found.ok_or_else(|| forensic_error::invalid(format!("{algorithm} is no forensic_image_algorithm")))?;
    Ok(Options { algorithm: *found, hash_size, dct })
}

/// Hashes the picture in a file of the system: BMP, GIF, ICO, JPEG, PNG, PNM, TIFF, WebP. algorithm is a
/// forensic_image_algorithm, hash_size the width and height of the hash (8 is usual), dct whether a cosine transform comes
/// first ("pHash"); limits may be NULL.
///
/// FORENSIC_IO, FORENSIC_FORMAT where it is no picture, FORENSIC_LIMIT where it is too large, FORENSIC_CORRUPT where it does
/// not decode, FORENSIC_INVALID_ARGUMENT for a hash_size outside 2 to 64 or one the algorithm does not take.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_file(
    path: *const c_char,
    algorithm: u32,
    hash_size: u32,
    dct: bool,
    limits: *const forensic_limits,
    hash: *mut *mut forensic_image_hash,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let hash = out!(hash);
        let source: Source = Arc::new(FileSource::open(file_path!(path))?);
        let limits = or_default!(limits);
        hash.give(perceptual::image_hash(&source, options(algorithm, hash_size, dct)?, &limits)?.into())
    })
}

/// Hashes the picture in a stream; otherwise as forensic_image_hash_file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_stream(
    stream: *const forensic_stream,
    algorithm: u32,
    hash_size: u32,
    dct: bool,
    limits: *const forensic_limits,
    hash: *mut *mut forensic_image_hash,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let hash = out!(hash);
        let source = &borrow!(stream).0;
        let limits = or_default!(limits);
        hash.give(perceptual::image_hash(source, options(algorithm, hash_size, dct)?, &limits)?.into())
    })
}

/// Hashes a decoded picture: rows of red, green and blue bytes, top row first, stride bytes from one row to the next (at
/// least 3 * width); length is that of the whole buffer.
///
/// FORENSIC_INVALID_ARGUMENT where the buffer is too short for that, or as forensic_image_hash_file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_rgb(
    pixels: *const u8,
    length: usize,
    width: u32,
    height: u32,
    stride: usize,
    algorithm: u32,
    hash_size: u32,
    dct: bool,
    hash: *mut *mut forensic_image_hash,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let hash = out!(hash);
        let picture = rgb(bytes!(pixels, length), width, height, stride)?;
        hash.give(perceptual::hash_picture(&picture, options(algorithm, hash_size, dct)?)?.into())
    })
}

/// The bytes of the hash, first bit lowest; length, which may be NULL, is set to their number. Owned by the hash.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_bytes(hash: *const forensic_image_hash, length: *mut usize) -> *const u8 {
    getter!(hash, null(), {
        offer!(length, Some(hash.hash.as_bytes().len()));
        hash.hash.as_bytes().as_ptr()
    })
}

/// Number of bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_bits(hash: *const forensic_image_hash) -> u32 {
    getter!(hash, 0, hash.hash.bits())
}

/// The hash in lower-case hex. Owned by the hash.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_hex(hash: *const forensic_image_hash) -> *const c_char {
    getter!(hash, null(), hash.texts.give(&hash.hash.hex()))
}

/// The name of the algorithm ("gradient"). Owned by the hash.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_algorithm(hash: *const forensic_image_hash) -> *const c_char {
    getter!(hash, null(), hash.texts.give(hash.hash.algorithm().as_str()))
}

/// Sets distance to the number of bits that differ. FORENSIC_INVALID_ARGUMENT where the hashes are of different algorithms
/// or lengths.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_distance(
    hash: *const forensic_image_hash,
    other: *const forensic_image_hash,
    distance: *mut u32,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let distance = out!(distance);
        distance.put(borrow!(hash).hash.distance(&borrow!(other).hash)?)
    })
}

/// Frees an image hash; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_free(hash: *mut forensic_image_hash) {
    free!(hash);
}

/// A picture of the rows of `pixels`.
fn rgb(pixels: &[u8], width: u32, height: u32, stride: usize) -> Result<DynamicImage, Failure> {
    let wrong = || forensic_error::invalid(format!("{} bytes do not hold {width} x {height} pixels", pixels.len()));
    let (columns, rows) = (usize::try_from(width), usize::try_from(height));
    let (Ok(columns), Ok(rows)) = (columns, rows) else { return Err(wrong()) };
    let row = columns.checked_mul(3).filter(|row| *row > 0 && *row <= stride).ok_or_else(wrong)?;
    let packed: Vec<u8> =
        pixels.chunks(stride).take(rows).filter_map(|line| line.get(..row)).flatten().copied().collect();
    if rows == 0 || packed.len() / row != rows {
        return Err(wrong());
    }
    RgbImage::from_raw(width, height, packed).map(DynamicImage::ImageRgb8).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_the_header_mean_the_algorithms_they_name() {
        let meant = |algorithm: forensic_image_algorithm| options(algorithm as u32, 8, false).unwrap().algorithm;
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_MEAN), Algorithm::Mean);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_GRADIENT), Algorithm::Gradient);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_VERT_GRADIENT), Algorithm::VertGradient);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_DOUBLE_GRADIENT), Algorithm::DoubleGradient);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_MEDIAN), Algorithm::Median);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_BLOCKHASH), Algorithm::Blockhash);
        assert!(options(99, 8, false).is_err());
    }
}
