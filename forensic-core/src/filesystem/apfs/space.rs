//! The space manager: which blocks of the container are in use (Apple File System Reference, "Space Manager").

use super::Container;
use crate::{
    bytes::{Fields, ReadAt, Run},
    error::{Error, Result},
    filesystem::allocation::{Allocation, FreeRuns},
};

const STRUCTURE: &str = "APFS space manager";

/// Gives the bitmap of the container chunk by chunk to `visit`, as far as the medium holds it, block 0 in the lowest bit of the first byte; one without a
/// bitmap is free as a whole.
fn for_each_chunk(container: &Container, mut visit: impl FnMut(&[u8])) -> Result<()> {
    let (address, length) = container.ephemeral(container.superblock.space_manager)?;
    let (at, place) = (container.byte_of(address), container.medium_of(address));
    let length = length.min(container.limits.structure_bytes).min(container.source.len().saturating_sub(at));
    let bytes = container.source.read_vec(at, length)?;
    let manager = Fields::new(&bytes, STRUCTURE, place);
    // The first of the two devices; the second is that of a fusion drive.
    let (infos, collections) = (manager.u32(64)?, manager.u32(68)?);
    let start = usize::try_from(manager.u32(80)?).unwrap_or(usize::MAX);
    let listed = |count: u32, fields: &Fields<'_>, start: usize| -> Result<Vec<u64>> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let room = bytes.len().max(container.block_size as usize) / 8;
        (start..).step_by(8).take(count.min(room)).map(|place| fields.u64(place)).collect()
    };
    let mut blocks = listed(if collections > 0 { collections } else { infos }, &manager, start)?;
    let held = container.held_blocks();
    if collections > 0 {
        let mut inner = Vec::new();
        for address in blocks {
            // Each names a chunk of at least one block.
            if inner.len() as u64 >= held {
                break;
            }
            let block = container.block(address)?;
            let fields = Fields::new(&block, STRUCTURE, container.medium_of(address));
            inner.extend(listed(fields.u32(36)?, &fields, 40)?);
        }
        blocks = inner;
    }
    let mut done = 0u64;
    blocks.truncate(usize::try_from(held).unwrap_or(usize::MAX));
    for address in blocks {
        let block = container.block(address)?;
        let fields = Fields::new(&block, STRUCTURE, container.medium_of(address));
        let count = usize::try_from(fields.u32(36)?).unwrap_or(usize::MAX);
        for place in (40usize..block.len()).step_by(32).take(count) {
            let chunk_blocks = u64::from(fields.u32(place.saturating_add(16))?);
            let bitmap = fields.u64(place.saturating_add(24))?;
            let length = usize::try_from(chunk_blocks.div_ceil(8)).unwrap_or(usize::MAX);
            if done >= held {
                return Ok(());
            }
            if length > container.block_size as usize || length == 0 {
                return Err(fields.corrupt(place.saturating_add(16), "a bitmap of one block", chunk_blocks));
            }
            done = done.saturating_add(chunk_blocks);
            let bits = if bitmap == 0 { vec![0; length] } else { container.block(bitmap)? };
            visit(bits.get(..length).unwrap_or_default());
        }
    }
    Ok(())
}

/// The bitmap, with the runs `live` added.
pub(super) fn allocation(container: &Container, live: &[(u64, u64)]) -> Result<Allocation> {
    let most = container.held_blocks().div_ceil(8);
    if most > container.limits.structure_bytes {
        let (structure, offset, limit) = (STRUCTURE, container.medium_of(0), container.limits.structure_bytes);
        return Err(Error::Limit { structure, offset, found: most, limit, unit: "bytes" });
    }
    let mut bits = Vec::new();
    for_each_chunk(container, |chunk| bits.extend_from_slice(chunk))?;
    Ok(Allocation::new(bits, live.iter().copied()))
}

/// The runs of free blocks, in order, as far as the medium holds them.
pub(super) fn unallocated(container: &Container) -> Result<Vec<Run>> {
    let mut free = FreeRuns::new(container.held_blocks(), container.block_size.into(), 0);
    for_each_chunk(container, |chunk| free.push(chunk))?;
    Ok(free.finish())
}
