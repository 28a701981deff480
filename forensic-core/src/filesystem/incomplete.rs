//! A stream of which parts cannot be had: reading those is an error, reading the others is not.

use crate::{
    bytes::{Extent, ReadAt, Source, check_bounds},
    error::{Error, Result},
};

/// What is known of a stream's bytes, and why the rest is not there.
pub(crate) struct Incomplete {
    /// The bytes from the beginning on, as far as they are known.
    pub(crate) known: Source,
    /// Bytes of the whole stream.
    pub(crate) size: u64,
    pub(crate) error: Error,
}

impl ReadAt for Incomplete {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.size)?;
        match offset.saturating_add(buf.len() as u64) <= self.known.len() {
            true => self.known.read_at(offset, buf),
            false => Err(self.error.clone()),
        }
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        self.known.locate(offset, length)
    }
}
