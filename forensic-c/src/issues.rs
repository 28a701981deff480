//! `forensic_issues`: what was passed over on the way.

use crate::{
    boundary::{free, getter, item},
    text::{Items, Texts},
};
use forensic_core::Issue;
use std::ffi::c_char;

/// Something that could not be read and was passed over; what is beside it was read all the same.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct forensic_issue {
    /// True where the issue has a byte offset on the medium.
    pub has_offset: bool,
    /// That offset, otherwise 0.
    pub offset: u64,
    /// The structure concerned, in the words of its specification.
    pub structure: *const c_char,
    /// What is wrong with it.
    pub message: *const c_char,
    /// All of it in one line.
    pub text: *const c_char,
}

/// A list of issues as it was when asked for. The caller frees it.
pub struct forensic_issues {
    items: Items<forensic_issue>,
    _texts: Texts,
}

impl forensic_issues {
    pub(crate) fn new(issues: &[Issue]) -> Self {
        let texts = Texts::default();
        let items = Items::of(issues.iter().map(|issue| forensic_issue {
            has_offset: issue.offset.is_some(),
            offset: issue.offset.unwrap_or(0),
            structure: texts.give(&issue.structure),
            message: texts.give(&issue.message),
            text: texts.give(&issue.to_string()),
        }));
        Self { items, _texts: texts }
    }
}

/// Number of issues; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_issues_count(issues: *const forensic_issues) -> usize {
    getter!(issues, 0, issues.items.all().len())
}

/// The issue at index; NULL past the end. Owned by the list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_issues_get(issues: *const forensic_issues, index: usize) -> *const forensic_issue {
    item!(issues, index, issues.items.all())
}

/// Frees a list of issues; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_issues_free(issues: *mut forensic_issues) {
    free!(issues);
}
