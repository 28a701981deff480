//! A part of a source, from one offset to another.

use super::{Extent, ReadAt, Source, check_bounds};
use crate::error::Result;

/// The bytes `offset .. offset + length` of another source.
#[derive(Clone)]
pub struct Slice {
    source: Source,
    offset: u64,
    length: u64,
}

impl Slice {
    /// The part of `source` of `length` bytes from `offset` on.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`](crate::Error::OutOfBounds) where it does not lie wholly in `source`.
    pub fn new(source: Source, offset: u64, length: u64) -> Result<Self> {
        check_bounds(offset, length, source.len())?;
        Ok(Self { source, offset, length })
    }
}

impl ReadAt for Slice {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.length)?;
        // `new` checked that offset + length is a byte of the source, so the sum cannot overflow.
        self.source.read_at(self.offset.saturating_add(offset), buf)
    }

    fn in_memory(&self, offset: u64, length: u64) -> Option<&[u8]> {
        check_bounds(offset, length, self.length).ok()?;
        self.source.in_memory(self.offset.saturating_add(offset), length)
    }

    fn next_data(&self, offset: u64) -> u64 {
        let next = self.source.next_data(self.offset.saturating_add(offset));
        next.saturating_sub(self.offset).min(self.length)
    }

    fn locate_byte(&self, offset: u64) -> Option<u64> {
        self.source.locate_byte(self.offset.saturating_add(Some(offset).filter(|offset| *offset < self.length)?))
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let length = length.min(self.length.saturating_sub(offset));
        let mut extents = self.source.locate(self.offset.saturating_add(offset), length);
        for extent in &mut extents {
            extent.stream_offset = extent.stream_offset.saturating_sub(self.offset);
        }
        extents
    }
}
