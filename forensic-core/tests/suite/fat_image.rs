//! Builds small FAT volumes slot by slot, with whatever is wrong with them that a test wants.

use crate::{corpus, cross_checks::checked};
use forensic_core::{
    Limits, Result,
    bytes::Source,
    filesystem::{self, Entry, FileSystem, WalkOptions},
};
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Fat12,
    Fat16,
    Fat32,
}

pub const FILE: u8 = 0x20;
pub const DIRECTORY: u8 = 0x10;
/// Cluster of the root directory of a FAT32 image.
pub const ROOT_CLUSTER: u32 = 2;

pub type Slot = [u8; 32];

/// A volume whose clusters are one sector each. Its first free cluster is 3.
#[derive(Clone)]
pub struct FatImage {
    pub bytes: Vec<u8>,
    pub kind: Kind,
    pub sector: usize,
    copies: usize,
    fat_sectors: usize,
    reserved: usize,
    root_slots: usize,
    clusters: u32,
}

impl FatImage {
    pub fn new(kind: Kind) -> Self {
        Self::with_sector_size(kind, 512)
    }

    pub fn with_sector_size(kind: Kind, sector: usize) -> Self {
        Self::made(kind, sector, 2, None)
    }

    /// With so many clusters.
    pub fn with_clusters(kind: Kind, clusters: usize) -> Self {
        Self::made(kind, 512, 2, Some(clusters))
    }

    /// With so many copies of the table.
    pub fn with_copies(kind: Kind, copies: usize) -> Self {
        Self::made(kind, 512, copies, None)
    }

    fn made(kind: Kind, sector: usize, copies: usize, clusters: Option<usize>) -> Self {
        let (usual, bits, reserved, root_slots): (usize, usize, usize, usize) = match kind {
            Kind::Fat12 => (100, 12, 1, 128),
            Kind::Fat16 => (4200, 16, 1, 128),
            Kind::Fat32 => (100, 32, 32, 0),
        };
        let clusters = clusters.unwrap_or(usual);
        let fat_sectors = ((clusters + 2) * bits).div_ceil(8 * sector);
        let sectors = reserved + copies * fat_sectors + root_slots * 32 / sector + clusters;
        let mut bytes = vec![0u8; sectors * sector];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &[0xeb, 0x58, 0x90]);
        put(11, &(sector as u16).to_le_bytes());
        put(13, &[1]);
        put(14, &(reserved as u16).to_le_bytes());
        put(16, &[copies as u8]);
        put(17, &(root_slots as u16).to_le_bytes());
        put(21, &[0xf8]);
        put(510, &[0x55, 0xaa]);
        let extended = if kind == Kind::Fat32 {
            put(32, &(sectors as u32).to_le_bytes());
            put(36, &(fat_sectors as u32).to_le_bytes());
            put(44, &ROOT_CLUSTER.to_le_bytes());
            put(50, &[6]);
            66
        } else {
            put(19, &(sectors as u16).to_le_bytes());
            put(22, &(fat_sectors as u16).to_le_bytes());
            38
        };
        put(extended, &[0x29, 0x78, 0x56, 0x34, 0x12]);
        put(extended + 5, b"LABEL      ");
        if kind == Kind::Fat32 {
            let boot = bytes[..512].to_vec();
            bytes[6 * sector..][..512].copy_from_slice(&boot);
        }
        let mut image =
            Self { bytes, kind, sector, copies, fat_sectors, reserved, root_slots, clusters: clusters as u32 };
        image.link(0, 0x0fff_fff8);
        image.link(1, 0x0fff_ffff);
        if kind == Kind::Fat32 {
            image.chain(&[ROOT_CLUSTER]);
        }
        image
    }

    /// Byte offset of a cluster.
    pub fn at(&self, cluster: u32) -> usize {
        let first = self.reserved + self.copies * self.fat_sectors;
        first * self.sector + self.root_slots * 32 + (cluster as usize - 2) * self.sector
    }

    /// Byte offset of the root directory.
    pub fn root(&self) -> usize {
        if self.kind == Kind::Fat32 {
            self.at(ROOT_CLUSTER)
        } else {
            (self.reserved + self.copies * self.fat_sectors) * self.sector
        }
    }

    /// Sets an entry in both copies of the table.
    pub fn link(&mut self, cluster: u32, value: u32) {
        for copy in 0..self.copies {
            self.link_in_copy(copy, cluster, value);
        }
    }

    pub fn link_in_copy(&mut self, copy: usize, cluster: u32, value: u32) {
        let start = (self.reserved + copy * self.fat_sectors) * self.sector;
        let cluster = cluster as usize;
        match self.kind {
            Kind::Fat12 => {
                let at = start + cluster + cluster / 2;
                let old = u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]]);
                let value = value as u16 & 0xfff;
                let new =
                    if cluster.is_multiple_of(2) { (old & 0xf000) | value } else { (old & 0x000f) | (value << 4) };
                self.bytes[at..at + 2].copy_from_slice(&new.to_le_bytes());
            }
            Kind::Fat16 => self.bytes[start + 2 * cluster..][..2].copy_from_slice(&(value as u16).to_le_bytes()),
            Kind::Fat32 => self.bytes[start + 4 * cluster..][..4].copy_from_slice(&value.to_le_bytes()),
        }
    }

    /// Makes a chain of these clusters.
    pub fn chain(&mut self, clusters: &[u32]) {
        for pair in clusters.windows(2) {
            self.link(pair[0], pair[1]);
        }
        self.link(*clusters.last().unwrap(), 0x0fff_ffff);
    }

    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes slots one after another from byte `at` on, and gives back the byte after them.
    pub fn slots(&mut self, at: usize, slots: &[Slot]) -> usize {
        self.write(at, slots.as_flattened());
        at + slots.len() * 32
    }

    /// Fills a cluster with a letter.
    pub fn fill(&mut self, cluster: u32, letter: u8) {
        let at = self.at(cluster);
        let sector = self.sector;
        self.bytes[at..at + sector].fill(letter);
    }

    /// An empty directory in `cluster`: `.` and `..`. Gives back the byte after them.
    pub fn directory(&mut self, cluster: u32, parent: u32) -> usize {
        let dots = [short(b".          ", DIRECTORY, cluster, 0), short(b"..         ", DIRECTORY, parent, 0)];
        self.chain(&[cluster]);
        self.slots(self.at(cluster), &dots)
    }

    pub fn free(&mut self, clusters: &[u32]) {
        clusters.iter().for_each(|cluster| self.link(*cluster, 0));
    }

    pub fn clusters(&self) -> u32 {
        self.clusters
    }

    pub fn open(&self) -> Arc<dyn FileSystem> {
        if self.bytes.len() < 4 << 20 {
            corpus::seed("fat", &self.bytes);
        }
        open(Arc::new(self.bytes.clone())).unwrap()
    }

    pub fn list(&self) -> Vec<Entry> {
        self.open().walk(WalkOptions::default()).collect()
    }
}

