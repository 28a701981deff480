//! Whether a cluster can be of a file, judged by how the bytes of the file are spread elsewhere.

use super::sector::{SECTOR, is_foreign_to_compressed};
use crate::carve::Tape;

/// Bytes that are judged at once.
const PIECE: u64 = 4096;
/// Pieces of the file that are looked at to learn how it looks.
const LEARNT: u64 = 16;
/// The sum of squared deviations of 4096 random bytes is 255, give or take 23: what is far above is not random, and what is
/// below may be.
const UNEVEN: u64 = 400;
const EVEN: u64 = 330;

/// How the bytes of a file look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    /// The least uneven of the pieces.
    uneven: u64,
    /// True where the file itself has data of JPEG.
    is_jpeg: bool,
    /// True where the file itself has sectors no coder writes.
    is_coarse: bool,
}

impl Own {
    /// Learns from the last pieces between `from` and `to`, and from the first behind `behind`.
    pub(super) fn of(tape: &mut Tape, from: u64, to: u64, behind: u64) -> Self {
        let before = (0..LEARNT).filter_map(|n| to.checked_sub(PIECE.saturating_mul(n.saturating_add(1))));
        let before: Vec<u64> = before.filter(|place| *place >= from).collect();
        let after = (1..4u64).map(|n| behind.saturating_add(PIECE.saturating_mul(n)));
        let mut own = Self { uneven: u64::MAX, is_jpeg: false, is_coarse: false };
        for place in before.into_iter().chain(after) {
            let Ok(bytes) = tape.bytes(place, usize::try_from(PIECE).unwrap_or(0)) else { continue };
            own.uneven = own.uneven.min(deviation(bytes));
            own.is_jpeg |= is_jpeg(bytes);
            own.is_coarse |= is_foreign(bytes);
        }
        own
    }

    /// True where the cluster at `at` cannot be of the file.
    pub(super) fn is_foreign(&self, tape: &mut Tape, at: u64, size: u64) -> bool {
        let length = usize::try_from(size.min(PIECE)).unwrap_or(0);
        let Ok(bytes) = tape.bytes(at, length) else { return true };
        let is_even =
            length as u64 == PIECE && self.uneven != u64::MAX && self.uneven > UNEVEN && deviation(bytes) < EVEN;
        (!self.is_coarse && is_foreign(bytes)) || (!self.is_jpeg && is_jpeg(bytes)) || is_even
    }
}

/// True where half of the sectors are of no coder.
fn is_foreign(bytes: &[u8]) -> bool {
    let sectors = bytes.chunks_exact(SECTOR);
    let all = sectors.len();
    let foreign = sectors.filter(|sector| is_foreign_to_compressed(sector)).count();
    foreign.saturating_mul(2) > all
}

/// True where each byte FF is followed as in the entropy-coded data of a JPEG.
pub(super) fn is_jpeg(bytes: &[u8]) -> bool {
    let after: Vec<u8> =
        bytes.windows(2).filter(|pair| pair.first() == Some(&0xff)).filter_map(|pair| pair.last().copied()).collect();
    after.len() >= 6 && after.iter().all(|byte| matches!(byte, 0 | 0xd0..=0xd7))
}

/// How far the bytes are from being spread evenly: chi squared over 256 values.
fn deviation(bytes: &[u8]) -> u64 {
    let mut counts = [0u64; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let length = bytes.len() as u64;
    let squares: u64 = counts.iter().map(|count| count.saturating_mul(*count)).sum();
    squares.saturating_mul(256).checked_div(length).unwrap_or(0).saturating_sub(length)
}
