//! One pass over all MFT records: what each is, the names it holds, and the clusters it claims.

use super::{
    Volume,
    attribute::{Attribute, Body, kind},
    file_name::FileName,
    record::{Record, Reference},
    remains::{self, SectorEnds},
    runs::DataRuns,
    standard_information::{StandardInformation, Times},
};
use crate::{
    bytes::is_zero,
    error::{Error, Issue, Result},
};
use std::collections::HashMap;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum State {
    /// Never written.
    #[default]
    Blank,
    /// No record can be read there.
    Damaged,
    /// Not in use: deleted.
    Free,
    InUse,
}

/// A record in brief.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slot {
    pub(super) state: State,
    pub(super) directory: bool,
    pub(super) sequence: u16,
    /// The record this one continues; 0 for none.
    pub(super) base: Reference,
    /// True where the record has a $DATA attribute that holds a byte, or a named one.
    pub(super) data: bool,
}

/// A name that a $FILE_NAME attribute gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    /// The record that holds the attribute, and its number there.
    pub(super) holder: u32,
    pub(super) id: u16,
    pub(super) parent: Reference,
    /// The 8.3 alias of another name.
    pub(super) alias: bool,
    text: (u32, u8),
}

/// Clusters that a record claims: first one, and the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    pub(super) start: u64,
    pub(super) end: u64,
    /// The base record.
    pub(super) record: u32,
}

/// When a deleted record was alive.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Life {
    pub(super) times: Times,
}

/// What the pass found.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) slots: Vec<Slot>,
    pub(super) names: Vec<Name>,
    /// All names, one after another, in UTF-16LE.
    text: Vec<u8>,
    /// Clusters of files in use.
    pub(super) live: Vec<Claim>,
    pub(super) deleted: Vec<Claim>,
    /// Of each deleted base record.
    pub(super) lives: HashMap<u32, Life>,
    /// Bytes of the volume behind the end of a stream, up to the end of its last cluster, and whether the file is in use.
    pub(super) slack: Vec<(u64, u64, bool)>,
    /// Names behind the used part of records: the record of the child, a $FILE_NAME, its place on the medium.
    pub(super) remains: Vec<(Reference, Box<[u8]>, u64)>,
    /// When the volume was formatted, where $MFT says so.
    formatted: u64,
}

impl Scan {
    /// Reads all records, in order.
    pub(super) fn run(volume: &Volume) -> Self {
        let mut scan = Self::default();
        let most = volume.limits.entries.min(u64::from(u32::MAX - 1));
        let take = |part: &mut Self, number: u64, record: Result<Option<Record>>| {
            if number <= most {
                part.take(volume, record);
            }
        };
        let ended = volume.mft.for_each(take, |part| {
            scan.append(part, volume);
            if scan.slots.len() as u64 > most {
                let (structure, offset) = ("$MFT", 0);
                return Err(Error::Limit {
                    structure,
                    offset,
                    found: most,
                    limit: volume.limits.entries,
                    unit: "records",
                });
            }
            Ok(())
        });
        if let Err(error) = ended {
            volume.issue(&error);
        }
        scan
    }

    /// Takes the next record.
    fn take(&mut self, volume: &Volume, record: Result<Option<Record>>) {
        let slot = match record {
            Ok(None) => Slot::default(),
            Ok(Some(record)) => self.record(volume, &record),
            Err(error) => {
                volume.issue(&error);
                Slot { state: State::Damaged, ..Slot::default() }
            }
        };
        self.slots.push(slot);
    }

    /// Adds what was found in the records that follow those of this one.
    fn append(&mut self, part: Self, volume: &Volume) {
        let Ok(start) = u32::try_from(self.text.len()) else { return };
        if self.slots.is_empty() {
            self.formatted = part.formatted;
        }
        self.slots.extend(part.slots);
        self.text.extend(part.text);
        self.names.extend(part.names.into_iter().map(|name| {
            let (place, length) = name.text;
            Name { text: (place.saturating_add(start), length), ..name }
        }));
        self.lives.extend(part.lives);
        self.slack.extend(part.slack);
        self.remains.extend(part.remains);
        if self.live.len().saturating_add(self.deleted.len()) < most_claims(volume) {
            self.live.extend(part.live);
            self.deleted.extend(part.deleted);
        }
    }

    pub(super) fn slot(&self, record: u64) -> Option<&Slot> {
        self.slots.get(usize::try_from(record).ok()?)
    }

    /// Whether what was last changed at this time is of a filesystem that was here before.
    pub(super) fn is_earlier_format(&self, changed: u64) -> bool {
        changed != 0 && changed < self.formatted
    }

