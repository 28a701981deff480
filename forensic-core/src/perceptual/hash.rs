//! A hash and what it came from.

use super::{Algorithm, Pipeline};
use crate::error::{Error, Result};
use std::hash::{Hash, Hasher};

/// The perceptual hash of a picture.
///
/// ```
/// use forensic_core::perceptual::{Algorithm, Options, hash_picture};
/// let picture = image::DynamicImage::ImageRgb8(image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8 * 4, y as u8, 0])));
/// let hash = hash_picture(&picture, Options::new(Algorithm::Gradient))?;
/// assert_eq!(hash.bits(), 64);
/// assert_eq!(hash.distance(&hash)?, 0);
/// # Ok::<(), forensic_core::Error>(())
/// ```
///
/// Two are equal where algorithm and bits are.
#[derive(Debug, Clone)]
pub struct ImageHash {
    algorithm: Algorithm,
    bytes: Vec<u8>,
    quality: Option<u8>,
    origin: Origin,
    /// That of what is within the border of the picture.
    within_border: Option<Box<ImageHash>>,
    /// All hashes of the picture turned and mirrored, this one first.
    dihedral: Option<Box<[[u8; 32]; 8]>>,
}

/// What the pixels of a hash were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Origin {
    pub pipeline: Pipeline,
    /// Side of the blocks of pixels that were hashed by their means.
    pub scale: u32,
    /// Share of the picture that decoded.
    pub decoded: f64,
}

impl Default for Origin {
    fn default() -> Self {
        Self { pipeline: Pipeline::Array, scale: 1, decoded: 1.0 }
    }
}

impl PartialEq for ImageHash {
    fn eq(&self, other: &Self) -> bool {
        (self.algorithm, &self.bytes) == (other.algorithm, &other.bytes)
    }
}

impl Eq for ImageHash {}

impl Hash for ImageHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.algorithm, &self.bytes).hash(state);
    }
}

impl ImageHash {
    /// A hash that was made before, of an algorithm that does not grade pictures where `quality` is `None`.
    pub fn from_parts(algorithm: Algorithm, bytes: impl Into<Vec<u8>>, quality: Option<u8>) -> Self {
        Self { algorithm, bytes: bytes.into(), quality, origin: Origin::default(), within_border: None, dihedral: None }
    }

    pub(super) fn of_pdq(hashes: [[u8; 32]; 8], quality: u8) -> Self {
        let dihedral = Some(Box::new(hashes));
        Self { dihedral, ..Self::from_parts(Algorithm::Pdq, hashes[0], Some(quality)) }
    }

    pub(super) fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    pub(super) fn with_border(mut self, within: Option<Self>) -> Self {
        self.within_border = within.map(Box::new);
        self
    }

    pub(super) fn of_part(mut self, decoded: f64) -> Self {
        self.origin.decoded = decoded;
        self
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How much there is to tell the picture by, 0 to 100, where the algorithm grades pictures.
    pub fn quality(&self) -> Option<u8> {
        self.quality
    }

    /// How the pixels came to the algorithm.
    pub fn pipeline(&self) -> Pipeline {
        self.origin.pipeline
    }

    /// Side of the blocks of pixels that were hashed by their means: 1, 2, 4 or 8.
    pub fn scale(&self) -> u32 {
        self.origin.scale
    }

    /// Share of the picture that decoded, 0 to 1.
    pub fn decoded(&self) -> f64 {
        self.origin.decoded
    }

    /// The hashes of the picture as it is; turned by 90, 180 and 270 degrees; upside down; left to right; mirrored along each
    /// diagonal. In the order of the reference, all from one transform.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where the algorithm is not PDQ, or where the hash was not made from a picture here: its
    /// bits alone do not tell the others.
    pub fn dihedral(&self) -> Result<[Self; 8]> {
        let hashes = self.dihedral.as_deref().ok_or_else(|| {
            Error::invalid("only a PDQ made from a picture has the hashes of its rotations and mirrors".to_owned())
        })?;
        Ok(hashes.map(|bytes| Self::from_parts(Algorithm::Pdq, bytes, self.quality).with_origin(self.origin)))
    }

    /// PDQ: the hash of what is within the border of one colour around the picture (a screenshot, a letterboxed frame); `None`
    /// where there is no border, or where the hash was not made from a picture here.
    ///
    /// A framed picture is found by no hash of the whole; look this one up, too.
    pub fn within_border(&self) -> Option<&Self> {
        self.within_border.as_deref()
    }

    /// Number of bits.
    pub fn bits(&self) -> u32 {
        u32::try_from(self.bytes.len().saturating_mul(8)).unwrap_or(u32::MAX)
    }

    /// The bits as the algorithm's reference writes them: of `image_hasher` the first bit lowest.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bits in lower-case hex.
    pub fn hex(&self) -> String {
        crate::hash::hex::encode(&self.bytes)
    }

    /// Number of bits that differ.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where the hashes are of different algorithms or lengths.
    pub fn distance(&self, other: &Self) -> Result<u32> {
        if self.algorithm != other.algorithm || self.bytes.len() != other.bytes.len() {
            return Err(Error::invalid(format!(
                "a {} hash of {} bits cannot be compared with a {} hash of {}",
                self.algorithm.as_str(),
                self.bits(),
                other.algorithm.as_str(),
                other.bits()
            )));
        }
        Ok(differing_bits(&self.bytes, &other.bytes))
    }
}

/// Number of bits that differ.
pub(super) fn differing_bits(one: &[u8], other: &[u8]) -> u32 {
    one.iter().zip(other).map(|(a, b)| (a ^ b).count_ones()).sum()
}
