//! HFS+ and HFSX: every record of the catalog, and what its nodes and the journal keep of deleted ones.
//!
//! Written from Apple's Technical Note TN1150, "HFS Plus Volume Format". A reader of our own: of the crates,
//! `hfsplus` 0.4.0 (MIT) reads through `&mut self` of a `Read + Seek`, gives the bytes of a path but not where they lie,
//! knows no deleted file, and ends a walk at the first damaged node.
//!
//! Names are given as stored, in Apple's decomposed form; a `/` in one is shown as `:`, as macOS does in its Unix layer.
//! A hard link to a file has the content of that file; one to a folder tells in `target` where the content is listed: in
//! the folder that the filesystem keeps for such. Resource forks are streams named "rsrc". The filesystem's own files
//! stand in the root, unlisted, by the names that The Sleuth Kit gives them.

mod attributes;
mod bitmap;
mod btree;
mod catalog;
mod entry;
mod fork;
mod header;
mod journal;
mod listing;
mod recover;
mod scan;
mod stale;

use super::{Cap, Entry, FileSystem, Reader, allocation::Allocation};
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::{Error, Issue, IssueLog, Result},
    limits::Limits,
};
use btree::BTree;
use catalog::id;
use fork::{Fork, Overflow};
use header::{Header, attribute};
use listing::Listing;
use std::sync::{Arc, OnceLock};

pub(super) use header::{embedded, has_copy};

const CAPS: &[Cap] = &[
    Cap::Deleted,
    Cap::Orphans,
    Cap::Unlisted,
    Cap::Extents,
    Cap::Slack,
    Cap::Unallocated,
    Cap::Streams,
    Cap::HardLinks,
    Cap::Compression,
    Cap::Symlinks,
];

pub(super) const READER: Reader = Reader { family: "hfsplus", kinds: &["hfsplus"], caps: CAPS, open };

/// Opens the HFS+ volume that `whole` holds, or that is embedded in its HFS volume.
///
/// # Errors
/// Where neither the volume header nor its copy can be read.
fn open(whole: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let issues = IssueLog::new(limits.issues);
    let source = embedded(&whole).unwrap_or_else(|| whole.clone());
    let (header, error) = Header::read(&source)?;
    let at = source.medium_offset(1024);
    if let Some(error) = &error {
        issues.push(Issue::from(error));
        issues.push(Issue::new(at, "HFS+ volume header", "its copy at the end of the volume is used"));
    }
    if header.size() > source.len() {
        let message = format!("the volume has {} bytes and should have {}", source.len(), header.size());
        issues.push(Issue::new(at, "HFS+ volume header", message));
    }
    if header.attributes & attribute::INCONSISTENT != 0 {
        issues.push(Issue::new(at, "HFS+ volume header", "the volume is marked as inconsistent"));
    } else if header.attributes & attribute::UNMOUNTED == 0 {
        issues.push(Issue::new(at, "HFS+ volume header", "the volume was not unmounted"));
    }
    let mut volume =
        Volume { whole, source, header, overflow: Overflow::default(), journal: None, limits: limits.clone(), issues };
    match BTree::open(volume.own_file(&volume.header.extents, id::EXTENTS), "HFS+ extents overflow file", &volume) {
        Ok(tree) => volume.overflow = Overflow::read(&tree, &volume),
        Err(error) => volume.issue(&error),
    }
    volume.journal = journal::find(&volume);
    Ok(Arc::new(HfsPlus { volume, listing: OnceLock::new(), allocation: OnceLock::new() }))
}

/// What all rooms need: the bytes, how they are laid out, and where to report damage.
struct Volume {
    /// The volume of the partition: another than `source` where HFS+ is embedded in HFS.
    whole: Source,
    source: Source,
    header: Header,
    overflow: Overflow,
    journal: Option<Source>,
    limits: Limits,
    issues: IssueLog,
}

impl Volume {
    fn issue(&self, error: &Error) {
        self.issues.push(Issue::from(error));
    }

    /// The fork of one of the filesystem's own files; none for the list of bad blocks, which is in the extents overflow
    /// file only.
    fn own_fork(&self, number: u32) -> Option<&Fork> {
        match number {
            id::EXTENTS => Some(&self.header.extents),
            id::CATALOG => Some(&self.header.catalog),
            id::ALLOCATION => Some(&self.header.allocation),
            id::STARTUP => Some(&self.header.startup),
            id::ATTRIBUTES => Some(&self.header.attributes_file),
            _ => None,
        }
    }
}

/// An HFS+ volume.
struct HfsPlus {
    volume: Volume,
    listing: OnceLock<Listing>,
    allocation: OnceLock<Result<Allocation>>,
}

impl HfsPlus {
    fn listing(&self) -> &Listing {
        self.listing.get_or_init(|| Listing::read(&self.volume))
    }

    fn allocation(&self) -> &Result<Allocation> {
        self.allocation.get_or_init(|| {
            let allocation = bitmap::allocation(&self.volume, &self.listing().claims.live);
            allocation.as_ref().err().into_iter().for_each(|error| self.volume.issue(error));
            allocation
        })
    }
}

impl FileSystem for HfsPlus {
    fn kind(&self) -> &'static str {
        "hfsplus"
    }

    fn label(&self) -> String {
        self.listing().label.clone()
    }

    fn serial(&self) -> String {
        format!("{:016x}", self.volume.header.serial)
    }

    fn volume(&self) -> Source {
        self.volume.whole.clone()
    }

    fn offset(&self) -> u64 {
        self.volume.source.medium_offset(0)
    }

    fn size(&self) -> u64 {
        self.volume.header.size()
    }

    fn cluster_size(&self) -> u32 {
        self.volume.header.block_size
    }

    fn entry_count(&self) -> u64 {
        self.listing().tree.len()
    }

    fn entry_at(&self, position: u64) -> Option<Entry> {
        self.listing().entry(&self.volume, || self.allocation(), position)
    }

    fn position_of(&self, path: &str) -> Option<u64> {
        self.listing().tree.find(path)
    }

    fn unallocated(&self) -> Result<Source> {
        let runs = bitmap::unallocated(&self.volume)?;
        Ok(Arc::new(Extents::new(self.volume.source.clone(), runs)))
    }

    fn slack(&self) -> Source {
        let whole = &self.volume.whole;
        let start = self.offset().saturating_sub(whole.medium_offset(0)).min(whole.len());
        let end = start.saturating_add(self.size()).min(whole.len());
        let behind = Run::new(end, whole.len().saturating_sub(end));
        Arc::new(Extents::new(whole.clone(), [Run::new(0, start), behind]))
    }

    fn issues(&self) -> Vec<Issue> {
        self.listing();
        self.volume.issues.list()
    }
}
