//! Callbacks of the caller: a source of bytes, and progress that may cancel.

use forensic_core::{Error, Progress, Result, bytes::ReadAt};
use std::{
    ffi::{c_int, c_void},
    io,
    ops::ControlFlow,
    sync::Arc,
};

/// Fills buffer with the length bytes at offset, all of them, and returns 0; or returns an errno (or -1) where they
/// cannot be read. Never asked beyond the size given with it. Called from any thread, from several at once.
pub type forensic_read_at =
    Option<unsafe extern "C" fn(user: *mut c_void, offset: u64, buffer: *mut u8, length: usize) -> c_int>;

/// Called once when the library needs user no more.
pub type forensic_release = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// Told that done of total are done; returns 0 to go on, anything else to stop, upon which the work ends with
/// FORENSIC_CANCELLED. Called from any thread, but from one at a time.
pub type forensic_progress = Option<unsafe extern "C" fn(user: *mut c_void, done: u64, total: u64) -> c_int>;

/// A medium that a callback reads.
pub(crate) struct Callback {
    user: *mut c_void,
    size: u64,
    read_at: forensic_read_at,
    release: forensic_release,
}

// SAFETY: the header demands of the callback that it may be called from any thread, from several at once.
unsafe impl Send for Callback {}
// SAFETY: as above.
unsafe impl Sync for Callback {}

impl Callback {
    pub(crate) fn new(user: *mut c_void, size: u64, read_at: forensic_read_at, release: forensic_release) -> Self {
        Self { user, size, read_at, release }
    }

    /// True where there is a function to read with.
    pub(crate) fn is_readable(&self) -> bool {
        self.read_at.is_some()
    }
}

impl ReadAt for Callback {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let length = buf.len() as u64;
        if offset.checked_add(length).is_none_or(|end| end > self.size) {
            return Err(Error::OutOfBounds { offset, length, size: self.size });
        }
        // SAFETY: the header demands that the callback writes no more than it is asked for.
        let code =
            self.read_at.map_or(-1, |read_at| unsafe { read_at(self.user, offset, buf.as_mut_ptr(), buf.len()) });
        let refused = match code {
            0 => return Ok(()),
            1.. => io::Error::from_raw_os_error(code),
            _ => io::Error::other("the callback could not read them"),
        };
        Err(Error::Unreadable { offset, length, source: Arc::new(refused) })
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the header demands that the callback takes the pointer that was given with it; this happens once.
            unsafe { release(self.user) }
        }
    }
}

/// Progress that is told to a callback, or to nobody.
pub(crate) struct Watched {
    pub(crate) progress: forensic_progress,
    pub(crate) user: *mut c_void,
}

// SAFETY: the header demands of the callback that it may be called from any thread.
unsafe impl Sync for Watched {}

impl Progress for Watched {
    fn update(&self, done: u64, total: u64) -> ControlFlow<()> {
        // SAFETY: the header demands that the callback takes the pointer that was given with it.
        match self.progress.map_or(0, |progress| unsafe { progress(self.user, done, total) }) {
            0 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }
}
