//! The headers of an allocation group: where its B+trees have their roots ("Allocation Groups").

use super::{Volume, checksum};
use crate::{
    bytes::{Fields, ReadAt},
    error::Result,
};

/// The groups whose headers lie on the medium.
pub(super) fn all(volume: &Volume) -> std::ops::Range<u32> {
    let superblock = &volume.superblock;
    let size = u64::from(superblock.group_blocks).saturating_mul(u64::from(superblock.block_size)).max(1);
    let present = volume.source.len().div_ceil(size);
    0..superblock.groups.min(u32::try_from(present).unwrap_or(u32::MAX))
}

/// Root and number of levels of the tree of free extents by block.
pub(super) fn free_space_root(volume: &Volume, group: u32) -> Result<(u32, u32)> {
    let (bytes, at) = header(volume, group, 1)?;
    let fields = Fields::new(&bytes, "AG free space header", at);
    expect(&fields, b"XAGF")?;
    summed(volume, &bytes, 216, "AG free space header", at);
    Ok((fields.u32_be(16)?, fields.u32_be(28)?))
}

/// Root and number of levels of the tree of inode chunks.
pub(super) fn inode_root(volume: &Volume, group: u32) -> Result<(u32, u32)> {
    let (bytes, at) = header(volume, group, 2)?;
    let fields = Fields::new(&bytes, "AG inode header", at);
    expect(&fields, b"XAGI")?;
    summed(volume, &bytes, 312, "AG inode header", at);
    Ok((fields.u32_be(20)?, fields.u32_be(24)?))
}

fn header(volume: &Volume, group: u32, sector: u64) -> Result<(Vec<u8>, u64)> {
    let size = u64::from(volume.superblock.sector_size);
    let offset = volume.superblock.group_offset(group).saturating_add(sector.saturating_mul(size));
    Ok((volume.read(offset, size)?, volume.source.medium_offset(offset)))
}

fn expect(fields: &Fields<'_>, magic: &[u8; 4]) -> Result<()> {
    let found = fields.bytes(0, 4)?;
    match found == magic {
        true => Ok(()),
        false => Err(fields.corrupt(0, String::from_utf8_lossy(magic), String::from_utf8_lossy(found))),
    }
}

fn summed(volume: &Volume, bytes: &[u8], place: usize, structure: &'static str, at: u64) {
    if volume.superblock.checksums {
        checksum::check(bytes, place, structure, at).unwrap_or_else(|error| volume.issue(&error));
    }
}
