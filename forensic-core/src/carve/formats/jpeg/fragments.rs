//! Pictures put together from their fragments: the walk goes on, from its state at a cluster boundary before the break, with
//! the clusters that may be next, until one leads to the end of the picture with all its MCUs.

use super::{
    KIND,
    likely::{Likely, is_foreign, likely},
    memory::Memory,
    pictures,
    seam::{Above, Steps, above, rough},
    walk::{Pause, State},
};
use crate::{
    bytes::{ReadAt, Run},
    carve::{Found, Mended, Mending, Tape},
};

/// Fragments of a file at the most, less one.
const DEEPEST: usize = 3;
/// Continuations that lead to another break and are followed.
const FOLLOWED: usize = 4;
/// Bytes before a noticed break in which the true one is looked for.
const LOOK_BACK: u64 = 1 << 20;
/// Breaks that are tried in one head.
const MOST_BREAKS: usize = 10;
/// Clusters that are looked at behind the file and before it.
const MOST_CLUSTERS: (usize, usize) = (96 << 10, 32 << 10);
/// Bytes of a continuation that are walked before its seam is looked at for the first time.
const FIRST_LOOK: u64 = 1 << 10;
/// How much rougher than the picture above it a seam may be: of a continuation that leads to the end of the picture, of one that
/// is taken where none fits better, and of one whose first MCUs were seen.
const ROUGH: f32 = 3.0;
const ROUGHER: f32 = 7.0;
const ROUGHEST: f32 = 12.0;
/// A break may be told to lie so many bytes before the wrong ones, which were in the reservoir of bits.
const NOTICED: u64 = 8;
/// Clusters that are tried where the break lies in the segments before the data, which look like anything.
const MOST_AFTER_HEAD: usize = 4096;
/// MCUs that tell of a seam.
const TELLING: u32 = 6;
/// What is in doubt this much, and the last boundaries, are tried; the second pass is for what is more in doubt.
const DOUBTFUL: f32 = 1.5;
const VERY_DOUBTFUL: f32 = 2.0;
/// Bytes the search for one file may walk, in all and in one pass.
const EFFORT: u64 = 64 << 20;
const EFFORT_OF_PASS: u64 = 16 << 20;
/// Where the same was tried before, with other files' clusters in the way.
const EFFORT_AGAIN: u64 = 8 << 20;

/// The fragments of the broken file, if they are found.
pub(super) fn mend(mending: &mut Mending<'_>) -> Option<Mended> {
    let broken = mending.broken();
    let size = mending.cluster_size();
    let effort = if mending.is_tried_again() { EFFORT_AGAIN } else { EFFORT };
    let mut search = Search { starts: Vec::new(), others: Vec::new(), nearest: Vec::new(), mending, effort };
    search.look_around();
    let start = search.mending.start();
    let length = search.mending.source().len().saturating_sub(start);
    let head = Head { runs: vec![Run::new(start, length)], least: size, broken_at: broken.broken_at };
    search.solve(&head, DEEPEST)
}

/// What is known of the start of a file.
struct Head {
    runs: Vec<Run>,
    /// The break lies at this byte or behind it, and at the other or before it.
    least: u64,
    broken_at: u64,
}

impl Head {
    /// Its runs up to byte `end`.
    fn until(&self, end: u64) -> Vec<Run> {
        let mut left = end;
        let cut = |run: &Run| {
            let length = run.length.min(left);
            left = left.saturating_sub(length);
            Run { length, ..*run }
        };
        self.runs.iter().map(cut).filter(|run| run.length > 0).collect()
    }
}

/// A cluster boundary at which the file may be broken.
struct Boundary {
    at: u64,
    state: State,
    /// The log of what is remembered of the blocks, there.
    mark: usize,
    /// The picture before it.
    above: Option<Above>,
    /// How badly what follows fits.
    doubt: f32,
}

impl Boundary {
    /// How rough the seam there is, in what was walked behind it to `state`.
    fn rough(&self, state: &State, memory: &Memory) -> Option<f32> {
        rough(&self.state, self.above?, state, memory, TELLING)
    }
}

/// What became of a continuation.
enum Trial {
    Wrong,
    /// It goes on well to this byte.
    Part(u64, f32),
    Whole(f32, Mended),
}

struct Search<'m, 'a> {
    mending: &'m mut Mending<'a>,
    /// Clusters of coded data before which there are none, where fragments begin for certain; and the others.
    starts: Vec<u64>,
    others: Vec<u64>,
    /// The nearest clusters behind the file, whatever is in them.
    nearest: Vec<u64>,
    effort: u64,
}

