//! The digest algorithms and their names.

use crate::error::{Error, Result};
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
    /// SHA-512 (FIPS 180-4), 64 bytes.
    Sha512,
    /// SHA3-256 (FIPS 202), 32 bytes.
    Sha3_256,
    /// CRC-32 as ZIP, gzip and PNG have it (CRC-32/ISO-HDLC), 4 bytes, the most significant first. A checksum: equal sums
    /// say little.
    Crc32,
    /// ED2K, the file hash of the eDonkey network, 16 bytes: the MD4 (RFC 1320) of the MD4s of all chunks of 9,728,000
    /// bytes, or the MD4 of the only chunk. Not collision-resistant.
    ///
    /// There are two readings of a size that is a multiple of a chunk. This is the one of eMule, the network's own client
    /// ("red"): behind the last full chunk stands an empty one, so that each file has `size / 9,728,000 + 1` of them, as
    /// the protocol counts; shared files are known by this hash. Tools that leave the empty chunk out ("blue") differ for
    /// these sizes alone, from one chunk on.
    Ed2k,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Md5, Self::Sha1, Self::Sha256, Self::Blake3, Self::Sha512, Self::Sha3_256, Self::Crc32, Self::Ed2k];

    /// Those that records have and that known files are looked up by, in the order records give them: what is computed
    /// where nobody asks for others.
    pub const RECORDED: [Self; 4] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Blake3];

    /// The name: `md5`, `sha1`, `sha256`, `blake3`, `sha512`, `sha3-256`, `crc32`, `ed2k`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Blake3 => "blake3",
            Self::Sha512 => "sha512",
            Self::Sha3_256 => "sha3-256",
            Self::Crc32 => "crc32",
            Self::Ed2k => "ed2k",
        }
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    /// The algorithm of this name, in either case, with or without hyphens or underscores.
    fn from_str(name: &str) -> Result<Self> {
        let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_'], "");
        let found = Self::ALL.into_iter().find(|algorithm| plain(algorithm.as_str()) == plain(name));
        found.ok_or_else(|| Error::invalid(format!("unknown digest algorithm {name:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_spelling() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse::<Algorithm>().unwrap(), algorithm);
        }
        assert_eq!("SHA-256".parse::<Algorithm>().unwrap(), Algorithm::Sha256);
        for name in ["sha3-256", "sha3_256", "SHA3256", "sha-3-256"] {
            assert_eq!(name.parse::<Algorithm>().unwrap(), Algorithm::Sha3_256);
        }
        assert!("sha0".parse::<Algorithm>().is_err());
    }
}
