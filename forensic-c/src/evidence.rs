//! `forensic_evidence`: a medium under examination.

use crate::{
    boundary::{
        borrow, borrow_mut, buffer, bytes, fallible, file_path, file_paths, free, getter, item, or_default, out, text,
    },
    callback::{Callback, forensic_read_at, forensic_release},
    error::{Failure, forensic_error, forensic_status},
    extents::forensic_extents,
    filesystem::{forensic_filesystem, forensic_filesystems},
    issues::forensic_issues,
    limits::forensic_limits,
    pairs::{Pairs, forensic_pair},
    stream::{self, forensic_stream},
    text::Texts,
    volume::forensic_volume,
};
use forensic_core::{
    bytes::Unreadable,
    evidence::{Evidence, OpenOptions},
};
use std::{
    ffi::{c_char, c_void},
    ptr::null,
    sync::Arc,
};

/// What to do about places of the medium that cannot be read.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_unreadable {
    /// The read fails.
    FORENSIC_UNREADABLE_RAISE = 0,
    /// The unreadable sectors read as zeros, and their range is recorded.
    FORENSIC_UNREADABLE_ZERO = 1,
}

/// How to open evidence. Not for several threads at once while it is set. The caller frees it.
#[derive(Default)]
pub struct forensic_open_options(OpenOptions);

/// Gives the defaults: an unreadable place is an error, limits fit real media. NULL for options means the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_open_options_new(
    options: *mut *mut forensic_open_options,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, { out!(options).give(forensic_open_options::default()) })
}

/// Sets what to do about unreadable places (a forensic_unreadable).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_open_options_set_unreadable(
    options: *mut forensic_open_options,
    unreadable: u32,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let policy = match unreadable {
            0 => Unreadable::Raise,
            1 => Unreadable::Zero,
            _ => return Err(forensic_error::invalid(format!("{unreadable} is no forensic_unreadable"))),
        };
        let options = borrow_mut!(options);
        options.0 = options.0.clone().unreadable(policy);
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Sets bounds on what the evidence may demand; they are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_open_options_set_limits(
    options: *mut forensic_open_options,
    limits: *const forensic_limits,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let (options, limits) = (borrow_mut!(options), borrow!(limits));
        options.0 = options.0.clone().limits(limits.0.clone());
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Frees options; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_open_options_free(options: *mut forensic_open_options) {
    free!(options);
}

/// A medium under examination: a disk image in any container, opened read-only. The caller frees it.
pub struct forensic_evidence {
    pub(crate) evidence: Evidence,
    metadata: Pairs,
    stored_hashes: Pairs,
    texts: Texts,
}

impl forensic_evidence {
    fn new(evidence: Evidence) -> Self {
        Self { evidence, metadata: Pairs::default(), stored_hashes: Pairs::default(), texts: Texts::default() }
    }
}

/// Opens the image at path; further segments are found beside it. The container is found by content, not by name.
///
/// FORENSIC_IO where a file cannot be opened, FORENSIC_UNSUPPORTED for a container that is recognised but not read,
/// FORENSIC_CORRUPT for a damaged one, FORENSIC_MISSING_SEGMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_open(
    path: *const c_char,
    options: *const forensic_open_options,
    evidence: *mut *mut forensic_evidence,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let evidence = out!(evidence);
        evidence.give(forensic_evidence::new(or_default!(options).open(file_path!(path))?))
    })
}

/// Opens an image from its segment files, given in order. Errors are those of forensic_evidence_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_open_segments(
    paths: *const *const c_char,
    count: usize,
    options: *const forensic_open_options,
    evidence: *mut *mut forensic_evidence,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let evidence = out!(evidence);
        let paths = file_paths!(paths, count);
        if paths.is_empty() {
            return Err(forensic_error::invalid("there is no segment"));
        }
        evidence.give(forensic_evidence::new(or_default!(options).open_segments(paths)?))
    })
}

/// Opens an image held in memory, which is copied. Errors are those of forensic_evidence_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_open_bytes(
    bytes: *const u8,
    length: usize,
    options: *const forensic_open_options,
    evidence: *mut *mut forensic_evidence,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let evidence = out!(evidence);
        let source = Arc::new(bytes!(bytes, length).to_vec());
        evidence.give(forensic_evidence::new(or_default!(options).open_source(source)?))
    })
}

/// Opens an image that lies in a stream: a file inside other evidence. Errors are those of forensic_evidence_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_open_stream(
    stream: *const forensic_stream,
    options: *const forensic_open_options,
    evidence: *mut *mut forensic_evidence,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let evidence = out!(evidence);
        let source = borrow!(stream).0.clone();
        evidence.give(forensic_evidence::new(or_default!(options).open_source(source)?))
    })
}

/// Opens an image of size bytes that the caller reads: read_at is called with user, from any thread, also from several at
/// once, as long as the evidence or anything that came from it lives. release, which may be NULL, is called once, with
/// user, when nothing needs it any more: at once where opening fails.
///
/// Errors are those of forensic_evidence_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_open_callback(
    read_at: forensic_read_at,
    size: u64,
    user: *mut c_void,
    release: forensic_release,
    options: *const forensic_open_options,
    evidence: *mut *mut forensic_evidence,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let callback = Callback::new(user, size, read_at, release);
        let evidence = out!(evidence);
        if !callback.is_readable() {
            return Err(forensic_error::null("read_at"));
        }
        evidence.give(forensic_evidence::new(or_default!(options).open_source(Arc::new(callback))?))
    })
}

