//! Pictures whose length is there though some of their clusters hold something else: coded data go on behind those to an end of
//! image about where it is to be expected.

use super::{
    KIND,
    likely::{Likely, likely},
    markers::Process,
    memory::Memory,
    walk::{Pause, State},
};
use crate::{
    bytes::{ReadAt, Run},
    carve::{Found, Mended, Mending, Tape},
};

/// How far from where it is expected the end of the image may lie, as a share of the file.
const TOLERANCE: f64 = 0.25;

/// The broken file as one of full length, if it is.
pub(super) fn judge(mending: &Mending<'_>) -> Option<Mended> {
    let (size, start) = (mending.cluster_size(), mending.start());
    let broken = mending.broken();
    let hurt = broken.good.saturating_sub(broken.good.checked_rem(size)?);
    let length = mending.source().len().saturating_sub(start);
    let mut tape = mending.tape([Run::new(start, length)]);
    let mut at = hurt;
    while cluster(&mut tape, at, size)? == Likely::No {
        at = at.checked_add(size)?;
    }
    let data = at;
    while cluster(&mut tape, at, size)? == Likely::Data {
        at = at.checked_add(size)?;
    }
    let end = tape.find(&[0xff, 0xd9], at, at.checked_add(size)?)?.checked_add(2)?;
    let mut state = State::new(0);
    let sound = state.walk(&mut tape, &mut Memory::default(), hurt) == Ok(Pause::Stopped);
    // As much is hurt as is sound behind it, at the most.
    let balanced = data > hurt && end.saturating_sub(data) >= data.saturating_sub(hurt) / 2;
    let free = mending.free_until(start.checked_add(hurt)?) >= start.checked_add(end)?;
    let expected = match state.frame()?.process {
        Process::Sequential => near_expected_end(&state, hurt, end)?,
        // Further scans are the sign of the same picture.
        _ => tape.find(&[0xff, 0xda], data, end).is_some(),
    };
    (sound && balanced && free && expected).then(|| Mended {
        runs: vec![Run::new(start, end)],
        found: Found::new(KIND, end).confidence(60).damaged_at(hurt),
    })
}

/// The file as one of full length, if `mended` goes on where it would lie had it never been broken: what stands before that was
/// not moved there but written over, and what was found to fit in its place is another picture's.
pub(super) fn in_place(mending: &Mending<'_>, mended: &Mended) -> Option<Mended> {
    let (start, first) = (mending.start(), mended.runs.first()?);
    let mut at = 0u64;
    let mut goes_on = false;
    for run in &mended.runs {
        goes_on |= at > 0 && run.offset? == start.checked_add(at)?;
        at = at.checked_add(run.length)?;
    }
    let free = mending.free_until(start.checked_add(first.length)?) >= start.checked_add(at)?;
    (goes_on && free).then(|| Mended {
        runs: vec![Run::new(start, at)],
        found: Found::new(KIND, at).confidence(60).damaged_at(first.length),
    })
}

fn cluster(tape: &mut Tape, at: u64, size: u64) -> Option<Likely> {
    tape.bytes(at, usize::try_from(size).ok()?).ok().map(likely)
}

/// True where `end` is about where the MCUs before `hurt` let the end of a sequential picture be expected.
fn near_expected_end(state: &State, hurt: u64, end: u64) -> Option<bool> {
    let (scan, mcu) = state.scan()?;
    let expected = hurt as f64 * f64::from(scan.mcus) / f64::from(mcu.max(1));
    Some((end as f64 - expected).abs() < end as f64 * TOLERANCE)
}
