//! Perceptual hashes: pictures that look alike have hashes that differ in few bits.
//!
//! The `img_hash` family: bits equal those of the crate `image_hasher` 3.1, the maintained continuation of `img_hash`.

use crate::{
    bytes::Source,
    error::{Error, Result},
    limits::Limits,
    picture,
};
use image::DynamicImage;
use img_hash::{HashAlg, HasherConfig};
use std::str::FromStr;

/// A perceptual algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Brighter or darker than the mean ("aHash").
    Mean,
    /// Brighter or darker than the left neighbour ("dHash").
    Gradient,
    /// Brighter or darker than the neighbour above.
    VertGradient,
    /// Both gradients.
    DoubleGradient,
    /// Brighter or darker than the median.
    Median,
    /// Blockhash.io, without interpolation.
    Blockhash,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Mean, Self::Gradient, Self::VertGradient, Self::DoubleGradient, Self::Median, Self::Blockhash];

    /// The name: `mean`, `gradient`, `vert_gradient`, `double_gradient`, `median`, `blockhash`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Gradient => "gradient",
            Self::VertGradient => "vert_gradient",
            Self::DoubleGradient => "double_gradient",
            Self::Median => "median",
            Self::Blockhash => "blockhash",
        }
    }

    fn of_crate(self) -> HashAlg {
        match self {
            Self::Mean => HashAlg::Mean,
            Self::Gradient => HashAlg::Gradient,
            Self::VertGradient => HashAlg::VertGradient,
            Self::DoubleGradient => HashAlg::DoubleGradient,
            Self::Median => HashAlg::Median,
            Self::Blockhash => HashAlg::Blockhash,
        }
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name);
        found.ok_or_else(|| Error::invalid(format!("unknown perceptual algorithm {name:?}")))
    }
}

/// How to hash a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Width and height of the hash, 2 to 64; the bits are their product (twice that for double_gradient).
    pub hash_size: u32,
    /// Apply a discrete cosine transform first ("pHash").
    pub dct: bool,
}

impl Options {
    /// 8 × 8 without a DCT.
    pub fn new(algorithm: Algorithm) -> Self {
        Self { algorithm, hash_size: 8, dct: false }
    }
}

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
}

impl ImageHash {
    /// The version of the algorithms' implementation; hashes of different versions are not compared.
    pub const VERSION: &'static str = "image_hasher-3";

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Number of bits.
    pub fn bits(&self) -> u32 {
        u32::try_from(self.bytes.len().saturating_mul(8)).unwrap_or(u32::MAX)
    }

    /// The bits, first bit lowest.
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

/// Hashes the picture in `source`.
///
/// # Errors
/// As [`picture::decode`].
pub fn image_hash(source: &Source, options: Options, limits: &Limits) -> Result<ImageHash> {
    hash_picture(&picture::decode(source, limits)?, options)
}

/// Hashes a decoded picture.
///
/// # Errors
/// [`Error::InvalidArgument`] for a hash size outside 2 to 64 or one the algorithm does not take.
pub fn hash_picture(picture: &DynamicImage, options: Options) -> Result<ImageHash> {
    let Options { algorithm, hash_size, dct } = options;
    if !(2..=64).contains(&hash_size) {
        return Err(Error::invalid(format!("hash size {hash_size} is not within 2 to 64")));
    }
    if algorithm == Algorithm::Blockhash && !hash_size.is_multiple_of(4) {
        return Err(Error::invalid(format!("blockhash takes a hash size divisible by 4, not {hash_size}")));
    }
    let config = HasherConfig::new().hash_alg(algorithm.of_crate()).hash_size(hash_size, hash_size);
    let config = if dct { config.preproc_dct() } else { config };
    let hashed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| config.to_hasher().hash_image(picture)))
        .map_err(|_| Error::unsupported(format!("a {} hash of this picture", algorithm.as_str())))?;
    Ok(ImageHash { algorithm, bytes: hashed.as_bytes().to_vec() })
}
