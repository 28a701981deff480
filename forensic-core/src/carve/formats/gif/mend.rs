//! Fragments of a GIF: the chain of sub-blocks must go on behind the break, the codes in them to the end of the picture.

use super::{super::layout::Layout, Gif, walk::Walk};
use crate::carve::{Format, Found, Mended, Mending, Outcome, Tape};

/// Clusters before the place of the error at which the break is looked for.
const CUTS_BACK: u64 = 24;
/// Sub-blocks that must follow one another where a fragment is to go on.
const CHAIN: u32 = 3;

pub(super) fn mend(format: &Gif, mending: &mut Mending<'_>) -> Option<Mended> {
    let layout = Layout::new(mending.start());
    let mut tape = layout.tape(mending);
    let mut walk = Walk::new(&mut tape);
    let _ = walk.blocks();
    let (block, stride) = (walk.block, walk.stride);
    let broken_at = walk.wrong.unwrap_or(block).max(block);
    let length = u64::from(tape.byte(block).unwrap_or(0));
    let block_end = block.saturating_add(1).saturating_add(length);
    let size = mending.cluster_size().max(1);
    let last = broken_at.max(block_end).checked_div(size)?;
    let mut cuts: Vec<u64> = (last.saturating_sub(CUTS_BACK).max(1)..=last).rev().collect();
    cuts.iter_mut().for_each(|cut| *cut = cut.saturating_mul(size));
    for cut in cuts {
        for place in mending.clusters(layout.source_of(cut)) {
            let spliced = layout.on_from(cut, place);
            let mut tape = spliced.tape(mending);
            // Where the next sub-block begins behind the cut, as the blocks so far have it.
            let next = if cut > block { block_end } else { next_block(block, cut, stride) };
            if !chains(&mut tape, next) {
                continue;
            }
            if !mending.spend(cut.saturating_add(next)) {
                return None;
            }
            let mut walk = Walk::new(&mut tape);
            if walk.blocks().is_err() || walk.wrong.is_some() || !walk.exact {
                continue;
            }
            if let Outcome::Whole(found @ Found { damaged_at: None, .. }) = format.check(&mut tape) {
                return Some(Mended { runs: spliced.runs(found.length), found });
            }
        }
    }
    None
}

/// The first place from `cut` on that is a whole number of sub-blocks of `stride` bytes before `block`.
fn next_block(block: u64, cut: u64, stride: u64) -> u64 {
    block.saturating_sub(block.saturating_sub(cut).checked_div(stride).unwrap_or(0).saturating_mul(stride))
}

/// True where sub-blocks of one length stand from `at` on, or end as those of a picture do.
fn chains(tape: &mut Tape, mut at: u64) -> bool {
    let Ok(full) = tape.byte(at) else { return false };
    for _ in 0..CHAIN {
        match tape.byte(at) {
            Ok(0) => return matches!(tape.byte(at.saturating_add(1)), Ok(0x21 | 0x2c | 0x3b)),
            Ok(length) => {
                at = at.saturating_add(1).saturating_add(length.into());
                let ends = tape.byte(at) == Ok(0) && matches!(tape.byte(at.saturating_add(1)), Ok(0x21 | 0x2c | 0x3b));
                if ends || length != full {
                    return ends;
                }
            }
            Err(_) => return false,
        }
    }
    true
}
