//! The exceptions, and how an error of the library becomes one.

use forensic_core::Error;
use pyo3::{
    create_exception,
    exceptions::{PyException, PyLookupError, PyOSError, PyValueError},
    prelude::*,
};
use std::{io, path::Path};

create_exception!(
    forensic,
    ForensicError,
    PyException,
    "What evidence can do to a call. `structure` and `offset` say where, when known."
);
create_exception!(forensic, FormatError, ForensicError, "The bytes are not of any format looked for.");
create_exception!(forensic, CorruptError, ForensicError, "A structure does not say what its format demands.");
create_exception!(forensic, UnsupportedError, ForensicError, "Recognised, but not read by this version.");
create_exception!(forensic, LimitError, ForensicError, "A bound of `Limits` was reached.");
create_exception!(forensic, CancelledError, ForensicError, "A progress callback returned False.");

/// Adds the exceptions to the module. Each has `structure` and `offset`, None where an error is about no place.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let base = py.get_type::<ForensicError>();
    base.setattr("structure", py.None())?;
    base.setattr("offset", py.None())?;
    module.add("ForensicError", base)?;
    module.add("FormatError", py.get_type::<FormatError>())?;
    module.add("CorruptError", py.get_type::<CorruptError>())?;
    module.add("UnsupportedError", py.get_type::<UnsupportedError>())?;
    module.add("LimitError", py.get_type::<LimitError>())?;
    module.add("CancelledError", py.get_type::<CancelledError>())
}

/// Turns the library's result into Python's.
pub(crate) trait OrRaise<T> {
    /// The value, or the exception that fits the error.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for Result<T, Error> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| exception(py, &error))
    }
}

/// The exception for what is named in the interface and comes with a later version.
pub(crate) fn unsupported(what: impl std::fmt::Display) -> PyErr {
    UnsupportedError::new_err(format!("{what} is not supported by this version"))
}

fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let message = error.to_string();
    let raised = match error {
        Error::Io { path, source } => {
            // Rust appends the number, which OSError shows by itself.
            let text = source.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            return os_error(py, source, text.to_owned(), Some(path));
        }
        Error::Unreadable { source, .. } => return os_error(py, source, message, None),
        Error::NotFound { .. } => PyLookupError::new_err(message),
        Error::InvalidArgument { .. } => PyValueError::new_err(message),
        Error::Format { .. } => FormatError::new_err(message),
        // Metadata that leads past the end of the evidence is damage too.
        Error::Corrupt { .. } | Error::MissingSegment { .. } | Error::OutOfBounds { .. } => {
            CorruptError::new_err(message)
        }
        Error::Unsupported { .. } => UnsupportedError::new_err(message),
        Error::Limit { .. } => LimitError::new_err(message),
        Error::Cancelled => CancelledError::new_err(message),
        _ => ForensicError::new_err(message),
    };
    if raised.is_instance_of::<ForensicError>(py) {
        let place = raised.value(py);
        let set = place.setattr("structure", error.structure());
        if let Err(failed) = set.and_then(|()| place.setattr("offset", error.offset())) {
            return failed;
        }
    }
    raised
}

/// The operating system's error under its own class (FileNotFoundError, …), or the exception of a Python file object.
fn os_error(py: Python<'_>, source: &io::Error, message: String, path: Option<&Path>) -> PyErr {
    if let Some(raised) = source.get_ref().and_then(|inner| inner.downcast_ref::<PyErr>()) {
        return raised.clone_ref(py);
    }
    // EINVAL and EIO of <errno.h>, where the system gave no number of its own.
    let number = source.raw_os_error().unwrap_or(if source.kind() == io::ErrorKind::InvalidInput { 22 } else { 5 });
    match path {
        Some(path) => PyOSError::new_err((number, message, path.as_os_str().to_owned())),
        None => PyOSError::new_err((number, message)),
    }
}
