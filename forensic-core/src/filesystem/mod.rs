//! Filesystems: one model of entries and streams, one trait, one folder a filesystem.
//!
//! [`open`] finds the filesystem of a volume by its content. Each reader lists live, deleted and orphan entries in one
//! deterministic order of positions, so that a listing can be resumed by a plain number and split over threads.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod allocation;
mod apfs;
mod apple;
mod attributes;
mod btrfs;
mod calendar;
mod claims;
mod clusters;
mod cross_check;
mod decmpfs;
mod exfat;
mod ext;
mod f2fs;
mod fat;
mod hfsplus;
mod incomplete;
mod iso9660;
mod lost_chain;
mod lzo;
mod model;
mod ntfs;
mod posix;
mod recognise;
mod recycle_bin;
mod squashfs;
mod stored;
mod tree;
mod udf;
mod unpack;
mod xfs;

use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::{Error, Issue, Result},
    hash::{self, Algorithm, Digests},
    limits::Limits,
    parallel,
};
use std::sync::Arc;

pub use attributes::Attributes;
pub use model::{
    Cap, CrossCheck, Difference, Entry, Kind, Recoverability, Status, Stream, StreamInfo, Time, Timestamp,
    TimestampKind, Value,
};
use recognise::recognise_telling;
pub(crate) use recognise::{optical_size, recognise};

/// Entries that a thread of `walk_parallel` reads at once.
const ENTRIES_AT_ONCE: u64 = 64;
/// Entries whose streams a thread of `walk_hashed` hashes at once: enough to fill the processor's vector lanes.
const HASHED_AT_ONCE: u64 = 512;

/// A filesystem on a volume, live and deleted.
///
/// Every method takes `&self` and may be called from many threads. Damage never ends a listing: it goes to
/// [`FileSystem::issues`] and to the entry concerned.
pub trait FileSystem: Send + Sync {
    /// One of the kinds of [`readers`]: "fat12", "ntfs", "ext4".
    fn kind(&self) -> &'static str;

    /// The volume label; empty where there is none.
    fn label(&self) -> String;

    /// The volume serial number as the system prints it, in lower-case hex; empty where there is none.
    fn serial(&self) -> String;

    /// The volume it lies on, all of it.
    fn volume(&self) -> Source;

    /// Byte offset of the filesystem on the medium.
    fn offset(&self) -> u64 {
        self.volume().medium_offset(0)
    }

    /// Bytes the filesystem says it spans.
    fn size(&self) -> u64;

    /// Bytes a cluster.
    fn cluster_size(&self) -> u32;

    /// What this reader can tell, so that "none found" and "not implemented" differ.
    fn caps(&self) -> &'static [Cap] {
        reader(self.kind()).map_or(&[], |reader| reader.caps)
    }

    /// Number of entries: the positions that [`FileSystem::entry_at`] takes. The first call reads all metadata,
    /// O(records); later ones are free.
    fn entry_count(&self) -> u64;

    /// The entry at a position of the listing; `None` past its end. The root's children come first, then theirs, level
    /// by level; orphans last. The order is the same each time.
    fn entry_at(&self, position: u64) -> Option<Entry>;

    /// The position of the entry with this path; of several (a deleted file and its successor) the allocated one.
    fn position_of(&self, path: &str) -> Option<u64>;

    /// All unallocated clusters, in volume order, as one stream.
    ///
    /// # Errors
    /// Where the allocation table cannot be read.
    fn unallocated(&self) -> Result<Source>;

    /// Volume slack: the bytes of the volume behind the end of the filesystem. Empty where there are none.
    fn slack(&self) -> Source {
        let volume = self.volume();
        let size = self.size().min(volume.len());
        let behind = volume.len().saturating_sub(size);
        Arc::new(Extents::new(volume, [Run::new(size, behind)]))
    }

    /// What could not be read so far, in order of offset.
    fn issues(&self) -> Vec<Issue>;

    /// Reads the volume with an independent second reader and compares the live listing and contents.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there is no second reader (no [`Cap::CrossCheck`]); where it cannot open the volume at
    /// all.
    fn cross_check(&self) -> Result<CrossCheck> {
        Err(Error::unsupported(format!("a second reader of {}", self.kind())))
    }
}

