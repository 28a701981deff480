//! Who owns which bytes: in order of offset, what validates claims its range, and what lies inside becomes its child.

use super::{Broken, Format, Found, Holds, Outcome, Tape, format::CERTAIN};

/// Files within files that are looked at; what lies deeper is left to whoever opens the file.
const DEEPEST: usize = 6;
/// Times that the bytes of a file which is there may be looked at without it counting as waste.
const OWN: u64 = 8;
/// Children of one file that are kept.
const MOST_CHILDREN: usize = 100_000;
/// A file that shows another to be cut begins at a multiple of this.
const SECTOR: u64 = 512;

/// A range of the source and the file found there.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) start: u64,
    pub(super) format: usize,
    pub(super) what: What,
    pub(super) children: Vec<Claim>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    Whole(Found),
    Broken(Broken),
}

impl What {
    /// The same where no more than `length` bytes are there, whatever a format says.
    fn within(self, length: u64) -> Self {
        match self {
            Self::Whole(Found { kind, length: told, confidence, .. }) if told > length => {
                Self::Broken(Broken { kind, good: length, broken_at: length, length: Some(told), confidence })
            }
            Self::Broken(broken) => Self::Broken(Broken { good: broken.good.min(length), ..broken }),
            whole @ Self::Whole(_) => whole,
        }
    }
}

impl Claim {
    pub(super) fn end(&self) -> u64 {
        let length = match self.what {
            What::Whole(found) => found.length,
            What::Broken(broken) => broken.good,
        };
        self.start.saturating_add(length)
    }

    fn holds(&self) -> Holds {
        match self.what {
            What::Whole(found) => found.holds,
            What::Broken(_) => Holds::Files,
        }
    }

    fn may_hold(&self, format: usize) -> bool {
        match self.holds() {
            Holds::Files | Holds::Opaque => true,
            Holds::Others => format != self.format,
        }
    }

    /// True where `inner`, which lies inside, is a child of this file.
    fn takes(&self, inner: &Self) -> bool {
        matches!(inner.what, What::Whole(_)) && self.may_hold(inner.format) && self.holds() != Holds::Opaque
    }

    /// True where `inner` shows that this file ended before it: by beginning in what nobody checked, or by reaching out of what
    /// breaks anyway.
    fn is_cut_by(&self, inner: &Self) -> bool {
        let sure = match inner.what {
            What::Whole(found) => found.confidence >= 90,
            What::Broken(broken) => broken.confidence >= CERTAIN && broken.good >= SECTOR.saturating_mul(8),
        };
        let cuts = match self.what {
            What::Whole(_) if self.holds() == Holds::Opaque => {
                inner.holds() != Holds::Opaque || inner.is_certain() || inner.end() > self.end()
            }
            What::Whole(_) => false,
            What::Broken(_) => inner.end() > self.end(),
        };
        sure && cuts && inner.start > self.start && inner.start.is_multiple_of(SECTOR)
    }

    /// True where more than the frame of a whole file was checked.
    fn is_certain(&self) -> bool {
        matches!(self.what, What::Whole(found) if found.confidence >= CERTAIN)
    }

    /// Ends this file before byte `end` of the source.
    fn cut(&mut self, end: u64) {
        let good = end.saturating_sub(self.start);
        let (kind, length, confidence) = match self.what {
            What::Whole(found) => (found.kind, Some(found.length), found.confidence),
            What::Broken(broken) => (broken.kind, broken.length, broken.confidence),
        };
        self.what = What::Broken(Broken { kind, good, broken_at: good, length, confidence });
        self.children.retain(|child| child.end() <= end);
    }

    fn adopt(&mut self, child: Self) {
        if self.children.len() < MOST_CHILDREN {
            self.children.push(child);
        }
    }

    /// The part of this file and of its children that a stretch from byte `at` of the source on has to know of: each file
    /// that is not over there, inside the one before. `None` where this one is.
    pub(super) fn reaching(&self, at: u64) -> Option<Self> {
        let inner = || self.children.last().and_then(|child| child.reaching(at)).into_iter().collect();
        (self.end() > at).then(|| Self { children: inner(), ..*self })
    }

    /// This file and each that reaches on inside it.
    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |claim| claim.children.last())
    }

    /// True where `other`, found by somebody who did not know of this file and those reaching on inside it, cannot be right
    /// beside them.
    fn conflicts_with(&self, other: &Self) -> bool {
        let inside_child = self.children.last().is_some_and(|child| other.start < child.end());
        // What is not adopted may have kept out something that would be.
        inside_child || (other.start < self.end() && (other.end() > self.end() || !self.takes(other)))
    }

    /// Takes over what was found of this same file from byte `at` of the source on.
    fn go_on(&mut self, further: Self, at: u64) {
        if further.end() < self.end() {
            self.cut(further.end());
        }
        let mut found = further.children.into_iter().peekable();
        if let Some(reaching) = self.children.pop_if(|child| child.end() > at) {
            // It is found again, or it was cut and is no more.
            match found.next_if(|child| child.start == reaching.start) {
                Some(again) => {
                    let mut reaching = reaching;
                    reaching.go_on(again, at);
                    self.adopt(reaching);
                }
                None => reaching.children.into_iter().for_each(|child| self.absorb(child)),
            }
        }
        found.for_each(|child| self.adopt(child));
    }

    /// Takes in what was found inside this file by somebody who did not know of it.
    fn absorb(&mut self, inner: Self) {
        match self.takes(&inner) {
            true => self.adopt(inner),
            false => inner.children.into_iter().for_each(|child| self.absorb(child)),
        }
    }
}

