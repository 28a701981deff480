//! The tables of a SquashFS whose superblock is lost or wrong, told by what stands in them: inodes one behind another to the
//! exact end of their table, and behind it a directory whose entries lead to them ("Squashfs Binary Format", 5 and 6).

use super::{
    compression::Compression,
    directory,
    inode::{Body, Inode},
    metadata::{BLOCK, Metadata, Place},
    superblock::Superblock,
};
use crate::bytes::{ReadAt, Source, read_around};
use std::{collections::HashSet, sync::Arc};

/// Bytes before the end of the volume, and before that the superblock tells, in which tables are looked for.
const WINDOW: u64 = 8 << 20;
/// The same where nothing marks the blocks of the compression.
const NARROW: u64 = 1 << 20;
/// Bytes behind the directories in which the lists of the other tables are looked for.
const BEHIND: u64 = 1 << 20;
/// Bytes of block lists that the inodes of a table may have.
const LISTS: u64 = 16 << 20;
/// Bytes of a metadata block as it is stored, with its header.
const MOST_STORED: u64 = 8194;
/// Data blocks that are looked at for where the filesystem begins.
const MOST_BLOCKS: usize = 16;
/// Sizes of data blocks, the usual first.
const BLOCK_SIZES: [u32; 9] =
    [128 << 10, 1 << 20, 512 << 10, 256 << 10, 64 << 10, 32 << 10, 16 << 10, 8 << 10, 4 << 10];
/// Bytes of an entry of the tables of fragments and of ids.
const FRAGMENT: u64 = 16;
const ID: u64 = 4;

/// The superblock that the tables of `volume` should have; `told` is what its own says, if it can be read at all.
pub(super) fn find(volume: &Source, told: Option<&Superblock>) -> Option<Superblock> {
    let ends = [Some(volume.len()), told.map(|told| told.bytes_used).filter(|end| *end < volume.len())];
    ends.into_iter().flatten().find_map(|end| {
        let start = end.saturating_sub(WINDOW);
        let bytes = read_around(volume, start, end.saturating_sub(start), |_, _| {});
        (0..bytes.len()).find_map(|place| {
            let block = bytes.get(place..)?;
            let near = (block.len() as u64) < NARROW;
            let at = start.saturating_add(place as u64);
            methods(block, told, near).find_map(|compression| Search::new(volume, compression).tables(at, told))
        })
    })
}

/// The methods by which the block that begins here may be packed: none where it is no metadata block.
fn methods(block: &[u8], told: Option<&Superblock>, near: bool) -> impl Iterator<Item = Compression> {
    const ALL: [Compression; 6] =
        [Compression::Gzip, Compression::Xz, Compression::Zstd, Compression::Lzma, Compression::Lzo, Compression::Lz4];
    let head = block.first_chunk().map_or(0, |head| u16::from_le_bytes(*head));
    let (as_is, length) = (head & 0x8000 != 0, usize::from(head & 0x7fff));
    let fits = (16..=BLOCK).contains(&length) && block.len() >= length.saturating_add(2);
    let start = block.get(2..).unwrap_or_default();
    let is_inode = matches!(start, [1..=14, 0, _, mode, ..] if mode & 0xf0 == 0);
    let told = told.map(|told| told.compression);
    let is_packed = move |method: Compression| match method {
        Compression::Gzip => matches!(start, [0x78, second, ..] if (0x7800 | u16::from(*second)).is_multiple_of(31)),
        Compression::Xz => start.starts_with(b"\xfd7zXZ\0"),
        Compression::Zstd => start.starts_with(b"\x28\xb5\x2f\xfd"),
        Compression::Lzma => matches!(start, [0x5d, 0, _, _, 0, ..]),
        Compression::Lzo | Compression::Lz4 => near && told == Some(method),
    };
    // Of tables that are stored as they are, nothing tells the method of the others.
    let usual = told.unwrap_or(Compression::Gzip);
    ALL.into_iter().filter(move |method| fits && if as_is { is_inode && *method == usual } else { is_packed(*method) })
}

struct Search {
    metadata: Metadata,
    compression: Compression,
    length: u64,
}

impl Search {
    fn new(volume: &Source, compression: Compression) -> Self {
        let metadata = Metadata::new(Arc::new(volume.clone()), compression);
        Self { metadata, compression, length: volume.len() }
    }

