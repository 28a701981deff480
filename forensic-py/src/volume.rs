//! Volumes: the partitions of a medium, and the gaps between them.

use crate::{error::OrRaise, filesystem::FileSystem, stream::stream};
use forensic_core::{evidence, volume};
use pyo3::prelude::*;

/// A partition, or a gap between partitions.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Volume {
    pub(crate) inner: volume::Volume,
    pub(crate) evidence: evidence::Evidence,
}

#[pymethods]
impl Volume {
    /// Position in medium order, from 0, gaps counted.
    #[getter]
    fn index(&self) -> usize {
        self.inner.index
    }

    /// The partition table it stands in: "mbr", "gpt", "apm", or "none".
    #[getter]
    fn scheme(&self) -> &'static str {
        self.inner.scheme.as_str()
    }

    /// What the partition table says it holds, or, where that says nothing, what was recognised in it; "unallocated" for
    /// a gap.
    #[getter]
    fn r#type(&self) -> &str {
        &self.inner.type_name
    }

    /// Its name in the partition table; "" where it has none.
    #[getter]
    fn label(&self) -> &str {
        &self.inner.label
    }

    /// Byte offset on the medium.
    #[getter]
    fn offset(&self) -> u64 {
        self.inner.offset
    }

    /// Bytes.
    #[getter]
    fn size(&self) -> u64 {
        self.inner.size
    }

    /// False for a gap.
    #[getter]
    fn allocated(&self) -> bool {
        self.inner.allocated
    }

    /// A stream over the volume.
    fn stream<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        stream(py, self.inner.stream())
    }

    /// The filesystem on the volume; None where none is recognised.
    ///
    /// Raises UnsupportedError for one that is recognised but not read, CorruptError for one too damaged to open.
    fn filesystem(&self, py: Python<'_>) -> PyResult<Option<FileSystem>> {
        let filesystem = py.detach(|| self.inner.filesystem(self.evidence.limits())).or_raise(py)?;
        Ok(filesystem.map(|inner| FileSystem { inner, medium_size: self.evidence.size() }))
    }

    fn __repr__(&self) -> String {
        let volume::Volume { index, scheme, type_name, offset, size, .. } = &self.inner;
        format!("<Volume {index} {} {type_name:?} offset={offset} size={size}>", scheme.as_str())
    }
}
