//! Directory blocks: the entries in use, and what the gaps between them hold
//! ([directory entries](https://www.kernel.org/doc/html/latest/filesystems/ext4/directory.html)).

use super::{checksum::crc32c, superblock::Superblock};
use crate::bytes::Fields;
use std::collections::HashSet;

/// Bytes before the name.
const HEADER: usize = 8;
/// The file type of the entry that holds the checksum of a block.
const TAIL: u8 = 0xde;

/// The type of a directory, as entries tell it.
pub(super) const DIRECTORY: u8 = 2;

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dirent<'a> {
    pub(super) inode: u32,
    pub(super) name: &'a [u8],
    /// 0 where entries have no type.
    pub(super) file_type: u8,
    /// Byte offset in the block.
    pub(super) offset: usize,
}

/// The entries of a block.
#[derive(Debug, Default)]
pub(super) struct Entries<'a> {
    pub(super) live: Vec<Dirent<'a>>,
    /// What is left of former entries in the gaps.
    pub(super) gaps: Vec<Dirent<'a>>,
    /// Where the chain of entries breaks, and what is wrong there.
    pub(super) damage: Option<(usize, String)>,
    /// The entries of `live` from here on stand behind the break.
    pub(super) behind: usize,
}

/// How to read the entries of a volume.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    pub(super) inodes: u32,
    pub(super) file_types: bool,
}

impl Format {
    pub(super) fn of(superblock: &Superblock) -> Self {
        Self { inodes: superblock.inodes, file_types: superblock.has_file_types() }
    }