/// The claims of a stretch of the source, built from its candidates in order.
pub(super) struct Claims<'a> {
    formats: &'a [&'static dyn Format],
    tape: Tape,
    source_end: u64,
    align: u64,
    /// Files that are not over yet, each inside the one before.
    open: Vec<Claim>,
    done: Vec<Claim>,
    /// For each format, the place of the source before which nothing of it begins.
    none_before: Vec<u64>,
}

impl<'a> Claims<'a> {
    /// Nothing is claimed yet but by `reaching`, a file that began before this stretch, and those that reach on inside it.
    pub(super) fn new(
        formats: &'a [&'static dyn Format],
        tape: Tape,
        source_end: u64,
        align: u64,
        reaching: Option<Claim>,
    ) -> Self {
        let open =
            reaching.iter().flat_map(Claim::chain).map(|claim| Claim { children: Vec::new(), ..*claim }).collect();
        let none_before = vec![0; formats.len()];
        Self { formats, tape, source_end, align, open, done: Vec::new(), none_before }
    }

    /// Bytes of the source that were read already.
    pub(super) fn lend(&mut self, start: u64, bytes: &[u8]) {
        self.tape.lend(start, bytes);
    }

    /// The next place at which a file may begin, with the formats it may be of.
    pub(super) fn at(&mut self, start: u64, formats: impl Iterator<Item = usize>) {
        self.close(start);
        if self.open.len() >= DEEPEST || (self.open.is_empty() && start.checked_rem(self.align) != Some(0)) {
            return;
        }
        let Some((claim, owned)) = self.check(start, formats) else { return };
        while let Some(parent) = self.open.last_mut() {
            if parent.is_cut_by(&claim) {
                parent.cut(start);
                self.close(start);
                continue;
            }
            let fits = claim.end() <= parent.end() && matches!(claim.what, What::Whole(_));
            if !fits || parent.holds() == Holds::Opaque {
                return;
            }
            break;
        }
        self.tape.allow(self.tape.allowed().saturating_add(owned));
        self.open.push(claim);
    }

    /// What begins at `start`, and how many of the bytes that its check looked at are its own.
    fn check(&mut self, start: u64, formats: impl Iterator<Item = usize>) -> Option<(Claim, u64)> {
        let mut best: Option<(Claim, u64)> = None;
        for index in formats {
            if self.open.last().is_some_and(|parent| !parent.may_hold(index)) {
                continue;
            }
            let Some(format) = self.formats.get(index) else { continue };
            if self.none_before.get(index).is_some_and(|place| start < *place) {
                continue;
            }
            let before = self.tape.allowed();
            self.tape.seat(start, self.source_end);
            let what = match format.check(&mut self.tape) {
                Outcome::No => continue,
                Outcome::NoneBefore(byte) => {
                    if let Some(place) = self.none_before.get_mut(index) {
                        *place = start.saturating_add(byte);
                    }
                    continue;
                }
                Outcome::Whole(found) => What::Whole(found),
                Outcome::Broken(broken) => What::Broken(broken),
            };
            let what = what.within(self.tape.len());
            let claim = Claim { start, format: index, what, children: Vec::new() };
            // What was read of a file that is there is no waste.
            let spent = before.saturating_sub(self.tape.allowed());
            let owned = claim.end().saturating_sub(start).saturating_mul(OWN).min(spent);
            if claim.end() == start {
                continue;
            }
            if matches!(what, What::Whole(_)) {
                return Some((claim, owned));
            }
            if best.as_ref().is_none_or(|(best, _)| rank(best) < rank(&claim)) {
                best = Some((claim, owned));
            }
        }
        best
    }

    /// Ends the files that are over at byte `at` of the source.
    fn close(&mut self, at: u64) {
        while self.open.last().is_some_and(|claim| claim.end() <= at) {
            let Some(claim) = self.open.pop() else { return };
            match self.open.last_mut() {
                Some(parent) => parent.absorb(claim),
                None => self.done.push(claim),
            }
        }
    }

    /// The claims in order of offset. The last one may reach past the stretch.
    pub(super) fn finish(mut self) -> Vec<Claim> {
        self.close(u64::MAX);
        self.done
    }
}

fn rank(claim: &Claim) -> (u8, u64) {
    match claim.what {
        What::Whole(found) => (found.confidence, found.length),
        What::Broken(broken) => (broken.confidence, broken.good),
    }
}

/// Joins the claims of a stretch to `all` that was claimed before it. They were made knowing `known`, the file that was thought
/// to reach into the stretch; where another does, and it matters, `again` makes them once more.
pub(super) fn join(
    all: &mut Vec<Claim>,
    stretch_start: u64,
    stretch: Vec<Claim>,
    known: Option<&Claim>,
    again: impl FnOnce(Option<Claim>) -> Vec<Claim>,
) {
    let reaching = all.last().and_then(|claim| claim.reaching(stretch_start));
    let known = known.and_then(|claim| claim.reaching(stretch_start));
    let agrees = match (&reaching, &known) {
        (Some(reaching), Some(known)) => {
            let place = |claim: &Claim| (claim.start, claim.end());
            reaching.chain().map(place).eq(known.chain().map(place))
        }
        (Some(reaching), None) => !stretch.iter().any(|claim| reaching.conflicts_with(claim)),
        (None, known) => known.is_none(),
    };
    let was_known = if agrees { known.is_some() } else { reaching.is_some() };
    let claims = if agrees { stretch } else { again(reaching) };
    for claim in claims {
        match all.last_mut() {
            Some(last) if was_known && claim.start == last.start => last.go_on(claim, stretch_start),
            Some(last) if claim.start < last.end() => last.absorb(claim),
            _ => all.push(claim),
        }
    }
}
