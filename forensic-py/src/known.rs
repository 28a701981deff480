//! Known files: lists of digests, looked up.

use crate::{
    error::{OrRaise, unsupported},
    hash::Digests,
    source::{bytes_of, memory_view, paths_of},
};
use forensic_core::known::{self, Format};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyByteArray, PyString},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Formats of the interface that come with a later version.
const LATER: [&str; 7] = ["nsrl-sqlite", "nsrl-csv", "vics", "caid", "icse-csv", "tsk-kdb", "encase-hash"];

/// Sets of known digests, looked up by digest. Threads may share it.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct HashSet(pub(crate) Arc<known::HashSet>);

#[pymethods]
impl HashSet {
    /// Builds a set from lists of digests. `inputs` are their paths, or a single path; `format` is "plain", "sums"
    /// (md5sum, sha1sum, …) or "hashdeep", found by content where it is None.
    ///
    /// Raises FormatError for a file that is no list; a row that cannot be read is in `issues`.
    #[staticmethod]
    #[pyo3(signature = (inputs, *, format = None))]
    fn build(inputs: &Bound<'_, PyAny>, format: Option<&str>) -> PyResult<Self> {
        let py = inputs.py();
        let paths = paths_of(inputs)?;
        if let Some(later) = format.filter(|name| LATER.contains(name)) {
            return Err(unsupported(format!("list format {later:?}")));
        }
        let format = format.map(str::parse::<Format>).transpose().or_raise(py)?;
        let set = py.detach(|| known::HashSet::build_as(paths, format)).or_raise(py)?;
        Ok(Self(Arc::new(set)))
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
        Ok(known.into_iter().map(Known).collect())
    }

    /// What the set says of each digest. `digests` is an iterable of what `lookup` takes, an Arrow array, or a NumPy array
    /// uint8 of shape (n, 16 | 20 | 32).
    fn lookup_many(&self, digests: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<Known>>> {
        let queries = Queries::of(digests)?;
        let found = digests.py().detach(|| queries.ask(|query| query.look_up(&self.0)));
        Ok(found.into_iter().map(|known| known.into_iter().map(Known).collect()).collect())
    }

    /// True for each digest the set knows; digests as for `lookup_many`. For a NumPy array the answer is one, too.
    fn contains_many<'py>(&self, digests: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = digests.py();
        let queries = Queries::of(digests)?;
        let found = py.detach(|| queries.ask(|query| query.is_known(&self.0)));
        if let Queries::Rows { .. } = queries {
            let flags: Vec<u8> = found.into_iter().map(u8::from).collect();
            return py.import("numpy")?.call_method1("frombuffer", (PyByteArray::new(py, &flags), "bool"));
        }
        Ok(found.into_pyobject(py)?.into_any())
    }

    fn __repr__(&self) -> String {
        format!("<HashSet {} digests of {} lists>", self.0.len(), self.0.sources().len())
    }
}

/// Digests to look up, out of Python's hands.
enum Queries {
    List(Vec<Query>),
    /// The rows of an array.
    Rows {
        bytes: Vec<u8>,
        width: usize,
    },
}

enum Query {
    One(Vec<u8>),
    Several(forensic_core::hash::Digests),
}

impl Query {
    fn look_up(&self, set: &known::HashSet) -> Vec<known::Known> {
        match self {
            Self::One(digest) => set.lookup_bytes(digest),
            Self::Several(digests) => set.lookup(digests),
        }
    }

    fn is_known(&self, set: &known::HashSet) -> bool {
        match self {
            Self::One(digest) => set.contains(digest),
            Self::Several(digests) => !set.lookup(digests).is_empty(),
        }
    }
}

impl Queries {
    fn of(digests: &Bound<'_, PyAny>) -> PyResult<Self> {
        if digests.hasattr("__array_interface__")? {
            let view = memory_view(digests)?;
            let shape: Vec<usize> = view.getattr("shape")?.extract()?;
            let format: String = view.getattr("format")?.extract()?;
            return match *shape {
                [_, width @ (16 | 20 | 32)] if format == "B" => {
                    Ok(Self::Rows { bytes: view.call_method0("tobytes")?.extract()?, width })
                }
                _ => Err(PyValueError::new_err("expected an array uint8 of shape (n, 16), (n, 20) or (n, 32)")),
            };
        }
        let list = if digests.hasattr("to_pylist")? { digests.call_method0("to_pylist")? } else { digests.clone() };
        let query = |digest: Bound<'_, PyAny>| match digest.cast::<Digests>() {
            Ok(digests) => Ok(Query::Several(digests.get().0.clone())),
            Err(_) => digest_of(&digest).map(Query::One),
        };
        list.try_iter()?.map(|digest| query(digest?)).collect::<PyResult<_>>().map(Self::List)
    }

    fn ask<T>(&self, question: impl Fn(&Query) -> T) -> Vec<T> {
        match self {
            Self::List(queries) => queries.iter().map(question).collect(),
            Self::Rows { bytes, width } => {
                bytes.chunks_exact(*width).map(|row| question(&Query::One(row.to_vec()))).collect()
            }
        }
    }
}

/// The bytes of a digest given as hex text or bytes.
fn digest_of(digest: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(text) = digest.cast::<PyString>() {
        let text = text.to_string();
        let digits: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
        let bytes = digits.filter(|digits| matches!(digits.len(), 32 | 40 | 64)).map(|digits| {
            digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
        });
        return bytes.ok_or_else(|| PyValueError::new_err(format!("{text:?} is not a digest in hex")));
    }
    let bytes = bytes_of(digest)?;
    match bytes.len() {
        16 | 20 | 32 => Ok(bytes.to_vec()),
        other => Err(PyValueError::new_err(format!("a digest has 16, 20 or 32 bytes, not {other}"))),
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

    /// What else the set says, under its own names.
    #[getter]
    fn properties(&self) -> BTreeMap<String, String> {
        self.0.properties.clone()
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

/// A list that a set was built from.
#[pyclass(module = "forensic", frozen, get_all)]
pub(crate) struct SetSource {
    /// The file.
    path: PathBuf,
    /// "plain", "sums" or "hashdeep".
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
