//! PDQ, 256 bits and a quality, after Meta's description and reference (ThreatExchange, `pdq/`, "PDQ & TMK + PDQF", 2019).
//!
//! Luma, twice blurred by a box and sampled at 64 × 64 places, goes through a discrete cosine transform, of which
//! 16 × 16 low frequencies (without the lowest) are each compared with their median. Filter and sampling are linear and apply
//! to rows and columns apart, so that here both are one matrix a side ([`matrix`]); of pixels that are means of blocks of
//! others (a JPEG decoded at an eighth) its columns are added up.

mod dct;
mod matrix;
mod rows;

use self::matrix::{Matrix, SIDE, Taps};

/// Red, green and blue in luma.
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];
/// The smallest side that is hashed.
const LEAST: usize = 5;

/// Rows of bytes, one (luma) or three (red, green, blue) a pixel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pixels<'a> {
    /// The rows, without gaps.
    pub bytes: &'a [u8],
    /// Bytes a pixel: 1 or 3.
    pub channels: usize,
    /// Pixels of the whole picture across and down.
    pub width: usize,
    pub height: usize,
    /// Each byte is the mean of `scale` × `scale` pixels of the whole picture.
    pub scale: usize,
}

impl Pixels<'_> {
    /// Pixels across that there are bytes of.
    fn columns(&self) -> usize {
        self.width.div_ceil(self.scale)
    }
}

/// The eight hashes of a picture, turned and mirrored, and its quality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pdq {
    /// In the order of [`dct::Turn::ALL`].
    pub hashes: [[u8; 32]; 8],
    pub quality: u8,
}

/// The hash of a picture. One with a side under five pixels has a hash of zeros and no quality, as in the reference.
pub(super) fn hash(pixels: Pixels<'_>) -> Pdq {
    if pixels.width < LEAST || pixels.height < LEAST {
        return Pdq { hashes: [[0; 32]; 8], quality: 0 };
    }
    let samples = sample(pixels);
    let frequencies = dct::transform(&samples);
    Pdq { hashes: dct::Turn::ALL.map(|turn| dct::bits(&frequencies, turn)), quality: quality(&samples) }
}

type Samples = [[f32; SIDE]; SIDE];

fn sample(pixels: Pixels<'_>) -> Box<Samples> {
    let across = Matrix::new(pixels.width, pixels.scale);
    let down = Matrix::new(pixels.height, pixels.scale);
    let length = pixels.columns() * pixels.channels;
    let mut samples = Box::new([[0.0; SIDE]; SIDE]);
    let (mut sums, mut luma) = (vec![0.0; length], Vec::new());
    for (line, Taps { start, weights }) in samples.iter_mut().zip(&down.0) {
        let taken = pixels.bytes.chunks_exact(length).skip(*start);
        rows::add(&mut sums, weights.iter().copied().zip(taken));
        luma.clear();
        if pixels.channels == 3 {
            luma.extend(sums.as_chunks::<3>().0.iter().map(luma_of));
        } else {
            // Rounded as the same picture in three equal channels is: where frequencies tie, that decides on a bit.
            luma.extend(sums.iter().map(|grey| luma_of(&[*grey; 3])));
        }
        for (sample, Taps { start, weights }) in line.iter_mut().zip(&across.0) {
            *sample = weights.iter().zip(&luma[*start..]).map(|(weight, luma)| weight * luma).sum();
        }
    }
    samples
}

fn luma_of([r, g, b]: &[f32; 3]) -> f32 {
    LUMA[0] * r + LUMA[1] * g + LUMA[2] * b
}

/// How much there is to tell the picture by: the sum of its steps in brightness, in whole percents, over 90, at most 100.
fn quality(samples: &Samples) -> u8 {
    let step = |a: f32, b: f32| (((a - b) * 100.0) / 255.0).trunc().abs() as u32;
    let down = samples.windows(2).flat_map(|pair| pair[0].iter().zip(&pair[1]));
    let across = samples.iter().flat_map(|line| line.iter().zip(&line[1..]));
    let sum: u32 = down.chain(across).map(|(a, b)| step(*a, *b)).sum();
    (sum / 90).min(100) as u8
}
