//! Similarity digests.

use crate::{error::OrRaise, source::source_of};
use forensic_core::hash::fuzzy::{self, Algorithm};
use pyo3::prelude::*;

/// The similarity digest of a source: "ssdeep" (as ssdeep 2.14 prints it) or "tlsh" (as TLSH 4 and later print it, "TNULL" for
/// fewer than 50 bytes and for bytes that vary too little). Sources as for `hash`.
#[pyfunction]
pub(crate) fn fuzzy_hash(source: &Bound<'_, PyAny>, algorithm: &str) -> PyResult<String> {
    let py = source.py();
    let algorithm: Algorithm = algorithm.parse().or_raise(py)?;
    let source = source_of(source)?;
    py.detach(|| fuzzy::hash(&source, algorithm)).or_raise(py)
}

/// What two similarity digests of the same algorithm, told by their form, say of two files. ssdeep: 0 (nothing alike) to
/// 100 (the same digest). TLSH: a distance, 0 for the same digest.
///
/// Raises ValueError for what is no digest, for digests of two algorithms, and for "TNULL".
#[pyfunction]
pub(crate) fn fuzzy_compare(py: Python<'_>, a: &str, b: &str) -> PyResult<u32> {
    fuzzy::compare(a, b).or_raise(py)
}
