//! Entries: names in a filesystem, with all that is known of the files behind them.

use crate::{
    error::{LimitError, OrRaise},
    extent::{self, Extent},
    issue::{self, Issue},
    stream::{self, stream},
    timestamp::{Timestamp, datetime},
};
use forensic_core::{
    filesystem::{self, TimestampKind, Value},
    report::Bodyfile,
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};

/// `read` gives back more bytes than this many times the medium only as a stream: a few bytes of metadata can claim exabytes.
const MOST_EXPANSION: u64 = 16;
/// What is always read into memory.
const MOST_UNASKED: u64 = 1 << 30;

/// A name in a filesystem, with all that is known of the file behind it. Self-contained: it can be read as long as it is
/// kept, from any thread.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Entry {
    pub(crate) inner: filesystem::Entry,
    pub(crate) medium_size: u64,
}

#[pymethods]
impl Entry {
    /// The path as text, from the root. What is no text, and "/" or NUL inside a name, is U+FFFD. A name may be ".." on
    /// hostile media: never join a path to a path of your own unchecked.
    #[getter]
    fn path(&self) -> &str {
        &self.inner.path
    }

    /// The last part of the path; "" where the name is lost.
    #[getter]
    fn name(&self) -> &str {
        &self.inner.name
    }

    /// The name as stored: UTF-16LE for NTFS and FAT long names, the volume's code page for FAT short names.
    #[getter]
    fn name_bytes(&self) -> &[u8] {
        &self.inner.name_bytes
    }

    /// MFT record or inode number; position of a FAT or exFAT directory entry as its byte offset in the volume / 32.
    #[getter]
    fn id(&self) -> u64 {
        self.inner.id
    }

    /// `id` of the directory; None where it is not known.
    #[getter]
    fn parent_id(&self) -> Option<u64> {
        self.inner.parent_id
    }

