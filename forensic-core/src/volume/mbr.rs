//! Master boot record and its chains of extended boot records, after the UEFI specification (5.2.1) and Microsoft's
//! "Basic Disks and Volumes".

use super::{Partition, Scheme, types};
use crate::{
    bytes::{Fields, ReadAt, Slice, Source},
    error::{Error, Issue, Result},
    filesystem,
    limits::Limits,
};
use std::{collections::HashSet, sync::Arc};

/// Bytes of the structure, whatever the sector size.
const LENGTH: u64 = 512;

/// One of the four entries of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    status: u8,
    pub(super) kind: u8,
    /// In sectors, from what the table counts from.
    start: u32,
    sectors: u32,
    /// Byte offset of the entry on the medium.
    at: u64,
}

impl Entry {
    /// True for an entry that is a partition.
    fn is_used(&self) -> bool {
        self.kind != 0 && self.sectors != 0
    }

    fn is_extended(&self) -> bool {
        matches!(self.kind, 0x05 | 0x0f | 0x85)
    }

    /// True for the entry that guards a GPT from tools that do not know it.
    pub(super) fn is_protective(&self) -> bool {
        self.kind == 0xee
    }
}

/// The four entries of the boot record at `at`.
///
/// # Errors
/// [`Error::Corrupt`] without the signature 55 AA.
fn entries(medium: &Source, at: u64) -> Result<[Entry; 4]> {
    let bytes = medium.read_vec(at, LENGTH)?;
    let fields = Fields::new(&bytes, "boot record", at);
    if fields.bytes(510, 2)? != b"\x55\xaa" {
        return Err(fields.corrupt(510, "the signature 55 aa", format!("{:02x?}", fields.bytes(510, 2)?)));
    }
    let entry = |position: usize| -> Result<Entry> {
        let offset = 446usize.saturating_add(position.saturating_mul(16));
        Ok(Entry {
            status: fields.u8(offset)?,
            kind: fields.u8(offset.saturating_add(4))?,
            start: fields.u32(offset.saturating_add(8))?,
            sectors: fields.u32(offset.saturating_add(12))?,
            at: at.saturating_add(offset as u64),
        })
    };
    Ok([entry(0)?, entry(1)?, entry(2)?, entry(3)?])
}

/// The primary table of a medium; `None` where there is none, also where sector 0 is a filesystem's boot sector, which
/// carries the same signature.
pub(super) fn primary(medium: &Source, sector_size: u32) -> Option<[Entry; 4]> {
    let table = entries(medium, 0).ok()?;
    let sectors = medium.len() / u64::from(sector_size.max(1));
    let fits =
        |entry: &Entry| entry.start != 0 && u64::from(entry.start).saturating_add(entry.sectors.into()) <= sectors;
    let is_table = table.iter().all(|entry| matches!(entry.status, 0x00 | 0x80))
        && table.iter().any(Entry::is_used)
        && table.iter().filter(|entry| entry.is_used()).all(fits);
    (is_table || !is_boot_sector(medium)).then_some(table)
}

/// True where a filesystem's boot sector begins the volume.
pub(super) fn is_boot_sector(volume: &Source) -> bool {
    let named = filesystem::recognise(volume);
    matches!(named, Some("ntfs" | "exfat" | "refs" | "bitlocker" | "fat12" | "fat16" | "fat32")) || has_fat_bpb(volume)
}

/// True where the volume begins with a BIOS parameter block that a FAT could have (Microsoft's FAT specification, 3.1).
fn has_fat_bpb(volume: &Source) -> bool {
    let check = || -> Result<bool> {
        let bytes = volume.read_vec(0, LENGTH)?;
        let fields = Fields::new(&bytes, "boot sector", 0);
        let jumps = matches!((fields.u8(0)?, fields.u8(2)?), (0xeb, 0x90) | (0xe9, _));
        Ok(jumps
            && matches!(fields.u16(11)?, 512 | 1024 | 2048 | 4096)
            && fields.u8(13)?.is_power_of_two()
            && fields.u16(14)? != 0
            && matches!(fields.u8(16)?, 1..=4)
            && fields.u8(21)? >= 0xf0
            && (fields.u16(19)? != 0 || fields.u32(32)? != 0))
    };
    check().unwrap_or(false)
}

/// What is recognised at an offset of the medium, if anything is.
fn is_filesystem(medium: &Source, offset: u64) -> bool {
    let length = medium.len().saturating_sub(offset);
    Slice::new(medium.clone(), offset, length).is_ok_and(|slice| {
        let volume: Source = Arc::new(slice);
        length > 0 && (filesystem::recognise(&volume).is_some() || has_fat_bpb(&volume))
    })
}

