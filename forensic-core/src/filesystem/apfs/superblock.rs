//! The container's superblock and its checkpoints (Apple File System Reference, "Container").
//!
//! Block 0 holds a copy that only tells where the checkpoints are; the newest whole superblock among them counts.

use super::{
    Container,
    object::{Header, is_whole, kind},
};
use crate::{
    bytes::{Fields, ReadAt, Source, read_around},
    error::{Error, Issue, IssueLog, Result},
    limits::Limits,
};

const STRUCTURE: &str = "APFS container superblock";

/// Bytes of a superblock read to learn the block size.
const LENGTH: u64 = 4096;

/// Blocks searched for a superblock where the first is damaged.
const FIRST_BLOCKS: u64 = 64;

/// The flag of an area that is not one piece.
const IS_TREE: u32 = 1 << 31;

/// A superblock of the container.
#[derive(Debug, Clone)]
pub(super) struct Superblock {
    pub(super) xid: u64,
    /// Block address it was read from.
    pub(super) address: u64,
    pub(super) block_size: u32,
    pub(super) blocks: u64,
    pub(super) uuid: String,
    pub(super) is_fusion: bool,
    descriptor_blocks: u32,
    descriptor_base: u64,
    /// Of the checkpoint: first block in the ring and number of blocks.
    descriptors: (u32, u32),
    pub(super) space_manager: u64,
    /// Block address of the object map.
    pub(super) object_map: u64,
    /// Object identifiers of the volumes.
    pub(super) volumes: Vec<u64>,
}

impl Superblock {
    fn parse(block: &[u8], address: u64, at: u64) -> Result<Self> {
        let fields = Fields::new(block, STRUCTURE, at);
        let magic = fields.bytes(32, 4)?;
        if magic != b"NXSB" {
            return Err(fields.corrupt(32, "the magic NXSB", format!("{magic:02x?}")));
        }
        let block_size = fields.u32(36)?;
        if !block_size.is_power_of_two() || !(4096..=65536).contains(&block_size) {
            return Err(fields.corrupt(36, "a block size of 4096 to 65536 bytes", block_size));
        }
        let count = usize::try_from(fields.u32(180)?).unwrap_or(usize::MAX).min(100);
        let volumes = (184..).step_by(8).take(count).map(|place| fields.u64(place)).collect::<Result<Vec<_>>>()?;
        Ok(Self {
            xid: Header::parse(&fields)?.xid,
            address,
            block_size,
            blocks: fields.u64(40)?,
            uuid: uuid(fields.bytes(72, 16)?),
            is_fusion: fields.u64(64)? & 0x100 != 0,
            descriptor_blocks: fields.u32(104)?,
            descriptor_base: fields.u64(112)?,
            descriptors: (fields.u32(136)?, fields.u32(140)?),
            space_manager: fields.u64(152)?,
            object_map: fields.u64(160)?,
            volumes: volumes.into_iter().filter(|oid| *oid != 0).collect(),
        })
    }
}

/// All superblocks of the checkpoints, the newest first; or the copy in block 0, where there is none.
pub(super) fn checkpoints(source: &Source, limits: &Limits, issues: &IssueLog) -> Result<Vec<Superblock>> {
    let block = source.read_vec(0, source.len().min(LENGTH));
    let first = match block.and_then(|block| Superblock::parse(&block, 0, source.medium_offset(0))) {
        Ok(first) => first,
        Err(error) => {
            issues.push(Issue::from(&error));
            find(source).ok_or(error)?
        }
    };
    let size = u64::from(first.block_size);
    let mut found = Vec::new();
    if first.descriptor_blocks & IS_TREE != 0 {
        issues.push(Issue::new(source.medium_offset(0), STRUCTURE, "checkpoints in several pieces are not read"));
    } else {
        let count = u64::from(first.descriptor_blocks).min(limits.structure_bytes.checked_div(size).unwrap_or(0));
        for address in first.descriptor_base..first.descriptor_base.saturating_add(count) {
            let at = address.saturating_mul(size);
            let block = match source.read_vec(at, size) {
                Ok(block) => block,
                Err(Error::OutOfBounds { .. }) => break,
                Err(error) => {
                    issues.push(Issue::from(&error));
                    continue;
                }
            };
            if block.get(32..36) != Some(b"NXSB") {
                continue;
            }
            let place = source.medium_offset(at);
            match (is_whole(&block), Superblock::parse(&block, address, place)) {
                (true, Ok(superblock)) if superblock.block_size == first.block_size => found.push(superblock),
                (true, Err(error)) => issues.push(Issue::from(&error)),
                _ => issues.push(Issue::new(place, STRUCTURE, "the checksum does not fit: an older one is used")),
            }
        }
    }
    if found.is_empty() {
        issues.push(Issue::new(source.medium_offset(0), STRUCTURE, "no checkpoint is whole: block 0 is used"));
        found.push(first);
    }
    found.sort_by_key(|superblock| (std::cmp::Reverse(superblock.xid), superblock.address));
    Ok(found)
}

/// A whole superblock in one of the first blocks, where mostly the checkpoints are.
pub(in super::super) fn find(source: &Source) -> Option<Superblock> {
    let bytes = read_around(source, 0, FIRST_BLOCKS * LENGTH, |_, _| ());
    let blocks = bytes.chunks_exact(LENGTH as usize).zip(0u64..).filter(|(block, _)| is_whole(block));
    blocks.filter_map(|(block, address)| Superblock::parse(block, address, address.saturating_mul(LENGTH)).ok()).next()
}

impl Container {
    /// Block address and bytes of an ephemeral object, by the maps of the newest checkpoint.
    pub(super) fn ephemeral(&self, oid: u64) -> Result<(u64, u64)> {
        let newest = &self.superblock;
        let (start, count) = newest.descriptors;
        let held = u32::try_from(self.held_blocks()).unwrap_or(u32::MAX);
        let ring = (newest.descriptor_blocks & !IS_TREE).min(held);
        for step in 0..count.min(ring) {
            let index = u64::from(start).saturating_add(step.into()).checked_rem(ring.into()).unwrap_or(0);
            let address = newest.descriptor_base.saturating_add(index);
            let block = match self.object(address, kind::CHECKPOINT_MAP, "APFS checkpoint map") {
                Ok(block) => block,
                Err(error) => {
                    // Other kinds of blocks lie between the maps.
                    if !matches!(error, Error::Corrupt { .. }) {
                        self.issues.push(Issue::from(&error));
                    }
                    continue;
                }
            };
            let fields = Fields::new(&block, "APFS checkpoint map", self.medium_of(address));
            let entries = usize::try_from(fields.u32(36)?).unwrap_or(usize::MAX);
            for place in (40..block.len()).step_by(40).take(entries) {
                if fields.u64(place.saturating_add(24))? == oid {
                    let bytes = fields.u32(place.saturating_add(8))?;
                    return Ok((fields.u64(place.saturating_add(32))?, bytes.into()));
                }
            }
        }
        let expected = format!("ephemeral object {oid} in the maps of its checkpoint");
        Err(Error::corrupt(STRUCTURE, self.medium_of(newest.address), expected, "none"))
    }
}

/// A UUID in its text form, in the order of its bytes.
pub(super) fn uuid(bytes: &[u8]) -> String {
    let text = crate::hash::hex::encode(bytes);
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}
