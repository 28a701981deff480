//! Catalog records that no longer count: in the free space of nodes, in nodes out of use, and in the journal, which
//! keeps copies of nodes as they were (TN1150, "Journal").
//!
//! A record is taken for one only where all of it fits the volume: its key, its number, its type, and where its content
//! lies.

use super::{
    Volume,
    catalog::{Item, LONGEST, Record, Type, id},
    scan::{Kept, Records},
};
use crate::{
    bytes::{ReadAt, read_around},
    error::{Error, Issue},
};
use std::collections::{BTreeMap, HashSet};

/// Bytes of the journal read at once.
const BLOCK: u64 = 1 << 20;

/// Of several copies of a record, the one with the latest dates tells how the file was in the end; of those from the same
/// second the longest, as files are made empty and then written.
type Rank = ([u32; 3], u64);

/// The last copy of each record, by number of the file or folder.
#[derive(Default)]
pub(super) struct Stale {
    pub(super) records: Records,
    pub(super) items: BTreeMap<u32, (Rank, Kept)>,
    /// Threads: what is left to tell of a file whose record is gone.
    pub(super) threads: BTreeMap<u32, Kept>,
}

impl Stale {
    /// Searches bytes that lie at byte `at` of the volume.
    pub(super) fn search(&mut self, volume: &Volume, bytes: &[u8], at: u64) {
        self.search_from(volume, bytes, at, usize::MAX, &HashSet::new());
    }

    /// Searches the beginnings of `bytes` below `end`; passes over what is known to be live.
    fn search_from(&mut self, volume: &Volume, bytes: &[u8], at: u64, end: usize, live: &HashSet<u32>) {
        let mut place = 0usize;
        while place < end.min(bytes.len()) {
            let rest = bytes.get(place..).unwrap_or_default();
            let step = self.take(volume, rest, at.saturating_add(place as u64), live).unwrap_or(2);
            place = place.saturating_add(step);
        }
    }

    /// Takes the record that `bytes` begin with; gives its length.
    fn take(&mut self, volume: &Volume, bytes: &[u8], at: u64, live: &HashSet<u32>) -> Option<usize> {
        let [high, low, .., units_high, units_low] = *bytes.first_chunk::<8>()?;
        let (key, units) = (u16::from_be_bytes([high, low]), u16::from_be_bytes([units_high, units_low]));
        if u32::from(key) != u32::from(units).saturating_mul(2).saturating_add(6) {
            return None;
        }
        let record = Record::parse(bytes, volume.source.medium_offset(at)).ok()?;
        let held = bytes.get(..record.length)?;
        let is_id = |number: u32| number >= id::FIRST && number < volume.header.next_id;
        let is_folder = |number: u32| number == id::ROOT || is_id(number);
        if record.is_thread() {
            let (parent, name) = record.thread()?;
            if !record.name.is_empty() || name.is_empty() || !is_id(record.parent) || !is_folder(parent) {
                return None;
            }
            if !live.contains(&record.parent) && !self.threads.contains_key(&record.parent) {
                let kept = self.records.keep(held, at);
                self.threads.insert(record.parent, kept);
            }
            return Some(record.length);
        }
        let item = record.item().ok()?;
        if record.name.is_empty() || !is_id(item.id) || !is_folder(record.parent) || !fits(volume, record.kind, &item) {
            return None;
        }
        let [_, content, attributes, accessed, _] = item.dates;
        let rank = ([attributes, content, accessed], item.data.size.saturating_add(item.resource.size));
        if !live.contains(&item.id) && self.items.get(&item.id).is_none_or(|(other, _)| *other < rank) {
            self.items.insert(item.id, (rank, self.records.keep(held, at)));
        }
        Some(record.length)
    }

    /// Searches the journal.
    pub(super) fn search_journal(&mut self, volume: &Volume, live: &HashSet<u32>) {
        let Some(journal) = &volume.journal else { return };
        let mut at = 0u64;
        while at < journal.len() {
            let length = BLOCK.saturating_add(LONGEST as u64).min(journal.len().saturating_sub(at));
            let told =
                |error: &Error, _| volume.issues.push(Issue::new(error.offset(), "HFS+ journal", error.to_string()));
            let bytes = read_around(journal, at, length, told);
            let place = journal.medium_offset(at).saturating_sub(volume.source.medium_offset(0));
            self.search_from(volume, &bytes, place, BLOCK as usize, live);
            at = at.saturating_add(BLOCK);
        }
    }

    /// Drops what is live.
    pub(super) fn forget(&mut self, live: &HashSet<u32>) {
        self.items.retain(|number, _| !live.contains(number));
        self.threads.retain(|number, _| !live.contains(number) && !self.items.contains_key(number));
    }
}

/// Whether a file or folder could be as `item` says.
fn fits(volume: &Volume, kind: Type, item: &Item) -> bool {
    let is_folder_mode = item.mode & 0o170_000 == 0o040_000;
    let mode_fits = item.mode == 0 || is_folder_mode == (kind == Type::Folder);
    let [created, content, attributes, ..] = item.dates;
    let dated = created != 0 && content != 0 && attributes.max(content) >= created;
    mode_fits
        && dated
        && [item.data, item.resource].iter().all(|fork| {
            let blocks = |(start, count): &(u32, u32)| u64::from(*start).saturating_add(u64::from(*count));
            let inside = fork.runs.iter().all(|run| blocks(run) <= volume.header.total_blocks.into());
            let sum: u64 = fork.runs.iter().map(|(_, count)| u64::from(*count)).sum();
            inside && sum <= fork.blocks.into() && fork.size <= volume.header.bytes_of(fork.blocks)
        })
}
