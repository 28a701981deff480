//! `forensic_carve_options` and `forensic_carver`: files found by their structure alone.

use crate::{
    boundary::{borrow, borrow_mut, bytes, fallible, free, getter, or_default, out, text},
    callback::{Watched, forensic_progress},
    carved::forensic_carved,
    error::{Failure, forensic_error, forensic_status},
    evidence::forensic_evidence,
    filesystem::forensic_filesystem,
    issues::forensic_issues,
    limits::forensic_limits,
    stream::forensic_stream,
    text::to_c,
};
use forensic_core::{
    Issue,
    bytes::Source,
    carve::{self, Carved, Options},
};
use std::{
    ffi::{CString, c_char, c_void},
    ptr::{null, null_mut},
    sync::{Arc, OnceLock},
};

/// Where to look for files.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_within {
    /// Everywhere.
    FORENSIC_WITHIN_ALL = 0,
    /// Only where no file in use is.
    FORENSIC_WITHIN_UNALLOCATED = 1,
}

/// How to carve. Not for several threads at once while it is set. The caller frees it.
#[derive(Default)]
pub struct forensic_carve_options(Options);

impl forensic_carve_options {
    fn change(&mut self, change: impl FnOnce(Options) -> Options) -> Result<forensic_status, Failure> {
        self.0 = change(std::mem::take(&mut self.0));
        Ok(forensic_status::FORENSIC_OK)
    }
}

/// Gives the defaults: every type, at every byte offset, on as many threads as the machine runs at once. NULL for options
/// means the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carve_options_new(
    options: *mut *mut forensic_carve_options,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, { out!(options).give(forensic_carve_options::default()) })
}

/// Reports files of these types only, by commas: "jpeg,png" (forensic_carve_type lists them). What is found does not depend on
/// it; an unknown type is refused when carving begins.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carve_options_set_types(
    options: *mut forensic_carve_options,
    types: *const c_char,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let types = text!(types).split(',').map(str::trim);
        borrow_mut!(options).change(|options| options.types(types))
    })
}

/// Looks for files at multiples of so many bytes only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carve_options_set_align(
    options: *mut forensic_carve_options,
    align: u64,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, { borrow_mut!(options).change(|options| options.align(align)) })
}

/// Gives each child once more as a file of its own, behind the file that holds it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carve_options_set_nested(
    options: *mut forensic_carve_options,
    nested: bool,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, { borrow_mut!(options).change(|options| options.nested(nested)) })
}

/// Sets the bytes of a cluster of the filesystem that was there, where known: fragments begin at multiples of it. Otherwise it
/// is that of the filesystem, or, for unallocated space of evidence, of its filesystems where they agree.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carve_options_set_cluster_size(
    options: *mut forensic_carve_options,
    cluster_size: u64,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, { borrow_mut!(options).change(|options| options.cluster_size(cluster_size)) })
}

/// Sets the threads to work on, one at least. The files are the same on any number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carve_options_set_threads(
    options: *mut forensic_carve_options,
    threads: usize,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, { borrow_mut!(options).change(|options| options.threads(threads.max(1))) })
}

/// Sets bounds on effort and memory; they are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carve_options_set_limits(
    options: *mut forensic_carve_options,
    limits: *const forensic_limits,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let (options, limits) = (borrow_mut!(options), borrow!(limits));
        options.change(|options| options.limits(limits.0.clone()))
    })
}

/// Frees options; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carve_options_free(options: *mut forensic_carve_options) {
    free!(options);
}

/// The type at index that can be carved, in alphabetical order; NULL past the end. Static.
#[unsafe(no_mangle)]
pub extern "C" fn forensic_carve_type(index: usize) -> *const c_char {
    static TYPES: OnceLock<Vec<CString>> = OnceLock::new();
    let types = TYPES.get_or_init(|| carve::types().into_iter().map(to_c).collect());
    types.get(index).map_or(null(), |name| name.as_ptr())
}

/// The files found, one after another. Not for several threads at once. The caller frees it.
pub struct forensic_carver {
    files: std::vec::IntoIter<Carved>,
    issues: Vec<Issue>,
}