    /// Reads a block, or the part of an inode that holds entries.
    pub(super) fn read<'a>(&self, block: &'a [u8]) -> Entries<'a> {
        let mut entries = Entries { behind: usize::MAX, ..Entries::default() };
        let mut at = 0usize;
        while at.saturating_add(HEADER) <= block.len() {
            let (entry, length) = match self.entry(block, at) {
                Ok(found) => found,
                Err(found) => {
                    let next = self.next_chain(block, at).filter(|_| entries.damage.is_none());
                    // Up to there, whole entries may still stand; they are read as what a gap holds.
                    self.gap(block, at, next.unwrap_or(block.len()), &mut entries.gaps);
                    entries.damage.get_or_insert((at, found));
                    let Some(next) = next else { break };
                    entries.behind = entries.live.len();
                    at = next;
                    continue;
                }
            };
            let end = at.saturating_add(length);
            let used = match entry {
                Some(entry) => {
                    let used = space(entry.name.len());
                    entries.live.push(entry);
                    used
                }
                None if is_index(block, at, length) => length,
                None if is_tail(block, at) => length,
                None => 0,
            };
            // The second entry of an indexed directory's first block spans the index.
            let is_root = entries.live.len() == 2
                && entries.live.last().is_some_and(|entry| entry.name == b"..")
                && is_root_index(block, at);
            if !is_root {
                self.gap(block, at.saturating_add(used), end, &mut entries.gaps);
            }
            at = end;
        }
        if entries.gaps.iter().any(|entry| entry.inode == 0) {
            // A name that is in use has been moved, not deleted.
            let live: HashSet<&[u8]> = entries.live.iter().map(|entry| entry.name).collect();
            entries.gaps.retain(|entry| entry.inode != 0 || !live.contains(entry.name));
        }
        entries
    }

    /// Where, behind a break at `at`, a chain begins that goes on to the very end of the block.
    fn next_chain(&self, block: &[u8], at: usize) -> Option<usize> {
        let mut leads_to_end = vec![false; (block.len() / 4).saturating_add(1)];
        *leads_to_end.last_mut()? = true;
        let mut first = None;
        for place in ((at / 4).saturating_add(1)..block.len() / 4).rev() {
            let Ok((entry, length)) = self.entry(block, place.saturating_mul(4)) else { continue };
            let leads = leads_to_end.get(place.saturating_add(length / 4)) == Some(&true);
            if let Some(mark) = leads_to_end.get_mut(place) {
                *mark = leads;
            }
            if leads && entry.is_some() {
                first = Some(place.saturating_mul(4));
            }
        }
        first
    }

    /// The entry at an offset (`None` for one not in use) and its length, or what is wrong with it.
    fn entry<'a>(&self, block: &'a [u8], at: usize) -> Result<(Option<Dirent<'a>>, usize), String> {
        let entry = self.raw(block, at).ok_or("no entry")?;
        let (entry, length) = entry;
        if length < 12 || !length.is_multiple_of(4) || at.saturating_add(length) > block.len() {
            return Err(format!("an entry of {length} bytes"));
        }
        if entry.inode == 0 {
            return Ok((None, length));
        }
        if entry.name.is_empty() || space(entry.name.len()) > length.saturating_add(3) {
            return Err(format!("a name of {} bytes in an entry of {length}", entry.name.len()));
        }
        if entry.inode > self.inodes {
            return Err(format!("inode {} of {}", entry.inode, self.inodes));
        }
        Ok((Some(entry), length))
    }

    /// The fields at an offset, unchecked.
    fn raw<'a>(&self, block: &'a [u8], at: usize) -> Option<(Dirent<'a>, usize)> {
        let fields = Fields::new(block.get(at..)?, "directory entry", 0);
        let length = match usize::from(fields.u16(4).ok()?) {
            // Blocks of 64 KiB: the two lowest bits hold what 16 bits do not.
            0 | 0xffff if block.len() == 0x1_0000 => 0x1_0000,
            length if block.len() == 0x1_0000 => length & 0xfffc | (length & 3) << 16,
            length => length,
        };
        let (name_length, file_type) = match self.file_types {
            true => (usize::from(fields.u8(6).ok()?), fields.u8(7).ok()?),
            false => (usize::from(fields.u16(6).ok()?), 0),
        };
        let name = block.get(at.saturating_add(HEADER)..)?.get(..name_length).unwrap_or_default();
        Some((Dirent { inode: fields.u32(0).ok()?, name, file_type, offset: at }, length))
    }

    /// Finds former entries in `start .. end`: each at a multiple of four, whole, and as a driver would have written it.
    fn gap<'a>(&self, block: &'a [u8], start: usize, end: usize, found: &mut Vec<Dirent<'a>>) {
        let mut at = start.next_multiple_of(4);
        while at.saturating_add(HEADER).saturating_add(1) <= end {
            let step = match self.raw(block, at) {
                Some((entry, length)) if self.is_former(&entry, length, end) => {
                    found.push(entry);
                    space(entry.name.len())
                }
                _ => 4,
            };
            at = at.saturating_add(step);
        }
    }

    fn is_former(&self, entry: &Dirent<'_>, length: usize, end: usize) -> bool {
        let used = space(entry.name.len());
        let is_text = |byte: &u8| *byte != 0 && *byte != b'/';
        // Some drivers clear the inode number of what they delete: then the rest must speak for it.
        let is_cleared = || {
            let is_printed = |name: &str| !name.chars().any(char::is_control);
            entry.offset.saturating_add(length) <= end && std::str::from_utf8(entry.name).is_ok_and(is_printed)
        };
        entry.inode <= self.inodes
            && (entry.inode != 0 || is_cleared())
            && !entry.name.is_empty()
            && entry.name.len() <= 255
            && length.is_multiple_of(4)
            && length >= used
            && entry.offset.saturating_add(used) <= end
            && entry.name.iter().all(is_text)
            && !matches!(entry.name, b"." | b"..")
            && (!self.file_types || (1..=7).contains(&entry.file_type))
    }
}

/// Bytes that an entry with a name of this length needs.
fn space(name: usize) -> usize {
    HEADER.saturating_add(name).next_multiple_of(4)
}

/// True where the unused entry at `at` is the beginning of a node of a directory's index.
fn is_index(block: &[u8], at: usize, length: usize) -> bool {
    let limit = Fields::new(block, "directory index", 0).u16(8).map_or(0, usize::from);
    let most = block.len().saturating_sub(8) / 8;
    at == 0 && length == block.len() && (limit == most || limit.saturating_add(1) == most)
}

/// True where an index stands behind the entry ".." at `at`: its header has a length of 8.
fn is_root_index(block: &[u8], at: usize) -> bool {
    at == 12 && block.get(24..28) == Some(&[0; 4]) && block.get(29) == Some(&8)
}

