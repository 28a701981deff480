//! Directories: in the inode (short form), or in blocks of entries whose indexes are not needed ("Directories").
//!
//! An entry in a block ends with its own offset in that block. So entries are told from other bytes: behind damage, and
//! in free space, where a removed entry keeps all but its first four bytes.

use super::{
    Volume, checksum,
    extents::{self, Mappings},
    inode::{Format, Inode},
};
use crate::{
    bytes::{Extents, Fields, ReadAt, Source},
    error::{Error, Result},
};
use std::{collections::HashSet, sync::Arc};

const BLOCK: &str = "directory block";
const SHORT: &str = "short form directory";
/// Where the indexes of a directory begin: all entries lie before.
const INDEXES: u64 = 1 << 35;
/// Directory entries start at multiples of this.
const STEP: usize = 8;
/// Marks unused space.
const FREE: u16 = 0xffff;

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// Of a removed one only the lower 32 bits are left.
    pub(super) inode: u64,
    pub(super) name: &'a [u8],
    /// Type of the file by the entry, where it tells it.
    pub(super) file_type: Option<u8>,
    /// False where it was removed.
    pub(super) current: bool,
    /// Byte offset on the medium.
    pub(super) at: u64,
}

/// Calls `visit` with each entry of a directory but "." and "..". `taken` holds the blocks of directories read before, by
/// their offsets: no block belongs to two.
pub(super) fn for_each_entry(
    volume: &Volume,
    directory: &Inode,
    taken: &mut HashSet<u64>,
    mut visit: impl FnMut(Entry<'_>),
) -> Result<()> {
    let fork = directory.data();
    match fork.format {
        Format::Local => {
            let at = volume.source.medium_offset(fork.offset);
            short_form(volume, fork.bytes, directory.size, at, &mut visit)
        }
        Format::Extents | Format::Btree => {
            let Mappings { mut all, damage } = extents::read(volume, directory, &fork);
            damage.iter().for_each(|error| volume.issue(error));
            let size = u64::from(volume.superblock.block_size);
            all.retain(|mapping| mapping.start.saturating_mul(size) < INDEXES && taken.insert(mapping.offset));
            let whole = u64::from(volume.superblock.directory_block_size);
            let (content, _) = Mappings { all, damage: None }.runs(volume, INDEXES);
            let stream = Extents::new(volume.metadata.clone(), content);
            let mut start = 0u64;
            let mut done = 0u64;
            let stored: Vec<(u64, u64)> = stream
                .runs()
                .filter_map(|run| {
                    let from = start;
                    start = start.saturating_add(run.length);
                    run.offset.map(|_| (from, start))
                })
                .collect();
            let stream: Source = Arc::new(stream);
            for (from, to) in stored {
                done = done.max(from.saturating_sub(from.checked_rem(whole).unwrap_or(0)));
                while done < to {
                    match stream.read_vec(done, whole) {
                        Ok(bytes) => block(volume, directory.number, &bytes, stream.medium_offset(done), &mut visit),
                        Err(error) => volume.issue(&error),
                    }
                    done = done.saturating_add(whole);
                }
            }
            Ok(())
        }
        Format::Device | Format::Unknown(_) => {
            let at = volume.source.medium_offset(directory.offset);
            Err(Error::corrupt("inode", at, "a data fork of a directory", format!("{:?}", fork.format)))
        }
    }
}

/// Entries in the inode: name length, offset, name, type, inode number of 4 or 8 bytes.
pub(super) fn short_form(
    volume: &Volume,
    bytes: &[u8],
    size: u64,
    at: u64,
    visit: &mut impl FnMut(Entry<'_>),
) -> Result<()> {
    let fields = Fields::new(bytes, SHORT, at);
    // The second byte counts those that need 8 bytes; where one does, all have them.
    let wide = fields.u8(1)? > 0;
    let number_size = if wide { 8usize } else { 4 };
    let mut place = number_size.saturating_add(2);
    let typed = usize::from(volume.superblock.file_types);
    let mut left = fields.u8(0)?;
    loop {
        let start = place;
        let length = match fields.u8(place) {
            Ok(length) => usize::from(length),
            // Behind the last entry there may be nothing.
            Err(_) if left == 0 => return Ok(()),
            Err(error) => return Err(error),
        };
        let name_at = place.saturating_add(3);
        let type_at = name_at.saturating_add(length);
        let number_at = type_at.saturating_add(typed);
        let end = number_at.saturating_add(number_size);
        let parsed = || -> Result<Entry<'_>> {
            let inode = if wide { fields.u64_be(number_at)? } else { u64::from(fields.u32_be(number_at)?) };
            let file_type = if typed > 0 { Some(fields.u8(type_at)?) } else { None };
            let (name, at) = (fields.bytes(name_at, length)?, at.saturating_add(start as u64));
            Ok(Entry { inode, name, file_type, current: left > 0, at })
        };
        match (parsed(), left) {
            (Ok(entry), 1..) if length > 0 && end as u64 <= size => visit(entry),
            (Ok(_), 1..) => return Err(fields.corrupt(start, format!("an entry within {size} bytes"), length)),
            (Err(error), 1..) => return Err(error),
            // What an entry left behind when it, or one before it, was removed.
            (Ok(entry), 0) if is_plausible(volume, &entry) && is_step(fields.u16_be(start.saturating_add(1))?) => {
                visit(entry);
            }
            (_, 0) => return Ok(()),
        }
        left = left.saturating_sub(1);
        place = end;
    }
}

/// Whether an entry of the short form says a place that it could have in a block.
fn is_step(offset: u16) -> bool {
    offset > 0 && usize::from(offset).is_multiple_of(STEP)
}

/// Entries of one block.
fn block(volume: &Volume, owner: u64, bytes: &[u8], at: u64, visit: &mut impl FnMut(Entry<'_>)) {
    match entries_of(volume, owner, bytes, at) {
        Err(error) => volume.issue(&error),
        Ok((start, end)) => {
            let mut place = start;
            let mut damage = None;
            while place < end {
                place = match next(volume, bytes, place, end, at, visit) {
                    Some(next) => next,
                    None => {
                        damage.get_or_insert(place);
                        place.saturating_add(STEP)
                    }
                };
            }
            if let Some(place) = damage {
                let at = at.saturating_add(place as u64);
                volume.issue(&Error::corrupt(BLOCK, at, "an entry with its own offset", "other bytes"));
            }
        }
    }
}

/// The directory that a block of entries says it belongs to; `None` where it says none, or is no such block.
pub(super) fn owner(head: &[u8]) -> Option<u64> {
    let fields = Fields::new(head, BLOCK, 0);
    matches!(fields.bytes(0, 4).ok()?, b"XDD3" | b"XDB3").then(|| fields.u64_be(40).ok())?
}

/// Calls `visit` with the entries in a part of a block that begins `start` bytes into it.
pub(super) fn logged(volume: &Volume, start: usize, bytes: &[u8], mut visit: impl FnMut(Entry<'_>)) {
    let mut place = 0usize;
    while place < bytes.len() {
        let is_free = bytes.get(place..).is_some_and(|rest| rest.starts_with(&FREE.to_be_bytes()));
        let found = parse(volume, bytes, place, 0).filter(|(entry, next)| {
            !is_free && tag(bytes, *next) == place.checked_add(start) && is_plausible(volume, entry)
        });
        place = match found {
            Some((entry, next)) => {
                visit(entry);
                next
            }
            None => place.saturating_add(STEP),
        };
    }
}

/// Checks the header of a block and gives where its entries begin and end.
fn entries_of(volume: &Volume, owner: u64, bytes: &[u8], at: u64) -> Result<(usize, usize)> {
    let fields = Fields::new(bytes, BLOCK, at);
    let magic = fields.array::<4>(0)?;
    let summed = volume.superblock.checksums;
    if summed {
        let sum = checksum::check(bytes, 4, BLOCK, at);
        // Where the checksum is right, or there is no other mark, the block must say that it belongs to this directory.
        if fields.u64_be(40)? != owner && (sum.is_ok() || !matches!(&magic, b"XDD3" | b"XDB3")) {
            return Err(fields.corrupt(40, format!("inode {owner}"), fields.u64_be(40)?));
        }
        sum.unwrap_or_else(|error| volume.issue(&error));
    }
    let single = match (&magic, summed) {
        (b"XDD3", true) | (b"XD2D", false) => false,
        (b"XDB3", true) | (b"XD2B", false) => true,
        _ if summed => false,
        _ => return Err(fields.corrupt(0, "the signature of a directory block", String::from_utf8_lossy(&magic))),
    };
    let start = if summed { 64 } else { 16 };
    let mut end = bytes.len();
    if single {
        // A directory of one block has its index at the end: 8 bytes an entry, then their number.
        let tail = bytes.len().saturating_sub(8);
        let count = fields.u32_be(tail)? as usize;
        end =
            count.checked_mul(8).and_then(|index| tail.checked_sub(index)).filter(|end| *end >= start).unwrap_or(tail);
    }
    Ok((start, end))
}

/// Reads the entry or the unused space at `place`; gives the place behind it, `None` where there is neither.
fn next(
    volume: &Volume,
    bytes: &[u8],
    place: usize,
    end: usize,
    at: u64,
    visit: &mut impl FnMut(Entry<'_>),
) -> Option<usize> {
    let fields = Fields::new(bytes, BLOCK, at);
    if fields.u16_be(place).ok()? == FREE {
        let length = usize::from(fields.u16_be(place.saturating_add(2)).ok()?);
        let next = place.checked_add(length).filter(|next| length >= STEP && length % STEP == 0 && *next <= end)?;
        if usize::from(fields.u16_be(next.saturating_sub(2)).ok()?) != place {
            return None;
        }
        removed(volume, bytes, place..next, at, visit);
        return Some(next);
    }
    let (entry, next) = parse(volume, bytes, place, at)?;
    if next > end || tag(bytes, next) != Some(place) {
        return None;
    }
    if !matches!(entry.name, b"." | b"..") {
        visit(entry);
    }
    Some(next)
}

/// The entry at `place`, and where it ends.
fn parse<'a>(volume: &Volume, bytes: &'a [u8], place: usize, at: u64) -> Option<(Entry<'a>, usize)> {
    let fields = Fields::new(bytes, BLOCK, at);
    let length = usize::from(fields.u8(place.checked_add(8)?).ok()?);
    let name_at = place.checked_add(9)?;
    let name = fields.bytes(name_at, length).ok()?;
    let mut end = name_at.checked_add(length)?;
    let mut file_type = None;
    if volume.superblock.file_types {
        file_type = Some(fields.u8(end).ok()?);
        end = end.checked_add(1)?;
    }
    let next = end.checked_add(2)?.checked_next_multiple_of(STEP)?;
    let inode = fields.u64_be(place).ok()?;
    let entry = Entry { inode, name, file_type, current: true, at: at.saturating_add(place as u64) };
    (length > 0 && next <= bytes.len()).then_some((entry, next))
}

/// The offset that the entry ending at `next` says it begins at.
fn tag(bytes: &[u8], next: usize) -> Option<usize> {
    let tag = Fields::new(bytes, BLOCK, 0).u16_be(next.checked_sub(2)?).ok()?;
    Some(usize::from(tag))
}

/// Entries within unused space. A removed entry that space before it took in keeps all its bytes; one that begins the space,
/// or began a space of its own once, has lost the upper half of its inode number to the mark. The last tag of the
/// space is that of the space.
fn removed(volume: &Volume, bytes: &[u8], space: std::ops::Range<usize>, at: u64, visit: &mut impl FnMut(Entry<'_>)) {
    let mut place = space.start;
    while place < space.end {
        let found = parse(volume, bytes, place, at).filter(|(entry, next)| {
            let ends = if *next == space.end { space.start } else { place };
            *next <= space.end && tag(bytes, *next) == Some(ends) && is_plausible(volume, entry)
        });
        place = match found {
            Some((entry, next)) => {
                let inode = entry.inode & u64::from(u32::MAX);
                if !matches!(entry.name, b"." | b"..") {
                    visit(Entry { inode, current: false, ..entry });
                }
                next
            }
            None => place.saturating_add(STEP),
        };
    }
}

/// Whether a removed entry could have been one.
fn is_plausible(volume: &Volume, entry: &Entry<'_>) -> bool {
    let inode = entry.inode & u64::from(u32::MAX);
    let is_name = !entry.name.is_empty() && !entry.name.iter().any(|byte| matches!(byte, 0 | b'/'));
    is_name
        && inode != 0
        && volume.superblock.inode_offset(inode).is_some()
        && entry.file_type.is_none_or(|kind| kind < 8)
}
