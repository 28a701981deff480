//! `forensic_cross_check`: what a second, independent reader makes of the same volume.

use crate::{
    boundary::{free, getter, item},
    text::{Items, Texts},
};
use forensic_core::filesystem::CrossCheck;
use std::{ffi::c_char, ptr::null};

/// A disagreement between two readers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_difference {
    /// The path concerned.
    pub path: *const c_char,
    /// What differs: "missing", "extra", "size", "content", "error".
    pub what: *const c_char,
    /// What this library says.
    pub ours: *const c_char,
    /// What the second reader says.
    pub theirs: *const c_char,
    /// Where the second reader is known to be wrong, the reason; empty otherwise.
    pub known_limit: *const c_char,
}

/// What a second, independent reader makes of the same volume. The caller frees it.
pub struct forensic_cross_check {
    check: CrossCheck,
    differences: Items<forensic_difference>,
    texts: Texts,
}

impl forensic_cross_check {
    pub(crate) fn new(check: CrossCheck) -> Self {
        Self { check, differences: Items::default(), texts: Texts::default() }
    }

    fn differences(&self) -> &[forensic_difference] {
        self.differences.or_make(|| {
            self.check.differences.iter().map(|difference| forensic_difference {
                path: self.texts.give(&difference.path),
                what: self.texts.give(difference.what),
                ours: self.texts.give(&difference.ours),
                theirs: self.texts.give(&difference.theirs),
                known_limit: self.texts.give(difference.known_limit),
            })
        })
    }
}

/// True where both readers say the same, but for differences explained by a known limit of the second reader; false for
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_cross_check_agrees(check: *const forensic_cross_check) -> bool {
    getter!(check, false, check.check.agrees())
}

/// The second reader and its version. Owned by the cross-check.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_cross_check_reader(check: *const forensic_cross_check) -> *const c_char {
    getter!(check, null(), check.texts.give(&check.check.reader))
}

/// Live entries compared.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_cross_check_compared(check: *const forensic_cross_check) -> u64 {
    getter!(check, 0, check.check.compared)
}

/// Number of disagreements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_cross_check_difference_count(check: *const forensic_cross_check) -> usize {
    getter!(check, 0, check.check.differences.len())
}

/// A disagreement, in order of path; NULL past the end. Owned by the cross-check.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_cross_check_difference(
    check: *const forensic_cross_check,
    index: usize,
) -> *const forensic_difference {
    item!(check, index, check.differences())
}

/// Frees a cross-check; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_cross_check_free(check: *mut forensic_cross_check) {
    free!(check);
}