impl dyn FileSystem {
    /// The entries in listing order, of all positions or some; without deleted, orphan and unlisted ones if so wished.
    pub fn walk(self: &Arc<Self>, options: WalkOptions) -> Walk {
        Walk { filesystem: self.clone(), next: options.start, options }
    }

    /// The same walk on `threads` threads (`None`: as many as the machine runs at once): `visit` is given each entry on
    /// this thread, in listing order, and ends the walk by an error. The answer is the same on any number of threads.
    ///
    /// # Errors
    /// What `visit` returns.
    pub fn walk_parallel(
        self: &Arc<Self>,
        options: WalkOptions,
        threads: Option<usize>,
        mut visit: impl FnMut(Entry) -> Result<()>,
    ) -> Result<()> {
        if parallel::threads_to_start(threads) == 0 {
            return self.walk(options).try_for_each(visit);
        }
        self.walk_in_parts(
            options,
            threads,
            ENTRIES_AT_ONCE,
            |entries| entries,
            |entries| entries.into_iter().try_for_each(&mut visit),
        )
    }

    /// The same walk with the digests of each entry's streams, in their order: the fast way to hash all of a filesystem.
    /// What is listed by a thread is hashed by it, many streams at once ([`hash::hash_many`]), while others list and hash
    /// what comes behind. The digest of a stream that cannot be read is the error.
    ///
    /// # Errors
    /// What `visit` returns.
    pub fn walk_hashed(
        self: &Arc<Self>,
        options: WalkOptions,
        algorithms: &[Algorithm],
        threads: Option<usize>,
        mut visit: impl FnMut(Entry, Vec<Result<Digests>>) -> Result<()>,
    ) -> Result<()> {
        let digest = |entries: Vec<Entry>| {
            let mut sources: Vec<Source> = Vec::with_capacity(entries.len());
            let streams = entries.iter().flat_map(|entry| &entry.streams);
            let opened: Vec<Result<()>> =
                streams.map(|stream| stream.open().map(|source| sources.push(source))).collect();
            let mut digests = hash::hash_many(&sources, algorithms, Some(1)).into_iter();
            let digests: Vec<_> = opened
                .into_iter()
                .map(|stream| stream.and_then(|()| digests.next().unwrap_or_else(|| Ok(Digests::default()))))
                .collect();
            (entries, digests)
        };
        self.walk_in_parts(options, threads, HASHED_AT_ONCE, digest, |(entries, digests)| {
            let mut digests = digests.into_iter();
            entries.into_iter().try_for_each(|entry| {
                let own = digests.by_ref().take(entry.streams.len()).collect();
                visit(entry, own)
            })
        })
    }

    /// Walks in parts of so many positions: `work` is done on any thread, `visit` on this one, in listing order.
    fn walk_in_parts<T: Send>(
        self: &Arc<Self>,
        options: WalkOptions,
        threads: Option<usize>,
        positions: u64,
        work: impl Fn(Vec<Entry>) -> T + Sync,
        mut visit: impl FnMut(T) -> Result<()>,
    ) -> Result<()> {
        let end = options.end.min(self.entry_count());
        let count = end.saturating_sub(options.start).div_ceil(positions);
        let part = |number: u64| {
            let start = options.start.saturating_add(number.saturating_mul(positions));
            let options = WalkOptions { start, end: start.saturating_add(positions).min(end), ..options };
            work(self.walk(options).collect())
        };
        // This thread is one of them.
        let further = parallel::threads_to_start(threads).saturating_sub(1);
        parallel::in_order(count, further, part, |_, done| visit(done))
    }

