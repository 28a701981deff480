//! The blocks of a directory in use, wherever they lie.

use super::{
    Volume, content,
    inode::flag,
    map,
    record::Record,
    scan::{Scan, Slot},
    xattr::Stored,
};
use crate::{
    bytes::ReadAt,
    error::{Error, Result},
};

/// Bytes of a directory read at once.
const AT_ONCE: u64 = 64 << 10;

/// Takes a block: its number (`None` for entries in the inode), bytes, and place on the medium.
type Visit<'a> = dyn FnMut(Option<u64>, &[u8], u64) + 'a;

/// Calls `visit` with each block of a directory: its number (`None` for entries in the inode), bytes, and place on the
/// medium. It reads at most `budget` blocks, and takes them from it.
pub(super) fn for_each_block(
    volume: &Volume,
    scan: &Scan,
    slot: &Slot,
    budget: &mut u64,
    mut visit: impl FnMut(Option<u64>, &[u8], u64),
) {
    if scan.too_large.contains(&slot.number) {
        return;
    }
    if let Err(error) = read(volume, slot.number, budget, &mut visit) {
        volume.issue(&error);
    }
}

fn read(volume: &Volume, number: u32, budget: &mut u64, visit: &mut Visit<'_>) -> Result<()> {
    let record = Record::read(volume, number)?;
    if record.inode.has(flag::INLINE_DATA) {
        return inline(&record, visit);
    }
    let map = map::read(volume, volume, number, &record.inode, record.at, volume.superblock.blocks);
    let stop = record.inode.size.div_ceil(u64::from(volume.superblock.block_size));
    let size = u64::from(volume.superblock.block_size);
    let mut bytes = Vec::new();
    for segment in &map.segments {
        let map::Place::Data(first) = segment.place else { continue };
        let count = segment.count.min(stop.saturating_sub(segment.logical));
        let mut done = 0u64;
        while done < count {
            let next = first.saturating_add(done);
            let at_once = AT_ONCE.checked_div(size).unwrap_or(0).clamp(1, count.saturating_sub(done));
            // Not by way of the cache: they are read once, and what lies beside them is content.
            bytes.resize(usize::try_from(at_once.saturating_mul(size)).unwrap_or(0), 0);
            if volume.current.read_at(volume.superblock.offset(next), &mut bytes).is_ok() {
                for (block, bytes) in (next..).zip(bytes.chunks_exact(volume.superblock.block_size as usize)) {
                    spend(volume, &record, budget)?;
                    visit(Some(block), bytes, volume.at_block(block));
                }
            } else if !one_by_one(volume, &record, next, at_once, budget, visit)? {
                break;
            }
            done = done.saturating_add(at_once);
        }
    }
    Ok(())
}

/// Reads blocks that cannot all be read; false where they lie behind the end of the medium.
fn one_by_one(
    volume: &Volume,
    record: &Record,
    first: u64,
    count: u64,
    budget: &mut u64,
    visit: &mut Visit<'_>,
) -> Result<bool> {
    for block in first..first.saturating_add(count) {
        spend(volume, record, budget)?;
        match volume.block(block) {
            Ok(bytes) => visit(Some(block), &bytes, volume.at_block(block)),
            Err(error) => {
                volume.issue(&error);
                if matches!(error, Error::OutOfBounds { .. }) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Takes a block from the budget.
fn spend(volume: &Volume, record: &Record, budget: &mut u64) -> Result<()> {
    let limit = volume.superblock.blocks;
    *budget = budget.checked_sub(1).ok_or_else(|| Error::Limit {
        structure: "directory",
        offset: record.at,
        found: limit.saturating_add(1),
        limit,
        unit: "blocks of all directories",
    })?;
    Ok(())
}

/// The entries in an inode: behind the number of the parent in `i_block`, then in the attribute "system.data".
fn inline(record: &Record, visit: &mut Visit<'_>) -> Result<()> {
    let start = content::BLOCK_AT.saturating_add(4);
    let head = record.inode.block.get(4..).unwrap_or_default();
    visit(None, head, record.at.saturating_add(start));
    for attribute in record.own_attributes()? {
        if let (true, Stored::Here(value, offset)) = (attribute.is_inline_data(), attribute.value) {
            visit(None, value, record.at.saturating_add(offset as u64));
        }
    }
    Ok(())
}
