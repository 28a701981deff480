//! ext2, ext3 and ext4: the inode tables joined with the directories, and with what the journal's area remembers of both.
//!
//! Written from the kernel's documentation of the [disk layout](https://www.kernel.org/doc/html/latest/filesystems/ext4/)
//! and of the [journal](https://www.kernel.org/doc/html/latest/filesystems/ext4/journal.html).

mod bitmap;
mod block_map;
mod catalog;
mod checksum;
mod content;
mod directory;
mod entry;
mod extent_tree;
mod folder;
mod groups;
mod history;
mod inode;
mod journal;
mod map;
mod names;
mod record;
mod recover;
mod scan;
pub(super) mod superblock;
mod sweep;
mod xattr;

use super::{Cap, Entry, FileSystem, Reader, allocation::Allocation};
use crate::{
    bytes::{Cached, Extents, Part, ReadAt, Source},
    error::{Error, Issue, IssueLog, Result},
    limits::Limits,
};
use catalog::Catalog;
use groups::Group;
use journal::Journal;
use recover::Claims;
use std::sync::{Arc, OnceLock};
use superblock::{Superblock, incompat};

/// The root directory.
const ROOT: u32 = 2;
/// Bytes of metadata kept in memory.
const CACHE: u64 = 2 << 20;
/// Bytes of it read at once: a directory's blocks stand beside blocks of content.
const PAGE: u64 = 16 << 10;

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

pub(super) const READER: Reader = Reader { family: "ext", kinds: &["ext2", "ext3", "ext4"], caps: CAPS, open };

/// Opens the ext2, ext3 or ext4 volume that `source` holds.
///
/// # Errors
/// Where no superblock can be read; [`Error::Unsupported`] for a journal without a filesystem.
fn open(source: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let issues = IssueLog::new(limits.issues);
    let (superblock, error) = Superblock::read(&source)?;
    error.iter().for_each(|error| issues.push(Issue::from(error)));
    if superblock.incompat & incompat::JOURNAL_DEV != 0 {
        return Err(Error::unsupported("the journal of an ext filesystem on another device"));
    }
    if superblock.offset(superblock.blocks) > source.len() {
        let expected = format!("{} blocks on the medium", superblock.blocks);
        let at = source.medium_offset(1024);
        issues.push(Issue::from(&Error::corrupt("ext superblock", at, expected, format!("{} bytes", source.len()))));
    }
    let groups = groups::read(&source, &superblock, limits, &issues);
    let mut volume = Volume {
        metadata: Arc::new(Cached::with_page_size(source.clone(), CACHE, PAGE)),
        current: source.clone(),
        source,
        superblock,
        groups,
        limits: limits.clone(),
        issues,
    };
    let journal = Journal::open(&volume);
    if let Some(current) = journal.as_ref().and_then(|journal| journal.replayed(&volume)) {
        volume.metadata = Arc::new(Cached::with_page_size(current.clone(), CACHE, PAGE));
        volume.groups = groups::read(&current, &volume.superblock, limits, &volume.issues);
        volume.current = current;
    }
    Ok(Arc::new(Ext { volume, journal, catalog: OnceLock::new(), claims: OnceLock::new() }))
}

/// What all rooms need: the bytes, how they are laid out, and where to report damage.
struct Volume {
    source: Source,
    /// The volume as the driver would see it: with what its journal has not yet written to its place.
    current: Source,
    /// The same with recent reads kept.
    metadata: Arc<Cached>,
    superblock: Superblock,
    groups: Vec<Group>,
    limits: Limits,
    issues: IssueLog,
}

impl Volume {
    /// The bytes of a block.
    fn block(&self, block: u64) -> Result<Part> {
        self.metadata.part(self.superblock.offset(block), u64::from(self.superblock.block_size))
    }

    /// Byte offset of a block on the medium.
    fn at_block(&self, block: u64) -> u64 {
        self.metadata.medium_offset(self.superblock.offset(block))
    }

    fn issue(&self, error: &Error) {
        self.issues.push(Issue::from(error));
    }

    /// Byte offset of an inode in the volume.
    fn inode_offset(&self, number: u32) -> Option<u64> {
        let index = number.checked_sub(1).filter(|_| number <= self.superblock.inodes)?;
        let per_group = self.superblock.inodes_per_group;
        let group = self.groups.get(index.checked_div(per_group)? as usize).filter(|group| group.inode_table != 0)?;
        let inside = u64::from(index.checked_rem(per_group)?).checked_mul(u64::from(self.superblock.inode_size))?;
        self.superblock.offset(group.inode_table).checked_add(inside)
    }

