//! `forensic_time` and `forensic_timestamp`: points in time as a filesystem stores them.

use crate::{
    boundary::{borrow, buffer, fallible, out},
    error::{forensic_error, forensic_status},
    text::copy,
};
use forensic_core::filesystem::{Time, TimestampKind};
use std::ffi::c_char;

/// A point in time as the filesystem stores it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct forensic_time {
    /// Seconds since 1970-01-01T00:00:00, in UTC or in the local time of the machine that wrote it.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanoseconds: u32,
    /// True where the filesystem stores UTC, false where it stores local time of an unknown zone.
    pub utc: bool,
}

impl From<Time> for forensic_time {
    fn from(Time { seconds, nanoseconds, utc }: Time) -> Self {
        Self { seconds, nanoseconds, utc }
    }
}

/// Which of an entry's times.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_time_kind {
    /// When it came to be on this volume.
    FORENSIC_TIME_CREATED = 0,
    /// When its content last changed.
    FORENSIC_TIME_MODIFIED = 1,
    /// When it was last read.
    FORENSIC_TIME_ACCESSED = 2,
    /// When its metadata last changed.
    FORENSIC_TIME_CHANGED = 3,
}

/// The name of a kind of time as records have it ("created"); NULL for a number that is none. Static.
#[unsafe(no_mangle)]
pub extern "C" fn forensic_time_kind_name(kind: u32) -> *const c_char {
    crate::text::name(&[c"created", c"modified", c"accessed", c"changed"], kind)
}

impl From<TimestampKind> for forensic_time_kind {
    fn from(kind: TimestampKind) -> Self {
        match kind {
            TimestampKind::Created => Self::FORENSIC_TIME_CREATED,
            TimestampKind::Modified => Self::FORENSIC_TIME_MODIFIED,
            TimestampKind::Accessed => Self::FORENSIC_TIME_ACCESSED,
            TimestampKind::Changed => Self::FORENSIC_TIME_CHANGED,
        }
    }
}

/// The kind that a number from C means.
pub(crate) fn kind(number: u32) -> Option<TimestampKind> {
    let all = [TimestampKind::Created, TimestampKind::Modified, TimestampKind::Accessed, TimestampKind::Changed];
    all.get(usize::try_from(number).ok()?).copied()
}

/// One stored time of an entry.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_timestamp {
    /// Which time.
    pub kind: forensic_time_kind,
    /// The structure that stores it: "standard_information", "file_name", "directory_entry".
    pub source: *const c_char,
    /// The value.
    pub value: forensic_time,
    /// The step of the stored value in nanoseconds.
    pub resolution: u64,
}

/// Writes a time as RFC 3339 text, NUL-terminated and cut to capacity, without an offset where the zone is unknown.
/// length is set to the bytes of the whole text without its NUL; 31 bytes of capacity hold any.
///
/// FORENSIC_INVALID_ARGUMENT outside the years 0 to 9999.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_time_format(
    time: *const forensic_time,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let length = out!(length);
        let forensic_time { seconds, nanoseconds, utc } = *borrow!(time);
        let buffer = buffer.cast::<u8>();
        let buffer = buffer!(buffer, capacity);
        let text = Time { seconds, nanoseconds, utc }.to_rfc3339();
        let text = text.ok_or_else(|| forensic_error::invalid("the time is outside the years 0 to 9999"))?;
        length.put(copy(&text, buffer))
    })
}