/// The sector size by which most partitions begin with a filesystem that is recognised; in doubt the medium's own.
fn sector_size_of(medium: &Source, table: &[Entry; 4], own: u32) -> u32 {
    let mut best = (0, own);
    for size in [own, 512, 4096] {
        let begins = |entry: &&Entry| is_filesystem(medium, u64::from(entry.start).saturating_mul(size.into()));
        let used = table.iter().filter(|entry| entry.is_used() && !entry.is_extended() && entry.start != 0);
        let found = used.filter(begins).count();
        if found > best.0 {
            best = (found, size);
        }
    }
    best.1
}

/// The partitions of a primary table and of the extended partitions in it, in table order.
pub(super) fn read(
    medium: &Source,
    table: &[Entry; 4],
    own_sector_size: u32,
    limits: &Limits,
    issue: &dyn Fn(Issue),
) -> Vec<Partition> {
    let sector_size = u64::from(sector_size_of(medium, table, own_sector_size));
    let mut reading = Reading { medium, sector_size, limits, issue, partitions: Vec::new(), seen: HashSet::new() };
    for entry in table {
        reading.report(entry);
        if entry.is_used() && entry.is_extended() {
            reading.follow(entry);
        } else if entry.is_used() {
            reading.add(entry, 0);
        }
    }
    reading.partitions
}

struct Reading<'a> {
    medium: &'a Source,
    sector_size: u64,
    limits: &'a Limits,
    issue: &'a dyn Fn(Issue),
    partitions: Vec<Partition>,
    /// Sectors of the extended boot records read so far.
    seen: HashSet<u64>,
}

impl Reading<'_> {
    /// Follows the chain of extended boot records that begins in the extended partition `extended`. A record gives its
    /// partition from itself on, and the next record from the start of the extended partition on.
    fn follow(&mut self, extended: &Entry) {
        let first = u64::from(extended.start);
        let end = first.saturating_add(extended.sectors.into());
        let mut next = Some((first, extended.at));
        while let Some((sector, from)) = next.take() {
            let at = sector.saturating_mul(self.sector_size);
            if !self.seen.insert(sector) {
                self.corrupt(from, "an extended boot record not yet read", format!("sector {sector} again"));
                return;
            }
            if self.seen.len() > self.limits.partitions {
                let limit = self.limits.partitions as u64;
                let found = limit.saturating_add(1);
                let unit = "extended boot records";
                (self.issue)(Issue::from(&Error::Limit { structure: "boot record", offset: at, found, limit, unit }));
                return;
            }
            if sector < first || sector >= end {
                let expected = format!("an extended boot record in sectors {first} to {end}");
                self.corrupt(from, &expected, format!("sector {sector}"));
            }
            let table = match entries(self.medium, at) {
                Ok(table) => table,
                Err(error) => return (self.issue)(Issue::from(&error)),
            };
            for entry in &table {
                self.report(entry);
                if !entry.is_used() {
                    continue;
                }
                if !entry.is_extended() {
                    self.add(entry, sector);
                } else if next.is_none() {
                    next = Some((first.saturating_add(entry.start.into()), entry.at));
                } else {
                    self.corrupt(entry.at, "one next extended boot record", "a second one");
                }
            }
        }
    }

    fn add(&mut self, entry: &Entry, base: u64) {
        let sector = base.saturating_add(entry.start.into());
        self.partitions.push(Partition {
            scheme: Scheme::Mbr,
            type_name: types::mbr(entry.kind),
            label: String::new(),
            offset: sector.saturating_mul(self.sector_size),
            size: u64::from(entry.sectors).saturating_mul(self.sector_size),
            described_at: entry.at,
        });
    }

    /// Tells what is odd in an entry.
    fn report(&self, entry: &Entry) {
        if !matches!(entry.status, 0x00 | 0x80) {
            self.corrupt(entry.at, "status 00 or 80", format!("{:02x}", entry.status));
        }
        if entry.kind == 0 && entry.sectors != 0 {
            let found = format!("{} sectors from {} without a type", entry.sectors, entry.start);
            self.corrupt(entry.at, "an empty entry", found);
        }
        if entry.kind != 0 && entry.sectors == 0 {
            self.corrupt(entry.at, "a partition", format!("type {:02x} without sectors", entry.kind));
        }
    }

    fn corrupt(&self, at: u64, expected: &str, found: impl ToString) {
        (self.issue)(Issue::from(&Error::corrupt("partition entry", at, expected, found)));
    }
}
