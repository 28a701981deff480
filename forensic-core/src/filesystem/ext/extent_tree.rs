//! Extent trees ([extents](https://www.kernel.org/doc/html/latest/filesystems/ext4/ifork.html#extent-tree)).

use super::{
    checksum::crc32c,
    inode::{self, Inode},
    map::{Collector, Place, Segment},
};
use crate::{
    bytes::Fields,
    error::{Error, Issue, Result},
};

const STRUCTURE: &str = "extent tree";
const MAGIC: u16 = 0xf30a;
const HEADER: usize = 12;
const ENTRY: usize = 12;
/// A tree of five levels can address more blocks than a file can have.
const MOST_DEPTH: u16 = 5;
/// Lengths above are of extents that were set aside and never written.
const WRITTEN: u16 = 32_768;

/// One node of the tree, and the blocks of the file it may speak of.
struct Node<'a> {
    bytes: &'a [u8],
    at: u64,
    depth: u16,
    from: u64,
    to: u64,
}

/// Collects the extents of an inode.
///
/// # Errors
/// What is wrong with the root; what is wrong below is kept in the map.
pub(super) fn collect(collector: &mut Collector<'_>, number: u32, inode: &Inode, at: u64) -> Result<()> {
    let (_, depth) = header(&inode.block, at.saturating_add(0x28))?;
    if depth > MOST_DEPTH {
        return Err(Error::corrupt(STRUCTURE, at, format!("at most {MOST_DEPTH} levels"), depth));
    }
    // The root has no checksum of its own: the inode's is its.
    let seed = if depth > 0 { inode::seed(&collector.volume.superblock, number, inode.generation) } else { 0 };
    let root = Node { bytes: &inode.block, at: at.saturating_add(0x28), depth, from: 0, to: 1 << 32 };
    walk(collector, &root, seed)
}

/// The number of entries of a node, and how many levels are below it.
fn header(bytes: &[u8], at: u64) -> Result<(usize, u16)> {
    let fields = Fields::new(bytes, STRUCTURE, at);
    if fields.u16(0)? != MAGIC {
        return Err(fields.corrupt(0, "f30a", format!("{:04x}", fields.u16(0)?)));
    }
    let (entries, depth) = (usize::from(fields.u16(2)?), fields.u16(6)?);
    let most = bytes.len().saturating_sub(HEADER) / ENTRY;
    if entries > most {
        return Err(fields.corrupt(2, format!("at most {most} entries"), entries));
    }
    Ok((entries, depth))
}

/// True where a block is a node with `depth` levels below it.
pub(super) fn is_node(bytes: &[u8], depth: u16) -> bool {
    header(bytes, 0).is_ok_and(|(entries, found)| found == depth && entries > 0)
}

/// Collects what is below a node. It goes down at most [`MOST_DEPTH`] levels.
fn walk(collector: &mut Collector<'_>, node: &Node<'_>, seed: u32) -> Result<()> {
    let (count, depth) = header(node.bytes, node.at)?;
    if depth != node.depth {
        let expected = format!("a node with {} levels below", node.depth);
        return Err(Error::corrupt(STRUCTURE, node.at, expected, format!("{depth} levels")));
    }
    let fields = Fields::new(node.bytes, STRUCTURE, node.at);
    for entry in 0..count {
        let start = HEADER.saturating_add(entry.saturating_mul(ENTRY));
        let at = node.at.saturating_add(start as u64);
        let logical = u64::from(fields.u32(start)?);
        if logical < node.from || logical >= node.to {
            let expected = format!("a block of the file from {} to {}", node.from, node.to);
            return Err(Error::corrupt(STRUCTURE, at, expected, logical));
        }
        if depth == 0 {
            let length = fields.u16(start.saturating_add(4))?;
            let high = u64::from(fields.u16(start.saturating_add(6))?) << 32;
            let block = high | u64::from(fields.u32(start.saturating_add(8))?);
            let (count, place) = match length.checked_sub(WRITTEN).filter(|length| *length > 0) {
                Some(unwritten) => (unwritten, Place::Unwritten(block)),
                None => (length, Place::Data(block)),
            };
            collector.push(Segment { logical, count: u64::from(count), place }, at)?;
            continue;
        }
        let next = match entry.saturating_add(1) < count {
            true => u64::from(fields.u32(start.saturating_add(ENTRY))?),
            false => node.to,
        };
        let high = u64::from(fields.u16(start.saturating_add(8))?) << 32;
        let block = high | u64::from(fields.u32(start.saturating_add(4))?);
        if let Err(error) = descend(collector, block, (logical, next, depth.saturating_sub(1), at), seed) {
            collector.lose(logical, next, error);
        }
    }
    Ok(())
}

fn descend(
    collector: &mut Collector<'_>,
    block: u64,
    (from, to, depth, at): (u64, u64, u16, u64),
    seed: u32,
) -> Result<()> {
    let (bytes, at) = collector.node(block, at, &|bytes| is_node(bytes, depth))?;
    let node = Node { bytes: &bytes, at, depth, from, to };
    // An empty node below the root would let a hostile tree go on for ever.
    if header(&bytes, at)?.0 == 0 {
        return Err(Error::corrupt(STRUCTURE, at, "an entry", "none"));
    }
    if let Err(error) = check(collector, &bytes, at, seed) {
        collector.volume.issues.push(Issue::from(&error));
    }
    walk(collector, &node, seed)
}

/// Checks the checksum of a node, where nodes have one.
fn check(collector: &Collector<'_>, bytes: &[u8], at: u64, seed: u32) -> Result<()> {
    if !collector.volume.superblock.has_checksums() {
        return Ok(());
    }
    let fields = Fields::new(bytes, STRUCTURE, at);
    let tail = HEADER.saturating_add(usize::from(fields.u16(4)?).saturating_mul(ENTRY));
    let (stored, found) = (fields.u32(tail)?, crc32c(seed, fields.bytes(0, tail)?));
    match stored == found {
        true => Ok(()),
        false => Err(fields.corrupt(tail, format!("checksum {found:08x}"), format!("{stored:08x}"))),
    }
}
