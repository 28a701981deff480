//! Builds small exFAT volumes slot by slot, with whatever is wrong with them that a test wants.

use crate::corpus;
use forensic_core::{
    Limits, Result,
    bytes::Source,
    filesystem::{self, Entry, FileSystem, WalkOptions},
};
use std::sync::Arc;

pub type Slot = [u8; 32];

/// Bytes a sector; a cluster is one sector, 16 slots, where nothing else is said.
pub const SECTOR: usize = 512;
/// First cluster of the root directory, which has two; the first free cluster is 6.
pub const ROOT: u32 = 4;
const BITMAP: u32 = 2;
const UPCASE: u32 = 3;
const CLUSTERS: u32 = 200;
const FAT_AT: usize = 24;
const FAT_SECTORS: usize = 2;
const END: u32 = u32::MAX;

/// A volume of 200 clusters.
#[derive(Clone)]
pub struct ExFatImage {
    pub bytes: Vec<u8>,
    fats: usize,
    /// Bytes a cluster.
    pub cluster: usize,
}

impl ExFatImage {
    pub fn new() -> Self {
        Self::with(1, 0)
    }

    /// With two tables and bitmaps, as TexFAT has them; the second bitmap is in cluster 6.
    pub fn texfat() -> Self {
        Self::with(2, 0)
    }

    /// With clusters of 2^`shift` sectors.
    pub fn with_clusters(shift: u8) -> Self {
        Self::with(1, shift)
    }

    fn with(fats: usize, shift: u8) -> Self {
        let heap = FAT_AT + FAT_SECTORS * fats;
        let sectors = heap + ((CLUSTERS as usize) << shift);
        let mut image = Self { bytes: vec![0; sectors * SECTOR], fats, cluster: SECTOR << shift };
        image.write(0, b"\xeb\x76\x90EXFAT   ");
        image.write(72, &(sectors as u64).to_le_bytes());
        let layout = [FAT_AT as u32, FAT_SECTORS as u32, heap as u32, CLUSTERS, ROOT, 0x1234_abcd];
        image.write(80, layout.map(u32::to_le_bytes).as_flattened());
        image.write(104, &[0, 1, 0, 0, 9, shift, fats as u8, 0x80]);
        image.write(510, &[0x55, 0xaa]);
        let upcase: Vec<u8> = [0xffff, 97].into_iter().chain(65..91).flat_map(u16::to_le_bytes).collect();
        let sum = upcase.iter().fold(0u32, |sum, byte| sum.rotate_right(1).wrapping_add(u32::from(*byte)));
        image.write(image.at(UPCASE), &upcase);
        let mut slots = vec![label("KIT"), area(0x81, 0, BITMAP, 25), area(0x82, 0, UPCASE, upcase.len() as u64)];
        slots[2][4..8].copy_from_slice(&sum.to_le_bytes());
        if fats == 2 {
            slots.push(area(0x81, 1, 6, 25));
            image.chain(&[6]);
        }
        image.slots(image.at(ROOT), &slots);
        [[BITMAP].as_slice(), &[UPCASE], &[ROOT, ROOT + 1]].iter().for_each(|chain| image.chain(chain));
        image.seal();
        image
    }

    /// Byte offset of a cluster.
    pub fn at(&self, cluster: u32) -> usize {
        (FAT_AT + FAT_SECTORS * self.fats) * SECTOR + (cluster as usize - 2) * self.cluster
    }

    /// Byte offset of the first free slot of the root directory.
    pub fn root(&self) -> usize {
        self.at(ROOT) + (2 + self.fats) * 32
    }

    /// Sets an entry in all tables.
    pub fn link(&mut self, cluster: u32, value: u32) {
        (0..self.fats).for_each(|copy| self.link_in_copy(copy, cluster, value));
    }

    pub fn link_in_copy(&mut self, copy: usize, cluster: u32, value: u32) {
        let at = (FAT_AT + copy * FAT_SECTORS) * SECTOR + 4 * cluster as usize;
        self.write(at, &value.to_le_bytes());
    }

