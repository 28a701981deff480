//! A FAT volume without its boot sector: the layout follows from the tables and the directories.
//!
//! Four things must agree before a volume is taken for FAT: a sector begins as a table does (media byte and end marks,
//! fatgen103, "FAT[0] and FAT[1]"), a second such sector behind it is its copy, directories behind that name their own
//! cluster, and at least two of them give the same size and place of clusters. What the boot sector alone told (sectors
//! reserved behind the tables, serial number, label, the length where no partition table gives it) stays unknown.

use super::{
    boot::{Boot, FatType, Root},
    directory::{END, RawSlot, SLOT, ShortEntry, is_long_name},
};
use crate::{
    bytes::{Extent, ReadAt, Source, read_around},
    error::{Error, Result},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// Bytes from the start of the volume in which the first table must begin: room for the reserved sectors of cards (4 MiB)
/// and for a lost partition table.
const TABLE_WITHIN: u64 = 8 << 20;
/// Bytes behind the tables in which directories are looked for.
const DIRECTORIES_WITHIN: u64 = 256 << 20;
/// Directories that are enough.
const MOST_HEADS: usize = 64;
/// Sectors that begin as a table does and are looked at.
const MOST_STARTS: usize = 16;
/// Bytes read at once.
const READ: u64 = 1 << 20;
/// All offsets are multiples of it: the smallest sector.
const SECTOR: u64 = 512;
/// The largest cluster.
const MOST_CLUSTER: u64 = 256 << 10;

/// A table and its copy.
#[derive(Clone, Copy)]
struct Tables {
    offset: u64,
    length: u64,
    start: RawSlot,
}

/// A cluster that begins with `.` and `..`.
#[derive(Clone, Copy)]
struct Head {
    offset: u64,
    cluster: u32,
}

/// The layout of a volume whose boot sector is lost; `None` where it is not certain to be FAT.
///
/// # Errors
/// Where it is not certain, and some of what was looked at cannot be read.
pub(super) fn infer(volume: &Source) -> Result<Option<Boot>> {
    let watched = Arc::new(Watched { volume: volume.clone(), failed: OnceLock::new() });
    let volume: Source = watched.clone();
    let found = tables(&volume).into_iter().find_map(|tables| layout(&volume, tables));
    match (found, watched.failed.get()) {
        (None, Some(error)) => Err(error.clone()),
        (found, _) => Ok(found),
    }
}

/// A volume that keeps the first error of reading it.
struct Watched {
    volume: Source,
    failed: OnceLock<Error>,
}

impl ReadAt for Watched {
    fn len(&self) -> u64 {
        self.volume.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.volume.read_at(offset, buf).inspect_err(|error| {
            if !matches!(error, Error::OutOfBounds { .. }) {
                // The first one stays.
                let _ = self.failed.set(error.clone());
            }
        })
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        self.volume.locate(offset, length)
    }
}

/// All pairs of a table and its copy, in order of place and length.
fn tables(volume: &Source) -> Vec<Tables> {
    let mut starts: Vec<(u64, RawSlot)> = Vec::new();
    let mut pairs = Vec::new();
    for_each_sector(volume, 0, TABLE_WITHIN, |at, sector| {
        if let Some(start) = sector.first_chunk::<SLOT>().filter(|start| is_table_start(start)) {
            let copied = starts.iter().filter(|(_, other)| other == start);
            pairs.extend(copied.map(|(offset, start)| Tables {
                offset: *offset,
                length: at.saturating_sub(*offset),
                start: *start,
            }));
            starts.push((at, *start));
        }
        starts.len() < MOST_STARTS
    });
    // The copy of a table of a large volume lies further off than tables begin.
    for (offset, start) in starts.into_iter().filter(|(_, start)| is_wide(start) == Some(true)).take(2) {
        for_each_sector(volume, offset.saturating_add(SECTOR), TABLE_WITHIN.saturating_mul(16), |at, sector| {
            let is_copy = sector.first_chunk::<SLOT>() == Some(&start);
            if is_copy {
                pairs.push(Tables { offset, length: at.saturating_sub(offset), start });
            }
            !is_copy
        });
    }
    pairs.sort_unstable_by_key(|pair| (pair.offset, pair.length));
    pairs
}

/// True for the media byte (FF, of floppies of 320 KiB, begins too much else), set bits up to the end of entry 0, and an end
/// mark as entry 1.
fn is_table_start(start: &RawSlot) -> bool {
    matches!(start[0], 0xf0 | 0xf8..=0xfe) && start[1] == 0xff && start[2] == 0xff
}

/// Whether entries have 32 bits, of which the upper four are not part of the value; `None` where it cannot be told.
fn is_wide(start: &RawSlot) -> Option<bool> {
    let [_, _, _, upper, entry_1 @ ..] = start.first_chunk::<8>()?;
    match (*upper, *entry_1) {
        // Windows keeps two flags in entry 1: shut down cleanly, no disk errors.
        (0x0f, [0xff, 0xff, 0xff, flags]) if flags & 0x03 == 0x03 => Some(true),
        (0xff, [0xff, 0xff, 0xff, 0xff]) => None,
        _ => Some(false),
    }
}

/// The layout behind these tables, by the directories there.
fn layout(volume: &Source, tables: Tables) -> Option<Boot> {
    let copies = copies(volume, tables)?;
    let behind = tables.length.checked_mul(u64::from(copies))?.checked_add(tables.offset)?;
    let heads = heads(volume, behind);
    let (cluster_size, data_offset) = vote(&heads, behind)?;
    let cluster_bytes = u64::from(cluster_size);
    let in_volume = volume.len().checked_sub(data_offset)?.checked_div(cluster_bytes)?;
    let is_wide = is_wide(&tables.start);
    let entries = |kind: FatType| {
        let in_table = tables.length.saturating_mul(8).checked_div(kind.bits()).unwrap_or(0);
        in_table.saturating_sub(2).min(in_volume)
    };
    let (kind, cluster_count) = match data_offset == behind {
        true if is_wide != Some(false) => (FatType::Fat32, entries(FatType::Fat32).min(0x0fff_fff5)),
        false if is_wide != Some(true) && entries(FatType::Fat16) >= 4085 => {
            (FatType::Fat16, entries(FatType::Fat16).min(0xfff5))
        }
        false if is_wide != Some(true) => (FatType::Fat12, entries(FatType::Fat12).min(4084)),
        _ => return None,
    };
    let cluster_count = u32::try_from(cluster_count).ok().filter(|count| *count > 0)?;
    let root = match kind {
        FatType::Fat32 => Root::Chained { cluster: 2 },
        _ => Root::Fixed { offset: behind, length: data_offset.saturating_sub(behind) },
    };
    let mut boot = Boot {
        kind,
        bytes_per_sector: SECTOR as u32,
        cluster_size,
        fat_offset: tables.offset,
        fat_length: tables.length,
        fat_copies: copies,
        active_copy: 0,
        mirrored: true,
        root,
        data_offset,
        cluster_count,
        size: u64::from(cluster_count).saturating_mul(cluster_bytes).saturating_add(data_offset),
        media: tables.start[0],
        serial: None,
        label: [b' '; 11],
    };
    // Nothing but the boot sector tells where FAT32's root begins. It is cluster 2 on all but odd volumes.
    if kind == FatType::Fat32 && !is_root(volume, &boot) {
        boot.root = Root::Chained { cluster: 0 };
    }
    Some(boot)
}

/// True where cluster 2 begins with entries, none of them `.`.
fn is_root(volume: &Source, boot: &Boot) -> bool {
    let Ok(sector) = volume.read_vec(boot.data_offset, SECTOR) else { return false };
    let (slots, _) = sector.as_chunks::<SLOT>();
    let heap = boot.heap(volume);
    slots.iter().take_while(|slot| slot[0] != END).all(|slot| {
        let entry = ShortEntry::parse(slot, true);
        is_long_name(slot) || !entry.is_self() && entry.broken_rules(&heap) == 0
    })
}

/// How many copies of the table there are, from the first on; `None` where the second is none.
fn copies(volume: &Source, tables: Tables) -> Option<u8> {
    if tables.length < SECTOR || !is_copied(volume, tables) {
        return None;
    }
    let start_of = |copy: u8| {
        let offset = tables.length.saturating_mul(u64::from(copy)).saturating_add(tables.offset);
        volume.read_vec(offset, SLOT as u64).ok()
    };
    let further = (2..4u8).take_while(|copy| start_of(*copy).is_some_and(|start| start == tables.start)).count();
    Some(u8::try_from(further).unwrap_or(0).saturating_add(2))
}

/// True where most of the first sectors of the two tables are equal, and one of them is not empty.
fn is_copied(volume: &Source, tables: Tables) -> bool {
    let length = tables.length.min(64 << 10);
    let read = |offset: u64| read_around(volume, offset, length, |_, _| ());
    let (first, second) = (read(tables.offset), read(tables.offset.saturating_add(tables.length)));
    if second.len() < first.len() {
        return false;
    }
    let sectors = || first.chunks(SECTOR as usize).zip(second.chunks(SECTOR as usize));
    let equal = sectors().filter(|(a, b)| a == b).count();
    equal.saturating_mul(4) >= sectors().count().saturating_mul(3)
}

/// Clusters behind the tables that begin as directories do.
fn heads(volume: &Source, from: u64) -> Vec<Head> {
    let mut heads = Vec::new();
    for_each_sector(volume, from, DIRECTORIES_WITHIN, |offset, sector| {
        heads.extend(head(sector).map(|cluster| Head { offset, cluster }));
        heads.len() < MOST_HEADS
    });
    heads
}

/// The cluster that a directory's `.` names, where both `.` and `..` are as drivers write them.
fn head(sector: &[u8]) -> Option<u32> {
    let (slots, _) = sector.as_chunks::<SLOT>();
    let [own, parent, ..] = slots else { return None };
    // The upper half is 0 on FAT12 and FAT16, or holds OS/2's extended attributes, which are not met on media of today.
    let (own, parent) = (ShortEntry::parse(own, true), ShortEntry::parse(parent, true));
    let is_one = own.is_self() && parent.is_parent() && own.is_directory() && parent.is_directory();
    (is_one && own.size == 0 && parent.size == 0 && own.first_cluster >= 2).then_some(own.first_cluster)
}

/// Size of clusters and offset of cluster 2 on which most directories agree, at least two of them.
fn vote(heads: &[Head], behind: u64) -> Option<(u32, u64)> {
    let mut votes: BTreeMap<(u64, u64), usize> = BTreeMap::new();
    for (index, head) in heads.iter().enumerate() {
        for other in heads.iter().skip(index.saturating_add(1)) {
            let Some(clusters) = other.cluster.checked_sub(head.cluster).filter(|clusters| *clusters > 0) else {
                continue;
            };
            let bytes = other.offset.saturating_sub(head.offset);
            let size = bytes.checked_div(u64::from(clusters)).unwrap_or(0);
            let before = u64::from(head.cluster.saturating_sub(2)).saturating_mul(size);
            let is_size = size.is_power_of_two() && (SECTOR..=MOST_CLUSTER).contains(&size);
            if is_size
                && bytes.is_multiple_of(u64::from(clusters))
                && let Some(data) = head.offset.checked_sub(before).filter(|data| *data >= behind)
            {
                let count = votes.entry((size, data)).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
    // No root directory of FAT12 and FAT16 is longer than 65,535 entries.
    let is_near = |data: u64| data.saturating_sub(behind) <= u64::from(u16::MAX).saturating_mul(SLOT as u64);
    let best = votes.into_iter().filter(|((_, data), _)| is_near(*data)).max_by_key(|(_, votes)| *votes)?;
    let ((size, data), _) = best;
    Some((u32::try_from(size).ok()?, data))
}

/// Calls `visit` with each sector of `length` bytes from `from` on, until it says false; what cannot be read is passed over.
fn for_each_sector(volume: &Source, from: u64, length: u64, mut visit: impl FnMut(u64, &[u8]) -> bool) {
    let end = from.saturating_add(length).min(volume.len());
    let mut at = from;
    while at < end {
        let size = READ.min(end.saturating_sub(at));
        // What cannot be read is told where the layout leads there.
        let bytes = read_around(volume, at, size, |_, _| ());
        for (sector, offset) in bytes.chunks(SECTOR as usize).zip((at..).step_by(SECTOR as usize)) {
            if !visit(offset, sector) {
                return;
            }
        }
        at = at.saturating_add(size);
    }
}
