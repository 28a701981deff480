//! The one boundary that every function crosses: no panic leaves it, no pointer passes it unchecked.
//!
//! The head of the header says what a pointer must be; the macros below are the only places that rely on it.

use crate::error::{Failure, forensic_error, forensic_status};
use std::{
    ffi::{CStr, c_char},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    ptr::{null, null_mut},
};

/// A call that may fail: `fallible!(error, { …; Ok(forensic_status::FORENSIC_OK) })`.
macro_rules! fallible {
    ($error:ident, $body:block) => {{
        let body = || -> Result<$crate::error::forensic_status, $crate::error::Failure> { $body };
        // SAFETY: the header demands that `error` is NULL or may be written to.
        unsafe { $crate::boundary::run($error, body) }
    }};
}

/// A call that cannot fail: `getter!(entry, 0, entry.id)`; the second is what a NULL handle gives.
macro_rules! getter {
    ($handle:ident, $absent:expr, $value:expr) => {{
        // SAFETY: the header demands that a handle is NULL or came from this library and is not freed yet.
        let handle = unsafe { $handle.as_ref() };
        $crate::boundary::guarded($absent, || handle.map(|$handle| $value))
    }};
}

/// The item of a list that a handle has, or NULL: `item!(entry, index, entry.attributes())`.
macro_rules! item {
    ($handle:ident, $index:ident, $items:expr) => {
        getter!($handle, std::ptr::null(), $crate::boundary::at($items, $index))
    };
}

/// Gives a handle back.
macro_rules! free {
    ($handle:ident) => {{
        // SAFETY: the header demands that a handle is NULL or came from this library, and is freed once.
        unsafe { $crate::boundary::release($handle) }
    }};
}

/// The handle behind a pointer that must not be NULL.
macro_rules! borrow {
    ($handle:ident) => {{
        // SAFETY: the header demands that a handle came from this library and is not freed yet.
        unsafe { $handle.as_ref() }.ok_or_else(|| $crate::error::forensic_error::null(stringify!($handle)))?
    }};
}

/// The handle behind a pointer that must not be NULL, for a call that changes it.
macro_rules! borrow_mut {
    ($handle:ident) => {{
        // SAFETY: the header demands that a handle came from this library and that no other thread uses it meanwhile.
        unsafe { $handle.as_mut() }.ok_or_else(|| $crate::error::forensic_error::null(stringify!($handle)))?
    }};
}

/// What the options behind a pointer say, which may be NULL: the defaults then.
macro_rules! or_default {
    ($options:ident) => {{
        // SAFETY: the header demands that a handle is NULL or came from this library and is not freed yet.
        unsafe { $options.as_ref() }.map(|options| options.0.clone()).unwrap_or_default()
    }};
}

/// What is behind a pointer that may be NULL.
macro_rules! optional {
    ($pointer:ident) => {{
        // SAFETY: the header demands that such a pointer is NULL or to what it says.
        unsafe { $pointer.as_ref() }
    }};
}

/// Where a result goes; a handle there is NULL until it is given.
macro_rules! out {
    ($place:ident) => {{
        // SAFETY: the header demands that a place for a result may be written to.
        unsafe { $crate::boundary::Out::new($place, stringify!($place)) }?
    }};
}

/// The bytes of a buffer; NULL is an empty one where its length is 0.
macro_rules! bytes {
    ($buffer:ident, $length:ident) => {{
        // SAFETY: the header demands that a buffer has as many bytes as its length says.
        unsafe { $crate::boundary::array($buffer, $length, stringify!($buffer)) }?
    }};
}

/// A buffer of the caller to write into; NULL is an empty one where its capacity is 0.
macro_rules! buffer {
    ($buffer:ident, $capacity:ident) => {{
        // SAFETY: the header demands that a buffer has as many bytes as its capacity says, and that nobody else uses it.
        unsafe { $crate::boundary::array_mut($buffer, $capacity, stringify!($buffer)) }?
    }};
}

/// A text that must not be NULL.
macro_rules! text {
    ($text:ident) => {{
        // SAFETY: the header demands that a text is NUL-terminated.
        unsafe { $crate::boundary::utf8($text, stringify!($text)) }?
    }};
}

/// A path that must not be NULL.
macro_rules! file_path {
    ($path:ident) => {{
        // SAFETY: the header demands that a path is NUL-terminated.
        unsafe { $crate::boundary::os_path($path, stringify!($path)) }?
    }};
}

