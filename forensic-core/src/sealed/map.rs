//! The bytes of a file: mapped, shared between processes, or in memory. The only unsafe code here.
#![allow(unsafe_code)] // A mapped file is memory that others can change: see `open`.

use crate::error::{Error, Result};
use std::{fs::File, ops::Deref, path::Path};

/// Bytes that are only read.
pub(crate) enum Bytes {
    /// Of a file, as the operating system's cache has them.
    #[cfg(not(miri))]
    Mapped(memmap2::Mmap),
    /// Kept here.
    Memory(Vec<u8>),
}

impl Bytes {
    /// Maps a file; reads it where it cannot be mapped, as an empty one.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io(path, error))?;
        #[cfg(not(miri))]
        // SAFETY: the map is read-only. Whoever writes such a file writes another and renames it, so its own bytes
        // never change; what somebody else's change of the file would do is told in the documentation of `HashSet::open` and `HashIndex::open`.
        if let Ok(map) = unsafe { memmap2::Mmap::map(&file) } {
            return Ok(Self::Mapped(map));
        }
        drop(file);
        std::fs::read(path).map(Self::Memory).map_err(|error| Error::io(path, error))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            #[cfg(not(miri))]
            Self::Mapped(map) => map,
            Self::Memory(bytes) => bytes,
        }
    }
}
