//! Pictures in many runs of a space whose runs are known: a file leaves one at its end and goes on where another begins, so
//! that each join is one of few, and the walk to the next end tells most of them apart.

use super::{
    KIND,
    likely::{Likely, likely},
    memory::Memory,
    pictures,
    seam::{self, Above, Steps, above},
    walk::{Pause, State},
};
use crate::carve::{
    Found, Mended, Mending, Tape,
    formats::{
        layout::Layout,
        runs::{self, end_of_last},
    },
};

/// Runs of a file.
const MOST_RUNS: usize = 1024;
/// Continuations of one run that are followed.
const FOLLOWED: usize = 4;
/// Bytes the search for one file may walk.
const EFFORT: u64 = 96 << 20;
/// Bytes of a continuation that are walked before its seam is looked at for the first time.
const FIRST_LOOK: u64 = 1 << 10;
/// How much rougher than the picture above it a seam may be: of the run that follows in the space, which needs no comparison;
/// of the one that fits best; and of one whose first MCUs were seen.
const SMOOTH: f32 = 1.5;
const ROUGH: f32 = 3.5;
const ROUGHEST: f32 = 12.0;
/// MCUs that tell of a seam.
const TELLING: u32 = 6;

/// The picture, if all its runs are found.
pub(super) fn mend(mending: &mut Mending<'_>) -> Option<Mended> {
    if mending.run_starts().is_empty() {
        return None;
    }
    let candidates = candidates(mending);
    let mut memory = Memory::default();
    memory.keep_dc();
    memory.start_log();
    Search { mending, candidates, memory, steps: Steps::default(), effort: EFFORT }.run()
}

/// Where runs begin that may be coded data.
fn candidates(mending: &mut Mending<'_>) -> Vec<u64> {
    let starts = runs::candidates(mending);
    let verdicts = mending.verdicts(&starts, |bytes| likely(bytes) as u8);
    let may_be = |verdict: Option<u8>| verdict.is_some_and(|verdict| verdict != Likely::No as u8);
    starts.into_iter().zip(verdicts).filter(|(_, verdict)| may_be(*verdict)).map(|(at, _)| at).collect()
}

/// The end of a run, and what the file may go on with.
struct Join {
    /// The byte of the file, the runs before it, and the walk up to there.
    at: u64,
    layout: Layout,
    state: State,
    mark: usize,
    above: Option<Above>,
    /// The others, the likeliest last; not known before the run that follows turns out to be wrong.
    others: Option<Vec<Fit>>,
}

/// A continuation that may be right.
#[derive(Debug, Clone, Copy)]
struct Fit {
    place: u64,
    rough: f32,
    walked: u64,
}

struct Search<'m, 'a> {
    mending: &'m mut Mending<'a>,
    candidates: Vec<u64>,
    memory: Memory,
    steps: Steps,
    effort: u64,
}

/// Where a run of the file leads.
enum Led {
    Nowhere,
    To(Join),
    End(Mended),
}

impl Search<'_, '_> {
    fn run(mut self) -> Option<Mended> {
        let mut joins = match self.follow(Layout::new(self.mending.start()), State::new(0), 0) {
            Led::To(join) => vec![join],
            _ => return None,
        };
        while let Some(mut join) = joins.pop() {
            let Some(fit) = self.next(&mut join) else {
                continue;
            };
            let layout = join.layout.on_from(join.at, fit.place);
            self.go_back(&join);
            let led = self.follow(layout, join.state.clone(), join.at);
            joins.push(join);
            match led {
                Led::End(mended) => return Some(mended),
                Led::To(next) if joins.len() < MOST_RUNS => joins.push(next),
                _ => {}
            }
            if self.effort == 0 {
                return None;
            }
        }
        None
    }

    fn go_back(&mut self, join: &Join) {
        self.memory.go_back(join.mark);
        if let Some((_, mcu)) = join.state.scan() {
            self.steps.forget(join.state.scans(), mcu);
        }
    }

