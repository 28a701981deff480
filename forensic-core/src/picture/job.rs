//! What a decoder works on: the bytes of one picture, the bounds, and whether a part of the picture is welcome.

use crate::{
    bytes::{ReadAt, Reader, Source},
    error::{Error, Result},
    limits::Limits,
};
use std::{error::Error as StdError, io, io::BufReader};

const READ: usize = 64 << 10;

/// One picture to decode.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) source: &'a Source,
    pub(super) limits: &'a Limits,
    /// True where what is left of a damaged picture is wanted.
    pub(super) partial: bool,
}

impl<'a> Job<'a> {
    pub(super) fn new(source: &'a Source, limits: &'a Limits, partial: bool) -> Self {
        Self { source, limits, partial }
    }

    pub(super) fn reader(&self) -> BufReader<Reader> {
        reader(self.source)
    }

    /// The first bytes, as many as there are up to `length`.
    pub(super) fn head(&self, length: u64) -> Result<Vec<u8>> {
        self.source.read_vec(0, length.min(self.source.len()))
    }

    /// All bytes, for decoders that want them in memory: at most half of what a decoder may allocate.
    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        let (found, limit) = (self.source.len(), self.limits.picture_bytes / 2);
        if found > limit {
            return Err(self.too_much(found, limit, "bytes"));
        }
        self.source.read_vec(0, found)
    }

    /// Refuses a picture of no pixels or too many, or whose decoding takes too much memory: `bytes` for each pixel.
    pub(super) fn admit(&self, width: u32, height: u32, bytes: u64) -> Result<()> {
        let pixels = u64::from(width).saturating_mul(u64::from(height));
        if pixels == 0 {
            return Err(self.corrupt(0, format!("{width} × {height} pixels")));
        }
        if pixels > self.limits.pixels {
            return Err(self.too_much(pixels, self.limits.pixels, "pixels"));
        }
        let memory = pixels.saturating_mul(bytes);
        if memory > self.limits.picture_bytes {
            return Err(self.too_much(memory, self.limits.picture_bytes, "bytes of memory"));
        }
        Ok(())
    }

    /// Memory that a decoder may allocate, as the crates take it.
    pub(super) fn memory(&self) -> usize {
        usize::try_from(self.limits.picture_bytes).unwrap_or(usize::MAX)
    }

    pub(super) fn too_much(&self, found: u64, limit: u64, unit: &'static str) -> Error {
        Error::Limit { structure: "picture", offset: self.source.medium_offset(0), found, limit, unit }
    }

    /// The picture is damaged at byte `at` of the source, as far as is known.
    pub(super) fn corrupt(&self, at: u64, found: impl ToString) -> Error {
        Error::corrupt("picture", self.source.medium_offset(at), "a picture that decodes", found)
    }

    /// What a decoder complains about; where the bytes could not be read, that.
    pub(super) fn wrong(&self, error: impl StdError + 'static) -> Error {
        unreadable(&error).unwrap_or_else(|| self.corrupt(0, error))
    }
}

pub(super) fn reader(source: &Source) -> BufReader<Reader> {
    BufReader::with_capacity(READ, Reader::new(source.clone()))
}

/// The error of the source itself, where one is the cause of `error`.
fn unreadable(error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match inner.and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(error @ (Error::Unreadable { .. } | Error::Corrupt { .. } | Error::Cancelled)) => {
                return Some(error.clone());
            }
            _ => cause = error.source(),
        }
    }
    None
}
