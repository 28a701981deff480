//! MFT records outside $MFT: of an earlier format of the volume, or of a place that $MFT has left.

use super::{
    attribute::{Body, kind},
    file_name::FileName,
    record::{Record, Reference},
    runs::DataRuns,
    scan::{Scan, State},
    standard_information::StandardInformation,
};
use std::collections::BTreeMap;

/// A file whose base record stands outside $MFT.
pub(super) struct Stray {
    /// The number by which its record is read; see [`super::mft::outside`].
    pub(super) number: u64,
    /// What $MFT called the record.
    pub(super) reference: Reference,
    pub(super) directory: bool,
    /// True where the volume was formatted since.
    pub(super) earlier_format: bool,
    pub(super) names: Vec<StrayName>,
    changed: u64,
}

/// A name of a stray record.
pub(super) struct StrayName {
    /// Number of its attribute.
    pub(super) id: u16,
    pub(super) parent: Reference,
    pub(super) alias: bool,
    /// UTF-16LE.
    pub(super) text: Box<[u8]>,
}

/// Collects stray records: of several of one file, the one that was written last.
pub(super) struct Strays<'a> {
    scan: &'a Scan,
    clusters: u64,
    most: u64,
    found: BTreeMap<(u64, bool), Stray>,
}

impl<'a> Strays<'a> {
    /// For a volume of so many clusters; keeps at most `most` records.
    pub(super) fn new(scan: &'a Scan, clusters: u64, most: u64) -> Self {
        Self { scan, clusters, most, found: BTreeMap::new() }
    }

    /// Takes a record of which every attribute can be read.
    pub(super) fn add(&mut self, record: &Record) {
        let Some(number) = record.header.stated else { return };
        if record.header.base != Reference(0) || !self.is_of_this_volume(record) {
            return;
        }
        let reference = Reference(u64::from(number) | u64::from(record.header.sequence) << 48);
        let changed = changed(record);
        let stray = Stray {
            number: record.number,
            reference,
            directory: record.header.directory,
            earlier_format: self.scan.is_earlier_format(changed),
            names: names(record),
            changed,
        };
        if stray.names.is_empty() || self.is_known(&stray) {
            return;
        }
        let key = (reference.0, stray.earlier_format);
        if (self.found.len() as u64) < self.most || self.found.contains_key(&key) {
            let kept = self.found.get(&key);
            if kept.is_none_or(|kept| kept.changed < stray.changed) {
                self.found.insert(key, stray);
            }
        }
    }

    pub(super) fn finish(self) -> Vec<Stray> {
        self.found.into_values().collect()
    }

    /// Whether $MFT holds this file's record itself.
    fn is_known(&self, stray: &Stray) -> bool {
        let slot = self.scan.slot(stray.reference.record()).copied().unwrap_or_default();
        let same = match slot.state {
            State::Blank | State::Damaged => false,
            State::InUse => stray.reference.sequence() == slot.sequence,
            // The sequence number may have been counted up in the one and not yet in the other.
            State::Free => stray.reference.meant(slot.sequence, true) || stray.reference.sequence() == slot.sequence,
        };
        same && !stray.earlier_format
    }

    /// Whether the clusters it speaks of are on this volume.
    fn is_of_this_volume(&self, record: &Record) -> bool {
        record.attributes().flatten().all(|attribute| match attribute.body {
            Body::Resident { .. } => true,
            Body::NonResident(body) => DataRuns::new(body.runs, attribute.at).all(|run| {
                run.is_ok_and(|run| run.cluster.is_none_or(|c| c.saturating_add(run.count) <= self.clusters))
            }),
        })
    }
}

fn names(record: &Record) -> Vec<StrayName> {
    let names = record.attributes().flatten().filter(|attribute| attribute.kind == kind::FILE_NAME);
    let name = |(id, name): (u16, FileName<'_>)| StrayName {
        id,
        parent: name.parent,
        alias: name.is_alias(),
        text: name.name.into(),
    };
    names
        .filter_map(|attribute| Some((attribute.id, FileName::parse(attribute.resident()?, attribute.at).ok()?)))
        .map(name)
        .collect()
}

/// When the file's metadata last changed.
fn changed(record: &Record) -> u64 {
    let information = record.attributes().flatten().find(|a| a.kind == kind::STANDARD_INFORMATION);
    information
        .and_then(|attribute| StandardInformation::parse(attribute.resident()?, attribute.at).ok())
        .map_or(0, |information| information.times.changed)
}