    /// What the superblock should say, if the table of inodes begins at byte `at`.
    fn tables(&self, at: u64, told: Option<&Superblock>) -> Option<Superblock> {
        let directory_table = self.end_of_table(at)?;
        let sizes = told.map(|told| told.block_size).into_iter().chain(BLOCK_SIZES);
        let (block_size, inodes) = sizes
            .map(|size| (size, self.inodes(at, directory_table, size)))
            .find_map(|(size, inodes)| Some((size, inodes?)))?;
        let places: HashSet<Place> = inodes.iter().map(|(place, _)| *place).collect();
        // The root is written last; its listing, like every other, leads to inodes of the table.
        let (root, listing, length) = inodes.iter().rev().find_map(|(place, inode)| match inode.body {
            Body::Directory { listing, length } if length > 3 => Some((*place, listing, length)),
            _ => None,
        })?;
        let mut leads = Some(false);
        directory::read(&self.metadata, listing, length, at, |entry| {
            leads = leads.filter(|_| places.contains(&entry.inode)).map(|_| true);
        })
        .ok()?;
        leads.filter(|leads| *leads)?;
        let lists = self.lists(directory_table, at);
        let fragments = lists.iter().find(|list| list.1.is_multiple_of(FRAGMENT) && list.2);
        let ids = lists.iter().rev().find(|list| list.1.is_multiple_of(ID));
        // Where the superblock is lost, only such a list or the data show where the filesystem begins.
        if told.is_none() && ids.is_none() && !self.holds_data(&inodes, block_size) {
            return None;
        }
        let inside = |place: u64| (directory_table..self.length).contains(&place);
        let count = |list: &(u64, u64, bool), size: u64| list.1.checked_div(size).unwrap_or(0);
        Some(Superblock {
            inodes: u32::try_from(inodes.len()).unwrap_or(u32::MAX),
            block_size,
            fragments: fragments.map_or(0, |list| u32::try_from(count(list, FRAGMENT)).unwrap_or(u32::MAX)),
            compression: self.compression,
            ids: ids.map_or(0, |list| u16::try_from(count(list, ID)).unwrap_or(u16::MAX)),
            root: root.block.saturating_sub(at) << 16 | u64::from(root.offset),
            bytes_used: told.map_or(self.length, |told| told.bytes_used),
            id_table: ids.map_or(0, |list| list.0),
            xattr_table: told.and_then(|told| told.xattr_table).filter(|place| inside(*place)),
            inode_table: at,
            directory_table,
            fragment_table: fragments.map(|list| list.0),
        })
    }

    /// Where the table that begins at byte `at` ends: behind the first block that is not full.
    fn end_of_table(&self, at: u64) -> Option<u64> {
        let mut next = at;
        loop {
            let (length, end) = self.metadata.extent(next).ok()?;
            if length < BLOCK {
                return Some(end);
            }
            next = end;
        }
    }

    /// All inodes of a table, if they fill it to its last byte.
    fn inodes(&self, at: u64, end: u64, block_size: u32) -> Option<Vec<(Place, Inode)>> {
        let (mut place, mut lists, mut inodes) = (Place { block: at, offset: 0 }, LISTS, Vec::new());
        loop {
            let (inode, next) = Inode::read(&self.metadata, place, block_size, end, &mut lists).ok()?;
            inodes.push((place, inode));
            if self.metadata.is_end(next) {
                return Some(inodes);
            }
            place = next;
        }
    }

    /// True where a packed block of a file is where its inode says.
    fn holds_data(&self, inodes: &[(Place, Inode)], block_size: u32) -> bool {
        let packed = inodes.iter().filter_map(|(_, inode)| match &inode.body {
            Body::File(content) => Some((content.start, *content.blocks.first()?)),
            _ => None,
        });
        packed.filter(|(_, size)| (1..=block_size).contains(size)).take(MOST_BLOCKS).any(|(start, size)| {
            let stored = self.metadata.stored(start, u64::from(size));
            stored.is_ok_and(|stored| self.compression.unpack(&stored, block_size as usize).is_ok())
        })
    }

    /// The lists behind the directories that lead to a block right before them: where each stands, the bytes of what it leads
    /// to, and whether those are fragments of data before byte `data_end`.
    fn lists(&self, directory_table: u64, data_end: u64) -> Vec<(u64, u64, bool)> {
        let mut lists = Vec::new();
        let end = directory_table.saturating_add(BEHIND).min(self.length);
        let Ok(bytes) = self.metadata.stored(directory_table, end.saturating_sub(directory_table)) else {
            return lists;
        };
        for (place, pointer) in (directory_table..).zip(bytes.windows(8)) {
            let block = pointer.first_chunk().map_or(0, |pointer| u64::from_le_bytes(*pointer));
            let is_behind = (directory_table..place).contains(&block) && place.saturating_sub(block) <= MOST_STORED;
            if is_behind
                && let Ok((length, next)) = self.metadata.extent(block)
                && next == place
            {
                let entry = self.metadata.at(Place { block, offset: 0 }).read(FRAGMENT as usize).ok();
                let start = entry.and_then(|entry| Some(u64::from_le_bytes(*entry.first_chunk()?)));
                lists.push((place, length as u64, start.is_some_and(|start| start >= 96 && start < data_end)));
            }
        }
        lists
    }
}
