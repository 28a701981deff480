//! The digests of one stream.

use super::{Algorithm, hex};

/// The digests of one stream; those that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Digests {
    /// MD5.
    pub md5: Option<[u8; 16]>,
    /// SHA-1.
    pub sha1: Option<[u8; 20]>,
    /// SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// BLAKE3.
    pub blake3: Option<[u8; 32]>,
    /// SHA-512.
    pub sha512: Option<[u8; 64]>,
    /// SHA3-256.
    pub sha3_256: Option<[u8; 32]>,
    /// CRC-32, the most significant byte first.
    pub crc32: Option<[u8; 4]>,
    /// ED2K, in the reading of [`Algorithm::Ed2k`].
    pub ed2k: Option<[u8; 16]>,
}

impl Digests {
    /// The bytes of one digest.
    pub fn get(&self, algorithm: Algorithm) -> Option<&[u8]> {
        match algorithm {
            Algorithm::Md5 => self.md5.as_ref().map(|digest| &digest[..]),
            Algorithm::Sha1 => self.sha1.as_ref().map(|digest| &digest[..]),
            Algorithm::Sha256 => self.sha256.as_ref().map(|digest| &digest[..]),
            Algorithm::Blake3 => self.blake3.as_ref().map(|digest| &digest[..]),
            Algorithm::Sha512 => self.sha512.as_ref().map(|digest| &digest[..]),
            Algorithm::Sha3_256 => self.sha3_256.as_ref().map(|digest| &digest[..]),
            Algorithm::Crc32 => self.crc32.as_ref().map(|digest| &digest[..]),
            Algorithm::Ed2k => self.ed2k.as_ref().map(|digest| &digest[..]),
        }
    }

    /// One digest in lower-case hex.
    pub fn hex(&self, algorithm: Algorithm) -> Option<String> {
        self.get(algorithm).map(hex::encode)
    }
}
