//! The frequencies of PDQ, and the bits of a picture turned and mirrored, which only swaps them and changes their signs.

use super::{SIDE, Samples};
use std::sync::LazyLock;

/// Frequencies a side, of 1 to 16.
const LOW: usize = 16;

pub(super) type Frequencies = [[f32; LOW]; LOW];

static COSINES: LazyLock<[[f32; SIDE]; LOW]> = LazyLock::new(|| {
    let scale = f64::from((2.0 / SIDE as f64).sqrt() as f32);
    let step = std::f64::consts::FRAC_PI_2 / SIDE as f64;
    let cosine = |row: usize, column: usize| (scale * (step * ((row + 1) * (2 * column + 1)) as f64).cos()) as f32;
    std::array::from_fn(|row| std::array::from_fn(|column| cosine(row, column)))
});

pub(super) fn transform(samples: &Samples) -> Frequencies {
    let cosines = &*COSINES;
    let mut half = [[0.0; SIDE]; LOW];
    for (line, cosines) in half.iter_mut().zip(cosines) {
        for (weight, samples) in cosines.iter().zip(samples) {
            line.iter_mut().zip(samples).for_each(|(sum, sample)| *sum += weight * sample);
        }
    }
    half.map(|line| cosines.map(|row| line.iter().zip(&row).fold(0.0, |sum, (a, b)| sum + a * b)))
}

/// What is done to the picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// Rows become columns.
    transposed: bool,
    /// Which frequencies, by row and column before that, change their sign.
    negative: fn(usize, usize) -> bool,
}

impl Turn {
    /// As it is; turned by 90, 180 and 270 degrees; upside down; left to right; along the diagonals.
    pub(super) const ALL: [Self; 8] = [
        Self { transposed: false, negative: |_, _| false },
        Self { transposed: true, negative: |_, column| column % 2 == 0 },
        Self { transposed: false, negative: |row, column| (row + column) % 2 == 1 },
        Self { transposed: true, negative: |row, _| row % 2 == 0 },
        Self { transposed: false, negative: |row, _| row % 2 == 0 },
        Self { transposed: false, negative: |_, column| column % 2 == 0 },
        Self { transposed: true, negative: |_, _| false },
        Self { transposed: true, negative: |row, column| (row + column) % 2 == 1 },
    ];
}

/// The bits: a frequency above the median. Bit 255 is the highest of the first byte, as Meta writes them.
pub(super) fn bits(frequencies: &Frequencies, turn: Turn) -> [u8; 32] {
    let mut turned = [0.0; LOW * LOW];
    for (row, line) in frequencies.iter().enumerate() {
        for (column, frequency) in line.iter().enumerate() {
            let place = if turn.transposed { column * LOW + row } else { row * LOW + column };
            turned[place] = if (turn.negative)(row, column) { -frequency } else { *frequency };
        }
    }
    let mut sorted = turned;
    // The lower of the two in the middle, as the reference's selection gives.
    let (_, median, _) = sorted.select_nth_unstable_by(LOW * LOW / 2 - 1, f32::total_cmp);
    let mut bytes = [0; 32];
    for (bit, _) in turned.iter().enumerate().filter(|(_, frequency)| **frequency > *median) {
        bytes[31 - bit / 8] |= 1 << (bit % 8);
    }
    bytes
}
