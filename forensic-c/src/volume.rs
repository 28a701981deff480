//! `forensic_volume`: a partition, or a gap between partitions.

use crate::{
    boundary::{borrow, fallible, free, getter, out},
    error::{forensic_error, forensic_status},
    filesystem::forensic_filesystem,
    stream::forensic_stream,
    text::Texts,
};
use forensic_core::{Limits, volume::Volume};
use std::{
    ffi::c_char,
    ptr::{null, null_mut},
};

/// A partition, or a gap between partitions. It stays usable when the evidence it came from is freed. The caller frees it.
pub struct forensic_volume {
    volume: Volume,
    limits: Limits,
    texts: Texts,
}

impl forensic_volume {
    pub(crate) fn new(volume: Volume, limits: Limits) -> Self {
        Self { volume, limits, texts: Texts::default() }
    }
}

/// Position in medium order, from 0, gaps counted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_volume_index(volume: *const forensic_volume) -> usize {
    getter!(volume, 0, volume.volume.index)
}

/// The partition table it stands in: "mbr", "gpt", "apm", "none". Owned by the volume.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_volume_scheme(volume: *const forensic_volume) -> *const c_char {
    getter!(volume, null(), volume.texts.give(volume.volume.scheme.as_str()))
}

/// What the partition table says it holds, or, where that says nothing, what was recognised in it; "unallocated" for a
/// gap. Owned by the volume.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_volume_type(volume: *const forensic_volume) -> *const c_char {
    getter!(volume, null(), volume.texts.give(&volume.volume.type_name))
}

/// Its name in the partition table; empty where it has none. Owned by the volume.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_volume_label(volume: *const forensic_volume) -> *const c_char {
    getter!(volume, null(), volume.texts.give(&volume.volume.label))
}

/// Byte offset on the medium.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_volume_offset(volume: *const forensic_volume) -> u64 {
    getter!(volume, 0, volume.volume.offset)
}

/// Bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_volume_size(volume: *const forensic_volume) -> u64 {
    getter!(volume, 0, volume.volume.size)
}

/// False for a gap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_volume_allocated(volume: *const forensic_volume) -> bool {
    getter!(volume, false, volume.volume.allocated)
}

/// The bytes of the volume.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_volume_stream(
    volume: *const forensic_volume,
    stream: *mut *mut forensic_stream,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let stream = out!(stream);
        stream.give(forensic_stream(borrow!(volume).volume.stream()))
    })
}

/// Opens the filesystem on the volume. FORENSIC_OK with filesystem set to NULL where none is recognised.
///
/// FORENSIC_UNSUPPORTED for one that is recognised but not read, FORENSIC_CORRUPT for one too damaged to open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_volume_filesystem(
    volume: *const forensic_volume,
    filesystem: *mut *mut forensic_filesystem,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let filesystem = out!(filesystem);
        let forensic_volume { volume, limits, .. } = borrow!(volume);
        match volume.filesystem(limits)? {
            Some(found) => filesystem.give(forensic_filesystem::new(found)),
            None => filesystem.put(null_mut()),
        }
    })
}

/// Frees a volume; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_volume_free(volume: *mut forensic_volume) {
    free!(volume);
}
