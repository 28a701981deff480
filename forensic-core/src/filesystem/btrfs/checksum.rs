//! The four checksums of Btrfs, over metadata blocks and over sectors of data (`csum_type` of the superblock).

use crate::{
    bytes::Fields,
    error::{Error, Result},
    hash::hex,
};
use sha2::Digest;

/// A checksum algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checksum {
    Crc32c,
    XxHash64,
    Sha256,
    Blake2b,
}

impl Checksum {
    pub(super) fn of(fields: &Fields<'_>, place: usize) -> Result<Self> {
        Ok(match fields.u16(place)? {
            0 => Self::Crc32c,
            1 => Self::XxHash64,
            2 => Self::Sha256,
            3 => Self::Blake2b,
            other => return Err(Error::unsupported(format!("Btrfs with checksums of type {other}"))),
        })
    }

    /// Bytes of one.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Crc32c => 4,
            Self::XxHash64 => 8,
            Self::Sha256 | Self::Blake2b => 32,
        }
    }

    /// Whether `stored` begins with the checksum of `bytes`.
    pub(super) fn fits(self, stored: &[u8], bytes: &[u8]) -> bool {
        match self {
            Self::Crc32c => stored.starts_with(&crc32c::crc32c(bytes).to_le_bytes()),
            Self::XxHash64 => stored.starts_with(&twox_hash::XxHash64::oneshot(0, bytes).to_le_bytes()),
            Self::Sha256 => stored.starts_with(&sha2::Sha256::digest(bytes)),
            Self::Blake2b => stored.starts_with(&blake2::Blake2b256::digest(bytes)),
        }
    }

    /// Compares the checksum in the first 32 bytes of a block with the rest.
    pub(super) fn check(self, block: &[u8], structure: &'static str, at: u64) -> Result<()> {
        let (stored, rest) = block.split_at_checked(32).unwrap_or((block, &[]));
        match self.fits(stored, rest) {
            true => Ok(()),
            false => {
                let stored = hex::encode(stored.get(..self.size()).unwrap_or(stored));
                Err(Error::corrupt(structure, at, format!("checksum {stored}"), "another"))
            }
        }
    }
}
