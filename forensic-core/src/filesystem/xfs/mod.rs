//! XFS: every inode that the allocation groups list, joined with the directories.
//!
//! Written from *XFS Algorithms & Data Structures* (3rd edition, the XFS developers,
//! <https://cdn.kernel.org/pub/linux/utils/fs/xfs/docs/xfs_filesystem_structure.pdf>). A reader of our own: of the permissive crates,
//! `xfs-core` 0.1.6 takes the whole volume as one slice in memory, knows no attributes and nothing that was deleted, and gives
//! contents without their places; `xfs-fuse` 0.7.1 is a FUSE server, not a library.

mod attributes;
mod btree;
mod catalog;
mod checksum;
mod directory;
mod entry;
mod extents;
mod group;
mod history;
mod inode;
mod log;
mod recover;
mod scan;
mod space;
mod superblock;

use super::{Cap, Entry, FileSystem, Reader, posix};
use crate::{
    bytes::{Cached, Extents, ReadAt, Source},
    error::{Error, Issue, IssueLog, Result},
    hash::hex,
    limits::Limits,
};
use catalog::Catalog;
use space::FreeSpace;
use std::sync::{Arc, OnceLock};
use superblock::Superblock;
pub(super) use superblock::has_copy;

/// Bytes of metadata kept in memory.
const CACHE: u64 = 16 << 20;

const CAPS: &[Cap] = &[
    Cap::Deleted,
    Cap::Orphans,
    Cap::Unlisted,
    Cap::Extents,
    Cap::Slack,
    Cap::Unallocated,
    Cap::HardLinks,
    Cap::Symlinks,
];

/// This reader, for the list of all.
pub(super) const READER: Reader = Reader { family: "xfs", kinds: &["xfs"], caps: CAPS, open };

/// Opens the XFS volume that `source` holds.
///
/// # Errors
/// Where neither the first superblock nor a copy can be read.
fn open(source: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let issues = IssueLog::new(limits.issues);
    let (superblock, error) = Superblock::read(&source)?;
    error.iter().for_each(|error| issues.push(Issue::from(error)));
    if superblock.needs_repair {
        let message = "the filesystem was marked as in need of repair";
        issues.push(Issue::new(source.medium_offset(0), "XFS superblock", message));
    }
    let metadata: Source = Arc::new(Cached::new(source.clone(), CACHE));
    let volume = Volume { source, metadata, superblock, limits: limits.clone(), issues };
    Ok(Arc::new(Xfs { volume, catalog: OnceLock::new(), space: OnceLock::new() }))
}

/// What all rooms need: the bytes, how they are laid out, and where to report damage.
struct Volume {
    source: Source,
    /// The same through a cache, for structures.
    metadata: Source,
    superblock: Superblock,
    limits: Limits,
    issues: IssueLog,
}

impl Volume {
    fn issue(&self, error: &Error) {
        self.issues.push(Issue::from(error));
    }

    /// Reads a structure; errors give its place on the medium.
    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        self.metadata.read_vec(offset, length)
    }
}

/// An XFS volume.
struct Xfs {
    volume: Volume,
    catalog: OnceLock<Catalog>,
    space: OnceLock<FreeSpace>,
}

impl Xfs {
    fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(|| Catalog::build(&self.volume))
    }

    fn space(&self) -> &FreeSpace {
        self.space.get_or_init(|| FreeSpace::read(&self.volume))
    }
}

impl FileSystem for Xfs {
    fn kind(&self) -> &'static str {
        "xfs"
    }

    fn label(&self) -> String {
        posix::name(&self.volume.superblock.label)
    }

    fn serial(&self) -> String {
        hex::encode(&self.volume.superblock.uuid)
    }

    fn volume(&self) -> Source {
        self.volume.source.clone()
    }

    fn size(&self) -> u64 {
        let superblock = &self.volume.superblock;
        superblock.blocks.saturating_mul(u64::from(superblock.block_size))
    }

    fn cluster_size(&self) -> u32 {
        self.volume.superblock.block_size
    }

    fn entry_count(&self) -> u64 {
        self.catalog().tree.len()
    }

    fn entry_at(&self, position: u64) -> Option<Entry> {
        self.catalog().entry(&self.volume, self.space(), position)
    }

    fn position_of(&self, path: &str) -> Option<u64> {
        self.catalog().tree.find(path)
    }

    fn unallocated(&self) -> Result<Source> {
        Ok(Arc::new(Extents::new(self.volume.source.clone(), self.space().runs())))
    }

    fn issues(&self) -> Vec<Issue> {
        self.catalog();
        self.volume.issues.list()
    }
}
