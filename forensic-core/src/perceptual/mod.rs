//! Perceptual hashes: pictures that look alike have hashes that differ in few bits.

mod algorithm;
mod family;
mod hash;

use crate::{bytes::Source, error::{Error, Result}, limits::Limits, picture};
use image::DynamicImage;
use img_hash::HashAlg;

pub use algorithm::{Algorithm, Options};
pub use hash::ImageHash;

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
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a hash size outside 2 to 64 or one the algorithm does not
/// take.
pub fn hash_picture(picture: &DynamicImage, options: Options) -> Result<ImageHash> {
    let family = |kind| family::hash(picture, kind, options);
    match options.algorithm {
        Algorithm::Mean => family(HashAlg::Mean),
        Algorithm::Gradient => family(HashAlg::Gradient),
        Algorithm::VertGradient => family(HashAlg::VertGradient),
        Algorithm::DoubleGradient => family(HashAlg::DoubleGradient),
        Algorithm::Median => family(HashAlg::Median),
        Algorithm::Blockhash => family(HashAlg::Blockhash),
        later => Err(Error::unsupported(format!("the perceptual algorithm {}", later.as_str()))),
    }
}
