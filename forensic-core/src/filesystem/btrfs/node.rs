//! Nodes and leaves of the B-trees ("B-tree", `btrfs_header`, `btrfs_item`, `btrfs_key_ptr`).

use super::{Volume, superblock::Root};
use crate::{
    bytes::{Fields, ReadAt, read_around},
    error::{Error, Result},
};
use std::ops::Range;

pub(super) const STRUCTURE: &str = "B-tree node";
/// Bytes of the header; offsets of items count from behind it.
pub(super) const HEADER: usize = 101;
/// Bytes of an item's head in a leaf, and of a pointer in a node.
const ITEM: usize = 25;
const POINTER: usize = 33;
/// Trees have at most this level.
const MAX_LEVEL: u8 = 8;

/// The key of an item: keys are sorted by object, kind, offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Key {
    pub(super) object: u64,
    pub(super) kind: u8,
    pub(super) offset: u64,
}

impl Key {
    pub(super) const fn new(object: u64, kind: u8, offset: u64) -> Self {
        Self { object, kind, offset }
    }

    pub(super) fn parse(fields: &Fields<'_>, place: usize) -> Result<Self> {
        Ok(Self {
            object: fields.u64(place)?,
            kind: fields.u8(place.saturating_add(8))?,
            offset: fields.u64(place.saturating_add(9))?,
        })
    }
}

/// A node of a tree, checked.
pub(super) struct Node {
    /// Logical address.
    pub(super) address: u64,
    /// Byte offset on the medium of the copy that was read.
    pub(super) at: u64,
    pub(super) level: u8,
    pub(super) generation: u64,
    pub(super) owner: u64,
    count: usize,
    bytes: Vec<u8>,
    /// What of it cannot be read, as places in `bytes`, and why.
    lost: Vec<(Range<u64>, Error)>,
}

/// An item of a leaf.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) key: Key,
    pub(super) data: &'a [u8],
    /// Logical address of `data`.
    pub(super) address: u64,
    /// Byte offset of `data` on the medium.
    pub(super) at: u64,
}

impl<'a> Item<'a> {
    pub(super) fn fields(&self, structure: &'static str) -> Fields<'a> {
        Fields::new(self.data, structure, self.at)
    }
}

/// A pointer of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pointer {
    pub(super) key: Key,
    pub(super) root: Root,
}

impl Node {
    /// Reads a node that is known by its address, level and generation: the first copy whose checksum is right; where none
    /// is, the first that is otherwise as expected.
    pub(super) fn read(volume: &Volume, expected: &Root) -> Result<Self> {
        let piece = volume.piece(expected.address)?;
        let size = u64::from(volume.superblock.node_size);
        if let Some(device) = piece.missing {
            return Err(Error::unsupported(format!("metadata on device {device} of a Btrfs of several devices")));
        }
        let mut damaged = None;
        let mut first_error = None;
        for copy in &piece.copies {
            let at = volume.source.medium_offset(*copy);
            let read = volume.metadata.read_vec(*copy, size).and_then(|bytes| {
                let sum = volume.superblock.checksum.check(&bytes, STRUCTURE, at);
                Ok((Self::parse(volume, bytes, at, Some(expected))?, sum))
            });
            match read {
                Ok((node, Ok(()))) => {
                    first_error.iter().for_each(|error| volume.issue(error));
                    return Ok(node);
                }
                Ok((node, Err(error))) => {
                    first_error.get_or_insert(error);
                    damaged.get_or_insert(node);
                }
                Err(error) => drop(first_error.get_or_insert(error)),
            }
        }
        match (damaged, first_error) {
            (Some(node), Some(error)) => {
                volume.issue(&error);
                Ok(node)
            }
            (_, Some(error @ Error::Unreadable { .. })) => Self::around(volume, &piece.copies, expected).ok_or(error),
            (_, error) => Err(error.unwrap_or_else(|| {
                Error::corrupt(STRUCTURE, volume.source.medium_offset(0), "a place on this device", expected.address)
            })),
        }
    }