    /// Clusters (blocks, without `bigalloc`) that the volume has and the medium can hold.
    fn clusters(&self) -> u64 {
        let blocks = self.source.len().checked_div(u64::from(self.superblock.block_size)).unwrap_or(0);
        let blocks = self.superblock.blocks.min(blocks.saturating_add(1));
        self.superblock.cluster_end(blocks)
    }

    /// Blocks of group descriptors, also those reserved for more of them: the first, and how many.
    fn descriptor_blocks(&self) -> Vec<(u64, u64)> {
        let superblock = &self.superblock;
        let per_block = superblock.descriptors_per_block();
        let count = (self.groups.len() as u64).div_ceil(per_block);
        let meta = superblock.incompat & incompat::META_BG != 0;
        let plain = if meta { count.min(u64::from(superblock.first_meta_bg)) } else { count };
        let reserved = if meta { 0 } else { u64::from(superblock.reserved_gdt_blocks) };
        let mut runs = Vec::new();
        for group in 0..self.groups.len() as u64 {
            let copy = superblock.has_superblock(group);
            let start = match copy {
                true => superblock.superblock_block(group).saturating_add(1),
                false => superblock.group_start(group),
            };
            if copy {
                runs.push((start, plain.saturating_add(reserved)));
            }
            let place = group.checked_rem(per_block).unwrap_or(0);
            let own = group.checked_div(per_block).unwrap_or(0) >= u64::from(superblock.first_meta_bg);
            if meta && own && (place < 2 || place.saturating_add(1) == per_block) {
                runs.push((start, 1));
            }
        }
        runs
    }

    /// The value of an extended attribute that has an inode of its own.
    fn value(&self, number: u32, size: u32) -> Result<Vec<u8>> {
        let record = record::Record::read(self, number)?;
        if !record.inode.has(inode::flag::EA_INODE) || record.inode.size != u64::from(size) {
            let expected = format!("the value of an attribute, {size} bytes");
            return Err(Error::corrupt("inode", record.at, expected, format!("{} bytes", record.inode.size)));
        }
        let map = map::read(self, self, number, &record.inode, record.at, u64::from(size).min(1 << 12));
        let content = content::stream(self, &record, &map, &[]).open()?;
        let limit = self.limits.structure_bytes.min(1 << 20);
        if content.len() > limit {
            let (structure, offset, found) = ("extended attribute", record.at, content.len());
            return Err(Error::Limit { structure, offset, found, limit, unit: "bytes" });
        }
        content.read_vec(0, content.len())
    }
}

/// An ext2, ext3 or ext4 volume.
struct Ext {
    volume: Volume,
    journal: Option<Journal>,
    catalog: OnceLock<Catalog>,
    claims: OnceLock<(Claims, Result<Allocation>)>,
}

impl Ext {
    fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(|| Catalog::build(&self.volume, self.journal.as_ref()))
    }

    fn claims(&self) -> &(Claims, Result<Allocation>) {
        self.claims.get_or_init(|| {
            let catalog = self.catalog();
            let allocation = bitmap::allocation(&self.volume, catalog.scan.live());
            allocation.as_ref().err().into_iter().for_each(|error| self.volume.issue(error));
            (Claims::new(&self.volume, self.journal.as_ref(), catalog), allocation)
        })
    }
}

impl FileSystem for Ext {
    fn kind(&self) -> &'static str {
        self.volume.superblock.kind()
    }

    fn label(&self) -> String {
        self.volume.superblock.label.clone()
    }

    fn serial(&self) -> String {
        self.volume.superblock.uuid_text()
    }

    fn volume(&self) -> Source {
        self.volume.source.clone()
    }

    fn size(&self) -> u64 {
        self.volume.superblock.offset(self.volume.superblock.blocks)
    }

    fn cluster_size(&self) -> u32 {
        self.volume.superblock.block_size.saturating_mul(self.volume.superblock.cluster_blocks)
    }

    fn entry_count(&self) -> u64 {
        self.catalog().tree.len()
    }

    fn entry_at(&self, position: u64) -> Option<Entry> {
        entry::entry(self, position)
    }

    fn position_of(&self, path: &str) -> Option<u64> {
        self.catalog().tree.find(path)
    }

    fn unallocated(&self) -> Result<Source> {
        Ok(Arc::new(Extents::new(self.volume.source.clone(), bitmap::unallocated(&self.volume))))
    }

    fn issues(&self) -> Vec<Issue> {
        self.catalog();
        self.volume.issues.list()
    }
}
