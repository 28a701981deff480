//! $Bitmap: which clusters are in use.

use super::{Volume, attribute::kind, file::File, stream::fragments};
use crate::{
    bytes::{ReadAt, Run, Source, for_each_block},
    error::{Error, Result},
};

/// The record of $Bitmap.
const BITMAP: u64 = 6;
/// Clusters between two sums of a [`Allocation`].
const STEP: usize = 4096;

/// The content of $Bitmap.
///
/// # Errors
/// Where it cannot be read at all.
fn content(volume: &Volume) -> Result<Source> {
    let file = File::read(volume, BITMAP)?;
    if let Some(error) = file.torn() {
        return Err(error.clone());
    }
    let data = fragments(&file, kind::DATA);
    let at = file.base.at;
    let bits = data.iter().find(|data| data.name.is_empty());
    bits.ok_or_else(|| Error::corrupt("$Bitmap", at, "a $DATA attribute", "none"))?.content(volume)
}

/// The runs of clusters that are not in use, in order; without those behind the end of the medium.
pub(super) fn unallocated(volume: &Volume) -> Result<Vec<Run>> {
    let cluster_size = u64::from(volume.boot.cluster_size);
    let clusters = volume.boot.clusters().min(volume.source.len().checked_div(cluster_size).unwrap_or(0));
    let mut runs: Vec<Run> = Vec::new();
    let mut cluster = 0u64;
    for_each_block(&content(volume)?, 1 << 20, 0, |_, block| {
        for &byte in block? {
            for bit in 0..8u8 {
                if byte >> bit & 1 == 0 && cluster < clusters {
                    let offset = cluster.saturating_mul(cluster_size);
                    match runs.last_mut() {
                        Some(last) if last.offset.map(|o| o.saturating_add(last.length)) == Some(offset) => {
                            last.length = last.length.saturating_add(cluster_size);
                        }
                        _ => runs.push(Run::new(offset, cluster_size)),
                    }
                }
                cluster = cluster.saturating_add(1);
            }
        }
        Ok(())
    })?;
    Ok(runs)
}

/// Clusters in use, by $Bitmap or by a record in use; counting those of a run is O(1).
pub(super) struct Allocation {
    bits: Vec<u8>,
    /// Clusters in use before each step.
    sums: Vec<u64>,
}

impl Allocation {
    /// # Errors
    /// Where $Bitmap cannot be read.
    pub(super) fn read(volume: &Volume, live: &[(u64, u64)]) -> Result<Self> {
        let source = content(volume)?;
        let length = source.len().min(volume.boot.clusters().div_ceil(8)).min(volume.limits.structure_bytes);
        let mut bits = source.read_vec(0, length)?;
        for &(start, end) in live {
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
        Ok(Self { bits, sums })
    }

    /// How many of the clusters `start .. end` are in use; those that $Bitmap does not speak of count as such.
    pub(super) fn count(&self, start: u64, end: u64) -> u64 {
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
        set(&mut bits, 15_990, 16_000);
        let mut sum = 0;
        let sums = bits
            .chunks(STEP / 8)
            .map(|step| {
                let before = sum;
                sum += ones(step);
                before
            })
            .collect();
        let allocation = Allocation { bits, sums };
        for (start, end, count) in
            [(0, 3, 0), (0, 4, 1), (2, 9001, 8997), (8192, 8200, 8), (0, 16_000, 9007), (15_999, 16_010, 11)]
        {
            assert_eq!(allocation.count(start, end), count, "{start} to {end}");
        }
    }
}
