//! `forensic_walk`: the entries of a filesystem, one after another.

use crate::{
    boundary::{borrow_mut, fallible, free, getter, out},
    entry::forensic_entry,
    error::{forensic_error, forensic_status},
};
use forensic_core::filesystem::Walk;
use std::ptr::null_mut;

/// The entries of a filesystem, one after another: the root's children first, then theirs, level by level, orphans last;
/// the same order each time. Not for several threads at once; each may have its own. The caller frees it.
pub struct forensic_walk(pub(crate) Walk);

/// Gives the next entry, which the caller frees. FORENSIC_DONE, with entry set to NULL, at the end.
///
/// Damage never ends a walk: it goes to the entry's issues and the filesystem's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_walk_next(
    walk: *mut forensic_walk,
    entry: *mut *mut forensic_entry,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let entry = out!(entry);
        match borrow_mut!(walk).0.next() {
            Some(next) => entry.give(forensic_entry::new(next)),
            None => entry.put(null_mut()).map(|_| forensic_status::FORENSIC_DONE),
        }
    })
}

/// The position to resume at with forensic_filesystem_walk.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_walk_cursor(walk: *const forensic_walk) -> u64 {
    getter!(walk, 0, walk.0.cursor())
}

/// Frees a walk; NULL is allowed. Its entries live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_walk_free(walk: *mut forensic_walk) {
    free!(walk);
}
