//! `forensic_limits`: bounds on what hostile input can make the library do.

use crate::{
    boundary::{borrow_mut, fallible, free, getter, out},
    error::{forensic_error, forensic_status},
};
use forensic_core::Limits;

/// Which bound. Reaching one is FORENSIC_LIMIT or an issue, never a silent cut.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_limit {
    /// Directories within directories; deeper ones are listed as orphans.
    FORENSIC_LIMIT_DEPTH = 0,
    /// Entries of one filesystem.
    FORENSIC_LIMIT_ENTRIES = 1,
    /// Extents (data runs, cluster runs) of one stream.
    FORENSIC_LIMIT_RUNS = 2,
    /// Partitions of one medium.
    FORENSIC_LIMIT_PARTITIONS = 3,
    /// Segment files of one image.
    FORENSIC_LIMIT_SEGMENTS = 4,
    /// Bytes of one structure read into memory at once.
    FORENSIC_LIMIT_STRUCTURE_BYTES = 5,
    /// Bytes of one compressed block once inflated.
    FORENSIC_LIMIT_INFLATED_BYTES = 6,
    /// Bytes of a stream that are not stored and read as zeros, for it to be hashed by a triage.
    FORENSIC_LIMIT_SPARSE_BYTES = 7,
    /// Width times height of a picture to decode.
    FORENSIC_LIMIT_PIXELS = 8,
    /// Bytes a picture decoder may allocate.
    FORENSIC_LIMIT_PICTURE_BYTES = 9,
    /// Issues kept for one evidence or filesystem.
    FORENSIC_LIMIT_ISSUES = 10,
    /// Bytes of unallocated space that the first listing searches for deleted names and records; 0 for a listing at once.
    FORENSIC_LIMIT_SWEEP_BYTES = 11,
    /// Bytes that carving may read in looking for the rest of one broken file.
    FORENSIC_LIMIT_MEND_BYTES = 12,
}

/// Bounds that a caller may tighten or widen. Not for several threads at once while it is set. The caller frees it.
#[derive(Default)]
pub struct forensic_limits(pub(crate) Limits);

impl forensic_limits {
    fn value(&self, limit: forensic_limit) -> u64 {
        match limit {
            forensic_limit::FORENSIC_LIMIT_DEPTH => u64::from(self.0.depth),
            forensic_limit::FORENSIC_LIMIT_ENTRIES => self.0.entries,
            forensic_limit::FORENSIC_LIMIT_RUNS => self.0.runs as u64,
            forensic_limit::FORENSIC_LIMIT_PARTITIONS => self.0.partitions as u64,
            forensic_limit::FORENSIC_LIMIT_SEGMENTS => self.0.segments as u64,
            forensic_limit::FORENSIC_LIMIT_STRUCTURE_BYTES => self.0.structure_bytes,
            forensic_limit::FORENSIC_LIMIT_INFLATED_BYTES => self.0.inflated_bytes,
            forensic_limit::FORENSIC_LIMIT_SPARSE_BYTES => self.0.sparse_bytes,
            forensic_limit::FORENSIC_LIMIT_PIXELS => self.0.pixels,
            forensic_limit::FORENSIC_LIMIT_PICTURE_BYTES => self.0.picture_bytes,
            forensic_limit::FORENSIC_LIMIT_ISSUES => self.0.issues as u64,
            forensic_limit::FORENSIC_LIMIT_SWEEP_BYTES => self.0.sweep_bytes,
            forensic_limit::FORENSIC_LIMIT_MEND_BYTES => self.0.mend_bytes,
        }
    }
}

/// Gives the default bounds, which fit real media.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_limits_new(
    limits: *mut *mut forensic_limits,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, { out!(limits).give(forensic_limits::default()) })
}

/// Sets one bound. FORENSIC_INVALID_ARGUMENT where limit is no forensic_limit or value does not fit it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_limits_set(
    limits: *mut forensic_limits,
    limit: u32,
    value: u64,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let limits = borrow_mut!(limits);
        let bound = named(limit).ok_or_else(|| forensic_error::invalid(format!("{limit} is no forensic_limit")))?;
        let too_large = |_| forensic_error::invalid(format!("{value} is too large for {bound:?}"));
        let small = || usize::try_from(value).map_err(too_large);
        match bound {
            forensic_limit::FORENSIC_LIMIT_DEPTH => limits.0.depth = u32::try_from(value).map_err(too_large)?,
            forensic_limit::FORENSIC_LIMIT_ENTRIES => limits.0.entries = value,
            forensic_limit::FORENSIC_LIMIT_RUNS => limits.0.runs = small()?,
            forensic_limit::FORENSIC_LIMIT_PARTITIONS => limits.0.partitions = small()?,
            forensic_limit::FORENSIC_LIMIT_SEGMENTS => limits.0.segments = small()?,
            forensic_limit::FORENSIC_LIMIT_STRUCTURE_BYTES => limits.0.structure_bytes = value,
            forensic_limit::FORENSIC_LIMIT_INFLATED_BYTES => limits.0.inflated_bytes = value,
            forensic_limit::FORENSIC_LIMIT_SPARSE_BYTES => limits.0.sparse_bytes = value,
            forensic_limit::FORENSIC_LIMIT_PIXELS => limits.0.pixels = value,
            forensic_limit::FORENSIC_LIMIT_PICTURE_BYTES => limits.0.picture_bytes = value,
            forensic_limit::FORENSIC_LIMIT_ISSUES => limits.0.issues = small()?,
            forensic_limit::FORENSIC_LIMIT_SWEEP_BYTES => limits.0.sweep_bytes = value,
            forensic_limit::FORENSIC_LIMIT_MEND_BYTES => limits.0.mend_bytes = value,
        }
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// The value of a bound; 0 where limit is no forensic_limit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_limits_get(limits: *const forensic_limits, limit: u32) -> u64 {
    getter!(limits, 0, named(limit).map_or(0, |limit| limits.value(limit)))
}

/// Frees bounds; NULL is allowed. What was opened with them keeps a copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_limits_free(limits: *mut forensic_limits) {
    free!(limits);
}

/// The bound that a number from C means.
fn named(number: u32) -> Option<forensic_limit> {
    let all = [
        forensic_limit::FORENSIC_LIMIT_DEPTH,
        forensic_limit::FORENSIC_LIMIT_ENTRIES,
        forensic_limit::FORENSIC_LIMIT_RUNS,
        forensic_limit::FORENSIC_LIMIT_PARTITIONS,
        forensic_limit::FORENSIC_LIMIT_SEGMENTS,
        forensic_limit::FORENSIC_LIMIT_STRUCTURE_BYTES,
        forensic_limit::FORENSIC_LIMIT_INFLATED_BYTES,
        forensic_limit::FORENSIC_LIMIT_SPARSE_BYTES,
        forensic_limit::FORENSIC_LIMIT_PIXELS,
        forensic_limit::FORENSIC_LIMIT_PICTURE_BYTES,
        forensic_limit::FORENSIC_LIMIT_ISSUES,
        forensic_limit::FORENSIC_LIMIT_SWEEP_BYTES,
        forensic_limit::FORENSIC_LIMIT_MEND_BYTES,
    ];
    all.get(usize::try_from(number).ok()?).copied()
}
