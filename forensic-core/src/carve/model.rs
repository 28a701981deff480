//! What carving is asked and what it gives.

use super::Format;
use crate::{
    bytes::{Extent, Extents, ReadAt, Run, Source},
    error::Issue,
    limits::Limits,
};
use std::sync::Arc;

/// How whole a carved file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Status {
    /// In one piece, to its last byte.
    Complete,
    /// Whole, put together from more than one piece.
    Fragmented,
    /// A prefix is there.
    Truncated,
    /// Its length is there, some of its bytes are not.
    Damaged,
}

impl Status {
    /// The name used in records: `complete`, `fragmented`, `truncated`, `damaged`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Fragmented => "fragmented",
            Self::Truncated => "truncated",
            Self::Damaged => "damaged",
        }
    }
}

/// A file found by its structure.
#[derive(Clone)]
pub struct Carved {
    /// The type of its content: "jpeg", "docx", "mp4".
    pub kind: &'static str,
    /// Number of bytes.
    pub size: u64,
    /// How whole it is.
    pub status: Status,
    /// 0 to 100: how sure it is that these bytes are one file of this type.
    pub confidence: u8,
    /// The first byte known to be wrong or missing, counted from the start of the file.
    pub damaged_at: Option<u64>,
    /// Files inside this one (a thumbnail, an archive's member, a frame), in order of their offset.
    pub children: Vec<Carved>,
    pub(crate) content: Arc<Extents>,
}

impl Carved {
    pub(crate) fn new(source: &Source, kind: &'static str, runs: impl IntoIterator<Item = Run>) -> Self {
        let content = Arc::new(Extents::new(source.clone(), runs));
        Self {
            kind,
            size: content.len(),
            status: Status::Complete,
            confidence: 0,
            damaged_at: None,
            children: Vec::new(),
            content,
        }
    }

    /// Byte offset of its start on the medium.
    pub fn offset(&self) -> u64 {
        self.content.medium_offset(0)
    }

    /// Where its bytes lie on the medium, in the order of the file.
    pub fn extents(&self) -> Vec<Extent> {
        self.content.extents()
    }

    /// Its bytes.
    pub fn open(&self) -> Source {
        self.content.clone()
    }
}

impl std::fmt::Debug for Carved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Carved")
            .field("kind", &self.kind)
            .field("size", &self.size)
            .field("status", &self.status)
            .field("confidence", &self.confidence)
            .field("damaged_at", &self.damaged_at)
            .field("extents", &self.extents())
            .field("children", &self.children)
            .finish()
    }
}

/// What a carving found.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Carving {
    /// The files that lie in no other, in order of their offset in the source; they do not overlap.
    pub files: Vec<Carved>,
    /// What could not be read.
    pub issues: Vec<Issue>,
}

/// How to carve.
#[derive(Clone)]
pub struct Options {
    pub(crate) types: Option<Vec<String>>,
    pub(crate) align: u64,
    pub(crate) nested: bool,
    pub(crate) cluster_size: Option<u64>,
    pub(crate) threads: Option<usize>,
    pub(crate) limits: Limits,
    pub(crate) more: Vec<&'static dyn Format>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            types: None,
            align: 1,
            nested: false,
            cluster_size: None,
            threads: None,
            limits: Limits::default(),
            more: Vec::new(),
        }
    }
}

impl Options {
    /// Reports files of these types only ([`types`](super::types) lists them; "jpg" and the like are understood). What is
    /// found does not depend on it: a picture inside a document stays a child of the document.
    pub fn types<S: Into<String>>(mut self, types: impl IntoIterator<Item = S>) -> Self {
        self.types = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// Looks for files at multiples of so many bytes of the source only. The default is 1: at every byte.
    pub fn align(mut self, align: u64) -> Self {
        self.align = align;
        self
    }

    /// Gives each child once more as a file of its own, behind the file that holds it.
    pub fn nested(mut self, nested: bool) -> Self {
        self.nested = nested;
        self
    }

    /// Bytes of a cluster of the filesystem that was on the source, where known: fragments begin at multiples of it. The default is
    /// to infer it from where files begin.
    pub fn cluster_size(mut self, cluster_size: u64) -> Self {
        self.cluster_size = Some(cluster_size);
        self
    }

    /// True where [`Options::cluster_size`] was set.
    pub fn has_cluster_size(&self) -> bool {
        self.cluster_size.is_some()
    }

    /// Threads to work on; the answer is the same on any number. The default is as many as the machine runs at once.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Bounds on effort and memory.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Looks for a format of the caller's as well.
    pub fn with_format(mut self, format: &'static dyn Format) -> Self {
        self.more.push(format);
        self
    }
}
