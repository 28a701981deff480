//! `forensic_extents`: where bytes lie on the medium.

use crate::{
    boundary::{free, getter, item},
    text::Items,
};
use forensic_core::bytes::{Extent, ExtentKind};
use std::ffi::c_char;

/// How the bytes of an extent are stored.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_extent_kind {
    /// As they are.
    FORENSIC_EXTENT_DATA = 0,
    /// Not at all: they read as zero.
    FORENSIC_EXTENT_SPARSE = 1,
    /// Inside a metadata record.
    FORENSIC_EXTENT_RESIDENT = 2,
    /// Compressed: offset is where the compressed bytes begin.
    FORENSIC_EXTENT_COMPRESSED = 3,
}

/// The name of a kind of extent as records have it ("data"); NULL for a number that is none. Static.
#[unsafe(no_mangle)]
pub extern "C" fn forensic_extent_kind_name(kind: u32) -> *const c_char {
    crate::text::name(&[c"data", c"sparse", c"resident", c"compressed"], kind)
}

/// A piece of a stream and the place of its bytes on the medium.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct forensic_extent {
    /// Byte offset in the stream.
    pub stream_offset: u64,
    /// Byte offset on the medium; 0 where no byte of the medium stands behind it.
    pub offset: u64,
    /// Number of bytes of the stream.
    pub length: u64,
    /// How the bytes are stored.
    pub kind: forensic_extent_kind,
    /// False where no byte of the medium stands behind it (sparse).
    pub has_offset: bool,
    /// True where the place was guessed (a deleted FAT chain) and not read from metadata.
    pub inferred: bool,
}

impl From<&Extent> for forensic_extent {
    fn from(extent: &Extent) -> Self {
        Self {
            stream_offset: extent.stream_offset,
            offset: extent.offset.unwrap_or(0),
            length: extent.length,
            kind: match extent.kind {
                ExtentKind::Sparse => forensic_extent_kind::FORENSIC_EXTENT_SPARSE,
                ExtentKind::Resident => forensic_extent_kind::FORENSIC_EXTENT_RESIDENT,
                ExtentKind::Compressed => forensic_extent_kind::FORENSIC_EXTENT_COMPRESSED,
                _ => forensic_extent_kind::FORENSIC_EXTENT_DATA,
            },
            has_offset: extent.offset.is_some(),
            inferred: extent.inferred,
        }
    }
}

/// A list of extents in stream order. The caller frees it.
pub struct forensic_extents(Items<forensic_extent>);

impl forensic_extents {
    pub(crate) fn new(extents: &[Extent]) -> Self {
        Self(Items::of(extents.iter().map(Into::into)))
    }
}

/// Number of extents; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_extents_count(extents: *const forensic_extents) -> usize {
    getter!(extents, 0, extents.0.all().len())
}

/// The extent at index; NULL past the end. Those that follow stand right behind it in memory. Owned by the list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_extents_get(
    extents: *const forensic_extents,
    index: usize,
) -> *const forensic_extent {
    item!(extents, index, extents.0.all())
}

/// Frees a list of extents; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_extents_free(extents: *mut forensic_extents) {
    free!(extents);
}
