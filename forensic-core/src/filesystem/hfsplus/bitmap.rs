//! The allocation file: a bit for each block, block 0 in the highest bit of the first byte (TN1150, "Allocation File").

use super::{Volume, catalog::id};
use crate::{
    bytes::{ReadAt, Run, for_each_block},
    error::{Error, Result},
    filesystem::allocation::{Allocation, FreeRuns},
};

/// The bitmap, with the blocks of live files added.
pub(super) fn allocation(volume: &Volume, live: &[(u64, u64)]) -> Result<Allocation> {
    let file = volume.own_file(&volume.header.allocation, id::ALLOCATION);
    let length = file.len().min(u64::from(volume.header.total_blocks).div_ceil(8));
    if length > volume.limits.structure_bytes {
        let (structure, offset, limit) = ("HFS+ allocation file", file.medium_offset(0), volume.limits.structure_bytes);
        return Err(Error::Limit { structure, offset, found: length, limit, unit: "bytes" });
    }
    let mut bits = file.read_vec(0, length)?;
    bits.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
    Ok(Allocation::new(bits, live.iter().copied()))
}

/// The runs of free blocks on the volume, in order.
pub(super) fn unallocated(volume: &Volume) -> Result<Vec<Run>> {
    let file = volume.own_file(&volume.header.allocation, id::ALLOCATION);
    let held = volume.source.len().checked_div(volume.header.block_size.into()).unwrap_or(0);
    let blocks = u64::from(volume.header.total_blocks).min(held);
    let mut free = FreeRuns::new(blocks, volume.header.block_size.into(), 0);
    for_each_block(&file, 1 << 20, 0, |_, bits| {
        free.push(&bits?.iter().map(|byte| byte.reverse_bits()).collect::<Vec<_>>());
        Ok(())
    })?;
    Ok(free.finish())
}
