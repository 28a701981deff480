//! Btrfs: the filesystem trees, with subvolumes and snapshots under their paths.
//!
//! Written from the [on-disk format](https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html) of the Btrfs documentation. A
//! reader of our own: of the permissive crates, `btrfs-core` 0.1.5 takes the whole volume as one slice in memory and looks names up
//! in a single leaf; `btrfs-disk` 0.13.0 reads through `&mut self`, and gives neither contents nor places.

mod address;
mod catalog;
mod checksum;
mod checksums;
mod chunk;
mod compression;
mod entry;
mod extents;
mod item;
mod node;
mod recover;
mod space;
mod stale;
mod superblock;
mod tree;

use super::{Cap, Entry, FileSystem, Reader, posix};
use crate::{
    bytes::{Cached, Extents, Fields, ReadAt, Source},
    error::{Error, Issue, IssueLog, Result},
    hash::hex,
    limits::Limits,
};
use catalog::Catalog;
use chunk::{Chunk, Chunks};
use node::{Key, Node};
use space::Space;
use std::sync::{Arc, OnceLock};
pub(super) use superblock::has_mirror;
use superblock::{Root, Superblock};
use tree::{Go, for_each_item};

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
    Cap::Compression,
    Cap::Symlinks,
];

/// This reader, for the list of all.
pub(super) const READER: Reader = Reader { family: "btrfs", kinds: &["btrfs"], caps: CAPS, open };

/// Opens the Btrfs volume that `source` holds.
///
/// # Errors
/// Where neither the superblock nor a mirror can be read.
fn open(source: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let issues = IssueLog::new(limits.issues);
    let (superblock, error) = Superblock::read(&source)?;
    error.iter().for_each(|error| issues.push(Issue::from(error)));
    if superblock.has_log {
        let message = "the last changes stand in a log that was not replayed; they are not listed";
        issues.push(Issue::new(source.medium_offset(superblock::PLACES[0]), "Btrfs superblock", message));
    }
    let metadata: Source = Arc::new(Cached::new(source.clone(), CACHE));
    let chunks = Chunks::default();
    let limits = limits.clone();
    let (former_chunks, checksum_root) = (OnceLock::new(), OnceLock::new());
    let mut volume = Volume { source, metadata, superblock, chunks, former_chunks, limits, issues, checksum_root };
    volume.read_chunks();
    volume.find_root();
    Ok(Arc::new(Btrfs { volume: Arc::new(volume), catalog: OnceLock::new(), space: OnceLock::new() }))
}

/// What all rooms need: the bytes, how they are laid out, and where to report damage.
struct Volume {
    source: Source,
    /// The same through a cache, for structures.
    metadata: Source,
    superblock: Superblock,
    chunks: Chunks,
    /// Chunks that were given up, from former leaves.
    former_chunks: OnceLock<Chunks>,
    limits: Limits,
    issues: IssueLog,
    checksum_root: OnceLock<Option<Root>>,
}

impl Volume {
    fn issue(&self, error: &Error) {
        self.issues.push(Issue::from(error));
    }

    /// Where the root of all trees cannot be read, takes the last former one that can.
    fn find_root(&mut self) {
        let Err(error) = Node::read(self, &self.superblock.root) else { return };
        self.issue(&error);
        let former = self.superblock.former.iter().find(|root| Node::read(self, root).is_ok()).copied();
        if let Some(former) = former {
            let message = format!("the root tree as of generation {} was read instead", former.generation);
            self.issues.push(Issue::new(error.offset(), "B-tree node", message));
            self.superblock.root = former;
        }
    }

    /// Reads the chunks of the chunk tree itself from the superblock, then all others from that tree.
    fn read_chunks(&mut self) {
        let at = self.source.medium_offset(superblock::PLACES[0]).saturating_add(811);
        let bytes = self.superblock.system_chunks.clone();
        let fields = Fields::new(&bytes, "system chunk array", at);
        let mut place = 0usize;
        while place < bytes.len() {
            let chunk =
                Key::parse(&fields, place).and_then(|key| Chunk::parse(&fields, place.saturating_add(17), key.offset));
            match chunk {
                Ok((chunk, length)) => {
                    self.chunks.add(chunk);
                    place = place.saturating_add(17).saturating_add(length);
                }
                Err(error) => {
                    self.issue(&error);
                    break;
                }
            }
        }
        let mut found = Vec::new();
        for_each_item(
            self,
            &self.superblock.chunk_root,
            tree::ALL,
            |item| {
                if item.key.kind == item::kind::CHUNK {
                    match Chunk::parse(&item.fields("chunk item"), 0, item.key.offset) {
                        Ok((chunk, _)) => found.push(chunk),
                        Err(error) => self.issue(&error),
                    }
                }
                Go::On
            },
            |error| self.issue(error),
        );
        found.into_iter().for_each(|chunk| self.chunks.add(chunk));
    }
}

/// A Btrfs volume.
struct Btrfs {
    volume: Arc<Volume>,
    catalog: OnceLock<Catalog>,
    space: OnceLock<Space>,
}

impl Btrfs {
    fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(|| Catalog::build(&self.volume, self.space()))
    }

    fn space(&self) -> &Space {
        self.space.get_or_init(|| Space::read(&self.volume))
    }
}

impl FileSystem for Btrfs {
    fn kind(&self) -> &'static str {
        "btrfs"
    }

    fn label(&self) -> String {
        posix::name(&self.volume.superblock.label)
    }

    fn serial(&self) -> String {
        hex::encode(&self.volume.superblock.fsid)
    }

    fn volume(&self) -> Source {
        self.volume.source.clone()
    }

    fn size(&self) -> u64 {
        self.volume.superblock.size
    }

    fn cluster_size(&self) -> u32 {
        self.volume.superblock.sector_size
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
        let runs = self.space().runs(&self.volume);
        Ok(Arc::new(Extents::new(self.volume.source.clone(), runs)))
    }

    fn issues(&self) -> Vec<Issue> {
        self.catalog();
        self.volume.issues.list()
    }
}
