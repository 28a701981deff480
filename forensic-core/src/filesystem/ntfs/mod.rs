//! NTFS: every record of $MFT, live and deleted, joined with the indexes of the directories.
//!
//! Written from the [linux-ntfs documentation](https://flatcap.github.io/linux-ntfs/ntfs/) and Microsoft's [MS-FSCC] and
//! [MS-XCA].

mod attribute;
mod attribute_list;
mod bitmap;
pub(super) mod boot;
mod catalog;
mod compressed;
mod copy;
mod cross_check;
mod entry;
mod file;
mod file_name;
mod former;
mod index;
mod journal;
mod log;
mod lznt1;
mod mft;
mod mft_search;
mod names;
mod record;
mod recover;
mod remains;
mod reparse;
mod runs;
mod scan;
mod standard_information;
mod stray;
mod stream;
mod sweep;
mod trial;
mod wof;

use super::{Cap, CrossCheck, Entry, FileSystem, Reader, allocation::Allocation, recycle_bin::RecycleBin};
use crate::{
    bytes::{Extents, Source},
    error::{Issue, IssueLog, Result},
    limits::Limits,
};
use attribute::kind;
use boot::Boot;
use catalog::Catalog;
use file::File;
use mft::Mft;
use std::sync::{Arc, OnceLock};

/// The record of $Volume.
const VOLUME: u64 = 3;

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
    Cap::CrossCheck,
];

pub(super) const READER: Reader = Reader { family: "ntfs", kinds: &["ntfs"], caps: CAPS, open };

/// Opens the NTFS volume that `source` holds.
///
/// # Errors
/// Where neither the boot sector nor its backup can be read, or no MFT record can be found.
fn open(source: Source, limits: &Limits) -> Result<Arc<dyn FileSystem>> {
    let issues = IssueLog::new(limits.issues);
    let (boot, error) = Boot::read(&source)?;
    error.iter().for_each(|error| issues.push(Issue::from(error)));
    let mft = Mft::open(&source, &boot, limits, &issues)?;
    let volume = Volume { source, boot, mft, limits: limits.clone(), issues };
    Ok(Arc::new(Ntfs { volume, catalog: OnceLock::new(), recycle_bin: OnceLock::new(), allocation: OnceLock::new() }))
}

/// What all rooms need: the bytes, how they are laid out, and where to report damage.
struct Volume {
    source: Source,
    boot: Boot,
    mft: Mft,
    limits: Limits,
    issues: IssueLog,
}

/// An NTFS volume.
struct Ntfs {
    volume: Volume,
    catalog: OnceLock<Catalog>,
    recycle_bin: OnceLock<RecycleBin>,
    allocation: OnceLock<Result<Allocation>>,
}

impl Ntfs {
    fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(|| Catalog::build(&self.volume))
    }

    fn entry(&self, position: u64) -> Option<Entry> {
        self.catalog().entry(&self.volume, self.allocation(), position)
    }

    fn recycle_bin(&self) -> &RecycleBin {
        self.recycle_bin
            .get_or_init(|| RecycleBin::new(&self.catalog().tree, |position| self.entry(position)?.open("").ok()))
    }

    fn allocation(&self) -> &Result<Allocation> {
        self.allocation.get_or_init(|| {
            let allocation = bitmap::allocation(&self.volume, &self.catalog().claims.live);
            allocation.as_ref().err().into_iter().for_each(|error| self.volume.issue(error));
            allocation
        })
    }
}

impl FileSystem for Ntfs {
    fn kind(&self) -> &'static str {
        "ntfs"
    }

    fn label(&self) -> String {
        let record = File::read(&self.volume, VOLUME).ok();
        let name = record.as_ref().and_then(|record| record.first(kind::VOLUME_NAME)?.resident());
        name.map(file_name::text).unwrap_or_default()
    }

    fn serial(&self) -> String {
        format!("{:016x}", self.volume.boot.serial)
    }

    fn volume(&self) -> Source {
        self.volume.source.clone()
    }

    fn size(&self) -> u64 {
        self.volume.boot.size
    }

    fn cluster_size(&self) -> u32 {
        self.volume.boot.cluster_size
    }

    fn entry_count(&self) -> u64 {
        self.catalog().tree.len()
    }

    fn entry_at(&self, position: u64) -> Option<Entry> {
        let mut entry = self.entry(position)?;
        self.recycle_bin().describe(&self.catalog().tree, position, &mut entry);
        Some(entry)
    }

    fn position_of(&self, path: &str) -> Option<u64> {
        self.catalog().tree.find(path)
    }

    fn unallocated(&self) -> Result<Source> {
        let runs = bitmap::unallocated(&self.volume)?;
        Ok(Arc::new(Extents::new(self.volume.source.clone(), runs)))
    }

    fn issues(&self) -> Vec<Issue> {
        self.catalog();
        self.volume.issues.list()
    }

    fn cross_check(&self) -> Result<CrossCheck> {
        cross_check::run(self)
    }
}