    /// The entry with this path ("/DCIM/IMG_1.JPG").
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn entry(&self, path: &str) -> Result<Entry> {
        self.position_of(path)
            .and_then(|position| self.entry_at(position))
            .ok_or_else(|| Error::NotFound { what: format!("entry {path:?}") })
    }
}

/// What a [`Walk`] lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkOptions {
    /// Also deleted and orphan entries (the default).
    pub deleted: bool,
    /// The position to begin at: [`Walk::cursor`] of an earlier walk.
    pub start: u64,
    /// The position to end before (default: none). Walks over parts of the positions can run on different threads.
    pub end: u64,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self { deleted: true, start: 0, end: u64::MAX }
    }
}

/// Iterates over the entries of a filesystem; see [`FileSystem::entry_at`] for the order.
pub struct Walk {
    filesystem: Arc<dyn FileSystem>,
    options: WalkOptions,
    next: u64,
}

impl Walk {
    /// The position to resume at.
    pub fn cursor(&self) -> u64 {
        self.next
    }
}

impl Iterator for Walk {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        while self.next < self.options.end {
            // Given back as it came: an entry is large, and moved once less so.
            let entry = self.filesystem.entry_at(self.next);
            let Some(status) = entry.as_ref().map(|entry| entry.status) else { break };
            self.next = self.next.saturating_add(1);
            if self.options.deleted || status.is_live() {
                return entry;
            }
        }
        None
    }
}

/// A reader of this library: which filesystems it reads, and what it can tell of them.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Reader {
    /// The filesystem or family as it is recognised: "fat", "ntfs".
    pub family: &'static str,
    /// What [`FileSystem::kind`] can be: "fat12", "fat16", "fat32".
    pub kinds: &'static [&'static str],
    /// What [`FileSystem::caps`] are.
    pub caps: &'static [Cap],
    open: fn(Source, &Limits) -> Result<Arc<dyn FileSystem>>,
}

/// The readers, by family.
const READERS: &[Reader] = &[
    apfs::READER,
    btrfs::READER,
    exfat::READER,
    ext::READER,
    f2fs::READER,
    fat::READER,
    hfsplus::READER,
    iso9660::READER,
    ntfs::READER,
    squashfs::READER,
    udf::READER,
    xfs::READER,
];

/// All readers, by family.
///
/// ```
/// use forensic_core::filesystem::{Cap, readers};
/// assert!(readers().iter().any(|reader| reader.kinds.contains(&"ntfs") && reader.caps.contains(&Cap::Streams)));
/// ```
pub fn readers() -> &'static [Reader] {
    READERS
}

/// Names of filesystems, encrypted ones among them, that are recognised and not read.
pub fn recognised_only() -> Vec<&'static str> {
    let mut names: Vec<&str> = recognise::families().filter(|family| reader(family).is_none()).collect();
    names.dedup();
    names
}

fn reader(name: &str) -> Option<&'static Reader> {
    READERS.iter().find(|reader| reader.family == name || reader.kinds.contains(&name))
}

/// Opens the filesystem that `volume` holds; `None` where none is recognised.
///
/// # Errors
/// [`Error::Unsupported`] for a filesystem that is recognised but not read, [`Error::Corrupt`] for one too damaged;
/// [`Error::Unreadable`] where none is recognised, and the place of a signature cannot be read.
pub fn open(volume: Source, limits: &Limits) -> Result<Option<Arc<dyn FileSystem>>> {
    let mut failed = None;
    let found = recognise_telling(&volume, &mut failed);
    // What cannot be read at once may be readable at the second attempt.
    let found = found.or_else(|| failed.is_some().then(|| recognise(&volume)).flatten());
    let Some(name) = found else {
        let inferred = fat::open_without_boot_sector(volume, limits)?;
        return inferred.map_or_else(|| failed.map_or(Ok(None), Err), |filesystem| Ok(Some(filesystem)));
    };
    match reader(name) {
        Some(reader) => (reader.open)(volume, limits).map(Some),
        None => Err(Error::unsupported(format!("filesystem {name}"))),
    }
}
