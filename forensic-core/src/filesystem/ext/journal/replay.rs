//! What a volume that was not unmounted has in its journal only: the transactions to write back.

use super::super::{Volume, superblock::incompat};
use super::{Journal, STRUCTURE, header::Body, log::Copy};
use crate::{
    bytes::{Extent, ReadAt, Source, check_bounds},
    error::{Error, Issue, Result},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// A volume on top of which blocks lie elsewhere.
struct Overlay {
    volume: Source,
    block_size: u64,
    /// Where each block is instead: byte offset in the volume, and whether its first four bytes were taken out.
    blocks: BTreeMap<u64, (u64, bool)>,
}

/// The volume as it is once the complete transactions of the live part of the log are written back.
pub(super) fn replayed(journal: &Journal, volume: &Volume) -> Option<Source> {
    if volume.superblock.incompat & incompat::RECOVER == 0 || journal.layout.start == 0 {
        return None;
    }
    if journal.layout.has_fast_commits() {
        volume.issue(&Error::unsupported("what fast commits in the journal may hold"));
    }
    let copies = to_write(journal);
    let at = journal.area.medium_offset(0);
    let found = format!("{} blocks are not yet written to their places and are read from it", copies.len());
    volume.issues.push(Issue::new(at, STRUCTURE, found));
    if copies.is_empty() {
        return None;
    }
    let blocks = copies
        .into_iter()
        .filter(|(_, copy)| journal.block(copy).is_ok_and(|bytes| journal.is_whole(copy, &bytes)))
        .map(|(block, copy)| (block, (journal.offset(&copy), copy.escaped)))
        .collect();
    let block_size = u64::from(volume.superblock.block_size);
    Some(Arc::new(Overlay { volume: volume.source.clone(), block_size, blocks }))
}

/// The last copy of each block in the live, complete transactions that is not revoked later.
fn to_write(journal: &Journal) -> BTreeMap<u64, Copy> {
    let (layout, log) = (&journal.layout, &journal.log);
    let mut sequence = layout.sequence;
    let mut place = layout.start;
    let mut copies: BTreeMap<u64, Copy> = BTreeMap::new();
    let mut revoked: HashMap<u64, u32> = HashMap::new();
    let mut pending: Vec<(u64, Copy)> = Vec::new();
    let mut pending_revokes: Vec<u64> = Vec::new();
    let next = |place: u32| match place.saturating_add(1) {
        next if next >= layout.blocks => layout.first,
        next => next,
    };
    // Each step goes on in the log; a log has no more steps than blocks.
    for _ in 0..layout.blocks {
        let Some(header) = log.headers.get(&place).filter(|header| header.sequence == sequence) else { break };
        match &header.body {
            Body::Descriptor(tags) => {
                for tag in tags {
                    place = next(place);
                    let (block, escaped, checksum) = (Some(tag.block), tag.escaped, Some(tag.checksum));
                    pending.push((tag.block, Copy { sequence, place, block, escaped, checksum }));
                }
            }
            Body::Revoke(blocks) => pending_revokes.extend(blocks),
            Body::Commit(..) => {
                copies.extend(pending.drain(..));
                revoked.extend(pending_revokes.drain(..).map(|block| (block, sequence)));
                sequence = sequence.wrapping_add(1);
            }
            Body::Other => break,
        }
        place = next(place);
    }
    copies.retain(|block, copy| revoked.get(block).is_none_or(|until| copy.sequence > *until));
    copies
}

impl Overlay {
    /// Calls `visit` with each part of a range that lies in one block or between two: its offset, length, and where it
    /// is read instead.
    fn parts(
        &self,
        offset: u64,
        length: u64,
        mut visit: impl FnMut(u64, u64, Option<(u64, bool)>) -> Result<()>,
    ) -> Result<()> {
        let end = offset.saturating_add(length);
        let mut at = offset;
        while at < end {
            let block = at.checked_div(self.block_size).unwrap_or(0);
            let next = self.blocks.range(block..).next();
            let (stop, instead) = match next {
                Some((found, instead)) if *found == block => {
                    (block.saturating_add(1).saturating_mul(self.block_size), Some(*instead))
                }
                Some((found, _)) => (found.saturating_mul(self.block_size), None),
                None => (end, None),
            };
            let stop = stop.min(end);
            visit(at, stop.saturating_sub(at), instead)?;
            at = stop;
        }
        Ok(())
    }

    fn inside(&self, at: u64) -> u64 {
        at.checked_rem(self.block_size).unwrap_or(0)
    }
}

impl ReadAt for Overlay {
    fn len(&self) -> u64 {
        self.volume.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.len())?;
        let length = buf.len() as u64;
        let mut rest = buf;
        self.parts(offset, length, |at, length, instead| {
            // A part is never longer than the buffer, so its length fits usize.
            let (now, later) = std::mem::take(&mut rest).split_at_mut(length as usize);
            rest = later;
            let Some((place, escaped)) = instead else { return self.volume.read_at(at, now) };
            let inside = self.inside(at);
            self.volume.read_at(place.saturating_add(inside), now)?;
            if escaped {
                let magic = super::header::MAGIC.to_be_bytes();
                let cut = usize::try_from(inside).unwrap_or(usize::MAX);
                for (byte, magic) in now.iter_mut().zip(magic.iter().skip(cut)) {
                    *byte = *magic;
                }
            }
            Ok(())
        })
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let mut extents = Vec::new();
        let length = length.min(self.len().saturating_sub(offset));
        // The closure never fails, so neither does the walk over the parts.
        let _ = self.parts(offset, length, |at, length, instead| {
            let place = instead.map_or(at, |(place, _)| place.saturating_add(self.inside(at)));
            extents.extend(self.volume.locate(place, length).into_iter().map(|extent| Extent {
                stream_offset: at.saturating_add(extent.stream_offset.saturating_sub(place)),
                ..extent
            }));
            Ok(())
        });
        extents
    }
}