/// An array of paths.
macro_rules! file_paths {
    ($paths:ident, $count:ident) => {{
        // SAFETY: the header demands that an array has as many items as its count says, each NUL-terminated.
        unsafe { $crate::boundary::os_paths($paths, $count, stringify!($paths)) }?
    }};
}

/// Writes a value that may be absent to a place that may be NULL; true where there is one.
macro_rules! offer {
    ($place:ident, $value:expr) => {{
        let value = $value;
        // SAFETY: the header demands that a place for a result is NULL or may be written to.
        unsafe { $crate::boundary::write_any($place, value) }
    }};
}

pub(crate) use {
    borrow, borrow_mut, buffer, bytes, fallible, file_path, file_paths, free, getter, item, offer, optional,
    or_default, out, text,
};

/// # Safety
/// `error` is NULL or may be written to.
pub(crate) unsafe fn run(
    error: *mut *mut forensic_error,
    body: impl FnOnce() -> Result<forensic_status, Failure>,
) -> forensic_status {
    let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(forensic_error::panicked(&*panic)));
    let (status, failure) = match outcome {
        Ok(status) => (status, null_mut()),
        Err(failure) => (failure.status(), Box::into_raw(failure)),
    };
    if error.is_null() {
        // SAFETY: `failure` is NULL or was made above.
        unsafe { release(failure) };
    } else {
        // SAFETY: by this function's contract.
        unsafe { error.write(failure) };
    }
    status
}

/// What `body` gives; `absent` where it gives nothing or panics.
pub(crate) fn guarded<T>(absent: T, body: impl FnOnce() -> Option<T>) -> T {
    catch_unwind(AssertUnwindSafe(body)).ok().flatten().unwrap_or(absent)
}

/// A pointer to the item at `index`; NULL past the end.
pub(crate) fn at<T>(items: &[T], index: usize) -> *const T {
    items.get(index).map_or(null(), std::ptr::from_ref)
}

/// # Safety
/// `handle` is NULL or came from `Box::into_raw`, and nobody uses it any more.
pub(crate) unsafe fn release<T>(handle: *mut T) {
    if !handle.is_null() {
        // A panic while dropping has nowhere to go; what is left of the handle leaks.
        // SAFETY: by this function's contract.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(unsafe { Box::from_raw(handle) })));
    }
}

/// A place of the caller's for a result.
pub(crate) struct Out<T>(*mut T);

impl<T: Blank> Out<T> {
    /// # Safety
    /// `place` is NULL or may be written to for as long as this lives.
    pub(crate) unsafe fn new(place: *mut T, name: &str) -> Result<Self, Failure> {
        if place.is_null() {
            return Err(forensic_error::null(name));
        }
        // SAFETY: by this function's contract.
        unsafe { place.write(T::BLANK) };
        Ok(Self(place))
    }

    /// Writes the result.
    pub(crate) fn put(self, value: T) -> Result<forensic_status, Failure> {
        // SAFETY: by the contract of `new`.
        unsafe { self.0.write(value) };
        Ok(forensic_status::FORENSIC_OK)
    }
}

impl<T> Out<*mut T> {
    /// Hands a new handle to the caller.
    pub(crate) fn give(self, handle: T) -> Result<forensic_status, Failure> {
        self.put(Box::into_raw(Box::new(handle)))
    }
}

impl<T> Out<*const T> {
    /// Lends the caller something that a handle keeps.
    pub(crate) fn lend(self, kept: &T) -> Result<forensic_status, Failure> {
        self.put(kept)
    }
}

/// # Safety
/// `place` is NULL or may be written to.
pub(crate) unsafe fn write_any<T>(place: *mut T, value: Option<T>) -> bool {
    let is_there = value.is_some();
    if let (Some(value), false) = (value, place.is_null()) {
        // SAFETY: by this function's contract.
        unsafe { place.write(value) };
    }
    is_there
}

/// What stands in a place for a result as long as there is none.
pub(crate) trait Blank {
    const BLANK: Self;
}

impl<T> Blank for *mut T {
    const BLANK: Self = null_mut();
}

impl<T> Blank for *const T {
    const BLANK: Self = null();
}

impl Blank for usize {
    const BLANK: Self = 0;
}

impl Blank for f64 {
    const BLANK: Self = 0.0;
}

