//! Evidence: a disk image in any container, opened read-only, as one medium of bytes.
//!
//! [`Evidence::open`] looks at the content, never at the name, to find the container. The folder listing is the support
//! table: one file or folder a format.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod detect;
mod ewf;
mod series;
mod split;
mod verify;

use crate::{
    bytes::{Extent, FileSource, ReadAt, Source, Tolerant, Unreadable},
    error::{Issue, IssueLog, Result},
    filesystem::FileSystem,
    limits::Limits,
    volume::{self, Volume},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

pub use verify::Verification;

/// What a container reader hands up: the medium and what the container says about it.
pub(crate) struct Container {
    /// The name of the format: "raw", "split", "ewf".
    pub(crate) format: &'static str,
    /// All bytes of the medium.
    pub(crate) medium: Source,
    /// Bytes a sector as the container says; `None` where it does not.
    pub(crate) sector_size: Option<u32>,
    /// Bytes that can be read together or not at all, from the start of the medium on: a sector, or a chunk that has one
    /// checksum. `None` for a sector.
    pub(crate) unit: Option<u32>,
    /// What the container says about the case and the acquisition.
    pub(crate) metadata: BTreeMap<String, String>,
    /// Digests stored at acquisition: algorithm in lower case to hex in lower case.
    pub(crate) stored_hashes: BTreeMap<String, String>,
    /// Ranges that could not be read when the medium was acquired.
    pub(crate) acquisition_errors: Vec<Extent>,
    /// Ranges of the medium that the container does not hold, in order and apart; reading them fails.
    pub(crate) absent: Vec<Extent>,
    /// What is wrong with the container itself, and was passed over.
    pub(crate) issues: Vec<Issue>,
}

impl Container {
    /// A container that says nothing but its bytes.
    pub(crate) fn new(format: &'static str, medium: Source) -> Self {
        Self {
            format,
            medium,
            sector_size: None,
            unit: None,
            metadata: BTreeMap::new(),
            stored_hashes: BTreeMap::new(),
            acquisition_errors: Vec::new(),
            absent: Vec::new(),
            issues: Vec::new(),
        }
    }
}

/// How to open evidence.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    unreadable: Unreadable,
    limits: Limits,
}

impl OpenOptions {
    /// The defaults: an unreadable place is an error, limits fit real media.
    pub fn new() -> Self {
        Self::default()
    }

    /// What to do about unreadable places.
    pub fn unreadable(mut self, policy: Unreadable) -> Self {
        self.unreadable = policy;
        self
    }

    /// Bounds on what the evidence may demand.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Opens the image at `path`; further segments are found beside it.
    ///
    /// # Errors
    /// See [`Evidence::open`].
    pub fn open(self, path: impl AsRef<Path>) -> Result<Evidence> {
        let path = path.as_ref();
        let first: Source = Arc::new(FileSource::open(path)?);
        self.finish(vec![(Some(path.to_owned()), first)], true)
    }

    /// Opens an image from its segment files, given in order.
    ///
    /// # Errors
    /// See [`Evidence::open`].
    pub fn open_segments<P: AsRef<Path>>(self, paths: impl IntoIterator<Item = P>) -> Result<Evidence> {
        let mut segments = Vec::new();
        for path in paths {
            let source: Source = Arc::new(FileSource::open(path.as_ref())?);
            segments.push((Some(path.as_ref().to_owned()), source));
        }
        self.finish(segments, false)
    }

    /// Opens an image held by any source: bytes in memory, a stream, a file inside other evidence.
    ///
    /// # Errors
    /// See [`Evidence::open`].
    pub fn open_source(self, source: Source) -> Result<Evidence> {
        self.finish(vec![(None, source)], false)
    }

    fn finish(self, segments: Vec<Segment>, find_more: bool) -> Result<Evidence> {
        let container = detect::open(segments, find_more, &self.limits)?;
        let issues = IssueLog::new(self.limits.issues);
        for issue in container.issues {
            issues.push(issue);
        }
        let sector_size = container.sector_size.unwrap_or(512);
        let unit = u64::from(container.unit.unwrap_or(sector_size));
        let medium = Arc::new(Tolerant::new(container.medium.clone(), self.unreadable, unit));
        Ok(Evidence(Arc::new(Inner {
            format: container.format,
            medium,
            container_medium: container.medium,
            absent: container.absent,
            sector_size,
            unit,
            metadata: container.metadata,
            stored_hashes: container.stored_hashes,
            acquisition_errors: container.acquisition_errors,
            issues,
            limits: self.limits,
            volumes: OnceLock::new(),
        })))
    }
}

