//! Which clusters of a volume are in use: the allocation bitmap of NTFS, exFAT, ext and others.

use crate::bytes::Run;

/// Clusters between two sums of an [`Allocation`].
const STEP: usize = 4096;

/// A bitmap of clusters in use, cluster 0 in the lowest bit of the first byte; counting those of a run is O(1).
pub(crate) struct Allocation {
    bits: Vec<u8>,
    /// Clusters in use before each step.
    sums: Vec<u64>,
}

impl Allocation {
    /// The bitmap as stored, to which the runs `live` (first cluster, and one after the last) are added.
    pub(crate) fn new(mut bits: Vec<u8>, live: impl IntoIterator<Item = (u64, u64)>) -> Self {
        for (start, end) in live {
            set(&mut bits, start, end);
        }
        let mut sum = 0u64;
        let sums = bits
            .chunks(STEP / 8)
            .map(|step| {
                let before = sum;
                sum = sum.saturating_add(ones(step));
                before
            })
            .collect();
        Self { bits, sums }
    }

    /// The same with further runs in use.
    pub(crate) fn with(self, runs: impl IntoIterator<Item = (u64, u64)>) -> Self {
        Self::new(self.bits, runs)
    }

    /// The runs of clusters that are not in use, below cluster `clusters`.
    pub(crate) fn free(&self, clusters: u64, cluster_size: u64) -> Vec<Run> {
        let mut free = FreeRuns::new(clusters, cluster_size, 0);
        free.push(&self.bits);
        free.finish()
    }

    /// Whether a cluster is in use; `None` where the bitmap does not speak of it.
    pub(crate) fn is_used(&self, cluster: u64) -> Option<bool> {
        bit(&self.bits, cluster)
    }

    /// How many of the clusters `start .. end` are in use; those that the bitmap does not speak of count as such.
    pub(crate) fn count(&self, start: u64, end: u64) -> u64 {
        let known = (self.bits.len() as u64).saturating_mul(8);
        let beyond = end.max(known).saturating_sub(start.max(known));
        self.before(end.min(known)).saturating_sub(self.before(start.min(known))).saturating_add(beyond)
    }

    fn before(&self, cluster: u64) -> u64 {
        let cluster = usize::try_from(cluster).unwrap_or(usize::MAX);
        let (step, byte) = (cluster / STEP, cluster / 8);
        let Some(&sum) = self.sums.get(step) else {
            let last = self.sums.len().saturating_sub(1);
            let rest = self.bits.get(last.saturating_mul(STEP / 8)..).unwrap_or_default();
            return self.sums.last().copied().unwrap_or(0).saturating_add(ones(rest));
        };
        let whole = self.bits.get(step.saturating_mul(STEP / 8)..byte).unwrap_or_default();
        let part = self.bits.get(byte).copied().unwrap_or(0) & !(0xffu8 << (cluster % 8));
        sum.saturating_add(ones(whole)).saturating_add(u64::from(part.count_ones()))
    }
}

/// A bit of a bitmap, bit 0 being the lowest of the first byte; `None` behind the last.
pub(crate) fn bit(bits: &[u8], number: u64) -> Option<bool> {
    let byte = bits.get(usize::try_from(number / 8).ok()?)?;
    Some(byte >> (number % 8) & 1 == 1)
}

/// Ranges of a space: first place and one after the last, sorted and apart.
pub(crate) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Ranges in any order; those that meet become one.
    pub(crate) fn new(mut ranges: Vec<(u64, u64)>) -> Self {
        ranges.sort_unstable();
        let mut apart: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            match apart.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => apart.push((start, end)),
            }
        }
        Self(apart)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().copied()
    }

    /// The ranges that `start .. end` meets.
    pub(crate) fn meeting(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> {
        let first = self.0.partition_point(|(_, to)| *to <= start);
        self.0.iter().skip(first).take_while(move |(from, _)| *from < end).copied()
    }

    /// How many places of `start .. end` lie in the ranges.
    pub(crate) fn count(&self, start: u64, end: u64) -> u64 {
        self.meeting(start, end)
            .fold(0u64, |sum, (from, to)| sum.saturating_add(to.min(end).saturating_sub(from.max(start))))
    }
}

