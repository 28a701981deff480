//! `forensic_image_hash`: perceptual hashes of pictures; `forensic_image_options`: how to make them.

use crate::{
    boundary::{borrow, bytes, fallible, file_path, free, getter, offer, optional, or_default, out},
    error::{Failure, forensic_error, forensic_status},
    limits::forensic_limits,
    stream::forensic_stream,
    text::Texts,
};
use forensic_core::{
    bytes::{FileSource, Source},
    perceptual::{self, Algorithm, ImageHash, Options, Pipeline, Scale},
};
use image::{DynamicImage, RgbImage};
use std::{ffi::c_char, ptr::null, sync::Arc};

/// A perceptual algorithm.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_image_algorithm {
    /// Brighter or darker than the mean, with the bits of the crate image_hasher, as the next five.
    FORENSIC_IMAGE_MEAN = 0,
    /// Brighter or darker than the left neighbour.
    FORENSIC_IMAGE_GRADIENT = 1,
    /// Brighter or darker than the neighbour above.
    FORENSIC_IMAGE_VERT_GRADIENT = 2,
    /// Both gradients.
    FORENSIC_IMAGE_DOUBLE_GRADIENT = 3,
    /// Brighter or darker than the median.
    FORENSIC_IMAGE_MEDIAN = 4,
    /// Blockhash.io, without interpolation.
    FORENSIC_IMAGE_BLOCKHASH = 5,
    /// PDQ, equal to Meta's: 256 bits and a quality.
    FORENSIC_IMAGE_PDQ = 6,
    /// phash of PyPI ImageHash, with its bits, as the next three.
    FORENSIC_IMAGE_PHASH = 7,
    /// dhash.
    FORENSIC_IMAGE_DHASH = 8,
    /// average_hash.
    FORENSIC_IMAGE_AHASH = 9,
    /// whash.
    FORENSIC_IMAGE_WHASH = 10,
}

/// How the pixels of a file come to PDQ.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_image_pipeline {
    /// The whole picture.
    FORENSIC_IMAGE_ARRAY = 0,
    /// A large picture first becomes one of 512 x 512, as Meta's own programs do with files.
    FORENSIC_IMAGE_THREATEXCHANGE_FILE = 1,
}

/// A scale of forensic_image_options: as little of a JPEG as leaves 256 pixels to its shorter side.
pub const FORENSIC_IMAGE_SCALE_AUTO: u32 = 255;

/// How to hash a picture; all zeros, but for the algorithm, is the usual way.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_image_options {
    /// A forensic_image_algorithm.
    pub algorithm: u32,
    /// Width and height of the hash, 2 to 64; 0 for the usual: 8, of PDQ always 16.
    pub hash_size: u32,
    /// A forensic_image_pipeline, for PDQ.
    pub pipeline: u32,
    /// Side of the blocks of pixels of a JPEG that are hashed by their means, for PDQ: 1 (or 0), 2, 4, 8, or
    /// FORENSIC_IMAGE_SCALE_AUTO.
    pub scale: u32,
    /// A discrete cosine transform first, for the algorithms of image_hasher.
    pub dct: bool,
    /// Hash what decodes of a cut or damaged picture, too.
    pub partial: bool,
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

/// How to hash, as C says it; PDQ where it says nothing.
pub(crate) fn wanted(given: Option<&forensic_image_options>) -> Result<Options, Failure> {
    let Some(given) = given else { return Ok(Options::new(Algorithm::Pdq)) };
    let found = usize::try_from(given.algorithm).ok().and_then(|index| Algorithm::ALL.get(index));
    let algorithm =
        *found.ok_or_else(|| forensic_error::invalid(format!("{} is no forensic_image_algorithm", given.algorithm)))?;
    let pipeline = match given.pipeline {
        0 => Pipeline::Array,
        1 => Pipeline::ThreatExchangeFile,
        other => return Err(forensic_error::invalid(format!("{other} is no forensic_image_pipeline"))),
    };
    let scale = match given.scale {
        0 | 1 => Scale::Full,
        2 => Scale::Half,
        4 => Scale::Quarter,
        8 => Scale::Eighth,
        FORENSIC_IMAGE_SCALE_AUTO => Scale::Auto,
        other => return Err(forensic_error::invalid(format!("{other} is no scale of a picture"))),
    };
    let options = Options::new(algorithm).dct(given.dct).pipeline(pipeline).scale(scale).partial(given.partial);
    Ok(if given.hash_size == 0 { options } else { options.hash_size(given.hash_size) })
}