/// A segment file: where it is, if it has a path, and its bytes.
pub(crate) type Segment = (Option<PathBuf>, Source);

/// A medium under examination. Cloning is cheap and shares it; all methods may be called from many threads.
///
/// ```
/// use forensic_core::{bytes::ReadAt, evidence::Evidence};
/// let medium = vec![0u8; 4096];
/// let evidence = Evidence::from_bytes(medium)?;
/// assert_eq!(evidence.format(), "raw");
/// assert_eq!(evidence.size(), 4096);
/// # Ok::<(), forensic_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Evidence(Arc<Inner>);

struct Inner {
    format: &'static str,
    medium: Arc<Tolerant>,
    /// The medium as the container gives it: unreadable places fail.
    container_medium: Source,
    absent: Vec<Extent>,
    sector_size: u32,
    unit: u64,
    metadata: BTreeMap<String, String>,
    stored_hashes: BTreeMap<String, String>,
    acquisition_errors: Vec<Extent>,
    issues: IssueLog,
    limits: Limits,
    volumes: OnceLock<Vec<Volume>>,
}

impl Evidence {
    /// Opens the image at `path` with the default [`OpenOptions`].
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a file cannot be opened, [`crate::Error::Unsupported`] for a container that is recognised but not
    /// read, [`crate::Error::Corrupt`] for a damaged one, [`crate::Error::MissingSegment`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        OpenOptions::new().open(path)
    }

    /// Opens an image held in memory.
    ///
    /// # Errors
    /// See [`Evidence::open`].
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self> {
        OpenOptions::new().open_source(Arc::new(bytes.into()))
    }

    /// The container: "raw", "split", "ewf".
    pub fn format(&self) -> &'static str {
        self.0.format
    }

    /// Bytes of the medium.
    pub fn size(&self) -> u64 {
        self.0.medium.len()
    }

    /// Bytes a sector, as the container says, otherwise 512.
    pub fn sector_size(&self) -> u32 {
        self.0.sector_size
    }

    /// What the container says about the case and the acquisition. An E01 image may give `case_number`,
    /// `evidence_number`, `description`, `examiner`, `notes`, `acquired` and `system_date` (ISO 8601, with `Z` where known
    /// to be UTC), `acquisition_version`, `platform`, `password_hash`, `model`, `serial_number`, `device_label`,
    /// `process_identifier`, `extents`, `compression` ("none", "fast", "best"), `media_type`, `is_physical`,
    /// `write_blocker`, `set_identifier`, `sectors`, `bytes_per_sector`, `sectors_per_chunk`, `chunk_size`,
    /// `error_granularity`, `segments`. What is not known is absent.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.0.metadata
    }

    /// Digests stored at acquisition, by algorithm ("md5", "sha1"), hex in lower case.
    pub fn stored_hashes(&self) -> &BTreeMap<String, String> {
        &self.0.stored_hashes
    }

    /// Ranges that could not be read: at acquisition, and since, where [`Unreadable::Zero`] replaced them.
    pub fn unreadable_ranges(&self) -> Vec<Extent> {
        let mut ranges = self.0.acquisition_errors.clone();
        ranges.extend(self.0.medium.unreadable_ranges());
        ranges.sort_unstable();
        ranges.dedup();
        ranges
    }

    /// What was passed over in the container and the partition tables so far.
    pub fn issues(&self) -> Vec<Issue> {
        self.0.issues.list()
    }

    /// The bounds this evidence was opened with.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// All bytes of the medium.
    pub fn stream(&self) -> Source {
        self.0.medium.clone()
    }

    /// The volumes of the medium and the gaps between them, in medium order. A bare filesystem is one volume with the
    /// scheme "none". Damage in a partition table is an issue; the table is read once.
    pub fn volumes(&self) -> &[Volume] {
        self.0.volumes.get_or_init(|| {
            volume::read(&self.stream(), self.sector_size(), &self.0.limits, &|issue| self.0.issues.push(issue))
        })
    }

    /// The filesystem of every volume that has one this library reads; one that cannot be opened is an issue.
    pub fn filesystems(&self) -> Vec<Arc<dyn FileSystem>> {
        let mut found = Vec::new();
        for volume in self.volumes() {
            match volume.filesystem(&self.0.limits) {
                Ok(filesystem) => found.extend(filesystem),
                Err(error) => self.0.issues.push(Issue::new(
                    volume.offset,
                    format!("filesystem of volume {}", volume.index),
                    error.to_string(),
                )),
            }
        }
        found
    }
}
