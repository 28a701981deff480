//! Frames of sound: AAC and ALAC begin with the kind of an element and its number, MP3 with a sync word, the same in nearly all
//! frames of a track (ISO/IEC 14496-3, 4.4.2.1).

use super::tables::Sample;
use crate::carve::Tape;

/// Frames by which a track is learnt, at most and at least, and frames in a row that show that the sound is another.
const LEARNT: usize = 64;
const LEAST_LEARNT: usize = 8;
const FEWEST: usize = 4;

/// The upper seven bits with which the frames begin; `None` where they do not begin alike.
pub(super) fn usual(samples: &[Sample], tape: &mut Tape) -> Option<u8> {
    let firsts: Vec<u8> = samples.iter().take(LEARNT).filter_map(|sample| begins(tape, sample)).collect();
    let count = |byte: u8| firsts.iter().filter(|other| **other == byte).count();
    let usual = firsts.iter().copied().max_by_key(|byte| count(*byte))?;
    (firsts.len() >= LEAST_LEARNT && count(usual).saturating_mul(2) >= firsts.len()).then_some(usual)
}

/// The frame from which on none of the last ones begins as is usual, where these are enough to show it.
pub(super) fn torn(samples: &[Sample], tape: &mut Tape) -> Option<Sample> {
    let usual = usual(samples.get(..samples.len() / 2)?, tape)?;
    let is_odd = |tape: &mut Tape, sample: &Sample| begins(tape, sample) != Some(usual);
    let odd = samples.iter().rev().take(FEWEST).filter(|sample| is_odd(tape, sample)).count();
    if odd < FEWEST {
        return None;
    }
    // Before the break stand frames as usual, behind it one in 128 by chance.
    let (mut good, mut bad) = (FEWEST, samples.len().saturating_sub(1));
    while bad.saturating_sub(good) > 1 {
        let middle = good.midpoint(bad);
        let near = samples.get(middle.saturating_sub(FEWEST)..middle).unwrap_or(&[]);
        let odd = near.iter().filter(|sample| is_odd(tape, sample)).count();
        if odd.saturating_mul(2) > FEWEST { bad = middle } else { good = middle }
    }
    samples.get(good.saturating_sub(FEWEST)..)?.iter().find(|sample| is_odd(tape, sample)).copied()
}

/// The upper seven bits of the first byte; `None` where half of the first bytes are zeros, as in tables and empty space.
pub(super) fn begins(tape: &mut Tape, sample: &Sample) -> Option<u8> {
    let head = tape.bytes(sample.offset, usize::try_from(sample.size.min(8)).unwrap_or(8)).ok()?;
    let first = head.first()?;
    let zeros = head.iter().filter(|byte| **byte == 0).count();
    (zeros.saturating_mul(2) < head.len()).then_some(first >> 1)
}
