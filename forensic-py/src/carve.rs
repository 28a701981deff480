//! Carving: files found by their structure alone.

use crate::{
    entry::Entry,
    error::OrRaise,
    evidence::Evidence,
    extent::{self, Extent},
    filesystem::FileSystem,
    hash::threads_of,
    issue::{self, Issue},
    limits::limits_of,
    progress,
    source::{path_of, source_of},
    stream,
};
use forensic_core::{
    Limits,
    bytes::Source,
    carve::{self, Options},
    evidence,
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::PyBytes,
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Finds files by their structure, at every byte offset, and gives them in order of offset; what lies inside another is in
/// its `children`.
///
/// `source` is Evidence, a FileSystem (its volume), a path of an image in any container, or a Stream, an Entry, bytes or a
/// binary file, carved as they are. `within` "unallocated" looks only where no file in use is (of Evidence, a FileSystem or
/// a path). `types` are the types reported, of `carve_types()`; a file begins at a multiple of `align` bytes; `nested` gives
/// each child once more as a file of its own; `cluster_size` helps to join fragments and is taken from a FileSystem,
/// or, for unallocated space of Evidence, from its filesystems where they agree. The files are the same on any number of
/// `threads`. `progress(done, total)` counts bytes; returning False raises CancelledError.
#[pyfunction]
#[pyo3(
    name = "carve",
    signature = (source, *, types = None, within = "all", align = 1, nested = false, cluster_size = None, threads = None,
                 limits = None, progress = None),
    text_signature = "(source, *, types=None, within='all', align=1, nested=False, cluster_size=None, threads=None, \
                      limits=None, progress=None)"
)]
#[allow(clippy::too_many_arguments)]
pub(crate) fn run(
    source: &Bound<'_, PyAny>,
    types: Option<Vec<String>>,
    within: &str,
    align: u64,
    nested: bool,
    cluster_size: Option<u64>,
    threads: Option<usize>,
    limits: Option<&Bound<'_, PyAny>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Carving> {
    let py = source.py();
    let only_unallocated = match within {
        "all" => false,
        "unallocated" => true,
        other => return Err(PyValueError::new_err(format!("within is \"all\" or \"unallocated\", not {other:?}"))),
    };
    let limits = limits_of(limits)?;
    let mut options = Options::default().align(align).nested(nested).limits(limits.clone());
    if let Some(types) = types {
        options = options.types(types);
    }
    if let Some(threads) = threads_of(threads)? {
        options = options.threads(threads);
    }
    let of_filesystem = source.cast::<FileSystem>().ok().map(|filesystem| filesystem.get().inner.cluster_size());
    if let Some(cluster_size) = cluster_size.or(of_filesystem.map(u64::from)) {
        options = options.cluster_size(cluster_size);
    }
    let (source, options) = space_of(source, only_unallocated, limits, options)?;
    let carving = progress::run(py, progress, |watch| carve::carve(&source, &options, watch))?;
    Ok(Carving { files: carving.files, next: AtomicUsize::new(0), issues: carving.issues })
}

/// What is carved, and the options with what is known of its clusters.
fn space_of(
    argument: &Bound<'_, PyAny>,
    only_unallocated: bool,
    limits: Limits,
    options: Options,
) -> PyResult<(Source, Options)> {
    let py = argument.py();
    if let Ok(filesystem) = argument.cast::<FileSystem>() {
        let filesystem = &filesystem.get().inner;
        let source = match only_unallocated {
            true => py.detach(|| filesystem.unallocated()).or_raise(py)?,
            false => filesystem.volume().clone(),
        };
        return Ok((source, options));
    }
    let evidence = match argument.cast::<Evidence>() {
        Ok(evidence) => Some(evidence.get().inner()?),
        Err(_) => match path_of(argument)? {
            Some(path) => {
                let open = || evidence::OpenOptions::new().limits(limits).open(path);
                Some(py.detach(open).or_raise(py)?)
            }
            None => None,
        },
    };
    match evidence {
        Some(evidence) if only_unallocated => {
            let (source, options) = py.detach(|| (carve::unallocated(&evidence), options.clusters_of(&evidence)));
            Ok((source.or_raise(py)?, options))
        }
        Some(evidence) => Ok((evidence.stream(), options)),
        None if only_unallocated => {
            Err(PyTypeError::new_err("within=\"unallocated\" needs Evidence, a FileSystem or a path"))
        }
        None => Ok((source_of(argument)?, options)),
    }
}

/// The types that can be carved, in alphabetical order.
#[pyfunction]
pub(crate) fn carve_types() -> Vec<&'static str> {
    carve::types()
}

/// Iterates over the files found, in order of offset. `len()` tells how many there are in all.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Carving {
    files: Vec<carve::Carved>,
    next: AtomicUsize,
    issues: Vec<forensic_core::Issue>,
}

#[pymethods]
impl Carving {
    /// What could not be read of the source.
    #[getter]
    fn issues(&self) -> Vec<Issue> {
        issue::list(&self.issues)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self) -> Option<Carved> {
        self.files.get(self.next.fetch_add(1, Ordering::Relaxed)).cloned().map(Carved)
    }

    fn __len__(&self) -> usize {
        self.files.len()
    }

    fn __repr__(&self) -> String {
        format!("<Carving {} files>", self.files.len())
    }
}

/// A file found by its structure.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Carved(pub(crate) carve::Carved);

#[pymethods]
impl Carved {
    /// The type of its content: "jpeg", "docx", "mp4".
    #[getter]
    fn r#type(&self) -> &'static str {
        self.0.kind
    }

    /// Byte offset of its start on the medium.
    #[getter]
    fn offset(&self) -> u64 {
        self.0.offset()
    }

    /// Bytes.
    #[getter]
    fn size(&self) -> u64 {
        self.0.size
    }

    /// Where its bytes lie on the medium, in the order of the file.
    #[getter]
    fn extents(&self) -> Vec<Extent> {
        extent::list(self.0.extents())
    }

    /// "complete", "fragmented" (whole, in more than one piece), "truncated" (a prefix is there) or "damaged" (its length is
    /// there, some bytes are not).
    #[getter]
    fn status(&self) -> &'static str {
        self.0.status.as_str()
    }

    /// 0 to 100: how sure it is that these bytes are one file of this type.
    #[getter]
    fn confidence(&self) -> u8 {
        self.0.confidence
    }

    /// The first byte known to be wrong or missing, counted from the start of the file; None where there is none.
    #[getter]
    fn damaged_at(&self) -> Option<u64> {
        self.0.damaged_at
    }

    /// Files inside this one (a thumbnail, a member, a frame), in order of offset.
    #[getter]
    fn children(&self) -> Vec<Self> {
        self.0.children.iter().cloned().map(Self).collect()
    }

    /// Its bytes as a file object.
    fn open<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        stream::stream(py, self.0.open())
    }

    /// All its bytes.
    fn read<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        stream::read(py, &self.0.open(), 0, self.0.size)
    }

    fn __repr__(&self) -> String {
        let carve::Carved { kind, size, status, .. } = &self.0;
        format!("<Carved {kind} {} at {} {size} bytes>", status.as_str(), self.0.offset())
    }
}

/// The bytes of an entry's main stream or of a carved file, where the argument is one.
pub(crate) fn content_of(argument: &Bound<'_, PyAny>) -> PyResult<Option<Source>> {
    if let Ok(entry) = argument.cast::<Entry>() {
        return entry.get().inner.open("").or_raise(argument.py()).map(Some);
    }
    Ok(argument.cast::<Carved>().ok().map(|carved| carved.get().0.open()))
}