fn is_tail(block: &[u8], at: usize) -> bool {
    at.saturating_add(12) == block.len() && block.get(at.saturating_add(7)) == Some(&TAIL)
}

/// The directory that a block begins with: the inode numbers of "." and "..".
pub(super) fn own_number(block: &[u8]) -> Option<(u32, u32)> {
    let fields = Fields::new(block, "directory block", 0);
    let dot = fields.u16(4).ok()? == 12 && fields.u8(6).ok()? == 1 && fields.bytes(8, 4).ok()? == b".\0\0\0";
    let dots = fields.u8(18).ok()? == 2 && fields.bytes(20, 4).ok()? == b"..\0\0";
    (dot && dots).then_some((fields.u32(0).ok()?, fields.u32(12).ok()?))
}

/// Whether the checksum at the end of a block is right; `None` where it has none: a block of an index has another, which
/// speaks of the index only. `seed` is that of the directory.
pub(super) fn checksum(block: &[u8], seed: u32) -> Option<bool> {
    let at = block.len().checked_sub(12)?;
    if is_root_index(block, 12) || is_index(block, 0, block.len()) {
        return None;
    }
    let fields = Fields::new(block, "directory block", 0);
    let tail = fields.u32(at).ok()? == 0 && fields.u16(at.saturating_add(4)).ok()? == 12 && is_tail(block, at);
    let stored = fields.u32(at.saturating_add(8)).ok()?;
    tail.then(|| stored == crc32c(seed, block.get(..at).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format { inodes: 100, file_types: true };

    fn entry(inode: u32, length: u16, name: &str) -> Vec<u8> {
        let mut bytes = inode.to_le_bytes().to_vec();
        bytes.extend(length.to_le_bytes());
        bytes.extend([u8::try_from(name.len()).unwrap(), 1]);
        bytes.extend(name.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn names<'a>(entries: &[Dirent<'a>]) -> Vec<(u32, &'a str)> {
        entries.iter().map(|entry| (entry.inode, std::str::from_utf8(entry.name).unwrap())).collect()
    }

    #[test]
    fn former_entries_are_found_in_gaps_inside_gaps() {
        // "b" was deleted after "c": both lie in the gap of "a", the gap of "b" spans "c".
        let mut block = [entry(12, 52, "a"), entry(13, 40, "bbbbb"), entry(14, 24, "c"), entry(15, 12, "d")].concat();
        block.resize(52, 0);
        block.extend(entry(16, 76, "last"));
        block.resize(128, 0);
        let found = FORMAT.read(&block);
        assert_eq!(names(&found.live), [(12, "a"), (16, "last")]);
        assert_eq!(names(&found.gaps), [(13, "bbbbb"), (14, "c"), (15, "d")]);
        assert!(found.damage.is_none());
    }

    #[test]
    fn name_whose_inode_number_was_cleared_is_found_once() {
        let mut block =
            [entry(12, 64, "a"), entry(0, 52, "cleared"), entry(0, 36, "a"), entry(0, 12, "\u{7}")].concat();
        block.resize(64, 0);
        let found = FORMAT.read(&block);
        assert_eq!(names(&found.live), [(12, "a")]);
        assert_eq!(names(&found.gaps), [(0, "cleared")]);
    }

    #[test]
    fn broken_chain_keeps_what_comes_before_and_after() {
        let mut block = [entry(12, 12, "a"), entry(13, 7, "b"), entry(14, 12, "c")].concat();
        block.resize(64, 0);
        let found = FORMAT.read(&block);
        assert_eq!(names(&found.live), [(12, "a")]);
        assert_eq!(names(&found.gaps), [(14, "c")]);
        assert_eq!(found.damage.map(|(at, _)| at), Some(12));
    }

    #[test]
    fn chain_is_taken_up_again_behind_a_break() {
        let mut block = [entry(12, 12, "a"), entry(13, 7, "b"), entry(14, 12, "c"), entry(15, 28, "d")].concat();
        block.resize(64, 0);
        let found = FORMAT.read(&block);
        assert_eq!(names(&found.live), [(12, "a"), (14, "c"), (15, "d")]);
        assert_eq!((found.behind, found.damage.map(|(at, _)| at)), (1, Some(12)));
    }
}
