//! The upper half of a deleted entry's first cluster on FAT32, which Windows sets to zero.
//!
//! A directory is found again where just one cluster with the same lower half holds one that names itself and its parent,
//! and was made at the same time. For a file only probability speaks: clusters are given out in order, so that what was
//! made at about the same time lies near. Both are guesses, and are said to be.

use super::{
    directory::ShortEntry,
    listing::Owners,
    walk::{Directory, Walk},
};
use crate::filesystem::Time;
use std::collections::HashMap;

/// A first cluster that is not the one of the entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) cluster: u32,
    /// What its upper half follows from.
    pub(super) by: &'static str,
}

/// A deleted file as far as its place is concerned.
#[derive(Clone, Copy)]
pub(super) struct Deleted {
    /// Byte offset of its short entry.
    pub(super) at: u64,
    pub(super) entry: ShortEntry,
    /// First cluster of its directory.
    pub(super) parent_cluster: u32,
}

/// The greatest number that needs no upper half.
const HALF: u32 = 0xffff;
/// How far apart numbers with the same lower half lie.
const STEP: usize = 0x1_0000;

impl Walk<'_> {
    /// True where entries of this volume need the upper half and may have lost it.
    pub(super) fn has_high_words(&self) -> bool {
        self.volume.is_wide() && self.volume.heap.end() > HALF
    }

    /// Finds the first cluster of a deleted directory whose number has lost its upper half.
    pub(super) fn mend_directory(&mut self, directory: &mut Directory) {
        if !self.has_high_words() || directory.cluster > HALF || self.agreement(directory) > 0 {
            return;
        }
        let others = with_low_word(directory.cluster, self.volume.heap.end()).skip(1);
        let there = others.filter(|cluster| self.unowned.heads.contains_key(cluster));
        let mut fitting = there.filter(|cluster| self.agreement(&directory.with_cluster(*cluster)) == 2);
        if let (Some(cluster), None) = (fitting.next(), fitting.next()) {
            directory.cluster = cluster;
            self.places.insert(directory.at, Place { cluster, by: "the directory found there, which fits the entry" });
        }
    }

    /// Guesses the first clusters of deleted files whose numbers have lost their upper half.
    ///
    /// That they have is seen by live entries with an upper half and no deleted one with any.
    pub(super) fn mend_files(&mut self, owners: &Owners) {
        let files = std::mem::take(&mut self.deleted_files);
        if files.iter().any(|file| file.entry.first_cluster > HALF) {
            return;
        }
        let mut by_time: Vec<(Time, u32)> = owners.firsts().collect();
        if by_time.iter().all(|(_, cluster)| *cluster <= HALF) && self.places.is_empty() {
            return;
        }
        by_time.sort_unstable();
        let places: HashMap<u64, Place> =
            files.iter().filter_map(|file| Some((file.at, self.place_of(file, owners, &by_time)?))).collect();
        self.places.extend(places);
    }

    fn place_of(&self, file: &Deleted, owners: &Owners, by_time: &[(Time, u32)]) -> Option<Place> {
        let low = file.entry.first_cluster;
        let all = || with_low_word(low, self.volume.heap.end());
        let is_renamed = |cluster: &u32| {
            let moved = file.entry.with_first_cluster(*cluster);
            owners.owner(*cluster).is_some_and(|owner| owner.entry.is_same_file(&moved))
        };
        if let Some(cluster) = all().find(is_renamed) {
            return Some(Place { cluster, by: "the live file with the same lower half, size and times" });
        }
        let is_free = |cluster: &u32| !self.is_taken(*cluster) && self.volume.table.is_free(*cluster);
        let near = file.entry.made().and_then(|made| nearest(by_time, made));
        let nearest = near.map(|near| (near, "the live entry made at the nearest time"));
        let parent = Some((file.parent_cluster, "its directory"));
        let by_neighbour = nearest.into_iter().chain(parent).find_map(|(neighbour, by)| {
            let cluster = neighbour & !HALF | low;
            is_free(&cluster).then_some(Place { cluster, by })
        });
        let only = || {
            let mut free = all().filter(is_free);
            let (cluster, other) = (free.next()?, free.next());
            other.is_none().then_some(Place { cluster, by: "the only free cluster with this lower half" })
        };
        by_neighbour.or_else(only).filter(|place| place.cluster != low)
    }
}

/// All clusters up to `end` with this lower half of their number.
fn with_low_word(low: u32, end: u32) -> impl Iterator<Item = u32> {
    (low..end).step_by(STEP)
}

/// The cluster of what was made at the time nearest to `made`.
fn nearest(by_time: &[(Time, u32)], made: Time) -> Option<u32> {
    let after = by_time.partition_point(|(time, _)| *time < made);
    let distance = |(time, _): &&(Time, u32)| time.seconds.abs_diff(made.seconds);
    let around = by_time.get(after.saturating_sub(1)..after.saturating_add(1).min(by_time.len()))?;
    around.iter().min_by_key(distance).map(|(_, cluster)| *cluster)
}
