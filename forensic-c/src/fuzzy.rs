//! Similarity digests: ssdeep and TLSH.

use crate::{
    boundary::{borrow, buffer, bytes, fallible, file_path, out, text},
    error::{Failure, forensic_error, forensic_status},
    stream::forensic_stream,
    text::copy,
};
use forensic_core::{
    bytes::{FileSource, Source},
    hash::fuzzy,
};
use std::{ffi::c_char, sync::Arc};

/// Bytes of the longest similarity digest, with its NUL.
pub const FORENSIC_FUZZY_SIZE: usize = 128;

/// Writes the similarity digest of all bytes of a stream, NUL-terminated and cut to capacity (FORENSIC_FUZZY_SIZE holds
/// any). algorithm is "ssdeep" or "tlsh"; TLSH is "TNULL" for fewer than 50 bytes and for bytes that vary too little.
///
/// FORENSIC_UNREADABLE, FORENSIC_CORRUPT where a byte cannot be had, FORENSIC_LIMIT for more than 192 GiB (ssdeep) or
/// 4 GiB (TLSH).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_fuzzy_hash_stream(
    stream: *const forensic_stream,
    algorithm: *const c_char,
    buffer: *mut c_char,
    capacity: usize,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let buffer = buffer.cast::<u8>();
        write(&borrow!(stream).0, text!(algorithm), buffer!(buffer, capacity))
    })
}

/// The same of a file of the system. FORENSIC_IO where it cannot be opened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_fuzzy_hash_file(
    path: *const c_char,
    algorithm: *const c_char,
    buffer: *mut c_char,
    capacity: usize,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let source: Source = Arc::new(FileSource::open(file_path!(path))?);
        let buffer = buffer.cast::<u8>();
        write(&source, text!(algorithm), buffer!(buffer, capacity))
    })
}

/// The same of length bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_fuzzy_hash_bytes(
    bytes: *const u8,
    length: usize,
    algorithm: *const c_char,
    buffer: *mut c_char,
    capacity: usize,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let source: Source = Arc::new(bytes!(bytes, length).to_vec());
        let buffer = buffer.cast::<u8>();
        write(&source, text!(algorithm), buffer!(buffer, capacity))
    })
}

/// What two similarity digests of the same algorithm, told by their form, say of two files. ssdeep: 0 (nothing alike) to
/// 100 (the same digest). TLSH: a distance, 0 for the same digest.
///
/// FORENSIC_INVALID_ARGUMENT for what is no digest, for digests of two algorithms, and for "TNULL".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_fuzzy_compare(
    a: *const c_char,
    b: *const c_char,
    score: *mut u32,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let score = out!(score);
        score.put(fuzzy::compare(text!(a), text!(b))?)
    })
}

fn write(source: &Source, algorithm: &str, place: &mut [u8]) -> Result<forensic_status, Failure> {
    copy(&fuzzy::hash(source, algorithm.parse()?)?, place);
    Ok(forensic_status::FORENSIC_OK)
}
