//! The file hash of the eDonkey network: see [`Algorithm::Ed2k`](super::Algorithm::Ed2k).

use md4::{Digest, Md4};

/// Bytes of a chunk.
const CHUNK: usize = 9_728_000;

/// ED2K of bytes given piece by piece.
#[derive(Clone, Default)]
pub(super) struct Ed2k {
    /// The MD4 of each full chunk, one after the other, as far as there are any.
    chunks: Option<Md4>,
    /// The chunk that is not full yet, and its bytes.
    chunk: Md4,
    filled: usize,
}

impl Ed2k {
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while self.filled + bytes.len() >= CHUNK {
            let (rest, behind) = bytes.split_at(CHUNK - self.filled);
            self.chunk.update(rest);
            self.chunks.get_or_insert_default().update(self.chunk.finalize_reset());
            (bytes, self.filled) = (behind, 0);
        }
        self.chunk.update(bytes);
        self.filled += bytes.len();
    }

    pub(super) fn finish(self) -> [u8; 16] {
        let last = self.chunk.finalize();
        let whole = match self.chunks {
            None => last,
            Some(chunks) => chunks.chain_update(last).finalize(),
        };
        whole.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hex;

    /// What the definition says, of all bytes at once: each full chunk, and the rest behind them, be it empty.
    fn defined(bytes: &[u8]) -> [u8; 16] {
        let chunks: Vec<_> = (0..=bytes.len() / CHUNK)
            .map(|number| Md4::digest(&bytes[number * CHUNK..bytes.len().min((number + 1) * CHUNK)]))
            .collect();
        match &chunks[..] {
            [only] => (*only).into(),
            _ => Md4::digest(chunks.concat()).into(),
        }
    }

    #[test]
    fn sizes_around_a_chunk_agree_with_the_definition_whatever_the_cut() {
        let bytes: Vec<u8> = (0..2 * CHUNK + 1).map(|n| ((n * 7919) >> 3) as u8).collect();
        for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1] {
            for piece in [1_000_003, CHUNK, usize::MAX] {
                let mut ed2k = Ed2k::default();
                bytes[..size].chunks(piece).for_each(|part| ed2k.update(part));
                assert_eq!(ed2k.finish(), defined(&bytes[..size]), "{size} bytes in pieces of {piece}");
            }
        }
    }

    /// RFC 1320 A.5 for files of one chunk; for chunks of zeros the values that are published for the two readings
    /// ("red", which is ours, and "blue").
    #[test]
    fn published_vectors_hold() {
        let of = |bytes: &[u8]| {
            let mut ed2k = Ed2k::default();
            ed2k.update(bytes);
            hex::encode(&ed2k.finish())
        };
        assert_eq!(of(b""), "31d6cfe0d16ae931b73c59d7e0c089c0");
        assert_eq!(of(b"message digest"), "d9130a8164549fe818874806e1c7014b");
        let zeros = vec![0; 2 * CHUNK];
        assert_eq!(of(&zeros[..CHUNK]), "fc21d9af828f92a8df64beac3357425d");
        assert_eq!(of(&zeros), "114b21c63a74b6ca922291a11177dd5c");
    }
}
