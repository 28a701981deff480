//! JPEG pictures (ITU-T T.81 | ISO/IEC 10918-1): only as much of one as is asked for, and what is left of a damaged one.
//!
//! Baseline, extended sequential and progressive pictures of 8 bits a sample are decoded, with any sampling factors, as
//! grey, YCbCr, RGB, CMYK or YCCK. Pictures of 12 bits, lossless, hierarchical and arithmetic-coded ones are refused by name.
//!
//! The full size is what libjpeg gives with its defaults, to the bit: the accurate integer transform (C. Loeffler,
//! A. Ligtenberg, G. Moschytz: Practical fast 1-D DCT algorithms with 11 multiplications, ICASSP 1989), chroma by a triangle
//! filter. At 1/2, 1/4 and 1/8 each pixel is the mean of its square of pixels of the full size, rounding and the clipping of
//! values beyond black and white aside; at the right and lower edge the square counts whole, with what the encoder filled
//! it with. What the result does not need is not decoded: not a component nobody asked for, at 1/8 of a progressive picture only
//! the scans of DC coefficients. Damage there goes unnoticed.

mod colour;
mod decoder;
mod deliver;
mod file;
mod idct;
mod plane;
mod progressive;
mod scan;
mod sequential;
mod standard;
pub(crate) mod syntax;
mod upsample;
#[cfg(target_arch = "x86_64")]
mod wide;

use crate::{
    error::{Error, Result},
    limits::Limits,
};

/// What a pixel consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Channels {
    /// One byte: luminance as JFIF defines it (ITU-R BT.601, 0 black, 255 white).
    Luma,
    /// Three bytes: red, green and blue.
    #[default]
    Rgb,
}

impl Channels {
    /// Bytes of a pixel.
    pub fn count(self) -> usize {
        match self {
            Self::Luma => 1,
            Self::Rgb => 3,
        }
    }
}

/// How a picture is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Sides become `1 / scale` as long, rounded up: 1, 2, 4 or 8.
    pub scale: u32,
    /// What a pixel consists of.
    pub channels: Channels,
    /// True where a damaged picture is to give what is left of it.
    pub partial: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { scale: 1, channels: Channels::Rgb, partial: false }
    }
}

impl Options {
    /// Decodes at 1/`scale` of each side: 1, 2, 4 or 8.
    pub fn scale(self, scale: u32) -> Self {
        Self { scale, ..self }
    }

    /// Decodes to such pixels.
    pub fn channels(self, channels: Channels) -> Self {
        Self { channels, ..self }
    }

    /// Decodes what is left of a damaged picture, too.
    pub fn partial(self, partial: bool) -> Self {
        Self { partial, ..self }
    }
}

/// A decoded picture, or what is left of one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Picture {
    /// Pixels of a row of what was delivered.
    pub width: u32,
    /// Rows of what was delivered.
    pub height: u32,
    /// Width of the picture itself.
    pub full_width: u32,
    /// Height of the picture itself.
    pub full_height: u32,
    /// What a pixel consists of.
    pub channels: Channels,
    /// The pixels, row by row from the top, nothing between them. Where nothing could be decoded, each
    /// component is in the middle of its range: mid-grey, dark grey of CMYK's ink.
    pub pixels: Vec<u8>,
    /// The share of the picture's area that was decoded, 1 for all of it: in a progressive picture the share that its first
    /// scan of DC coefficients covers. Where the components lie in scans of their own, the mean over those needed.
    pub decoded: f64,
    /// The first damage met, which is what a decode that is not partial fails with.
    pub damage: Option<Error>,
}

/// What the frame header of a picture says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Pixels of a row.
    pub width: u32,
    /// Rows; 0 where only a DNL segment behind the first scan would tell and there is none.
    pub height: u32,
    /// Bits of a sample.
    pub precision: u8,
    /// Number of components.
    pub components: u8,
    /// How the picture is coded, in the words of T.81: "baseline", "extended sequential", "progressive", "lossless", …
    pub process: &'static str,
}

/// Decodes the picture that `bytes` begin with.
///
/// Takes time in proportion to the coded bytes and to the pixels delivered. Missing Huffman tables are those of T.81, annex K, as
/// Motion-JPEG wants it. Garbage between segments and behind the picture, and a missing end marker, are no damage.
///
/// ```
/// use forensic_core::{Limits, picture::jpeg::{self, Channels, Options}};
/// # let mut file = Vec::new();
/// # let grains: Vec<u8> = (0..40 * 30u32).map(|at| (at * at % 251) as u8).collect();
/// # image::codecs::jpeg::JpegEncoder::new(&mut file).encode(&grains, 40, 30, image::ExtendedColorType::L8).unwrap();
/// let options = Options::default().scale(8).channels(Channels::Luma);
/// let picture = jpeg::decode(&file, &options, &Limits::default())?;
/// assert_eq!((picture.width, picture.height, picture.full_width), (5, 4, 40));
/// assert_eq!(picture.pixels.len(), 20);
///
/// // A part of a file is an error, or what is left of the picture.
/// let part = &file[..file.len() * 2 / 3];
/// assert!(jpeg::decode(part, &options, &Limits::default()).is_err());
/// let left = jpeg::decode(part, &options.partial(true), &Limits::default())?;
/// assert!(left.decoded < 1.0 && left.damage.is_some());
/// # Ok::<(), forensic_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Format`] where they begin no JPEG picture, [`Error::Unsupported`] where it is of a kind that is not decoded,
/// [`Error::Limit`] where it has more pixels, or needs more memory, than `limits` allow or more scans than any picture has use
/// for, [`Error::Corrupt`] where it is damaged: with [`Options::partial`], where nothing of it could be decoded. Offsets count from
/// the start of `bytes`.
pub fn decode(bytes: &[u8], options: &Options, limits: &Limits) -> Result<Picture> {
    if !matches!(options.scale, 1 | 2 | 4 | 8) {
        return Err(Error::invalid(format!(
            "a JPEG picture is decoded at 1/1, 1/2, 1/4 or 1/8, not 1/{}",
            options.scale
        )));
    }
    decoder::Decoder::new(bytes, options, limits)?.run()
}

/// What the frame header of the picture that `bytes` begin with says, of whatever kind it is; nothing is decoded.
///
/// # Errors
/// [`Error::Format`] where they begin no JPEG picture, [`Error::Corrupt`] where it has no frame header.
pub fn header(bytes: &[u8]) -> Result<Header> {
    file::header(bytes)
}
