//! One pass that feeds every algorithm.

use super::{
    Algorithm, Digests,
    ed2k::Ed2k,
    trio::{Asked, Trio},
};
use sha2::{Digest, Sha512};
use sha3::Sha3_256;

/// Bytes that stay in the processor's cache while every algorithm passes over them.
const PIECE: usize = 32 << 10;

/// Computes digests of bytes given piece by piece.
///
/// ```
/// use forensic_core::hash::{Algorithm, Hasher};
/// let mut hasher = Hasher::new(&[Algorithm::Sha1]);
/// hasher.update(b"a");
/// hasher.update(b"bc");
/// assert_eq!(hasher.finish().hex(Algorithm::Sha1).unwrap(), "a9993e364706816aba3e25717850c26c9cd0d89d");
/// ```
#[derive(Clone)]
pub struct Hasher {
    pub(super) trio: Trio,
    pub(super) others: Others,
}

impl Hasher {
    /// A hasher of these algorithms.
    pub fn new(algorithms: &[Algorithm]) -> Self {
        Self { trio: Trio::new(Asked::new(algorithms)), others: Others::new(algorithms) }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(PIECE) {
            self.trio.update(piece);
            self.others.update(piece);
        }
    }

    /// The digests of all bytes given.
    pub fn finish(self) -> Digests {
        let mut digests = Digests::default();
        self.trio.finish(&mut digests);
        self.others.finish(&mut digests);
        digests
    }
}

/// The algorithms that are not of the [`Trio`].
#[derive(Clone)]
pub(super) struct Others {
    blake3: Option<Box<blake3::Hasher>>,
    sha512: Option<Sha512>,
    sha3_256: Option<Sha3_256>,
    crc32: Option<crc32fast::Hasher>,
    ed2k: Option<Ed2k>,
}

impl Others {
    pub(super) fn new(algorithms: &[Algorithm]) -> Self {
        let asked = |algorithm| algorithms.contains(&algorithm);
        Self {
            blake3: asked(Algorithm::Blake3).then(Box::default),
            sha512: asked(Algorithm::Sha512).then(Sha512::new),
            sha3_256: asked(Algorithm::Sha3_256).then(Sha3_256::new),
            crc32: asked(Algorithm::Crc32).then(crc32fast::Hasher::new),
            ed2k: asked(Algorithm::Ed2k).then(Ed2k::default),
        }
    }

    pub(super) fn any(&self) -> bool {
        self.blake3.is_some()
            || self.sha512.is_some()
            || self.sha3_256.is_some()
            || self.crc32.is_some()
            || self.ed2k.is_some()
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        if let Some(blake3) = &mut self.blake3 {
            blake3.update(bytes);
        }
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(bytes);
        }
        if let Some(sha3_256) = &mut self.sha3_256 {
            sha3_256.update(bytes);
        }
        if let Some(crc32) = &mut self.crc32 {
            crc32.update(bytes);
        }
        if let Some(ed2k) = &mut self.ed2k {
            ed2k.update(bytes);
        }
    }

    pub(super) fn finish(self, digests: &mut Digests) {
        digests.blake3 = self.blake3.map(|blake3| blake3.finalize().into());
        digests.sha512 = self.sha512.map(|sha512| sha512.finalize().into());
        digests.sha3_256 = self.sha3_256.map(|sha3_256| sha3_256.finalize().into());
        digests.crc32 = self.crc32.map(|crc32| crc32.finalize().to_be_bytes());
        digests.ed2k = self.ed2k.map(Ed2k::finish);
    }
}

#[cfg(test)]
mod tests;