pub fn open(volume: Source) -> Result<Arc<dyn FileSystem>> {
    Ok(checked(filesystem::open(volume, &Limits::default())?.expect("a FAT volume")))
}

/// A short entry made on 2020-05-17, 12:30:10.
pub fn short(name: &[u8; 11], attributes: u8, cluster: u32, size: u32) -> Slot {
    short_made(name, attributes, cluster, size, 17)
}

/// The same, made on another day of May 2020.
pub fn short_made(name: &[u8; 11], attributes: u8, cluster: u32, size: u32, day: u16) -> Slot {
    let (date, time) = (40u16 << 9 | 5 << 5 | day, 12u16 << 11 | 30 << 5 | 5);
    let mut slot = [0; 32];
    slot[..11].copy_from_slice(name);
    slot[11] = attributes;
    slot[14..16].copy_from_slice(&time.to_le_bytes());
    slot[16..18].copy_from_slice(&date.to_le_bytes());
    slot[18..20].copy_from_slice(&date.to_le_bytes());
    slot[20..22].copy_from_slice(&((cluster >> 16) as u16).to_le_bytes());
    slot[22..24].copy_from_slice(&time.to_le_bytes());
    slot[24..26].copy_from_slice(&date.to_le_bytes());
    slot[26..28].copy_from_slice(&(cluster as u16).to_le_bytes());
    slot[28..32].copy_from_slice(&size.to_le_bytes());
    slot
}

/// The slots of a long name for the short name `alias`, in the order of the directory.
pub fn long(units: &[u16], alias: &[u8; 11]) -> Vec<Slot> {
    let sum = alias.iter().fold(0u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte));
    let pieces = units.chunks(13).count();
    let mut slots = Vec::new();
    for (index, piece) in units.chunks(13).enumerate() {
        let mut slot = [0u8; 32];
        slot[0] = (index as u8 + 1) | if index + 1 == pieces { 0x40 } else { 0 };
        slot[11] = 0x0f;
        slot[13] = sum;
        let offsets = (1..11).step_by(2).chain((14..26).step_by(2)).chain([28, 30]);
        let padded = piece.iter().copied().chain([0]).chain(std::iter::repeat(0xffff));
        for (offset, unit) in offsets.zip(padded) {
            slot[offset..offset + 2].copy_from_slice(&unit.to_le_bytes());
        }
        slots.push(slot);
    }
    slots.reverse();
    slots
}

/// The slots of an entry with a long name.
pub fn named(name: &str, alias: &[u8; 11], entry: Slot) -> Vec<Slot> {
    let mut slots = long(&name.encode_utf16().collect::<Vec<_>>(), alias);
    slots.push(entry);
    slots
}

/// Marks slots as deleted.
pub fn deleted(mut slots: Vec<Slot>) -> Vec<Slot> {
    slots.iter_mut().for_each(|slot| slot[0] = 0xe5);
    slots
}
