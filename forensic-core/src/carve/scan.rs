//! The scan: where in a block of bytes the signatures of all formats stand, at every byte offset.

use super::{Format, Signature};

/// Bytes behind the start of a file that a signature and its plausibility may look at.
pub(super) const LOOK_AHEAD: usize = 512;
/// What a plausibility check gets at least, but for the end of the source.
const LEAST_HEAD: usize = 64;

/// A place where a file may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Where the file would begin, counted from the start of the block.
    pub(super) start: usize,
    /// Index of the format.
    pub(super) format: usize,
}

/// All signatures, by their first two bytes.
pub(super) struct Scanner {
    /// One bit for each pair of first bytes.
    pairs: Vec<u64>,
    /// Signatures and the index of their format, in order of their first two bytes.
    signatures: Vec<(u16, usize, Signature)>,
}

impl Scanner {
    pub(super) fn new(formats: &[&'static dyn Format]) -> Self {
        let mut pairs = vec![0u64; (1 << 16) / 64];
        let mut signatures = Vec::new();
        for (index, format) in formats.iter().enumerate() {
            for signature in format.signatures() {
                let [first, second, ..] = *signature.bytes else { continue };
                if signature.offset.saturating_add(signature.bytes.len()).saturating_add(LEAST_HEAD) > LOOK_AHEAD {
                    continue;
                }
                let pair = u16::from_le_bytes([first, second]);
                if let Some(word) = pairs.get_mut(usize::from(pair >> 6)) {
                    *word |= 1 << (pair & 63);
                }
                signatures.push((pair, index, *signature));
            }
        }
        signatures.sort_by_key(|(pair, index, _)| (*pair, *index));
        Self { pairs, signatures }
    }

    /// The hits whose file begins in the first `starts` bytes of `block`, in order of place and format. Behind those bytes
    /// the block has [`LOOK_AHEAD`] more, but for the end of the source.
    pub(super) fn hits(&self, block: &[u8], starts: usize) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (position, pair) in block.windows(2).enumerate() {
            let &[first, second] = pair else { continue };
            let pair = u16::from_le_bytes([first, second]);
            if self.pairs.get(usize::from(pair >> 6)).is_some_and(|word| word >> (pair & 63) & 1 == 1) {
                self.compare(block, position, pair, starts, &mut hits);
            }
        }
        hits.sort_unstable();
        hits.dedup();
        hits
    }

    fn compare(&self, block: &[u8], position: usize, pair: u16, starts: usize, hits: &mut Vec<Hit>) {
        let first = self.signatures.partition_point(|(other, ..)| *other < pair);
        for (_, format, signature) in self.signatures.iter().skip(first).take_while(|(other, ..)| *other == pair) {
            let Some(start) = position.checked_sub(signature.offset).filter(|start| *start < starts) else { continue };
            let stands = block.get(position..).is_some_and(|rest| rest.starts_with(signature.bytes));
            let plausible = |head: &[u8]| signature.plausible.is_none_or(|plausible| plausible(head));
            if stands && block.get(start..).is_some_and(plausible) {
                hits.push(Hit { start, format: *format });
            }
        }
    }
}
