//! The compression of a filesystem: one for all its blocks.

use crate::filesystem::unpack;

/// The methods by their numbers in the superblock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Lzma,
    Lzo,
    Xz,
    Lz4,
    Zstd,
}

impl Compression {
    pub(super) fn from_id(id: u16) -> Option<Self> {
        Some(match id {
            1 => Self::Gzip,
            2 => Self::Lzma,
            3 => Self::Lzo,
            4 => Self::Xz,
            5 => Self::Lz4,
            6 => Self::Zstd,
            _ => return None,
        })
    }

    /// Unpacks a block to at most `most` bytes.
    pub(super) fn unpack(self, packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
        match self {
            Self::Gzip => unpack::zlib(packed, most),
            Self::Lzma => unpack::lzma(packed, most),
            Self::Lzo => unpack::lzo(packed, most),
            Self::Xz => unpack::xz(packed, most),
            Self::Lz4 => unpack::lz4(packed, most),
            Self::Zstd => unpack::zstd(packed, most),
        }
    }
}
