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

    /// Whether the bits are those of the crate `image_hasher`.
    pub(super) fn is_of_image_hasher(self) -> bool {
        self < Self::Pdq
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

/// How the pixels of a file come to the algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Pipeline {
    /// The whole picture, as PyPI `pdqhash` takes it.
    #[default]
    Array,
    /// PDQ only: a picture with a side over 512 pixels first becomes one of 512 × 512 by its nearest neighbours, as Meta's own
    /// programs do with files. Hashes of the two differ by some 8 bits, at times by nearly 30.
    ThreatExchangeFile,
}

impl Pipeline {
    /// The name: `array`, `threatexchange-file`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::ThreatExchangeFile => "threatexchange-file",
        }
    }
}

impl FromStr for Pipeline {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = [Self::Array, Self::ThreatExchangeFile].into_iter().find(|pipeline| pipeline.as_str() == name);
        found.ok_or_else(|| Error::invalid(format!("unknown pipeline {name:?}")))
    }
}

/// How much of a JPEG is decoded for its PDQ: other formats and algorithms take the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Scale {
    /// All pixels.
    #[default]
    Full,
    /// The means of 2 × 2 pixels.
    Half,
    /// The means of 4 × 4 pixels.
    Quarter,
    /// The means of 8 × 8 pixels.
    Eighth,
    /// The smallest of these whose shorter side is 256 pixels or more.
    Auto,
}

impl Scale {
    /// The side of a block of pixels that one value stands for, in a picture of that size.
    pub(super) fn of(self, width: u32, height: u32) -> u32 {
        match self {
            Self::Full => 1,
            Self::Half => 2,
            Self::Quarter => 4,
            Self::Eighth => 8,
            Self::Auto => [8, 4, 2].into_iter().find(|scale| width.min(height) / scale >= 256).unwrap_or(1),
        }
    }
}

/// How to hash a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Width and height of the hash, 2 to 64; the bits are their product (twice that for double_gradient). PDQ has 16.
    pub hash_size: u32,
    /// Apply a discrete cosine transform first: the family of `image_hasher` only.
    pub dct: bool,
    /// How the pixels come to PDQ.
    pub pipeline: Pipeline,
    /// How much of a JPEG is decoded for PDQ.
    pub scale: Scale,
    /// Hash what decodes of a cut or damaged picture; otherwise that is [`Error::Corrupt`].
    pub partial: bool,
}

impl Options {
    /// The usual size, 8 × 8 (of PDQ 16 × 16), without a DCT, of the whole of a sound picture.
    pub fn new(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            hash_size: if algorithm == Algorithm::Pdq { 16 } else { 8 },
            dct: false,
            pipeline: Pipeline::Array,
            scale: Scale::Full,
            partial: false,
        }
    }

    /// With another width and height of the hash.
    #[must_use]
    pub fn hash_size(mut self, hash_size: u32) -> Self {
        self.hash_size = hash_size;
        self
    }

    /// With or without a discrete cosine transform.
    #[must_use]
    pub fn dct(mut self, dct: bool) -> Self {
        self.dct = dct;
        self
    }

    /// With another way from file to algorithm.
    #[must_use]
    pub fn pipeline(mut self, pipeline: Pipeline) -> Self {
        self.pipeline = pipeline;
        self
    }

    /// With less of a JPEG decoded.
    #[must_use]
    pub fn scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// With what decodes of a damaged picture, or only whole ones.
    #[must_use]
    pub fn partial(mut self, partial: bool) -> Self {
        self.partial = partial;
        self
    }

    /// # Errors
    /// [`Error::InvalidArgument`] where the options do not fit the algorithm.
    pub(super) fn check(self) -> Result<()> {
        let Self { algorithm, hash_size, dct, pipeline, .. } = self;
        let name = algorithm.as_str();
        if !(2..=64).contains(&hash_size) {
            return Err(Error::invalid(format!("hash size {hash_size} is not within 2 to 64")));
        }
        if algorithm == Algorithm::Blockhash && !hash_size.is_multiple_of(4) {
            return Err(Error::invalid(format!("blockhash takes a hash size divisible by 4, not {hash_size}")));
        }
        if algorithm == Algorithm::Whash && !hash_size.is_power_of_two() {
            return Err(Error::invalid(format!("whash takes a hash size that is a power of two, not {hash_size}")));
        }
        if algorithm == Algorithm::Pdq && hash_size != 16 {
            return Err(Error::invalid(format!("pdq has a hash size of 16, not {hash_size}")));
        }
        if dct && !algorithm.is_of_image_hasher() {
            return Err(Error::invalid(format!("{name} takes no cosine transform of its own")));
        }
        if pipeline != Pipeline::Array && algorithm != Algorithm::Pdq {
            return Err(Error::invalid(format!("{name} has no pipeline {}", pipeline.as_str())));
        }
        Ok(())
    }
}
