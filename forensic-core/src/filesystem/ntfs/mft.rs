//! $MFT: where its records lie, reading one, and reading all of them in order.
//!
//! Record 0 describes $MFT itself. Where $MFT is in many pieces, further records of it do, which are found through the
//! pieces known before.

use super::{
    attribute::{Body, kind},
    attribute_list,
    boot::Boot,
    mft_search,
    record::Record,
    runs::DataRuns,
};
use crate::{
    bytes::{Cached, Extents, ReadAt, Run, Source, is_zero, work_on_blocks},
    error::{Error, Issue, IssueLog, Result},
    filesystem::stored::Resident,
    limits::Limits,
    parallel,
};
use std::sync::Arc;

const STRUCTURE: &str = "$MFT";
/// Bytes read at once when all records are read, past the cache.
const BLOCK: usize = 1 << 20;
/// Bytes of records kept in memory.
const CACHE: u64 = 2 << 20;
/// $MFTMirr holds copies of at least so many records.
const MIRRORED: u64 = 4;
/// Marks the number of a record that stands outside $MFT: the rest of it is a byte offset in the volume.
const OUTSIDE: u64 = 1 << 63;

/// The number by which the record at byte `place` of the volume is known, which is none of $MFT's.
pub(super) fn outside(place: u64) -> u64 {
    OUTSIDE | place
}

/// True for the number of a record that stands outside $MFT.
pub(super) fn is_outside(number: u64) -> bool {
    number & OUTSIDE != 0
}

/// The records of a volume.
pub(super) struct Mft {
    volume: Source,
    cluster_size: u32,
    record_size: u32,
    /// The content of $MFT, cut to whole records that the medium can hold.
    records: Source,
    /// Where the copies of its first records lie, and how many there are.
    mirror: (u64, u64),
}

impl Mft {
    /// Finds $MFT through record 0, or through its copy in $MFTMirr where that is damaged, or by its records where both
    /// are.
    ///
    /// # Errors
    /// Where there is no record at all.
    pub(super) fn open(volume: &Source, boot: &Boot, limits: &Limits, issues: &IssueLog) -> Result<Self> {
        let mut mft = Self::find(volume, boot, limits, issues)?;
        // Records are asked for one by one, neighbours mostly: one read serves many.
        mft.records = Arc::new(Cached::new(mft.records, CACHE));
        Ok(mft)
    }

    fn find(volume: &Source, boot: &Boot, limits: &Limits, issues: &IssueLog) -> Result<Self> {
        let mut mft = Self {
            volume: volume.clone(),
            cluster_size: boot.cluster_size,
            record_size: boot.record_size,
            records: Arc::new(Vec::new()),
            mirror: (
                boot.mirror_cluster.saturating_mul(u64::from(boot.cluster_size)),
                MIRRORED.max(u64::from(boot.cluster_size).checked_div(u64::from(boot.record_size)).unwrap_or(0)),
            ),
        };
        let first = |cluster: u64| {
            let first = mft.first_record(cluster)?;
            let (runs, size) = mft.first_runs(&first, issues)?;
            Ok((first, runs, size))
        };
        let first = first(boot.mft_cluster).or_else(|error: Error| {
            issues.push(Issue::from(&error));
            first(boot.mirror_cluster)
        });
        let (first, mut runs, size) = match first {
            Ok(first) => first,
            Err(error) => {
                issues.push(Issue::from(&error));
                let runs = mft_search::find(volume, boot, issues)?;
                let size = runs.iter().fold(0u64, |sum, run| sum.saturating_add(run.length));
                mft.records = mft.whole_records(&runs, size, limits, issues);
                return Ok(mft);
            }
        };
        mft.records = mft.whole_records(&runs, size, limits, issues);
        let list = first.attributes().map_while(Result::ok).find(|attribute| attribute.kind == kind::ATTRIBUTE_LIST);
        if let Some(list) = list {
            let (mut listed, error) = attribute_list::read(&list, volume, boot.cluster_size);
            error.iter().for_each(|error| issues.push(Issue::from(error)));
            listed.retain(|entry| entry.kind == kind::DATA && entry.name.is_empty() && entry.lowest > 0);
            listed.sort_by_key(|entry| entry.lowest);
            for entry in listed {
                if runs.len() >= limits.runs {
                    break;
                }
                // Each further record lies in the part of $MFT that the ones before it have told of.
                match mft.further_runs(entry.holder.record(), entry.lowest, &mut runs) {
                    Ok(()) => mft.records = mft.whole_records(&runs, size, limits, issues),
                    Err(error) => {
                        issues.push(Issue::from(&error));
                        break;
                    }
                }
            }
        }
        if mft.records.len() < size {
            let found = format!("{} bytes", mft.records.len());
            issues.push(Issue::from(&Error::corrupt(
                STRUCTURE,
                first.at,
                format!("{size} bytes of records on the medium"),
                found,
            )));
        }
        Ok(mft)
    }

