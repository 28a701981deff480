//! `forensic_pieces`: the digests of the pieces of a stream, its sectors or clusters.

use crate::{
    boundary::{Blank, borrow, borrow_mut, fallible, free, out},
    error::{forensic_error, forensic_status},
    hash::{forensic_digests, named},
    stream::forensic_stream,
};
use forensic_core::hash::{self, Pieces};

/// The pieces of a stream in order, each with its digests. Not for several threads at once. The caller frees it.
pub struct forensic_pieces(Pieces);

/// One piece of a stream.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_piece {
    /// Byte offset in the stream.
    pub offset: u64,
    /// Bytes: the size of pieces, or fewer at the end of the stream.
    pub length: u64,
    /// True where every byte is zero: the null block, which says nothing of any file.
    pub is_null: bool,
    /// Its digests.
    pub digests: forensic_digests,
}

impl Blank for forensic_piece {
    const BLANK: Self = Self { offset: 0, length: 0, is_null: false, digests: forensic_digests::BLANK };
}

/// Gives the pieces of size bytes of a stream; the last may be shorter. FORENSIC_INVALID_ARGUMENT for a size of 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_pieces_new(
    stream: *const forensic_stream,
    size: u64,
    algorithms: u32,
    pieces: *mut *mut forensic_pieces,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let pieces = out!(pieces);
        pieces.give(forensic_pieces(hash::pieces(&borrow!(stream).0, size, &named(algorithms)?)?))
    })
}

/// Gives the next piece. FORENSIC_DONE at the end.
///
/// FORENSIC_UNREADABLE, FORENSIC_CORRUPT where a byte of the piece cannot be had; the next call gives the piece behind it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_pieces_next(
    pieces: *mut forensic_pieces,
    piece: *mut forensic_piece,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let piece = out!(piece);
        match borrow_mut!(pieces).0.next().transpose()? {
            None => Ok(forensic_status::FORENSIC_DONE),
            Some(next) => {
                let (offset, length, is_null) = (next.offset, next.length, next.is_null);
                piece.put(forensic_piece { offset, length, is_null, digests: (&next.digests).into() })
            }
        }
    })
}

/// Frees pieces; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_pieces_free(pieces: *mut forensic_pieces) {
    free!(pieces);
}
