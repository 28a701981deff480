//! A hash and what it came from.

use super::Algorithm;
use crate::error::{Error, Result};

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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageHash {
    algorithm: Algorithm,
    bytes: Vec<u8>,
    quality: Option<u8>,
}

impl ImageHash {
    /// A hash that was made before, of an algorithm that does not grade pictures where `quality` is `None`.
    pub fn from_parts(algorithm: Algorithm, bytes: impl Into<Vec<u8>>, quality: Option<u8>) -> Self {
        Self { algorithm, bytes: bytes.into(), quality }
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How much there is to tell the picture by, 0 to 100, where the algorithm grades pictures.
    pub fn quality(&self) -> Option<u8> {
        self.quality
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
        Ok(self.bytes.iter().zip(&other.bytes).map(|(a, b)| (a ^ b).count_ones()).sum())
    }
}
