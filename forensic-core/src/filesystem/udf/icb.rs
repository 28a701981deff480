//! File entries and where their content lies (ECMA-167, 4/14.6 to 4/14.17).

use super::{
    Volume,
    layout::{Address, Extent},
    tag::{self, id},
    text,
};
use crate::{
    bytes::{Extents, Fields, ReadAt, Run, Source},
    error::{Error, Issue, Result},
    filesystem::{
        model::{Time, TimestampKind},
        stored::Resident,
    },
};
use std::sync::Arc;

pub(super) const STRUCTURE: &str = "file entry";
const ALLOCATION_EXTENT: &str = "allocation extent descriptor";
/// Descriptors that continue those of one file.
const MOST_CONTINUATIONS: u32 = 4096;
/// Entries of a chain of indirect entries.
const MOST_INDIRECT: u32 = 64;

/// File types (4/14.6.6).
pub(super) mod kind {
    pub(in super::super) const DIRECTORY: u8 = 4;
    pub(in super::super) const FILE: u8 = 5;
    pub(in super::super) const BLOCK_DEVICE: u8 = 6;
    pub(in super::super) const CHARACTER_DEVICE: u8 = 7;
    pub(in super::super) const PIPE: u8 = 9;
    pub(in super::super) const SOCKET: u8 = 10;
    pub(in super::super) const SYMLINK: u8 = 12;
    pub(in super::super) const STREAM_DIRECTORY: u8 = 13;
    pub(in super::super) const REAL_TIME: u8 = 249;
}

/// A file entry or extended file entry.
#[derive(Debug, Clone)]
pub(super) struct FileEntry {
    pub(super) kind: u8,
    /// Flags of the ICB tag.
    pub(super) flags: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) permissions: u32,
    pub(super) links: u16,
    pub(super) size: u64,
    pub(super) unique_id: u64,
    pub(super) times: Vec<(TimestampKind, Time)>,
    /// The directory of named streams.
    pub(super) streams: Option<Extent>,
    /// Allocation descriptors, or the content itself.
    descriptors: Box<[u8]>,
    /// Byte offset of `descriptors` in the entry.
    descriptors_at: u64,
    /// Byte offset of the entry on the medium.
    pub(super) at: u64,
    pub(super) issue: Option<Issue>,
}

/// The content of a file.
pub(super) struct Content {
    pub(super) source: Source,
    /// Where it lies in the volume; empty where it stands in the entry itself.
    pub(super) runs: Vec<Run>,
    /// What is allocated behind the end of the file.
    pub(super) behind: Vec<Run>,
    pub(super) is_embedded: bool,
    /// What was mended to read it.
    pub(super) issue: Option<Issue>,
}

