//! The algorithms, and one pass that feeds them all.

use super::hex;
use crate::error::{Error, Result};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;
use std::str::FromStr;

/// A digest algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// MD5 (RFC 1321), 16 bytes: what known-file sets are keyed by. Not collision-resistant.
    Md5,
    /// SHA-1 (FIPS 180-4), 20 bytes. Not collision-resistant.
    Sha1,
    /// SHA-256 (FIPS 180-4), 32 bytes.
    Sha256,
    /// BLAKE3, 32 bytes.
    Blake3,
}

impl Algorithm {
    /// All of them, in the order records give them.
    pub const ALL: [Self; 4] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Blake3];

    /// The name: `md5`, `sha1`, `sha256`, `blake3`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Blake3 => "blake3",
        }
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    /// The algorithm of this name, in either case, with or without a hyphen.
    fn from_str(name: &str) -> Result<Self> {
        let plain = name.to_ascii_lowercase().replace('-', "");
        let found = Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == plain);
        found.ok_or_else(|| Error::invalid(format!("unknown digest algorithm {name:?}")))
    }
}

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
}

impl Digests {
    /// The bytes of one digest.
    pub fn get(&self, algorithm: Algorithm) -> Option<&[u8]> {
        match algorithm {
            Algorithm::Md5 => self.md5.as_ref().map(|digest| &digest[..]),
            Algorithm::Sha1 => self.sha1.as_ref().map(|digest| &digest[..]),
            Algorithm::Sha256 => self.sha256.as_ref().map(|digest| &digest[..]),
            Algorithm::Blake3 => self.blake3.as_ref().map(|digest| &digest[..]),
        }
    }

    /// One digest in lower-case hex.
    pub fn hex(&self, algorithm: Algorithm) -> Option<String> {
        self.get(algorithm).map(hex::encode)
    }
}

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
    md5: Option<Md5>,
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
    blake3: Option<Box<blake3::Hasher>>,
}

impl Hasher {
    /// A hasher of these algorithms.
    pub fn new(algorithms: &[Algorithm]) -> Self {
        let asked = |algorithm| algorithms.contains(&algorithm);
        Self {
            md5: asked(Algorithm::Md5).then(Md5::new),
            sha1: asked(Algorithm::Sha1).then(Sha1::new),
            sha256: asked(Algorithm::Sha256).then(Sha256::new),
            blake3: asked(Algorithm::Blake3).then(Box::default),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        // Pieces that stay in the processor's cache while every algorithm passes over them.
        for piece in bytes.chunks(32 << 10) {
            if let Some(md5) = &mut self.md5 {
                md5.update(piece);
            }
            if let Some(sha1) = &mut self.sha1 {
                sha1.update(piece);
            }
            if let Some(sha256) = &mut self.sha256 {
                sha256.update(piece);
            }
            if let Some(blake3) = &mut self.blake3 {
                blake3.update(piece);
            }
        }
    }

    /// The digests of all bytes given.
    pub fn finish(self) -> Digests {
        Digests {
            md5: self.md5.map(|md5| md5.finalize().into()),
            sha1: self.sha1.map(|sha1| sha1.finalize().into()),
            sha256: self.sha256.map(|sha256| sha256.finalize().into()),
            blake3: self.blake3.map(|blake3| blake3.finalize().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1321 A.5, FIPS 180-4 examples (NIST CSRC), BLAKE3 test_vectors.json (input_len 0; "abc" by b3sum 1.5).
    const VECTORS: &[(&str, [&str; 4])] = &[
        (
            "",
            [
                "d41d8cd98f00b204e9800998ecf8427e",
                "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
            ],
        ),
        (
            "abc",
            [
                "900150983cd24fb0d6963f7d28e17f72",
                "a9993e364706816aba3e25717850c26c9cd0d89d",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
            ],
        ),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            [
                "8215ef0796a20bcaaae116d3876c664a",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
                "c19012cc2aaf0dc3d8e5c45a1b79114d2df42abb2a410bf54be09e891af06ff8",
            ],
        ),
    ];

    #[test]
    fn published_vectors_hold() {
        for (input, expected) in VECTORS {
            let mut hasher = Hasher::new(&Algorithm::ALL);
            hasher.update(input.as_bytes());
            let digests = hasher.finish();
            for (algorithm, expected) in Algorithm::ALL.into_iter().zip(expected) {
                assert_eq!(digests.hex(algorithm).as_deref(), Some(*expected), "{algorithm:?} of {input:?}");
            }
        }
    }

    #[test]
    fn the_cut_of_the_input_does_not_matter() {
        let bytes: Vec<u8> = (0..200_000u32).map(|n| ((n * 7919) >> 3) as u8).collect();
        let whole = |piece: usize| {
            let mut hasher = Hasher::new(&Algorithm::ALL);
            bytes.chunks(piece).for_each(|part| hasher.update(part));
            hasher.finish()
        };
        assert_eq!(whole(1), whole(bytes.len()));
        assert_eq!(whole(4097), whole(bytes.len()));
    }

    #[test]
    fn names_are_read_in_either_spelling() {
        assert_eq!("SHA-256".parse::<Algorithm>().unwrap(), Algorithm::Sha256);
        assert!("sha0".parse::<Algorithm>().is_err());
    }
}
