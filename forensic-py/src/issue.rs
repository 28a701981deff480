//! What could not be read and was passed over.

use pyo3::prelude::*;

/// Something that could not be read and was passed over; what is beside it was read all the same.
#[pyclass(module = "forensic", frozen, eq, hash, get_all)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Issue {
    /// Byte offset on the medium, where there is one.
    offset: Option<u64>,
    /// The structure concerned, in the words of its specification.
    structure: String,
    /// What is wrong with it.
    message: String,
}

impl From<&forensic_core::Issue> for Issue {
    fn from(issue: &forensic_core::Issue) -> Self {
        Self { offset: issue.offset, structure: issue.structure.clone(), message: issue.message.clone() }
    }
}

/// The issues as Python sees them.
pub(crate) fn list(issues: &[forensic_core::Issue]) -> Vec<Issue> {
    issues.iter().map(Issue::from).collect()
}

#[pymethods]
impl Issue {
    fn __str__(&self) -> String {
        forensic_core::Issue::new(self.offset, &*self.structure, &*self.message).to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Issue {}>", self.__str__())
    }
}
