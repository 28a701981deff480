//! Volumes: the partitions of a medium, and the gaps between them.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod apm;
mod gaps;
mod gpt;
mod mbr;
mod types;

use crate::{
    bytes::{ReadAt, Slice, Source},
    error::{Issue, Result},
    filesystem::{self, FileSystem},
    limits::Limits,
};
use std::sync::Arc;

/// Bytes by which a partition inside a disc may end behind it.
const PADDING: u64 = 1 << 20;

/// How the volumes of a medium are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Master boot record, with extended partitions.
    Mbr,
    /// GUID partition table.
    Gpt,
    /// Apple partition map.
    Apm,
    /// No partition table: the medium is one volume.
    None,
}

impl Scheme {
    /// The name used in records: `mbr`, `gpt`, `apm`, `none`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mbr => "mbr",
            Self::Gpt => "gpt",
            Self::Apm => "apm",
            Self::None => "none",
        }
    }
}

/// A partition, or a gap between partitions.
#[derive(Clone)]
#[non_exhaustive]
pub struct Volume {
    /// Position in medium order, from 0, gaps counted.
    pub index: usize,
    /// The partition table it stands in.
    pub scheme: Scheme,
    /// What the partition table says it holds: "ntfs_exfat_hpfs (0x07)" in an MBR, "microsoft_basic_data" or, for a type
    /// without a name, its GUID in a GPT, "apple_hfs" in an Apple partition map. For a medium without a table what is recognised on it, or "unknown".
    /// "unallocated" for a gap.
    pub type_name: String,
    /// Its name in the partition table; empty where it has none.
    pub label: String,
    /// Byte offset on the medium.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
    /// False for a gap.
    pub allocated: bool,
    /// Byte offset on the medium of the entry that describes it.
    pub(crate) described_at: Option<u64>,
    source: Source,
}

impl Volume {
    /// The volume at `(offset, size)` of `medium`; `None` where the medium does not reach so far.
    fn new(
        medium: &Source,
        scheme: Scheme,
        type_name: String,
        label: String,
        (offset, size): (u64, u64),
        allocated: bool,
    ) -> Option<Self> {
        let source = Arc::new(Slice::new(medium.clone(), offset, size).ok()?);
        Some(Self { index: 0, scheme, type_name, label, offset, size, allocated, described_at: None, source })
    }

    /// The bytes of the volume.
    pub fn stream(&self) -> Source {
        self.source.clone()
    }

    /// The filesystem on the volume; `None` where none is recognised.
    ///
    /// # Errors
    /// [`Error::Unsupported`](crate::Error::Unsupported) for a filesystem that is recognised but not read,
    /// [`Error::Corrupt`](crate::Error::Corrupt) for one too damaged to open.
    pub fn filesystem(&self, limits: &Limits) -> Result<Option<Arc<dyn FileSystem>>> {
        if !self.allocated {
            return Ok(None);
        }
        filesystem::open(self.stream(), limits)
    }
}

/// A partition as its table describes it; not yet cut to the medium.
struct Partition {
    scheme: Scheme,
    type_name: String,
    label: String,
    offset: u64,
    size: u64,
    /// Byte offset of its entry on the medium.
    described_at: u64,
}

/// Reads the partition table of `medium`. What is damaged is told to `issue` and passed over.
///
/// Images of discs that a machine can boot from as from a hard disk have partitions inside the disc: the disc is a volume
/// beside them.
pub(crate) fn read(medium: &Source, sector_size: u32, limits: &Limits, issue: &dyn Fn(Issue)) -> Vec<Volume> {
    let volumes = by_table(medium, sector_size, limits, issue);
    let disc = filesystem::optical_size(medium).filter(|size| is_hybrid(&volumes, *size));
    let Some(disc) = disc.map(|size| size.min(medium.len())) else { return volumes };
    issue(Issue::new(0, "partition table", format!("a disc of {disc} bytes begins in the same sector")));
    let behind = |gap: Volume| {
        let end = gap.offset.saturating_add(gap.size);
        let start = gap.offset.max(disc);
        let place = (start, end.saturating_sub(start));
        (start < end).then(|| Volume::new(medium, gap.scheme, gap.type_name, gap.label, place, false)).flatten()
    };
    let keep = |volume: Volume| if volume.allocated { Some(volume) } else { behind(volume) };
    let mut all: Vec<Volume> = volumes.into_iter().filter_map(keep).collect();
    let type_name = filesystem::recognise(medium).unwrap_or("unknown").to_owned();
    all.extend(Volume::new(medium, Scheme::None, type_name, String::new(), (0, disc), true));
    all.sort_by_key(|volume| volume.offset);
    all.into_iter().enumerate().map(|(index, volume)| Volume { index, ..volume }).collect()
}

