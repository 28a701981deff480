//! Positional, read-only sources that know where their bytes lie on the medium.
//!
//! Everything that holds bytes is a [`ReadAt`]: a medium, a volume, a file, its slack. [`Slice`] and [`Extents`] compose,
//! and whatever is composed of them still tells its place on the medium through [`ReadAt::locate`].

mod cache;
mod extents;
mod fields;
pub(crate) mod os;
mod readahead;
mod reader;
mod slice;
mod unreadable;

use crate::error::{Error, Result};
use std::sync::Arc;

pub use cache::Cached;
pub(crate) use cache::Part;
pub use extents::{Extents, Run};
pub(crate) use fields::Fields;
pub use os::FileSource;
pub use readahead::for_each_block;
pub(crate) use readahead::{Spare, take_each_block, work_on_blocks};
pub use reader::Reader;
pub use slice::Slice;
pub use unreadable::{Tolerant, Unreadable};
pub(crate) use unreadable::{read_around, read_around_into};

/// A shared source of bytes.
pub type Source = Arc<dyn ReadAt>;

/// Bytes at offsets, read through `&self` from any number of threads.
///
/// ```
/// use forensic_core::bytes::{ReadAt, Slice, Source};
/// use std::sync::Arc;
///
/// let medium: Source = Arc::new(b"....DCIM....".to_vec());
/// let name = Slice::new(medium, 4, 4)?;
/// assert_eq!(name.read_vec(0, 4)?, b"DCIM");
/// assert_eq!(name.locate(1, 3)[0].offset, Some(5));
/// # Ok::<(), forensic_core::Error>(())
/// ```
pub trait ReadAt: Send + Sync {
    /// Number of bytes.
    fn len(&self) -> u64;

    /// True where there is no byte.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills all of `buf` from `offset` on, or fails: never short, never silently zero.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] past the end, [`Error::Unreadable`] or [`Error::Corrupt`] where the bytes cannot be had.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()>;

    /// Where the bytes `offset .. offset + length` lie on the medium, in stream order; what lies past the end, and what is
    /// lost (a cluster that belongs to another file now), is left out. `stream_offset` of the extents counts from the start of this source.
    ///
    /// A source that is itself a medium lies where it lies, which is the default.
    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let length = length.min(self.len().saturating_sub(offset));
        if length == 0 {
            return Vec::new();
        }
        vec![Extent { stream_offset: offset, offset: Some(offset), length, kind: ExtentKind::Data, inferred: false }]
    }

    /// Where all of this source lies on the medium.
    fn extents(&self) -> Vec<Extent> {
        self.locate(0, self.len())
    }

    /// The medium offset of byte `offset` of this source; `offset` itself where the byte lies nowhere.
    fn medium_offset(&self, offset: u64) -> u64 {
        self.locate_byte(offset).unwrap_or(offset)
    }

    /// The medium offset of byte `offset` of this source, `None` where it lies nowhere: what [`ReadAt::locate`] says of one
    /// byte, for sources that can say so without a list.
    fn locate_byte(&self, offset: u64) -> Option<u64> {
        self.locate(offset, 1).first()?.offset
    }

    /// The first byte from `offset` on that may be other than zero, or the length: what lies between is known to read as
    /// zeros without reading it, as a hole of a sparse image does. The default knows of none.
    fn next_data(&self, offset: u64) -> u64 {
        offset
    }

    /// The bytes `offset .. offset + length` themselves, of a source that has them in memory and can always lend them; `None`
    /// of any other, which is the default.
    ///
    /// ```
    /// use forensic_core::bytes::ReadAt;
    ///
    /// let medium = b"evidence".to_vec();
    /// assert_eq!(medium.in_memory(2, 3), Some(&b"ide"[..]));
    /// assert_eq!(medium.in_memory(6, 3), None);
    /// ```
    fn in_memory(&self, _offset: u64, _length: u64) -> Option<&[u8]> {
        None
    }

    /// Reads `length` bytes into a new buffer. The caller bounds `length`; it is checked against the size before
    /// anything is allocated.
    ///
    /// # Errors
    /// As [`ReadAt::read_at`].
    fn read_vec(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        read_vec(self, offset, length)
    }
}

