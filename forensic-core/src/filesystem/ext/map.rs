//! Which blocks of the volume hold which blocks of a file, whichever way its inode says so.

use super::{
    Volume, block_map, extent_tree,
    inode::{Inode, flag},
};
use crate::error::{Error, Result};
use smallvec::SmallVec;

/// Where a stretch of a file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// From this block of the volume on.
    Data(u64),
    /// In blocks that were set aside and never written: it reads as zeros.
    Unwritten(u64),
    /// Nobody knows: the metadata that tells is damaged.
    Lost,
}

/// Blocks of a file that lie together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// The first, counted from the start of the file.
    pub(super) logical: u64,
    pub(super) count: u64,
    pub(super) place: Place,
}

/// The segments of a file in file order, of which most have one; between them are holes.
#[derive(Debug, Clone, Default)]
pub(super) struct Map {
    pub(super) segments: SmallVec<[Segment; 1]>,
    /// Blocks of metadata the map itself lies in.
    pub(super) nodes: Vec<u64>,
    /// The first thing that is wrong with it.
    pub(super) damage: Option<Box<Error>>,
    /// True where it lies in more blocks than it was allowed to read.
    pub(super) cut: bool,
}

/// Gives the blocks that a map lies in.
pub(super) trait Nodes {
    /// A block of metadata and its byte offset on the medium. Of several versions, the one that `fits`.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn node(&self, block: u64, fits: &dyn Fn(&[u8]) -> bool) -> Result<(Vec<u8>, u64)>;
}

/// The blocks as they are now.
impl Nodes for Volume {
    fn node(&self, block: u64, _: &dyn Fn(&[u8]) -> bool) -> Result<(Vec<u8>, u64)> {
        Ok((self.block(block)?.to_vec(), self.at_block(block)))
    }
}

/// Collects segments in file order, within the volume and the limits.
pub(super) struct Collector<'a> {
    pub(super) volume: &'a Volume,
    pub(super) nodes: &'a dyn Nodes,
    pub(super) map: Map,
    /// The block behind the last segment.
    end: u64,
    /// Blocks of metadata that may still be read.
    budget: u64,
}

/// The map of an inode, `number` of that name. It reads at most `budget` blocks of metadata.
pub(super) fn read(volume: &Volume, nodes: &dyn Nodes, number: u32, inode: &Inode, at: u64, budget: u64) -> Map {
    let mut collector = Collector { volume, nodes, map: Map::default(), end: 0, budget };
    if inode.has(flag::INLINE_DATA) || inode.is_fast_symlink() || !inode.has_content() {
        return collector.map;
    }
    let ended = match inode.has(flag::EXTENTS) {
        true => extent_tree::collect(&mut collector, number, inode, at),
        false => block_map::collect(&mut collector, inode, at),
    };
    if let Err(error) = ended {
        collector.damaged(error);
    }
    collector.map
}

impl Collector<'_> {
    /// Adds the next segment.
    ///
    /// # Errors
    /// Where it lies outside the volume or not behind the one before, or where there are too many.
    pub(super) fn push(&mut self, segment: Segment, at: u64) -> Result<()> {
        let Segment { logical, count, place } = segment;
        if count == 0 {
            return Ok(());
        }
        let blocks = self.volume.superblock.blocks;
        if let Place::Data(block) | Place::Unwritten(block) = place
            && (block == 0 || block.checked_add(count).is_none_or(|end| end > blocks))
        {
            let found = format!("{count} blocks from {block} on");
            return Err(Error::corrupt("block map", at, format!("blocks below {blocks}"), found));
        }
        if logical < self.end {
            let expected = format!("a block of the file from {} on", self.end);
            return Err(Error::corrupt("block map", at, expected, logical));
        }
        let limit = self.volume.limits.runs;
        if self.map.segments.len() >= limit {
            let (found, limit) = ((limit as u64).saturating_add(1), limit as u64);
            return Err(Error::Limit { structure: "block map", offset: at, found, limit, unit: "segments" });
        }
        self.end = logical.saturating_add(count);
        match self.map.segments.last_mut().filter(|last| goes_on(last, &segment)) {
            Some(last) => last.count = last.count.saturating_add(count),
            None => self.map.segments.push(segment),
        }
        Ok(())
    }

    /// Notes that the blocks `start .. end` of the file are lost, and why.
    pub(super) fn lose(&mut self, start: u64, end: u64, error: Error) {
        let start = start.max(self.end);
        // A segment that is lost lies nowhere, so that only the order can be wrong, and it is not.
        let _ = self.push(Segment { logical: start, count: end.saturating_sub(start), place: Place::Lost }, 0);
        self.damaged(error);
    }

    fn damaged(&mut self, error: Error) {
        self.map.damage.get_or_insert_with(|| Box::new(error));
    }

    /// Reads a block of the map.
    ///
    /// # Errors
    /// Where it lies outside the volume, cannot be read, or where the map is larger than the volume can hold.
    pub(super) fn node(&mut self, block: u64, at: u64, fits: &dyn Fn(&[u8]) -> bool) -> Result<(Vec<u8>, u64)> {
        let blocks = self.volume.superblock.blocks;
        if block == 0 || block >= blocks {
            return Err(Error::corrupt("block map", at, format!("a block below {blocks}"), block));
        }
        let Some(left) = self.budget.checked_sub(1) else {
            self.map.cut = true;
            return Err(Error::Limit {
                structure: "block map",
                offset: at,
                found: blocks.saturating_add(1),
                limit: blocks,
                unit: "blocks of metadata",
            });
        };
        self.budget = left;
        self.map.nodes.push(block);
        self.nodes.node(block, fits)
    }
}

fn goes_on(last: &Segment, next: &Segment) -> bool {
    last.logical.checked_add(last.count) == Some(next.logical)
        && match (last.place, next.place) {
            (Place::Data(a), Place::Data(b)) | (Place::Unwritten(a), Place::Unwritten(b)) => {
                a.checked_add(last.count) == Some(b)
            }
            (Place::Lost, Place::Lost) => true,
            _ => false,
        }
}

impl Map {
    /// Runs of blocks that hold or are set aside for content: first block, and the one after the last.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.segments.iter().filter_map(|segment| match segment.place {
            Place::Data(block) | Place::Unwritten(block) => Some((block, block.saturating_add(segment.count))),
            Place::Lost => None,
        })
    }
}
