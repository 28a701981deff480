//! B+trees within an allocation group: free space by block, inodes ("Short Format B+trees").

use super::{Volume, checksum};
use crate::{
    bytes::{Fields, ReadAt},
    error::{Error, Result},
};
use std::collections::HashSet;

/// A kind of tree: how its blocks are marked, and the sizes of its parts.
pub(super) struct Tree {
    pub(super) name: &'static str,
    /// Without and with checksums.
    pub(super) magic: [&'static [u8; 4]; 2],
    pub(super) record: usize,
    pub(super) key: usize,
}

/// Free extents in order of their blocks.
pub(super) const FREE_SPACE: Tree =
    Tree { name: "free space B+tree block", magic: [b"ABTB", b"AB3B"], record: 8, key: 8 };
/// Chunks of 64 inodes.
pub(super) const INODES: Tree = Tree { name: "inode B+tree block", magic: [b"IABT", b"IAB3"], record: 16, key: 4 };

/// More levels than any tree of 2³² blocks has.
const MAX_LEVELS: u32 = 32;

/// Calls `visit` with each record of a tree, in order, with its byte offset on the medium. What cannot be read goes to
/// the issues; `false` comes back where something was missed.
pub(super) fn for_each_record(
    volume: &Volume,
    tree: &Tree,
    group: u32,
    (root, levels): (u32, u32),
    mut visit: impl FnMut(&[u8], u64),
) -> bool {
    let mut seen = HashSet::new();
    let mut whole = (1..=MAX_LEVELS).contains(&levels);
    let mut waiting = vec![(root, levels.clamp(1, MAX_LEVELS).saturating_sub(1))];
    while let Some((number, level)) = waiting.pop() {
        if !seen.insert(number) {
            whole = false;
            continue;
        }
        let children = read_block(volume, tree, group, number, level, &mut visit);
        match children {
            Ok(children) => {
                let level = level.saturating_sub(1);
                waiting.extend(children.into_iter().rev().map(|child| (child, level)));
            }
            Err(error) => {
                volume.issue(&error);
                whole = false;
            }
        }
    }
    whole
}

/// The children of a block; its records go to `visit`.
fn read_block(
    volume: &Volume,
    tree: &Tree,
    group: u32,
    number: u32,
    level: u32,
    visit: &mut impl FnMut(&[u8], u64),
) -> Result<Vec<u32>> {
    let superblock = &volume.superblock;
    let offset = superblock.group_block_offset(group, number);
    let at = volume.source.medium_offset(offset);
    if number >= superblock.group_blocks {
        return Err(Error::corrupt(tree.name, at, format!("one of {} blocks", superblock.group_blocks), number));
    }
    let bytes = volume.read(offset, u64::from(superblock.block_size))?;
    let fields = Fields::new(&bytes, tree.name, at);
    let [plain, summed] = tree.magic;
    let (magic, header) = if superblock.checksums { (summed, 56usize) } else { (plain, 16) };
    if fields.bytes(0, 4)? != magic {
        return Err(fields.corrupt(0, String::from_utf8_lossy(magic), String::from_utf8_lossy(fields.bytes(0, 4)?)));
    }
    if superblock.checksums {
        checksum::check(&bytes, 52, tree.name, at).unwrap_or_else(|error| volume.issue(&error));
    }
    if u32::from(fields.u16_be(4)?) != level {
        return Err(fields.corrupt(4, format!("level {level}"), fields.u16_be(4)?));
    }
    let count = usize::from(fields.u16_be(6)?);
    let room = bytes.len().saturating_sub(header);
    let most = |size: usize| room.checked_div(size).unwrap_or(0);
    if level == 0 {
        let records = fields.bytes(header, count.min(most(tree.record)).saturating_mul(tree.record))?;
        for (place, record) in records.chunks_exact(tree.record).enumerate() {
            visit(record, at.saturating_add(header.saturating_add(place.saturating_mul(tree.record)) as u64));
        }
        return Ok(Vec::new());
    }
    let most = most(tree.key.saturating_add(4));
    let pointers = header.saturating_add(most.saturating_mul(tree.key));
    (0..count.min(most)).map(|place| fields.u32_be(pointers.saturating_add(place.saturating_mul(4)))).collect()
}
