//! Pictures in two fragments that only decoding tells from wrong ones: they end where coded data stands before zeros that fill
//! a sector up, and each boundary of clusters is then tried as the break.

use super::orphan;
use crate::carve::{
    Format, Mended, Mending,
    formats::splice::{self, Splice},
};

/// Places at which the file may end that are tried.
const MOST_ENDS: usize = 24;
/// Times the file is decoded.
const MOST_DECODED: usize = 512;
/// What looking at an end, and decoding a byte, cost.
const COST: u64 = 512;
const WORTH: u64 = 16;

/// Puts a file of `length` bytes together whose break is at byte `from` or later.
pub(super) fn mended(mending: &mut Mending<'_>, format: &dyn Format, from: u64, length: u64) -> Option<Mended> {
    let size = mending.cluster_size();
    let last = length.saturating_sub(1).checked_div(size)?.saturating_mul(size);
    let inside = length.saturating_sub(last);
    let here = mending.start().saturating_add(last);
    let mut tape = mending.tape_from(0);
    let mut decoded = 0usize;
    let places: Vec<u64> = mending.clusters(mending.start()).filter(|place| *place != here).collect();
    let mut ends = 0usize;
    for place in places {
        if !mending.spend(COST) {
            return None;
        }
        if !orphan::ends_at(&mut tape, place.saturating_add(inside)) {
            continue;
        }
        ends = ends.saturating_add(1);
        if ends > MOST_ENDS {
            return None;
        }
        for cut in splice::cuts(mending, from, last) {
            let Some(splice) = Splice::through(mending, cut, last, place) else { continue };
            if !mending.may_join(mending.start().saturating_add(cut)) || !mending.may_join(splice.tail) {
                continue;
            }
            let tail_end = splice.tail.saturating_add(length.saturating_sub(cut));
            if mending.free_until(splice.tail) < tail_end {
                continue;
            }
            decoded = decoded.saturating_add(1);
            if decoded > MOST_DECODED || !mending.spend(length.saturating_mul(WORTH)) {
                return None;
            }
            let fits = splice.checked(mending, format);
            if fits.as_ref().is_some_and(|mended| mended.found.length == length && mended.found.confidence == 100) {
                return fits;
            }
        }
    }
    None
}