/// Collects the runs of clusters that are not in use from a bitmap that is read block by block.
pub(crate) struct FreeRuns {
    runs: Vec<Run>,
    cluster: u64,
    clusters: u64,
    cluster_size: u64,
    first_offset: u64,
}

impl FreeRuns {
    /// For `clusters` clusters of `cluster_size` bytes, the first of them at byte `first_offset` of the volume.
    pub(crate) fn new(clusters: u64, cluster_size: u64, first_offset: u64) -> Self {
        Self { runs: Vec::new(), cluster: 0, clusters, cluster_size, first_offset }
    }

    /// Takes the next bytes of the bitmap, cluster 0 in the lowest bit of the first byte.
    pub(crate) fn push(&mut self, bits: &[u8]) {
        for &byte in bits {
            match byte {
                0xff => self.cluster = self.cluster.saturating_add(8),
                0 => self.free(8),
                _ => (0..8u8).for_each(|bit| match byte >> bit & 1 {
                    0 => self.free(1),
                    _ => self.cluster = self.cluster.saturating_add(1),
                }),
            }
        }
    }

    /// Notes that the next `count` clusters are free.
    fn free(&mut self, count: u64) {
        let start = self.cluster;
        self.cluster = self.cluster.saturating_add(count);
        let length = self.cluster.min(self.clusters).saturating_sub(start).saturating_mul(self.cluster_size);
        if length == 0 {
            return;
        }
        let offset = start.saturating_mul(self.cluster_size).saturating_add(self.first_offset);
        match self.runs.last_mut() {
            Some(last) if last.offset.map(|o| o.saturating_add(last.length)) == Some(offset) => {
                last.length = last.length.saturating_add(length);
            }
            _ => self.runs.push(Run::new(offset, length)),
        }
    }

    /// The runs, in volume order.
    pub(crate) fn finish(self) -> Vec<Run> {
        self.runs
    }
}

fn ones(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0u64, |sum, byte| sum.saturating_add(u64::from(byte.count_ones())))
}

fn set(bits: &mut [u8], start: u64, end: u64) {
    let known = bits.len().saturating_mul(8);
    let place = |cluster: u64| usize::try_from(cluster).unwrap_or(usize::MAX).min(known);
    let (mut at, end) = (place(start), place(end));
    while at < end {
        if at.is_multiple_of(8) && end.saturating_sub(at) >= 8 {
            bits.get_mut(at / 8..end / 8).unwrap_or_default().fill(0xff);
            at = end & !7;
            continue;
        }
        if let Some(byte) = bits.get_mut(at / 8) {
            *byte |= 1 << (at % 8);
        }
        at = at.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_in_use_are_counted_across_steps() {
        let mut bits = vec![0u8; 2000];
        set(&mut bits, 3, 9000);
        let allocation = Allocation::new(bits, [(15_990, 16_000)]);
        for (start, end, count) in
            [(0, 3, 0), (0, 4, 1), (2, 9001, 8997), (8192, 8200, 8), (0, 16_000, 9007), (15_999, 16_010, 11)]
        {
            assert_eq!(allocation.count(start, end), count, "{start} to {end}");
        }
    }

    #[test]
    fn ranges_that_meet_are_one() {
        let ranges = Ranges::new(vec![(20, 30), (0, 5), (5, 8), (25, 40)]);
        assert_eq!(ranges.iter().collect::<Vec<_>>(), [(0, 8), (20, 40)]);
        assert_eq!((ranges.count(6, 22), ranges.count(8, 20), ranges.count(39, 90)), (4, 0, 1));
    }

    #[test]
    fn free_runs_end_with_the_last_cluster() {
        let mut free = FreeRuns::new(30, 512, 1024);
        free.push(&[0b0000_0111, 0xff]);
        free.push(&[0, 0]);
        assert_eq!(free.finish(), [Run::new(1024 + 3 * 512, 5 * 512), Run::new(1024 + 16 * 512, 14 * 512)]);
    }
}