/// The container: "raw", "split", "ewf". Owned by the evidence.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_format(evidence: *const forensic_evidence) -> *const c_char {
    getter!(evidence, null(), evidence.texts.give(evidence.evidence.format()))
}

/// Bytes of the medium.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_size(evidence: *const forensic_evidence) -> u64 {
    getter!(evidence, 0, evidence.evidence.size())
}

/// Bytes a sector, as the container says, otherwise 512.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_sector_size(evidence: *const forensic_evidence) -> u32 {
    getter!(evidence, 0, evidence.evidence.sector_size())
}

/// Number of things the container says about the case and the acquisition.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_metadata_count(evidence: *const forensic_evidence) -> usize {
    getter!(evidence, 0, evidence.evidence.metadata().len())
}

/// What the container says, in order of keys; NULL past the end. Owned by the evidence.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_metadata(
    evidence: *const forensic_evidence,
    index: usize,
) -> *const forensic_pair {
    item!(evidence, index, evidence.metadata.of(evidence.evidence.metadata()))
}

/// What the container says under this key ("case_number"). FORENSIC_NOT_FOUND where it says nothing. Owned by the
/// evidence.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_metadata_named(
    evidence: *const forensic_evidence,
    key: *const c_char,
    value: *mut *const c_char,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let value = out!(value);
        let (evidence, key) = (borrow!(evidence), text!(key));
        value.put(found(evidence.metadata.value(evidence.evidence.metadata(), key), key)?)
    })
}

/// Number of digests stored at acquisition.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_stored_hash_count(evidence: *const forensic_evidence) -> usize {
    getter!(evidence, 0, evidence.evidence.stored_hashes().len())
}

/// A digest stored at acquisition: the algorithm ("md5") and lower-case hex; NULL past the end. Owned by the evidence.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_stored_hash(
    evidence: *const forensic_evidence,
    index: usize,
) -> *const forensic_pair {
    item!(evidence, index, evidence.stored_hashes.of(evidence.evidence.stored_hashes()))
}

/// The digest of this algorithm ("md5") stored at acquisition, in lower-case hex. FORENSIC_NOT_FOUND where there is none.
/// Owned by the evidence.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_stored_hash_named(
    evidence: *const forensic_evidence,
    algorithm: *const c_char,
    hex: *mut *const c_char,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let hex = out!(hex);
        let (evidence, algorithm) = (borrow!(evidence), text!(algorithm));
        let stored = evidence.stored_hashes.value(evidence.evidence.stored_hashes(), algorithm);
        hex.put(found(stored, algorithm)?)
    })
}

/// Reads up to capacity bytes of the medium; as forensic_stream_read_at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_read_at(
    evidence: *const forensic_evidence,
    offset: u64,
    buffer: *mut u8,
    capacity: usize,
    read: *mut usize,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let read = out!(read);
        read.put(stream::read_at(&borrow!(evidence).evidence.stream(), offset, buffer!(buffer, capacity))?)
    })
}

/// All bytes of the medium.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_stream(
    evidence: *const forensic_evidence,
    stream: *mut *mut forensic_stream,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let stream = out!(stream);
        stream.give(forensic_stream(borrow!(evidence).evidence.stream()))
    })
}

/// Ranges that could not be read: at acquisition, and since, where FORENSIC_UNREADABLE_ZERO replaced them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_unreadable_ranges(
    evidence: *const forensic_evidence,
    ranges: *mut *mut forensic_extents,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let ranges = out!(ranges);
        ranges.give(forensic_extents::new(&borrow!(evidence).evidence.unreadable_ranges()))
    })
}

/// What was passed over in the container and the partition tables so far.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_issues(
    evidence: *const forensic_evidence,
    issues: *mut *mut forensic_issues,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let issues = out!(issues);
        issues.give(forensic_issues::new(&borrow!(evidence).evidence.issues()))
    })
}

/// Number of volumes of the medium, gaps between them included; a bare filesystem is one volume.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_volume_count(evidence: *const forensic_evidence) -> usize {
    getter!(evidence, 0, evidence.evidence.volumes().len())
}

/// The volume at index, in medium order. FORENSIC_NOT_FOUND past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_volume(
    evidence: *const forensic_evidence,
    index: usize,
    volume: *mut *mut forensic_volume,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let volume = out!(volume);
        let evidence = &borrow!(evidence).evidence;
        let found = evidence.volumes().get(index);
        let found = found.ok_or_else(|| forensic_error::not_found(format!("volume {index}")))?;
        volume.give(forensic_volume::new(found.clone(), evidence.limits().clone()))
    })
}

/// Opens the filesystem of every volume that has a known one; one that cannot be opened is an issue of the evidence.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_filesystems(
    evidence: *const forensic_evidence,
    filesystems: *mut *mut forensic_filesystems,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let filesystems = out!(filesystems);
        let found = borrow!(evidence).evidence.filesystems();
        filesystems.give(forensic_filesystems(found.into_iter().map(forensic_filesystem::new).collect()))
    })
}

/// Frees evidence; NULL is allowed. What came from it lives on and keeps the image open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_free(evidence: *mut forensic_evidence) {
    free!(evidence);
}

fn found(value: *const c_char, key: &str) -> Result<*const c_char, Failure> {
    if value.is_null() { Err(forensic_error::not_found(format!("key {key:?}"))) } else { Ok(value) }
}
