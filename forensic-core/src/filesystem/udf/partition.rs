//! The partitions of the logical volume as sources of blocks: physical ones, and those whose blocks another structure places:
//! sparing tables, the virtual allocation table, the metadata file (OSTA UDF 2.60, 2.2.8 to 2.2.13).

use super::{
    Volume,
    icb::{self, Content},
    layout::{Address, Described, Map},
};
use crate::{
    bytes::{Extents, Fields, ReadAt, Run},
    error::{Error, Issue, Result},
};

/// Blocks searched for the virtual allocation table's file entry, back from the last block that was written.
const VAT_SEARCH: u64 = 1024;
/// Bytes read at once.
const READ: u64 = 1 << 20;

/// The blocks of each partition, by its place in the maps; or why they cannot be had.
pub(super) fn open(volume: &Volume) -> Vec<Result<Extents>> {
    let maps = &volume.layout.maps;
    // Physical and sparable partitions first, as the others are stored in them.
    let mut partitions: Vec<Result<Extents>> = maps.iter().map(|map| base(volume, map)).collect();
    for (place, map) in maps.iter().enumerate() {
        let below = maps.iter().zip(&partitions).find_map(|(other, blocks)| match other {
            Map::Physical { .. } | Map::Sparable { .. } if other.number() == map.number() => blocks.as_ref().ok(),
            _ => None,
        });
        let below =
            below.cloned().ok_or_else(|| Error::corrupt("partition map", volume.at(0), "a partition below", "none"));
        let above = match map {
            Map::Virtual { .. } => below.and_then(|below| virtual_blocks(volume, &below)),
            Map::Metadata { file, mirror, .. } => {
                below.and_then(|below| metadata_blocks(volume, &below, *file, *mirror))
            }
            Map::Physical { .. } | Map::Sparable { .. } => continue,
        };
        above.as_ref().err().into_iter().for_each(|error| volume.issue(error));
        if let Some(partition) = partitions.get_mut(place) {
            *partition = above;
        }
    }
    partitions
}

/// The blocks of a physical or sparable partition; the others get their blocks later.
fn base(volume: &Volume, map: &Map) -> Result<Extents> {
    let described = volume.layout.described(map.number()).ok_or_else(|| {
        Error::corrupt("partition map", volume.at(0), format!("a partition with number {}", map.number()), "none")
    })?;
    let run = whole(volume, described);
    match map {
        Map::Sparable { packet, tables, table_size, .. } => Ok(spared(volume, run, *packet, tables, *table_size)),
        _ => Ok(Extents::new(volume.source.clone(), [run])),
    }
}

fn whole(volume: &Volume, described: &Described) -> Run {
    let start = u64::from(described.start).saturating_mul(volume.layout.sector);
    Run::new(start, u64::from(described.length).saturating_mul(volume.block_size()))
}

/// A partition in which packets that went bad are kept elsewhere, as a sparing table tells.
fn spared(volume: &Volume, run: Run, packet: u16, tables: &[u32], table_size: u32) -> Extents {
    let packet = u64::from(packet.max(1)).saturating_mul(volume.block_size());
    let read = |table: &u32| -> Result<Vec<(u64, u64)>> {
        let at = u64::from(*table).saturating_mul(volume.layout.sector);
        let length = u64::from(table_size).min(volume.limits.structure_bytes);
        let bytes = volume.metadata.read_vec(at, length)?;
        let fields = Fields::new(&bytes, "sparing table", volume.at(at));
        if !fields.bytes(17, 23)?.starts_with(b"*UDF Sparing Table") {
            return Err(fields.corrupt(17, "the identifier of a sparing table", "another"));
        }
        let mut spared = Vec::new();
        for entry in 0..usize::from(fields.u16(48)?) {
            let offset = entry.saturating_mul(8).saturating_add(56);
            let original = fields.u32(offset)?;
            // Higher numbers say that the entry is free or bad itself.
            if original < 0xffff_fff0 {
                let to = u64::from(fields.u32(offset.saturating_add(4))?).saturating_mul(volume.layout.sector);
                spared.push((u64::from(original).saturating_mul(volume.block_size()), to));
            }
        }
        spared.sort_unstable();
        spared.dedup_by_key(|(original, _)| *original);
        Ok(spared)
    };
    let mut found = Vec::new();
    for table in tables {
        match read(table) {
            Ok(spared) => {
                found = spared;
                break;
            }
            Err(error) => volume.issue(&error),
        }
    }
    let (start, mut at) = (run.offset.unwrap_or(0), 0u64);
    let mut runs = Vec::new();
    for (original, to) in found.into_iter().filter(|(original, _)| *original < run.length) {
        if original < at {
            continue;
        }
        runs.push(Run::new(start.saturating_add(at), original.saturating_sub(at)));
        let length = packet.min(run.length.saturating_sub(original));
        runs.push(Run::new(to, length));
        at = original.saturating_add(length);
    }
    runs.push(Run::new(start.saturating_add(at), run.length.saturating_sub(at)));
    Extents::new(volume.source.clone(), runs)
}

