//! Compressed data nothing in which can be checked: clusters in it that are none of compressed data show a break, and where
//! the file ends tells whether the rest was moved or only these clusters were overwritten.

use super::{
    layout::Layout,
    rows::Verdict,
    sector::{SECTOR, is_foreign_to_compressed, is_last_before_zeros},
};
use crate::carve::{Format, Mended, Mending, Outcome, Tape};

const CLUSTER: u64 = 4096;
const MOST_GAP: u64 = 64 * CLUSTER;
/// Bytes of a file that are looked at.
const MOST_BYTES: u64 = 64 << 20;

/// Looks at the compressed bytes from `from` to `to` of a file of `length` bytes, and at what follows it.
pub(super) fn verdict(tape: &mut Tape, from: u64, to: u64, length: u64) -> Verdict {
    let first = from.checked_next_multiple_of(CLUSTER).unwrap_or(u64::MAX);
    let end = to.min(tape.len()).min(MOST_BYTES);
    let Some(cut) = (first..end).step_by(4096).find(|place| is_foreign(tape, *place, end)) else {
        return Verdict::Even;
    };
    // Data that looks so before is not well compressed at all.
    if cut < first.saturating_add(CLUSTER) && cut > first || sector_is_foreign(tape, cut.saturating_sub(SECTOR as u64))
    {
        return Verdict::Even;
    }
    let limit = cut.saturating_add(MOST_GAP);
    let next = (cut..limit).step_by(4096).skip(1).find(|place| !sector_is_foreign(tape, *place));
    let moved = next.map(|next| next.saturating_sub(cut));
    let in_place = next.is_some_and(|next| next < end) && ends_at(tape, length);
    match moved {
        Some(gap) if !in_place && ends_at(tape, length.saturating_add(gap)) => Verdict::Gap { cut, gap },
        Some(_) if next.is_some_and(|next| next < end) => Verdict::Hurt { at: cut },
        _ => Verdict::Cut { cut },
    }
}

/// True where every sector of the cluster at `place` is none of compressed data; the last may be cut short.
fn is_foreign(tape: &mut Tape, place: u64, end: u64) -> bool {
    let whole = place.saturating_add(CLUSTER) <= end;
    whole && (place..place.saturating_add(CLUSTER)).step_by(SECTOR).all(|sector| sector_is_foreign(tape, sector))
}

fn sector_is_foreign(tape: &mut Tape, place: u64) -> bool {
    tape.bytes(place, SECTOR).is_ok_and(is_foreign_to_compressed)
}

/// True where compressed data reaches to `end`, and nothing but zeros follows to the end of the cluster.
pub(super) fn ends_at(tape: &mut Tape, end: u64) -> bool {
    is_last_before_zeros(tape, end, CLUSTER, 16)
}

/// Puts a file together that `format` finds whole again once a gap at `cut` is left out.
pub(super) fn mended(
    mending: &mut Mending<'_>,
    cut: u64,
    gap: u64,
    length: u64,
    format: &dyn Format,
) -> Option<Mended> {
    let layout = Layout::new(mending.start());
    let place = layout.source_of(cut).saturating_add(gap);
    let rest = length.saturating_sub(cut);
    if mending.free_until(place) < place.saturating_add(rest) || !mending.spend(length) {
        return None;
    }
    let spliced = layout.on_from(cut, place);
    match format.check(&mut spliced.tape(mending)) {
        Outcome::Whole(found) if found.damaged_at.is_none() && found.length == length => {
            Some(Mended { runs: spliced.runs(length), found })
        }
        _ => None,
    }
}
