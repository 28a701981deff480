//! The hashes of PyPI ImageHash (4.3), whose bits case databases hold: phash, dhash, ahash ("average_hash") and whash.
//!
//! All start from Pillow's grey picture, reduced by Lanczos' window. The first bit is the highest of the first byte, as
//! `str()` of ImageHash writes them.

use super::{Algorithm, ImageHash, resample::Grey};

/// How many times larger than the hash the picture is whose frequencies make a phash.
const HIGH_FREQUENCIES: usize = 4;

pub(super) fn hash(grey: &Grey, algorithm: Algorithm, size: usize) -> ImageHash {
    let bits = match algorithm {
        Algorithm::Phash => phash(grey, size),
        Algorithm::Dhash => dhash(grey, size),
        Algorithm::Whash => wavelet::hash(grey, size),
        _ => ahash(grey, size),
    };
    let bytes: Vec<u8> =
        bits.chunks(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect();
    ImageHash::from_parts(algorithm, bytes, None)
}

fn ahash(grey: &Grey, size: usize) -> Vec<bool> {
    let pixels = grey.resize(size, size).pixels;
    let sum: u32 = pixels.iter().map(|pixel| u32::from(*pixel)).sum();
    let mean = f64::from(sum) / pixels.len() as f64;
    pixels.iter().map(|pixel| f64::from(*pixel) > mean).collect()
}

fn dhash(grey: &Grey, size: usize) -> Vec<bool> {
    let pixels = grey.resize(size + 1, size).pixels;
    pixels.chunks_exact(size + 1).flat_map(|row| row.windows(2).map(|pair| pair[1] > pair[0])).collect()
}

fn phash(grey: &Grey, size: usize) -> Vec<bool> {
    let side = size * HIGH_FREQUENCIES;
    let pixels = grey.resize(side, side).pixels;
    let step = std::f64::consts::PI / (2 * side) as f64;
    let cosine = |frequency: usize, at: usize| 2.0 * (step * ((frequency * (2 * at + 1)) % (4 * side)) as f64).cos();
    let cosines: Vec<f64> = (0..size * side).map(|place| cosine(place / side, place % side)).collect();
    // Above a level that only the lowest frequency sees: of a flat picture all others are nothing, not what rounding leaves.
    let level = f64::from(pixels.first().copied().unwrap_or_default());
    // Down the columns first, then along the rows.
    let mut half = vec![0.0; size * side];
    for (line, cosines) in half.chunks_exact_mut(side).zip(cosines.chunks_exact(side)) {
        for (weight, row) in cosines.iter().zip(pixels.chunks_exact(side)) {
            line.iter_mut().zip(row).for_each(|(sum, pixel)| *sum += weight * (f64::from(*pixel) - level));
        }
    }
    let mut low: Vec<f64> = half
        .chunks_exact(side)
        .flat_map(|line| {
            cosines
                .chunks_exact(side)
                .map(move |cosines| line.iter().zip(cosines).map(|(sample, weight)| sample * weight).sum())
        })
        .collect();
    if let Some(lowest) = low.first_mut() {
        *lowest += 4.0 * level * (side * side) as f64;
    }
    above_median(&low)
}

fn above_median(values: &[f64]) -> Vec<bool> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let median = if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 };
    values.iter().map(|value| *value > median).collect()
}

mod wavelet {
    //! The low part of a Haar wavelet without its mean, by the same operations in the same order as PyWavelets has them:
    //! where parts are equal, rounding alone decides on a bit.

    use super::{Grey, above_median};
    use std::f64::consts::FRAC_1_SQRT_2;

    /// A square of samples.
    #[derive(Default)]
    struct Square {
        side: usize,
        samples: Vec<f64>,
    }

    /// The four parts of a square of half its side: low, and the three with a high direction.
    struct Parts([Square; 4]);

    pub(super) fn hash(grey: &Grey, size: usize) -> Vec<bool> {
        let side = 1 << grey.width.min(grey.height).max(1).ilog2();
        // A picture smaller than its hash is enlarged to it.
        let side = side.max(size);
        let pixels = grey.resize(side, side).pixels;
        let mut square = Square { side, samples: pixels.iter().map(|pixel| f64::from(*pixel) / 255.0).collect() };
        let mut parts = Vec::new();
        while square.side > 1 {
            let mut taken = square.split();
            square = std::mem::take(&mut taken.0[0]);
            parts.push(taken);
        }
        square.samples.iter_mut().for_each(|sample| *sample *= 0.0);
        for mut taken in parts.into_iter().rev() {
            taken.0[0] = square;
            square = taken.join();
        }
        while square.side > size {
            square = square.low();
        }
        above_median(&square.samples)
    }

    impl Square {
        fn split(&self) -> Parts {
            let (low, high) = (self.columns(1.0), self.columns(-1.0));
            Parts([self.rows(&low, 1.0), self.rows(&low, -1.0), self.rows(&high, 1.0), self.rows(&high, -1.0)])
        }

        fn low(&self) -> Self {
            self.rows(&self.columns(1.0), 1.0)
        }

        /// Of each two samples, one above the other, the low part, or with a sign of -1 the high one.
        fn columns(&self, sign: f64) -> Vec<f64> {
            let rows = self.samples.chunks_exact(2 * self.side);
            let sums = rows.flat_map(|pair| {
                let (above, below) = pair.split_at(self.side);
                above.iter().zip(below).map(move |(a, b)| sign * FRAC_1_SQRT_2 * b + FRAC_1_SQRT_2 * a)
            });
            sums.collect()
        }

        /// The same of each two samples side by side.
        fn rows(&self, samples: &[f64], sign: f64) -> Self {
            let sums = samples.as_chunks::<2>().0.iter().map(|[a, b]| sign * FRAC_1_SQRT_2 * b + FRAC_1_SQRT_2 * a);
            Self { side: self.side / 2, samples: sums.collect() }
        }
    }

    impl Parts {
        fn join(&self) -> Square {
            let Self([low_low, low_high, high_low, high_high]) = self;
            let half = low_low.side;
            let rows = |low: &Square, high: &Square| -> Vec<f64> {
                let pairs = low.samples.iter().zip(&high.samples);
                pairs
                    .flat_map(|(a, d)| [FRAC_1_SQRT_2 * a + FRAC_1_SQRT_2 * d, FRAC_1_SQRT_2 * a - FRAC_1_SQRT_2 * d])
                    .collect()
            };
            let (low, high) = (rows(low_low, low_high), rows(high_low, high_high));
            let side = 2 * half;
            let mut samples = Vec::with_capacity(side * side);
            for (low, high) in low.chunks_exact(side).zip(high.chunks_exact(side)) {
                samples.extend(low.iter().zip(high).map(|(a, d)| FRAC_1_SQRT_2 * a + FRAC_1_SQRT_2 * d));
                samples.extend(low.iter().zip(high).map(|(a, d)| FRAC_1_SQRT_2 * a - FRAC_1_SQRT_2 * d));
            }
            Square { side, samples }
        }
    }
}
