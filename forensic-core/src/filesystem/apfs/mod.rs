//! APFS: every name of every volume of a container, and what older nodes still tell of deleted ones.
//!
//! Written from Apple's "Apple File System Reference" (2020-06-22). A reader of our own: of the crates, `apfs` 0.4.1 (MIT)
//! and `apfs-core` 0.2.6 (Apache-2.0) read through `&mut` of a `Read + Seek` and know no deleted file; the first gives
//! the bytes of a path but not where they lie, and reads one volume only.
//!
//! A container with one volume is listed as that volume; of several, each is a directory of the root, by its name. Names
//! are given as stored. The newest whole checkpoint counts. Of snapshots, which are issues by name, those files are listed
//! that were deleted since.

mod btree;
mod entry;
mod inode;
mod listing;
mod object;
mod omap;
mod records;
mod search;
mod space;
mod stream;
mod superblock;
mod tree;
mod volume;

use super::{Cap, Entry, FileSystem, Reader, allocation::Allocation};
use crate::{
    bytes::{Extents, ReadAt, Source},
    error::{Error, Issue, IssueLog, Result},
    limits::Limits,
};
use listing::Listing;
use omap::ObjectMap;
use records::{Record, Records};
use std::sync::{Arc, OnceLock};
use superblock::Superblock;
use volume::Volume;

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

pub(super) const READER: Reader = Reader { family: "apfs", kinds: &["apfs"], caps: CAPS, open };

/// Opens the container that `source` holds.
///
/// # Errors
/// Where no superblock can be read; [`Error::Unsupported`] for a fusion drive, and where all volumes are encrypted.
fn open(source: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let issues = IssueLog::new(limits.issues);
    let mut checkpoints = superblock::checkpoints(&source, limits, &issues)?.into_iter();
    let Some(superblock) = checkpoints.next() else { return Err(Error::unsupported("an APFS container without one")) };
    if superblock.is_fusion {
        return Err(Error::unsupported("a fusion drive (APFS on two devices)"));
    }
    let block_size = superblock.block_size;
    let container =
        Container { source, block_size, superblock, older: checkpoints.collect(), limits: limits.clone(), issues };
    let size = container.size();
    if size > container.source.len() {
        let message = format!("the container has {} bytes and should have {size}", container.source.len());
        container.issues.push(Issue::new(container.medium_of(0), "APFS container superblock", message));
    }
    let mut volumes = container.volumes_of(&container.superblock, false, &mut |_| {});
    let mut refused = Vec::new();
    for volume in volumes.iter_mut().filter(|volume| !volume.is_plain()) {
        volume.load(&container, &mut |_| {});
        refused.extend(volume.encryption(&container));
    }
    if refused.len() == volumes.len()
        && let Some(error) = refused.pop()
    {
        return Err(error);
    }
    let names = volumes.iter().map(|volume| volume.name.as_str()).collect::<Vec<_>>().join(", ");
    Ok(Arc::new(Apfs { container, names, listing: OnceLock::new(), allocation: OnceLock::new() }))
}

/// True where a superblock is found behind a damaged first block.
pub(super) fn has_copy(volume: &Source) -> bool {
    superblock::find(volume).is_some()
}

/// What all rooms need: the bytes, how they are laid out, and where to report damage.
struct Container {
    source: Source,
    block_size: u32,
    superblock: Superblock,
    /// Superblocks of older checkpoints, the newest first.
    older: Vec<Superblock>,
    limits: Limits,
    issues: IssueLog,
}

impl Container {
    fn size(&self) -> u64 {
        self.byte_of(self.superblock.blocks)
    }

    /// Blocks of the container that the medium holds.
    fn held_blocks(&self) -> u64 {
        self.superblock.blocks.min(self.source.len().checked_div(self.block_size.into()).unwrap_or(0))
    }

    /// The volumes as of a checkpoint, without their object maps; `strict` as in [`Tree`](btree::Tree).
    fn volumes_of(&self, superblock: &Superblock, strict: bool, issue: &mut dyn FnMut(Error)) -> Vec<Volume> {
        let map = match ObjectMap::read(self, superblock.object_map, strict, issue) {
            Ok(map) => map,
            Err(error) => {
                issue(error);
                return Vec::new();
            }
        };
        let mut volumes = Vec::new();
        for &oid in &superblock.volumes {
            let volume = match map.find(oid, superblock.xid) {
                Some(address) => Volume::read(self, address),
                None => {
                    let at = self.medium_of(superblock.address);
                    Err(Error::corrupt("APFS object map", at, format!("volume {oid}"), "none"))
                }
            };
            match volume {
                Ok(volume) => volumes.push(volume),
                Err(error) => issue(error),
            }
        }
        volumes
    }

    /// Where a record lies on the medium.
    fn at(&self, record: &Record) -> u64 {
        self.medium_of(record.address).saturating_add(record.offset.into())
    }

    /// The blocks of an extent: the first, and the one after the last; `None` for a hole.
    fn blocks_of(&self, records: &Records, record: &Record) -> Option<(u64, u64)> {
        let (_, length, start) = inode::extent(records, record, 0).ok()?;
        let blocks = length.checked_div(self.block_size.into())?;
        (start != 0).then(|| (start, start.saturating_add(blocks)))
    }
}

/// An APFS container.
struct Apfs {
    container: Container,
    /// The names of the volumes.
    names: String,
    listing: OnceLock<Listing>,
    allocation: OnceLock<Result<Allocation>>,
}

impl Apfs {
    fn listing(&self) -> &Listing {
        self.listing.get_or_init(|| Listing::read(&self.container))
    }

    fn allocation(&self) -> &Result<Allocation> {
        self.allocation.get_or_init(|| {
            let allocation = space::allocation(&self.container, &self.listing().claims.live);
            allocation.as_ref().err().into_iter().for_each(|error| self.container.issues.push(Issue::from(error)));
            allocation
        })
    }
}

impl FileSystem for Apfs {
    fn kind(&self) -> &'static str {
        "apfs"
    }

    /// The names of the volumes.
    fn label(&self) -> String {
        self.names.clone()
    }

    fn serial(&self) -> String {
        self.container.superblock.uuid.clone()
    }

    fn volume(&self) -> Source {
        self.container.source.clone()
    }

    fn size(&self) -> u64 {
        self.container.size()
    }

    fn cluster_size(&self) -> u32 {
        self.container.block_size
    }

    fn entry_count(&self) -> u64 {
        self.listing().tree.len()
    }

    fn entry_at(&self, position: u64) -> Option<Entry> {
        self.listing().entry(&self.container, || self.allocation(), position)
    }

    fn position_of(&self, path: &str) -> Option<u64> {
        self.listing().tree.find(path)
    }

    fn unallocated(&self) -> Result<Source> {
        let runs = space::unallocated(&self.container)?;
        Ok(Arc::new(Extents::new(self.container.source.clone(), runs)))
    }

    fn issues(&self) -> Vec<Issue> {
        self.listing();
        self.container.issues.list()
    }
}
