//! The node address table: where the block of each node lies ("Node Address Table").

use super::{
    Volume,
    superblock::{BLOCK, SEGMENT},
};
use crate::{
    bytes::{Fields, ReadAt, read_around},
    error::{Error, Result},
};

const STRUCTURE: &str = "node address table";
/// Entries of a block, and bytes of an entry.
pub(super) const PER_BLOCK: u32 = 455;
const ENTRY: usize = 9;

/// Where a node is, and which file's it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeAddress {
    pub(super) inode: u32,
    /// 0 where the node is not in use.
    pub(super) block: u32,
}

impl NodeAddress {
    fn parse(fields: &Fields<'_>, offset: usize) -> Result<Self> {
        Ok(Self { inode: fields.u32(offset.saturating_add(1))?, block: fields.u32(offset.saturating_add(5))? })
    }
}

/// The byte offset of a block of the table, in the copy that counts.
fn place(volume: &Volume, number: u32) -> u64 {
    let superblock = &volume.superblock;
    let (segment, inside) = (u64::from(number / SEGMENT), u64::from(number % SEGMENT));
    let copy = if volume.checkpoint.nat_copy(number) { u64::from(SEGMENT) } else { 0 };
    let blocks =
        segment.saturating_mul(u64::from(SEGMENT).saturating_mul(2)).saturating_add(copy).saturating_add(inside);
    u64::from(superblock.nat).saturating_add(blocks).saturating_mul(BLOCK)
}

/// Where a node is.
///
/// # Errors
/// Where the table has no room for it, or cannot be read.
pub(super) fn find(volume: &Volume, nid: u32) -> Result<NodeAddress> {
    if let Some((_, entry)) = volume.checkpoint.nat_journal.iter().find(|(number, _)| *number == nid) {
        return NodeAddress::parse(&Fields::new(entry, STRUCTURE, volume.at(0)), 0);
    }
    if nid >= volume.superblock.nids() {
        let expected = format!("a node below {}", volume.superblock.nids());
        return Err(Error::corrupt(
            STRUCTURE,
            volume.at(u64::from(volume.superblock.nat).saturating_mul(BLOCK)),
            expected,
            nid,
        ));
    }
    let inside = u64::from(nid % PER_BLOCK).saturating_mul(ENTRY as u64);
    let at = place(volume, nid / PER_BLOCK).saturating_add(inside);
    let bytes = volume.metadata.read_vec(at, ENTRY as u64)?;
    NodeAddress::parse(&Fields::new(&bytes, STRUCTURE, volume.at(at)), 0)
}

/// All inodes in use, in order; blocks of the table that cannot be read are reported and passed over.
pub(super) fn inodes(volume: &Volume) -> Vec<u32> {
    let mut found = Vec::new();
    for number in 0..volume.superblock.nids() / PER_BLOCK {
        let at = place(volume, number);
        if at >= volume.source.len() {
            volume.issue(&Error::corrupt(STRUCTURE, volume.at(at), "a block of the volume", "its end"));
            break;
        }
        // An entry of zeros is one that is not in use.
        let bytes = read_around(&volume.metadata, at, BLOCK, |error, _| volume.issue(error));
        let fields = Fields::new(&bytes, STRUCTURE, volume.at(at));
        let first = number.saturating_mul(PER_BLOCK);
        for inside in 0..PER_BLOCK {
            let nid = first.saturating_add(inside);
            let Ok(entry) = NodeAddress::parse(&fields, (inside as usize).saturating_mul(ENTRY)) else { break };
            if entry.inode == nid && nid > 2 && entry.block != 0 {
                found.push(nid);
            }
        }
    }
    // The journal is newer than the table.
    found.retain(|nid| volume.checkpoint.nat_journal.iter().all(|(number, _)| number != nid));
    for (nid, entry) in &volume.checkpoint.nat_journal {
        let parsed = NodeAddress::parse(&Fields::new(entry, STRUCTURE, 0), 0);
        if parsed.is_ok_and(|entry| entry.inode == *nid && *nid > 2 && entry.block != 0) {
            found.push(*nid);
        }
    }
    found.sort_unstable();
    found
}