impl FileEntry {
    /// The entry in `bytes`, which stand at byte `at` of the medium.
    pub(super) fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let (tag, issue) = tag::check(bytes, STRUCTURE, at, &[id::FILE_ENTRY, id::EXTENDED_FILE_ENTRY])?;
        let fields = Fields::new(bytes, STRUCTURE, at);
        let extended = tag == id::EXTENDED_FILE_ENTRY;
        let (times, unique_id, lengths): (&[(usize, TimestampKind)], usize, usize) = match extended {
            false => (
                &[(84, TimestampKind::Modified), (72, TimestampKind::Accessed), (96, TimestampKind::Changed)],
                160,
                168,
            ),
            true => (
                &[
                    (92, TimestampKind::Modified),
                    (80, TimestampKind::Accessed),
                    (116, TimestampKind::Changed),
                    (104, TimestampKind::Created),
                ],
                200,
                208,
            ),
        };
        let times =
            times.iter().filter_map(|(offset, kind)| Some((*kind, text::time(fields.bytes(*offset, 12).ok()?)?)));
        let attributes = usize::try_from(fields.u32(lengths)?).unwrap_or(usize::MAX);
        let length = usize::try_from(fields.u32(lengths.saturating_add(4))?).unwrap_or(usize::MAX);
        let start = lengths.saturating_add(8).saturating_add(attributes);
        let streams =
            if extended { Some(Extent::long(&fields, 152)?).filter(|extent| extent.length & LENGTH > 0) } else { None };
        Ok(Self {
            kind: fields.u8(27)?,
            flags: fields.u16(34)?,
            uid: fields.u32(36)?,
            gid: fields.u32(40)?,
            permissions: fields.u32(44)?,
            links: fields.u16(48)?,
            size: fields.u64(56)?,
            unique_id: fields.u64(unique_id)?,
            times: times.collect(),
            streams,
            descriptors: fields.bytes(start, length)?.into(),
            descriptors_at: start as u64,
            at,
            issue,
        })
    }

    /// Reads the entry at an address; of a chain of entries the last, which is the newest.
    pub(super) fn read(volume: &Volume, address: Address) -> Result<Self> {
        let mut address = address;
        let mut newest = Self::read_one(volume, address)?;
        for _ in 0..MOST_INDIRECT {
            // Only strategy 4096 goes on, in the block behind.
            if newest.1 != 4096 {
                break;
            }
            let behind = Address { block: address.block.saturating_add(1), ..address };
            let Ok((bytes, at)) = volume.block(behind) else { break };
            if tag::check(&bytes, "indirect entry", at, &[id::INDIRECT_ENTRY]).is_err() {
                break;
            }
            address = Extent::long(&Fields::new(&bytes, "indirect entry", at), 36)?.at;
            match Self::read_one(volume, address) {
                Ok(entry) => newest = entry,
                Err(_) => break,
            }
        }
        Ok(newest.0)
    }

    fn read_one(volume: &Volume, address: Address) -> Result<(Self, u16)> {
        let (bytes, at) = volume.block(address)?;
        let strategy = Fields::new(&bytes, STRUCTURE, at).u16(20)?;
        Ok((Self::parse(&bytes, at)?, strategy))
    }

    pub(super) fn is_directory(&self) -> bool {
        self.kind == kind::DIRECTORY
    }

    /// The content of the file, whose entry is at `address`.
    ///
    /// # Errors
    /// Where an allocation descriptor leads nowhere; [`Error::Limit`] for too many of them.
    pub(super) fn content(&self, volume: &Volume, address: Address) -> Result<Content> {
        self.content_by(volume, address, &|partition| volume.partition(partition))
    }

    /// The same for a file whose descriptors all speak of one partition.
    pub(super) fn content_in(&self, volume: &Volume, partition: &Extents, address: Address) -> Result<Content> {
        self.content_by(volume, address, &|_| Ok(partition))
    }

    fn content_by<'a>(
        &self,
        volume: &Volume,
        address: Address,
        partition: &dyn Fn(u16) -> Result<&'a Extents>,
    ) -> Result<Content> {
        if self.flags & 7 == 3 {
            let end = usize::try_from(self.size).unwrap_or(usize::MAX);
            let bytes = self.descriptors.get(..end).ok_or_else(|| {
                let found = format!("{} bytes in the entry", self.descriptors.len());
                Error::corrupt(STRUCTURE, self.at, format!("{} bytes of content", self.size), found)
            })?;
            let within = Arc::new(partition(address.partition)?.clone());
            let offset =
                u64::from(address.block).saturating_mul(volume.block_size()).saturating_add(self.descriptors_at);
            let source = Arc::new(Resident { bytes: bytes.into(), within, offset });
            return Ok(Content { source, runs: Vec::new(), behind: Vec::new(), is_embedded: true, issue: None });
        }
        let mut runs = Descriptors { volume, entry: self, partition, partition_of_short: address.partition }.runs()?;
        let total = runs.iter().fold(0u64, |sum, run| sum.saturating_add(run.length));
        let missing = self.size.saturating_sub(total);
        let mut issue = None;
        if missing > 0 {
            let expected = format!("allocation descriptors of {} bytes", self.size);
            let short = Error::corrupt(STRUCTURE, self.at, expected, format!("{total} bytes"));
            // Linux may leave the last extent shorter than the file, which goes on to the end of its block.
            match runs.last_mut() {
                Some(last)
                    if last.length.next_multiple_of(volume.block_size()) >= last.length.saturating_add(missing) =>
                {
                    last.length = last.length.saturating_add(missing);
                    issue = Some(Issue::from(&short));
                }
                _ => return Err(short),
            }
        }
        let whole = Extents::new(volume.source.clone(), runs);
        let total = whole.len();
        let behind = whole.runs_of(self.size, total.saturating_sub(self.size));
        let content = whole.truncated(self.size);
        let runs = content.runs().collect();
        Ok(Content { source: Arc::new(content), runs, behind, is_embedded: false, issue })
    }
}

/// The bits of a length that are its length, and the value of the others.
const LENGTH: u32 = 0x3fff_ffff;

