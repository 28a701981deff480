//! The filter and the sampling of PDQ along one side of a picture, as one sparse matrix of 64 rows.
//!
//! The reference blurs a side of `n` pixels twice with a box of `w = ⌈n / 128⌉` pixels, cut at the edges, and takes the
//! pixel below the middle of each 64th. Both are linear: sample `o` is a weighted sum of the `2w - 1` or so pixels around it.

/// Samples along a side.
pub(super) const SIDE: usize = 64;

/// The weights of one sample: those of the pixels from `start` on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Taps {
    pub start: usize,
    pub weights: Vec<f32>,
}

/// The weights of all 64 samples of a side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Matrix(pub Vec<Taps>);

impl Matrix {
    /// For a side of `pixels` pixels, of which each run of `scale` was replaced by its mean. `pixels` is that of the whole
    /// picture, at least 1.
    pub(super) fn new(pixels: usize, scale: usize) -> Self {
        let window = pixels.div_ceil(2 * SIDE);
        let taps = (0..SIDE).map(|sample| {
            let pixel = ((sample as f64 + 0.5) * pixels as f64 / SIDE as f64) as usize;
            Self::taps(pixel.min(pixels - 1), pixels, window).shrink(scale)
        });
        Self(taps.collect())
    }

    /// The weights of the pixels in the twice blurred `pixel`.
    fn taps(pixel: usize, pixels: usize, window: usize) -> Taps {
        let (first, last) = reach(pixel, pixels, window);
        let start = reach(first, pixels, window).0;
        let end = reach(last, pixels, window).1;
        let mut weights = vec![0.0f64; end - start + 1];
        let outer = 1.0 / (last - first + 1) as f64;
        for between in first..=last {
            let (from, to) = reach(between, pixels, window);
            let weight = outer / (to - from + 1) as f64;
            weights[from - start..=to - start].iter_mut().for_each(|sum| *sum += weight);
        }
        Taps { start, weights: weights.into_iter().map(|weight| weight as f32).collect() }
    }
}

/// The first and the last pixel whose mean a box puts in the place of `pixel`.
fn reach(pixel: usize, pixels: usize, window: usize) -> (usize, usize) {
    (pixel.saturating_sub((window - 1) / 2), (pixel + window / 2).min(pixels - 1))
}

impl Taps {
    /// The weights of means of `scale` pixels each.
    fn shrink(self, scale: usize) -> Self {
        if scale == 1 {
            return self;
        }
        let start = self.start / scale;
        let end = (self.start + self.weights.len() - 1) / scale;
        let mut weights = vec![0.0; end - start + 1];
        for (index, weight) in self.weights.iter().enumerate() {
            weights[(self.start + index) / scale - start] += weight;
        }
        Self { start, weights }
    }
}
