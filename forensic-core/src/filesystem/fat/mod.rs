//! FAT12, FAT16 and FAT32 with long names, live and deleted (Microsoft, "FAT32 File System Specification" 1.03, here
//! fatgen103; ECMA-107).
//!
//! What FAT does not keep decides what can be told: a deleted entry has lost its chain, and its short name the first
//! character; `recover` says how the content is guessed and graded, `long_name` how names are proved, `unlisted` what is in
//! use and lost its entry, `infer` how a volume is read whose boot sector is gone.

mod boot;
mod code_page;
mod cross_check;
mod directory;
mod entry;
mod high_word;
mod infer;
mod listing;
mod long_name;
mod recover;
mod stream;
mod sweep;
mod table;
mod unlisted;
mod walk;

use super::{Cap, CrossCheck, Entry, FileSystem, Reader, clusters::Heap};
use crate::{
    bytes::Source,
    error::{Issue, IssueLog, Result},
    limits::Limits,
};
use boot::{Boot, FatType};
use listing::Listing;
use std::sync::{Arc, OnceLock};
use table::Table;

pub(super) use boot::probe;

const CAPS: &[Cap] =
    &[Cap::Deleted, Cap::Orphans, Cap::Unlisted, Cap::Extents, Cap::Slack, Cap::Unallocated, Cap::CrossCheck];

pub(super) const READER: Reader = Reader { family: "fat", kinds: &["fat12", "fat16", "fat32"], caps: CAPS, open };

/// A volume and its table: what every part of the reader works on.
struct Volume {
    source: Source,
    boot: Boot,
    heap: Heap,
    table: Table,
    limits: Limits,
    log: IssueLog,
}

impl Volume {
    fn is_wide(&self) -> bool {
        self.boot.kind == FatType::Fat32
    }

    /// Byte offset and length of a cluster in the volume.
    fn cluster_area(&self, cluster: u32) -> (u64, u64) {
        (self.heap.offset_of(cluster), u64::from(self.heap.cluster_size))
    }
}

/// A FAT filesystem.
struct Fat {
    volume: Volume,
    listing: OnceLock<Listing>,
}

/// Opens the FAT filesystem of `source`: reads the boot sector and the table.
///
/// # Errors
/// [`Error::Corrupt`](crate::Error::Corrupt) for a boot sector that makes no sense, [`Error::Limit`](crate::Error::Limit)
/// for a table longer than `limits.structure_bytes`.
fn open(source: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let log = IssueLog::new(limits.issues);
    let (boot, is_backup) = Boot::read(&source)?;
    let start = source.medium_offset(0);
    if is_backup {
        log.push(Issue::new(start, "FAT boot sector", "damaged: its backup at sector 6 was used"));
    }
    if boot.size > source.len() {
        let message = format!("the volume has {} bytes and should have {}", source.len(), boot.size);
        log.push(Issue::new(start, "FAT boot sector", message));
    }
    mount(source, boot, limits, log)
}

/// Opens a FAT filesystem that has neither boot sector nor backup; `None` where `source` is not certain to be one.
///
/// # Errors
/// [`Error::Limit`](crate::Error::Limit) for a table longer than `limits.structure_bytes`;
/// [`Error::Unreadable`](crate::Error::Unreadable) where it is not certain and cannot be read in full.
pub(super) fn open_without_boot_sector(source: Source, limits: &Limits) -> Result<Option<Arc<dyn FileSystem>>> {
    let Err(error) = Boot::read(&source) else {
        // It could not be read when the volume was looked at first.
        return open(source, limits).map(Some);
    };
    let Some(boot) = infer::infer(&source)? else { return Ok(None) };
    let log = IssueLog::new(limits.issues);
    let message = format!(
        "lost ({error}), and no backup: the layout was inferred from the tables at byte {} and the directories: clusters \
         of {} bytes, the first at byte {}",
        source.medium_offset(boot.fat_offset),
        boot.cluster_size,
        source.medium_offset(boot.data_offset),
    );
    log.push(Issue::new(source.medium_offset(0), "FAT boot sector", message));
    mount(source, boot, limits, log).map(Some)
}

fn mount(source: Source, boot: Boot, limits: &Limits, log: IssueLog) -> Result<Arc<dyn FileSystem>> {
    let table = Table::load(&source, &boot, limits, &log)?;
    let heap = boot.heap(&source);
    let volume = Volume { source, boot, heap, table, limits: limits.clone(), log };
    Ok(Arc::new(Fat { volume, listing: OnceLock::new() }))
}

impl Fat {
    fn listing(&self) -> &Listing {
        self.listing.get_or_init(|| Listing::read(&self.volume))
    }
}

impl FileSystem for Fat {
    fn kind(&self) -> &'static str {
        self.volume.boot.kind.name()
    }

    /// The root directory's label entry, or else the boot sector's.
    fn label(&self) -> String {
        let in_boot_sector = || code_page::decode(&self.volume.boot.label).trim_end().to_owned();
        let label = self.listing().label.clone().unwrap_or_else(in_boot_sector);
        if label == "NO NAME" { String::new() } else { label }
    }

    fn serial(&self) -> String {
        self.volume.boot.serial.map(|serial| format!("{serial:08x}")).unwrap_or_default()
    }

    fn volume(&self) -> Source {
        self.volume.source.clone()
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
        Ok(self.volume.free_clusters())
    }

    fn issues(&self) -> Vec<Issue> {
        self.volume.log.list()
    }

    fn cross_check(&self) -> Result<CrossCheck> {
        cross_check::run(self)
    }
}