/// Hashes the picture in a file of the system, of a format that forensic_picture_info names. options may be NULL for PDQ,
/// limits too.
///
/// FORENSIC_IO, FORENSIC_FORMAT where it is no picture, FORENSIC_LIMIT where it is too large, FORENSIC_CORRUPT where it does
/// not decode, FORENSIC_UNSUPPORTED for a kind of picture that is not decoded, FORENSIC_INVALID_ARGUMENT for options that the
/// algorithm does not take.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_file(
    path: *const c_char,
    options: *const forensic_image_options,
    limits: *const forensic_limits,
    hash: *mut *mut forensic_image_hash,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let hash = out!(hash);
        let source: Source = Arc::new(FileSource::open(file_path!(path))?);
        let limits = or_default!(limits);
        hash.give(perceptual::image_hash(&source, wanted(optional!(options))?, &limits)?.into())
    })
}

/// Hashes the picture in a stream; otherwise as forensic_image_hash_file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_stream(
    stream: *const forensic_stream,
    options: *const forensic_image_options,
    limits: *const forensic_limits,
    hash: *mut *mut forensic_image_hash,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let hash = out!(hash);
        let source = &borrow!(stream).0;
        let limits = or_default!(limits);
        hash.give(perceptual::image_hash(source, wanted(optional!(options))?, &limits)?.into())
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
    options: *const forensic_image_options,
    hash: *mut *mut forensic_image_hash,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let hash = out!(hash);
        let picture = rgb(bytes!(pixels, length), width, height, stride)?;
        hash.give(perceptual::hash_picture(&picture, wanted(optional!(options))?)?.into())
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

/// Its quality, 0 to 100; -1 where its algorithm does not grade pictures.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_quality(hash: *const forensic_image_hash) -> i32 {
    getter!(hash, -1, hash.hash.quality().map_or(-1, i32::from))
}

/// Share of the picture that decoded, 0 to 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_decoded(hash: *const forensic_image_hash) -> f64 {
    getter!(hash, 0.0, hash.hash.decoded())
}

/// Side of the blocks of pixels that were hashed by their means: 1, 2, 4 or 8; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_scale(hash: *const forensic_image_hash) -> u32 {
    getter!(hash, 0, hash.hash.scale())
}

/// Of a PDQ that was made from a picture, sets other to the hash of that picture turned or mirrored: 0 as it is; 1, 2, 3 turned
/// by 90, 180, 270 degrees; 4 upside down; 5 left to right; 6, 7 along each diagonal. The caller frees it.
///
/// FORENSIC_INVALID_ARGUMENT for another algorithm or a greater turn.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_image_hash_dihedral(
    hash: *const forensic_image_hash,
    turn: u32,
    other: *mut *mut forensic_image_hash,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let out = out!(other);
        let hashes = borrow!(hash).hash.dihedral()?;
        let found = hashes.into_iter().nth(usize::try_from(turn).unwrap_or(usize::MAX));
        out.give(found.ok_or_else(|| forensic_error::invalid(format!("{turn} is no turn of a picture")))?.into())
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
        let given = |algorithm, scale| forensic_image_options {
            algorithm,
            hash_size: 0,
            pipeline: 0,
            scale,
            dct: false,
            partial: false,
        };
        let meant = |algorithm: forensic_image_algorithm| wanted(Some(&given(algorithm as u32, 0))).unwrap().algorithm;
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_MEAN), Algorithm::Mean);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_GRADIENT), Algorithm::Gradient);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_VERT_GRADIENT), Algorithm::VertGradient);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_DOUBLE_GRADIENT), Algorithm::DoubleGradient);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_MEDIAN), Algorithm::Median);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_BLOCKHASH), Algorithm::Blockhash);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_PDQ), Algorithm::Pdq);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_PHASH), Algorithm::Phash);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_DHASH), Algorithm::Dhash);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_AHASH), Algorithm::Ahash);
        assert_eq!(meant(forensic_image_algorithm::FORENSIC_IMAGE_WHASH), Algorithm::Whash);
        assert_eq!(wanted(Some(&given(6, 255))).unwrap().scale, Scale::Auto);
        assert!(wanted(Some(&given(99, 0))).is_err() && wanted(Some(&given(6, 3))).is_err());
        assert_eq!(wanted(None).unwrap(), Options::new(Algorithm::Pdq));
    }
}