/// True where partitions lie inside a disc of `size` bytes or behind it, and none begins where the disc does. One that begins
/// inside and ends outside was made later, and what is left of the disc is none.
fn is_hybrid(volumes: &[Volume], size: u64) -> bool {
    let mut partitions = volumes.iter().filter(|volume| volume.allocated).peekable();
    let fits = |volume: &Volume| {
        let end = volume.offset.saturating_add(volume.size);
        volume.offset > 0 && (volume.offset >= size || end <= size.saturating_add(PADDING))
    };
    partitions.peek().is_some() && partitions.all(fits)
}

/// Reads the volumes that the partition table tells.
///
/// A GPT counts where the MBR guards it or says nothing; beside an MBR with partitions of its own, or a filesystem that
/// begins in sector 0, it is a remnant. So is an Apple partition map beside either of them.
/// An MBR with no partition in it is one gap, as nothing of the medium is allocated.
fn by_table(medium: &Source, sector_size: u32, limits: &Limits, issue: &dyn Fn(Issue)) -> Vec<Volume> {
    let table = mbr::primary(medium, sector_size);
    let is_guarded = table.is_some_and(|table| table.iter().any(mbr::Entry::is_protective));
    let partitions = match &table {
        Some(table) if !is_guarded => mbr::read(medium, table, sector_size, limits, issue),
        _ => Vec::new(),
    };
    let bare = filesystem::recognise(medium).filter(|_| !is_guarded);
    let is_ours = partitions.is_empty() && (table.is_some() || !mbr::is_boot_sector(medium));
    let found = gpt::read(medium, sector_size, limits, issue);
    if let (None, false, true) = (&found, is_guarded, partitions.is_empty())
        && let Some(partitions) = apm::read(medium, limits, issue)
    {
        match bare {
            None => return spans(medium, Scheme::Apm, partitions, issue),
            Some(name) => {
                let message =
                    format!("its {} partitions are not used, as a filesystem ({name}) is there", partitions.len());
                issue(Issue::new(0, "Apple partition map", message));
            }
        }
    }
    match (found, table) {
        (Some(gpt), _) if is_guarded || (is_ours && (gpt.primary || bare.is_none())) => {
            if !is_guarded {
                issue(Issue::new(0, "GPT", "no protective partition in sector 0"));
            }
            report_hybrid(medium, table, &gpt.partitions, sector_size, limits, issue);
            spans(medium, Scheme::Gpt, gpt.partitions, issue)
        }
        (found, Some(table)) if bare.is_none() || !partitions.is_empty() || is_guarded => {
            if found.is_some() {
                issue(Issue::new(0, "GPT", "not used, as the master boot record has partitions of its own"));
            }
            if let Some(name) = bare {
                issue(Issue::new(0, "master boot record", format!("a filesystem ({name}) begins in the same sector")));
            }
            let partitions =
                if is_guarded { mbr::read(medium, &table, sector_size, limits, issue) } else { partitions };
            spans(medium, Scheme::Mbr, partitions, issue)
        }
        (found, _) => {
            if found.is_some() {
                issue(Issue::new(0, "GPT", "not used, as a filesystem begins in sector 0"));
            }
            let type_name = bare.unwrap_or("unknown").to_owned();
            Volume::new(medium, Scheme::None, type_name, String::new(), (0, medium.len()), true).into_iter().collect()
        }
    }
}

/// Partitions and gaps as volumes, in medium order.
fn spans(medium: &Source, scheme: Scheme, partitions: Vec<Partition>, issue: &dyn Fn(Issue)) -> Vec<Volume> {
    let volume = |span| match span {
        gaps::Span::Partition(p) => {
            let volume = Volume::new(medium, p.scheme, p.type_name, p.label, (p.offset, p.size), true)?;
            Some(Volume { described_at: Some(p.described_at), ..volume })
        }
        gaps::Span::Gap(offset, size) => {
            Volume::new(medium, scheme, "unallocated".to_owned(), String::new(), (offset, size), false)
        }
    };
    let found = gaps::with_gaps(partitions, medium.len(), issue).into_iter().filter_map(volume);
    found.enumerate().map(|(index, volume)| Volume { index, ..volume }).collect()
}

/// Tells of partitions that only the MBR beside a GPT has.
fn report_hybrid(
    medium: &Source,
    table: Option<[mbr::Entry; 4]>,
    partitions: &[Partition],
    sector_size: u32,
    limits: &Limits,
    issue: &dyn Fn(Issue),
) {
    let Some(table) = table else { return };
    for other in mbr::read(medium, &table, sector_size, limits, issue) {
        let known = partitions.iter().any(|partition| partition.offset == other.offset);
        if !known && other.type_name != types::mbr(0xee) {
            let message = format!("{} of {} bytes stands only in the master boot record", other.type_name, other.size);
            issue(Issue::new(other.offset, "hybrid master boot record", message));
        }
    }
}
