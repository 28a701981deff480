//! `forensic_carved`: a file found by its structure.

use crate::{
    boundary::{borrow, fallible, free, getter, item, offer, out},
    error::{forensic_error, forensic_status},
    extents::forensic_extents,
    stream::forensic_stream,
    text::Texts,
};
use forensic_core::carve::{Carved, Status};
use std::{ffi::c_char, ptr::null};

/// How whole a carved file is.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_carved_state {
    /// In one piece, to its last byte.
    FORENSIC_CARVED_COMPLETE = 0,
    /// Whole, put together from more than one piece.
    FORENSIC_CARVED_FRAGMENTED = 1,
    /// A prefix is there.
    FORENSIC_CARVED_TRUNCATED = 2,
    /// Its length is there, some of its bytes are not.
    FORENSIC_CARVED_DAMAGED = 3,
}

/// The name of a state as records have it ("complete"); NULL for a number that is none. Static.
#[unsafe(no_mangle)]
pub extern "C" fn forensic_carved_state_name(state: u32) -> *const c_char {
    crate::text::name(&[c"complete", c"fragmented", c"truncated", c"damaged"], state)
}

/// A file found by its structure. It stays usable when its carver and the evidence are freed. The caller frees it.
pub struct forensic_carved {
    carved: Carved,
    children: Vec<forensic_carved>,
    texts: Texts,
}

impl forensic_carved {
    pub(crate) fn new(carved: Carved) -> Self {
        let children = carved.children.iter().cloned().map(Self::new).collect();
        Self { carved, children, texts: Texts::default() }
    }
}

/// The type of its content: "jpeg", "docx", "mp4". Owned by the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carved_type(carved: *const forensic_carved) -> *const c_char {
    getter!(carved, null(), carved.texts.give(carved.carved.kind))
}

/// Byte offset of its start on the medium.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carved_offset(carved: *const forensic_carved) -> u64 {
    getter!(carved, 0, carved.carved.offset())
}

/// Number of bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carved_size(carved: *const forensic_carved) -> u64 {
    getter!(carved, 0, carved.carved.size)
}

/// How whole it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carved_status(carved: *const forensic_carved) -> forensic_carved_state {
    getter!(carved, forensic_carved_state::FORENSIC_CARVED_TRUNCATED, {
        match carved.carved.status {
            Status::Complete => forensic_carved_state::FORENSIC_CARVED_COMPLETE,
            Status::Fragmented => forensic_carved_state::FORENSIC_CARVED_FRAGMENTED,
            Status::Damaged => forensic_carved_state::FORENSIC_CARVED_DAMAGED,
            _ => forensic_carved_state::FORENSIC_CARVED_TRUNCATED,
        }
    })
}

/// 0 to 100: how sure it is that these bytes are one file of this type.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carved_confidence(carved: *const forensic_carved) -> u8 {
    getter!(carved, 0, carved.carved.confidence)
}

/// The first byte known to be wrong or missing, counted from the start of the file; false, with nothing written, where there is
/// none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carved_damaged_at(carved: *const forensic_carved, byte: *mut u64) -> bool {
    let damaged_at = getter!(carved, None, carved.carved.damaged_at);
    offer!(byte, damaged_at)
}

/// Where its bytes lie on the medium, in the order of the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carved_extents(
    carved: *const forensic_carved,
    extents: *mut *mut forensic_extents,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let extents = out!(extents);
        extents.give(forensic_extents::new(&borrow!(carved).carved.extents()))
    })
}

/// Its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carved_open(
    carved: *const forensic_carved,
    stream: *mut *mut forensic_stream,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let stream = out!(stream);
        stream.give(forensic_stream(borrow!(carved).carved.open()))
    })
}

/// Number of files inside this one (a thumbnail, a member, a frame).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carved_child_count(carved: *const forensic_carved) -> usize {
    getter!(carved, 0, carved.children.len())
}

/// The file at index inside this one, in order of offset; NULL past the end. Owned by this file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carved_child(carved: *const forensic_carved, index: usize) -> *const forensic_carved {
    item!(carved, index, &carved.children)
}

/// Frees a file; NULL is allowed, and a child is not. Its streams live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carved_free(carved: *mut forensic_carved) {
    free!(carved);
}
