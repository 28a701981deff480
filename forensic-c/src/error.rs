//! `forensic_status` and `forensic_error`: how a call went, and why.

use crate::{
    boundary::{free, getter, offer},
    text::to_c,
};
use forensic_core::Error;
use std::{
    any::Any,
    ffi::{CString, c_char, c_int},
    ptr::null,
};

/// How a call went.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_status {
    /// It did what was asked.
    FORENSIC_OK = 0,
    /// An iterator is at its end: no result, no error.
    FORENSIC_DONE = 1,
    /// The bytes are not of any format looked for.
    FORENSIC_FORMAT = 2,
    /// A structure is damaged; the error names it and its offset.
    FORENSIC_CORRUPT = 3,
    /// A segment of an image in several files is not there.
    FORENSIC_MISSING_SEGMENT = 4,
    /// Recognised, but this library cannot read it.
    FORENSIC_UNSUPPORTED = 5,
    /// A bound of forensic_limits was reached.
    FORENSIC_LIMIT = 6,
    /// The medium could not be read at the error's offset.
    FORENSIC_UNREADABLE = 7,
    /// A read beyond the end.
    FORENSIC_OUT_OF_BOUNDS = 8,
    /// There is no such entry, stream, volume or key.
    FORENSIC_NOT_FOUND = 9,
    /// An argument is NULL that must not be, or makes no sense.
    FORENSIC_INVALID_ARGUMENT = 10,
    /// A callback stopped the work.
    FORENSIC_CANCELLED = 11,
    /// The operating system refused a file; forensic_error_os_code() has its code.
    FORENSIC_IO = 12,
    /// A fault of this library.
    FORENSIC_INTERNAL = 13,
}

/// The name of a status ("corrupt"); NULL for a number that is none. Static.
#[unsafe(no_mangle)]
pub extern "C" fn forensic_status_name(status: u32) -> *const c_char {
    crate::text::name(
        &[
            c"ok",
            c"done",
            c"format",
            c"corrupt",
            c"missing segment",
            c"unsupported",
            c"limit",
            c"unreadable",
            c"out of bounds",
            c"not found",
            c"invalid argument",
            c"cancelled",
            c"io",
            c"internal",
        ],
        status,
    )
}

/// Why a call failed. The caller frees it.
#[derive(Debug)]
pub struct forensic_error {
    status: forensic_status,
    message: CString,
    structure: Option<CString>,
    offset: Option<u64>,
    os_code: c_int,
}

/// An error on its way to the caller.
pub(crate) type Failure = Box<forensic_error>;

/// The status of the call that failed; FORENSIC_OK for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_error_status(error: *const forensic_error) -> forensic_status {
    getter!(error, forensic_status::FORENSIC_OK, error.status)
}

/// What went wrong, in words; NULL for NULL. Owned by the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_error_message(error: *const forensic_error) -> *const c_char {
    getter!(error, null(), error.message.as_ptr())
}

/// The structure the error is about ("MFT record", "E01 table"); NULL where it is about none. Owned by the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_error_structure(error: *const forensic_error) -> *const c_char {
    getter!(error, null(), error.structure.as_ref().map_or(null(), |structure| structure.as_ptr()))
}

/// True where the error is about a byte offset, which is then written to offset (which may be NULL): on the medium, or,
/// for a structure of a container, in its segment file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_error_offset(error: *const forensic_error, offset: *mut u64) -> bool {
    getter!(error, false, offer!(offset, error.offset))
}

/// The operating system's code (errno) where it refused something; otherwise 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_error_os_code(error: *const forensic_error) -> c_int {
    getter!(error, 0, error.os_code)
}

/// Frees an error; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_error_free(error: *mut forensic_error) {
    free!(error);
}

impl forensic_error {
    pub(crate) fn status(&self) -> forensic_status {
        self.status
    }

    fn new(status: forensic_status, message: &str) -> Failure {
        Box::new(Self { status, message: to_c(message), structure: None, offset: None, os_code: 0 })
    }

    /// An argument that must not be NULL is.
    pub(crate) fn null(argument: &str) -> Failure {
        Self::invalid(format!("{argument} is NULL"))
    }

    /// An argument makes no sense.
    pub(crate) fn invalid(message: impl AsRef<str>) -> Failure {
        Self::new(forensic_status::FORENSIC_INVALID_ARGUMENT, message.as_ref())
    }

    /// There is no such thing.
    pub(crate) fn not_found(what: impl std::fmt::Display) -> Failure {
        Self::new(forensic_status::FORENSIC_NOT_FOUND, &format!("no such {what}"))
    }

    /// The library panicked.
    pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Failure {
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let message = format!("internal error: {}", text.unwrap_or("no message"));
        Self::new(forensic_status::FORENSIC_INTERNAL, &message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Format { .. } => forensic_status::FORENSIC_FORMAT,
            Error::Corrupt { .. } => forensic_status::FORENSIC_CORRUPT,
            Error::MissingSegment { .. } => forensic_status::FORENSIC_MISSING_SEGMENT,
            Error::Unsupported { .. } => forensic_status::FORENSIC_UNSUPPORTED,
            Error::Limit { .. } => forensic_status::FORENSIC_LIMIT,
            Error::Unreadable { .. } => forensic_status::FORENSIC_UNREADABLE,
            Error::OutOfBounds { .. } => forensic_status::FORENSIC_OUT_OF_BOUNDS,
            Error::NotFound { .. } => forensic_status::FORENSIC_NOT_FOUND,
            Error::InvalidArgument { .. } => forensic_status::FORENSIC_INVALID_ARGUMENT,
            Error::Cancelled => forensic_status::FORENSIC_CANCELLED,
            Error::Io { .. } => forensic_status::FORENSIC_IO,
            _ => forensic_status::FORENSIC_INTERNAL,
        };
        let os_code = match &error {
            Error::Io { source, .. } | Error::Unreadable { source, .. } => source.raw_os_error().unwrap_or(0),
            _ => 0,
        };
        let (structure, offset) = (error.structure().map(to_c), error.offset());
        Box::new(forensic_error { status, message: to_c(&error.to_string()), structure, offset, os_code })
    }
}
