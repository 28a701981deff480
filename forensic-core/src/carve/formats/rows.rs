//! Uncompressed pixels: where rows stop going on as the rows above them do, and what makes them go on.
//!
//! A real edge in a picture begins at a row's start or runs across rows; a break begins at a cluster's start, in the middle of
//! a row, and splits what is left of it in the row from what is right of it.

use super::{begins, layout::Layout, pixels::Rows, runs};
use crate::{
    bytes::ReadAt,
    carve::{Mended, Mending, Tape},
};

/// The smallest cluster at whose start a break is looked for in pixels: smaller ones give too little to tell by.
const CLUSTER: usize = 4096;
const MOST_GAP: usize = 64;
/// Pixels beyond this are not looked at.
const MOST_BYTES: u64 = 14 << 20;
/// Bytes on each side of a break that are compared with the row above.
const SIDE: usize = 256;
/// Differences are counted in sixteenths of a value of a byte.
const UNIT: u64 = 16;

/// Pixels in rows of equal length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Raster {
    /// Where the pixels begin, in the file.
    pub(super) start: u64,
    pub(super) end: u64,
    /// Bytes of a row.
    pub(super) row: u64,
    /// Bytes of the file.
    pub(super) length: u64,
}

/// What the rows say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing speaks against the pixels.
    Even,
    /// They end at byte `cut` of the file and go on so many bytes farther.
    Gap { cut: u64, gap: u64 },
    /// They end at byte `cut`.
    Cut { cut: u64 },
    /// They are hurt from a byte on, and go on in their place.
    Hurt { at: u64 },
}

struct Pixels<'a> {
    bytes: &'a [u8],
    start: usize,
    end: usize,
    row: usize,
}

/// Looks at the pixels of the file on `tape`, and at what follows them.
pub(super) fn verdict(tape: &mut Tape, raster: Raster) -> Verdict {
    let begins = |cut| Verdict::Cut { cut };
    judge(tape, raster).or_else(|| begins::first(tape, raster.start, raster.end).map(begins)).unwrap_or(Verdict::Even)
}

fn judge(tape: &mut Tape, raster: Raster) -> Option<Verdict> {
    let (length, row) = (raster.length, usize::try_from(raster.row).ok()?);
    if length > MOST_BYTES || row < 32 || length > tape.len() {
        return None;
    }
    let reach = usize::try_from(length).ok()?.checked_add(MOST_GAP.checked_mul(CLUSTER)?)?;
    let bytes = tape.bytes(0, reach.min(usize::try_from(tape.len()).ok()?)).ok()?;
    let [start, end, length] =
        [raster.start, raster.end, length].map(|place| usize::try_from(place).unwrap_or(usize::MAX));
    Pixels { bytes, start, end: end.min(length), row }.verdict()
}