    /// A name in UTF-16LE.
    pub(super) fn text(&self, name: &Name) -> &[u8] {
        let start = name.text.0 as usize;
        self.text.get(start..start.saturating_add(usize::from(name.text.1).saturating_mul(2))).unwrap_or_default()
    }

    fn record(&mut self, volume: &Volume, record: &Record) -> Slot {
        let header = &record.header;
        if let Some(error) = record.torn.as_ref().or(record.replaces.as_ref()) {
            volume.issue(error);
        }
        let mut slot = Slot {
            state: if header.in_use { State::InUse } else { State::Free },
            directory: header.directory,
            sequence: header.sequence,
            base: header.base,
            data: false,
        };
        let Ok(number) = u32::try_from(record.number) else { return slot };
        let base = match header.base {
            Reference(0) => number,
            base => u32::try_from(base.record()).unwrap_or(u32::MAX),
        };
        let mut times = None;
        for attribute in record.attributes() {
            let attribute = match attribute {
                Ok(attribute) => attribute,
                Err(error) => {
                    // What is not in use is often half overwritten: its entry tells of that, not the volume.
                    if header.in_use {
                        volume.issue(&error);
                    }
                    break;
                }
            };
            match (attribute.kind, attribute.resident()) {
                (kind::FILE_NAME, Some(value)) => match FileName::parse(value, attribute.at) {
                    Ok(name) => self.name(number, &attribute, &name),
                    Err(error) => volume.issues.push(Issue::from(&error)),
                },
                (kind::STANDARD_INFORMATION, Some(value)) => {
                    times = StandardInformation::parse(value, attribute.at).ok().map(|info| info.times);
                }
                (kind::DATA, value) => {
                    slot.data |= !attribute.name.is_empty() || value.is_none_or(|value| !value.is_empty());
                }
                _ => {}
            }
            self.clusters(volume, &attribute, header.in_use, base);
        }
        self.slack_of(record);
        if number == 0 {
            self.formatted = times.map_or(0, |times| times.created);
        }
        if !header.in_use && header.base == Reference(0) {
            self.lives.insert(number, Life { times: times.unwrap_or_default() });
        }
        slot
    }

    /// Keeps what a former, longer state of a record left behind its end.
    fn slack_of(&mut self, record: &Record) {
        let bytes: &[u8] = &record.bytes;
        let used = usize::try_from(record.header.used).unwrap_or(usize::MAX).min(bytes.len());
        if record.torn.is_some() || bytes.get(used..).is_none_or(is_zero) {
            return;
        }
        remains::for_each(bytes, used..bytes.len(), record.at, &SectorEnds::unprotected(), &mut |entry| {
            self.remains.push((entry.child, entry.key.into(), entry.at));
        });
    }

    fn name(&mut self, holder: u32, attribute: &Attribute<'_>, name: &FileName<'_>) {
        let Ok(start) = u32::try_from(self.text.len()) else { return };
        self.text.extend_from_slice(name.name);
        let length = u8::try_from(name.name.len() / 2).unwrap_or(u8::MAX);
        let (id, parent, alias) = (attribute.id, name.parent, name.is_alias());
        self.names.push(Name { holder, id, parent, alias, text: (start, length) });
    }

    fn clusters(&mut self, volume: &Volume, attribute: &Attribute<'_>, in_use: bool, base: u32) {
        let Body::NonResident(body) = attribute.body else { return };
        if self.live.len().saturating_add(self.deleted.len()) >= most_claims(volume) {
            return;
        }
        // What is compressed ends elsewhere; of a stream in several records the first does not know the last cluster.
        let mut left =
            (attribute.kind == kind::DATA && attribute.compression() == 0).then_some(body.initialized.min(body.size));
        let cluster_size = u64::from(volume.boot.cluster_size);
        for run in DataRuns::new(body.runs, attribute.at).map_while(Result::ok) {
            let length = run.count.saturating_mul(cluster_size);
            let used = left.map(|left| left.min(length));
            left = left.map(|left| left.saturating_sub(length));
            let Some(start) = run.cluster else { continue };
            let end = start.saturating_add(run.count).min(volume.boot.clusters());
            if let Some(used) = used.filter(|used| *used < length && body.lowest == 0) {
                let from = start.saturating_mul(cluster_size);
                self.slack.push((from.saturating_add(used), from.saturating_add(length), in_use));
            }
            if start >= end {
                continue;
            }
            let claims = if in_use { &mut self.live } else { &mut self.deleted };
            claims.push(Claim { start, end, record: base });
        }
    }
}

/// Claims of all files together that are kept.
fn most_claims(volume: &Volume) -> usize {
    volume.limits.runs.saturating_mul(16)
}
