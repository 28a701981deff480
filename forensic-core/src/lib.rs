//! An embeddable forensic analysis engine: every file of a medium, live and deleted, hashed, matched against known
//! sets, and traced to the bytes of the evidence it came from.
#![deny(unsafe_code)]

pub mod bytes;
pub mod carve;
mod error;
pub mod evidence;
pub mod filesystem;
pub mod hash;
pub mod known;
mod limits;
mod parallel;
pub mod perceptual;
pub mod picture;
pub mod report;
mod sealed;
pub mod triage;
pub mod volume;

pub use error::{Error, Issue, Result};
pub use limits::Limits;

/// Reports progress of long work and lets the caller stop it.
///
/// Any `Fn(u64, u64) -> ControlFlow<()> + Sync` is one: it gets the bytes done and the bytes in all, from any thread, and
/// answers `Break` to stop; the work then ends with [`Error::Cancelled`].
pub trait Progress: Sync {
    /// `done` of `total` bytes are done.
    fn update(&self, done: u64, total: u64) -> std::ops::ControlFlow<()>;
}

impl<F: Fn(u64, u64) -> std::ops::ControlFlow<()> + Sync> Progress for F {
    fn update(&self, done: u64, total: u64) -> std::ops::ControlFlow<()> {
        self(done, total)
    }
}

/// Progress that nobody watches.
pub struct NoProgress;

impl Progress for NoProgress {
    fn update(&self, _: u64, _: u64) -> std::ops::ControlFlow<()> {
        std::ops::ControlFlow::Continue(())
    }
}