    /// Makes a chain of these clusters and marks them as in use.
    pub fn chain(&mut self, clusters: &[u32]) {
        clusters.windows(2).for_each(|pair| self.link(pair[0], pair[1]));
        self.link(*clusters.last().unwrap(), END);
        self.mark(clusters);
    }

    /// Marks clusters as in use in every bitmap.
    pub fn mark(&mut self, clusters: &[u32]) {
        for cluster in clusters {
            (0..self.fats).for_each(|copy| *self.bit_byte(copy, *cluster) |= 1 << ((cluster - 2) % 8));
        }
    }

    /// Frees clusters as a driver does: in the bitmap alone.
    pub fn free(&mut self, clusters: &[u32]) {
        for cluster in clusters {
            (0..self.fats).for_each(|copy| *self.bit_byte(copy, *cluster) &= !(1 << ((cluster - 2) % 8)));
        }
    }

    pub fn bit_byte(&mut self, copy: usize, cluster: u32) -> &mut u8 {
        let at = self.at([BITMAP, 6][copy]) + (cluster as usize - 2) / 8;
        &mut self.bytes[at]
    }

    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes slots one after another from byte `at` on, and gives back the byte after them.
    pub fn slots(&mut self, at: usize, slots: &[Slot]) -> usize {
        self.write(at, slots.as_flattened());
        at + slots.len() * 32
    }

    /// Writes the slots of several sets into the root directory.
    pub fn in_root(&mut self, sets: &[Vec<Slot>]) -> usize {
        self.slots(self.root(), &sets.concat())
    }

    /// Fills a cluster with a letter.
    pub fn fill(&mut self, cluster: u32, letter: u8) {
        let at = self.at(cluster);
        self.bytes[at..at + self.cluster].fill(letter);
    }

    /// Writes the checksum of the main boot region, and the backup region.
    pub fn seal(&mut self) {
        let checked = &self.bytes[..11 * SECTOR];
        let counted = checked.iter().enumerate().filter(|(index, _)| ![106, 107, 112].contains(index));
        let sum = counted.fold(0u32, |sum, (_, byte)| sum.rotate_right(1).wrapping_add(u32::from(*byte)));
        self.write(11 * SECTOR, &sum.to_le_bytes().repeat(SECTOR / 4));
        self.bytes.copy_within(..12 * SECTOR, 12 * SECTOR);
    }

    pub fn open(&self) -> Arc<dyn FileSystem> {
        corpus::seed("exfat", &self.bytes);
        open(Arc::new(self.bytes.clone())).unwrap()
    }

    pub fn list(&self) -> Vec<Entry> {
        self.open()
            .walk(WalkOptions::default())
            .filter(|entry| !entry.path.starts_with("/$A") && entry.path != "/$UPCASE_TABLE")
            .collect()
    }
}

pub fn open(volume: Source) -> Result<Arc<dyn FileSystem>> {
    Ok(filesystem::open(volume, &Limits::default())?.expect("an exFAT volume"))
}

/// A set to be.
#[derive(Clone)]
pub struct Set {
    name: Vec<u16>,
    attributes: u16,
    first: u32,
    length: u64,
    valid: u64,
    flags: u8,
    day: u32,
    utc_offset: u8,
    further: Vec<Slot>,
}

/// A file made on 2020-05-17, 12:30:10 in UTC+2, whose clusters follow one another.
pub fn file(name: &str, first: u32, length: u64) -> Set {
    Set {
        name: name.encode_utf16().collect(),
        attributes: 0x20,
        first,
        length,
        valid: length,
        flags: 3,
        day: 17,
        utc_offset: 0x88,
        further: Vec::new(),
    }
}

/// A directory of so many clusters that follow one another.
pub fn directory(name: &str, first: u32, clusters: u64) -> Set {
    Set { attributes: 0x10, ..file(name, first, clusters * SECTOR as u64) }
}

impl Set {
    pub fn chained(self) -> Self {
        Self { flags: 1, ..self }
    }

