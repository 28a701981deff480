//! Fragments of files whose structure is a chain: each element tells where the next begins. Where that is not there, the file goes
//! on at a cluster in which it is, at the same place.

use super::{
    layout::Layout,
    own::{Look, Own},
};
use crate::carve::{Format, Found, Mended, Mending, Outcome, Tape, mending::are_apart};

/// Breaks of a file that are mended.
const MOST_BREAKS: usize = 3;
/// The same where the ends of runs are known.
const MOST_BREAKS_OF_RUNS: usize = 256;
/// Boundaries of clusters between which a break lies.
const MOST_BOUNDARIES: u64 = 256;
/// How sure a file is where only one side of a break shows it.
const UNSURE: u8 = 75;
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

    /// True where the bytes of `gap`, in a file put together as `tape` has it, are wrong by a checksum, a code or lengths inside.
    fn refutes(&self, _tape: &mut Tape, _gap: Gap) -> bool {
        false
    }

    /// True where the index of a whole file tells of its elements as they are.
    fn agrees(&self) -> bool {
        true
    }

    /// True where the elements may be files by themselves, which were found before the file they are of.
    fn holds_files(&self) -> bool {
        false
    }
}

/// Puts the file together that `chain` is of, and lets `format` check it to its end.
pub(super) fn mended(mending: &mut Mending<'_>, format: &dyn Format, chain: &mut dyn Chain) -> Option<Mended> {
    let mut layout = Layout::new(mending.start());
    let mut sure = true;
    let most = if mending.run_starts().is_empty() { MOST_BREAKS } else { MOST_BREAKS_OF_RUNS };
    for _ in 0..=most {
        let mut tape = layout.tape(mending);
        let Some(gap) = chain.gap(&mut tape) else {
            let Outcome::Whole(found @ Found { damaged_at: None, .. }) = format.check(&mut tape) else { return None };
            let runs = layout.runs(found.length);
            let is_one = layout.last_start() > 0 && may_be(&layout, mending, found.length, chain.holds_files());
            let confidence = if sure { found.confidence } else { found.confidence.min(UNSURE) };
            return (is_one && chain.agrees()).then_some(Mended { runs, found: found.confidence(confidence) });
        };
        let (cut, source, is_sure) = continuation(mending, chain, &layout, gap)?;
        sure &= is_sure;
        layout = layout.on_from(cut, source);
    }
    None
}

/// True where no piece of a file of `length` bytes lies on another, or on what is another file's unless it is `inside` this one.
fn may_be(layout: &Layout, mending: &Mending<'_>, length: u64, inside: bool) -> bool {
    let runs = layout.runs(length);
    are_apart(&runs) && (inside || runs.iter().skip(1).all(|run| mending.is_free(run)))
}

/// The cut and the place in the source of the piece with which the file goes on behind `gap`, and whether both sides of the break
/// show it.
fn continuation(mending: &mut Mending<'_>, chain: &dyn Chain, layout: &Layout, gap: Gap) -> Option<(u64, u64, bool)> {
    let size = mending.cluster_size().max(1);
    let inside = gap.next.checked_rem(size)?;
    let behind = layout.in_last(gap.last);
    let mut tape = mending.tape_from(0);
    let candidates = if chain.holds_files() { grid(mending, behind) } else { mending.clusters(behind).collect() };
    for cluster in candidates {
        if !mending.spend(COST) {
            return None;
        }
        let at = cluster.saturating_add(inside);
        if at == layout.in_last(gap.next) || !chain.goes_on(&mut tape, at, gap.next) {
            continue;
        }
        let source = |cut: u64| at.checked_sub(gap.next.saturating_sub(cut));
        match cut(mending, chain, &mut tape, layout, gap, at) {
            Cut::At(cut, sure) => return Some((cut, source(cut)?, sure)),
            // What is no better known is not looked for elsewhere either: a file like this one would be taken for it.
            Cut::Unknown => return None,
            Cut::Wrong => {}
        }
    }
    None
}

/// Every cluster of the source behind `from`, then those before the file, from the nearest to the farthest.
pub(super) fn grid(mending: &Mending<'_>, from: u64) -> Vec<u64> {
    let size = mending.cluster_size().max(1);
    let (start, end) = (mending.start(), mending.source().len());
    let count = |bytes: u64| bytes.checked_div(size).unwrap_or(0);
    let behind = count(from.saturating_sub(start))..count(end.saturating_sub(start));
    let before = 1..=count(start);
    let behind = behind.map(|number| start.saturating_add(number.saturating_mul(size)));
    behind.chain(before.map(|number| start.saturating_sub(number.saturating_mul(size)))).collect()
}