    /// "file", "directory", "symlink" or "other".
    #[getter]
    fn kind(&self) -> &'static str {
        self.inner.kind.as_str()
    }

    /// "allocated", "deleted", "orphan" (deleted, and so is its directory) or "unlisted" (in use, but in no directory).
    #[getter]
    fn status(&self) -> &'static str {
        self.inner.status.as_str()
    }

    /// How much of the content can be given back: "intact", "partial", "overwritten" or "unknown"; None for a live entry.
    #[getter]
    fn recoverability(&self) -> Option<&'static str> {
        self.inner.recoverability.map(|grade| grade.as_str())
    }

    /// Why `recoverability` says what it says; "" for a live entry.
    #[getter]
    fn recoverability_reason(&self) -> &str {
        &self.inner.recoverability_reason
    }

    /// Where a symbolic link leads; None for anything else.
    #[getter]
    fn target(&self) -> Option<&str> {
        self.inner.target.as_deref()
    }

    /// Bytes of the main stream; 0 for a directory without one.
    #[getter]
    fn size(&self) -> u64 {
        self.inner.size
    }

    /// When it came to be on this volume: aware (UTC) where the filesystem stores UTC, naive where it stores local time.
    #[getter]
    fn created<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.time(py, TimestampKind::Created)
    }

    /// When its content last changed; as `created`.
    #[getter]
    fn modified<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.time(py, TimestampKind::Modified)
    }

    /// When it was last read; as `created`.
    #[getter]
    fn accessed<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.time(py, TimestampKind::Accessed)
    }

    /// When its metadata last changed; as `created`.
    #[getter]
    fn changed<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.time(py, TimestampKind::Changed)
    }

    /// Every time the filesystem stores, the preferred source first.
    #[getter]
    fn timestamps(&self) -> Vec<Timestamp> {
        self.inner.timestamps.iter().copied().map(Timestamp).collect()
    }

    /// The entry's lines of a bodyfile (version 3), which mactime reads; see `FileSystem.write_bodyfile`.
    #[pyo3(signature = (*, prefix = "", utc_offset = 0))]
    fn bodyfile(&self, prefix: &str, utc_offset: i32) -> String {
        Bodyfile { prefix: prefix.to_owned(), utc_offset }.lines(&self.inner)
    }

    /// What else the filesystem says: DOS flags, compressed, encrypted, …
    #[getter]
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let attributes = PyDict::new(py);
        for (name, value) in &self.inner.attributes {
            match value {
                Value::Bool(flag) => attributes.set_item(name, flag)?,
                Value::Int(number) => attributes.set_item(name, number)?,
                Value::Text(text) => attributes.set_item(name, text)?,
                Value::Bytes(bytes) => attributes.set_item(name, PyBytes::new(py, bytes))?,
            }
        }
        Ok(attributes)
    }

    /// The streams; the main one, named "", first, on every file.
    #[getter]
    fn streams(&self) -> Vec<StreamInfo> {
        self.inner.streams.iter().map(|stream| StreamInfo(stream.info.clone())).collect()
    }

    /// What could not be read of this entry.
    #[getter]
    fn issues(&self) -> Vec<Issue> {
        issue::list(&self.inner.issues)
    }

    /// Opens a stream as a file object; "" is the main one.
    ///
    /// Raises LookupError where there is no such stream, CorruptError or UnsupportedError where its bytes cannot be had.
    #[pyo3(signature = (stream = ""))]
    fn open<'py>(&self, py: Python<'py>, stream: &str) -> PyResult<Bound<'py, PyAny>> {
        let source = self.inner.open(stream).or_raise(py)?;
        crate::stream::stream(py, source)
    }

    /// All bytes of a stream.
    ///
    /// Raises what `open` raises, and LimitError for a stream of more bytes than the medium can hold: open it instead.
    #[pyo3(signature = (stream = ""))]
    fn read<'py>(&self, py: Python<'py>, stream: &str) -> PyResult<Bound<'py, PyBytes>> {
        let source = self.inner.open(stream).or_raise(py)?;
        let size = source.len();
        if size > MOST_UNASKED.max(self.medium_size.saturating_mul(MOST_EXPANSION)) {
            return Err(LimitError::new_err(format!(
                "the stream says it has {size} bytes, more than the medium can hold"
            )));
        }
        stream::read(py, &source, 0, size)
    }

    /// Where a stream lies on the medium.
    #[pyo3(signature = (stream = ""))]
    fn extents(&self, py: Python<'_>, stream: &str) -> PyResult<Vec<Extent>> {
        py.detach(|| self.inner.extents(stream)).or_raise(py).map(extent::list)
    }

    /// A stream over the bytes between the end of the file and the end of its last cluster; empty where there are none.
    fn slack<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        stream(py, self.inner.slack())
    }

    fn __repr__(&self) -> String {
        let filesystem::Entry { path, kind, status, size, .. } = &self.inner;
        format!("<Entry {path:?} {} {} {size} bytes>", status.as_str(), kind.as_str())
    }
}

impl Entry {
    fn time<'py>(&self, py: Python<'py>, kind: TimestampKind) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.inner.time(kind).map_or(Ok(None), |time| datetime(py, time))
    }
}

/// What is known of a stream without reading it.
#[pyclass(module = "forensic", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct StreamInfo(filesystem::StreamInfo);

#[pymethods]
impl StreamInfo {
    /// Its name; "" is the main stream.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Bytes.
    #[getter]
    fn size(&self) -> u64 {
        self.0.size
    }

    /// True where the content lies inside the metadata record.
    #[getter]
    fn resident(&self) -> bool {
        self.0.resident
    }

    /// True where the content is stored compressed.
    #[getter]
    fn compressed(&self) -> bool {
        self.0.compressed
    }

    /// True where parts are not stored and read as zeros.
    #[getter]
    fn sparse(&self) -> bool {
        self.0.sparse
    }

    fn __repr__(&self) -> String {
        format!("<StreamInfo {:?} {} bytes>", self.0.name, self.0.size)
    }
}
