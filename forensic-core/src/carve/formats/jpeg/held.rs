//! How much of a broken picture holds: a break in entropy-coded data is noticed some bytes after it, and zeros, letters and
//! pictures of the same tables may decode for long.

use super::{
    likely::is_foreign,
    memory::Memory,
    seam::{Steps, above, is_sharp, rough},
    walk::{Pause, State},
};
use crate::carve::{Tape, formats::begins};

/// What is cut off or overwritten begins at a multiple of this.
const SECTOR: u64 = 512;
/// A break may be told to lie so many bytes before the wrong ones, which were in the reservoir of bits.
const NOTICED: u64 = 8;
/// Bytes before a noticed break in which a seam is looked for, and how far apart.
const LOOK_BACK: u64 = 512 << 10;
const STRETCH: u64 = 4 << 10;
/// How much rougher than the picture above it a seam is that is certainly one.
const CERTAIN: f32 = 8.0;
/// MCUs that tell of a seam.
const TELLING: u32 = 16;

/// The bytes from the start that hold, of a picture whose walk met something wrong at `broken_at`, in entropy-coded data.
pub(super) fn held(tape: &mut Tape, broken_at: u64) -> u64 {
    let noticed = broken_at.saturating_add(NOTICED);
    let mut held = noticed.saturating_sub(noticed % SECTOR);
    while held >= SECTOR && sector_is_foreign(tape, held.saturating_sub(SECTOR)) {
        held = held.saturating_sub(SECTOR);
    }
    let held = seam(tape, held).unwrap_or(held);
    begins::over(tape, held)
}

fn sector_is_foreign(tape: &mut Tape, at: u64) -> bool {
    tape.bytes(at, SECTOR as usize).is_ok_and(is_foreign)
}

/// The first place, not long before `end`, behind which another picture begins.
fn seam(tape: &mut Tape, end: u64) -> Option<u64> {
    let (mut state, mut memory) = (State::new(0), Memory::default());
    memory.keep_dc();
    let mut steps = Steps::default();
    let mut places = Vec::new();
    let mut at = end.saturating_sub(LOOK_BACK).next_multiple_of(STRETCH);
    while at <= end {
        if state.walk(tape, &mut memory, at) != Ok(Pause::Stopped) {
            break;
        }
        if let Some(above) = above(&state, &memory, &mut steps) {
            places.push((at, above, state.clone()));
        }
        at = at.saturating_add(STRETCH);
    }
    let _ = state.walk(tape, &mut memory, end);
    let (_, last) = state.scan()?;
    let rough =
        places.iter().filter(|(_, _, before)| before.scans() == state.scans()).filter_map(|(at, above, before)| {
            let ((scan, _), frame) = (before.scan()?, before.frame()?);
            let rough = rough(before, *above, &state, &memory, TELLING)?;
            let sharp = is_sharp(frame, scan, &memory, (state.scans(), &mut steps), *above, last);
            (sharp != Some(false)).then_some((*at, rough))
        });
    let (at, rough) = rough.max_by(|a, b| a.1.total_cmp(&b.1))?;
    (rough >= CERTAIN).then_some(at)
}
