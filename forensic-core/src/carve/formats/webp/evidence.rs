//! How like its neighbours a part of a picture is: entropy codes make noise look like any other part of the picture, but not
//! like the one beside it.

/// Classes of what is compared; those of a neighbour are as many.
pub(super) const CLASSES: usize = 16;
/// One bit of evidence.
pub(super) const BIT: i64 = 256;
/// Observations that the distribution without neighbours is worth.
const PRIOR: u64 = 8;
/// Counts are halved when one reaches this.
const MOST: u16 = 4096;

/// What goes with what in a picture, learnt as it is read.
#[derive(Clone)]
pub(super) struct Evidence {
    /// By kind of thing, class to the left, class above, class.
    with: Vec<[u16; CLASSES]>,
    /// By kind of thing and class alone.
    alone: Vec<[u16; CLASSES]>,
}

/// A thing that is compared: its kind, the classes of its neighbours and its own, each less than [`CLASSES`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Thing {
    pub(super) kind: usize,
    pub(super) left: usize,
    pub(super) above: usize,
    pub(super) class: usize,
}

impl Evidence {
    /// Of things of so many kinds.
    pub(super) fn new(kinds: usize) -> Self {
        let pairs = CLASSES.saturating_mul(CLASSES);
        Self { with: vec![[0; CLASSES]; kinds.saturating_mul(pairs)], alone: vec![[0; CLASSES]; kinds] }
    }

    /// What `thing` says for being beside its neighbours, and against it where less than zero; in parts of a bit.
    pub(super) fn of(&self, thing: Thing) -> i64 {
        let class = thing.class % CLASSES;
        let (Some(with), Some(alone)) = (self.with.get(Self::pair(thing)), self.alone.get(thing.kind)) else {
            return 0;
        };
        let sum = |counts: &[u16; CLASSES]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
        let count = |counts: &[u16; CLASSES]| u64::from(counts.get(class).copied().unwrap_or(0));
        let spread = sum(alone).saturating_add(CLASSES as u64).saturating_mul(16);
        let expected = count(alone).saturating_add(1);
        let scaled = count(with).saturating_mul(spread).checked_div(expected).unwrap_or(0);
        log2(scaled.saturating_add(PRIOR.saturating_mul(16)))
            .saturating_sub(log2(sum(with).saturating_add(PRIOR).saturating_mul(16)))
    }

    /// Learns that `thing` was there.
    pub(super) fn learn(&mut self, thing: Thing) {
        let pair = Self::pair(thing);
        for counts in [self.with.get_mut(pair), self.alone.get_mut(thing.kind)].into_iter().flatten() {
            if let Some(count) = counts.get_mut(thing.class % CLASSES) {
                *count = count.saturating_add(1);
                if *count >= MOST {
                    counts.iter_mut().for_each(|count| *count /= 2);
                }
            }
        }
    }

    fn pair(thing: Thing) -> usize {
        let kind = thing.kind.saturating_mul(CLASSES).saturating_add(thing.left % CLASSES);
        kind.saturating_mul(CLASSES).saturating_add(thing.above % CLASSES)
    }
}

/// The binary logarithm in parts of a bit, to about a hundredth of one.
fn log2(number: u64) -> i64 {
    let whole = number.max(1).ilog2();
    let rest = i64::try_from((u128::from(number.max(1)) << 8 >> whole).saturating_sub(256)).unwrap_or(0);
    let bow = rest.saturating_mul(BIT.saturating_sub(rest)).saturating_mul(88) >> 16;
    i64::from(whole).saturating_mul(BIT).saturating_add(rest).saturating_add(bow)
}