    /// A value that stands at `offset` of record `number`.
    pub(super) fn resident(&self, number: u64, offset: usize, value: &[u8]) -> Resident {
        let (within, start) = self.place(number);
        Resident { bytes: value.into(), within: within.clone(), offset: start.saturating_add(offset as u64) }
    }

    /// Where record `number` begins: what holds it, and the byte offset in that.
    fn place(&self, number: u64) -> (&Source, u64) {
        match is_outside(number) {
            true => (&self.volume, number & !OUTSIDE),
            false => (&self.records, number.saturating_mul(u64::from(self.record_size))),
        }
    }

    /// Reads record `number`; one piece of $MFT may end inside it.
    pub(super) fn record(&self, number: u64) -> Result<Record> {
        let (within, offset) = self.place(number);
        let record = within
            .read_vec(offset, u64::from(self.record_size))
            .and_then(|bytes| Record::parse(bytes.into(), number, within.medium_offset(offset)));
        self.or_copy(number, record.map(Some))
            .and_then(|record| record.ok_or_else(|| Error::NotFound { what: format!("MFT record {number}") }))
    }

    /// The record as it was read, or, where that is damaged, the copy that $MFTMirr keeps of it, if that is whole.
    fn or_copy(&self, number: u64, record: Result<Option<Record>>) -> Result<Option<Record>> {
        if number >= self.mirror.1 {
            return record;
        }
        let damage = match &record {
            Ok(Some(Record { torn: None, .. })) => return record,
            Ok(Some(Record { torn: Some(error), .. })) | Err(error) => error.clone(),
            Ok(None) => Error::corrupt(
                "MFT record",
                self.records.medium_offset(number.saturating_mul(u64::from(self.record_size))),
                "a record of the filesystem itself",
                "zeros",
            ),
        };
        match self.copy(number) {
            Some(copy) => Ok(Some(Record { replaces: Some(damage), ..copy })),
            None => record,
        }
    }

    fn copy(&self, number: u64) -> Option<Record> {
        let size = u64::from(self.record_size);
        let place = self.mirror.0.saturating_add(number.saturating_mul(size));
        let bytes = self.volume.read_vec(place, size).ok()?;
        let record = Record::parse(bytes.into(), number, self.volume.medium_offset(place)).ok()?;
        (record.torn.is_none() && record.header.stated.is_none_or(|stated| u64::from(stated) == number))
            .then_some(record)
    }

    /// True where record `number` lies in two runs of $MFT.
    pub(super) fn is_in_pieces(&self, number: u64) -> bool {
        let size = u64::from(self.record_size);
        self.records.locate(number.saturating_mul(size), size).len() > 1
    }

    /// Gives each record to `take`: `None` for one never written, the error of one that is damaged. The records of one block,
    /// in order, go to one `T`, blocks on several threads; `visit` is given what came of each block, in order.
    ///
    /// # Errors
    /// What `visit` returns.
    pub(super) fn for_each<T: Default + Send>(
        &self,
        take: impl Fn(&mut T, u64, Result<Option<Record>>) + Sync,
        visit: impl FnMut(T) -> Result<()>,
    ) -> Result<()> {
        let block_size = BLOCK.max(usize::try_from(self.record_size).unwrap_or(usize::MAX));
        let threads = parallel::threads_of_a_pass(self.records.len().div_ceil(block_size as u64));
        let work = |offset: u64, block: Result<&[u8]>| {
            let mut part = T::default();
            let size = u64::from(self.record_size).max(1);
            let first = offset.checked_div(size).unwrap_or(0);
            match block {
                Ok(block) => self.parse_block(first, offset, block, |number, record| take(&mut part, number, record)),
                Err(_) => {
                    let end = offset.saturating_add(block_size as u64).min(self.records.len());
                    let last = end.checked_div(size).unwrap_or(0);
                    (first..last).for_each(|number| take(&mut part, number, self.record(number).map(Some)));
                }
            }
            part
        };
        work_on_blocks(&self.records, block_size, threads, work, visit)
    }

