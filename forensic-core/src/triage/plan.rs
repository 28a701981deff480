//! The plan: all listings of a medium, cut into units of work.

use super::{Options, account::Ledger, examine};
use crate::{error::Issue, evidence::Evidence, filesystem::FileSystem, report::Record};
use std::sync::Arc;

/// Entries of one unit.
const ENTRIES_PER_UNIT: u64 = 32;

/// A piece of work: some entries of one filesystem. Plain numbers, so that it can be sent anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unit {
    /// Index of the volume.
    pub volume: usize,
    /// Listing position of the first entry.
    pub first: u64,
    /// Number of entries.
    pub count: u64,
}

/// The work of a triage.
pub struct Plan<'a> {
    evidence: &'a Evidence,
    options: &'a Options,
    /// Volume index, its filesystem, and the number of the first unit of it.
    filesystems: Vec<(usize, Arc<dyn FileSystem>, u64)>,
    units: u64,
    issues: Vec<Issue>,
}

impl<'a> Plan<'a> {
    /// Opens every filesystem of `evidence` and reads its listing.
    pub fn new(evidence: &'a Evidence, options: &'a Options) -> Self {
        let mut plan = Self { evidence, options, filesystems: Vec::new(), units: 0, issues: Vec::new() };
        for volume in evidence.volumes() {
            match volume.filesystem(evidence.limits()) {
                Ok(None) => {}
                Ok(Some(filesystem)) => {
                    let entries = filesystem.entry_count();
                    plan.filesystems.push((volume.index, filesystem, plan.units));
                    plan.units = plan.units.saturating_add(entries.div_ceil(ENTRIES_PER_UNIT));
                }
                Err(error) => plan.issues.push(Issue::new(
                    volume.offset,
                    format!("filesystem of volume {}", volume.index),
                    error.to_string(),
                )),
            }
        }
        plan
    }

    /// Number of units.
    pub fn unit_count(&self) -> u64 {
        self.units
    }

    /// Number of filesystems that could be opened.
    pub fn filesystem_count(&self) -> u64 {
        self.filesystems.len() as u64
    }

    /// Enters what the filesystems have allocated.
    pub(super) fn enter(&self, ledger: &mut Ledger) {
        self.filesystems.iter().for_each(|(_, filesystem, _)| ledger.add_filesystem(filesystem.as_ref()));
    }

    /// Number of entries of all filesystems.
    pub fn entry_count(&self) -> u64 {
        self.filesystems.iter().map(|(_, filesystem, _)| filesystem.entry_count()).sum()
    }

    /// A unit by its number.
    pub fn unit(&self, number: u64) -> Option<Unit> {
        let after = self.filesystems.partition_point(|(_, _, first)| *first <= number);
        let (volume, filesystem, first_unit) = self.filesystems.get(after.checked_sub(1)?)?;
        let first = number.checked_sub(*first_unit)?.checked_mul(ENTRIES_PER_UNIT)?;
        let count = filesystem.entry_count().checked_sub(first)?.min(ENTRIES_PER_UNIT);
        (count > 0).then_some(Unit { volume: *volume, first, count })
    }

    /// The records of a unit, in order. Always the same ones, however often and wherever it runs; `id` and `same_as` are
    /// left to whoever puts all units in order.
    pub fn process(&self, unit: Unit) -> Vec<Record> {
        self.examine(unit).0
    }

    /// The records of a unit, and the slack of its entries.
    pub(super) fn examine(&self, unit: Unit) -> (Vec<Record>, Ledger) {
        let found = self.filesystems.iter().find(|(volume, ..)| *volume == unit.volume);
        let (mut records, mut ledger) = (Vec::new(), Ledger::default());
        let Some((volume, filesystem, _)) = found else { return (records, ledger) };
        for position in unit.first..unit.first.saturating_add(unit.count) {
            let Some(entry) = filesystem.entry_at(position) else { break };
            examine::examine(&entry, *volume, filesystem.as_ref(), self.evidence, self.options, &mut records);
            ledger.add_slack(&entry);
        }
        (records, ledger)
    }

    /// What could not be read of the container, the volumes and the filesystems so far.
    pub fn issues(&self) -> Vec<Issue> {
        let mut issues = self.evidence.issues();
        issues.extend(self.issues.iter().cloned());
        for (_, filesystem, _) in &self.filesystems {
            issues.extend(filesystem.issues());
        }
        issues.sort();
        issues.dedup();
        issues
    }
}
