//! The extents of a fork: in the inode, or in a B+tree with its root there ("Data Extents": `xfs_bmbt_rec`).

use super::{
    Volume, checksum,
    inode::{Fork, Format, Inode},
};
use crate::{
    bytes::{Fields, ReadAt, Run},
    error::{Error, Result},
};
use std::collections::HashSet;

const STRUCTURE: &str = "extent B+tree block";
/// Bytes of an extent record.
pub(super) const RECORD: usize = 16;
/// A file is never longer than this many blocks, whatever their size.
const MAX_FILE_BLOCK: u64 = 1 << 54;
/// More levels than any tree of 2⁵⁴ blocks has.
const MAX_LEVELS: u16 = 32;

/// A run of blocks of a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mapping {
    /// First block in the fork.
    pub(super) start: u64,
    pub(super) count: u64,
    /// Byte offset in the volume.
    pub(super) offset: u64,
    /// Allocated and not written to: it reads as zeros.
    pub(super) unwritten: bool,
}

impl Mapping {
    /// One after the last block in the fork.
    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(self.count)
    }
}

/// The extents of a fork, in order, and why some are missing.
#[derive(Default)]
pub(super) struct Mappings {
    pub(super) all: Vec<Mapping>,
    pub(super) damage: Option<Error>,
}

/// A record: 1 bit unwritten, 54 bits block in the fork, 52 bits block of the filesystem, 21 bits number of blocks.
pub(super) fn parse(volume: &Volume, record: &[u8], at: u64) -> Result<Mapping> {
    let fields = Fields::new(record, "extent record", at);
    let (high, low) = (fields.u64_be(0)?, fields.u64_be(8)?);
    let block = (high & 0x1ff) << 43 | low >> 21;
    let count = low & 0x1f_ffff;
    let size = u64::from(volume.superblock.block_size);
    match volume.superblock.block_offset(block) {
        Some(offset) if count > 0 && offset.div_ceil(size).saturating_add(count) <= volume.superblock.blocks => {
            Ok(Mapping { start: (high & (u64::MAX >> 1)) >> 9, count, offset, unwritten: high >> 63 == 1 })
        }
        _ => Err(fields.corrupt(0, "blocks of the filesystem", format!("{count} blocks from block {block:#x}"))),
    }
}

/// Reads the extents of a fork of `inode`.
pub(super) fn read(volume: &Volume, inode: &Inode, fork: &Fork<'_>) -> Mappings {
    let mut reader = Reader { volume, owner: inode.number, found: Mappings::default(), seen: HashSet::new() };
    let result = match fork.format {
        Format::Extents => {
            let room = fork.bytes.len() / RECORD;
            let count = usize::try_from(fork.extents).unwrap_or(usize::MAX);
            let at = volume.source.medium_offset(fork.offset);
            reader.records(fork.bytes, count.min(room), at).and_then(|()| match count > room {
                true => Err(Error::corrupt("inode", at, format!("at most {room} extents"), count)),
                false => Ok(()),
            })
        }
        Format::Btree => reader.tree(fork),
        Format::Device | Format::Local | Format::Unknown(_) => Ok(()),
    };
    let mut found = reader.found;
    found.damage = found.damage.or(result.err());
    found
}

/// The extents that a freed inode still holds: its literal area is not cleared. The list ends where they do not go on.
pub(super) fn left_over(volume: &Volume, inode: &Inode) -> Vec<Mapping> {
    let fork = inode.data();
    let mut all: Vec<Mapping> = Vec::new();
    for record in fork.bytes.chunks_exact(RECORD) {
        let Ok(mapping) = parse(volume, record, 0) else { break };
        let is_apart = all.iter().all(|other| {
            let length = |mapping: &Mapping| mapping.count.saturating_mul(u64::from(volume.superblock.block_size));
            let end = |mapping: &Mapping| mapping.offset.saturating_add(length(mapping));
            end(other) <= mapping.offset || end(&mapping) <= other.offset
        });
        if !is_apart || all.last().is_some_and(|last| mapping.start < last.end()) || mapping.start > MAX_FILE_BLOCK {
            break;
        }
        all.push(mapping);
    }
    all
}

struct Reader<'a> {
    volume: &'a Volume,
    owner: u64,
    found: Mappings,
    seen: HashSet<u64>,
}

