//! Known files: lists of digests, looked up.

use crate::{
    error::OrRaise,
    hash::Digests,
    queries::{Queries, digest_of},
    source::paths_of,
};
use forensic_core::known::{self, Format};
use pyo3::{
    IntoPyObjectExt,
    prelude::*,
    types::{PyByteArray, PyDict},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Sets of known digests, looked up by digest. Threads may share it.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct HashSet(pub(crate) Arc<known::HashSet>);

#[pymethods]
impl HashSet {
    /// Builds a set from lists of digests: in memory, or in a file at `path`, in less than a gigabyte of memory however many
    /// digests there are. `inputs` are the lists' paths, or a single path; a set is a list, too. `format` is found by content
    /// where it is None: "nsrl-sqlite", "nsrl-sql" (a delta), "nsrl-csv", "vics", "vics-case", "caid", "icse-csv", "hashdeep", "sums" (md5sum,
    /// sha1sum, …), "plain", "tsk-kdb", "tsk-idx", "encase-hash", "hashkeeper", "iped", "hashlookup-bloom", "set".
    ///
    /// Raises FormatError for a file that is no list; a row that cannot be read is in `issues`.
    #[staticmethod]
    #[pyo3(signature = (inputs, path = None, *, format = None))]
    fn build(inputs: &Bound<'_, PyAny>, path: Option<PathBuf>, format: Option<&str>) -> PyResult<Self> {
        let py = inputs.py();
        let paths = paths_of(inputs)?;
        let format = format.map(str::parse::<Format>).transpose().or_raise(py)?;
        let build = || match path {
            Some(path) => known::HashSet::build_to(paths, format, path),
            None => known::HashSet::build_as(paths, format),
        };
        Ok(Self(Arc::new(py.detach(build).or_raise(py)?)))
    }

    /// Opens a set that `build` wrote. The file is mapped, shared by all who have it open; it must not be changed meanwhile.
    ///
    /// Raises FormatError for what is no set, CorruptError for one that is cut or changed. The header is checked here, each
    /// block when it is first touched.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Self(Arc::new(py.detach(|| known::HashSet::open(path)).or_raise(py)?)))
    }

    /// Reads all of the set and holds it against its checksums: True, or CorruptError.
    fn verify(&self, py: Python<'_>) -> PyResult<bool> {
        py.detach(|| self.0.verify()).or_raise(py).map(|()| true)
    }

    /// Writes the set as a list that other programs read, into a file that is made new: "vics", "vics-case", "caid", "icse-csv",
    /// "hashdeep", "sums" or "plain". What the format has no place for is told by the answer.
    fn write(&self, py: Python<'_>, path: PathBuf, format: &str) -> PyResult<WriteReport> {
        let format: Format = format.parse().or_raise(py)?;
        let known::WriteReport { records, skipped, lost, .. } =
            py.detach(|| self.0.write(path, format)).or_raise(py)?;
        Ok(WriteReport { records, skipped, lost })
    }

    /// Number of distinct digests.
    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// The lists it was built from.
    #[getter]
    fn sources(&self) -> Vec<SetSource> {
        self.0.sources().iter().map(SetSource::from).collect()
    }

    /// The rows that could not be read.
    #[getter]
    fn issues(&self) -> Vec<SetIssue> {
        self.0.issues().iter().map(SetIssue::from).collect()
    }

    /// What the set says of a digest (hex text or bytes) or of any of `Digests`; [] when it is unknown.
    fn lookup(&self, digest: &Bound<'_, PyAny>) -> PyResult<Vec<Known>> {
        let known = match digest.cast::<Digests>() {
            Ok(digests) => self.0.lookup(&digests.get().0),
            Err(_) => self.0.lookup_bytes(&digest_of(digest)?),
        };
        Ok(known.or_raise(digest.py())?.into_iter().map(Known).collect())
    }

    /// What the set says of each digest. `digests` is an iterable of what `lookup` takes, an Arrow array of digests in
    /// bytes or in hex, or a NumPy array uint8 of shape (n, 16 | 20 | 32).
    fn lookup_many(&self, digests: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<Known>>> {
        let py = digests.py();
        let queries = Queries::of(digests)?;
        let found = py.detach(|| queries.look_up(&self.0)).or_raise(py)?;
        Ok(found.into_iter().map(|known| known.into_iter().map(Known).collect()).collect())
    }

    /// True for each digest the set knows; digests as for `lookup_many`. For a NumPy array the answer is one, too.
    fn contains_many<'py>(&self, digests: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = digests.py();
        let queries = Queries::of(digests)?;
        let found = py.detach(|| queries.contains(&self.0)).or_raise(py)?;
        if digests.hasattr("__array_interface__")? {
            let flags: Vec<u8> = found.into_iter().map(u8::from).collect();
            return py.import("numpy")?.call_method1("frombuffer", (PyByteArray::new(py, &flags), "bool"));
        }
        Ok(found.into_pyobject(py)?.into_any())
    }

    fn __repr__(&self) -> String {
        format!("<HashSet {} digests of {} lists>", self.0.len(), self.0.sources().len())
    }
}