impl Search<'_, '_> {
    /// Tells the clusters around that may be coded data from those that are not.
    fn look_around(&mut self) {
        let start = self.mending.start();
        let behind: Vec<u64> = self.mending.clusters_behind(start).take(MOST_CLUSTERS.0).collect();
        let mut before: Vec<u64> = self.mending.clusters_before().take(MOST_CLUSTERS.1).collect();
        before.reverse();
        let (mut first, mut rest) = self.told_apart(&behind);
        let (first_before, rest_before) = self.told_apart(&before);
        first.extend(first_before.iter().rev());
        rest.extend(rest_before.iter().rev());
        (self.starts, self.others) = (first, rest);
        self.nearest = behind.into_iter().take(MOST_AFTER_HEAD).collect();
    }

    fn told_apart(&mut self, clusters: &[u64]) -> (Vec<u64>, Vec<u64>) {
        let size = self.mending.cluster_size();
        let (mut starts, mut others) = (Vec::new(), Vec::new());
        let mut data_until = None;
        let verdicts = self.mending.verdicts(clusters, |bytes| likely(bytes) as u8);
        for (at, likely) in clusters.iter().zip(verdicts) {
            let Some(likely) = likely else { continue };
            if likely != Likely::No as u8 {
                if data_until == Some(*at) { &mut others } else { &mut starts }.push(*at);
            }
            if likely == Likely::Data as u8 {
                data_until = Some(at.saturating_add(size));
            }
        }
        (starts, others)
    }

    fn solve(&mut self, head: &Head, depth: usize) -> Option<Mended> {
        let mut parts: [Vec<(f32, Head)>; 2] = Default::default();
        let mut best: Option<(f32, Mended)> = None;
        for (pass, parts) in parts.iter_mut().enumerate() {
            let mut effort = self.effort.min(EFFORT_OF_PASS);
            let (boundaries, mut memory) = self.boundaries(head);
            for boundary in boundaries.iter().filter(|boundary| pass == 0 || boundary.doubt >= VERY_DOUBTFUL) {
                memory.go_back(boundary.mark);
                let candidates = match (boundary.state.in_data(), pass) {
                    (false, 0) => self.nearest.clone(),
                    (true, 0) => self.starts.clone(),
                    _ => self.others.clone(),
                };
                for at in candidates {
                    let before = self.effort;
                    match self.trial(head, boundary, at, &mut memory) {
                        Trial::Wrong => {}
                        Trial::Whole(rough, mended) if rough <= ROUGH => return Some(mended),
                        Trial::Whole(rough, mended) => {
                            if best.as_ref().is_none_or(|(least, _)| rough < *least) {
                                best = Some((rough, mended));
                            }
                        }
                        // The clusters of the head in another order lead to the same break.
                        Trial::Part(reached, _) if reached <= head.broken_at && boundary.doubt < ROUGH => {}
                        Trial::Part(_, rough) if rough > ROUGH => {}
                        Trial::Part(reached, rough) => {
                            let mut runs = head.until(boundary.at);
                            runs.push(self.run_at(boundary, at, &runs)?);
                            let walked = reached.saturating_sub(boundary.at) as f32;
                            let score = walked / (rough * rough) * boundary.doubt.min(VERY_DOUBTFUL.powi(3));
                            let least = boundary.at.saturating_add(self.mending.cluster_size());
                            parts.push((score, Head { runs, least, broken_at: reached }));
                        }
                    }
                    memory.go_back(boundary.mark);
                    effort = effort.saturating_sub(before.saturating_sub(self.effort));
                    if effort == 0 {
                        break;
                    }
                }
            }
        }
        if best.is_none() && depth > 1 {
            for mut parts in parts {
                parts.sort_by(|a, b| b.0.total_cmp(&a.0));
                for (_, head) in parts.into_iter().take(FOLLOWED) {
                    if let Some(mended) = self.solve(&head, depth.saturating_sub(1)) {
                        return Some(mended);
                    }
                }
            }
        }
        best.map(|(_, mended)| mended)
    }

