//! exFAT and TexFAT, live and deleted (Microsoft, ["exFAT file system specification"](
//! https://learn.microsoft.com/windows/win32/fileio/exfat-specification) 1.00).
//!
//! Deletion clears one bit of each slot of a directory entry set and the bits of the allocation bitmap. Names, times, lengths
//! and places stay, with a checksum over all of them, and so do the chains in the table; `recover` says what they prove.

pub(super) mod boot;
mod claims;
mod entry;
mod listing;
mod recover;
mod set;
mod slot;
mod sweep;
mod system;
mod table;
mod timestamp;
mod upcase;
mod walk;

use super::{Cap, Entry, FileSystem, Reader, clusters::Heap};
use crate::{
    bytes::{Extents, ReadAt, Source},
    error::{Issue, IssueLog, Result},
    limits::Limits,
};
use boot::Boot;
use listing::Listing;
use slot::{RawSlot, SLOT};
use std::sync::{Arc, OnceLock};
use system::System;
use table::Table;
use upcase::Upcase;

const CAPS: &[Cap] =
    &[Cap::Deleted, Cap::Orphans, Cap::Unlisted, Cap::Extents, Cap::Slack, Cap::Unallocated, Cap::Streams];

pub(super) const READER: Reader = Reader { family: "exfat", kinds: &["exfat"], caps: CAPS, open };

const DIRECTORY: &str = "exFAT directory";
/// Bytes read at once.
const READ: u64 = 1 << 20;

/// A volume: what every part of the reader works on.
struct Volume {
    heap: Heap,
    boot: Boot,
    table: Table,
    system: System,
    upcase: Option<Upcase>,
    limits: Limits,
    log: IssueLog,
}

/// An exFAT filesystem.
struct ExFat {
    volume: Volume,
    listing: OnceLock<Listing>,
}

/// Opens the exFAT filesystem of `source`: reads the boot region and what the root directory says of the volume.
///
/// # Errors
/// [`Error::Corrupt`](crate::Error::Corrupt) where neither boot region makes sense.
fn open(source: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let log = IssueLog::new(limits.issues);
    let (boot, issues) = Boot::read(&source)?;
    issues.into_iter().for_each(|issue| log.push(issue));
    let table = Table::new(&source, &boot);
    table.compare(&source, &log);
    let heap = Heap { source, offset: boot.heap_offset, cluster_size: boot.cluster_size, count: boot.cluster_count };
    let system = System::default();
    let mut volume = Volume { heap, boot, table, system, upcase: None, limits: limits.clone(), log };
    volume.system = System::read(&volume);
    volume.upcase = volume.load_upcase();
    volume.compare_bitmaps();
    Ok(Arc::new(ExFat { volume, listing: OnceLock::new() }))
}

impl Volume {
    /// Gives each slot of an area to `visit`, with its byte offset in the volume. What cannot be read is
    /// reported; the slots behind it do not follow those before it.
    fn for_each_slot(&self, offset: u64, length: u64, mut visit: impl FnMut(u64, &RawSlot)) {
        let end = offset.saturating_add(length).min(self.heap.source.len());
        let mut each = |at: u64, bytes: Vec<u8>| {
            let (slots, _) = bytes.as_chunks::<SLOT>();
            slots.iter().zip((at..).step_by(SLOT)).for_each(|(slot, at)| visit(at, slot));
        };
        let read = |at: u64, end: u64| self.heap.source.read_vec(at, end.saturating_sub(at));
        for (at, end) in pieces(offset, end, READ) {
            if let Ok(bytes) = read(at, end) {
                each(at, bytes);
                continue;
            }
            for (at, end) in pieces(at, end, u64::from(self.boot.bytes_per_sector)) {
                match read(at, end) {
                    Ok(bytes) => each(at, bytes),
                    Err(error) => self.issue(at, format!("a sector of the directory cannot be read: {error}")),
                }
            }
        }
    }

    /// Reports an issue of a directory at byte `at` of the volume.
    fn issue(&self, at: u64, message: String) {
        self.log.push(Issue::new(self.heap.source.medium_offset(at), DIRECTORY, message));
    }
}

/// `start .. end` in pieces of `step`.
fn pieces(start: u64, end: u64, step: u64) -> impl Iterator<Item = (u64, u64)> {
    let count = end.saturating_sub(start).div_ceil(step.max(1));
    (0..count).map(move |index| {
        let at = index.saturating_mul(step).saturating_add(start);
        (at, at.saturating_add(step).min(end))
    })
}

impl ExFat {
    fn listing(&self) -> &Listing {
        self.listing.get_or_init(|| Listing::read(&self.volume))
    }
}

impl FileSystem for ExFat {
    fn kind(&self) -> &'static str {
        "exfat"
    }

    fn label(&self) -> String {
        self.volume.system.label.clone().unwrap_or_default()
    }

    fn serial(&self) -> String {
        format!("{:08x}", self.volume.boot.serial)
    }

    fn volume(&self) -> Source {
        self.volume.heap.source.clone()
    }

    fn size(&self) -> u64 {
        self.volume.boot.size
    }

    fn cluster_size(&self) -> u32 {
        self.volume.boot.cluster_size
    }

    fn entry_count(&self) -> u64 {
        self.listing().tree.len()
    }

    fn entry_at(&self, position: u64) -> Option<Entry> {
        self.listing().entry(&self.volume, position)
    }

    fn position_of(&self, path: &str) -> Option<u64> {
        self.listing().tree.find(path)
    }

    fn unallocated(&self) -> Result<Source> {
        Ok(Arc::new(Extents::new(self.volume.heap.source.clone(), self.volume.free_runs()?)))
    }

    fn issues(&self) -> Vec<Issue> {
        self.volume.log.list()
    }
}
