//! Fragments of files whose structure is a chain: each element tells where the next begins. Where that is not there, the file goes
//! on at a cluster in which it is, at the same place.

use super::own::{Own, Verdict};
use crate::{
    bytes::Run,
    carve::{Format, Found, Mended, Mending, Outcome, Tape},
};

/// Breaks of a file that are mended.
const MOST_BREAKS: usize = 3;
/// What a candidate costs.
const COST: u64 = 4096;

/// Where a chain breaks: in an element that begins at `last`, behind its head, and before `next`, at which no element begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    pub(super) last: u64,
    pub(super) next: u64,
}

/// A format's knowledge of its chain.
pub(super) trait Chain {
    /// Where the chain breaks; `None` where it does not, or nothing is known of it.
    fn gap(&mut self, tape: &mut Tape) -> Option<Gap>;

    /// True where the chain goes on at byte `at` of `tape` with what stands at byte `next` of the file.
    fn goes_on(&self, tape: &mut Tape, at: u64, next: u64) -> bool;

    /// True where the elements may be files by themselves, which were found before the file they are of.
    fn holds_files(&self) -> bool {
        false
    }
}

/// Puts the file together that `chain` is of, and lets `format` check it to its end.
pub(super) fn mended(mending: &mut Mending<'_>, format: &dyn Format, chain: &mut dyn Chain) -> Option<Mended> {
    let mut pieces = Pieces(vec![(0, mending.start())]);
    for _ in 0..=MOST_BREAKS {
        let mut tape = pieces.tape(mending);
        let Some(gap) = chain.gap(&mut tape) else {
            let Outcome::Whole(found @ Found { damaged_at: None, .. }) = format.check(&mut tape) else { return None };
            let runs = pieces.runs(found.length);
            let mended = pieces.0.len() > 1 && pieces.are_apart(mending, found.length, chain.holds_files());
            return mended.then_some(Mended { runs, found });
        };
        let (cut, source) = continuation(mending, chain, &pieces, gap)?;
        pieces.0.push((cut, source));
    }
    None
}

/// The pieces of a file: where each begins in the file, and in the source.
struct Pieces(Vec<(u64, u64)>);

impl Pieces {
    fn runs(&self, length: u64) -> Vec<Run> {
        let ends = self.0.iter().skip(1).map(|piece| piece.0).chain([length]);
        self.0.iter().zip(ends).map(|((file, source), end)| Run::new(*source, end.saturating_sub(*file))).collect()
    }

    fn tape(&self, mending: &Mending<'_>) -> Tape {
        let (file, source) = self.0.last().copied().unwrap_or_default();
        let rest = mending.source().len().saturating_sub(source);
        mending.tape(self.runs(file.saturating_add(rest)))
    }

    /// Where byte `at` of the file stands in the source, were it of the last piece.
    fn place(&self, at: u64) -> u64 {
        let (file, source) = self.0.last().copied().unwrap_or_default();
        source.saturating_add(at.saturating_sub(file))
    }

    /// True where no piece lies on another, or on what is another file's unless it is `inside` this one.
    fn are_apart(&self, mending: &Mending<'_>, length: u64, inside: bool) -> bool {
        let mut runs: Vec<(u64, u64)> = self
            .runs(length)
            .iter()
            .filter_map(|run| Some((run.offset?, run.offset?.saturating_add(run.length))))
            .collect();
        let free = inside || runs.iter().skip(1).all(|(start, end)| mending.free_until(*start) >= *end);
        runs.sort_unstable();
        free && runs.windows(2).all(|pair| matches!(pair, [a, b] if a.1 <= b.0))
    }
}

/// The cut and the place in the source of the piece with which the file goes on behind `gap`.
fn continuation(mending: &mut Mending<'_>, chain: &dyn Chain, pieces: &Pieces, gap: Gap) -> Option<(u64, u64)> {
    let size = mending.cluster_size().max(1);
    let inside = gap.next.checked_rem(size)?;
    let behind = pieces.place(gap.last);
    let mut tape = Tape::new(mending.source().clone(), 0);
    let candidates = if chain.holds_files() { grid(mending, behind) } else { mending.clusters(behind).collect() };
    for cluster in candidates {
        if !mending.spend(COST) {
            return None;
        }
        let at = cluster.saturating_add(inside);
        if at == pieces.place(gap.next) || !chain.goes_on(&mut tape, at, gap.next) {
            continue;
        }
        if let Some(cut) = cut(mending, chain, &mut tape, pieces, gap, at) {
            let back = gap.next.saturating_sub(cut);
            return Some((cut, at.checked_sub(back)?));
        }
    }
    None
}

/// Every cluster of the source behind `from`, then those before the file, from the nearest to the farthest.
fn grid(mending: &Mending<'_>, from: u64) -> Vec<u64> {
    let size = mending.cluster_size().max(1);
    let (start, end) = (mending.start(), mending.source().len());
    let count = |bytes: u64| bytes.checked_div(size).unwrap_or(0);
    let behind = count(from.saturating_sub(start))..count(end.saturating_sub(start));
    let before = 1..=count(start);
    let behind = behind.map(|number| start.saturating_add(number.saturating_mul(size)));
    behind.chain(before.map(|number| start.saturating_sub(number.saturating_mul(size)))).collect()
}

/// Where in the gap the file leaves the last piece for that in which its byte `gap.next` stands at `at` of the source: the
/// only cluster boundary, or the one before which nothing foreign is and behind which nothing of the file.
fn cut(mending: &Mending<'_>, chain: &dyn Chain, tape: &mut Tape, pieces: &Pieces, gap: Gap, at: u64) -> Option<u64> {
    let size = mending.cluster_size().max(1);
    let first = gap.last.saturating_add(1).div_ceil(size).saturating_mul(size);
    let last = gap.next.checked_div(size)?.saturating_mul(size);
    let begins = pieces.0.last()?.0;
    let first = first.max(begins.saturating_add(size));
    if first > last {
        return None;
    }
    let is_free = |place: u64| chain.holds_files() || mending.free_until(place) >= place.saturating_add(size);
    let own = Own::of(tape, pieces.place(begins), pieces.place(gap.last), at);
    // The cluster before the first boundary is of the old piece, and that behind the last is of the new one: what the other
    // piece has in their places is foreign, and shows where it begins or ends.
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for boundary in (first..=last).step_by(usize::try_from(size).ok()?) {
        let judge = |tape: &mut Tape, place: u64| {
            if is_free(place) { own.judge(tape, place, size) } else { Verdict::Foreign }
        };
        here.push(judge(tape, pieces.place(boundary)));
        let place = at.checked_sub(gap.next.saturating_sub(boundary).saturating_add(size));
        there.push(place.map_or(Verdict::Foreign, |place| judge(tape, place)));
    }
    if here.len() == 1 {
        return Some(first);
    }
    let is_foreign = |verdict: &Verdict| *verdict != Verdict::Own;
    let is_clear = |verdict: &Verdict| *verdict == Verdict::Foreign;
    let from = here.iter().position(is_foreign);
    let to = there.iter().rposition(is_foreign);
    let clusters = match (from, to) {
        (Some(from), Some(to)) if from == to => from,
        // What is foreign in the old piece is so to its end, and in the new one from its start.
        (Some(from), None) if here.iter().skip(from).all(is_clear) => from,
        (None, Some(to)) if there.iter().take(to.saturating_add(1)).all(is_clear) => to,
        _ => return None,
    };
    Some(first.saturating_add(size.saturating_mul(clusters as u64)))
}
