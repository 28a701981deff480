//! Filesystems: listings, lookup by path, unallocated space, and the second reader's opinion.

use crate::{
    entry::Entry,
    error::OrRaise,
    issue::{self, Issue},
    stream::stream,
};
use forensic_core::{
    filesystem::{self, WalkOptions},
    report::Bodyfile,
};
use pyo3::{prelude::*, types::PyFrozenSet};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// A filesystem on a volume, live and deleted. All its methods may be called from many threads.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct FileSystem {
    pub(crate) inner: Arc<dyn filesystem::FileSystem>,
    pub(crate) medium_size: u64,
}

#[pymethods]
impl FileSystem {
    /// "fat12", "fat16", "fat32", "ntfs", "hfsplus", "apfs".
    #[getter]
    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    /// The volume label; "" where there is none.
    #[getter]
    fn label(&self, py: Python<'_>) -> String {
        py.detach(|| self.inner.label())
    }

    /// The volume serial number as the system prints it, in lower-case hex; "" where there is none.
    #[getter]
    fn serial(&self, py: Python<'_>) -> String {
        py.detach(|| self.inner.serial())
    }

    /// Byte offset of the filesystem on the medium.
    #[getter]
    fn offset(&self) -> u64 {
        self.inner.offset()
    }

    /// Bytes the filesystem says it spans.
    #[getter]
    fn size(&self) -> u64 {
        self.inner.size()
    }

    /// Bytes a cluster.
    #[getter]
    fn cluster_size(&self) -> u32 {
        self.inner.cluster_size()
    }

    /// What this reader can tell ("deleted", "extents", "slack", "streams", …), so that "none found" and "not
    /// implemented" differ.
    #[getter]
    fn caps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyFrozenSet>> {
        PyFrozenSet::new(py, self.inner.caps().iter().map(|cap| cap.as_str()))
    }

    /// What could not be read so far, in order of offset.
    #[getter]
    fn issues(&self, py: Python<'_>) -> Vec<Issue> {
        issue::list(&py.detach(|| self.inner.issues()))
    }

    /// Number of entries: the positions `walk` goes through. The first call reads all metadata.
    #[getter]
    fn entry_count(&self, py: Python<'_>) -> u64 {
        py.detach(|| self.inner.entry_count())
    }

    /// Iterates over all entries, the root's children first, then theirs, level by level, orphans last; always in the same
    /// order. With deleted=False only live ones. `start` is the `cursor` of an earlier walk to go on from; with `end`, the
    /// positions 0 to `entry_count` can be split over threads. A bad entry never ends it: see `issues`.
    #[pyo3(signature = (*, deleted = true, start = 0, end = None))]
    fn walk(&self, deleted: bool, start: u64, end: Option<u64>) -> Walk {
        let walk = self.inner.walk(WalkOptions { deleted, start, end: end.unwrap_or(u64::MAX) });
        Walk { inner: Mutex::new(walk), medium_size: self.medium_size }
    }

    /// The entry with this path ("/DCIM/IMG_1.JPG"); of several, the live one.
    ///
    /// Raises LookupError where there is none.
    fn entry(&self, py: Python<'_>, path: &str) -> PyResult<Entry> {
        let inner = py.detach(|| self.inner.entry(path)).or_raise(py)?;
        Ok(Entry { inner, medium_size: self.medium_size })
    }

    /// A stream over all unallocated clusters, in volume order; its `extents` tell where they are.
    fn unallocated<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let source = py.detach(|| self.inner.unallocated()).or_raise(py)?;
        stream(py, source)
    }

    /// A stream over the volume slack: the bytes of the volume behind the end of the filesystem.
    fn slack<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        stream(py, py.detach(|| self.inner.slack()))
    }

    /// Writes the timeline into a new file, as a bodyfile (version 3) that mactime reads. `prefix` is put before every
    /// path. `utc_offset` is how many seconds local time was ahead of UTC on the machine that wrote the medium, for
    /// filesystems that store local time.
    #[pyo3(signature = (path, *, prefix = "", utc_offset = 0))]
    fn write_bodyfile(&self, py: Python<'_>, path: PathBuf, prefix: &str, utc_offset: i32) -> PyResult<()> {
        let bodyfile = Bodyfile { prefix: prefix.to_owned(), utc_offset };
        py.detach(|| bodyfile.write_file(std::slice::from_ref(&self.inner), path)).or_raise(py)
    }

    /// Reads the volume with an independent second reader and compares the live listing and contents.
    ///
    /// Raises UnsupportedError where there is no second reader for this filesystem.
    fn cross_check(&self, py: Python<'_>) -> PyResult<CrossCheck> {
        py.detach(|| self.inner.cross_check()).or_raise(py).map(CrossCheck)
    }

    fn __repr__(&self) -> String {
        format!("<FileSystem {} offset={} size={}>", self.inner.kind(), self.inner.offset(), self.inner.size())
    }
}

/// Iterates over the entries of a filesystem. Threads may share it: each entry is given once.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Walk {
    inner: Mutex<filesystem::Walk>,
    medium_size: u64,
}

#[pymethods]
impl Walk {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> Option<Entry> {
        let next = py.detach(|| self.inner.lock().unwrap_or_else(PoisonError::into_inner).next());
        next.map(|inner| Entry { inner, medium_size: self.medium_size })
    }

    /// The position to resume at: `fs.walk(start=cursor)`.
    #[getter]
    fn cursor(&self, py: Python<'_>) -> u64 {
        py.detach(|| self.inner.lock().unwrap_or_else(PoisonError::into_inner).cursor())
    }
}

/// What a second, independent reader makes of the same volume.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct CrossCheck(filesystem::CrossCheck);

#[pymethods]
impl CrossCheck {
    /// True where both readers say the same, but for differences explained by a known limit of the second reader.
    #[getter]
    fn agrees(&self) -> bool {
        self.0.agrees()
    }

    /// The second reader and its version.
    #[getter]
    fn reader(&self) -> &str {
        &self.0.reader
    }

    /// Live entries compared.
    #[getter]
    fn compared(&self) -> u64 {
        self.0.compared
    }

    /// Every disagreement, in order of path.
    #[getter]
    fn differences(&self) -> Vec<Difference> {
        self.0.differences.iter().cloned().map(Difference).collect()
    }

    fn __repr__(&self) -> String {
        let Self(check) = self;
        format!(
            "<CrossCheck by {}: {} compared, {} differences>",
            check.reader,
            check.compared,
            check.differences.len()
        )
    }
}

/// A disagreement between two readers.
#[pyclass(module = "forensic", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct Difference(filesystem::Difference);

#[pymethods]
impl Difference {
    /// The path concerned.
    #[getter]
    fn path(&self) -> &str {
        &self.0.path
    }

    /// What differs: "missing", "extra", "size", "content", "error".
    #[getter]
    fn what(&self) -> &'static str {
        self.0.what
    }

    /// What this library says.
    #[getter]
    fn ours(&self) -> &str {
        &self.0.ours
    }

    /// What the second reader says.
    #[getter]
    fn theirs(&self) -> &str {
        &self.0.theirs
    }

    /// Where the second reader is known to be wrong, the reason; "" otherwise.
    #[getter]
    fn known_limit(&self) -> &'static str {
        self.0.known_limit
    }

    fn __repr__(&self) -> String {
        let filesystem::Difference { path, what, ours, theirs, .. } = &self.0;
        format!("<Difference {what} {path:?}: ours {ours}, theirs {theirs}>")
    }
}
