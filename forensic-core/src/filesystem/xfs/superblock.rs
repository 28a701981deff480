//! The superblock, one copy at the start of each allocation group ("Superblocks" in *XFS Algorithms & Data Structures*).

use super::checksum;
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Result},
    hash::hex,
};

const STRUCTURE: &str = "XFS superblock";
const MAGIC: &[u8] = b"XFSB";
/// Bytes of a superblock that are read; the fields end before.
const BYTES: u64 = 512;
/// Where the checksum stands.
const CHECKSUM: usize = 224;

/// Sectors may be of these sizes; the free space header stands in the second one.
const SECTOR_SIZES: [u64; 4] = [512, 1024, 2048, 4096];
/// Blocks may be of these sizes.
const BLOCK_SIZES: std::ops::RangeInclusive<u32> = 9..=16;

mod feature {
    /// In `sb_features_incompat` of version 5.
    pub(super) const FTYPE: u32 = 0x1;
    pub(super) const SPARSE_INODES: u32 = 0x2;
    pub(super) const META_UUID: u32 = 0x4;
    pub(super) const NEEDS_REPAIR: u32 = 0x10;
    /// In `sb_features2` of version 4.
    pub(super) const V4_FTYPE: u32 = 0x200;
}

/// How the volume is laid out.
#[derive(Debug, Clone)]
pub(super) struct Superblock {
    pub(super) block_size: u32,
    pub(super) sector_size: u32,
    /// Blocks of the data device.
    pub(super) blocks: u64,
    /// What the filesystem is known by.
    pub(super) uuid: [u8; 16],
    /// What it was made with, where the other was changed since.
    pub(super) metadata_uuid: [u8; 16],
    pub(super) label: Vec<u8>,
    pub(super) root: u64,
    /// Inodes of the filesystem's own that no directory lists: real-time bitmap and summary, quotas.
    pub(super) internal: [u64; 5],
    pub(super) group_blocks: u32,
    pub(super) groups: u32,
    pub(super) inode_size: u32,
    pub(super) directory_block_size: u32,
    /// Version 5: structures carry checksums and their owners.
    pub(super) checksums: bool,
    pub(super) sparse_inodes: bool,
    /// Directory entries tell the type of the file.
    pub(super) file_types: bool,
    /// The filesystem asked to be repaired before its next use.
    pub(super) needs_repair: bool,
    /// First block and number of blocks of the log, where it is on this device.
    pub(super) log: Option<(u64, u32)>,
    block_log: u32,
    group_block_log: u32,
    inode_log: u32,
}

impl Superblock {
    /// Reads the first superblock, or, where it is damaged, the copy in the second allocation group; then with what is
    /// wrong with the first.
    pub(super) fn read(source: &Source) -> Result<(Self, Option<Error>)> {
        let first = Self::at(source, 0);
        if let Ok((found, None)) = first {
            return Ok((found, None));
        }
        let copy = copies(source).filter_map(|at| Self::at(source, at).ok()).find(|(_, error)| error.is_none());
        match (first, copy) {
            (Ok((_, error)), Some((copy, _))) => Ok((copy, error)),
            (Ok(damaged), None) => Ok(damaged),
            (Err(error), Some((copy, _))) => Ok((copy, Some(error))),
            (Err(error), None) => Err(error),
        }
    }

    /// The superblock at `offset`, and whether its checksum is wrong.
    fn at(source: &Source, offset: u64) -> Result<(Self, Option<Error>)> {
        let bytes = source.read_vec(offset, BYTES)?;
        let at = source.medium_offset(offset);
        let found = Self::parse(&bytes, at)?;
        let error = match found.checksums {
            true => {
                let sector = source.read_vec(offset, u64::from(found.sector_size))?;
                checksum::check(&sector, CHECKSUM, STRUCTURE, at).err()
            }
            false => None,
        };
        Ok((found, error))
    }

    fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let fields = Fields::new(bytes, STRUCTURE, at);
        if fields.bytes(0, 4)? != MAGIC {
            return Err(fields.corrupt(0, "the signature XFSB", hex::encode(fields.bytes(0, 4)?)));
        }
        let log = |offset: usize| fields.u8(offset).map(u32::from);
        let (block_log, inode_log, group_block_log) = (log(120)?, log(122)?, log(124)?);
        let block_size = fields.u32_be(4)?;
        if !BLOCK_SIZES.contains(&block_log) || block_size != 1 << block_log {
            return Err(fields.corrupt(4, "a block size of 512 to 65536", block_size));
        }
        let sector_size = u32::from(fields.u16_be(102)?);
        if !(512..=32768).contains(&sector_size) || !sector_size.is_power_of_two() {
            return Err(fields.corrupt(102, "a sector size of 512 to 32768", sector_size));
        }
        let inode_size = u32::from(fields.u16_be(104)?);
        if !(8..=11).contains(&inode_log) || inode_size != 1 << inode_log || inode_size > block_size {
            return Err(fields.corrupt(104, "an inode size of 256 to 2048", inode_size));
        }
        let (group_blocks, groups, blocks) = (fields.u32_be(84)?, fields.u32_be(88)?, fields.u64_be(8)?);
        let bits = group_blocks.checked_next_power_of_two().map_or(32, u32::trailing_zeros);
        if group_blocks == 0 || bits != group_block_log {
            return Err(fields.corrupt(84, format!("{group_block_log} bits of blocks a group"), group_blocks));
        }
        if groups == 0 || blocks == 0 || u64::from(groups).saturating_mul(u64::from(group_blocks)) < blocks {
            return Err(fields.corrupt(88, format!("groups of {blocks} blocks in all"), groups));
        }
        let directory_block_log = log(192)?.saturating_add(block_log);
        if directory_block_log > 16 {
            return Err(fields.corrupt(192, "a directory block of at most 65536 bytes", directory_block_log));
        }
        let version = fields.u16_be(100)? & 0xf;
        if !matches!(version, 4 | 5) {
            return Err(Error::unsupported(format!("XFS of version {version}")));
        }
        let checksums = version == 5;
        let incompatible = if checksums { fields.u32_be(216)? } else { 0 };
        let log_start = fields.u64_be(48)?;
        let root = fields.u64_be(56)?;
        let or = |inode: u64, behind: u64| match inode {
            0 | u64::MAX => root.saturating_add(behind),
            inode => inode,
        };
        let metadata_uuid = if incompatible & feature::META_UUID != 0 { 248 } else { 32 };
        Ok(Self {
            block_size,
            sector_size,
            blocks,
            uuid: fields.array(32)?,
            metadata_uuid: fields.array(metadata_uuid)?,
            label: fields.bytes(108, 12)?.iter().copied().take_while(|byte| *byte != 0).collect(),
            root,
            internal: [
                // mkfs puts the first two behind the root; copies of the superblock do not tell them.
                or(fields.u64_be(64)?, 1),
                or(fields.u64_be(72)?, 2),
                fields.u64_be(160)?,
                fields.u64_be(168)?,
                if checksums { fields.u64_be(232)? } else { u64::MAX },
            ],
            group_blocks,
            groups,
            inode_size,
            directory_block_size: 1 << directory_block_log,
            checksums,
            sparse_inodes: incompatible & feature::SPARSE_INODES != 0,
            file_types: if checksums {
                incompatible & feature::FTYPE != 0
            } else {
                fields.u32_be(200)? & feature::V4_FTYPE != 0
            },
            needs_repair: incompatible & feature::NEEDS_REPAIR != 0,
            log: (log_start != 0).then_some((log_start, fields.u32_be(96)?)),
            block_log,
            group_block_log,
            inode_log,
        })
    }

    /// Byte offset of allocation group `group`.
    pub(super) fn group_offset(&self, group: u32) -> u64 {
        u64::from(group).saturating_mul(u64::from(self.group_blocks)) << self.block_log
    }

    /// Byte offset of block `block` of a group.
    pub(super) fn group_block_offset(&self, group: u32, block: u32) -> u64 {
        self.group_offset(group).saturating_add(u64::from(block) << self.block_log)
    }

    /// Byte offset of a filesystem block, whose number holds group and block; `None` where there is no such block.
    pub(super) fn block_offset(&self, number: u64) -> Option<u64> {
        let group = u32::try_from(number >> self.group_block_log).ok().filter(|group| *group < self.groups)?;
        let block = u32::try_from(number & ((1u64 << self.group_block_log).wrapping_sub(1))).ok()?;
        (block < self.group_blocks).then(|| self.group_block_offset(group, block))
    }

    /// The number of inode `within` of a group.
    pub(super) fn inode_number(&self, group: u32, within: u32) -> u64 {
        u64::from(group) << self.inode_bits() | u64::from(within)
    }

    /// Byte offset of an inode, whose number holds group, block and place in the block; `None` where there is none such.
    pub(super) fn inode_offset(&self, number: u64) -> Option<u64> {
        let group = u32::try_from(number.checked_shr(self.inode_bits())?).ok().filter(|group| *group < self.groups)?;
        let within = number & ((1u64 << self.inode_bits()).wrapping_sub(1));
        let inside = within << self.inode_log;
        (inside >> self.block_log < u64::from(self.group_blocks))
            .then(|| self.group_offset(group).saturating_add(inside))
    }

    fn inode_bits(&self) -> u32 {
        self.group_block_log.saturating_add(self.block_log).saturating_sub(self.inode_log)
    }
}

/// Whether a volume whose first superblock is destroyed has a copy of it.
pub(in crate::filesystem) fn has_copy(source: &Source) -> bool {
    copies(source).any(|at| Superblock::at(source, at).is_ok())
}

/// Where the second allocation group may begin: its distance stands, in blocks, in the free space header of the first.
fn copies(source: &Source) -> impl Iterator<Item = u64> {
    let lengths = SECTOR_SIZES.into_iter().filter_map(|at| {
        let header = source.read_vec(at, 16).ok()?;
        let fields = Fields::new(&header, "XFS free space header", at);
        (fields.bytes(0, 4).ok()? == b"XAGF").then_some(fields.u32_be(12).ok()?)
    });
    lengths.flat_map(|blocks| BLOCK_SIZES.map(move |bits| u64::from(blocks) << bits)).filter(|at| *at > 0)
}
