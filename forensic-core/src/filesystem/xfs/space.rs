//! Free space: the extents that the B+trees of free space list ("AG Free Space B+trees").

use super::{Volume, btree, group};
use crate::{
    bytes::{Fields, Run},
    filesystem::allocation::Ranges,
};

/// All free extents, by bytes of the volume.
pub(super) struct FreeSpace {
    extents: Ranges,
    /// False where some tree could not be read in full.
    pub(super) is_whole: bool,
}

impl FreeSpace {
    pub(super) fn read(volume: &Volume) -> Self {
        let mut extents: Vec<(u64, u64)> = Vec::new();
        let mut is_whole = true;
        for group in group::all(volume) {
            match group::free_space_root(volume, group) {
                Ok(root) => {
                    is_whole &= btree::for_each_record(volume, &btree::FREE_SPACE, group, root, |record, at| {
                        extents.extend(extent(volume, group, &Fields::new(record, "free space record", at)));
                    });
                }
                Err(error) => {
                    volume.issue(&error);
                    is_whole = false;
                }
            }
        }
        Self { extents: Ranges::new(extents), is_whole }
    }

    /// As runs of the volume.
    pub(super) fn runs(&self) -> impl Iterator<Item = Run> {
        self.extents.iter().map(|(start, end)| Run::new(start, end.saturating_sub(start)))
    }

    /// How many of the bytes `start .. end` are free.
    pub(super) fn count(&self, start: u64, end: u64) -> u64 {
        self.extents.count(start, end)
    }
}

fn extent(volume: &Volume, group: u32, fields: &Fields<'_>) -> Option<(u64, u64)> {
    let superblock = &volume.superblock;
    let (block, count) = (fields.u32_be(0).ok()?, fields.u32_be(4).ok()?);
    let end = block.checked_add(count).filter(|end| *end <= superblock.group_blocks)?;
    let size = superblock.blocks.saturating_mul(u64::from(superblock.block_size));
    Some((superblock.group_block_offset(group, block), superblock.group_block_offset(group, end).min(size)))
}
