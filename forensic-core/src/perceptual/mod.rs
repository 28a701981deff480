//! Perceptual hashes: pictures that look alike have hashes that differ in few bits.
//!
//! PDQ equal to Meta's reference, the family of the crate `image_hasher` 3.1, and the hashes of PyPI ImageHash.

mod algorithm;
mod family;
mod group;
mod hash;
mod image_hash;
mod index;
mod pdq;
mod pixels;
mod resample;

use self::{hash::Origin, pixels::Bytes};
use crate::{bytes::Source, error::Result, limits::Limits, picture};
use image::DynamicImage;
use img_hash::HashAlg;

pub use algorithm::{Algorithm, Options, Pipeline, Scale};
pub use group::{Group, GroupOptions, group};
pub use hash::ImageHash;
pub use index::{Answer, HashIndex, IndexBuilder, Key, Match, Query};

/// The side to which Meta's programs reduce the pictures of files.
const FILE_SIDE: usize = 512;

/// Hashes the picture in `source`.
///
/// # Errors
/// As [`picture::decode`], and as [`hash_picture`].
pub fn image_hash(source: &Source, options: Options, limits: &Limits) -> Result<ImageHash> {
    options.check()?;
    hash_picture(&picture::decode(source, limits)?, options)
}

/// Hashes a decoded picture.
///
/// # Errors
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a hash size outside 2 to 64 or options the algorithm does
/// not take.
pub fn hash_picture(picture: &DynamicImage, options: Options) -> Result<ImageHash> {
    options.check()?;
    let family = |kind| family::hash(picture, kind, options);
    match options.algorithm {
        Algorithm::Mean => family(HashAlg::Mean),
        Algorithm::Gradient => family(HashAlg::Gradient),
        Algorithm::VertGradient => family(HashAlg::VertGradient),
        Algorithm::DoubleGradient => family(HashAlg::DoubleGradient),
        Algorithm::Median => family(HashAlg::Median),
        Algorithm::Blockhash => family(HashAlg::Blockhash),
        Algorithm::Pdq => Ok(pdq(Bytes::of(picture), options.pipeline)),
        Algorithm::Phash | Algorithm::Dhash | Algorithm::Ahash | Algorithm::Whash => {
            Ok(image_hash::hash(&Bytes::of(picture).grey(), options.algorithm, options.hash_size as usize))
        }
    }
}

fn pdq(bytes: Bytes<'_>, pipeline: Pipeline) -> ImageHash {
    let bytes = match pipeline {
        Pipeline::Array => bytes,
        Pipeline::ThreatExchangeFile => bytes.nearest(FILE_SIDE),
    };
    let Bytes { bytes, channels, width, height } = &bytes;
    let pixels = pdq::Pixels { bytes, channels: *channels, width: *width, height: *height, scale: 1 };
    let pdq::Pdq { hashes, quality } = pdq::hash(pixels);
    ImageHash::of_pdq(hashes, quality).from_origin(Origin { pipeline, ..Origin::default() })
}
