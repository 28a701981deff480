//! Digests of streams, all asked-for algorithms in one pass.

use crate::{
    error::OrRaise,
    progress,
    source::{bytes_of, path_of, source_of},
};
use forensic_core::{
    bytes::{FileSource, Source},
    hash::{self, Algorithm},
};
use pyo3::{
    exceptions::{PyKeyError, PyValueError},
    prelude::*,
    types::{PyIterator, PyString},
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// Sources of more bytes than this are read ahead by other threads.
const READ_AHEAD_FROM: u64 = 8 << 20;

/// Sources of `hash_many` that are hashed between two looks at Ctrl-C.
const SOURCES_AT_ONCE: usize = 1024;

/// Algorithms by name: a name or an iterable of names.
pub(crate) struct Algorithms(pub(crate) Vec<Algorithm>);

impl Algorithms {
    pub(crate) fn recorded() -> Self {
        Self(Algorithm::RECORDED.to_vec())
    }
}

impl<'py> FromPyObject<'_, 'py> for Algorithms {
    type Error = PyErr;

    fn extract(argument: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if argument.is_instance_of::<PyString>() {
            return Ok(Self(vec![algorithm_of(&argument)?]));
        }
        argument.try_iter()?.map(|name| algorithm_of(&name?)).collect::<PyResult<_>>().map(Self)
    }
}

fn algorithm_of(name: &Bound<'_, PyAny>) -> PyResult<Algorithm> {
    let text: String = name.extract()?;
    text.parse().or_raise(name.py())
}

/// The number of threads an argument asks for.
pub(crate) fn threads_of(threads: Option<usize>) -> PyResult<Option<usize>> {
    match threads {
        Some(0) => Err(PyValueError::new_err("threads must be at least 1")),
        threads => Ok(threads),
    }
}

/// Digests of a whole source in one pass.
///
/// `source` is a path, bytes, a seekable binary file object, a Stream, or an Entry (its main stream). Algorithms: "md5",
/// "sha1", "sha256", "blake3", "sha512", "sha3-256", "crc32", "ed2k"; an unknown name is a ValueError.
#[pyfunction]
#[pyo3(
    name = "hash",
    signature = (source, algorithms = Algorithms::recorded()),
    text_signature = "(source, algorithms=('md5', 'sha1', 'sha256', 'blake3'))"
)]
pub(crate) fn hash_source(source: &Bound<'_, PyAny>, algorithms: Algorithms) -> PyResult<Digests> {
    let py = source.py();
    let source = source_of(source)?;
    let readers = if source.len() < READ_AHEAD_FROM { 0 } else { 2 };
    progress::run(py, None, |watch| hash::hash_with(&source, &algorithms.0, readers, watch)).map(Digests)
}

/// Digests of many sources, in their order, on `threads` threads (None: as many as the machine runs at once): the fast
/// way for many files. Sources as for `hash`; one that cannot be read raises.
#[pyfunction]
#[pyo3(
    signature = (sources, algorithms = Algorithms::recorded(), *, threads = None),
    text_signature = "(sources, algorithms=('md5', 'sha1', 'sha256', 'blake3'), *, threads=None)"
)]
pub(crate) fn hash_many(
    sources: &Bound<'_, PyAny>,
    algorithms: Algorithms,
    threads: Option<usize>,
) -> PyResult<Vec<Digests>> {
    let py = sources.py();
    let threads = threads_of(threads)?;
    let mut remaining = sources.try_iter()?;
    let mut digests = Vec::new();
    loop {
        // In portions, so that Ctrl-C is heard.
        let portion = remaining.by_ref().take(SOURCES_AT_ONCE).map(|source| Item::new(&source?));
        let portion: Vec<Item> = portion.collect::<PyResult<_>>()?;
        if portion.is_empty() {
            return Ok(digests);
        }
        for result in py.detach(|| hash::hash_each(&portion, Item::open, &algorithms.0, threads)) {
            digests.push(Digests(result.or_raise(py)?));
        }
        py.check_signals()?;
    }
}

/// A source of `hash_many`: files are opened when their turn comes, as there may be more of them than can be open at once.
enum Item {
    File(PathBuf),
    Source(Source),
}

