//! Block maps: twelve direct blocks, then indirect ones of three levels
//! ([direct/indirect block addressing](https://www.kernel.org/doc/html/latest/filesystems/ext4/ifork.html)).

use super::{
    inode::Inode,
    map::{Collector, Place, Segment},
};
use crate::error::Result;

const DIRECT: usize = 12;

/// Collects the blocks of an inode.
///
/// # Errors
/// Where a direct block lies outside the volume; what is wrong in indirect blocks is kept in the map.
pub(super) fn collect(collector: &mut Collector<'_>, inode: &Inode, at: u64) -> Result<()> {
    let superblock = &collector.volume.superblock;
    let per_block = u64::from(superblock.block_size) / 4;
    // Behind the end of the file there is nothing to look for; a directory or link has no blocks there either.
    let stop = inode.size.div_ceil(u64::from(superblock.block_size));
    let at = at.saturating_add(0x28);
    let mut logical = 0u64;
    for (place, block) in pointers(&inode.block).enumerate() {
        if logical >= stop {
            break;
        }
        let level = place.saturating_sub(DIRECT.saturating_sub(1));
        let span = per_block.saturating_pow(u32::try_from(level).unwrap_or(u32::MAX));
        let at = at.saturating_add((place as u64).saturating_mul(4));
        if let Err(error) = visit(collector, block, level, (logical, stop), at) {
            collector.lose(logical, logical.saturating_add(span).min(stop), error);
        }
        logical = logical.saturating_add(span);
    }
    Ok(())
}

fn pointers(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word))
}

/// Collects what a pointer leads to, `level` levels above the content; it goes down at most three.
fn visit(collector: &mut Collector<'_>, block: u32, level: usize, (logical, stop): (u64, u64), at: u64) -> Result<()> {
    if block == 0 {
        return Ok(());
    }
    let block = u64::from(block);
    if level == 0 {
        return collector.push(Segment { logical, count: 1, place: Place::Data(block) }, at);
    }
    let blocks = collector.volume.superblock.blocks;
    let (bytes, at) = collector.node(block, at, &|bytes| is_node(bytes, blocks))?;
    let below = level.saturating_sub(1);
    let per_block = u64::from(collector.volume.superblock.block_size) / 4;
    let span = per_block.saturating_pow(u32::try_from(below).unwrap_or(u32::MAX));
    for (place, pointer) in pointers(&bytes).enumerate() {
        let start = logical.saturating_add((place as u64).saturating_mul(span));
        if start >= stop {
            break;
        }
        let at = at.saturating_add((place as u64).saturating_mul(4));
        if let Err(error) = visit(collector, pointer, below, (start, stop), at) {
            collector.lose(start, start.saturating_add(span).min(stop), error);
        }
    }
    Ok(())
}

/// True where a block can be an indirect one: nothing but blocks of the volume, and at least one of them.
pub(super) fn is_node(bytes: &[u8], blocks: u64) -> bool {
    pointers(bytes).all(|block| u64::from(block) < blocks) && pointers(bytes).any(|block| block != 0)
}
