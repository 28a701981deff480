//! Verification: the digests of the medium beside those stored at acquisition.

use crate::extent::{self, Extent};
use forensic_core::evidence;
use pyo3::prelude::*;
use std::collections::BTreeMap;

/// What `Evidence.verify` found.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Verification(pub(crate) evidence::Verification);

#[pymethods]
impl Verification {
    /// True where every stored digest equals the computed one and all bytes could be read; False where one differs or
    /// bytes cannot be read; None where nothing is stored to compare with.
    #[getter]
    fn ok(&self) -> Option<bool> {
        self.0.ok
    }

    /// The digests of the medium as it is now, by algorithm, in lower-case hex; empty where part of it cannot be read.
    #[getter]
    fn computed(&self) -> BTreeMap<String, String> {
        self.0.computed.clone()
    }

    /// The digests stored at acquisition.
    #[getter]
    fn stored(&self) -> BTreeMap<String, String> {
        self.0.stored.clone()
    }

    /// Ranges of the medium that cannot be read or whose checksum does not fit, in order.
    #[getter]
    fn bad_ranges(&self) -> Vec<Extent> {
        extent::list(self.0.bad_ranges.clone())
    }

    fn __repr__(&self) -> String {
        let ok = self.0.ok.map_or("None", |ok| if ok { "True" } else { "False" });
        format!("<Verification ok={ok} computed={:?} bad_ranges={}>", self.0.computed, self.0.bad_ranges.len())
    }
}
