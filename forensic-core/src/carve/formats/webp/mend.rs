//! Fragments of a WebP: the evidence says where the data breaks, and each cluster at which it may go on is read on from there.

use super::{
    Never,
    chunks::{Chunks, Picture},
    curve::Learner,
    evidence::{BIT, Evidence, Thing},
    reader::{Reader, Step},
    tokens::Watch,
};
use crate::{
    bytes::ReadAt,
    carve::{
        Format, Found, Mended, Mending, Outcome,
        formats::{layout::Layout, runs, sector},
    },
};

/// Places at which the file breaks.
const MOST_BREAKS: usize = 64;
/// Boundaries of clusters at which a break is looked for.
const MOST_CUTS: usize = 4;
/// Bytes of a cluster that are read on.
const PROBE: usize = 4096;
/// The evidence at which a cluster is given up, and the least that one must have to be tried.
const GIVEN_UP: i64 = -40 * BIT;
const LEAST: i64 = 6 * BIT;
/// Clusters that are tried to the end, of those that fit.
const MOST_TRIED: usize = 12;
/// The state that is kept is no farther before the cut.
const NEAR: usize = 2048;
/// Steps of a picture for each of which a copy of the state takes as long as one.
const COPIED: usize = 512;

pub(super) fn mend(format: &super::WebP, mending: &mut Mending<'_>) -> Option<Mended> {
    let length = mending.broken().length?;
    let mut layout = Layout::new(mending.start());
    for _ in 0..MOST_BREAKS {
        let mut tape = layout.tape(mending);
        let chunks = Chunks::walk(&mut tape, length);
        let broken = chunks.pictures.iter().find_map(|picture| {
            let bytes = super::data(&mut tape, picture)?;
            super::break_of(&bytes, picture).map(|fall| (*picture, bytes, fall.at))
        });
        let Some((picture, bytes, at)) = broken else {
            return match format.check(&mut tape) {
                Outcome::Whole(found @ Found { damaged_at: None, .. }) if found.length == length => {
                    Some(Mended { runs: layout.runs(length), found })
                }
                _ => None,
            };
        };
        if !mending.spend(length) {
            return None;
        }
        layout = Search { mending, layout: &layout, picture, bytes, at }.run()?;
    }
    None
}

struct Search<'a, 'b> {
    mending: &'a mut Mending<'b>,
    layout: &'a Layout,
    /// The picture in which the file breaks, its data as it stands there, and where that breaks.
    picture: Picture,
    bytes: Vec<u8>,
    at: usize,
}

impl Search<'_, '_> {
    fn run(&mut self) -> Option<Layout> {
        let size = self.mending.cluster_size().max(1);
        let at = self.picture.from.saturating_add(self.at as u64);
        let nearest = at.saturating_add(size / 2).checked_div(size)?;
        let mut cuts: Vec<u64> = (nearest.saturating_sub(3)..=nearest.saturating_add(1)).collect();
        cuts.iter_mut().for_each(|cut| *cut = cut.saturating_mul(size));
        cuts.retain(|cut| self.mending.may_join(self.layout.source_of(*cut)));
        cuts.retain(|cut| *cut > self.layout.last_start() && *cut > self.picture.from && *cut < self.picture.to);
        cuts.sort_by_key(|cut| cut.abs_diff(at));
        cuts.truncate(MOST_CUTS);
        cuts.into_iter().find_map(|cut| self.cut(cut))
    }

    /// Looks for the cluster with which the file goes on at `cut`.
    fn cut(&mut self, cut: u64) -> Option<Layout> {
        let inside = usize::try_from(cut.checked_sub(self.picture.from)?).ok()?;
        let state = self.state(inside)?;
        let here = self.layout.source_of(cut);
        let mut fits: Vec<(i64, u64)> = Vec::new();
        let mut tried = 0;
        let places = match self.mending.run_starts() {
            [] => self.mending.clusters(here).collect(),
            _ => runs::candidates(self.mending),
        };
        for place in places {
            if place == here {
                continue;
            }
            if !self.mending.spend(PROBE as u64 / 4) {
                return None;
            }
            let Some(score) = self.probe(&state, inside, place) else { continue };
            fits.push((score, place));
            // One that is far from chance need not be compared with all others.
            if score > LEAST.saturating_mul(8) && tried < MOST_TRIED {
                tried = tried.saturating_add(1);
                if let Some(layout) = self.goes_on(cut, inside, place) {
                    return Some(layout);
                }
            }
        }
        fits.retain(|(score, _)| *score <= LEAST.saturating_mul(8));
        fits.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        fits.truncate(MOST_TRIED);
        fits.into_iter().find_map(|(_, place)| self.goes_on(cut, inside, place))
    }