impl forensic_carver {
    fn new(source: &Source, options: &Options, watched: &Watched) -> Result<Self, Failure> {
        let carving = carve::carve(source, options, watched)?;
        Ok(Self { files: carving.files.into_iter(), issues: carving.issues })
    }
}

/// True for unallocated space only.
fn only_unallocated(within: u32) -> Result<bool, Failure> {
    match within {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(forensic_error::invalid(format!("{within} is no forensic_within"))),
    }
}

/// Carves a medium; within is a forensic_within. progress, which may be NULL, gets bytes and user. Long work.
///
/// FORENSIC_INVALID_ARGUMENT for a type that is not known, FORENSIC_CANCELLED where progress stops it. What cannot be read
/// is no error: see forensic_carver_issues.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carver_open_evidence(
    evidence: *const forensic_evidence,
    within: u32,
    options: *const forensic_carve_options,
    progress: forensic_progress,
    user: *mut c_void,
    carver: *mut *mut forensic_carver,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let carver = out!(carver);
        let evidence = &borrow!(evidence).evidence;
        let options = or_default!(options);
        let (source, options) = match only_unallocated(within)? {
            true => (carve::unallocated(evidence)?, options.clusters_of(evidence)),
            false => (evidence.stream(), options),
        };
        carver.give(forensic_carver::new(&source, &options, &Watched { progress, user })?)
    })
}

/// Carves the volume of a filesystem, or its unallocated clusters; otherwise as forensic_carver_open_evidence.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carver_open_filesystem(
    filesystem: *const forensic_filesystem,
    within: u32,
    options: *const forensic_carve_options,
    progress: forensic_progress,
    user: *mut c_void,
    carver: *mut *mut forensic_carver,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let carver = out!(carver);
        let filesystem = &borrow!(filesystem).filesystem;
        let source = if only_unallocated(within)? { filesystem.unallocated()? } else { filesystem.volume().clone() };
        let mut options = or_default!(options);
        if !options.has_cluster_size() {
            options = options.cluster_size(u64::from(filesystem.cluster_size()));
        }
        carver.give(forensic_carver::new(&source, &options, &Watched { progress, user })?)
    })
}

/// Carves a stream; otherwise as forensic_carver_open_evidence.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carver_open_stream(
    stream: *const forensic_stream,
    options: *const forensic_carve_options,
    progress: forensic_progress,
    user: *mut c_void,
    carver: *mut *mut forensic_carver,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let carver = out!(carver);
        carver.give(forensic_carver::new(&borrow!(stream).0, &or_default!(options), &Watched { progress, user })?)
    })
}

/// Carves length bytes in memory, which are copied; otherwise as forensic_carver_open_evidence.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carver_open_buffer(
    buffer: *const u8,
    length: usize,
    options: *const forensic_carve_options,
    progress: forensic_progress,
    user: *mut c_void,
    carver: *mut *mut forensic_carver,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let carver = out!(carver);
        let source: Source = Arc::new(bytes!(buffer, length).to_vec());
        carver.give(forensic_carver::new(&source, &or_default!(options), &Watched { progress, user })?)
    })
}

/// Number of files still to be given; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carver_left(carver: *const forensic_carver) -> usize {
    getter!(carver, 0, carver.files.len())
}

/// Gives the next file in order of offset, which the caller frees. FORENSIC_DONE, with carved set to NULL, at the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carver_next(
    carver: *mut forensic_carver,
    carved: *mut *mut forensic_carved,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let carved = out!(carved);
        match borrow_mut!(carver).files.next() {
            Some(next) => carved.give(forensic_carved::new(next)),
            None => carved.put(null_mut()).map(|_| forensic_status::FORENSIC_DONE),
        }
    })
}

/// What could not be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carver_issues(
    carver: *const forensic_carver,
    issues: *mut *mut forensic_issues,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let issues = out!(issues);
        issues.give(forensic_issues::new(&borrow!(carver).issues))
    })
}

/// Frees a carver; NULL is allowed. The files it gave live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_carver_free(carver: *mut forensic_carver) {
    free!(carver);
}