    /// The likeliest continuation that was not taken yet.
    fn next(&mut self, join: &mut Join) -> Option<Fit> {
        let in_place = join.layout.source_of(join.at);
        match &mut join.others {
            Some(others) => others.pop(),
            None => {
                if let Some(fit) = self.trial(join, in_place)
                    && fit.rough <= SMOOTH
                {
                    join.others = Some(self.fits(join, Some(in_place)));
                    return Some(fit);
                }
                let mut fits = self.fits(join, None);
                let best = fits.pop();
                join.others = Some(fits);
                best
            }
        }
    }

    /// What the file may go on with at `join`, the likeliest last.
    fn fits(&mut self, join: &Join, but: Option<u64>) -> Vec<Fit> {
        let mut fits = Vec::new();
        for number in 0..self.candidates.len() {
            let Some(place) = self.candidates.get(number).copied().filter(|place| Some(*place) != but) else {
                continue;
            };
            fits.extend(self.trial(join, place));
            if self.effort == 0 {
                break;
            }
        }
        // Of two that fit as well, the longer shows more.
        let rank = |fit: &Fit| ((fit.rough.max(1.0) * 4.0) as u32, std::cmp::Reverse(fit.walked));
        fits.sort_by_key(rank);
        fits.truncate(FOLLOWED);
        fits.reverse();
        fits
    }

    /// Walks the last run of `layout` from byte `from` to its end.
    fn follow(&mut self, layout: Layout, mut state: State, from: u64) -> Led {
        let Some(at) = end_of_last(self.mending, &layout, from) else { return Led::Nowhere };
        let mut tape = self.mending.tape(layout.runs(at));
        match self.walk(&mut state, &mut tape, at) {
            Some(Pause::Stopped) => {
                let above = above(&state, &self.memory, &mut self.steps);
                Led::To(Join { at, layout, state, mark: self.memory.mark(), above, others: None })
            }
            Some(Pause::End(end)) => {
                let mut tape = layout.tape(self.mending);
                let length = pictures::end(&mut tape, &state, end);
                let found = Found::new(KIND, length).confidence(95);
                Led::End(Mended { runs: layout.runs(length), found })
            }
            None => Led::Nowhere,
        }
    }

    fn walk(&mut self, state: &mut State, tape: &mut Tape, stop: u64) -> Option<Pause> {
        let from = state.at();
        let pause = state.walk(tape, &mut self.memory, stop);
        let walked = match pause {
            Err(broken) => broken.at,
            _ => state.at(),
        };
        let cost = walked.saturating_sub(from).max(FIRST_LOOK);
        self.effort = if self.mending.spend(cost) { self.effort.saturating_sub(cost) } else { 0 };
        pause.ok()
    }

    /// Whether the file may go on at `place` of the source: all of the run that begins there decodes, and fits below the picture
    /// above it.
    fn trial(&mut self, join: &Join, place: u64) -> Option<Fit> {
        let layout = join.layout.on_from(join.at, place);
        let end = end_of_last(self.mending, &layout, join.at)?;
        self.memory.go_back(join.mark);
        let mut tape = self.mending.tape(layout.runs(end));
        let mut state = join.state.clone();
        let mut rough = 1.0;
        let first = join.at.saturating_add(FIRST_LOOK);
        for stop in [first, join.at.saturating_add(self.mending.cluster_size().max(FIRST_LOOK)), end] {
            let pause = self.walk(&mut state, &mut tape, stop.min(end))?;
            rough = join
                .above
                .and_then(|above| seam::rough(&join.state, above, &state, &self.memory, TELLING))
                .unwrap_or(rough);
            if rough > if stop == first { ROUGHEST } else { ROUGH } {
                return None;
            }
            if matches!(pause, Pause::End(_)) {
                break;
            }
        }
        Some(Fit { place, rough, walked: end.saturating_sub(join.at).checked_ilog2().unwrap_or(0).into() })
    }
}
