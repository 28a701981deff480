//! Whether a cluster can be of a file, judged by how the bytes of the file are spread elsewhere.

use crate::carve::Tape;

/// Bytes that are judged at once, at most.
const PIECE: u64 = 4096;
/// Pieces of the file that are looked at to learn how it looks, at most and at least.
const LEARNT: u64 = 16;
const FEWEST: u64 = 2;
/// The sum of squared deviations of 4096 random bytes is 255, give or take 23: what is far above is not random, and what is
/// below may be.
const UNEVEN: u64 = 400;
const EVEN: u64 = 330;
/// What is four times as uneven as this, and as the file, is of another kind.
const ROUGH: u64 = 2500;

/// Kinds of bytes that are told apart at sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// This value over and over.
    Flat(u8),
    /// Entropy-coded data of JPEG.
    Jpeg,
    /// Far more uneven than the file: machine code, tables.
    Rough,
    /// Well compressed, or random.
    Even,
    Other,
    /// Another file's.
    Taken,
}

/// A cluster, beside a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) kind: Kind,
    verdict: Verdict,
    /// Hundredths that are printable, and that are as the first byte.
    printable: usize,
    same: usize,
    /// True where it is surely no data of JPEG.
    breaks_jpeg: bool,
}

impl Look {
    pub(super) const TAKEN: Self =
        Self { kind: Kind::Taken, verdict: Verdict::Foreign, printable: 0, same: 0, breaks_jpeg: false };

    /// True for what is not of the file.
    pub(super) fn is_foreign(&self) -> bool {
        self.verdict != Verdict::Own
    }

    /// True where its kind is one that is told at sight wherever it stands.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.kind, Kind::Text | Kind::Flat(_) | Kind::Jpeg | Kind::Rough)
    }

    /// True where nothing of the kind of `other` looks like this.
    pub(super) fn differs_from(&self, other: &Self) -> bool {
        match other.kind {
            Kind::Text => self.printable < 75,
            Kind::Flat(_) => self.same < 50,
            Kind::Jpeg => self.breaks_jpeg,
            Kind::Rough => self.verdict == Verdict::Own,
            _ => false,
        }
    }
}

impl Kind {
    /// The kind of `bytes` by themselves.
    fn of(bytes: &[u8]) -> Self {
        if printable(bytes) > 95 {
            Self::Text
        } else if same(bytes) > 90 {
            Self::Flat(bytes.first().copied().unwrap_or(0))
        } else if is_jpeg(bytes) {
            Self::Jpeg
        } else {
            Self::Other
        }
    }
}

/// Hundredths of printable bytes.
fn printable(bytes: &[u8]) -> usize {
    share(bytes, |byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e))
}

/// Hundredths of bytes that are as the first.
fn same(bytes: &[u8]) -> usize {
    share(bytes, |byte| Some(&byte) == bytes.first())
}

fn share(bytes: &[u8], counts: impl Fn(u8) -> bool) -> usize {
    let count = bytes.iter().filter(|byte| counts(**byte)).count();
    count.saturating_mul(100).checked_div(bytes.len()).unwrap_or(0)
}

/// How the bytes of a file look.
#[derive(Debug, Clone)]
pub(super) struct Own {
    kinds: Vec<Kind>,
    /// The least and the most uneven of the pieces.
    least_uneven: u64,
    most_uneven: u64,
}

impl Own {
    /// Learns from the last pieces between `from` and `to`, and from the first behind `behind`, of `size` bytes each; `None` where
    /// there are too few to know what small ones may be.
    pub(super) fn of(tape: &mut Tape, from: u64, to: u64, behind: u64, size: u64) -> Option<Self> {
        let piece = size.clamp(1, PIECE);
        let before = (0..LEARNT).filter_map(|n| to.checked_sub(piece.saturating_mul(n.saturating_add(1))));
        let after = (1..4u64).map(|n| behind.saturating_add(piece.saturating_mul(n)));
        let mut own = Self { kinds: Vec::new(), least_uneven: u64::MAX, most_uneven: 0 };
        let mut learnt = 0u64;
        let before = before.filter(|place| *place >= from).map(|place| (place, true));
        for (place, is_sure) in before.chain(after.map(|place| (place, false))) {
            let Ok(bytes) = tape.bytes(place, usize::try_from(piece).unwrap_or(0)) else { continue };
            // What follows may be over soon, and is learnt from only as to what it may be.
            own.kinds.push(Kind::of(bytes));
            own.least_uneven = own.least_uneven.min(deviation(bytes));
            if is_sure {
                own.most_uneven = own.most_uneven.max(deviation(bytes));
                learnt = learnt.saturating_add(1);
            }
        }
        // Text that a coder writes of itself fills small clusters only.
        (learnt >= FEWEST || size >= PIECE).then_some(own)
    }

    /// How the cluster at `at` looks, and whether it can be of the file.
    pub(super) fn look(&self, tape: &mut Tape, at: u64, size: u64) -> Look {
        let length = usize::try_from(size.min(PIECE)).unwrap_or(0);
        let Ok(bytes) = tape.bytes(at, length) else { return Look::TAKEN };
        let (kind, uneven) = (Kind::of(bytes), deviation(bytes));
        let is_whole = length as u64 == PIECE && self.least_uneven != u64::MAX;
        // Text may go over into blanks.
        let has_text = kind == Kind::Text && self.kinds.contains(&kind);
        let is_rough = is_whole && !has_text && uneven > self.most_uneven.max(ROUGH).saturating_mul(4);
        let is_even = is_whole && self.least_uneven > UNEVEN && uneven < EVEN;
        let (kind, verdict) = match kind {
            Kind::Text | Kind::Flat(_) if !self.kinds.contains(&kind) => (kind, Verdict::Foreign),
            _ if is_rough => (Kind::Rough, Verdict::Foreign),
            Kind::Jpeg if !self.kinds.contains(&kind) => (kind, Verdict::Unlike),
            _ if is_even => (Kind::Even, Verdict::Unlike),
            _ => (kind, Verdict::Own),
        };
        let breaks_jpeg = bytes.array_windows().any(|[a, b]| *a == 0xff && !matches!(b, 0 | 0xd0..=0xd7));
        Look { kind, verdict, printable: printable(bytes), same: same(bytes), breaks_jpeg }
    }
}

/// What a cluster is, beside a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It may be of the file.
    Own,
    /// It is not much like the file; another cluster of the same data may be more.
    Unlike,
    /// It is of another kind.
    Foreign,
}

/// True where each byte FF is followed as in the entropy-coded data of a JPEG.
pub(super) fn is_jpeg(bytes: &[u8]) -> bool {
    let after: Vec<u8> =
        bytes.windows(2).filter(|pair| pair.first() == Some(&0xff)).filter_map(|pair| pair.last().copied()).collect();
    after.len() >= 6 && after.iter().all(|byte| matches!(byte, 0 | 0xd0..=0xd7))
}

/// How far the bytes are from being spread evenly: chi squared over 256 values.
fn deviation(bytes: &[u8]) -> u64 {
    let mut counts = [0u64; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let length = bytes.len() as u64;
    let squares: u64 = counts.iter().map(|count| count.saturating_mul(*count)).sum();
    squares.saturating_mul(256).checked_div(length).unwrap_or(0).saturating_sub(length)
}
