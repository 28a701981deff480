//! What to do about places of the medium that cannot be read.

use super::{Extent, ExtentKind, ReadAt, Source};
use crate::error::{Error, Result};
use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

/// Bytes that a medium gives or does not give.
const SECTOR: u64 = 512;

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
            Unreadable::Zero => {
                let mut lost = |_: &Error, start, end| self.record(start, end);
                read_what_can_be_read(&*self.source, self.sector_size, offset, buf, &mut lost)
            }
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

/// Reads `length` bytes to be searched, where zeros are nothing: sectors that cannot be read are zeros, and `lost` is told
/// why and which places of the bytes they are. Never for a content.
pub(crate) fn read_around(
    source: &dyn ReadAt,
    offset: u64,
    length: u64,
    lost: impl FnMut(&Error, Range<u64>),
) -> Vec<u8> {
    let mut buf = Vec::new();
    read_around_into(source, offset, length, &mut buf, lost);
    buf
}

/// The same into a buffer that was used before.
pub(crate) fn read_around_into(
    source: &dyn ReadAt,
    offset: u64,
    length: u64,
    buf: &mut Vec<u8>,
    mut lost: impl FnMut(&Error, Range<u64>),
) {
    let length = length.min(source.len().saturating_sub(offset));
    buf.resize(usize::try_from(length).unwrap_or(0), 0);
    let inside = |at: u64| at.saturating_sub(offset);
    let mut told = |error: &Error, start, end| lost(error, inside(start)..inside(end));
    if let Err(error) = read_what_can_be_read(source, SECTOR, offset, buf, &mut told) {
        buf.fill(0);
        lost(&error, 0..length);
    }
}

/// Halves a failing range until single sectors are left, so that each readable sector is read; the others become zeros.
fn read_what_can_be_read(
    source: &dyn ReadAt,
    sector_size: u64,
    offset: u64,
    buf: &mut [u8],
    lost: &mut dyn FnMut(&Error, u64, u64),
) -> Result<()> {
    let Err(error) = source.read_at(offset, buf) else { return Ok(()) };
    if let Error::OutOfBounds { .. } = error {
        return Err(error);
    }
    let end = offset.saturating_add(buf.len() as u64);
    let first_boundary = (offset / sector_size).saturating_add(1).saturating_mul(sector_size);
    if first_boundary >= end {
        buf.fill(0);
        lost(&error, offset, end);
        return Ok(());
    }
    let half = (offset.saturating_add(buf.len() as u64 / 2) / sector_size).saturating_mul(sector_size);
    let middle = half.max(first_boundary).saturating_sub(offset);
    let (left, right) = buf.split_at_mut(usize::try_from(middle).unwrap_or(0));
    read_what_can_be_read(source, sector_size, offset, left, lost)?;
    read_what_can_be_read(source, sector_size, offset.saturating_add(middle), right, lost)
}
