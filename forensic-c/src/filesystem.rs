//! `forensic_filesystem`: a filesystem on a volume, live and deleted.

use crate::{
    boundary::{borrow, fallible, file_path, free, getter, item, out, text},
    cross_check::forensic_cross_check,
    entry::forensic_entry,
    error::{forensic_error, forensic_status},
    issues::forensic_issues,
    stream::forensic_stream,
    text::Texts,
    walk::forensic_walk,
};
use forensic_core::{
    filesystem::{FileSystem, WalkOptions},
    report::Bodyfile,
};
use std::{ffi::c_char, ptr::null, sync::Arc};

/// A filesystem on a volume, live and deleted. It stays usable when the evidence it came from is freed. The caller frees
/// it.
pub struct forensic_filesystem {
    pub(crate) filesystem: Arc<dyn FileSystem>,
    texts: Texts,
}

impl forensic_filesystem {
    pub(crate) fn new(filesystem: Arc<dyn FileSystem>) -> Self {
        Self { filesystem, texts: Texts::default() }
    }
}

/// "fat12", "fat16", "fat32", "ntfs", "hfsplus", "apfs". Owned by the filesystem.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_kind(filesystem: *const forensic_filesystem) -> *const c_char {
    getter!(filesystem, null(), filesystem.texts.give(filesystem.filesystem.kind()))
}

/// The volume label; empty where there is none. Owned by the filesystem.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_label(filesystem: *const forensic_filesystem) -> *const c_char {
    getter!(filesystem, null(), filesystem.texts.give(&filesystem.filesystem.label()))
}

/// The volume serial number as the system prints it, in lower-case hex; empty where there is none. Owned by the
/// filesystem.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_serial(filesystem: *const forensic_filesystem) -> *const c_char {
    getter!(filesystem, null(), filesystem.texts.give(&filesystem.filesystem.serial()))
}

/// Byte offset of the filesystem on the medium.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_offset(filesystem: *const forensic_filesystem) -> u64 {
    getter!(filesystem, 0, filesystem.filesystem.offset())
}

/// Bytes the filesystem says it spans.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_size(filesystem: *const forensic_filesystem) -> u64 {
    getter!(filesystem, 0, filesystem.filesystem.size())
}

/// Bytes a cluster.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_cluster_size(filesystem: *const forensic_filesystem) -> u32 {
    getter!(filesystem, 0, filesystem.filesystem.cluster_size())
}

/// Number of things this reader can tell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_cap_count(filesystem: *const forensic_filesystem) -> usize {
    getter!(filesystem, 0, filesystem.filesystem.caps().len())
}

/// A thing this reader can tell ("deleted", "orphans", "extents", "slack", "streams", ...), so that "none found" and "not
/// implemented" differ; NULL past the end. Owned by the filesystem.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_cap(
    filesystem: *const forensic_filesystem,
    index: usize,
) -> *const c_char {
    getter!(filesystem, null(), {
        let cap = filesystem.filesystem.caps().get(index);
        filesystem.texts.give_any(cap.map(|cap| cap.as_str()))
    })
}

/// What could not be read so far, in order of offset.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_issues(
    filesystem: *const forensic_filesystem,
    issues: *mut *mut forensic_issues,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let issues = out!(issues);
        issues.give(forensic_issues::new(&borrow!(filesystem).filesystem.issues()))
    })
}

/// All unallocated clusters, in volume order, as one stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_unallocated(
    filesystem: *const forensic_filesystem,
    stream: *mut *mut forensic_stream,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let stream = out!(stream);
        stream.give(forensic_stream(borrow!(filesystem).filesystem.unallocated()?))
    })
}

/// Volume slack: the bytes of the volume behind the end of the filesystem, as one stream; empty where there are none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_slack(
    filesystem: *const forensic_filesystem,
    stream: *mut *mut forensic_stream,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let stream = out!(stream);
        stream.give(forensic_stream(borrow!(filesystem).filesystem.slack()))
    })
}

/// Writes the timeline of the filesystem into a new file, as a bodyfile (version 3) that mactime reads. prefix is put
/// before every path (NULL: nothing); utc_offset is how many seconds local time was ahead of UTC on the machine that wrote
/// the medium, for filesystems that store local time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_write_bodyfile(
    filesystem: *const forensic_filesystem,
    path: *const c_char,
    prefix: *const c_char,
    utc_offset: i32,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let prefix = if prefix.is_null() { String::new() } else { text!(prefix).to_owned() };
        let filesystem = borrow!(filesystem).filesystem.clone();
        Bodyfile { prefix, utc_offset }.write_file(&[filesystem], file_path!(path))?;
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Begins a walk over the entries, from position start on (0, or forensic_walk_cursor of an earlier walk); with deleted
/// false, only over those whose metadata is in use.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_walk(
    filesystem: *const forensic_filesystem,
    deleted: bool,
    start: u64,
    walk: *mut *mut forensic_walk,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let walk = out!(walk);
        walk.give(forensic_walk(borrow!(filesystem).filesystem.walk(WalkOptions {
            deleted,
            start,
            ..WalkOptions::default()
        })))
    })
}

/// Number of entries: the positions forensic_filesystem_entry_at takes. The first call reads all metadata.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_entry_count(filesystem: *const forensic_filesystem) -> u64 {
    getter!(filesystem, 0, filesystem.filesystem.entry_count())
}

/// The entry at a position of the listing, so that many threads can share one. FORENSIC_NOT_FOUND past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_entry_at(
    filesystem: *const forensic_filesystem,
    position: u64,
    entry: *mut *mut forensic_entry,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let entry = out!(entry);
        let found = borrow!(filesystem).filesystem.entry_at(position);
        let found = found.ok_or_else(|| forensic_error::not_found(format!("entry at position {position}")))?;
        entry.give(forensic_entry::new(found))
    })
}

/// The entry with this path ("/DCIM/IMG_1.JPG"); of several (a deleted file and its successor) the allocated one.
/// FORENSIC_NOT_FOUND where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_entry(
    filesystem: *const forensic_filesystem,
    path: *const c_char,
    entry: *mut *mut forensic_entry,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let entry = out!(entry);
        entry.give(forensic_entry::new(borrow!(filesystem).filesystem.entry(text!(path))?))
    })
}

/// Reads the volume with an independent second reader and compares the live listing and contents. Long work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_cross_check(
    filesystem: *const forensic_filesystem,
    cross_check: *mut *mut forensic_cross_check,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let cross_check = out!(cross_check);
        cross_check.give(forensic_cross_check::new(borrow!(filesystem).filesystem.cross_check()?))
    })
}

/// Frees a filesystem; NULL is allowed. Its walks and entries live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystem_free(filesystem: *mut forensic_filesystem) {
    free!(filesystem);
}

/// The filesystems of a medium. The caller frees it.
pub struct forensic_filesystems(pub(crate) Vec<forensic_filesystem>);

/// Number of filesystems; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystems_count(filesystems: *const forensic_filesystems) -> usize {
    getter!(filesystems, 0, filesystems.0.len())
}

/// The filesystem at index, in medium order; NULL past the end. Owned by the list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystems_get(
    filesystems: *const forensic_filesystems,
    index: usize,
) -> *const forensic_filesystem {
    item!(filesystems, index, &filesystems.0)
}

/// Frees a list of filesystems and them with it; NULL is allowed. Their walks and entries live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_filesystems_free(filesystems: *mut forensic_filesystems) {
    free!(filesystems);
}
