//! An image with damaged sectors laid over it, and one that notes which of its bytes are read.

use forensic_core::{
    Error, Result,
    bytes::{Extent, ReadAt, Source},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex},
};

pub const SECTOR: u64 = 512;

/// An image of which some sectors read differently, and the end may be missing.
#[derive(Clone)]
pub struct Overlay {
    pub image: Source,
    pub length: u64,
    pub sectors: BTreeMap<u64, [u8; SECTOR as usize]>,
}

impl Overlay {
    pub fn new(image: Source) -> Self {
        Self { length: image.len(), image, sectors: BTreeMap::new() }
    }

    /// A whole sector of the image, to be changed. Sectors that are cut off are not.
    pub fn sector(&mut self, number: u64) -> Option<&mut [u8; SECTOR as usize]> {
        if !self.sectors.contains_key(&number) {
            let mut sector = [0; SECTOR as usize];
            self.image.read_at(number.checked_mul(SECTOR)?, &mut sector).ok()?;
            self.sectors.insert(number, sector);
        }
        self.sectors.get_mut(&number)
    }

    /// Writes all of it to a file; what is zero is left out, so that the file is sparse.
    pub fn write_to(&self, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        let file = File::create(path)?;
        file.set_len(self.length)?;
        let mut block = vec![0; 1 << 20];
        let mut at = 0;
        while at < self.length {
            let block = &mut block[..usize::try_from((self.length - at).min(1 << 20)).unwrap_or(0)];
            self.read_at(at, block)?;
            if block.iter().any(|byte| *byte != 0) {
                file.write_all_at(block, at)?;
            }
            at += block.len() as u64;
        }
        (&file).flush()
    }
}

impl ReadAt for Overlay {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let length = buf.len() as u64;
        let end = offset.checked_add(length).filter(|end| *end <= self.length);
        let end = end.ok_or(Error::OutOfBounds { offset, length, size: self.length })?;
        self.image.read_at(offset, buf)?;
        for (number, sector) in self.sectors.range(offset / SECTOR..end.div_ceil(SECTOR)) {
            let start = number * SECTOR;
            let (from, to) = (start.max(offset), (start + SECTOR).min(end));
            let target = &mut buf[(from - offset) as usize..(to - offset) as usize];
            target.copy_from_slice(&sector[(from - start) as usize..(to - start) as usize]);
        }
        Ok(())
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        self.image.locate(offset, length.min(self.length.saturating_sub(offset)))
    }
}

/// Notes the sectors of each read.
pub struct Recording {
    pub image: Source,
    /// First sector, and the one after the last.
    pub reads: Arc<Mutex<BTreeSet<(u64, u64)>>>,
}

impl ReadAt for Recording {
    fn len(&self) -> u64 {
        self.image.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let end = offset.saturating_add(buf.len() as u64).min(self.len());
        if offset < end {
            let mut reads = self.reads.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            reads.insert((offset / SECTOR, end.div_ceil(SECTOR)));
        }
        self.image.read_at(offset, buf)
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        self.image.locate(offset, length)
    }
}
