//! Which sectors the structures and files of a disc own.

use crate::bytes::Run;
use std::ops::Range;

/// Sets of sectors as ranges, sorted and apart.
#[derive(Default)]
pub(super) struct Owned(Vec<Range<u64>>);

impl FromIterator<Range<u64>> for Owned {
    fn from_iter<I: IntoIterator<Item = Range<u64>>>(ranges: I) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        ranges.dedup_by(|next, last| {
            let meets = next.start <= last.end;
            if meets {
                last.end = last.end.max(next.end);
            }
            meets
        });
        Self(ranges)
    }
}

impl Owned {
    /// True where any of `sectors` is owned.
    pub(super) fn meets(&self, sectors: &Range<u64>) -> bool {
        let first = self.0.partition_point(|range| range.end <= sectors.start);
        self.0.get(first).is_some_and(|range| range.start < sectors.end)
    }

    /// The ranges below `end` that nobody owns.
    pub(super) fn free(&self, end: u64) -> Vec<Range<u64>> {
        let mut free = Vec::new();
        let mut at = 0u64;
        for range in &self.0 {
            if at < range.start.min(end) {
                free.push(at..range.start.min(end));
            }
            at = at.max(range.end);
        }
        if at < end {
            free.push(at..end);
        }
        free
    }
}

/// Ranges of sectors as runs of bytes.
pub(super) fn runs(ranges: Vec<Range<u64>>, sector: u64) -> impl Iterator<Item = Run> {
    ranges.into_iter().map(move |range| {
        let length = range.end.saturating_sub(range.start).saturating_mul(sector);
        Run::new(range.start.saturating_mul(sector), length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_owns_is_free() {
        let owned: Owned = [5..7, 0..2, 1..3, 7..9].into_iter().collect();
        assert_eq!(owned.free(12), [3..5, 9..12]);
        assert_eq!(owned.free(4).first(), Some(&(3..4)));
        assert!(owned.meets(&(8..20)) && !owned.meets(&(3..5)) && !owned.meets(&(9..10)));
    }
}
