//! Times, with as much as the filesystem stores of them.

use forensic_core::filesystem::{self, Time};
use pyo3::{
    exceptions::PyOverflowError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDateTime, PyDelta, PyTzInfo},
};

const SECONDS_PER_DAY: i64 = 86_400;

/// One stored time of an entry.
#[pyclass(module = "forensic", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct Timestamp(pub(crate) filesystem::Timestamp);

#[pymethods]
impl Timestamp {
    /// "created", "modified", "accessed" or "changed".
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.as_str()
    }

    /// The structure that stores it: "standard_information", "file_name", "directory_entry".
    #[getter]
    fn source(&self) -> &'static str {
        self.0.source
    }

    /// The time as a datetime, cut to microseconds: aware (UTC) where the filesystem stores UTC, naive where it stores
    /// local time; None outside the years 1 to 9999.
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        datetime(py, self.0.value)
    }

    /// Nanoseconds since 1970-01-01T00:00:00, in UTC or in local time as `utc` says; nothing is cut off.
    #[getter]
    fn ns(&self) -> i128 {
        let Time { seconds, nanoseconds, .. } = self.0.value;
        i128::from(seconds).saturating_mul(1_000_000_000).saturating_add(i128::from(nanoseconds))
    }

    /// True where the filesystem stores UTC, False where it stores local time of an unknown zone.
    #[getter]
    fn utc(&self) -> bool {
        self.0.value.utc
    }

    /// The step of the stored value in nanoseconds.
    #[getter]
    fn resolution(&self) -> u64 {
        self.0.resolution
    }

    /// RFC 3339 with all digits; no offset where the zone is unknown.
    fn __str__(&self) -> String {
        self.0.value.to_rfc3339().unwrap_or_else(|| format!("{} ns", self.ns()))
    }

    fn __repr__(&self) -> String {
        format!("<Timestamp {} {} ({})>", self.kind(), self.__str__(), self.source())
    }
}

/// The time as a datetime; None outside the years that Python knows.
pub(crate) fn datetime(py: Python<'_>, time: Time) -> PyResult<Option<Bound<'_, PyAny>>> {
    let Ok(days) = i32::try_from(time.seconds.div_euclid(SECONDS_PER_DAY)) else { return Ok(None) };
    let seconds = i32::try_from(time.seconds.rem_euclid(SECONDS_PER_DAY))?;
    let microseconds = i32::try_from(time.nanoseconds / 1000)?;
    let moved = PyDelta::new(py, days, seconds, microseconds, true).and_then(|since| epoch(py, time.utc)?.add(since));
    match moved {
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => Ok(None),
        other => other.map(Some),
    }
}

fn epoch(py: Python<'_>, utc: bool) -> PyResult<&Bound<'_, PyDateTime>> {
    static UTC: PyOnceLock<Py<PyDateTime>> = PyOnceLock::new();
    static LOCAL: PyOnceLock<Py<PyDateTime>> = PyOnceLock::new();
    let epoch = if utc { &UTC } else { &LOCAL }.get_or_try_init(py, || {
        let zone = if utc { Some(PyTzInfo::utc(py)?.to_owned()) } else { None };
        PyDateTime::new(py, 1970, 1, 1, 0, 0, 0, 0, zone.as_ref()).map(Bound::unbind)
    })?;
    Ok(epoch.bind(py))
}