    /// What can be read of a node that cannot be read in full.
    fn around(volume: &Volume, copies: &[u64], expected: &Root) -> Option<Self> {
        copies.iter().find_map(|copy| {
            let mut lost = Vec::new();
            let size = u64::from(volume.superblock.node_size);
            let told = |error: &Error, range| lost.push((range, error.clone()));
            let bytes = read_around(&volume.metadata, *copy, size, told);
            let node = Self::parse(volume, bytes, volume.source.medium_offset(*copy), Some(expected)).ok()?;
            lost.iter().for_each(|(_, error)| volume.issue(error));
            Some(Self { lost, ..node })
        })
    }

    /// Fails where some of these bytes of the node cannot be read.
    fn check(&self, start: usize, length: usize) -> Result<()> {
        let (start, end) = (start as u64, start.saturating_add(length) as u64);
        let lost = self.lost.iter().find(|(range, _)| range.start < end && start < range.end);
        lost.map_or(Ok(()), |(_, error)| Err(error.clone()))
    }

    /// The node in `bytes`, which stand at byte `at` of the medium.
    pub(super) fn parse(volume: &Volume, bytes: Vec<u8>, at: u64, expected: Option<&Root>) -> Result<Self> {
        let fields = Fields::new(&bytes, STRUCTURE, at);
        if fields.array::<16>(32)? != volume.superblock.metadata_id {
            return Err(fields.corrupt(32, "the identity of this filesystem", "another"));
        }
        let (address, generation, level) = (fields.u64(48)?, fields.u64(80)?, fields.u8(100)?);
        if let Some(expected) = expected {
            let words =
                |root: &Root| format!("address {}, level {}, generation {}", root.address, root.level, root.generation);
            let found = Root { address, level, generation };
            if found != *expected {
                return Err(fields.corrupt(48, words(expected), words(&found)));
            }
        }
        if level > MAX_LEVEL {
            return Err(fields.corrupt(100, format!("a level of at most {MAX_LEVEL}"), level));
        }
        let size = if level == 0 { ITEM } else { POINTER };
        let room = bytes.len().saturating_sub(HEADER).checked_div(size).unwrap_or(0);
        let count = fields.u32(96)? as usize;
        if count > room {
            return Err(fields.corrupt(96, format!("at most {room} items"), count));
        }
        Ok(Self { address, at, level, generation, owner: fields.u64(88)?, count, bytes, lost: Vec::new() })
    }

    /// Its items, if it is a leaf.
    pub(super) fn items(&self) -> impl Iterator<Item = Result<Item<'_>>> {
        let fields = Fields::new(&self.bytes, STRUCTURE, self.at);
        let count = if self.level == 0 { self.count } else { 0 };
        (0..count).map(move |number| {
            let place = number.saturating_mul(ITEM).saturating_add(HEADER);
            self.check(place, ITEM)?;
            let key = Key::parse(&fields, place)?;
            let offset = fields.u32(place.saturating_add(17))? as usize;
            let length = fields.u32(place.saturating_add(21))? as usize;
            let start = offset.saturating_add(HEADER);
            self.check(start, length)?;
            let data = fields.bytes(start, length)?;
            let inside = start as u64;
            let (address, at) = (self.address.saturating_add(inside), self.at.saturating_add(inside));
            Ok(Item { key, data, address, at })
        })
    }

    /// Its pointers, if it is none.
    pub(super) fn pointers(&self) -> impl Iterator<Item = Result<Pointer>> {
        let fields = Fields::new(&self.bytes, STRUCTURE, self.at);
        let count = if self.level == 0 { 0 } else { self.count };
        let level = self.level.saturating_sub(1);
        (0..count).map(move |number| {
            let place = number.saturating_mul(POINTER).saturating_add(HEADER);
            self.check(place, POINTER)?;
            let (address, generation) = (fields.u64(place.saturating_add(17))?, fields.u64(place.saturating_add(25))?);
            Ok(Pointer { key: Key::parse(&fields, place)?, root: Root { address, level, generation } })
        })
    }
}
