//! Where bytes lie on the medium.

use forensic_core::bytes;
use pyo3::prelude::*;

/// A piece of a stream and the place of its bytes on the medium.
#[pyclass(module = "forensic", frozen, eq, hash, get_all)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Extent {
    /// Byte offset in the stream.
    stream_offset: u64,
    /// Byte offset on the medium; None where no byte of the medium stands behind it (sparse).
    offset: Option<u64>,
    /// Number of bytes of the stream.
    length: u64,
    /// "data", "sparse", "resident" or "compressed".
    kind: &'static str,
    /// True where the place was guessed (a deleted FAT chain) and not read from metadata.
    inferred: bool,
}

impl From<bytes::Extent> for Extent {
    fn from(extent: bytes::Extent) -> Self {
        let bytes::Extent { stream_offset, offset, length, kind, inferred } = extent;
        Self { stream_offset, offset, length, kind: kind.as_str(), inferred }
    }
}

/// The extents as Python sees them.
pub(crate) fn list(extents: Vec<bytes::Extent>) -> Vec<Extent> {
    extents.into_iter().map(Extent::from).collect()
}

#[pymethods]
impl Extent {
    fn __repr__(&self) -> String {
        let offset = self.offset.map_or_else(|| "None".to_owned(), |offset| offset.to_string());
        let inferred = if self.inferred { " inferred=True" } else { "" };
        let Self { stream_offset, length, kind, .. } = self;
        format!("<Extent stream_offset={stream_offset} offset={offset} length={length} kind='{kind}'{inferred}>")
    }
}
