//! $I30, the index of a directory: its names, and what is left of former ones behind them.
//!
//! Layout: [linux-ntfs documentation, index record](https://flatcap.github.io/linux-ntfs/ntfs/concepts/index_record.html),
//! [$INDEX_ROOT](https://flatcap.github.io/linux-ntfs/ntfs/attributes/index_root.html). The blocks are read one after
//! another and not along the tree, so that a block which leads to itself does no harm.

use super::{
    Volume,
    attribute::kind,
    file::File,
    record::{Reference, put_back_sector_ends},
    remains::{self, ENTRY_HEADER, SectorEnds},
    stream::fragments,
};
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Issue, Result},
    filesystem::allocation::bit,
};

/// The name of the index, in UTF-16LE.
const NAME: &[u8] = b"$\0I\x003\x000\0";
const BLOCK: &str = "index record";
const ENTRY: &str = "index entry";
/// Bytes of blocks read at once.
const TOGETHER: u64 = 64 << 10;

/// A name in a directory.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) child: Reference,
    /// A $FILE_NAME.
    pub(super) key: &'a [u8],
    /// Byte offset of the key on the medium.
    pub(super) at: u64,
    /// False for what is left of a former entry, or stands in a torn or freed block.
    pub(super) current: bool,
}

/// Calls `visit` with each entry of a directory's index. Damage goes to the volume's issues, and the next block is read.
pub(super) fn for_each_entry(volume: &Volume, directory: &File, mut visit: impl FnMut(Entry<'_>)) {
    let current = directory.base.header.in_use && directory.torn().is_none();
    let whole = SectorEnds::unprotected();
    let mut block_size = u64::from(volume.boot.index_size);
    for (_, root) in directory.of_kind(kind::INDEX_ROOT).filter(|(_, root)| root.name == NAME) {
        let Some(value) = root.resident() else { continue };
        let fields = Fields::new(value, "$INDEX_ROOT", root.at);
        match fields.u32(8) {
            Ok(size) if size.is_power_of_two() && (512..=1 << 20).contains(&size) => block_size = u64::from(size),
            Ok(size) => volume.issue(&fields.corrupt(8, "an index record size from 512 bytes to 1 MiB", size)),
            Err(error) => volume.issue(&error),
        }
        if let Err(error) = entries(value, 16, root.at, current, &whole, &mut visit) {
            volume.issue(&error);
        }
    }
    let bitmap = bitmap(volume, directory);
    for blocks in fragments(directory, kind::INDEX_ALLOCATION).iter().filter(|blocks| blocks.name == NAME) {
        let blocks = match blocks.content(volume) {
            Ok(blocks) => blocks,
            Err(error) => {
                volume.issue(&error);
                continue;
            }
        };
        let count = blocks.len().min(volume.source.len()).checked_div(block_size).unwrap_or(0);
        for_each_block(&blocks, block_size, count, |number, block| {
            let at = blocks.medium_offset(number.saturating_mul(block_size));
            let used = bitmap.as_ref().is_none_or(|bitmap| bit(bitmap, number) == Some(true));
            let read = block.and_then(|block| {
                let mut ends = SectorEnds::protected(block.len());
                let torn = put_back_sector_ends(block, b"INDX", BLOCK, at, |sector| ends.put_back(sector));
                let torn = match torn {
                    Ok(torn) => torn,
                    // What has lost its head is no block any more; entries may be left in it all the same.
                    Err(error) => {
                        remains::for_each(block, 0..block.len(), at, &ends, &mut visit);
                        return Err(error);
                    }
                };
                torn.iter().filter(|_| used).for_each(|error| volume.issue(error));
                entries(block, 24, at, current && used && torn.is_none(), &ends, &mut visit)
            });
            match read {
                Err(error) if used => volume.issue(&error),
                _ => {}
            }
        });
    }
}

/// Calls `visit` with each of `count` blocks. Many are read at once or, where that fails, each by itself.
fn for_each_block(blocks: &Source, size: u64, count: u64, mut visit: impl FnMut(u64, Result<&mut [u8]>)) {
    let together = TOGETHER.checked_div(size).unwrap_or(0).max(1);
    let mut first = 0u64;
    while first < count {
        let next = first.saturating_add(together).min(count);
        let length = next.saturating_sub(first).saturating_mul(size);
        match blocks.read_vec(first.saturating_mul(size), length) {
            Ok(mut bytes) => {
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                (first..).zip(bytes.chunks_mut(size)).for_each(|(number, block)| visit(number, Ok(block)));
            }
            Err(_) => {
                for number in first..next {
                    match blocks.read_vec(number.saturating_mul(size), size) {
                        Ok(mut block) => visit(number, Ok(&mut block)),
                        Err(error) => visit(number, Err(error)),
                    }
                }
            }
        }
        first = next;
    }
}

/// The bitmap that says which blocks are in use; `None` where there is none to go by.
fn bitmap(volume: &Volume, directory: &File) -> Option<Vec<u8>> {
    let bitmaps = fragments(directory, kind::BITMAP);
    let bits = bitmaps.iter().find(|bitmap| bitmap.name == NAME)?.content(volume).ok()?;
    bits.read_vec(0, bits.len().min(volume.limits.structure_bytes)).ok()
}

/// The entries behind the index header at `header` of `bytes`, then what is left of former ones behind those.
fn entries(
    bytes: &[u8],
    header: usize,
    at: u64,
    current: bool,
    ends: &SectorEnds,
    visit: &mut impl FnMut(Entry<'_>),
) -> Result<()> {
    let fields = Fields::new(bytes, BLOCK, at);
    let place = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX).saturating_add(header);
    let (first, used) = (place(fields.u32(header)?), place(fields.u32(header.saturating_add(4))?));
    if first > used || used > bytes.len() {
        remains::for_each(bytes, 0..bytes.len(), at, ends, visit);
        return Err(fields.corrupt(
            header,
            format!("entries inside {} bytes", bytes.len()),
            format!("{first} to {used}"),
        ));
    }
    let mut offset = first;
    let mut end = Ok(());
    loop {
        match entry(bytes.get(..used).unwrap_or_default(), offset, at, current) {
            Ok((found, length, last)) => {
                let is_right = ends.are_right(offset..offset.saturating_add(length));
                found.into_iter().filter(|_| is_right).for_each(&mut *visit);
                offset = offset.saturating_add(length);
                if last {
                    break;
                }
            }
            Err(error) => {
                end = Err(error);
                break;
            }
        }
    }
    remains::for_each(bytes, offset..bytes.len(), at, ends, visit);
    end
}

/// The entry at `offset`, its length, and whether it is the last. The last one has no key.
fn entry(bytes: &[u8], offset: usize, at: u64, current: bool) -> Result<(Option<Entry<'_>>, usize, bool)> {
    let rest = bytes.get(offset..).unwrap_or_default();
    let at = at.saturating_add(offset as u64);
    let fields = Fields::new(rest, ENTRY, at);
    let length = usize::from(fields.u16(8)?);
    if length < ENTRY_HEADER || length > rest.len() {
        return Err(fields.corrupt(8, format!("a length of 16 to {} bytes", rest.len()), length));
    }
    if fields.u16(12)? & 2 != 0 {
        return Ok((None, length, true));
    }
    let key = fields.bytes(ENTRY_HEADER, usize::from(fields.u16(10)?))?;
    let child = Reference(fields.u64(0)?);
    Ok((Some(Entry { child, key, at: at.saturating_add(ENTRY_HEADER as u64), current }), length, false))
}

impl Volume {
    pub(super) fn issue(&self, error: &Error) {
        self.issues.push(Issue::from(error));
    }
}
