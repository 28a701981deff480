//! Perceptual hashes: pictures that look alike have hashes that differ in few bits.
//!
//! PDQ equal to Meta's reference, the family of the crate `image_hasher` 3.1, and the hashes of PyPI ImageHash.

mod algorithm;
mod border;
mod family;
mod group;
mod hash;
mod image_hash;
mod index;
mod pdq;
mod pixels;
mod resample;
mod video;

use self::{hash::Origin, pixels::Bytes};
use crate::{
    bytes::Source,
    error::{Error, Result},
    limits::Limits,
    picture::{self, DecodeOptions},
};
use image::DynamicImage;
use img_hash::HashAlg;
use std::cell::Cell;

pub use algorithm::{Algorithm, Options, Pipeline, Scale};
pub use group::{Group, GroupOptions, group};
pub use hash::ImageHash;
pub use index::{Answer, HashIndex, IndexBuilder, Key, Match, Query};
pub use video::{FrameHash, VideoHash, VideoMatch, VideoQuery};

/// The side to which Meta's programs reduce the pictures of files.
const FILE_SIDE: usize = 512;

/// Hashes the picture in `source`.
///
/// Of a JPEG, PDQ takes the luminance as it is coded, at the scale that is asked for; the hashes of libjpeg's and other
/// decoders' colours differ from that by a bit or two.
///
/// # Errors
/// As [`picture::decode_with`], and as [`hash_picture`].
pub fn image_hash(source: &Source, options: Options, limits: &Limits) -> Result<ImageHash> {
    hash_file(source, &[options], limits)?.hashes.pop().unwrap_or_else(|| Err(Error::invalid("no hash".to_owned())))
}

/// What [`hash_file`] gives of a picture.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HashedFile {
    /// Pixels across and down.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Share of the picture that decoded, 0 to 1.
    pub decoded: f64,
    /// What is wrong with the picture, and where.
    pub issue: Option<String>,
    /// A hash for each that was asked for.
    pub hashes: Vec<Result<ImageHash>>,
}

/// Hashes the picture in `source` in several ways, of one decoding where they allow it: a part of a damaged picture where any of
/// `wanted` takes one.
///
/// # Errors
/// As [`picture::decode_with`].
pub fn hash_file(source: &Source, wanted: &[Options], limits: &Limits) -> Result<HashedFile> {
    wanted.iter().try_for_each(|options| options.check())?;
    let partial = wanted.iter().any(|options| options.partial);
    if let Some(hashed) = luma_of_jpeg(source, wanted, partial, limits)? {
        return Ok(hashed);
    }
    let decoded = picture::decode_with(source, &DecodeOptions::default().partial(partial), limits)?;
    let (pixels, share) = (&decoded.pixels, decoded.decoded);
    let hash = |options: &Options| Ok(hash_picture(pixels, *options)?.of_part(share));
    Ok(HashedFile {
        width: pixels.width(),
        height: pixels.height(),
        decoded: share,
        issue: decoded.issue.map(|issue| issue.to_string()),
        hashes: wanted.iter().map(hash).collect(),
    })
}

/// The hashes of a JPEG of which nothing but PDQs of one scale are wanted.
fn luma_of_jpeg(source: &Source, wanted: &[Options], partial: bool, limits: &Limits) -> Result<Option<HashedFile>> {
    let Some(scale) = wanted.first().map(|options| options.scale) else { return Ok(None) };
    let fits = |options: &Options| {
        (options.algorithm, options.pipeline, options.scale) == (Algorithm::Pdq, Pipeline::Array, scale)
    };
    if !wanted.iter().all(fits) {
        return Ok(None);
    }
    let chosen = Cell::new(1);
    let scale_of = |width, height| {
        chosen.set(scale.of(width, height));
        chosen.get()
    };
    let Some(decoded) = picture::jpeg_luma(source, scale_of, partial, limits)? else { return Ok(None) };
    let (width, height) = (decoded.full_width, decoded.full_height);
    let scale = chosen.get();
    let luma = Bytes {
        bytes: decoded.pixels.into(),
        channels: 1,
        width: decoded.width as usize,
        height: decoded.height as usize,
    };
    let whole = (width as usize, height as usize);
    let hash = pdq_and_within(&luma, whole, Origin { pipeline: Pipeline::Array, scale, decoded: decoded.decoded });
    Ok(Some(HashedFile {
        width,
        height,
        decoded: decoded.decoded,
        issue: decoded.damage.map(|error| error.to_string()),
        hashes: wanted.iter().map(|_| Ok(hash.clone())).collect(),
    }))
}

/// Hashes a decoded picture.
///
/// # Errors
/// [`Error::InvalidArgument`] for a hash size outside 2 to 64 or options the algorithm does
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
    let origin = Origin { pipeline, ..Origin::default() };
    let whole = (bytes.width, bytes.height);
    match pipeline {
        Pipeline::Array => pdq_and_within(&bytes, whole, origin),
        Pipeline::ThreatExchangeFile => {
            let bytes = bytes.nearest(FILE_SIDE);
            pdq_of(&bytes, (bytes.width, bytes.height), origin)
        }
    }
}

/// The PDQ of a picture, and with it that of what is within its border.
fn pdq_and_within(bytes: &Bytes<'_>, whole: (usize, usize), origin: Origin) -> ImageHash {
    let hash = pdq_of(bytes, whole, origin);
    let within = border::within(bytes).map(|inner| {
        let scale = origin.scale as usize;
        pdq_of(&inner, (inner.width * scale, inner.height * scale), origin)
    });
    hash.with_border(within)
}

fn pdq_of(bytes: &Bytes<'_>, (width, height): (usize, usize), origin: Origin) -> ImageHash {
    let scale = origin.scale as usize;
    let pixels = pdq::Pixels { bytes: &bytes.bytes, channels: bytes.channels, width, height, scale };
    let pdq::Pdq { hashes, quality } = pdq::hash(pixels);
    ImageHash::of_pdq(hashes, quality).with_origin(origin)
}
