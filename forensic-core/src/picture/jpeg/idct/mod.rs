//! The inverse cosine transform of a block, to its 8 × 8 samples or to the means of 2, 4 or 8 of them in a row (ITU-T T.81, A.3.3).
//!
//! One dimension is a linear map whose weights are integers of 13 fractional bits; those of the transform to 8 samples are the sums of
//! the constants in the flow graph of Loeffler, Ligtenberg and Moschytz (ICASSP 1989), multiplied out, so that every way to
//! add them up gives the same. Those of the means are the means of the cosines. What lies mirrored about the middle differs
//! only in the sign of the odd coefficients.

mod portable;

#[cfg(target_arch = "x86_64")]
use super::wide::Wide;

/// Fractional bits of the weights, and those that the first dimension leaves to the second.
const WEIGHT_BITS: i32 = 13;
const BETWEEN_BITS: i32 = 2;
/// What the sums of the first and of the second dimension are shifted by: the second has the eighth that both leave out.
pub(super) const FIRST_SHIFT: i32 = WEIGHT_BITS - BETWEEN_BITS;
pub(super) const SECOND_SHIFT: i32 = WEIGHT_BITS + BETWEEN_BITS + 3;

/// Of a sample in the first half, the weights of coefficients 0, 4, 2, 6 and 1, 7, 3, 5.
pub(super) type Weights = [i16; 8];

/// The weights of `count` samples.
#[inline(always)]
pub(super) const fn weights(count: usize) -> &'static [Weights] {
    match count {
        8 => &[
            [8192, 8192, 10703, 4433, 11363, 2260, 9633, 6437],
            [8192, -8192, 4433, -10704, 9633, -6436, -2259, -11362],
            [8192, -8192, -4433, 10704, 6437, 9633, -11362, 2261],
            [8192, 8192, -10703, -4433, 2260, -11363, -6436, 9633],
        ],
        4 => &[[8192, 0, 7568, -3135, 10498, -2088, 3686, -2463], [8192, 0, -7568, 3135, 4348, -865, -8900, 5946]],
        2 => &[[8192, 0, 0, 0, 7423, -1477, -2607, 1742]],
        _ => &[[8192, 0, 0, 0, 0, 0, 0, 0]],
    }
}

/// A transform to `down` rows of `across` samples: 8, 4, 2 or 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transform {
    across: usize,
    down: usize,
    #[cfg(target_arch = "x86_64")]
    wide: Option<Wide>,
}

impl Transform {
    pub(super) fn new(across: usize, down: usize) -> Self {
        Self {
            across,
            down,
            #[cfg(target_arch = "x86_64")]
            wide: Wide::detect(),
        }
    }

    /// The samples of a block of dequantized coefficients, a row a number, its first sample in the lowest byte; 0 is mid-grey
    /// and the eighth bit the sign.
    #[inline]
    pub(super) fn samples(&self, block: &[i16; 64]) -> [u64; 8] {
        #[cfg(target_arch = "x86_64")]
        if let Some(wide) = self.wide
            && self.across == self.down
        {
            return match self.across {
                8 => wide.samples::<8>(block),
                4 => wide.samples::<4>(block),
                2 => wide.samples::<2>(block),
                _ => portable::samples(block, 1, 1),
            };
        }
        portable::samples(block, self.across, self.down)
    }

    /// The one sample of a block that has nothing but a dequantized DC coefficient.
    pub(super) fn flat(dc: i16) -> i8 {
        // An eighth, to the nearest.
        (i32::from(dc).wrapping_add(4) >> 3).clamp(-128, 127) as i8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// The mean of `8 / count` cosines of coefficient `k`, from sample `index * 8 / count` on.
    fn mean_of_cosines(count: usize, index: usize, k: usize) -> f64 {
        let each = 8 / count;
        let cosine = |sample: usize| (((2 * sample + 1) * k) as f64 * PI / 16.0).cos();
        let mean = (index * each..(index + 1) * each).map(cosine).sum::<f64>() / each as f64;
        if k == 0 { mean } else { mean * 2f64.sqrt() }
    }

    #[test]
    fn weights_are_the_means_of_cosines() {
        for (count, most) in [(8, 1.5), (4, 0.51), (2, 0.51), (1, 1e-9)] {
            for (index, weights) in weights(count).iter().enumerate() {
                for (weight, k) in weights.iter().zip([0, 4, 2, 6, 1, 7, 3, 5]) {
                    let exact = mean_of_cosines(count, index, k) * 8192.0;
                    assert!((f64::from(*weight) - exact).abs() <= most, "{count} {index} {k}: {weight} {exact}");
                }
            }
        }
    }

    /// Coefficients as pictures have them: few, and smaller the higher they are; some far too large.
    fn blocks() -> impl Iterator<Item = [i16; 64]> {
        let mut state = 1u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        (0..2000).map(move |round| {
            let mut block = [0; 64];
            for (place, value) in block.iter_mut().enumerate() {
                let bits = if round % 50 == 49 { 0 } else { 5 + (place / 8 + place % 8) as u32 / 3 };
                if place == 0 || random() % 4 == 0 {
                    *value = (random() as i16) >> bits;
                }
            }
            block
        })
    }

    #[test]
    fn samples_are_those_of_the_exact_transform_to_the_nearest() {
        for block in blocks().take(200).filter(|block| block.iter().all(|value| value.abs() < 1024)) {
            for count in [8, 4, 2, 1] {
                let rows = Transform::new(count, count).samples(&block);
                for (y, row) in rows.iter().take(count).enumerate() {
                    for (x, found) in row.to_le_bytes().into_iter().take(count).enumerate() {
                        let exact: f64 = (0..64)
                            .map(|place| {
                                let weight =
                                    mean_of_cosines(count, y, place / 8) * mean_of_cosines(count, x, place % 8);
                                f64::from(block[place]) * weight / 8.0
                            })
                            .sum();
                        let found = f64::from(found as i8);
                        assert!((found - exact.clamp(-128.0, 127.0)).abs() < 0.6, "{found} {exact}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_flat_block_needs_no_transform() {
        for dc in (i16::MIN..=i16::MAX).step_by(7) {
            let mut block = [0; 64];
            block[0] = dc;
            let flat = Transform::flat(dc) as u8;
            let row = u64::from_le_bytes([flat; 8]);
            let clipped = i32::from(dc) * 4 != i32::from((i32::from(dc) * 4) as i16);
            for (count, good) in [(8, u64::MAX), (4, u64::from(u32::MAX)), (2, 0xffff)] {
                let rows = Transform::new(count, count).samples(&block);
                let all = rows.iter().take(count).all(|found| *found == row & good);
                assert!(all || clipped, "{dc}");
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn both_ways_to_transform_give_the_same() {
        let Some(wide) = Wide::detect() else {
            eprintln!("SKIPPED: no AVX2");
            return;
        };
        for block in blocks() {
            assert_eq!(wide.samples::<8>(&block), portable::samples(&block, 8, 8));
            assert_eq!(wide.samples::<4>(&block), portable::samples(&block, 4, 4));
            assert_eq!(wide.samples::<2>(&block), portable::samples(&block, 2, 2));
        }
    }
}