/// The allocation descriptors of a file.
struct Descriptors<'v, 'a> {
    volume: &'v Volume,
    entry: &'v FileEntry,
    partition: &'v dyn Fn(u16) -> Result<&'a Extents>,
    partition_of_short: u16,
}

impl Descriptors<'_, '_> {
    fn runs(&self) -> Result<Vec<Run>> {
        let mut runs: Vec<Run> = Vec::new();
        let mut list = self.entry.descriptors.to_vec();
        let mut at = self.entry.at.saturating_add(self.entry.descriptors_at);
        for _ in 0..MOST_CONTINUATIONS {
            let Some(next) = self.list(&list, at, &mut runs)? else { return Ok(runs) };
            (list, at) = self.continuation(next)?;
        }
        let (offset, limit) = (self.entry.at, u64::from(MOST_CONTINUATIONS));
        let found = limit.saturating_add(1);
        Err(Error::Limit { structure: ALLOCATION_EXTENT, offset, found, limit, unit: "descriptors of one file" })
    }

    /// Adds the runs of one list; gives the extent where it continues.
    fn list(&self, list: &[u8], at: u64, runs: &mut Vec<Run>) -> Result<Option<Extent>> {
        let size = match self.entry.flags & 7 {
            0 => 8usize,
            1 => 16,
            2 => 20,
            other => return Err(Error::unsupported(format!("UDF allocation descriptors of type {other}"))),
        };
        let fields = Fields::new(list, "allocation descriptor", at);
        for offset in (0..list.len()).step_by(size).take_while(|offset| offset.saturating_add(size) <= list.len()) {
            let extent = match size {
                8 => {
                    let at =
                        Address { block: fields.u32(offset.saturating_add(4))?, partition: self.partition_of_short };
                    Extent { length: fields.u32(offset)?, at }
                }
                16 => Extent::long(&fields, offset)?,
                _ => {
                    let place = offset.saturating_add(12);
                    let at = Address { block: fields.u32(place)?, partition: fields.u16(place.saturating_add(4))? };
                    Extent { length: fields.u32(offset)?, at }
                }
            };
            let length = u64::from(extent.length & LENGTH);
            if length == 0 {
                return Ok(None);
            }
            if runs.len() >= self.volume.limits.runs {
                let limit = self.volume.limits.runs as u64;
                let (structure, found) = ("allocation descriptor", limit.saturating_add(1));
                return Err(Error::Limit { structure, offset: at, found, limit, unit: "extents" });
            }
            match extent.length >> 30 {
                0 => self.add(extent.at, length, at, runs)?,
                3 => return Ok(Some(extent)),
                // Allocated or not, what was not recorded reads as zeros.
                _ => runs.push(Run::sparse(length)),
            }
        }
        Ok(None)
    }

    fn add(&self, place: Address, length: u64, at: u64, runs: &mut Vec<Run>) -> Result<()> {
        let partition = (self.partition)(place.partition)?;
        let start = u64::from(place.block).saturating_mul(self.volume.block_size());
        let found = partition.runs_of(start, length);
        let covered = found.iter().fold(0u64, |sum, run| sum.saturating_add(run.length));
        if covered < length {
            let expected = format!("an extent within the {} bytes of its partition", partition.len());
            let found = format!("{length} bytes from block {} on", place.block);
            return Err(Error::corrupt("allocation descriptor", at, expected, found));
        }
        runs.extend(found);
        Ok(())
    }

    /// The descriptors of an allocation extent.
    fn continuation(&self, extent: Extent) -> Result<(Vec<u8>, u64)> {
        let partition = (self.partition)(extent.at.partition)?;
        let start = u64::from(extent.at.block).saturating_mul(self.volume.block_size());
        let length = u64::from(extent.length & LENGTH).min(self.volume.block_size());
        let bytes = partition.read_vec(start, length)?;
        let at = partition.locate(start, 1).first().and_then(|extent| extent.offset).unwrap_or(start);
        let (_, issue) = tag::check(&bytes, ALLOCATION_EXTENT, at, &[id::ALLOCATION_EXTENT])?;
        issue.into_iter().for_each(|issue| self.volume.issues.push(issue));
        let fields = Fields::new(&bytes, ALLOCATION_EXTENT, at);
        let length = usize::try_from(fields.u32(20)?).unwrap_or(usize::MAX);
        Ok((fields.bytes(24, length)?.to_vec(), at.saturating_add(24)))
    }
}