impl Pixels<'_> {
    fn verdict(&self) -> Option<Verdict> {
        let first = self.start.checked_add(self.row.checked_mul(2)?)?.checked_next_multiple_of(CLUSTER)?;
        let cuts = (first..self.end).step_by(CLUSTER);
        cuts.filter(|cut| self.breaks_at(*cut) == Some(true)).find_map(|cut| self.at(cut))
    }

    /// Mean difference of so many bytes at `place` from those one row above `above`.
    fn difference(&self, place: usize, above: usize, length: usize) -> Option<u64> {
        let bytes = self.bytes.get(place..place.checked_add(length)?)?;
        mean(bytes, self.bytes.get(above.checked_sub(self.row)?..)?)
    }

    /// True where the row goes on as the one above up to `cut` and does not from there.
    fn breaks_at(&self, cut: usize) -> Option<bool> {
        if cut.checked_sub(self.start)?.checked_rem(self.row)? == 0 {
            return Some(false);
        }
        let side = SIDE.min(self.row).min(self.end.checked_sub(cut)?);
        // One value over and over is no row that could be gone on with, or told from another.
        let row = self.bytes.get(cut.checked_sub(self.row)?..cut)?;
        if row.iter().all(|byte| Some(byte) == row.first()) {
            return Some(false);
        }
        let before = self.before(cut)?;
        let after = self.difference(cut, cut, side)?;
        Some(side >= 32 && after > before.saturating_mul(4).saturating_add(UNIT.saturating_mul(14)))
    }

    fn before(&self, cut: usize) -> Option<u64> {
        let side = SIDE.min(self.row);
        let near = self.difference(cut.checked_sub(side)?, cut.checked_sub(side)?, side)?;
        let row = self.difference(cut.checked_sub(self.row)?, cut.checked_sub(self.row)?, self.row)?;
        Some(near.max(row))
    }

    /// What a break at `cut` is.
    fn at(&self, cut: usize) -> Option<Verdict> {
        let before = self.before(cut)?;
        let smooth = before.saturating_mul(2).saturating_add(UNIT.saturating_mul(6));
        let joined = |moved: usize| {
            let side = self.row.min(self.end.checked_sub(cut)?);
            self.difference(cut.checked_add(moved)?, cut, side)
        };
        let mut fits: Vec<(u64, usize)> = (1..=MOST_GAP)
            .filter_map(|clusters| {
                let gap = clusters.checked_mul(CLUSTER)?;
                Some((joined(gap)?, gap))
            })
            .filter(|(difference, gap)| *difference <= smooth && self.goes_on(cut, *gap, smooth))
            .collect();
        let best = fits.iter().map(|(difference, _)| *difference).min();
        // A longer gap fits as well where it takes in what follows the picture.
        let alike = |difference: u64| Some(difference) <= best.map(|best| best.saturating_mul(2).saturating_add(UNIT));
        fits.retain(|(difference, _)| alike(*difference));
        let place = cut as u64;
        if let Some((_, gap)) = fits.first() {
            return Some(Verdict::Gap { cut: place, gap: *gap as u64 });
        }
        let clusters: Vec<usize> = (cut..self.end).step_by(CLUSTER).collect();
        let foreign = clusters.iter().take_while(|place| self.is_foreign(**place, smooth)).count();
        if foreign > 0 && foreign < clusters.len() {
            let resumed = clusters.get(foreign).copied()?;
            // Where it does not go on to the end it breaks more than once.
            let goes_on = self.is_smooth_to_end(resumed, smooth);
            return Some(if goes_on { Verdict::Hurt { at: place } } else { Verdict::Cut { cut: place } });
        }
        // What follows is nothing of the picture: far from smooth, or one value.
        (foreign == clusters.len()).then_some(Verdict::Cut { cut: place })
    }

    /// True where the cluster at `place` is far from smooth, or of one value.
    fn is_foreign(&self, place: usize, smooth: u64) -> bool {
        let length = CLUSTER.min(self.end.saturating_sub(place));
        let bytes = self.bytes.get(place..place.saturating_add(length)).unwrap_or_default();
        let rough = smooth.saturating_mul(2).max(UNIT.saturating_mul(28));
        bytes.iter().all(|byte| Some(byte) == bytes.first())
            || self.difference(place, place, length).is_some_and(|mean| mean > rough)
    }

    /// True where the rows from `cut` on, `gap` bytes farther, are like rows of a picture to their end.
    fn goes_on(&self, cut: usize, gap: usize, smooth: u64) -> bool {
        let Some(from) = cut.checked_add(gap) else { return false };
        let Some(end) = self.end.checked_add(gap) else { return false };
        let Some(rows) = from.checked_add(self.row).filter(|rows| *rows < end) else { return true };
        let Some(length) = end.checked_sub(rows) else { return false };
        let constant =
            self.bytes.get(from..end).is_none_or(|bytes| bytes.iter().all(|byte| Some(byte) == bytes.first()));
        !constant && self.pieces_are_smooth(rows, length, smooth)
    }

    fn is_smooth_to_end(&self, place: usize, smooth: u64) -> bool {
        let Some(rows) = place.checked_add(self.row) else { return false };
        let Some(length) = self.end.checked_sub(rows).filter(|length| *length >= CLUSTER / 2) else { return false };
        let constant =
            self.bytes.get(rows..self.end).is_none_or(|bytes| bytes.iter().all(|byte| Some(byte) == bytes.first()));
        !constant && self.pieces_are_smooth(rows, length, smooth)
    }

    fn pieces_are_smooth(&self, from: usize, length: usize, smooth: u64) -> bool {
        let end = from.saturating_add(length);
        let rough = (from..end)
            .step_by(CLUSTER)
            .filter(|place| {
                let piece = CLUSTER.min(end.saturating_sub(*place));
                self.difference(*place, *place, piece).is_none_or(|mean| mean > smooth.saturating_mul(2))
            })
            .count();
        rough.saturating_mul(CLUSTER).saturating_mul(10) <= length
    }
}

/// Mean difference of bytes, in sixteenths.
pub(super) fn mean(one: &[u8], other: &[u8]) -> Option<u64> {
    let sum: u64 = one.iter().zip(other).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    sum.checked_mul(UNIT)?.checked_div(one.len().min(other.len()) as u64)
}

/// Puts a file together whose pixels break in one place.
pub(super) fn mend(mending: &mut Mending<'_>, raster: Raster) -> Option<Vec<crate::bytes::Run>> {
    let layout = Layout::new(mending.start());
    let mut tape = layout.tape(mending);
    match verdict(&mut tape, raster) {
        Verdict::Gap { cut, gap } => {
            Some(layout.on_from(cut, layout.source_of(cut).saturating_add(gap)).runs(raster.length))
        }
        Verdict::Cut { cut } => elsewhere(mending, &layout, raster, cut),
        _ => None,
    }
}

