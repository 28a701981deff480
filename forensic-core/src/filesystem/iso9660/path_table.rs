//! Path tables (ECMA-119, 9.4): every directory once more, with the number of its parent.

use super::{Volume, descriptor::Descriptor, sectors::SECTOR};
use crate::{
    bytes::{Fields, ReadAt},
    error::{Error, Result},
};
use std::collections::HashSet;

const STRUCTURE: &str = "path table";
/// Bytes of a record before its identifier.
const HEADER: usize = 8;

/// A directory that a path table lists.
pub(super) struct Listed {
    /// Byte offset of its record in the volume.
    pub(super) at: u64,
    pub(super) identifier: Box<[u8]>,
    /// First block of its records, and of those of its parent.
    pub(super) block: u32,
    pub(super) parent: u32,
}

/// All directories but the root of all path tables, each once, in the order of the first table; the sectors of the tables
/// are added to `structures`.
pub(super) fn read(volume: &Volume, descriptor: &Descriptor, structures: &mut HashSet<u64>) -> Vec<Listed> {
    let mut all: Vec<Listed> = Vec::new();
    let mut known = HashSet::from([descriptor.root.0]);
    for &(block, big) in &descriptor.path_tables {
        let at = u64::from(block).saturating_mul(u64::from(descriptor.block_size));
        let length = u64::from(descriptor.path_table_size);
        let table = match bytes(volume, at, length) {
            Ok(table) => table,
            Err(error) => {
                volume.issue(&error);
                continue;
            }
        };
        structures.extend(at / SECTOR..at.saturating_add(length).div_ceil(SECTOR));
        match parse(&table, at, volume.source.medium_offset(at), big) {
            Ok(records) => all.extend(records.into_iter().filter(|record| known.insert(record.block))),
            Err(error) => volume.issue(&error),
        }
    }
    all
}

fn bytes(volume: &Volume, at: u64, length: u64) -> Result<Vec<u8>> {
    let limit = volume.limits.structure_bytes;
    if length > limit {
        let offset = volume.source.medium_offset(at);
        return Err(Error::Limit { structure: STRUCTURE, offset, found: length, limit, unit: "bytes" });
    }
    volume.metadata.read_vec(at, length)
}

fn parse(table: &[u8], start: u64, medium: u64, big: bool) -> Result<Vec<Listed>> {
    let fields = Fields::new(table, STRUCTURE, medium);
    // Blocks of the directories so far, by their number, from which the numbers of parents count (from 1).
    let mut blocks: Vec<u32> = Vec::new();
    let mut found = Vec::new();
    let mut offset = 0usize;
    while offset < table.len() {
        let length = usize::from(fields.u8(offset)?);
        // An odd identifier is followed by a byte of padding; behind the last record there may be zeros.
        if length == 0 {
            break;
        }
        let number = offset.saturating_add(6);
        let place = offset.saturating_add(2);
        let (block, parent) = match big {
            true => (fields.u32_be(place)?, fields.u16_be(number)?),
            false => (fields.u32(place)?, fields.u16(number)?),
        };
        let block = block.saturating_add(u32::from(fields.u8(offset.saturating_add(1))?));
        let identifier = fields.bytes(offset.saturating_add(HEADER), length)?;
        blocks.push(block);
        let parent = usize::from(parent).checked_sub(1).and_then(|parent| blocks.get(parent));
        let Some(&parent) = parent else {
            return Err(fields.corrupt(number, "the number of a directory before", "another"));
        };
        if blocks.len() > 1 {
            found.push(Listed {
                at: start.saturating_add(offset as u64),
                identifier: identifier.into(),
                block,
                parent,
            });
        }
        offset = offset.saturating_add(HEADER).saturating_add(length).saturating_add(length % 2);
    }
    Ok(found)
}
