//! Digests of the pieces of a stream: of its sectors, its clusters, or pieces of any other size.
//!
//! What is left of a file that was overwritten in part, or scattered over unallocated space, still has whole sectors, which
//! their digests find (Garfinkel, Nelson, White, Roussev, "Using purpose-built functions and block hashes to enable small
//! block and sub-file forensics", DFRWS 2010). Most of a medium's sectors that are alike are blank: those are told apart.

use super::{Algorithm, BLOCK, Digests, Hasher};
use crate::{
    bytes::{ReadAt, Source, is_zero},
    error::{Error, Result},
};

/// One piece of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Piece {
    /// Byte offset in the stream.
    pub offset: u64,
    /// Bytes: the size of pieces, or fewer at the end of the stream.
    pub length: u64,
    /// True where every byte is zero: the null block, which says nothing of any file.
    pub is_null: bool,
    /// Its digests.
    pub digests: Digests,
}

/// The pieces of a stream in order, each with its digests; see [`pieces`].
pub struct Pieces {
    source: Source,
    size: u64,
    algorithms: Vec<Algorithm>,
    next: u64,
    buf: Vec<u8>,
    /// The digests of a whole null piece, once there was one.
    null: Option<Digests>,
}

/// The digests of each piece of `size` bytes of `source`; the last piece may be shorter.
///
/// A piece that cannot be read is an error that names its offset, and the pieces behind it follow. Memory: 1 MiB at most,
/// whatever `size` is.
///
/// ```
/// use forensic_core::{bytes::Source, hash::{self, Algorithm}};
/// use std::sync::Arc;
///
/// let mut bytes = vec![0u8; 1024];
/// bytes.extend_from_slice(b"abc");
/// let source: Source = Arc::new(bytes);
/// let pieces: Vec<_> = hash::pieces(&source, 512, &[Algorithm::Md5])?.collect::<Result<_, _>>()?;
/// assert!(pieces[0].is_null && pieces[1].is_null);
/// assert_eq!(pieces[2].length, 3);
/// assert_eq!(pieces[2].digests.hex(Algorithm::Md5).as_deref(), Some("900150983cd24fb0d6963f7d28e17f72"));
/// # Ok::<(), forensic_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] for a size of 0.
pub fn pieces(source: &Source, size: u64, algorithms: &[Algorithm]) -> Result<Pieces> {
    if size == 0 {
        return Err(Error::invalid("pieces of 0 bytes"));
    }
    let (source, algorithms) = (source.clone(), algorithms.to_vec());
    Ok(Pieces { source, size, algorithms, next: 0, buf: Vec::new(), null: None })
}

impl Pieces {
    fn piece(&mut self, offset: u64, length: u64) -> Result<Piece> {
        let mut hasher = Hasher::new(&self.algorithms);
        let mut is_null = true;
        let mut done = 0;
        while done < length {
            let count = (length - done).min(BLOCK as u64);
            self.buf.resize(usize::try_from(count).unwrap_or(BLOCK), 0);
            self.source.read_at(offset + done, &mut self.buf)?;
            is_null &= is_zero(&self.buf);
            // A null piece has been hashed before, unless it is cut or larger than the buffer.
            if is_null
                && length == self.size
                && count == length
                && let Some(digests) = &self.null
            {
                return Ok(Piece { offset, length, is_null, digests: digests.clone() });
            }
            hasher.update(&self.buf);
            done += count;
        }
        let digests = hasher.finish();
        if is_null && length == self.size {
            self.null = Some(digests.clone());
        }
        Ok(Piece { offset, length, is_null, digests })
    }
}

impl Iterator for Pieces {
    type Item = Result<Piece>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.source.len().checked_sub(self.next).filter(|left| *left > 0)?;
        let (offset, length) = (self.next, self.size.min(left));
        self.next += length;
        Some(self.piece(offset, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::{Extents, Run};
    use proptest::prelude::*;
    use std::sync::Arc;

    #[test]
    fn a_piece_that_cannot_be_read_costs_only_itself() {
        let torn = Extents::new(Arc::new(vec![1; 2_000]), [Run::new(0, 512), Run::new(9_000, 512), Run::new(5, 512)]);
        let source: Source = Arc::new(torn);
        let found: Vec<Result<Piece>> = pieces(&source, 512, &[Algorithm::Sha1]).unwrap().collect();
        assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(found[2].as_ref().unwrap().offset, 1024);
    }

    #[test]
    fn no_bytes_have_no_pieces_and_no_size_is_refused() {
        let empty: Source = Arc::new(Vec::new());
        assert_eq!(pieces(&empty, 512, &[Algorithm::Md5]).unwrap().count(), 0);
        assert!(matches!(pieces(&empty, 0, &[Algorithm::Md5]), Err(Error::InvalidArgument { .. })));
    }

    #[test]
    fn pieces_larger_than_the_buffer_are_whole() {
        let bytes: Vec<u8> = (0..3 * BLOCK as u64 + 7).map(|n| (n >> 7) as u8).collect();
        let source: Source = Arc::new(bytes.clone());
        let found: Vec<Piece> =
            pieces(&source, 2 * BLOCK as u64, &[Algorithm::Md5]).unwrap().collect::<Result<_>>().unwrap();
        for (piece, bytes) in found.iter().zip(bytes.chunks(2 * BLOCK)) {
            let alone = super::super::hash(&(Arc::new(bytes.to_vec()) as Source), &[Algorithm::Md5]).unwrap();
            assert_eq!((&piece.digests, piece.length, piece.is_null), (&alone, bytes.len() as u64, false));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn each_piece_has_the_digests_of_its_bytes(
            bytes in prop::collection::vec(prop_oneof![4 => Just(0u8), 1 => any::<u8>()], 0..3_000),
            size in 1u64..600,
        ) {
            let algorithms = [Algorithm::Md5, Algorithm::Blake3];
            let source: Source = Arc::new(bytes.clone());
            let found: Vec<Piece> = pieces(&source, size, &algorithms).unwrap().collect::<Result<_>>().unwrap();
            prop_assert_eq!(found.len(), bytes.len().div_ceil(size as usize));
            for (piece, bytes) in found.iter().zip(bytes.chunks(size as usize)) {
                let alone = super::super::hash(&(Arc::new(bytes.to_vec()) as Source), &algorithms).unwrap();
                prop_assert_eq!(&piece.digests, &alone);
                prop_assert_eq!(piece.is_null, bytes.iter().all(|byte| *byte == 0));
            }
        }
    }
}
