//! The evidence of a picture from its start to its end: it grows as long as each part is like its neighbours, and falls where
//! foreign data is read as if it were of the picture.

use super::{
    evidence::{BIT, Evidence, Thing},
    reader::{KINDS, Reader, Step},
    tokens::Watch,
};

/// How far the evidence of a sound picture falls at most, and what part of all that was gathered it may fall besides. In 77
/// sound lossless pictures it fell by 80 bits at most; 4 KiB of noise in one mostly cost 200 to 4,000.
const MOST_FALL: i64 = 128 * BIT;
const MORE: i64 = 512;

/// Evidence as it is gathered.
pub(super) struct Learner {
    pub(super) evidence: Evidence,
    sum: i64,
}

impl Learner {
    pub(super) fn new() -> Self {
        Self { evidence: Evidence::new(KINDS), sum: 0 }
    }
}

impl Watch for Learner {
    fn block(&mut self, thing: Thing) {
        self.sum = self.sum.saturating_add(self.evidence.of(thing));
        self.evidence.learn(thing);
    }

    fn never(&mut self, says: i64) {
        self.sum = self.sum.saturating_add(says);
    }
}

/// Bytes before the end at which a walk that went wrong long before notices it.
const OVERRUN: usize = 16;
/// The evidence by which a picture is no chance.
const CERTAIN: i64 = 100 * BIT;

/// Where the evidence fell the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fall {
    /// The byte of the picture's data at which it began.
    pub(super) at: usize,
    pub(super) depth: i64,
    /// The evidence that there was until then.
    pub(super) gained: i64,
    /// How the walk ended.
    pub(super) end: Step,
}

impl Fall {
    /// True where the fall shows foreign data, or the walk does.
    pub(super) fn is_break(&self) -> bool {
        self.end == Step::Wrong || self.depth > MOST_FALL.saturating_add(self.gained / MORE)
    }

    /// True where sound pictures have falls as deep.
    pub(super) fn is_shallow(&self) -> bool {
        self.depth < CERTAIN
    }

    /// True where what stands before the fall is a picture, and no chance.
    pub(super) fn is_certain(&self) -> bool {
        self.gained > CERTAIN
    }
}

/// Reads the picture to its end.
pub(super) fn fall(mut reader: Reader, bytes: &[u8]) -> Fall {
    let mut learner = Learner::new();
    let (mut top, mut top_at) = (0, reader.position());
    let mut worst = Fall { at: top_at, depth: 0, gained: 0, end: Step::More };
    loop {
        let before = reader.position();
        let step = reader.step(bytes, &mut learner);
        if learner.sum >= top {
            (top, top_at) = (learner.sum, reader.position());
        }
        let depth = top.saturating_sub(learner.sum);
        if depth > worst.depth {
            worst = Fall { at: top_at, depth, gained: top, end: worst.end };
        }
        if step != Step::More {
            // Data that breaks at once leaves no time for the evidence to fall.
            let in_data = before.saturating_add(OVERRUN) < bytes.len();
            let at = if worst.is_shallow() && step == Step::Wrong && in_data { before } else { worst.at };
            return Fall { at, end: step, ..worst };
        }
    }
}
