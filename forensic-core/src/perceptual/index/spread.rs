//! How a distance is spread over chunks.
//!
//! Multi-index hashing (Norouzi, Punjani, Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing", 2014) by the
//! general pigeonhole principle (Qin et al., "GPH: Similarity Search in Hamming Space", 2018): where the sum of rᵢ + 1 over the
//! chunks is r + 1, hashes that differ in r bits or fewer differ in rᵢ or fewer in at least one chunk i. So all that is near is
//! in the buckets of some chunk that differ in so few bits from the hash's own. A chunk with rᵢ = −1 is not looked at.

use std::sync::OnceLock;

/// Bits of a chunk at most.
pub(super) const WIDEST: u8 = 24;

/// rᵢ + 1 of a chunk at most: beyond, there are more buckets than hashes.
const DEEPEST: u8 = 5;

/// What it takes to look at a bucket, where a hash in it is 1.
const BUCKET: f64 = 1.0;

/// A distance, spread.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::perceptual) struct Spread {
    /// rᵢ + 1 of each chunk.
    pub(in crate::perceptual) depths: Vec<u8>,
    /// What it takes, in hashes looked at.
    pub(in crate::perceptual) cost: f64,
}

/// The cheapest spread of a distance over chunks of these widths, in whose buckets near the hash are so many hashes each;
/// `None` where it would cost `most` or more.
pub(in crate::perceptual) fn cheapest(radius: u32, widths: &[u8], crowds: &[f64], most: f64) -> Option<Spread> {
    let mut depths = vec![0u8; widths.len()];
    let mut cost = 0.0;
    // What each chunk's next step takes.
    let mut steps: Vec<f64> = crowds.iter().map(|crowd| BUCKET + crowd).collect();
    for _ in 0..=radius {
        let cheapest = steps.iter().enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b))?.0;
        let (step, depth) = (steps.get_mut(cheapest)?, depths.get_mut(cheapest)?);
        cost += *step;
        if cost >= most {
            return None;
        }
        *depth = depth.saturating_add(1);
        // Of w bits, k + 1 can be chosen in (w − k) / (k + 1) times as many ways as k.
        let (width, chosen) = (f64::from(*widths.get(cheapest)?), f64::from(*depth));
        *step = if *depth < DEEPEST { *step * (width - chosen + 1.0).max(0.0) / chosen } else { f64::INFINITY };
    }
    Some(Spread { depths, cost })
}

/// All numbers of `width` bits with fewer than `depth` ones, in order.
pub(in crate::perceptual) fn masks(width: u8, depth: u8) -> &'static [u32] {
    const COUNT: usize = (WIDEST as usize + 1) * (DEEPEST as usize + 1);
    static MASKS: [OnceLock<Box<[u32]>>; COUNT] = [const { OnceLock::new() }; COUNT];
    let (width, depth) = (width.min(WIDEST), depth.min(DEEPEST));
    let place = usize::from(width).saturating_mul(usize::from(DEEPEST).saturating_add(1)).saturating_add(depth.into());
    MASKS.get(place).map_or(&[], |masks| masks.get_or_init(|| all_masks(width, depth)))
}

fn all_masks(width: u8, depth: u8) -> Box<[u32]> {
    let (mut masks, mut last) = (Vec::new(), vec![0u32]);
    for _ in 0..depth {
        masks.extend_from_slice(&last);
        // One more bit, above those there are, so that none comes twice.
        let above = |mask: &u32| u32::BITS.saturating_sub(mask.leading_zeros())..u32::from(width);
        last = last.iter().flat_map(|mask| above(mask).map(move |bit| mask | 1 << bit)).collect();
    }
    masks.sort_unstable();
    masks.into()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // An overflow fails the test, as it should.
mod tests {
    use super::*;

    #[test]
    fn masks_are_all_numbers_of_few_ones() {
        for width in [1, 5, 12] {
            for depth in 0..=DEEPEST {
                let expected: Vec<u32> = (0..1u32 << width).filter(|n| n.count_ones() < u32::from(depth)).collect();
                assert_eq!(masks(width, depth), expected, "{width} bits, fewer than {depth}");
            }
        }
        assert_eq!(masks(24, 3).len(), 1 + 24 + 24 * 23 / 2);
    }

    #[test]
    fn the_whole_distance_is_spread_and_crowded_chunks_get_less_of_it() {
        let even = cheapest(31, &[20; 13], &[1.0; 13], f64::INFINITY).unwrap();
        assert_eq!(even.depths.iter().map(|depth| u32::from(*depth)).sum::<u32>(), 32);
        assert!(even.depths.iter().all(|depth| (2..=3).contains(depth)));
        assert_eq!(even.cost, 2.0 * (13.0 * 21.0 + 6.0 * 190.0));
        let mut crowds = [1.0; 13];
        crowds[4] = 1e6;
        let skewed = cheapest(31, &[20; 13], &crowds, f64::INFINITY).unwrap();
        assert_eq!(skewed.depths[4], 0);
        assert_eq!(skewed.depths.iter().map(|depth| u32::from(*depth)).sum::<u32>(), 32);
        assert_eq!(cheapest(31, &[20; 13], &[1.0; 13], 2000.0), None);
        assert_eq!(cheapest(31, &[20; 2], &[1.0; 2], f64::INFINITY), None);
    }
}
