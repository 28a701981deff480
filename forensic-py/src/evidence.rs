//! Evidence: a disk image in any container, opened read-only.

use crate::{
    error::OrRaise,
    extent::{self, Extent},
    filesystem::FileSystem,
    issue::{self, Issue},
    limits::limits_of,
    progress,
    source::{path_of, source_of},
    stream::stream,
    verification::Verification,
    volume::Volume,
};
use forensic_core::{
    bytes::{Source, Unreadable},
    evidence::{self, OpenOptions},
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyList, PyTuple},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// A medium under examination; made by `forensic.open`. All its methods may be called from many threads.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Evidence {
    /// None once closed.
    inner: Mutex<Option<evidence::Evidence>>,
    /// The files it was opened from, as the caller named them.
    paths: Vec<PathBuf>,
}

/// Opens a disk image read-only. The container is found by its content, never by its name.
///
/// `path` is a str or os.PathLike (further segments are found beside it), a list of the paths of all segments, a
/// seekable binary file object (which stays open), or bytes. Where the medium cannot be read, `unreadable="raise"` makes
/// the read fail, "zero" gives zeros and records the range in `Evidence.unreadable_ranges`. `limits` is a `Limits` or a
/// dict of bounds.
///
/// Raises OSError where a file cannot be opened, CorruptError for a damaged container, UnsupportedError for one that is
/// recognised but not read.
#[pyfunction]
#[pyo3(signature = (path, *, unreadable = "raise", limits = None))]
pub(crate) fn open(path: &Bound<'_, PyAny>, unreadable: &str, limits: Option<&Bound<'_, PyAny>>) -> PyResult<Evidence> {
    let policy = match unreadable {
        "raise" => Unreadable::Raise,
        "zero" => Unreadable::Zero,
        other => return Err(PyValueError::new_err(format!("unreadable must be 'raise' or 'zero', not {other:?}"))),
    };
    let options = OpenOptions::new().unreadable(policy).limits(limits_of(limits)?);
    let opened = match place_of(path)? {
        Place::File(file) => (path.py().detach(|| options.open(&file)), vec![file]),
        Place::Segments(files) => (path.py().detach(|| options.open_segments(&files)), files),
        Place::Source(source) => (path.py().detach(|| options.open_source(source)), Vec::new()),
    };
    Ok(Evidence { inner: Mutex::new(Some(opened.0.or_raise(path.py())?)), paths: opened.1 })
}

/// Where evidence is to be found.
enum Place {
    File(PathBuf),
    Segments(Vec<PathBuf>),
    Source(Source),
}

fn place_of(argument: &Bound<'_, PyAny>) -> PyResult<Place> {
    if let Some(path) = path_of(argument)? {
        return Ok(Place::File(path));
    }
    if argument.is_instance_of::<PyList>() || argument.is_instance_of::<PyTuple>() {
        return argument.extract().map(Place::Segments);
    }
    source_of(argument).map(Place::Source)
}

impl Evidence {
    pub(crate) fn inner(&self) -> PyResult<evidence::Evidence> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clone().ok_or_else(|| PyValueError::new_err("the evidence is closed"))
    }

    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }
}

/// Refuses to write over one of the files that evidence was opened from.
pub(crate) fn refuse_evidence(py: Python<'_>, output: &Path, evidence: &[PathBuf]) -> PyResult<()> {
    static SAME_FILE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let same_file = SAME_FILE.import(py, "os.path", "samefile")?;
    for file in evidence.iter().filter(|file| output.exists() && file.exists()) {
        if same_file.call1((output.as_os_str(), file.as_os_str()))?.is_truthy()? {
            return Err(PyValueError::new_err(format!("{output:?} is the evidence and is not written to")));
        }
    }
    Ok(())
}

#[pymethods]
impl Evidence {
    /// The container: "raw", "split", "ewf". Bytes of no known container are "raw".
    #[getter]
    fn format(&self) -> PyResult<&'static str> {
        Ok(self.inner()?.format())
    }

    /// Bytes of the medium.
    #[getter]
    fn size(&self) -> PyResult<u64> {
        Ok(self.inner()?.size())
    }

    /// Bytes a sector, as the container says, otherwise 512.
    #[getter]
    fn sector_size(&self) -> PyResult<u32> {
        Ok(self.inner()?.sector_size())
    }

    /// What the container says about the case and the acquisition.
    #[getter]
    fn metadata(&self) -> PyResult<BTreeMap<String, String>> {
        Ok(self.inner()?.metadata().clone())
    }

    /// Digests stored at acquisition: {"md5": "…", "sha1": "…"}, hex in lower case.
    #[getter]
    fn stored_hashes(&self) -> PyResult<BTreeMap<String, String>> {
        Ok(self.inner()?.stored_hashes().clone())
    }

    /// Ranges that could not be read: at acquisition, and since, where unreadable="zero" gave zeros.
    #[getter]
    fn unreadable_ranges(&self, py: Python<'_>) -> PyResult<Vec<Extent>> {
        let evidence = self.inner()?;
        Ok(extent::list(py.detach(|| evidence.unreadable_ranges())))
    }

    /// What was passed over in the container and the partition tables so far.
    #[getter]
    fn issues(&self, py: Python<'_>) -> PyResult<Vec<Issue>> {
        let evidence = self.inner()?;
        Ok(issue::list(&py.detach(|| evidence.issues())))
    }

    /// Reads the whole medium and compares its digests with those stored at acquisition. Bytes that cannot be read are
    /// reported and do not end it. `progress(done, total)` counts bytes; returning False raises CancelledError.
    #[pyo3(signature = (progress = None))]
    fn verify(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<Verification> {
        let evidence = self.inner()?;
        progress::run(py, progress, |watch| evidence.verify(watch)).map(Verification)
    }

    /// A stream over the whole medium.
    fn stream<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        stream(py, self.inner()?.stream())
    }

    /// The volumes of the medium and the gaps between them, in medium order. A bare filesystem is one volume with the
    /// scheme "none".
    fn volumes(&self, py: Python<'_>) -> PyResult<Vec<Volume>> {
        let evidence = self.inner()?;
        let volumes = py.detach(|| evidence.volumes().to_vec());
        Ok(volumes.into_iter().map(|inner| Volume { inner, evidence: evidence.clone() }).collect())
    }

    /// The filesystem of every volume that has one this library reads; one that cannot be opened is an issue.
    fn filesystems(&self, py: Python<'_>) -> PyResult<Vec<FileSystem>> {
        let evidence = self.inner()?;
        let filesystems = py.detach(|| evidence.filesystems());
        Ok(filesystems.into_iter().map(|inner| FileSystem { inner, medium_size: evidence.size() }).collect())
    }

    /// Lets go of the evidence. What was made from it (volumes, filesystems, entries, streams) works as long as it is
    /// kept, and keeps the files open.
    fn close(&self, py: Python<'_>) {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| drop(inner));
    }

    /// True after `close`.
    #[getter]
    fn closed(&self) -> bool {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyResult<PyRef<'_, Self>> {
        slf.inner()?;
        Ok(slf)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.close(py);
    }

    fn __repr__(&self) -> String {
        match self.inner() {
            Ok(evidence) => format!("<Evidence {} {} bytes>", evidence.format(), evidence.size()),
            Err(_) => "<Evidence closed>".to_owned(),
        }
    }
}
