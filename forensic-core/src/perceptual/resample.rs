//! Reduction of a grey picture by Lanczos' window, equal to Pillow's bit by bit: 8-bit values, rounded after each of two
//! passes, with weights of 22 bits (Pillow, `src/libImaging/Resample.c`, as its documentation and results have it).

/// Bits of a weight behind the point.
const BITS: u32 = 22;
/// Pixels that the window reaches to each side at full size.
const REACH: f64 = 3.0;

/// A grey picture, its rows without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grey {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
}

impl Grey {
    /// Of another size. Columns are reduced first where they lose more than twice as many pixels as rows do: so Pillow 13
    /// does, whose older versions always began with the rows, which rounds otherwise.
    pub(super) fn resize(&self, width: usize, height: usize) -> Self {
        let columns_first = self.height > height && self.height + 2 * width > 2 * self.width + height;
        match columns_first {
            true => self.down(height).across(width),
            false => self.across(width).down(height),
        }
    }

    fn across(&self, width: usize) -> Self {
        if width == self.width {
            return self.clone();
        }
        let windows = windows(self.width, width);
        let reduce = |row: &[u8], (start, weights): &(usize, Vec<i32>)| {
            let taken = &row[*start..*start + weights.len()];
            rounded(taken.iter().zip(weights).map(|(pixel, weight)| i32::from(*pixel) * weight).sum())
        };
        let rows = self.pixels.chunks_exact(self.width.max(1));
        let pixels = rows.flat_map(|row| windows.iter().map(move |window| reduce(row, window))).collect();
        Self { width, height: self.height, pixels }
    }

    fn down(&self, height: usize) -> Self {
        if height == self.height {
            return self.clone();
        }
        let mut pixels = Vec::with_capacity(self.width * height);
        for (start, weights) in windows(self.height, height) {
            let mut sums = vec![0i32; self.width];
            for (row, weight) in self.pixels.chunks_exact(self.width.max(1)).skip(start).zip(&weights) {
                sums.iter_mut().zip(row).for_each(|(sum, pixel)| *sum += i32::from(*pixel) * weight);
            }
            pixels.extend(sums.into_iter().map(rounded));
        }
        Self { width: self.width, height, pixels }
    }
}

fn rounded(sum: i32) -> u8 {
    ((sum + (1 << (BITS - 1))) >> BITS).clamp(0, 255) as u8
}

/// For each of `to` pixels the first of the `from` pixels it is made of, and their weights.
fn windows(from: usize, to: usize) -> Vec<(usize, Vec<i32>)> {
    let scale = from as f64 / to as f64;
    let stretch = scale.max(1.0);
    let reach = REACH * stretch;
    let window = |index: usize| {
        let centre = (index as f64 + 0.5) * scale;
        let start = (centre - reach + 0.5).max(0.0) as usize;
        let end = ((centre + reach + 0.5) as usize).min(from);
        let weights: Vec<f64> =
            (start..end).map(|pixel| lanczos((pixel as f64 - centre + 0.5) * (1.0 / stretch))).collect();
        let sum: f64 = weights.iter().sum();
        (start, weights.into_iter().map(|weight| fixed(if sum == 0.0 { weight } else { weight / sum })).collect())
    };
    (0..to).map(window).collect()
}

fn fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1u32 << BITS);
    (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
}

fn lanczos(x: f64) -> f64 {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (x * std::f64::consts::PI).sin() / (x * std::f64::consts::PI) };
    if (-REACH..REACH).contains(&x) { sinc(x) * sinc(x / REACH) } else { 0.0 }
}
