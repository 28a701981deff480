//! A file: its base record, and the records that hold what did not fit into it.

use super::{
    Volume,
    attribute::{Attribute, kind},
    attribute_list::{self, Listed},
    record::Record,
};
use crate::error::{Error, Issue, Result};
use std::collections::{BTreeMap, HashSet};

/// Records that continue one file; NTFS needs some hundred for the most fragmented ones.
const MOST_EXTENSIONS: usize = 10_000;
/// So many records that do not continue the file, and the list is not worth following.
const MOST_FAILURES: usize = 64;

/// All attributes of a file.
pub(super) struct File {
    pub(super) base: Record,
    extensions: Vec<Record>,
    /// Attributes that the attribute list promises and that are not where it says, and why.
    pub(super) absent: Vec<(Listed, Error)>,
    pub(super) issues: Vec<Issue>,
}

impl File {
    /// Reads record `number` and all that continue it: one read where there is no attribute list.
    pub(super) fn read(volume: &Volume, number: u64) -> Result<Self> {
        volume.mft.record(number).map(|base| Self::gather(volume, base))
    }

    /// Reads the records that continue `base`.
    pub(super) fn gather(volume: &Volume, base: Record) -> Self {
        let mut file = Self { base, extensions: Vec::new(), absent: Vec::new(), issues: Vec::new() };
        let damage = file.base.torn.as_ref().or(file.base.replaces.as_ref()).map(Issue::from);
        file.issues.extend(damage);
        let mut listed = Vec::new();
        for list in file.base.attributes().of_kind(kind::ATTRIBUTE_LIST).take(1) {
            let (entries, error) = attribute_list::read(&list, &volume.source, volume.boot.cluster_size);
            file.issues.extend(error.as_ref().map(Issue::from));
            listed = entries;
        }
        let mut tried = BTreeMap::new();
        let mut failures = 0usize;
        for entry in &listed {
            let number = entry.holder.record();
            // The list names the base record, too; a list that leads back to itself ends here.
            if number == file.base.own_number() || tried.contains_key(&number) {
                continue;
            }
            if tried.len() >= MOST_EXTENSIONS || failures >= MOST_FAILURES {
                break;
            }
            let error = match file.extension(volume, entry) {
                Ok(record) => {
                    file.extensions.push(record);
                    None
                }
                Err(error) => {
                    file.issues.push(Issue::from(&error));
                    failures = failures.saturating_add(1);
                    Some(error)
                }
            };
            tried.insert(number, error);
        }
        if !listed.is_empty() {
            file.note_absent(listed, &tried);
        }
        let damage: Vec<_> = file.fragments().filter_map(|(_, attribute)| attribute.err()).collect();
        file.issues.extend(damage.iter().map(Issue::from));
        file
    }

    /// Every readable attribute with the number of the record that holds it, the base record's first.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (u64, Attribute<'_>)> {
        self.fragments().filter_map(|(number, attribute)| Some((number, attribute.ok()?)))
    }

    /// The attributes of a kind with the number of the record that holds each, the base record's first.
    pub(super) fn of_kind(&self, kind: u32) -> impl Iterator<Item = (u64, Attribute<'_>)> {
        self.records()
            .flat_map(move |record| record.attributes().of_kind(kind).map(move |attribute| (record.number, attribute)))
    }

    /// The first attribute of a kind.
    pub(super) fn first(&self, kind: u32) -> Option<Attribute<'_>> {
        self.of_kind(kind).map(|(_, attribute)| attribute).next()
    }

    /// What makes all that a record says doubtful: the first of its records that is torn.
    pub(super) fn torn(&self) -> Option<&Error> {
        self.records().find_map(|record| record.torn.as_ref())
    }

    /// True where the walk over the attributes of a record ended at a damaged one.
    pub(super) fn damage(&self) -> Option<Error> {
        self.fragments().find_map(|(_, attribute)| attribute.err())
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        std::iter::once(&self.base).chain(&self.extensions)
    }

    fn fragments(&self) -> impl Iterator<Item = (u64, Result<Attribute<'_>>)> {
        self.records().flat_map(|record| record.attributes().map(move |attribute| (record.number, attribute)))
    }

    /// Notes what the attribute list promises and no record holds.
    fn note_absent(&mut self, listed: Vec<Listed>, tried: &BTreeMap<u64, Option<Error>>) {
        let own = |number: u64| if number == self.base.number { self.base.own_number() } else { number };
        let held: HashSet<_> =
            self.attributes().map(|(number, a)| (own(number), a.kind, a.name.to_vec(), a.lowest())).collect();
        for entry in listed {
            let number = entry.holder.record();
            if !held.contains(&(number, entry.kind, entry.name.to_vec(), entry.lowest)) {
                let error = tried.get(&number).cloned().flatten().unwrap_or_else(|| {
                    let expected = format!("attribute {:#x} {} in record {number}", entry.kind, entry.id);
                    Error::corrupt("attribute list", self.base.at, expected, "no such attribute there")
                });
                self.absent.push((entry, error));
            }
        }
    }

    /// The record that `entry` says continues this file, if it does.
    fn extension(&self, volume: &Volume, entry: &Listed) -> Result<Record> {
        let number = entry.holder.record();
        let record = volume.mft.record(number)?;
        let deleted = !self.base.header.in_use;
        let continues = record.header.base.record() == self.base.number
            && record.header.base.meant(self.base.header.sequence, deleted)
            && (deleted || record.header.in_use)
            && entry.holder.meant(record.header.sequence, !record.header.in_use);
        if continues {
            return Ok(record);
        }
        let expected = format!("record {number} to continue record {}", self.base.number);
        let found = format!("base record {}, sequence {}", record.header.base.record(), record.header.base.sequence());
        Err(Error::corrupt("MFT record", record.at, expected, found))
    }
}
