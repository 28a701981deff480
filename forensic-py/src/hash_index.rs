//! The index of perceptual hashes, and groups of them.

use crate::{
    error::OrRaise,
    perceptual::ImageHash,
    queries::arrow_array,
    source::{bytes_of, memory_view},
};
use forensic_core::perceptual::{self, Algorithm, GroupOptions, IndexBuilder, Key, Query};
use pyo3::{
    IntoPyObjectExt,
    exceptions::PyValueError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyString, PyType},
};
use std::{collections::HashSet, path::PathBuf, sync::Arc};

/// Perceptual hashes of one algorithm and length, each under a key, looked up by distance. Threads may share it.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct HashIndex(pub(crate) Arc<perceptual::HashIndex>);

#[pymethods]
impl HashIndex {
    /// Builds an index: in memory, or in a file at `path`. `items` is an iterable of (key, hash): a key is an int of 64 bits or
    /// a str, a hash an ImageHash or its bytes, which are then of `algorithm`. All are of one algorithm and length, 64 to 1,024
    /// bits.
    ///
    /// Raises ValueError for a hash that does not go with those before it.
    #[staticmethod]
    #[pyo3(signature = (items, path = None, *, algorithm = "pdq"))]
    fn build(items: &Bound<'_, PyAny>, path: Option<PathBuf>, algorithm: &str) -> PyResult<Self> {
        let py = items.py();
        let (algorithm, mut builder) = (algorithm.parse().or_raise(py)?, IndexBuilder::new());
        for item in items.try_iter()? {
            let (key, hash): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item?.extract()?;
            builder.push(key_of(&key)?, &hash_of(&hash, algorithm)?).or_raise(py)?;
        }
        Ok(Self(Arc::new(py.detach(|| builder.finish(path.as_deref())).or_raise(py)?)))
    }

    /// Makes one index of several, without what is under the keys of `remove`: so hashes are added and deleted. In memory, or in a
    /// file at `path`, which may be that of one of them.
    #[staticmethod]
    #[pyo3(signature = (indexes, path = None, *, remove = None))]
    fn merge(
        indexes: Vec<Py<Self>>,
        path: Option<PathBuf>,
        remove: Option<&Bound<'_, PyAny>>,
        py: Python<'_>,
    ) -> PyResult<Self> {
        let mut removed = HashSet::new();
        if let Some(remove) = remove {
            for key in remove.try_iter()? {
                removed.insert(key_of(&key?)?);
            }
        }
        let merge =
            || perceptual::HashIndex::merge(indexes.iter().map(|index| &*index.get().0), &removed, path.as_deref());
        Ok(Self(Arc::new(py.detach(merge).or_raise(py)?)))
    }

    /// Opens an index that `build` wrote. The file is mapped, shared by all who have it open; it must not be changed meanwhile.
    ///
    /// Raises FormatError for what is no index, CorruptError for one that is cut or changed. The header and a few hashes are
    /// checked here, each block when it is first touched.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Self(Arc::new(py.detach(|| perceptual::HashIndex::open(path)).or_raise(py)?)))
    }

    /// Reads all of the index and holds it against its checksums and itself: True, or CorruptError.
    fn verify(&self, py: Python<'_>) -> PyResult<bool> {
        py.detach(|| self.0.verify()).or_raise(py).map(|()| true)
    }

    /// Number of hashes.
    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// The algorithm of the hashes; None where there is none.
    #[getter]
    fn algorithm(&self) -> Option<&'static str> {
        self.0.algorithm().map(Algorithm::as_str)
    }

    /// Bits of a hash.
    #[getter]
    fn bits(&self) -> u32 {
        self.0.bits()
    }

    /// All hashes that differ from `hash` (an ImageHash or its bytes) in at most `max_distance` bits, nearest first, then by key.
    /// Hashes of a quality under `min_quality` (None: 50) neither ask nor answer: see `Answer.asked` and `Answer.gated`.
    ///
    /// Raises ValueError where the hash is of another algorithm or length, CorruptError for an index that was changed.
    #[pyo3(signature = (hash, max_distance = 31, *, min_quality = None))]
    fn query<'py>(
        &self,
        hash: &Bound<'py, PyAny>,
        max_distance: u32,
        min_quality: Option<u8>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = hash.py();
        let hash = hash_of(hash, self.algorithm_of_bytes())?;
        let query = Query { max_distance, min_quality };
        answer(py, py.detach(|| self.0.query(&hash, &query)).or_raise(py)?)
    }

    /// What `query` says of each hash, on `threads` threads (None: all there are). `hashes` is an iterable of what `query` takes,
    /// a NumPy array uint8 of shape (n, bytes of a hash), or an Arrow array of binary.
    #[pyo3(signature = (hashes, max_distance = 31, *, min_quality = None, threads = None))]
    fn query_many<'py>(
        &self,
        hashes: &Bound<'py, PyAny>,
        max_distance: u32,
        min_quality: Option<u8>,
        threads: Option<usize>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let py = hashes.py();
        let hashes = hashes_of(hashes, self.algorithm_of_bytes())?;
        let query = Query { max_distance, min_quality };
        let answers = py.detach(|| self.0.query_many(&hashes, &query, threads)).or_raise(py)?;
        answers.into_iter().map(|found| answer(py, found)).collect()
    }

    fn __repr__(&self) -> String {
        format!("<HashIndex {} {} hashes>", self.0.len(), self.algorithm().unwrap_or("perceptual"))
    }
}

impl HashIndex {
    fn algorithm_of_bytes(&self) -> Algorithm {
        self.0.algorithm().unwrap_or(Algorithm::Pdq)
    }
}