    /// The reader as it is at byte `inside` of the data, and what it knows.
    fn state(&mut self, inside: usize) -> Option<(Reader, Evidence)> {
        let length = usize::try_from(self.picture.to.checked_sub(self.picture.from)?).ok()?;
        let mut reader = Reader::new(&self.bytes, length, self.picture.coding).ok()?;
        if !reader.is_in_order() || reader.loaded() > inside {
            return None;
        }
        let (begun, mut learner, mut steps) = (reader.clone(), Learner::new(), 0usize);
        let (mut last, mut near) = (0, reader.loaded());
        while reader.step(&self.bytes, &mut learner) == Step::More && reader.loaded() <= inside {
            steps = steps.saturating_add(1);
            (last, near) = (steps, reader.loaded());
        }
        // Taken again up to there: the state is large, and not known to be the last before the next step.
        let mut state = begun;
        for _ in 0..last {
            state.step(&self.bytes, &mut Never(false));
        }
        self.spend_steps(steps.saturating_mul(2), 0);
        (near.saturating_add(NEAR) > inside).then_some((state, learner.evidence))
    }

    /// Takes steps through the picture, and bytes read for them, from the effort.
    fn spend_steps(&mut self, steps: usize, bytes: usize) -> bool {
        let of = |count: usize, worth: u64| (count as u64).saturating_mul(worth);
        self.mending.spend(of(steps, super::STEP_WORTH).saturating_add(of(bytes, super::WORTH)))
    }

    /// What the bytes at `place` of the source say for being the next.
    fn probe(&mut self, (state, evidence): &(Reader, Evidence), inside: usize, place: u64) -> Option<i64> {
        let left = usize::try_from(self.mending.free_until(place).checked_sub(place)?).ok()?;
        let to = self.bytes.len().min(inside.saturating_add(PROBE.min(left)));
        let window = self.bytes.get_mut(inside..to)?;
        let kept = window.to_vec();
        let read = self.mending.source().read_at(place, window).is_ok();
        let foreign = window.get(..sector::SECTOR).is_some_and(sector::is_foreign_to_compressed);
        let (mut steps, mut score) = (0, None);
        if read && !foreign {
            score = self.read_on(state, evidence, inside, to, &mut steps);
            // The state is copied.
            steps = steps.saturating_add(state.steps() / COPIED);
        }
        self.bytes.get_mut(inside..to)?.copy_from_slice(&kept);
        self.spend_steps(steps, 0);
        score.filter(|score| *score >= LEAST)
    }

    fn read_on(&self, state: &Reader, evidence: &Evidence, inside: usize, to: usize, steps: &mut usize) -> Option<i64> {
        let bytes = self.bytes.get(..to)?;
        let mut reader = state.clone();
        let mut judge = Judge { evidence, sum: 0 };
        let at_end = to == self.bytes.len();
        loop {
            let step = reader.step(bytes, &mut judge);
            *steps = steps.saturating_add(1);
            if judge.sum < GIVEN_UP {
                return None;
            }
            match step {
                // Data that ends at once where it must is evidence enough.
                Step::Whole => return Some(judge.sum.max(LEAST)),
                Step::Wrong if at_end || reader.position() < to.saturating_sub(64).max(inside) => return None,
                Step::Wrong => return Some(judge.sum),
                Step::More if reader.loaded() > to && !at_end => return Some(judge.sum),
                Step::More => {}
            }
        }
    }

    /// The file with `place` from `cut` on, where its data then goes on for more than that cluster.
    fn goes_on(&mut self, cut: u64, inside: usize, place: u64) -> Option<Layout> {
        let layout = self.layout.on_from(cut, place);
        let mut tape = layout.tape(self.mending);
        if !self.mending.spend(self.picture.to.saturating_sub(self.picture.from)) {
            return None;
        }
        let bytes = super::data(&mut tape, &self.picture)?;
        let next = super::break_of(&bytes, &self.picture);
        next.is_none_or(|next| next.at > inside.saturating_add(PROBE)).then_some(layout)
    }
}

struct Judge<'a> {
    evidence: &'a Evidence,
    sum: i64,
}

impl Watch for Judge<'_> {
    fn block(&mut self, thing: Thing) {
        self.sum = self.sum.saturating_add(self.evidence.of(thing));
    }

    fn never(&mut self, says: i64) {
        self.sum = self.sum.saturating_add(says);
    }
}
