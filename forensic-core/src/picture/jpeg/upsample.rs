//! Components that have fewer samples than the picture has pixels, spread over its width and height.
//!
//! Where a side has half as many, each pixel takes three quarters of the nearer sample and a quarter of the one beyond, ties of
//! the rounding going up and down in turn, as libjpeg does it; other samples are repeated.

use super::{
    plane::Plane,
    syntax::markers::{Component, Frame},
};

/// The rows of a component at the size of the picture that is delivered.
pub(super) struct Rows<'a> {
    plane: &'a Plane,
    width: usize,
    /// Pixels to so many samples, across and down.
    across: (usize, usize),
    down: (usize, usize),
    /// Sums of samples, one repeated at either end, and a row of pixels.
    sums: Vec<i16>,
    row: Vec<u8>,
}

impl<'a> Rows<'a> {
    /// The rows of a plane of `component`, `width` pixels long in a picture at 1/`scale` of `frame`.
    pub(super) fn new(frame: &Frame, component: &Component, plane: &'a Plane, scale: u32, width: usize) -> Self {
        let most = |of: fn(&Component) -> u32| frame.components.iter().map(of).max().unwrap_or(1);
        let ratio = |most: u32, own: u32, each: usize| {
            let (pixels, samples) = (most as usize * 8 / each.max(1), (own * scale) as usize);
            let common = (1..=samples).rev().find(|by| pixels % by == 0 && samples % by == 0).unwrap_or(1);
            (pixels / common, samples / common)
        };
        Self {
            plane,
            width,
            across: ratio(most(|of| of.horizontal), component.horizontal, plane.across),
            down: ratio(most(|of| of.vertical), component.vertical, plane.down),
            sums: vec![0; plane.width + 2],
            row: vec![0; width.max(plane.width * 2)],
        }
    }

    /// Row `y` of the picture, 0 mid-grey and the eighth bit the sign.
    pub(super) fn row(&mut self, y: usize) -> &[u8] {
        let plane = self.plane;
        let last = plane.height.saturating_sub(1);
        let samples = |y: usize| {
            let first = y.min(last) * plane.stride;
            plane.samples.get(first..first + plane.width).unwrap_or_default()
        };
        let signed = |sample: &u8| i16::from(*sample as i8);
        let is_upper = y.is_multiple_of(2);
        let beyond = if is_upper { (y / 2).saturating_sub(1) } else { y / 2 + 1 };
        let wide = plane.width > 2;
        match (self.across, self.down) {
            ((1, 1), (1, 1)) => return samples(y),
            ((1, 1), (2, 1)) => {
                let half = if is_upper { 1 } else { 2 };
                let pairs = samples(y / 2).iter().zip(samples(beyond));
                self.row.iter_mut().zip(pairs).for_each(|(pixel, (near, beyond))| {
                    *pixel = ((3 * signed(near) + signed(beyond) + half) >> 2) as u8;
                });
            }
            ((2, 1), (1, 1)) if wide => {
                let sums = self.sums.get_mut(1..).unwrap_or_default();
                sums.iter_mut().zip(samples(y)).for_each(|(sum, sample)| *sum = signed(sample));
                spread::<2>(&mut self.sums, &mut self.row, [1, 2]);
            }
            ((2, 1), (2, 1)) if wide => {
                let sums = self.sums.get_mut(1..).unwrap_or_default();
                let pairs = samples(y / 2).iter().zip(samples(beyond));
                sums.iter_mut().zip(pairs).for_each(|(sum, (near, beyond))| *sum = 3 * signed(near) + signed(beyond));
                spread::<4>(&mut self.sums, &mut self.row, [8, 7]);
            }
            ((pixels, each), (high, down)) => {
                let samples = samples(y * down / high);
                for (x, pixel) in self.row.iter_mut().take(self.width).enumerate() {
                    *pixel = samples.get(x * each / pixels).or(samples.last()).copied().unwrap_or(0);
                }
            }
        }
        &self.row
    }
}

/// Two pixels out of each sum and its neighbours, all of `BITS` fractional bits less two.
fn spread<const BITS: u32>(sums: &mut [i16], row: &mut [u8], half: [i16; 2]) {
    if let [first, second, .., last, behind] = sums {
        (*first, *behind) = (*second, *last);
    }
    let (pairs, _) = row.as_chunks_mut::<2>();
    let before = sums.iter();
    let here = sums.get(1..).unwrap_or_default().iter();
    let behind = sums.get(2..).unwrap_or_default().iter();
    pairs.iter_mut().zip(before).zip(here).zip(behind).for_each(|(((pair, before), here), behind)| {
        let own = 3 * here;
        *pair = [((own + before + half[0]) >> BITS) as u8, ((own + behind + half[1]) >> BITS) as u8];
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_lie_between_their_sample_and_its_neighbour() {
        let mut row = [0; 6];
        spread::<2>(&mut [0, 0, 100, -20, 0], &mut row, [1, 2]);
        assert_eq!(row.map(|pixel| pixel as i8), [0, 25, 75, 70, 10, -20]);
        spread::<4>(&mut [0, 0, 400, -80, 0], &mut row, [8, 7]);
        assert_eq!(row.map(|pixel| pixel as i8), [0, 25, 75, 70, 10, -20]);
    }
}