    /// Parses the records of a block, which stands at `offset` of $MFT; `first` is the number of its first one.
    fn parse_block(&self, first: u64, offset: u64, block: &[u8], mut visit: impl FnMut(u64, Result<Option<Record>>)) {
        let size = usize::try_from(self.record_size).unwrap_or(usize::MAX).max(1);
        // Locating each record would cost more than parsing it: the extents of the block serve all of its records.
        let extents = self.records.locate(offset, block.len() as u64);
        let mut extents = extents.iter().peekable();
        let mut at = offset;
        for (number, bytes) in (first..).zip(block.chunks_exact(size)) {
            while extents.next_if(|extent| extent.stream_offset.saturating_add(extent.length) <= at).is_some() {}
            let place = extents
                .peek()
                .and_then(|extent| Some(extent.offset?.saturating_add(at.saturating_sub(extent.stream_offset))));
            let record = match is_zero(bytes) {
                true => Ok(None),
                false => Record::parse(bytes.into(), number, place.unwrap_or(at)).map(Some),
            };
            visit(number, self.or_copy(number, record));
            at = at.saturating_add(size as u64);
        }
    }

    /// Record 0, which stands at `cluster`.
    fn first_record(&self, cluster: u64) -> Result<Record> {
        let place = cluster.saturating_mul(u64::from(self.cluster_size));
        let at = self.volume.medium_offset(place);
        let record = Record::parse(self.volume.read_vec(place, u64::from(self.record_size))?.into(), 0, at)?;
        match &record.torn {
            Some(error) => Err(error.clone()),
            None => Ok(record),
        }
    }

    /// The first piece of $MFT and its size in bytes.
    fn first_runs(&self, first: &Record, issues: &IssueLog) -> Result<(Vec<Run>, u64)> {
        for attribute in first.attributes() {
            let attribute = attribute?;
            let Body::NonResident(body) = attribute.body else { continue };
            if attribute.kind == kind::DATA && attribute.name.is_empty() && body.lowest == 0 {
                let (runs, error) = self.runs(body.runs, attribute.at);
                error.iter().for_each(|error| issues.push(Issue::from(error)));
                return Ok((runs, body.size));
            }
        }
        Err(Error::corrupt(STRUCTURE, first.at, "a non-resident $DATA attribute", "none"))
    }

    /// Adds the piece of $MFT that record `number` tells of, which begins at virtual cluster `lowest`.
    fn further_runs(&self, number: u64, lowest: u64, runs: &mut Vec<Run>) -> Result<()> {
        let record = self.record(number)?;
        let covered = runs.iter().fold(0u64, |sum, run| sum.saturating_add(run.length));
        let covered = covered.checked_div(u64::from(self.cluster_size)).unwrap_or(0);
        for attribute in record.attributes() {
            let attribute = attribute?;
            let Body::NonResident(body) = attribute.body else { continue };
            if attribute.kind == kind::DATA && attribute.name.is_empty() && body.lowest == lowest && lowest == covered {
                let (further, error) = self.runs(body.runs, attribute.at);
                runs.extend(further);
                return error.map_or(Ok(()), Err);
            }
        }
        Err(Error::corrupt(
            STRUCTURE,
            record.at,
            format!("the $DATA fragment from virtual cluster {covered} on"),
            "none",
        ))
    }

    fn runs(&self, packed: &[u8], at: u64) -> (Vec<Run>, Option<Error>) {
        let cluster_size = u64::from(self.cluster_size);
        let mut runs = Vec::new();
        for run in DataRuns::new(packed, at) {
            let run = match run {
                Ok(run) => run,
                Err(error) => return (runs, Some(error)),
            };
            let place = run.cluster.and_then(|cluster| cluster.checked_mul(cluster_size));
            match (place, run.count.checked_mul(cluster_size)) {
                (Some(place), Some(length)) => runs.push(Run::new(place, length)),
                _ => return (runs, Some(Error::corrupt("data run", at, "clusters on the volume", format!("{run:?}")))),
            }
        }
        (runs, None)
    }

    /// The runs up to `size` bytes, in whole records, without those at the end that the medium does not hold.
    fn whole_records(&self, runs: &[Run], size: u64, limits: &Limits, issues: &IssueLog) -> Source {
        let record_size = u64::from(self.record_size);
        let available = self.volume.len();
        let (mut end, mut held) = (0u64, 0u64);
        for run in runs {
            let inside = available.saturating_sub(run.offset.unwrap_or(u64::MAX)).min(run.length);
            if inside > 0 {
                held = end.saturating_add(inside);
            }
            end = end.saturating_add(run.length);
        }
        // A run length is no more than a claim: there are not more records than twice what the medium holds.
        let most = available.saturating_mul(2).min(limits.entries.saturating_mul(record_size));
        let length = held.min(size);
        if length > most {
            let (structure, offset) = (STRUCTURE, self.volume.medium_offset(0));
            issues.push(Issue::from(&Error::Limit { structure, offset, found: length, limit: most, unit: "bytes" }));
        }
        let length = length.min(most);
        let whole = length.checked_div(record_size).unwrap_or(0).saturating_mul(record_size);
        Arc::new(Extents::new(self.volume.clone(), runs.iter().copied()).truncated(whole))
    }
}
