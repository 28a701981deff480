//! F2FS (Linux's documentation of F2FS, "On-disk Layout"; C. Lee et al., "F2FS: A New File System for Flash Storage", FAST '15).
//!
//! Written here: no crate that reads F2FS was found on crates.io under a permissive licence.
//!
//! What was synced after the last checkpoint of a volume that was not unmounted is not rolled forward.

mod catalog;
mod checkpoint;
mod content;
mod dentry;
mod entry;
mod former;
mod nat;
mod node;
mod segment;
mod superblock;
mod xattr;

use super::{Cap, Entry, FileSystem, Reader, allocation::FreeRuns};
use crate::{
    bytes::{Cached, Extents, ReadAt, Source},
    error::{Error, Issue, IssueLog, Result},
    hash::hex,
    limits::Limits,
};
use catalog::Catalog;
use checkpoint::Checkpoint;
use node::Inode;
use std::sync::{Arc, OnceLock};
use superblock::{BLOCK, Superblock};

/// Bytes of metadata kept in memory, and bytes read at once.
const CACHE: u64 = 8 << 20;
const PAGE: u64 = 64 << 10;

const CAPS: &[Cap] = &[
    Cap::Deleted,
    Cap::Orphans,
    Cap::Unlisted,
    Cap::Extents,
    Cap::Slack,
    Cap::Unallocated,
    Cap::HardLinks,
    Cap::Compression,
    Cap::Symlinks,
];

/// The reader of F2FS.
pub(super) const READER: Reader = Reader { family: "f2fs", kinds: &["f2fs"], caps: CAPS, open };

/// Opens the F2FS volume that `source` holds.
///
/// # Errors
/// Where neither superblock makes sense, or neither checkpoint is valid.
fn open(source: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let issues = IssueLog::new(limits.issues);
    let (superblock, error) = Superblock::read(&source)?;
    error.iter().for_each(|error| issues.push(Issue::from(error)));
    let (checkpoint, error) = Checkpoint::read(&source, &superblock)?;
    error.iter().for_each(|error| issues.push(Issue::from(error)));
    let metadata: Source = Arc::new(Cached::with_page_size(source.clone(), CACHE, PAGE));
    let volume = Volume { source, metadata, superblock, checkpoint, limits: limits.clone(), issues };
    Ok(Arc::new(F2fs { volume, catalog: OnceLock::new() }))
}

/// What all rooms need.
struct Volume {
    source: Source,
    /// The same behind a cache, for structures.
    metadata: Source,
    superblock: Superblock,
    checkpoint: Checkpoint,
    limits: Limits,
    issues: IssueLog,
}

impl Volume {
    fn issue(&self, error: &Error) {
        self.issues.push(Issue::from(error));
    }

    /// The place of a byte of the volume on the medium.
    fn at(&self, offset: u64) -> u64 {
        self.source.medium_offset(offset)
    }

    /// The bytes of a block of the main area.
    fn block(&self, number: u32) -> Result<Vec<u8>> {
        let at = u64::from(number).saturating_mul(BLOCK);
        if self.superblock.segment_of(number).is_none() {
            let expected = format!("a block from {} to {}", self.superblock.main, self.superblock.main_end());
            return Err(Error::corrupt("block address", self.at(0), expected, number));
        }
        self.metadata.read_vec(at, BLOCK)
    }

    /// The byte offset of a block that holds content of `inode`.
    fn data(&self, number: u32, inode: &Inode) -> Result<u64> {
        match self.superblock.segment_of(number) {
            Some(_) => Ok(u64::from(number).saturating_mul(BLOCK)),
            None => {
                let at = self.at(u64::from(inode.block).saturating_mul(BLOCK));
                let expected = format!("a block from {} to {}", self.superblock.main, self.superblock.main_end());
                Err(Error::corrupt("block address", at, expected, number))
            }
        }
    }
}

/// An F2FS volume.
struct F2fs {
    volume: Volume,
    catalog: OnceLock<Catalog>,
}

impl F2fs {
    fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(|| Catalog::build(&self.volume))
    }
}

impl FileSystem for F2fs {
    fn kind(&self) -> &'static str {
        "f2fs"
    }

    fn label(&self) -> String {
        self.volume.superblock.label.clone()
    }

    fn serial(&self) -> String {
        hex::encode(&self.volume.superblock.uuid)
    }

    fn volume(&self) -> Source {
        self.volume.source.clone()
    }

    fn size(&self) -> u64 {
        self.volume.superblock.blocks.saturating_mul(BLOCK)
    }

    fn cluster_size(&self) -> u32 {
        BLOCK as u32
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

    /// The blocks of the main area that are not in use.
    fn unallocated(&self) -> Result<Source> {
        let main = u64::from(self.volume.superblock.main);
        let blocks = self.volume.superblock.main_end().saturating_sub(main);
        let mut free = FreeRuns::new(blocks, BLOCK, main.saturating_mul(BLOCK));
        free.push(&self.catalog().usage);
        Ok(Arc::new(Extents::new(self.volume.source.clone(), free.finish())))
    }

    fn issues(&self) -> Vec<Issue> {
        self.catalog();
        self.volume.issues.list()
    }
}
