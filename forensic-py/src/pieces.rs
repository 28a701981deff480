//! Digests of the pieces of a stream.

use crate::{
    error::OrRaise,
    hash::{Algorithms, Digests},
    source::source_of,
};
use forensic_core::hash;
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

/// The pieces of a source in order, each with its digests.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Pieces(Mutex<hash::Pieces>);

/// The digests of each piece of `size` bytes of a source, its sectors or clusters; the last piece may be shorter. Sources as
/// for `hash`.
///
/// Where a piece cannot be read, the iterator raises, and goes on behind it.
#[pyfunction]
#[pyo3(
    signature = (source, size, algorithms = Algorithms::recorded()),
    text_signature = "(source, size, algorithms=('md5', 'sha1', 'sha256', 'blake3'))"
)]
pub(crate) fn hash_pieces(source: &Bound<'_, PyAny>, size: u64, algorithms: Algorithms) -> PyResult<Pieces> {
    let py = source.py();
    hash::pieces(&source_of(source)?, size, &algorithms.0).or_raise(py).map(|pieces| Pieces(Mutex::new(pieces)))
}

#[pymethods]
impl Pieces {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Piece>> {
        let next = py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).next());
        next.transpose().or_raise(py).map(|piece| piece.map(Piece))
    }
}

/// One piece of a source.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Piece(hash::Piece);

#[pymethods]
impl Piece {
    /// Byte offset in the source.
    #[getter]
    fn offset(&self) -> u64 {
        self.0.offset
    }

    /// Bytes: the size of pieces, or fewer at the end.
    #[getter]
    fn length(&self) -> u64 {
        self.0.length
    }

    /// True where every byte is zero: the null block, which says nothing of any file.
    #[getter]
    fn is_null(&self) -> bool {
        self.0.is_null
    }

    /// Its digests.
    #[getter]
    fn digests(&self) -> Digests {
        Digests(self.0.digests.clone())
    }

    fn __repr__(&self) -> String {
        format!("<Piece {} bytes at {}>", self.0.length, self.0.offset)
    }
}