/// What is known of the boundary at which a file leaves one piece for another.
enum Cut {
    /// It is this one, and whether both sides show it.
    At(u64, bool),
    /// It may be one of several.
    Unknown,
    /// It is none: the other piece is of another file.
    Wrong,
}

/// Where in the gap the file leaves the last piece for that in which its byte `gap.next` stands at `at` of the source: at the only
/// boundary that is not refuted, or the one before which nothing foreign is and behind which nothing of the file.
fn cut(mending: &mut Mending<'_>, chain: &dyn Chain, tape: &mut Tape, layout: &Layout, gap: Gap, at: u64) -> Cut {
    let size = mending.cluster_size().max(1);
    let begins = layout.last_start();
    let first = gap.last.saturating_add(1).div_ceil(size).saturating_mul(size).max(begins.saturating_add(size));
    let count = gap.next.checked_sub(first).map_or(0, |bytes| bytes.checked_div(size).unwrap_or(0).saturating_add(1));
    let boundary = |number: u64| first.saturating_add(number.saturating_mul(size));
    if count > MOST_BOUNDARIES {
        return Cut::Unknown;
    }
    let mut left = Vec::new();
    for number in 0..count {
        let cut = boundary(number);
        let Some(source) = at.checked_sub(gap.next.saturating_sub(cut)) else { continue };
        if !mending.may_join(layout.in_last(cut)) || !mending.may_join(source) {
            continue;
        }
        let length = gap.next.saturating_sub(gap.last);
        if !mending.spend(length) {
            return Cut::Unknown;
        }
        if !chain.refutes(&mut layout.on_from(cut, source).tape(mending), gap) {
            left.push(number);
        }
    }
    match left.as_slice() {
        [] => return Cut::Wrong,
        [only] => return Cut::At(boundary(*only), true),
        _ => {}
    }
    let is_free = |place: u64| chain.holds_files() || mending.free_until(place) >= place.saturating_add(size);
    let Some(own) = Own::of(tape, layout.in_last(begins), layout.in_last(gap.last), at, size) else {
        return Cut::Unknown;
    };
    // The cluster before the first boundary is of the old piece, and that behind the last is of the new one: what the other
    // piece has in their places is foreign, and shows where it begins or ends.
    let mut look = |place: Option<u64>| match place {
        Some(place) if is_free(place) => own.look(tape, place, size),
        _ => Look::TAKEN,
    };
    let before = |number| at.checked_sub(gap.next.saturating_sub(boundary(number)).saturating_add(size));
    let here: Vec<Look> = (0..count).map(|number| look(Some(layout.in_last(boundary(number))))).collect();
    let there: Vec<Look> = (0..count).map(|number| look(before(number))).collect();
    match between(&here, &there) {
        Some((number, sure)) if left.contains(&number) => Cut::At(boundary(number), sure),
        _ => Cut::Unknown,
    }
}

/// The number of the boundary with something foreign behind it `here` and before it `there`. One side is enough where it shows
/// both what is foreign and that the cluster beyond the boundary is not of the same kind.
fn between(here: &[Look], there: &[Look]) -> Option<(u64, bool)> {
    let no_later = here.iter().position(Look::is_foreign);
    let no_sooner = there.iter().rposition(Look::is_foreign);
    let is_edge = |foreign: &[Look], beyond: Option<&Look>| {
        let kind = foreign.first().map(|look| look.kind);
        let alike = foreign.iter().all(|look| Some(look.kind) == kind && look.is_known());
        alike && beyond.is_none_or(|look| foreign.iter().all(|foreign| look.differs_from(foreign)))
    };
    let number = match (no_later, no_sooner) {
        (Some(later), Some(sooner)) if later == sooner => return Some((later as u64, true)),
        (Some(later), sooner) if sooner.is_none_or(|sooner| sooner < later) => {
            let own = later.checked_sub(1).and_then(|number| here.get(number));
            let by_end = is_edge(here.get(later..)?, own).then_some(later);
            let by_start = sooner.filter(|sooner| {
                let own = there.get(sooner.saturating_add(1));
                there.get(..=*sooner).is_some_and(|foreign| is_edge(foreign, own))
            });
            match (by_end, by_start) {
                (Some(_), Some(_)) => return None,
                (one, other) => one.or(other)?,
            }
        }
        (None, Some(sooner)) => {
            let own = there.get(sooner.saturating_add(1));
            is_edge(there.get(..=sooner)?, own).then_some(sooner)?
        }
        _ => return None,
    };
    Some((number as u64, false))
}
