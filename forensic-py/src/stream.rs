//! The native half of a stream; `forensic/_stream.py` makes it a file object.

use crate::{error::OrRaise, extent};
use forensic_core::bytes::Source;
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyBytes, PyType},
};

static STREAM: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// Positional reads of a source, from any thread.
#[pyclass(module = "forensic._forensic", frozen)]
pub(crate) struct StreamHandle {
    pub(crate) source: Source,
}

#[pymethods]
impl StreamHandle {
    /// Bytes in all.
    #[getter]
    fn size(&self) -> u64 {
        self.source.len()
    }

    /// Where the bytes lie on the medium.
    #[getter]
    fn extents(&self, py: Python<'_>) -> Vec<extent::Extent> {
        extent::list(py.detach(|| self.source.extents()))
    }

    /// Up to `count` bytes from `offset` on: fewer only at the end.
    fn read_at<'py>(&self, py: Python<'py>, offset: u64, count: u64) -> PyResult<Bound<'py, PyBytes>> {
        let count = count.min(self.source.len().saturating_sub(offset));
        read(py, &self.source, offset, count)
    }
}

/// Reads straight into a new `bytes`, with the interpreter's lock released.
pub(crate) fn read<'py>(py: Python<'py>, source: &Source, offset: u64, count: u64) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, usize::try_from(count)?, |buf| py.detach(|| source.read_at(offset, buf)).or_raise(py))
}

/// The file object over a source.
pub(crate) fn stream(py: Python<'_>, source: Source) -> PyResult<Bound<'_, PyAny>> {
    stream_class(py)?.call1((StreamHandle { source },))
}

/// True for a file object made by [`stream`].
pub(crate) fn is_stream(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    object.is_instance(stream_class(object.py())?)
}

fn stream_class<'py>(py: Python<'py>) -> PyResult<&'py Bound<'py, PyType>> {
    STREAM.import(py, "forensic._stream", "Stream")
}