/// Looks for the rest of the pixels from byte `cut` on in all free clusters.
fn elsewhere(mending: &mut Mending<'_>, layout: &Layout, raster: Raster, cut: u64) -> Option<Vec<crate::bytes::Run>> {
    let mut tape = layout.tape(mending);
    let row = usize::try_from(raster.row).ok()?;
    let side = row.min(usize::try_from(raster.end.checked_sub(cut)?).ok()?);
    let above = tape.bytes(cut.checked_sub(raster.row)?, row).ok()?.to_vec();
    let before = mean(&above, tape.bytes(cut.checked_sub(raster.row.checked_mul(2)?)?, row).ok()?)?;
    let smooth = before.saturating_mul(2).saturating_add(UNIT.saturating_mul(6));
    let mut fits = Vec::new();
    for place in mending.clusters(layout.source_of(cut)) {
        if !mending.spend(side as u64) {
            break;
        }
        let Ok(bytes) = mending.source().read_vec(place, side as u64) else { continue };
        let difference = mean(&bytes, &above)?;
        let constant = bytes.iter().all(|byte| Some(byte) == bytes.first());
        if difference <= smooth && !constant {
            fits.push((difference, place));
        }
    }
    let best = fits.iter().map(|(difference, _)| *difference).min()?;
    let alike = fits.iter().filter(|(difference, _)| *difference <= best.saturating_mul(2).saturating_add(UNIT));
    let (place, last) = alike.fold((u64::MAX, 0), |(first, last), (_, place)| (first.min(*place), last.max(*place)));
    // Later clusters of the same rows fit as well; two places far from one another leave it open.
    if last.saturating_sub(place) > raster.end.saturating_sub(cut) {
        return None;
    }
    let spliced = layout.on_from(cut, place);
    let mut tape = spliced.tape(mending);
    (verdict(&mut tape, raster) == Verdict::Even && tape.len() >= raster.length).then(|| spliced.runs(raster.length))
}

/// The boundary at which bytes moved so far must go on for the rows to be the smoothest; `None` where two are much alike.
pub(super) fn best_cut(
    mending: &mut Mending<'_>,
    layout: &Layout,
    raster: Raster,
    moved: u64,
    size: u64,
) -> Option<u64> {
    if raster.length > MOST_BYTES || !mending.spend(raster.length.saturating_mul(2)) {
        return None;
    }
    let read = |moved: u64| mending.source().read_vec(layout.source_of(0).wrapping_add(moved), raster.end).ok();
    let (here, there) = (read(0)?, read(moved)?);
    let row = usize::try_from(raster.row).ok()?;
    let first = usize::try_from(raster.start).ok()?.checked_add(row)?;
    let end = usize::try_from(raster.end).ok()?;
    let sums = |bytes: &[u8]| {
        let mut sum = 0u64;
        let pairs = bytes.iter().skip(row).zip(bytes);
        let sums = pairs.map(|(one, other)| {
            sum = sum.saturating_add(one.abs_diff(*other).into());
            sum
        });
        sums.collect::<Vec<_>>()
    };
    let (sums_here, sums_there) = (sums(&here), sums(&there));
    let until =
        |sums: &[u64], place: usize| place.checked_sub(row)?.checked_sub(1).and_then(|index| sums.get(index)).copied();
    let mut costs = Vec::new();
    for cut in (size..raster.end).step_by(usize::try_from(size).ok()?) {
        let place = usize::try_from(cut).ok()?;
        if place <= first {
            continue;
        }
        let seam_end = place.saturating_add(row).min(end);
        let before = until(&sums_here, place)?.saturating_sub(until(&sums_here, first.saturating_add(1)).unwrap_or(0));
        let after = until(&sums_there, end)?.saturating_sub(until(&sums_there, seam_end)?);
        let seam = there.get(place..seam_end)?.iter().zip(here.get(place.checked_sub(row)?..)?);
        let seam: u64 = seam.map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
        costs.push((before.saturating_add(seam).saturating_add(after), cut));
    }
    costs.sort_unstable();
    let (best, cut) = *costs.first()?;
    let clear = costs.get(1).is_none_or(|(next, _)| *next > best.saturating_add(raster.row.saturating_mul(4)));
    clear.then_some(cut)
}

/// What was put together, as the validator of `format` sees it.
pub(super) fn mended(mending: &mut Mending<'_>, raster: Raster, format: &dyn crate::carve::Format) -> Option<Mended> {
    if let Some(mended) = runs::mended(mending, format, &mut Rows::new(raster)) {
        return Some(mended);
    }
    // Where runs are known there is no other break than at their ends.
    let known = !mending.run_starts().is_empty();
    let runs = if known { None } else { mend(mending, raster) }?;
    match format.check(&mut mending.tape(runs.iter().copied())) {
        crate::carve::Outcome::Whole(found) if found.damaged_at.is_none() && found.length == raster.length => {
            Some(Mended { runs, found })
        }
        _ => None,
    }
}