fn read_vec<S: ReadAt + ?Sized>(source: &S, offset: u64, length: u64) -> Result<Vec<u8>> {
    check_bounds(offset, length, source.len())?;
    let length = usize::try_from(length).map_err(|_| Error::invalid("a read longer than memory"))?;
    let mut buf = vec![0; length];
    source.read_at(offset, &mut buf)?;
    Ok(buf)
}

/// A piece of a stream and the place of its bytes on the medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extent {
    /// Byte offset in the stream.
    pub stream_offset: u64,
    /// Byte offset on the medium; `None` where no byte of the medium stands behind it (sparse).
    pub offset: Option<u64>,
    /// Number of bytes of the stream.
    pub length: u64,
    /// How the bytes are stored.
    pub kind: ExtentKind,
    /// True where the place was guessed (a deleted FAT chain) and not read from metadata.
    pub inferred: bool,
}

/// How the bytes of an [`Extent`] are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ExtentKind {
    /// As they are.
    Data,
    /// Not at all: they read as zero.
    Sparse,
    /// Inside a metadata record.
    Resident,
    /// Compressed: `offset` is where the compressed bytes begin.
    Compressed,
}

impl ExtentKind {
    /// The name used in records: `data`, `sparse`, `resident`, `compressed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Sparse => "sparse",
            Self::Resident => "resident",
            Self::Compressed => "compressed",
        }
    }
}

/// Refuses a read that goes past the end of its source.
pub(crate) fn check_bounds(offset: u64, length: u64, size: u64) -> Result<()> {
    match offset.checked_add(length) {
        Some(end) if end <= size => Ok(()),
        _ => Err(Error::OutOfBounds { offset, length, size }),
    }
}

/// The part of `bytes` that a read of `length` bytes at `offset` asks for.
pub(crate) fn slice_of(bytes: &[u8], offset: u64, length: usize) -> Result<&[u8]> {
    let out_of_bounds = || Error::OutOfBounds { offset, length: length as u64, size: bytes.len() as u64 };
    let start = usize::try_from(offset).map_err(|_| out_of_bounds())?;
    let end = start.checked_add(length).ok_or_else(out_of_bounds)?;
    bytes.get(start..end).ok_or_else(out_of_bounds)
}

/// True where there is nothing but zeros.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    // No early end inside a piece, so that it is looked at many bytes at once.
    bytes.chunks(128).all(|piece| piece.iter().fold(0, |sum, byte| sum | byte) == 0)
}

macro_rules! read_memory {
    ($($type:ty),*) => {$(
        impl ReadAt for $type {
            fn len(&self) -> u64 {
                <[u8]>::len(self) as u64
            }

            fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
                buf.copy_from_slice(slice_of(self, offset, buf.len())?);
                Ok(())
            }

            fn in_memory(&self, offset: u64, length: u64) -> Option<&[u8]> {
                slice_of(self, offset, usize::try_from(length).ok()?).ok()
            }
        }
    )*};
}

read_memory!(Vec<u8>, Box<[u8]>, Arc<[u8]>, &'static [u8]);

impl ReadAt for Source {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        (**self).read_at(offset, buf)
    }

    fn read_vec(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        (**self).read_vec(offset, length)
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        (**self).locate(offset, length)
    }

    fn locate_byte(&self, offset: u64) -> Option<u64> {
        (**self).locate_byte(offset)
    }

    fn next_data(&self, offset: u64) -> u64 {
        (**self).next_data(offset)
    }

    fn in_memory(&self, offset: u64, length: u64) -> Option<&[u8]> {
        (**self).in_memory(offset, length)
    }
}
