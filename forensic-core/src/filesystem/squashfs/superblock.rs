//! The superblock ("Squashfs Binary Format", 3, of squashfs-tools-ng; the format's own names).

use super::compression::Compression;
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Result},
};

const STRUCTURE: &str = "squashfs superblock";
/// Bytes of the superblock.
pub(super) const LENGTH: u64 = 96;
/// The place of a table that is not there.
const NONE: u64 = u64::MAX;

/// Where everything lies. Offsets are bytes from the start of the volume.
#[derive(Debug, Clone)]
pub(super) struct Superblock {
    pub(super) inodes: u32,
    pub(super) block_size: u32,
    pub(super) fragments: u32,
    pub(super) compression: Compression,
    pub(super) ids: u16,
    pub(super) root: u64,
    pub(super) bytes_used: u64,
    pub(super) id_table: u64,
    pub(super) xattr_table: Option<u64>,
    pub(super) inode_table: u64,
    pub(super) directory_table: u64,
    pub(super) fragment_table: Option<u64>,
}

impl Superblock {
    /// Reads the superblock of `volume`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another version than 4.0 or an unknown compression; [`Error::Corrupt`] for sizes that make no
    /// sense.
    pub(super) fn read(volume: &Source) -> Result<Self> {
        let bytes = volume.read_vec(0, LENGTH)?;
        let fields = Fields::new(&bytes, STRUCTURE, volume.medium_offset(0));
        let (major, minor) = (fields.u16(28)?, fields.u16(30)?);
        if (major, minor) != (4, 0) {
            return Err(Error::unsupported(format!("squashfs version {major}.{minor}")));
        }
        let block_size = fields.u32(12)?;
        if !(4096..=1 << 20).contains(&block_size) || !block_size.is_power_of_two() {
            return Err(fields.corrupt(12, "a power of two from 4 KiB to 1 MiB", block_size));
        }
        let compression = fields.u16(20)?;
        let compression = Compression::from_id(compression)
            .ok_or_else(|| Error::unsupported(format!("squashfs compression {compression}")))?;
        let table = |offset: usize| -> Result<Option<u64>> { Ok(Some(fields.u64(offset)?).filter(|at| *at != NONE)) };
        Ok(Self {
            inodes: fields.u32(4)?,
            block_size,
            fragments: fields.u32(16)?,
            compression,
            ids: fields.u16(26)?,
            root: fields.u64(32)?,
            bytes_used: fields.u64(40)?,
            id_table: fields.u64(48)?,
            xattr_table: table(56)?,
            inode_table: fields.u64(64)?,
            directory_table: fields.u64(72)?,
            fragment_table: table(80)?,
        })
    }
}