/// The blocks of a virtual partition, which the virtual allocation table places: the last file entry that was written.
fn virtual_blocks(volume: &Volume, below: &Extents) -> Result<Extents> {
    let size = volume.block_size();
    let start = below.runs().next().and_then(|run| run.offset).unwrap_or(0);
    let blocks = below.len().min(volume.source.len().saturating_sub(start)).checked_div(size).unwrap_or(0);
    let blocks = written(below, blocks, size);
    for block in (blocks.saturating_sub(VAT_SEARCH)..blocks).rev() {
        let address = Address { block: u32::try_from(block).unwrap_or(u32::MAX), partition: 0 };
        let Ok(bytes) = below.read_vec(block.saturating_mul(size), size) else { continue };
        let Ok(entry) = icb::FileEntry::parse(&bytes, volume.at(start.saturating_add(block.saturating_mul(size))))
        else {
            continue;
        };
        let Ok(table) = entry.content_in(volume, below, address) else { continue };
        let Ok(bytes) = table.source.read_vec(0, table.source.len().min(volume.limits.structure_bytes)) else {
            continue;
        };
        let fields = Fields::new(&bytes, "virtual allocation table", volume.at(0));
        // Since UDF 2.00 the table has a header; before, it ends with an identifier and the place of its predecessor.
        let list = match entry.kind {
            248 => bytes.get(usize::from(fields.u16(0)?)..),
            0 => bytes
                .len()
                .checked_sub(36)
                .filter(|end| {
                    bytes.get(end.saturating_add(1)..).is_some_and(|id| id.starts_with(b"*UDF Virtual Alloc Tbl"))
                })
                .and_then(|end| bytes.get(..end)),
            _ => None,
        };
        let Some(list) = list else { continue };
        let (words, _) = list.as_chunks::<4>();
        let run = |word: &[u8; 4]| match u32::from_le_bytes(*word) {
            u32::MAX => Run::sparse(size),
            block => {
                let at = u64::from(block).saturating_mul(size);
                below.runs_of(at, size).first().copied().filter(|run| run.length == size).unwrap_or(Run::sparse(size))
            }
        };
        return Ok(Extents::new(volume.source.clone(), words.iter().map(run)));
    }
    Err(Error::corrupt("virtual allocation table", volume.at(start), "a table in the last blocks", "none"))
}

/// Blocks of a partition up to the last one that holds more than zeros: an image may be longer than what was written.
fn written(partition: &Extents, blocks: u64, size: u64) -> u64 {
    let step = READ.checked_div(size).unwrap_or(1).max(1);
    let mut end = blocks;
    while end > 0 {
        let start = end.saturating_sub(step);
        let length = end.saturating_sub(start).saturating_mul(size);
        // What cannot be read may hold something.
        let Ok(bytes) = partition.read_vec(start.saturating_mul(size), length) else { return end };
        if let Some(last) = bytes.iter().rposition(|byte| *byte != 0) {
            return start.saturating_add((last as u64).checked_div(size).unwrap_or(0)).saturating_add(1);
        }
        end = start;
    }
    0
}

/// The blocks of a metadata partition: the content of the metadata file, or of its mirror.
fn metadata_blocks(volume: &Volume, below: &Extents, file: u32, mirror: u32) -> Result<Extents> {
    let size = volume.block_size();
    let read = |block: u32| -> Result<Content> {
        let at = u64::from(block).saturating_mul(size);
        let bytes = below.read_vec(at, size)?;
        let place = below.locate(at, 1).first().and_then(|extent| extent.offset).unwrap_or(at);
        icb::FileEntry::parse(&bytes, place)?.content_in(volume, below, Address { block, partition: 0 })
    };
    let content = read(file).or_else(|error| {
        volume.issue(&error);
        let content = read(mirror)?;
        volume.issues.push(Issue::new(volume.at(0), "metadata file", "damaged: its mirror was used"));
        Ok(content)
    })?;
    Ok(Extents::new(volume.source.clone(), content.runs))
}
