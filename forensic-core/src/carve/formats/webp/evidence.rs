//! How like its neighbours a part of a picture is: entropy codes make noise look like any other part of the picture, but not
//! like the one beside it.

/// Classes of what is compared; those of a neighbour are as many.
pub(super) const CLASSES: usize = 16;
/// One bit of evidence.
pub(super) const BIT: i64 = 256;
/// Observations that the distribution without neighbours is worth.
const PRIOR: u64 = 16;
/// Counts are halved when one reaches this.
const MOST: u16 = 4096;

/// What goes with what in a picture, learnt as it is read.
#[derive(Clone)]
pub(super) struct Evidence {
    /// By kind of thing, class to the left, class above.
    with: Vec<Counts>,
    /// By kind of thing alone.
    alone: Vec<Counts>,
}

/// How often there was each class, and any.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    of: [u16; CLASSES],
    all: u32,
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
        Self { with: vec![Counts::default(); kinds.saturating_mul(pairs)], alone: vec![Counts::default(); kinds] }
    }

    /// What `thing` says for being beside its neighbours, and against it where less than zero; in parts of a bit.
    pub(super) fn of(&self, thing: Thing) -> i64 {
        let (Some(with), Some(alone)) = (self.with.get(Self::pair(thing)), self.alone.get(thing.kind)) else {
            return 0;
        };
        let spread = u64::from(alone.all).saturating_add(CLASSES as u64).saturating_mul(16);
        let expected = alone.count(thing.class).saturating_add(1);
        let scaled = with.count(thing.class).saturating_mul(spread).checked_div(expected).unwrap_or(0);
        log2(scaled.saturating_add(PRIOR.saturating_mul(16)))
            .saturating_sub(log2(u64::from(with.all).saturating_add(PRIOR).saturating_mul(16)))
    }

    /// Learns that `thing` was there.
    pub(super) fn learn(&mut self, thing: Thing) {
        let pair = Self::pair(thing);
        for counts in [self.with.get_mut(pair), self.alone.get_mut(thing.kind)].into_iter().flatten() {
            counts.add(thing.class);
        }
    }

    fn pair(thing: Thing) -> usize {
        let kind = thing.kind.saturating_mul(CLASSES).saturating_add(thing.left % CLASSES);
        kind.saturating_mul(CLASSES).saturating_add(thing.above % CLASSES)
    }
}

impl Counts {
    fn count(&self, class: usize) -> u64 {
        self.of.get(class % CLASSES).map_or(0, |count| u64::from(*count))
    }

    fn add(&mut self, class: usize) {
        let Some(count) = self.of.get_mut(class % CLASSES) else { return };
        *count = count.saturating_add(1);
        self.all = self.all.saturating_add(1);
        if *count >= MOST {
            self.of.iter_mut().for_each(|count| *count /= 2);
            self.all = self.of.iter().map(|count| u32::from(*count)).sum();
        }
    }
}

/// The binary logarithm in parts of a bit, to about a hundredth of one.
fn log2(number: u64) -> i64 {
    let whole = number.max(1).ilog2();
    let rest = i64::try_from((u128::from(number.max(1)) << 8 >> whole).saturating_sub(256)).unwrap_or(0);
    let bow = rest.saturating_mul(BIT.saturating_sub(rest)).saturating_mul(88) >> 16;
    i64::from(whole).saturating_mul(BIT).saturating_add(rest).saturating_add(bow)
}
