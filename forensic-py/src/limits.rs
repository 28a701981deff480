//! Bounds on what hostile input can make the library do.

use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyDict, PyString},
};

/// The bounds an argument gives: None (the defaults), a `Limits`, or a dict of bounds.
pub(crate) fn limits_of(argument: Option<&Bound<'_, PyAny>>) -> PyResult<forensic_core::Limits> {
    match argument {
        None => Ok(forensic_core::Limits::default()),
        Some(argument) => match argument.cast::<Limits>() {
            Ok(limits) => Ok(limits.get().0.clone()),
            Err(_) => Limits::new(Some(argument.cast::<PyDict>()?)).map(|limits| limits.0),
        },
    }
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $number:ty,)*) => {
        /// Bounds that a caller may tighten or widen: `Limits(depth=64)`. The defaults fit real media; reaching a bound is
        /// a LimitError or an issue, never a silent cut.
        #[pyclass(module = "forensic", frozen, eq)]
        #[derive(PartialEq, Eq)]
        pub(crate) struct Limits(forensic_core::Limits);

        #[pymethods]
        impl Limits {
            #[new]
            #[pyo3(signature = (**bounds))]
            fn new(bounds: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
                let mut limits = forensic_core::Limits::default();
                for (name, bound) in bounds.into_iter().flatten() {
                    match name.cast::<PyString>()?.to_string().as_str() {
                        $(stringify!($name) => limits.$name = bound.extract()?,)*
                        other => return Err(PyTypeError::new_err(format!("there is no limit named {other:?}"))),
                    }
                }
                Ok(Self(limits))
            }

            $($(#[$doc])*
            #[getter]
            fn $name(&self) -> $number {
                self.0.$name
            })*

            fn __repr__(&self) -> String {
                let bounds = [$(format!("{}={}", stringify!($name), self.0.$name)),*];
                format!("Limits({})", bounds.join(", "))
            }
        }
    };
}

limits! {
    /// Directories within directories; deeper ones are listed as orphans.
    depth: u32,
    /// Entries of one filesystem.
    entries: u64,
    /// Extents (data runs, cluster runs) of one stream.
    runs: usize,
    /// Partitions of one medium.
    partitions: usize,
    /// Segment files of one image.
    segments: usize,
    /// Bytes of one structure read into memory at once.
    structure_bytes: u64,
    /// Bytes of one compressed block once inflated.
    inflated_bytes: u64,
    /// Bytes of a stream that are not stored and read as zeros, for it to be hashed by a triage.
    sparse_bytes: u64,
    /// Bytes of unallocated space that the first listing searches for deleted names and records; 0 for a listing at once.
    sweep_bytes: u64,
    /// Bytes that carving may read in looking for the rest of one broken file.
    mend_bytes: u64,
    /// Width × height of a picture to decode.
    pixels: u64,
    /// Bytes a picture decoder may allocate.
    picture_bytes: u64,
    /// Issues kept for one evidence or filesystem.
    issues: usize,
}
