//! The journal: its area, live or not, as a store of older copies of metadata blocks
//! ([journal](https://www.kernel.org/doc/html/latest/filesystems/ext4/journal.html)).
//!
//! The log is circular and a clean unmount leaves it in place: only the superblock says that none of it is needed. So
//! every block of the area is looked at, whichever transaction it was part of.

mod header;
mod log;
mod replay;

use super::{
    Volume,
    inode::{Inode, flag},
    map,
    record::Record,
};
use crate::{
    bytes::{Cached, Extents, Fields, ReadAt, Run, Source},
    error::{Error, Result},
};
use header::Layout;
pub(super) use log::{Copy, Log};
use std::sync::Arc;

const STRUCTURE: &str = "journal";
/// Bytes of the area kept in memory while copies are compared.
const CACHE: u64 = 4 << 20;

/// The journal of a volume.
pub(super) struct Journal {
    /// All of its blocks, one after another.
    area: Source,
    /// Byte offset in the volume of each run of the area: stream offset, volume offset, length.
    runs: Vec<(u64, u64, u64)>,
    layout: Layout,
    pub(super) log: Log,
}

impl Journal {
    /// Finds the journal and reads all of its headers; `None` where there is none, or none that can be read (an issue).
    pub(super) fn open(volume: &Volume) -> Option<Self> {
        if !volume.superblock.has_journal() {
            return None;
        }
        match Self::read(volume) {
            Ok(journal) => Some(journal),
            Err(error) => {
                volume.issue(&error);
                None
            }
        }
    }

    fn read(volume: &Volume) -> Result<Self> {
        let superblock = &volume.superblock;
        if superblock.journal_inode == 0 {
            return Err(Error::unsupported("a journal on another device"));
        }
        let record = Record::read(volume, superblock.journal_inode);
        let from_inode = record.and_then(|record| runs(volume, &record.inode, record.at));
        let area = match from_inode.and_then(|runs| Area::open(volume, runs)) {
            Ok(area) => area,
            Err(error) => {
                volume.issue(&error);
                let backup = backup(volume)?;
                Area::open(volume, runs(volume, &backup, volume.source.medium_offset(1024))?)?
            }
        };
        let Area { area, runs, layout } = area;
        let log = Log::read(&area, &layout, |error| volume.issue(error));
        Ok(Self { area: Arc::new(Cached::new(area, CACHE)), runs, layout, log })
    }

    /// The block at a place of the log, as it was before it was logged.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(super) fn block(&self, copy: &Copy) -> Result<Vec<u8>> {
        let size = u64::from(self.layout.block_size);
        let mut bytes = self.area.read_vec(u64::from(copy.place).saturating_mul(size), size)?;
        if copy.escaped
            && let Some(start) = bytes.get_mut(..4)
        {
            start.copy_from_slice(&header::MAGIC.to_be_bytes());
        }
        Ok(bytes)
    }

    /// Whether the checksum that the log has of a copy is right; true where it has none.
    pub(super) fn is_whole(&self, copy: &Copy, bytes: &[u8]) -> bool {
        self.layout.is_whole(copy, bytes)
    }

    /// Byte offset in the volume of a place of the log.
    pub(super) fn offset(&self, copy: &Copy) -> u64 {
        let at = u64::from(copy.place).saturating_mul(u64::from(self.layout.block_size));
        let place = self.runs.partition_point(|(start, _, _)| *start <= at).saturating_sub(1);
        self.runs.get(place).map_or(0, |(start, offset, _)| offset.saturating_add(at.saturating_sub(*start)))
    }

    /// The volume with what the journal has not yet written to its place; `None` where there is nothing of the kind.
    pub(super) fn replayed(&self, volume: &Volume) -> Option<Source> {
        replay::replayed(self, volume)
    }
}

/// The blocks of the journal, and its superblock.
struct Area {
    area: Source,
    runs: Vec<(u64, u64, u64)>,
    layout: Layout,
}

impl Area {
    fn open(volume: &Volume, runs: Vec<Run>) -> Result<Self> {
        let mut places = Vec::new();
        let mut at = 0u64;
        for run in &runs {
            places.push((at, run.offset.unwrap_or(0), run.length));
            at = at.saturating_add(run.length);
        }
        let area: Source = Arc::new(Extents::new(volume.source.clone(), runs));
        let bytes = area.read_vec(0, 1024)?;
        let layout = Layout::parse(&Fields::new(&bytes, STRUCTURE, area.medium_offset(0)), area.len())?;
        if layout.block_size != volume.superblock.block_size {
            let expected = format!("blocks of {} bytes", volume.superblock.block_size);
            return Err(Error::corrupt(STRUCTURE, area.medium_offset(0), expected, layout.block_size));
        }
        Ok(Self { area, runs: places, layout })
    }
}

/// Where the journal lies, up to the first hole or damage.
fn runs(volume: &Volume, inode: &Inode, at: u64) -> Result<Vec<Run>> {
    let map = map::read(volume, volume, volume.superblock.journal_inode, inode, at, volume.superblock.blocks);
    if let Some(error) = &map.damage {
        volume.issue(error);
    }
    let runs: Vec<Run> = map
        .blocks()
        .map(|(start, end)| {
            let (offset, stop) = (volume.superblock.offset(start), volume.superblock.offset(end));
            Run::new(offset, stop.min(volume.source.len()).saturating_sub(offset))
        })
        .filter(|run| run.length > 0)
        .collect();
    match runs.is_empty() {
        true => Err(Error::corrupt(STRUCTURE, at, "blocks of the journal", "none")),
        false => Ok(runs),
    }
}

/// The journal's inode as the superblock keeps a copy of it.
fn backup(volume: &Volume) -> Result<Inode> {
    let (block, size) = volume.superblock.journal_backup;
    let extents = block.get(..2) == Some(&[0x0a, 0xf3]);
    let mut bytes = [0; 128];
    if let Some(place) = bytes.get_mut(0x28..0x64) {
        place.copy_from_slice(&block);
    }
    let mut inode = Inode::parse(&bytes, volume.source.medium_offset(1024))?;
    inode.mode = 0x8180;
    inode.size = size;
    inode.flags = if extents { flag::EXTENTS } else { 0 };
    Ok(inode)
}