/// A hash near the one asked for.
#[pyclass(module = "forensic", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct Match(perceptual::Match);

#[pymethods]
impl Match {
    /// What it stands for.
    #[getter]
    fn key<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.0.key {
            Key::Number(number) => number.into_bound_py_any(py),
            Key::Text(text) => text.into_bound_py_any(py),
        }
    }

    /// Bits that differ.
    #[getter]
    fn distance(&self) -> u32 {
        self.0.distance
    }

    /// Its quality, 0 to 100; None where its algorithm does not grade pictures.
    #[getter]
    fn quality(&self) -> Option<u8> {
        self.0.quality
    }

    /// The algorithm of both hashes.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.0.algorithm.as_str()
    }

    /// The version of that.
    #[getter]
    fn version(&self) -> &'static str {
        self.0.version
    }

    /// The distance that was asked for.
    #[getter]
    fn threshold(&self) -> u32 {
        self.0.threshold
    }

    fn __repr__(&self) -> String {
        format!("<Match {} at {} of {}>", self.0.key, self.0.distance, self.0.threshold)
    }
}

/// Pictures that look like one of them.
#[pyclass(module = "forensic", frozen, get_all)]
pub(crate) struct Group {
    /// The key of the hash that all others are near.
    representative: Py<PyAny>,
    /// The keys of all of them: the representative first, then the nearest first.
    members: Vec<Py<PyAny>>,
    /// In how many bits each member differs from the representative.
    distances: Vec<u32>,
}

#[pymethods]
impl Group {
    fn __len__(&self) -> usize {
        self.members.len()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<Group of {} like {}>", self.members.len(), self.representative.bind(py).repr()?))
    }
}

/// Groups pictures that look alike. `items` is an iterable of (key, hash) as `HashIndex.build` takes, with keys of any type.
///
/// Every hash that has another within `max_distance` bits is in exactly one group, and every member of a group is within that of
/// its representative, which is the hash with the most near it. A hash whose neighbours are all in other groups is a group of its
/// own; one that has none, or is of a quality under `min_quality` (None: 50), is in no group. Large groups come first.
///
/// Raises ValueError for hashes that do not go together.
#[pyfunction]
#[pyo3(signature = (items, max_distance = 31, *, min_quality = None, algorithm = "pdq", threads = None))]
pub(crate) fn group(
    items: &Bound<'_, PyAny>,
    max_distance: u32,
    min_quality: Option<u8>,
    algorithm: &str,
    threads: Option<usize>,
) -> PyResult<Vec<Group>> {
    let py = items.py();
    let algorithm = algorithm.parse().or_raise(py)?;
    let (mut keys, mut hashes) = (Vec::new(), Vec::new());
    for item in items.try_iter()? {
        let (key, hash): (Py<PyAny>, Bound<'_, PyAny>) = item?.extract()?;
        keys.push(key);
        hashes.push(hash_of(&hash, algorithm)?);
    }
    let options = GroupOptions { near: Query { max_distance, min_quality }, threads };
    let groups = py.detach(|| perceptual::group(&hashes, &options)).or_raise(py)?;
    let key = |number: usize| keys.get(number).map_or_else(|| py.None(), |key| key.clone_ref(py));
    let of = |group: perceptual::Group| Group {
        representative: key(group.representative),
        members: group.members.iter().map(|member| key(*member)).collect(),
        distances: group.distances,
    };
    Ok(groups.into_iter().map(of).collect())
}

fn answer(py: Python<'_>, answer: perceptual::Answer) -> PyResult<Bound<'_, PyAny>> {
    static ANSWER: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let matches: Vec<Match> = answer.matches.into_iter().map(Match).collect();
    ANSWER.import(py, "forensic._answer", "Answer")?.call1((matches, answer.asked, answer.gated))
}

fn key_of(key: &Bound<'_, PyAny>) -> PyResult<Key> {
    match key.cast::<PyString>() {
        Ok(text) => Ok(Key::Text(text.to_string())),
        Err(_) => key.extract().map(Key::Number),
    }
}

/// An ImageHash, or bytes of an algorithm.
fn hash_of(hash: &Bound<'_, PyAny>, algorithm: Algorithm) -> PyResult<perceptual::ImageHash> {
    match hash.cast::<ImageHash>() {
        Ok(hash) => Ok(hash.get().0.clone()),
        Err(_) => Ok(perceptual::ImageHash::from_parts(algorithm, bytes_of(hash)?.to_vec(), None)),
    }
}

fn hashes_of(hashes: &Bound<'_, PyAny>, algorithm: Algorithm) -> PyResult<Vec<perceptual::ImageHash>> {
    if hashes.hasattr("__array_interface__")? {
        let view = memory_view(hashes)?;
        let (shape, format): (Vec<usize>, String) =
            (view.getattr("shape")?.extract()?, view.getattr("format")?.extract()?);
        return match *shape {
            [_, width] if format == "B" && width > 0 => {
                let of = |row: &[u8]| perceptual::ImageHash::from_parts(algorithm, row, None);
                Ok(bytes_of(hashes)?.chunks_exact(width).map(of).collect())
            }
            _ => Err(PyValueError::new_err("expected an array uint8 of shape (number of hashes, bytes of a hash)")),
        };
    }
    let list = match arrow_array(hashes)? {
        Some(array) => array.call_method0("to_pylist")?,
        None => hashes.clone(),
    };
    list.try_iter()?.map(|hash| hash_of(&hash?, algorithm)).collect()
}