impl Reader<'_> {
    /// Adds `count` records; one that is damaged, or not behind the one before, is left out.
    fn records(&mut self, bytes: &[u8], count: usize, at: u64) -> Result<()> {
        for (place, record) in bytes.chunks_exact(RECORD).take(count).enumerate() {
            let at = at.saturating_add(place.saturating_mul(RECORD) as u64);
            let all = &mut self.found.all;
            let limit = self.volume.limits.runs;
            if all.len() >= limit {
                let (found, limit) = (all.len() as u64, limit as u64);
                return Err(Error::Limit { structure: "extent list", offset: at, found, limit, unit: "extents" });
            }
            let end = all.last().map_or(0, Mapping::end);
            let mapping = parse(self.volume, record, at).and_then(|mapping| match mapping.start >= end {
                true => Ok(mapping),
                false => {
                    let found = format!("one at block {}", mapping.start);
                    Err(Error::corrupt("extent record", at, format!("an extent from block {end} on"), found))
                }
            });
            match mapping {
                Ok(mapping) => all.push(mapping),
                Err(error) => drop(self.found.damage.get_or_insert(error)),
            }
        }
        Ok(())
    }

    fn tree(&mut self, fork: &Fork<'_>) -> Result<()> {
        let at = self.volume.source.medium_offset(fork.offset);
        let root = Fields::new(fork.bytes, "extent B+tree root", at);
        let level = root.u16_be(0)?;
        if !(1..=MAX_LEVELS).contains(&level) {
            return Err(root.corrupt(0, "a level of 1 or more", level));
        }
        let mut waiting = Vec::new();
        children(&root, 4, usize::from(root.u16_be(2)?), fork.bytes.len(), level, &mut waiting)?;
        while let Some((number, level)) = waiting.pop() {
            if let Err(error) = self.block(number, level, &mut waiting) {
                if matches!(error, Error::Limit { .. }) {
                    return Err(error);
                }
                self.found.damage.get_or_insert(error);
            }
        }
        Ok(())
    }

    fn block(&mut self, number: u64, level: u16, waiting: &mut Vec<(u64, u16)>) -> Result<()> {
        let superblock = &self.volume.superblock;
        let missing = || {
            let at = self.volume.source.medium_offset(0);
            Error::corrupt(STRUCTURE, at, "a block of the filesystem, met once", format!("block {number:#x}"))
        };
        let offset = superblock.block_offset(number).ok_or_else(missing)?;
        if !self.seen.insert(number) {
            return Err(missing());
        }
        let bytes = self.volume.read(offset, u64::from(superblock.block_size))?;
        let at = self.volume.source.medium_offset(offset);
        let fields = Fields::new(&bytes, STRUCTURE, at);
        let (magic, header) = if superblock.checksums { (b"BMA3", 72usize) } else { (b"BMAP", 24) };
        if fields.bytes(0, 4)? != magic {
            return Err(fields.corrupt(
                0,
                String::from_utf8_lossy(magic),
                String::from_utf8_lossy(fields.bytes(0, 4)?),
            ));
        }
        if superblock.checksums {
            match checksum::check(&bytes, 64, STRUCTURE, at) {
                Err(error) => self.volume.issue(&error),
                Ok(()) if fields.u64_be(56)? != self.owner => {
                    return Err(fields.corrupt(56, format!("inode {}", self.owner), fields.u64_be(56)?));
                }
                Ok(()) => {}
            }
        }
        if fields.u16_be(4)? != level {
            return Err(fields.corrupt(4, format!("level {level}"), fields.u16_be(4)?));
        }
        let count = usize::from(fields.u16_be(6)?);
        match level {
            0 => {
                let records = bytes.get(header..).unwrap_or_default();
                self.records(records, count, at.saturating_add(header as u64))
            }
            _ => children(&fields, header, count, bytes.len(), level, waiting),
        }
    }
}

/// Adds the children of a node, whose keys begin at `start` and whose pointers follow the room for all keys, last first.
fn children(
    fields: &Fields<'_>,
    start: usize,
    count: usize,
    length: usize,
    level: u16,
    waiting: &mut Vec<(u64, u16)>,
) -> Result<()> {
    let most = length.saturating_sub(start) / 16;
    let pointers = start.saturating_add(most.saturating_mul(8));
    for place in (0..count.min(most)).rev() {
        let child = fields.u64_be(pointers.saturating_add(place.saturating_mul(8)))?;
        waiting.push((child, level.saturating_sub(1)));
    }
    Ok(())
}

impl Mappings {
    /// The runs of the first `size` bytes, holes included, and those of the blocks behind.
    pub(super) fn runs(&self, volume: &Volume, size: u64) -> (Vec<Run>, Vec<Run>) {
        let block = u64::from(volume.superblock.block_size);
        let (mut content, mut behind) = (Vec::new(), Vec::new());
        let mut at = 0u64;
        for mapping in &self.all {
            let start = mapping.start.saturating_mul(block);
            let length = mapping.count.saturating_mul(block);
            let inside = size.saturating_sub(start).min(length);
            if inside > 0 {
                content.push(Run::sparse(start.saturating_sub(at)));
                content.push(if mapping.unwritten { Run::sparse(inside) } else { Run::new(mapping.offset, inside) });
                at = start.saturating_add(inside);
            }
            behind.push(Run::new(mapping.offset.saturating_add(inside), length.saturating_sub(inside)));
        }
        content.push(Run::sparse(size.saturating_sub(at)));
        (content, behind)
    }

    /// The parts of a value of `length` bytes in blocks that each begin with a header, as a symbolic link's are.
    pub(super) fn parts_behind_headers(&self, volume: &Volume, length: u64, header: u64) -> Vec<Run> {
        let size = u64::from(volume.superblock.block_size);
        let mut left = length;
        let mut runs = Vec::new();
        for mapping in &self.all {
            for block in 0..mapping.count {
                let part = left.min(size.saturating_sub(header));
                if part == 0 {
                    return runs;
                }
                let offset = mapping.offset.saturating_add(block.saturating_mul(size)).saturating_add(header);
                runs.push(Run::new(offset, part));
                left = left.saturating_sub(part);
            }
        }
        runs
    }
}
