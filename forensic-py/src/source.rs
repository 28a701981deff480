//! What a `source` argument may be: a path, bytes, a file object, a stream, an entry, a carved file,
//! evidence.

use crate::{
    carve::content_of,
    error::OrRaise,
    evidence::Evidence,
    stream::{StreamHandle, is_stream},
};
use forensic_core::{
    Error, Result,
    bytes::{Cached, FileSource, ReadAt, Source},
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    pybacked::PyBackedBytes,
    sync::PyOnceLock,
    types::{PyBytes, PyString},
};
use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes of a Python file object kept in memory.
const FILE_OBJECT_CACHE: u64 = 16 << 20;

/// The bytes an argument stands for.
pub(crate) fn source_of(argument: &Bound<'_, PyAny>) -> PyResult<Source> {
    let py = argument.py();
    if is_stream(argument)? {
        let handle = argument.call_method0("_native")?;
        return Ok(handle.cast::<StreamHandle>()?.get().source.clone());
    }
    if let Some(content) = content_of(argument)? {
        return Ok(content);
    }
    if let Ok(evidence) = argument.cast::<Evidence>() {
        return Ok(evidence.get().inner()?.stream());
    }
    if let Some(path) = path_of(argument)? {
        return py.detach(|| FileSource::open(path)).map(|file| Arc::new(file) as Source).or_raise(py);
    }
    if !argument.is_instance_of::<PyBytes>() && argument.hasattr("read")? && argument.hasattr("seek")? {
        return file_object(argument);
    }
    Ok(Arc::new(Memory(bytes_of(argument)?)))
}

/// A path, where the argument is one: str or os.PathLike.
pub(crate) fn path_of(argument: &Bound<'_, PyAny>) -> PyResult<Option<PathBuf>> {
    if argument.is_instance_of::<PyString>() || argument.hasattr("__fspath__")? {
        return argument.extract().map(Some);
    }
    Ok(None)
}

/// Paths: a list (or any iterable) of them, or a single one.
pub(crate) fn paths_of(argument: &Bound<'_, PyAny>) -> PyResult<Vec<PathBuf>> {
    match path_of(argument)? {
        Some(path) => Ok(vec![path]),
        None => argument.try_iter()?.map(|path| path?.extract()).collect(),
    }
}

/// The bytes of a bytes-like object: those of `bytes` where they lie, others copied, as their owner may change them.
pub(crate) fn bytes_of(argument: &Bound<'_, PyAny>) -> PyResult<PyBackedBytes> {
    if let Ok(bytes) = argument.cast::<PyBytes>() {
        return Ok(bytes.clone().into());
    }
    let copied = memory_view(argument)?.call_method0("tobytes")?;
    Ok(copied.cast_into::<PyBytes>()?.into())
}

/// `memoryview(argument)`: the buffer protocol, which the stable interface of Python 3.9 does not give to Rust.
pub(crate) fn memory_view<'py>(argument: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static MEMORY_VIEW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = argument.py();
    MEMORY_VIEW.import(py, "builtins", "memoryview")?.call1((argument,)).map_err(|_| {
        let kind = argument.get_type().name().map_or_else(|_| "this object".to_owned(), |name| name.to_string());
        PyTypeError::new_err(format!(
            "expected a path, bytes, a binary file, a Stream, an Entry or a Carved file, not {kind}"
        ))
    })
}

/// `bytes`, read where Python keeps them.
struct Memory(PyBackedBytes);

impl ReadAt for Memory {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let out_of_bounds = || Error::OutOfBounds { offset, length: buf.len() as u64, size: self.len() };
        let start = usize::try_from(offset).map_err(|_| out_of_bounds())?;
        let end = start.checked_add(buf.len()).ok_or_else(out_of_bounds)?;
        let bytes = self.0.get(start..end).ok_or_else(out_of_bounds)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }
}

/// A seekable binary file object. It stays the caller's: it is neither closed nor, apart from its position, changed.
struct FileObject {
    object: Py<PyAny>,
    size: u64,
    /// Held over seek and read. Taken before the interpreter's lock and never while holding it, or two threads could wait
    /// for each other.
    turn: Mutex<()>,
}

fn file_object(object: &Bound<'_, PyAny>) -> PyResult<Source> {
    if !object.call_method1("read", (0,))?.is_instance_of::<PyBytes>() {
        return Err(PyTypeError::new_err("expected a binary file, not a text file"));
    }
    let position = object.call_method0("tell")?;
    let end = object.call_method1("seek", (0, 2))?;
    // Some file objects return nothing from seek.
    let end = if end.is_none() { object.call_method0("tell")? } else { end };
    let size = end.extract::<u64>().map_err(|_| PyValueError::new_err("the file's seek gives no size"))?;
    object.call_method1("seek", (position,))?;
    let file = FileObject { object: object.clone().unbind(), size, turn: Mutex::default() };
    Ok(Arc::new(Cached::new(Arc::new(file), FILE_OBJECT_CACHE)))
}

impl FileObject {
    fn fill(&self, py: Python<'_>, offset: u64, buf: &mut [u8]) -> PyResult<()> {
        let object = self.object.bind(py);
        object.call_method1("seek", (offset,))?;
        let mut rest = buf;
        while !rest.is_empty() {
            let read = object.call_method1("read", (rest.len(),))?;
            let bytes = read.cast::<PyBytes>()?.as_bytes();
            if bytes.is_empty() || bytes.len() > rest.len() {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let (filled, left) = rest.split_at_mut(bytes.len());
            filled.copy_from_slice(bytes);
            rest = left;
        }
        Ok(())
    }
}

impl ReadAt for FileObject {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let length = buf.len() as u64;
        if offset.checked_add(length).is_none_or(|end| end > self.size) {
            return Err(Error::OutOfBounds { offset, length, size: self.size });
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        Python::attach(|py| self.fill(py, offset, buf)).map_err(|raised| Error::Unreadable {
            offset,
            length,
            source: Arc::new(raised.into()),
        })
    }
}
