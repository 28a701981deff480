//! What to do about places of the medium that cannot be read.

use super::{Extent, ExtentKind, ReadAt, Source};
use crate::error::Result;
use std::sync::{Mutex, PoisonError};

/// The policy for unreadable places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unreadable {
    /// The read fails.
    #[default]
    Raise,
    /// The unreadable sectors read as zeros, and their range is recorded.
    Zero,
}

/// A source whose unreadable sectors follow an [`Unreadable`] policy.
pub struct Tolerant {
    source: Source,
    policy: Unreadable,
    sector_size: u64,
    /// Ranges read as zeros: start and end, sorted and apart.
    ranges: Mutex<Vec<(u64, u64)>>,
}

impl Tolerant {
    /// Reads `source` by `policy`, in units of `sector_size` where it fails.
    pub fn new(source: Source, policy: Unreadable, sector_size: u64) -> Self {
        Self { source, policy, sector_size: sector_size.max(1), ranges: Mutex::default() }
    }

    /// The ranges that were read as zeros so far, in order.
    pub fn unreadable_ranges(&self) -> Vec<Extent> {
        let ranges = self.ranges.lock().unwrap_or_else(PoisonError::into_inner);
        ranges
            .iter()
            .map(|&(start, end)| Extent {
                stream_offset: start,
                offset: Some(start),
                length: end.saturating_sub(start),
                kind: ExtentKind::Data,
                inferred: false,
            })
            .collect()
    }

    /// Halves a failing range until single sectors are left, so that each readable sector is read.
    fn read_what_can_be_read(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let Err(error) = self.source.read_at(offset, buf) else { return Ok(()) };
        if let crate::Error::OutOfBounds { .. } = error {
            return Err(error);
        }
        let end = offset.saturating_add(buf.len() as u64);
        let first_boundary = (offset / self.sector_size).saturating_add(1).saturating_mul(self.sector_size);
        if first_boundary >= end {
            buf.fill(0);
            self.record(offset, end);
            return Ok(());
        }
        let half = (offset.saturating_add(buf.len() as u64 / 2) / self.sector_size).saturating_mul(self.sector_size);
        let middle = half.max(first_boundary).saturating_sub(offset);
        let (left, right) = buf.split_at_mut(usize::try_from(middle).unwrap_or(0));
        self.read_what_can_be_read(offset, left)?;
        self.read_what_can_be_read(offset.saturating_add(middle), right)
    }

    fn record(&self, start: u64, end: u64) {
        let mut ranges = self.ranges.lock().unwrap_or_else(PoisonError::into_inner);
        let from = ranges.partition_point(|&(_, e)| e < start);
        let to = ranges.partition_point(|&(s, _)| s <= end).max(from);
        let (mut start, mut end) = (start, end);
        for &(s, e) in ranges.get(from..to).unwrap_or_default() {
            start = start.min(s);
            end = end.max(e);
        }
        ranges.splice(from..to, [(start, end)]);
    }
}

impl ReadAt for Tolerant {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        match self.policy {
            Unreadable::Raise => self.source.read_at(offset, buf),
            Unreadable::Zero => self.read_what_can_be_read(offset, buf),
        }
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        self.source.locate(offset, length)
    }

    fn locate_byte(&self, offset: u64) -> Option<u64> {
        self.source.locate_byte(offset)
    }

    fn next_data(&self, offset: u64) -> u64 {
        self.source.next_data(offset)
    }
}
