//! Former nodes: F2FS writes a node to a new place each time, and what stood at the old one stays until its segment is used
//! again (FAST '15, "F2FS: A New File System for Flash Storage", 2.3 and 2.5).

use super::{
    Volume, nat,
    node::{Footer, Inode},
    segment::Summary,
    superblock::{BLOCK, SEGMENT},
};
use crate::{
    bytes::{Fields, ReadAt},
    error::{Error, Result},
};
use std::collections::HashMap;

/// The newest copy of a node that is no longer in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Copy {
    version: u64,
    block: u32,
    inode: u32,
}

/// The newest copies of all nodes that are no longer in use.
#[derive(Default)]
pub(super) struct Former(HashMap<u32, Copy>);

impl Former {
    /// Reads every segment that holds, or held, nodes.
    pub(super) fn read(volume: &Volume) -> Self {
        let mut found: HashMap<u32, Copy> = HashMap::new();
        for segment in 0..volume.superblock.main_segments {
            let first =
                u64::from(volume.superblock.main).saturating_add(u64::from(segment).saturating_mul(u64::from(SEGMENT)));
            let start = first.saturating_mul(BLOCK);
            if start >= volume.source.len() {
                break;
            }
            let summary = Summary::read(volume, segment);
            summary.as_ref().err().into_iter().for_each(|error| volume.issue(error));
            let is_current = volume.checkpoint.node_segments.contains(&segment);
            if !is_current && !summary.is_ok_and(|summary| summary.is_of_nodes()) {
                continue;
            }
            let length = BLOCK.saturating_mul(u64::from(SEGMENT)).min(volume.source.len().saturating_sub(start));
            let blocks = (u32::try_from(first).unwrap_or(u32::MAX)..).step_by(1);
            match volume.source.read_vec(start, length) {
                Ok(bytes) => {
                    blocks.zip(bytes.chunks(BLOCK as usize)).for_each(|(block, bytes)| note(bytes, block, &mut found))
                }
                Err(_) => {
                    for block in blocks.take(SEGMENT as usize) {
                        match volume.block(block) {
                            Ok(bytes) => note(&bytes, block, &mut found),
                            Err(error) => volume.issue(&error),
                        }
                    }
                }
            }
        }
        // A node that is in use is no former one.
        found.retain(|nid, _| nat::find(volume, *nid).is_ok_and(|address| address.block == 0));
        Self(found)
    }

    /// The numbers of former inodes, in order.
    pub(super) fn inodes(&self) -> Vec<u32> {
        let mut inodes: Vec<u32> =
            self.0.iter().filter(|(nid, copy)| **nid == copy.inode).map(|(nid, _)| *nid).collect();
        inodes.sort_unstable();
        inodes
    }

    /// The newest copy of a former inode.
    pub(super) fn inode(&self, volume: &Volume, number: u32) -> Option<Inode> {
        let copy = self.0.get(&number).filter(|copy| copy.inode == number)?;
        Inode::parse(volume, &volume.block(copy.block).ok()?, copy.block).ok()
    }

    /// The newest copy of a former node.
    pub(super) fn node(&self, volume: &Volume, nid: u32) -> Result<(Vec<u8>, u32)> {
        let copy = self
            .0
            .get(&nid)
            .ok_or_else(|| Error::corrupt("F2FS node", volume.at(0), format!("a copy of node {nid}"), "none"))?;
        Ok((volume.block(copy.block)?, copy.block))
    }
}

fn note(bytes: &[u8], block: u32, found: &mut HashMap<u32, Copy>) {
    let fields = Fields::new(bytes, "F2FS node", 0);
    let Ok(footer) = Footer::parse(&fields) else { return };
    if footer.nid <= 2 || footer.inode <= 2 || footer.version == 0 {
        return;
    }
    let copy = Copy { version: footer.version, block, inode: footer.inode };
    let newest = found.entry(footer.nid).or_insert(copy);
    *newest = copy.max(*newest);
}
