//! Content: the blocks of a map, or bytes inside the inode, as a stream.

use super::{
    Volume,
    inode::{Inode, flag},
    map::{Map, Place},
    record::Record,
    xattr::Stored,
};
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::{Error, Result},
    filesystem::{
        model::{Stream, StreamInfo},
        stored::{Holed, Resident},
    },
};
use std::sync::Arc;

/// Bytes of inline data in `i_block`; what is longer goes on in the attribute "system.data".
const INLINE: u64 = 60;
/// Where `i_block` stands in the inode.
pub(super) const BLOCK_AT: u64 = 0x28;

/// The main stream of an inode. Of the blocks that `map` gives, those in `taken` (first, and one after the last, in
/// order) are lost to others.
pub(super) fn stream(volume: &Volume, record: &Record, map: &Map, taken: &[(u64, u64)]) -> Stream {
    let inode = &record.inode;
    let mut info = StreamInfo::new("", if inode.has_content() { inode.size } else { 0 });
    if !inode.has_content() {
        return Stream::new(info, Ok(Arc::new(Vec::new())), None);
    }
    if inode.has(flag::ENCRYPTED) && !inode.is_directory() {
        return Stream::new(info, Err(Error::unsupported("encryption by fscrypt")), None);
    }
    if inode.has(flag::INLINE_DATA) || inode.is_fast_symlink() {
        info.resident = true;
        return Stream::new(info, inline(volume, record), None);
    }
    let runs = Runs::of(volume, inode, map, taken);
    info.sparse = runs.content.runs().any(|run| run.offset.is_none()) && runs.lost.is_empty();
    let slack = Some(runs.slack).filter(|slack| !slack.is_empty());
    let content = runs.content;
    if runs.lost.is_empty() {
        return Stream::of_runs(info, content, slack);
    }
    let slack = slack.map(|slack| Arc::new(slack) as Source);
    let error = map.damage.as_deref().cloned().unwrap_or_else(|| {
        let (block, _) = taken.first().copied().unwrap_or_default();
        Error::corrupt("data block", volume.at_block(block), "a block of this file", "a block of another")
    });
    if runs.lost.iter().map(|(start, end)| end.saturating_sub(*start)).fold(0, u64::saturating_add) >= inode.size {
        return Stream::new(info, Err(error), None);
    }
    Stream::new(info, Ok(Arc::new(Holed::new(content, runs.lost, error))), slack)
}

/// A map in bytes.
struct Runs {
    content: Extents,
    /// Start and end of what is lost, in the stream.
    lost: Vec<(u64, u64)>,
    /// What is stored behind the end.
    slack: Extents,
}

impl Runs {
    fn of(volume: &Volume, inode: &Inode, map: &Map, taken: &[(u64, u64)]) -> Self {
        let bytes = |blocks: u64| volume.superblock.offset(blocks);
        let none = || Extents::new(volume.current.clone(), []);
        let mut all = Self { content: none(), lost: Vec::new(), slack: none() };
        let mut end = 0u64;
        for segment in &map.segments {
            let (start, length) = (bytes(segment.logical), bytes(segment.count));
            let stop = start.saturating_add(length);
            if let Place::Data(block) | Place::Unwritten(block) = segment.place
                && stop > inode.size
            {
                let skip = inode.size.saturating_sub(start);
                let length = length.saturating_sub(skip);
                all.slack.push(Run::new(bytes(block).saturating_add(skip), length));
            }
            if start >= inode.size {
                continue;
            }
            all.hole(start.saturating_sub(end));
            end = stop;
            let length = length.min(inode.size.saturating_sub(start));
            match segment.place {
                Place::Data(block) => {
                    all.content.push(Run::new(bytes(block), length));
                    all.take(start, inode.size, (block, segment.count), taken, &bytes);
                }
                Place::Unwritten(_) => all.hole(length),
                Place::Lost => {
                    all.hole(length);
                    all.lost.push((start, stop.min(inode.size)));
                }
            }
        }
        let rest = inode.size.saturating_sub(end);
        all.hole(rest);
        // What a broken map does not speak of is no hole.
        if map.damage.is_some() && rest > 0 {
            all.lost.push((end, inode.size));
        }
        all
    }

    /// Adds a hole, if it is one.
    fn hole(&mut self, length: u64) {
        self.content.push(Run::sparse(length));
    }

    /// Notes what of a run of blocks, at byte `start` of the stream, others have taken.
    fn take(
        &mut self,
        start: u64,
        size: u64,
        (block, count): (u64, u64),
        taken: &[(u64, u64)],
        bytes: &impl Fn(u64) -> u64,
    ) {
        let first = taken.partition_point(|(_, end)| *end <= block);
        for &(from, to) in taken.iter().skip(first).take_while(|(from, _)| *from < block.saturating_add(count)) {
            let skip = from.max(block).saturating_sub(block);
            let length = to.min(block.saturating_add(count)).saturating_sub(from.max(block));
            let at = start.saturating_add(bytes(skip));
            let end = at.saturating_add(bytes(length)).min(size);
            if at < end {
                self.lost.push((at, end));
            }
        }
    }
}

/// Content that stands in the inode.
fn inline(volume: &Volume, record: &Record) -> Result<Source> {
    let size = record.inode.size;
    let head = size.min(INLINE);
    let mut runs = vec![Run::new(record.offset.saturating_add(BLOCK_AT), head)];
    let rest = size.saturating_sub(head);
    if rest > 0 {
        let list = record.own_attributes()?;
        let data = list.iter().find(|attribute| attribute.is_inline_data());
        let found = match data.map(|data| data.value) {
            Some(Stored::Here(value, offset)) if value.len() as u64 >= rest => offset,
            Some(Stored::Here(value, _)) => return Err(short(record, size, INLINE.saturating_add(value.len() as u64))),
            _ => return Err(short(record, size, INLINE)),
        };
        runs.push(Run::new(record.offset.saturating_add(found as u64), rest));
    }
    let within: Source = Arc::new(Extents::new(volume.current.clone(), runs));
    let bytes = within.read_vec(0, within.len())?.into();
    Ok(Arc::new(Resident { bytes, within, offset: 0 }))
}

fn short(record: &Record, size: u64, found: u64) -> Error {
    Error::corrupt("inline data", record.at, format!("{size} bytes"), format!("{found} bytes"))
}
