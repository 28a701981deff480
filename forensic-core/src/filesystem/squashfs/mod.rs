//! SquashFS 4.0 with all its compressions ("Squashfs Binary Format" of squashfs-tools-ng 1.1, a public description).
//!
//! Written here, as no crate passes: `backhand` 0.25 (MIT or Apache-2.0, well kept) has its zstd and xz by C libraries, reads
//! through one locked cursor, gives no extents, and ends at the first inode it cannot read.

mod catalog;
mod compression;
mod content;
mod directory;
mod entry;
mod inode;
mod metadata;
mod structure;
mod superblock;
mod xattr;

use super::{Cap, Entry, FileSystem, Reader};
use crate::{
    bytes::{Cached, Source},
    error::{Error, Issue, IssueLog, Result},
    limits::Limits,
};
use catalog::Catalog;
use content::Fragments;
use metadata::Metadata;
use std::sync::{Arc, OnceLock};
use superblock::Superblock;

/// Bytes of packed metadata kept in memory, and bytes read at once.
const CACHE: u64 = 4 << 20;
const PAGE: u64 = 128 << 10;

const CAPS: &[Cap] = &[Cap::Unlisted, Cap::Extents, Cap::HardLinks, Cap::Compression, Cap::Symlinks];

/// The reader of SquashFS.
pub(super) const READER: Reader = Reader { family: "squashfs", kinds: &["squashfs"], caps: CAPS, open };

/// Opens the SquashFS that `source` holds.
///
/// # Errors
/// [`Error::Unsupported`] for versions before 4.0, [`Error::Corrupt`] for a superblock that makes no sense.
fn open(source: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let issues = IssueLog::new(limits.issues);
    let cached: Source = Arc::new(Cached::with_page_size(source.clone(), CACHE, PAGE));
    let told = Superblock::read(&source);
    let error = told.as_ref().map_or_else(|error| Some(error.clone()), |told| catalog::root_error(&cached, told));
    let found = error.as_ref().and_then(|_| structure::find(&cached, told.as_ref().ok()));
    let superblock = match (found, told) {
        (Some(found), _) => {
            error.iter().for_each(|error| issues.push(Issue::from(error)));
            let message = "the superblock is not right: what it should say was told by the tables";
            issues.push(Issue::new(source.medium_offset(0), "squashfs superblock", message));
            found
        }
        (None, told) => told?,
    };
    let metadata = Metadata::new(cached, superblock.compression);
    let fragments = Fragments::default();
    let volume = Arc::new(Volume { source, superblock, metadata, fragments, limits: limits.clone(), issues });
    Ok(Arc::new(SquashFs { volume, catalog: OnceLock::new() }))
}

/// True where a volume without a signature holds the tables of one.
pub(super) fn has_tables(volume: &Source) -> bool {
    structure::find(volume, None).is_some()
}

/// What all rooms need.
struct Volume {
    source: Source,
    superblock: Superblock,
    metadata: Metadata,
    fragments: Fragments,
    limits: Limits,
    issues: IssueLog,
}

impl Volume {
    fn issue(&self, error: &Error) {
        self.issues.push(Issue::from(error));
    }
}

/// A SquashFS.
struct SquashFs {
    volume: Arc<Volume>,
    catalog: OnceLock<Catalog>,
}

impl SquashFs {
    fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(|| Catalog::build(&self.volume))
    }
}

impl FileSystem for SquashFs {
    fn kind(&self) -> &'static str {
        "squashfs"
    }

    /// It has none.
    fn label(&self) -> String {
        String::new()
    }

    /// It has none.
    fn serial(&self) -> String {
        String::new()
    }

    fn volume(&self) -> Source {
        self.volume.source.clone()
    }

    fn size(&self) -> u64 {
        self.volume.superblock.bytes_used
    }

    fn cluster_size(&self) -> u32 {
        self.volume.superblock.block_size
    }

    fn entry_count(&self) -> u64 {
        self.catalog().tree.len()
    }

    fn entry_at(&self, position: u64) -> Option<Entry> {
        self.catalog().entry(&self.volume, position)
    }

    fn position_of(&self, path: &str) -> Option<u64> {
        self.catalog().tree.find(path)
    }

    /// A SquashFS is written once and in full: nothing of it is free.
    fn unallocated(&self) -> Result<Source> {
        Ok(Arc::new(Vec::new()))
    }

    fn issues(&self) -> Vec<Issue> {
        self.catalog();
        self.volume.issues.list()
    }
}