/// What became of the records that were written.
#[pyclass(module = "forensic", frozen, get_all)]
pub(crate) struct WriteReport {
    /// Records written.
    records: u64,
    /// Records that the format cannot hold at all: in VICS those without an MD5.
    skipped: u64,
    /// How many records lost a part of theirs, by its name, because the format has no place for it: "sha256", "category", …
    lost: BTreeMap<&'static str, u64>,
}

#[pymethods]
impl WriteReport {
    fn __repr__(&self) -> String {
        format!("<WriteReport {} records, {} skipped, lost {:?}>", self.records, self.skipped, self.lost)
    }
}

/// What a set says of a digest. A pointer, not a verdict.
#[pyclass(module = "forensic", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct Known(known::Known);

#[pymethods]
impl Known {
    /// The set.
    #[getter]
    fn set_name(&self) -> &str {
        &self.0.set_name
    }

    /// Whose categories `category` counts in; None where the set has none.
    #[getter]
    fn scheme(&self) -> Option<&str> {
        self.0.scheme.as_deref()
    }

    /// The category as read.
    #[getter]
    fn category(&self) -> Option<&str> {
        self.0.category.as_deref()
    }

    /// The file name the set gives.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// What else the set says, under its own names; a size in bytes as "size".
    #[getter]
    fn properties<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let properties = PyDict::new(py);
        for (name, value) in &self.0.properties {
            properties.set_item(name, object_of(py, value)?)?;
        }
        Ok(properties)
    }

    /// What the hit means: "notable" (a category of illegal material), "listed" (no more is said), "known_good" (NSRL and the
    /// like).
    #[getter]
    fn standing(&self) -> &'static str {
        self.0.standing().as_str()
    }

    /// True where the set can be wrong by construction (a Bloom filter).
    #[getter]
    fn possible(&self) -> bool {
        self.0.possible
    }

    fn __repr__(&self) -> String {
        format!("<Known {:?} in {:?}>", self.0.name.as_deref().unwrap_or_default(), self.0.set_name)
    }
}

/// A JSON value as Python's json module has it.
fn object_of<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Bool(flag) => flag.into_bound_py_any(py),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into_bound_py_any(py),
            (_, Some(number)) => number.into_bound_py_any(py),
            _ => number.as_f64().into_bound_py_any(py),
        },
        Value::String(text) => text.into_bound_py_any(py),
        Value::Array(items) => {
            let items = items.iter().map(|item| object_of(py, item)).collect::<PyResult<Vec<_>>>()?;
            items.into_bound_py_any(py)
        }
        Value::Object(members) => {
            let object = PyDict::new(py);
            for (name, member) in members {
                object.set_item(name, object_of(py, member)?)?;
            }
            Ok(object.into_any())
        }
    }
}

/// A list that a set was built from.
#[pyclass(module = "forensic", frozen, get_all)]
pub(crate) struct SetSource {
    /// The file.
    path: PathBuf,
    /// "plain", "sums", "hashdeep", …
    format: &'static str,
    /// What hits call it: the file's name.
    set_name: String,
    /// Rows read from it.
    records: u64,
}

impl From<&known::SetSource> for SetSource {
    fn from(source: &known::SetSource) -> Self {
        let known::SetSource { path, format, set_name, records, .. } = source;
        Self { path: path.clone(), format: format.as_str(), set_name: set_name.clone(), records: *records }
    }
}

#[pymethods]
impl SetSource {
    fn __repr__(&self) -> String {
        format!("<SetSource {:?} {} {} records>", self.path, self.format, self.records)
    }
}

/// A row of a list that could not be read.
#[pyclass(module = "forensic", frozen, get_all)]
pub(crate) struct SetIssue {
    /// The file.
    source: PathBuf,
    /// The line, the first being 1.
    position: u64,
    /// What is wrong with it.
    message: String,
}

impl From<&known::SetIssue> for SetIssue {
    fn from(issue: &known::SetIssue) -> Self {
        Self { source: issue.source.clone(), position: issue.position, message: issue.message.clone() }
    }
}

#[pymethods]
impl SetIssue {
    fn __str__(&self) -> String {
        format!("{} line {}: {}", Path::display(&self.source), self.position, self.message)
    }

    fn __repr__(&self) -> String {
        format!("<SetIssue {}>", self.__str__())
    }
}
