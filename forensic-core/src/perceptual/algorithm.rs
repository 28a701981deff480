//! The algorithms and their options.

use crate::error::{Error, Result};
use std::str::FromStr;

/// A perceptual algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Brighter or darker than the mean, as `image_hasher`.
    Mean,
    /// Brighter or darker than the left neighbour, as `image_hasher`.
    Gradient,
    /// Brighter or darker than the neighbour above, as `image_hasher`.
    VertGradient,
    /// Both gradients, as `image_hasher`.
    DoubleGradient,
    /// Brighter or darker than the median, as `image_hasher`.
    Median,
    /// Blockhash.io, without interpolation, as `image_hasher`.
    Blockhash,
    /// PDQ of Meta's ThreatExchange: 256 bits and a quality.
    Pdq,
    /// Low frequencies above their median, as `phash` of PyPI ImageHash.
    Phash,
    /// Darker than the right neighbour, as `dhash` of PyPI ImageHash.
    Dhash,
    /// Brighter than the mean, as `average_hash` of PyPI ImageHash.
    Ahash,
    /// Low frequencies of a Haar wavelet above their median, as `whash` of PyPI ImageHash.
    Whash,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Mean,
        Self::Gradient,
        Self::VertGradient,
        Self::DoubleGradient,
        Self::Median,
        Self::Blockhash,
        Self::Pdq,
        Self::Phash,
        Self::Dhash,
        Self::Ahash,
        Self::Whash,
    ];

    /// The name: `mean`, `gradient`, `vert_gradient`, `double_gradient`, `median`, `blockhash`, `pdq`, `phash`, `dhash`,
    /// `ahash`, `whash`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Gradient => "gradient",
            Self::VertGradient => "vert_gradient",
            Self::DoubleGradient => "double_gradient",
            Self::Median => "median",
            Self::Blockhash => "blockhash",
            Self::Pdq => "pdq",
            Self::Phash => "phash",
            Self::Dhash => "dhash",
            Self::Ahash => "ahash",
            Self::Whash => "whash",
        }
    }

    /// The version of the algorithm's implementation; hashes of different versions are not compared.
    pub fn version(self) -> &'static str {
        match self {
            Self::Pdq => "pdq-1",
            Self::Phash | Self::Dhash | Self::Ahash | Self::Whash => "imagehash-4",
            _ => "image_hasher-3",
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