    pub fn valid(self, valid: u64) -> Self {
        Self { valid, ..self }
    }

    /// Made on another day of May 2020.
    pub fn made(self, day: u32) -> Self {
        Self { day, ..self }
    }

    /// Made in a time zone that nobody knew.
    pub fn local(self) -> Self {
        Self { utc_offset: 0, ..self }
    }

    pub fn named(self, name: Vec<u16>) -> Self {
        Self { name, ..self }
    }

    /// With a further entry at its end.
    pub fn with(mut self, slot: Slot) -> Self {
        self.further.push(slot);
        self
    }

    /// Its slots, in use.
    pub fn slots(&self) -> Vec<Slot> {
        let mut slots = vec![[0u8; 32]; 2];
        let time = 40u32 << 25 | 5 << 21 | self.day << 16 | 12 << 11 | 30 << 5 | 5;
        slots[0][0] = 0x85;
        slots[0][4..6].copy_from_slice(&self.attributes.to_le_bytes());
        slots[0][8..20].copy_from_slice([time; 3].map(u32::to_le_bytes).as_flattened());
        slots[0][20] = 123;
        slots[0][22..25].fill(self.utc_offset);
        slots[1][0] = 0xc0;
        slots[1][1] = self.flags;
        slots[1][3] = self.name.len() as u8;
        slots[1][4..6].copy_from_slice(&hash(&self.name).to_le_bytes());
        slots[1][8..16].copy_from_slice(&self.valid.to_le_bytes());
        slots[1][20..24].copy_from_slice(&self.first.to_le_bytes());
        slots[1][24..32].copy_from_slice(&self.length.to_le_bytes());
        for piece in self.name.chunks(15) {
            let mut slot = [0u8; 32];
            slot[0] = 0xc1;
            piece
                .iter()
                .enumerate()
                .for_each(|(n, unit)| slot[2 + 2 * n..4 + 2 * n].copy_from_slice(&unit.to_le_bytes()));
            slots.push(slot);
        }
        slots.extend(&self.further);
        slots[0][1] = slots.len() as u8 - 1;
        let sum = checksum(&slots);
        slots[0][2..4].copy_from_slice(&sum.to_le_bytes());
        slots
    }

    /// Its slots, marked as deleted.
    pub fn deleted(&self) -> Vec<Slot> {
        let mut slots = self.slots();
        slots.iter_mut().for_each(|slot| slot[0] &= 0x7f);
        slots
    }
}

/// A label entry.
pub fn label(text: &str) -> Slot {
    let mut slot = [0; 32];
    let units: Vec<u16> = text.encode_utf16().collect();
    slot[..2].copy_from_slice(&[0x83, units.len() as u8]);
    units.iter().enumerate().for_each(|(n, unit)| slot[2 + 2 * n..4 + 2 * n].copy_from_slice(&unit.to_le_bytes()));
    slot
}

/// An entry that names an area: an allocation bitmap, an up-case table.
fn area(kind: u8, flags: u8, first: u32, length: u64) -> Slot {
    let mut slot = [0; 32];
    slot[..2].copy_from_slice(&[kind, flags]);
    slot[20..24].copy_from_slice(&first.to_le_bytes());
    slot[24..32].copy_from_slice(&length.to_le_bytes());
    slot
}

fn hash(name: &[u16]) -> u16 {
    let upper = |unit: &u16| if (97..123).contains(unit) { unit - 32 } else { *unit };
    let bytes = name.iter().flat_map(|unit| upper(unit).to_le_bytes());
    bytes.fold(0, |hash: u16, byte| hash.rotate_right(1).wrapping_add(u16::from(byte)))
}

fn checksum(slots: &[Slot]) -> u16 {
    let bytes = slots.as_flattened().iter().enumerate().filter(|(index, _)| ![2, 3].contains(index));
    bytes.fold(0, |sum: u16, (_, byte)| sum.rotate_right(1).wrapping_add(u16::from(*byte)))
}
