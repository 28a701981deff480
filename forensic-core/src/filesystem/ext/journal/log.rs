//! Every block of the log, and what it is a copy of.

use super::header::{Body, Header, Layout};
use crate::{
    bytes::{ReadAt, Source, is_zero},
    error::Error,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Bytes of the area read at once: what the processor's caches hold.
const CHUNK: usize = 128 << 10;

/// A block of the log that is an older copy of a block of the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Copy {
    /// The transaction it was part of.
    pub(in super::super) sequence: u32,
    /// Its place in the log.
    pub(in super::super) place: u32,
    /// The block of the volume; `None` where the descriptor that told it was overwritten.
    pub(in super::super) block: Option<u64>,
    pub(in super::super) escaped: bool,
    pub(in super::super) checksum: Option<u32>,
}

/// What the area holds.
#[derive(Debug, Default)]
pub(in super::super) struct Log {
    /// In order of transaction.
    pub(in super::super) copies: Vec<Copy>,
    /// When transactions were committed.
    commits: BTreeMap<u32, (i64, u32)>,
    /// The copies of each block, in order of transaction: places in `copies`.
    by_block: HashMap<u64, Vec<u32>>,
    /// Blocks with a header, by their place.
    pub(super) headers: BTreeMap<u32, Header>,
    /// Places of the other blocks that are not all zeros.
    written: BTreeSet<u32>,
}

impl Log {
    /// Reads the area once; what cannot be read goes to `issue`.
    pub(super) fn read(area: &Source, layout: &Layout, issue: impl Fn(&Error)) -> Self {
        let mut log = Self::default();
        let size = layout.block_size as usize;
        let end = area.len().min(u64::from(layout.blocks).saturating_mul(size as u64));
        let mut bytes = Vec::new();
        let mut offset = 0u64;
        while offset < end {
            // Blocks in holes of a sparse image are all zeros, of which nothing is kept.
            let next = area.next_data(offset).checked_div(size as u64).unwrap_or(0).saturating_mul(size as u64);
            if next > offset {
                offset = next;
                continue;
            }
            let first = u32::try_from(offset.checked_div(size as u64).unwrap_or(0)).unwrap_or(u32::MAX);
            bytes.resize(CHUNK.min(usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX)), 0);
            match area.read_at(offset, &mut bytes) {
                Ok(()) => {
                    let blocks = bytes.chunks_exact(size);
                    (first..).zip(blocks).for_each(|(place, block)| log.block(layout, place, block));
                }
                Err(_) => log.block_by_block(area, layout, first, &issue),
            }
            offset = offset.saturating_add(CHUNK as u64);
        }
        log.assign(layout);
        log
    }

    /// Reads the blocks of a chunk one by one.
    fn block_by_block(&mut self, area: &Source, layout: &Layout, first: u32, issue: &impl Fn(&Error)) {
        let size = u64::from(layout.block_size);
        let count = u32::try_from((CHUNK as u64).checked_div(size).unwrap_or(1)).unwrap_or(1);
        for place in first..first.saturating_add(count).min(layout.blocks) {
            match area.read_vec(u64::from(place).saturating_mul(size), size) {
                Ok(block) => self.block(layout, place, &block),
                Err(error) => issue(&error),
            }
        }
    }

    fn block(&mut self, layout: &Layout, place: u32, block: &[u8]) {
        if let Some(header) = layout.header(block) {
            self.headers.insert(place, header);
        } else if !is_zero(block) {
            self.written.insert(place);
        }
    }

    /// Tells each block without a header what it is a copy of.
    ///
    /// Transactions overwrite older ones from their beginning on. So the newest are told first, and an older one ends
    /// where it meets what a newer one has written.
    fn assign(&mut self, layout: &Layout) {
        let mut assigned: BTreeMap<u32, Copy> = BTreeMap::new();
        let mut descriptors: Vec<(u32, u32)> = Vec::new();
        for (place, header) in &self.headers {
            match header.body {
                Body::Descriptor(_) => descriptors.push((header.sequence, *place)),
                Body::Commit(seconds, nanoseconds) => {
                    self.commits.insert(header.sequence, (seconds, nanoseconds));
                }
                _ => {}
            }
        }
        descriptors.sort_unstable();
        for (sequence, start) in descriptors.into_iter().rev() {
            let Some(Header { body: Body::Descriptor(tags), .. }) = self.headers.get(&start) else { continue };
            let mut place = start;
            for tag in tags {
                place = place.saturating_add(1);
                if place >= layout.blocks {
                    place = layout.first;
                }
                if self.headers.contains_key(&place) || assigned.contains_key(&place) {
                    break;
                }
                let (block, escaped, checksum) = (Some(tag.block), tag.escaped, Some(tag.checksum));
                assigned.insert(place, Copy { sequence, place, block, escaped, checksum });
            }
        }
        // A block that no descriptor tells of is the rest of the transaction whose next header stands behind it.
        let first = self.headers.range(layout.first..).next().map(|(_, header)| header.sequence);
        let mut next = first;
        for place in (layout.first..layout.blocks).rev() {
            match self.headers.get(&place) {
                Some(header) => next = Some(header.sequence),
                None if assigned.contains_key(&place) || !self.written.contains(&place) => {}
                None => {
                    let sequence = next.unwrap_or(0);
                    let (block, escaped, checksum) = (None, false, None);
                    assigned.insert(place, Copy { sequence, place, block, escaped, checksum });
                }
            }
        }
        self.written.clear();
        self.copies = assigned.into_values().collect();
        self.copies.sort_unstable();
        for (place, copy) in (0u32..).zip(&self.copies) {
            if let Some(block) = copy.block {
                self.by_block.entry(block).or_default().push(place);
            }
        }
    }

    /// The copies of a block, in order of transaction.
    pub(in super::super) fn copies_of(&self, block: u64) -> impl DoubleEndedIterator<Item = &Copy> {
        let places = self.by_block.get(&block).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.copies.get(*place as usize))
    }

    /// When a transaction was committed or, where its own commit is lost, the last one before it that is not.
    pub(in super::super) fn commit_time(&self, sequence: u32) -> Option<(i64, u32)> {
        self.commits.range(..=sequence).next_back().map(|(_, time)| *time).filter(|(seconds, _)| *seconds != 0)
    }

    /// True where the commit of every transaction from one to another is there.
    pub(in super::super) fn is_gapless(&self, from: u32, to: u32) -> bool {
        let count = self.commits.range(from..=to.max(from)).count() as u64;
        count == u64::from(to.saturating_sub(from)).saturating_add(1)
    }
}
