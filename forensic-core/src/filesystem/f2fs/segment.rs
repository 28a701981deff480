//! Segments: which of their blocks are in use (segment information table), and which node each block was last written for
//! (segment summary area).

use super::{
    Volume,
    superblock::{BLOCK, SEGMENT},
};
use crate::{
    bytes::{Fields, ReadAt},
    error::Result,
};

const INFORMATION: &str = "segment information table";
const SUMMARY: &str = "segment summary";
/// Entries of a block of the table, and bytes of an entry.
const PER_BLOCK: u32 = 55;
const ENTRY: usize = 74;
/// Bytes of a block's entry in a summary, and where the type of the segment stands.
const OWNER: usize = 7;
const TYPE: usize = 4091;

/// A bit for each block of the main area, set where it is in use, the first in the lowest bit of the first byte; blocks of the
/// table that cannot be read are reported, and theirs are in use.
pub(super) fn usage(volume: &Volume) -> Vec<u8> {
    let superblock = &volume.superblock;
    let half = (superblock.sit_segments / 2).saturating_mul(SEGMENT);
    let segments = superblock.main_segments.min(half.saturating_mul(PER_BLOCK));
    let mut bits = Vec::new();
    for number in 0..segments.div_ceil(PER_BLOCK) {
        let copy = if volume.checkpoint.sit_copy(number) { half } else { 0 };
        let block = u64::from(superblock.sit).saturating_add(u64::from(copy)).saturating_add(u64::from(number));
        let at = block.saturating_mul(BLOCK);
        let bytes = volume.metadata.read_vec(at, BLOCK).unwrap_or_else(|error| {
            volume.issue(&error);
            vec![0xff; BLOCK as usize]
        });
        if at >= volume.source.len() {
            break;
        }
        let fields = Fields::new(&bytes, INFORMATION, volume.at(at));
        for inside in 0..PER_BLOCK.min(segments.saturating_sub(number.saturating_mul(PER_BLOCK))) {
            let segment = number.saturating_mul(PER_BLOCK).saturating_add(inside);
            let newer = volume.checkpoint.sit_journal.iter().find(|(number, _)| *number == segment);
            let map = match newer {
                Some((_, entry)) => entry.get(2..66),
                None => fields.bytes((inside as usize).saturating_mul(ENTRY).saturating_add(2), 64).ok(),
            };
            // The highest bit of a byte is the first block's.
            bits.extend(map.unwrap_or(&[0xff; 64]).iter().map(|byte| byte.reverse_bits()));
        }
    }
    bits
}

/// Whether a block of the main area is in use, by [`usage`].
pub(super) fn is_used(volume: &Volume, usage: &[u8], block: u32) -> bool {
    let Some(place) = block.checked_sub(volume.superblock.main) else { return true };
    usage.get((place / 8) as usize).is_none_or(|byte| byte >> (place % 8) & 1 == 1)
}

/// The summary of a segment: the node that each block belongs to, and its place there.
pub(super) struct Summary(Vec<u8>);

impl Summary {
    pub(super) fn read(volume: &Volume, segment: u32) -> Result<Self> {
        let block = u64::from(volume.superblock.ssa).saturating_add(u64::from(segment));
        volume.metadata.read_vec(block.saturating_mul(BLOCK), BLOCK).map(Self)
    }

    /// True for a segment of nodes.
    pub(super) fn is_of_nodes(&self) -> bool {
        self.0.get(TYPE) == Some(&1)
    }

    /// Of a block of the segment, the node that points to it and the place of the pointer.
    pub(super) fn owner(&self, place: u32) -> Option<(u32, u16)> {
        let fields = Fields::new(&self.0, SUMMARY, 0);
        let offset = (place as usize).saturating_mul(OWNER);
        Some((fields.u32(offset).ok()?, fields.u16(offset.saturating_add(5)).ok()?))
    }
}
