//! UDF 1.02 to 2.60 (ECMA-167, 3rd ed.; OSTA Universal Disk Format Specification, 1.02 to 2.60).
//!
//! Written here: no crate that reads UDF was found on crates.io under a permissive licence.

mod catalog;
mod directory;
mod entry;
mod icb;
mod layout;
mod partition;
mod space;
mod tag;
mod text;

use super::{Cap, Entry, FileSystem, Reader};
use crate::{
    bytes::{Cached, Extents, Fields, ReadAt, Source},
    error::{Error, Issue, IssueLog, Result},
    limits::Limits,
};
use catalog::Catalog;
use layout::{Address, Extent, Layout};
use std::sync::{Arc, OnceLock};

/// Bytes of metadata kept in memory, and bytes read at once.
const CACHE: u64 = 4 << 20;
const PAGE: u64 = 64 << 10;

const CAPS: &[Cap] =
    &[Cap::Deleted, Cap::Extents, Cap::Slack, Cap::Unallocated, Cap::Streams, Cap::HardLinks, Cap::Symlinks];

pub(super) use layout::probe;

/// The reader of UDF.
pub(super) const READER: Reader = Reader { family: "udf", kinds: &["udf"], caps: CAPS, open };

/// Opens the UDF volume that `source` holds.
///
/// # Errors
/// Where no anchor stands, or no logical volume is described.
fn open(source: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let issues = IssueLog::new(limits.issues);
    let layout = Layout::read(&source, limits, &issues)?;
    let metadata: Source = Arc::new(Cached::with_page_size(source.clone(), CACHE, PAGE));
    let mut volume =
        Volume { source, metadata, layout, partitions: Vec::new(), root: None, limits: limits.clone(), issues };
    volume.partitions = partition::open(&volume);
    match file_set(&volume) {
        Ok(root) => volume.root = Some(root.at),
        Err(error) => volume.issue(&error),
    }
    Ok(Arc::new(Udf { volume, catalog: OnceLock::new() }))
}

/// The place of the root directory, by the file set descriptor.
fn file_set(volume: &Volume) -> Result<Extent> {
    const STRUCTURE: &str = "file set descriptor";
    let (bytes, at) = volume.block(volume.layout.file_set.at)?;
    let (_, issue) = tag::check(&bytes, STRUCTURE, at, &[tag::id::FILE_SET])?;
    issue.into_iter().for_each(|issue| volume.issues.push(issue));
    Extent::long(&Fields::new(&bytes, STRUCTURE, at), 400)
}

/// What all rooms need.
struct Volume {
    source: Source,
    /// The same behind a cache, for structures.
    metadata: Source,
    layout: Layout,
    /// The blocks of each partition, by its place in the maps.
    partitions: Vec<Result<Extents>>,
    root: Option<Address>,
    limits: Limits,
    issues: IssueLog,
}

impl Volume {
    fn issue(&self, error: &Error) {
        self.issues.push(Issue::from(error));
    }

    fn block_size(&self) -> u64 {
        u64::from(self.layout.block_size)
    }

    /// The place of a byte of the volume on the medium.
    fn at(&self, offset: u64) -> u64 {
        self.source.medium_offset(offset)
    }

    fn partition(&self, number: u16) -> Result<&Extents> {
        match self.partitions.get(usize::from(number)) {
            Some(Ok(partition)) => Ok(partition),
            Some(Err(error)) => Err(error.clone()),
            None => {
                let expected = format!("one of {} partitions", self.partitions.len());
                Err(Error::corrupt("logical block address", self.at(0), expected, number))
            }
        }
    }

    /// The byte offset of a block in the volume.
    fn block_place(&self, address: Address) -> Option<u64> {
        let start = u64::from(address.block).saturating_mul(self.block_size());
        self.partition(address.partition).ok()?.runs_of(start, 1).first()?.offset
    }

    /// The bytes of a block, and where they stand on the medium.
    fn block(&self, address: Address) -> Result<(Vec<u8>, u64)> {
        let place = self.block_place(address).ok_or_else(|| {
            let found = format!("block {} of partition {}", address.block, address.partition);
            Error::corrupt("logical block address", self.at(0), "a block of a partition", found)
        })?;
        Ok((self.metadata.read_vec(place, self.block_size())?, self.at(place)))
    }
}

/// A UDF volume.
struct Udf {
    volume: Volume,
    catalog: OnceLock<Catalog>,
}

impl Udf {
    fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(|| Catalog::build(&self.volume))
    }
}

impl FileSystem for Udf {
    fn kind(&self) -> &'static str {
        "udf"
    }

    fn label(&self) -> String {
        self.volume.layout.label.clone()
    }

    /// The first sixteen characters of the volume set identifier, which are to be unique.
    fn serial(&self) -> String {
        self.volume.layout.serial.to_lowercase()
    }

    fn volume(&self) -> Source {
        self.volume.source.clone()
    }

    /// Anchors stand at the end of the volume, wherever its partitions end.
    fn size(&self) -> u64 {
        self.volume.source.len()
    }

    fn cluster_size(&self) -> u32 {
        self.volume.layout.block_size
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

    fn unallocated(&self) -> Result<Source> {
        Ok(Arc::new(Extents::new(self.volume.source.clone(), space::free(&self.volume)?)))
    }

    fn issues(&self) -> Vec<Issue> {
        self.catalog();
        self.volume.issues.list()
    }
}
