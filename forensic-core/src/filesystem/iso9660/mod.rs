//! ISO 9660 with Rock Ridge, Joliet, El Torito, zisofs and sessions (ECMA-119, 4th ed.; IEEE P1281 and P1282; the Joliet
//! specification).
//!
//! Written here, as no crate passes: `cdfs` 0.2.3 (MIT or Apache-2.0) asserts or panics at some 40 places of its parser when a
//! disc is not as it should be, reads through one cursor, and gives neither extents nor a second tree.

mod catalog;
mod date;
mod descriptor;
mod el_torito;
mod entry;
mod path_table;
mod record;
mod sectors;
mod session;
mod space;
mod susp;
mod union;
mod walk;
mod zisofs;

use super::{Cap, Entry, FileSystem, Reader};
use crate::{
    bytes::{Cached, Extents, Fields, ReadAt, Source},
    error::{Error, Issue, IssueLog, Result},
    limits::Limits,
};
use catalog::Catalog;
use descriptor::Set;
use sectors::{FIRST_DESCRIPTOR, SECTOR, UserData};
use std::sync::{Arc, OnceLock};

/// Bytes of metadata kept in memory, and bytes read at once.
const CACHE: u64 = 4 << 20;
const PAGE: u64 = 128 << 10;

const CAPS: &[Cap] = &[
    Cap::Deleted,
    Cap::Unlisted,
    Cap::Extents,
    Cap::Slack,
    Cap::Unallocated,
    Cap::Streams,
    Cap::Compression,
    Cap::Symlinks,
];

/// True where a volume descriptor stands in sector 16 or 17, in whatever layout of sectors.
pub(super) fn probe(volume: &Source) -> bool {
    sectors::layout(volume).is_some()
}

/// The reader of ISO 9660.
pub(super) const READER: Reader = Reader { family: "iso9660", kinds: &["iso9660"], caps: CAPS, open };

/// Bytes that the disc at the start of `medium` says it has, by its primary volume descriptor.
pub(super) fn declared_size(medium: &Source) -> Option<u64> {
    let bytes = medium.read_vec(FIRST_DESCRIPTOR.saturating_mul(SECTOR), SECTOR).ok()?;
    let fields = Fields::new(&bytes, descriptor::STRUCTURE, 0);
    if fields.bytes(0, 6).ok()? != b"\x01CD001" {
        return None;
    }
    Some(u64::from(fields.u32(80).ok()?).saturating_mul(u64::from(fields.u16(128).ok()?)))
}

/// Opens the disc that `stored` holds.
///
/// # Errors
/// Where no volume descriptor leads to a directory tree.
fn open(stored: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let layout = sectors::layout(&stored).ok_or_else(|| Error::Format { what: "ISO 9660".to_owned() })?;
    let source: Source = match layout.pitch {
        SECTOR => stored.clone(),
        _ => Arc::new(UserData { stored: stored.clone(), layout }),
    };
    let metadata: Source = Arc::new(Cached::with_page_size(source.clone(), CACHE, PAGE));
    let issues = IssueLog::new(limits.issues);
    let mut volume = Volume {
        stored,
        pitch: layout.pitch,
        source,
        metadata,
        first_set: Set::default(),
        limits: limits.clone(),
        issues,
    };
    volume.first_set = Set::read(&volume, FIRST_DESCRIPTOR)?;
    Ok(Arc::new(Iso9660 { volume, catalog: OnceLock::new() }))
}

/// What all rooms need.
struct Volume {
    /// As the image holds it.
    stored: Source,
    /// Bytes a sector in it.
    pitch: u64,
    /// The user data of all sectors.
    source: Source,
    /// The same behind a cache, for structures.
    metadata: Source,
    first_set: Set,
    limits: Limits,
    issues: IssueLog,
}

impl Volume {
    fn issue(&self, error: &Error) {
        self.issues.push(Issue::from(error));
    }

    /// Sectors that are there.
    fn sectors(&self) -> u64 {
        self.source.len() / SECTOR
    }
}

/// An ISO 9660 disc.
struct Iso9660 {
    volume: Volume,
    catalog: OnceLock<Catalog>,
}

impl Iso9660 {
    fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(|| Catalog::build(&self.volume))
    }

    /// Sectors the last session says the disc has.
    fn sectors(&self) -> u64 {
        session::end(&self.catalog().set)
    }
}

impl FileSystem for Iso9660 {
    fn kind(&self) -> &'static str {
        "iso9660"
    }

    fn label(&self) -> String {
        let presented = self.catalog().walked.first();
        presented.map(|walked| walked.tree.descriptor.label.clone()).unwrap_or_default()
    }

    /// The standard has none.
    fn serial(&self) -> String {
        String::new()
    }

    fn volume(&self) -> Source {
        self.volume.stored.clone()
    }

    fn offset(&self) -> u64 {
        self.volume.stored.medium_offset(0)
    }

    fn size(&self) -> u64 {
        self.sectors().saturating_mul(self.volume.pitch)
    }

    fn cluster_size(&self) -> u32 {
        self.volume.first_set.trees.first().map_or(2048, |tree| tree.block_size)
    }

    fn entry_count(&self) -> u64 {
        self.catalog().listing.len()
    }

    fn entry_at(&self, position: u64) -> Option<Entry> {
        self.catalog().entry(&self.volume, position)
    }

    fn position_of(&self, path: &str) -> Option<u64> {
        self.catalog().listing.find(path)
    }

    /// The sectors that neither a structure nor a file of the last session owns.
    fn unallocated(&self) -> Result<Source> {
        let free = self.catalog().owned.free(self.sectors().min(self.volume.sectors()));
        Ok(Arc::new(Extents::new(self.volume.source.clone(), space::runs(free, SECTOR))))
    }

    fn issues(&self) -> Vec<Issue> {
        self.catalog();
        self.volume.issues.list()
    }
}