impl Blank for u32 {
    const BLANK: Self = 0;
}

/// # Safety
/// `first` is NULL or leads to `count` items that nobody changes during `'a`.
pub(crate) unsafe fn array<'a, T>(first: *const T, count: usize, name: &str) -> Result<&'a [T], Failure> {
    check_array(first, count, name)?;
    // SAFETY: by this function's contract; an empty array may be NULL, which a slice may not.
    Ok(if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(first, count) } })
}

/// # Safety
/// `first` is NULL or leads to `count` items that nobody else uses during `'a`.
pub(crate) unsafe fn array_mut<'a, T>(first: *mut T, count: usize, name: &str) -> Result<&'a mut [T], Failure> {
    check_array(first, count, name)?;
    // SAFETY: by this function's contract; an empty array may be NULL, which a slice may not.
    Ok(if count == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(first, count) } })
}

fn check_array<T>(first: *const T, count: usize, name: &str) -> Result<(), Failure> {
    if first.is_null() && count > 0 {
        return Err(forensic_error::null(name));
    }
    match count.checked_mul(size_of::<T>()) {
        Some(size) if isize::try_from(size).is_ok() => Ok(()),
        _ => Err(forensic_error::invalid(format!("{name} cannot have {count} items"))),
    }
}

/// # Safety
/// `text` is NULL or leads to NUL-terminated bytes that nobody changes during `'a`.
pub(crate) unsafe fn utf8<'a>(text: *const c_char, name: &str) -> Result<&'a str, Failure> {
    // SAFETY: by this function's contract.
    let bytes = unsafe { c_text(text, name) }?;
    bytes.to_str().map_err(|_| forensic_error::invalid(format!("{name} is not UTF-8")))
}

/// # Safety
/// As [`utf8`].
pub(crate) unsafe fn os_path(path: *const c_char, name: &str) -> Result<PathBuf, Failure> {
    // SAFETY: by this function's contract.
    let bytes = unsafe { c_text(path, name) }?;
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Ok(PathBuf::from(std::ffi::OsStr::from_bytes(bytes.to_bytes())))
    }
    #[cfg(not(unix))]
    bytes.to_str().map(PathBuf::from).map_err(|_| forensic_error::invalid(format!("{name} is not UTF-8")))
}

/// # Safety
/// `first` is NULL or leads to `count` texts, each as in [`utf8`].
pub(crate) unsafe fn os_paths(first: *const *const c_char, count: usize, name: &str) -> Result<Vec<PathBuf>, Failure> {
    // SAFETY: by this function's contract.
    let texts = unsafe { array(first, count, name) }?;
    // SAFETY: by this function's contract.
    texts.iter().map(|text| unsafe { os_path(*text, name) }).collect()
}

/// # Safety
/// As [`utf8`].
unsafe fn c_text<'a>(text: *const c_char, name: &str) -> Result<&'a CStr, Failure> {
    if text.is_null() {
        return Err(forensic_error::null(name));
    }
    // SAFETY: by this function's contract.
    Ok(unsafe { CStr::from_ptr(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_internal_error_with_its_message() {
        let mut error = null_mut();
        // SAFETY: `error` may be written to.
        let status = unsafe { run(&raw mut error, || panic!("cluster {} went astray", 7)) };
        assert_eq!(status, forensic_status::FORENSIC_INTERNAL);
        // SAFETY: `run` gave the error.
        let message = unsafe { CStr::from_ptr(crate::error::forensic_error_message(error)) };
        assert_eq!(message.to_str(), Ok("internal error: cluster 7 went astray"));
        // SAFETY: it is freed once.
        unsafe { release(error) };
    }

    #[test]
    fn a_panic_in_a_getter_gives_what_a_null_handle_gives() {
        assert_eq!(guarded(5, || panic!("no matter")), 5);
        assert_eq!(guarded(5, || None), 5);
        assert_eq!(guarded(5, || Some(6)), 6);
    }

    #[test]
    fn success_clears_the_error_of_the_caller() {
        let mut error: *mut forensic_error = std::ptr::dangling_mut();
        // SAFETY: `error` may be written to.
        let status = unsafe { run(&raw mut error, || Ok(forensic_status::FORENSIC_DONE)) };
        assert!(error.is_null() && status == forensic_status::FORENSIC_DONE);
    }
}
