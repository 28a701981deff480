//! Uncompressed pixels piece by piece: the first row of a piece goes on as the row above it does.

use super::{
    rows::{Raster, mean},
    runs::{Fit, Follow},
};
use crate::carve::Tape;

/// Bytes of a piece that are compared at once.
const PIECE: u64 = 4096;
/// How finely fitting pieces are told apart.
const LEVELS: u64 = 4;
/// Differences are counted in sixteenths of a value of a byte.
const UNIT: u64 = 16;

/// The rows of a picture up to the byte at which a piece ends.
pub(super) struct Rows {
    raster: Raster,
    /// What of a difference is usual above the cut.
    smooth: u64,
}

impl Rows {
    pub(super) fn new(raster: Raster) -> Self {
        Self { raster, smooth: 0 }
    }

    /// The mean difference of the bytes from `from` to `to` from those one row above.
    fn difference(&self, tape: &mut Tape, from: u64, to: u64) -> Option<u64> {
        let length = usize::try_from(to.checked_sub(from)?).ok()?;
        let above = tape.bytes(from.checked_sub(self.raster.row)?, length).ok()?.to_vec();
        mean(tape.bytes(from, length).ok()?, &above)
    }
}

impl Follow for Rows {
    fn settle(&mut self, tape: &mut Tape, cut: u64) -> bool {
        let rows = self.raster.row.saturating_mul(2);
        let Some(from) = cut.checked_sub(self.raster.row) else { return false };
        if self.raster.row < 32 || cut < self.raster.start.saturating_add(rows) {
            return false;
        }
        let Some(usual) = self.difference(tape, from, cut) else { return false };
        self.smooth = usual.saturating_mul(2).saturating_add(UNIT.saturating_mul(6));
        true
    }

    fn fit(&mut self, tape: &mut Tape, cut: u64, end: u64) -> Option<Fit> {
        let to = end.min(self.raster.end);
        let ends = end >= self.raster.length;
        if cut >= to {
            return Some(Fit { score: 0, ends });
        }
        let seam = self.difference(tape, cut, to.min(cut.saturating_add(self.raster.row)))?;
        if seam > self.smooth {
            return None;
        }
        let (mut rough, mut even) = (0u64, true);
        for from in (cut..to).step_by(4096) {
            let piece = to.min(from.saturating_add(PIECE));
            let difference = self.difference(tape, from, piece)?;
            if difference > self.smooth.saturating_mul(2) {
                rough = rough.saturating_add(piece.saturating_sub(from));
            }
            let bytes = tape.bytes(from, usize::try_from(piece.saturating_sub(from)).ok()?).ok()?;
            even &= bytes.iter().all(|byte| Some(byte) == bytes.first());
        }
        // One value over and over may be anything.
        let fits = !even && rough.saturating_mul(8) <= to.saturating_sub(cut);
        // Rows of one picture are much alike: of pieces that fit about as well the next is the likeliest.
        let score = self.smooth.saturating_sub(seam).saturating_mul(LEVELS).checked_div(self.smooth)?;
        fits.then_some(Fit { score, ends })
    }
}