impl Item {
    fn new(argument: &Bound<'_, PyAny>) -> PyResult<Self> {
        match path_of(argument)? {
            Some(path) => Ok(Self::File(path)),
            None => source_of(argument).map(Self::Source),
        }
    }

    fn open(&self) -> forensic_core::Result<Source> {
        match self {
            Self::File(path) => Ok(Arc::new(FileSource::open(path)?)),
            Self::Source(source) => Ok(source.clone()),
        }
    }
}

/// Computes digests of bytes given piece by piece.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Hasher(Mutex<hash::Hasher>);

#[pymethods]
impl Hasher {
    #[new]
    #[pyo3(
        signature = (algorithms = Algorithms::recorded()),
        text_signature = "(algorithms=('md5', 'sha1', 'sha256', 'blake3'))"
    )]
    fn new(algorithms: Algorithms) -> Self {
        Self(Mutex::new(hash::Hasher::new(&algorithms.0)))
    }

    /// Takes the next bytes.
    fn update(&self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let bytes = bytes_of(data)?;
        data.py().detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).update(&bytes));
        Ok(())
    }

    /// The digests of all bytes given so far.
    fn digests(&self, py: Python<'_>) -> Digests {
        Digests(py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().finish()))
    }
}

/// The digests of one stream; those that were asked for. `dict(digests)` has them by name.
#[pyclass(module = "forensic", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Digests(pub(crate) hash::Digests);

#[pymethods]
impl Digests {
    /// MD5 in lower-case hex, or None.
    #[getter]
    fn md5(&self) -> Option<String> {
        self.0.hex(Algorithm::Md5)
    }

    /// SHA-1 in lower-case hex, or None.
    #[getter]
    fn sha1(&self) -> Option<String> {
        self.0.hex(Algorithm::Sha1)
    }

    /// SHA-256 in lower-case hex, or None.
    #[getter]
    fn sha256(&self) -> Option<String> {
        self.0.hex(Algorithm::Sha256)
    }

    /// BLAKE3 in lower-case hex, or None.
    #[getter]
    fn blake3(&self) -> Option<String> {
        self.0.hex(Algorithm::Blake3)
    }

    /// SHA-512 in lower-case hex, or None.
    #[getter]
    fn sha512(&self) -> Option<String> {
        self.0.hex(Algorithm::Sha512)
    }

    /// SHA3-256 in lower-case hex, or None.
    #[getter]
    fn sha3_256(&self) -> Option<String> {
        self.0.hex(Algorithm::Sha3_256)
    }

    /// CRC-32 as ZIP and gzip have it, in lower-case hex, or None.
    #[getter]
    fn crc32(&self) -> Option<String> {
        self.0.hex(Algorithm::Crc32)
    }

    /// ED2K in lower-case hex, or None. Where the size is a multiple of a chunk of 9,728,000 bytes, an empty chunk stands
    /// behind the last one, as eMule has it.
    #[getter]
    fn ed2k(&self) -> Option<String> {
        self.0.hex(Algorithm::Ed2k)
    }

    /// The names of the digests that were asked for.
    fn keys(&self) -> Vec<&'static str> {
        let asked = Algorithm::ALL.into_iter().filter(|algorithm| self.0.get(*algorithm).is_some());
        asked.map(Algorithm::as_str).collect()
    }

    fn __getitem__(&self, name: &str) -> PyResult<String> {
        let digest = name.parse().ok().and_then(|algorithm| self.0.hex(algorithm));
        digest.ok_or_else(|| PyKeyError::new_err(name.to_owned()))
    }

    fn __contains__(&self, name: &str) -> bool {
        self.__getitem__(name).is_ok()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.keys().into_pyobject(py)?.try_iter()
    }

    fn __len__(&self) -> usize {
        self.keys().len()
    }

    fn __repr__(&self) -> String {
        let digests =
            self.keys().into_iter().map(|name| format!("{name}={}", self.__getitem__(name).unwrap_or_default()));
        format!("<Digests {}>", digests.collect::<Vec<_>>().join(" "))
    }
}