    /// The places at which the head may be broken, the last first, and what is remembered of the blocks before the last.
    fn boundaries(&mut self, head: &Head) -> (Vec<Boundary>, Memory) {
        let size = self.mending.cluster_size();
        let mut tape = self.mending.tape(head.runs.iter().copied());
        let (mut state, mut memory) = (State::new(0), Memory::default());
        memory.keep_dc();
        let mut steps = Steps::default();
        let least = head.least.max(head.broken_at.saturating_sub(LOOK_BACK)).next_multiple_of(size.max(1));
        let mut boundaries: Vec<Boundary> = Vec::new();
        let mut at = least;
        while at <= head.broken_at.saturating_add(NOTICED) {
            if state.walk(&mut tape, &mut memory, at) != Ok(Pause::Stopped) {
                break;
            }
            memory.start_log();
            let above = above(&state, &memory, &mut steps);
            boundaries.push(Boundary { at, state: state.clone(), mark: memory.mark(), above, doubt: 1.0 });
            at = at.saturating_add(size);
        }
        let _ = state.walk(&mut tape, &mut memory, head.broken_at);
        let data = boundaries.iter().find(|boundary| boundary.state.in_data()).map(|boundary| boundary.at);
        let foreign = data.and_then(|data| self.foreign(&mut tape, head, data));
        boundaries.retain(|boundary| foreign.is_none_or(|foreign| boundary.at <= foreign));
        let last = boundaries.last().map_or(0, |boundary| boundary.at);
        let in_scans = state.scans() > 0;
        boundaries.retain(|boundary| boundary.state.scans() > 0 || !in_scans);
        for boundary in &mut boundaries {
            let seam = boundary.rough(&state, &memory).unwrap_or(1.0);
            let near = boundary.at.saturating_add(size.saturating_mul(2)) >= last || !in_scans;
            boundary.doubt = match boundary.at {
                at if Some(at) == foreign => f32::INFINITY,
                at if at == last => f32::MAX,
                _ if near => seam.max(DOUBTFUL),
                _ => seam,
            };
        }
        boundaries.retain(|boundary| boundary.doubt >= DOUBTFUL);
        boundaries.sort_by(|a, b| b.doubt.total_cmp(&a.doubt));
        boundaries.truncate(MOST_BREAKS);
        boundaries.sort_by_key(|boundary| std::cmp::Reverse(boundary.at));
        (boundaries, memory)
    }

    /// The first of the clusters before the break that are no coded data, each behind the other, where it begins at `data` or before.
    fn foreign(&self, tape: &mut Tape, head: &Head, data: u64) -> Option<u64> {
        let size = self.mending.cluster_size();
        let length = usize::try_from(size).unwrap_or(0);
        let noticed = head.broken_at.saturating_add(NOTICED);
        let mut at = noticed.saturating_sub(noticed.checked_rem(size)?);
        let mut is_foreign = |at: u64| tape.bytes(at, length).is_ok_and(is_foreign);
        // What stands between may be followed by the rest of the file, which decodes wrongly for a while.
        if !is_foreign(at) {
            at = at.saturating_sub(size);
        }
        let mut first = None;
        while at >= head.least.max(data) && is_foreign(at) {
            first = Some(at);
            at = at.saturating_sub(size);
        }
        first
    }

    /// The run that begins at `at` of the source, as far as it may go behind `runs`. What is claimed in the segments before the
    /// data may be a thumbnail.
    fn run_at(&self, boundary: &Boundary, at: u64, runs: &[Run]) -> Option<Run> {
        let taken = runs.iter().filter_map(|run| Some((run.offset?, run.offset?.saturating_add(run.length))));
        let in_data = boundary.state.in_data();
        let mut end = if in_data { self.mending.free_until(at) } else { self.mending.source().len() };
        for (start, stop) in taken {
            if (start..stop).contains(&at) || stop == at && Some(stop) == runs.last().and_then(end_of) {
                return None;
            }
            if start > at {
                end = end.min(start);
            }
        }
        (end > at).then(|| Run::new(at, end.saturating_sub(at)))
    }

    fn trial(&mut self, head: &Head, boundary: &Boundary, at: u64, memory: &mut Memory) -> Trial {
        let mut runs = head.until(boundary.at);
        let Some(run) = self.run_at(boundary, at, &runs) else { return Trial::Wrong };
        runs.push(run);
        let mut tape = self.mending.tape(runs.iter().copied());
        let mut state = boundary.state.clone();
        let size = self.mending.cluster_size();
        let mut roughness = 1.0;
        for stop in [boundary.at.saturating_add(FIRST_LOOK.min(size)), boundary.at.saturating_add(size), u64::MAX] {
            let from = state.at();
            let pause = state.walk(&mut tape, memory, stop);
            let walked = match pause {
                Err(broken) => broken.at,
                _ => state.at(),
            };
            let cost = walked.saturating_sub(from).max(FIRST_LOOK);
            self.effort = if self.mending.spend(cost) { self.effort.saturating_sub(cost) } else { 0 };
            roughness = boundary.rough(&state, memory).unwrap_or(roughness);
            let seen_whole = stop > boundary.at.saturating_add(FIRST_LOOK.min(size));
            if roughness > if seen_whole { ROUGHER } else { ROUGHEST } {
                return Trial::Wrong;
            }
            match pause {
                Ok(Pause::Stopped) => {}
                Ok(Pause::End(end)) => {
                    let length = pictures::end(&mut tape, &state, end);
                    let runs = Head { runs, least: 0, broken_at: 0 }.until(length);
                    return Trial::Whole(roughness, Mended { runs, found: Found::new(KIND, length).confidence(95) });
                }
                Err(broken) if broken.at < boundary.at.saturating_add(size) => return Trial::Wrong,
                Err(broken) => return Trial::Part(broken.at, roughness),
            }
        }
        Trial::Wrong
    }
}

fn end_of(run: &Run) -> Option<u64> {
    run.offset.map(|offset| offset.saturating_add(run.length))
}
