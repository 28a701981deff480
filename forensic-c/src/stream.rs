//! `forensic_stream`: bytes that know where they lie on the medium.

use crate::{
    boundary::{borrow, buffer, fallible, free, getter, out},
    error::{Failure, forensic_error, forensic_status},
    extents::forensic_extents,
};
use forensic_core::bytes::{ReadAt, Source};

/// Bytes that know where they lie on the medium: a medium, a volume, a file, its slack. It stays readable when what it
/// came from is freed. The caller frees it.
pub struct forensic_stream(pub(crate) Source);

/// Fills as much of `buffer` as there are bytes from `offset` on; gives how many.
pub(crate) fn read_at(source: &dyn ReadAt, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
    let left = usize::try_from(source.len().saturating_sub(offset)).unwrap_or(usize::MAX);
    let count = left.min(buffer.len());
    if count > 0 {
        source.read_at(offset, &mut buffer[..count])?;
    }
    Ok(count)
}

/// Number of bytes; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_stream_size(stream: *const forensic_stream) -> u64 {
    getter!(stream, 0, stream.0.len())
}

/// Reads up to capacity bytes from offset on and sets read to their number, which is less than capacity only at the end
/// and 0 beyond it.
///
/// FORENSIC_UNREADABLE, FORENSIC_CORRUPT where bytes cannot be had; what stands in the buffer then is not content.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_stream_read_at(
    stream: *const forensic_stream,
    offset: u64,
    buffer: *mut u8,
    capacity: usize,
    read: *mut usize,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let read = out!(read);
        read.put(read_at(&borrow!(stream).0, offset, buffer!(buffer, capacity))?)
    })
}

/// Where all of the stream lies on the medium.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_stream_extents(
    stream: *const forensic_stream,
    extents: *mut *mut forensic_extents,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let extents = out!(extents);
        extents.give(forensic_extents::new(&borrow!(stream).0.extents()))
    })
}

/// Where length bytes of the stream from offset on lie on the medium; what lies past the end is left out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_stream_locate(
    stream: *const forensic_stream,
    offset: u64,
    length: u64,
    extents: *mut *mut forensic_extents,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let extents = out!(extents);
        extents.give(forensic_extents::new(&borrow!(stream).0.locate(offset, length)))
    })
}

/// Frees a stream; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_stream_free(stream: *mut forensic_stream) {
    free!(stream);
}
