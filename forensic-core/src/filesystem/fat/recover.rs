//! Recovery of deleted content, and how far to believe it.
//!
//! Deletion frees a file's chain; the entry keeps the first cluster and the size. Where the rest lay is a guess, and
//! so is that nothing was written there and deleted since: FAT keeps no record of either. So nothing but an empty file,
//! and one that lives on under another name, is ever graded intact, and every extent is marked as inferred.

use super::{
    Volume,
    directory::ShortEntry,
    high_word::Place,
    listing::{Listing, Owners},
    table::ChainEnd,
    walk::Found,
};
use crate::filesystem::{
    Recoverability,
    clusters::{Clusters, Piece},
    lost_chain::{self, Claim, Guess, Occupancy},
};
use std::collections::HashMap;

/// A deleted entry's content as far as it can be told.
pub(super) struct Recovered {
    pub(super) clusters: Clusters,
    pub(super) grade: Recoverability,
    pub(super) reason: String,
}

/// The guesses for all deleted files, by the byte offset of the short entry.
pub(super) fn guesses<'a>(
    volume: &Volume,
    owners: &Owners,
    places: &HashMap<u64, Place>,
    found: impl Iterator<Item = &'a Found>,
) -> HashMap<u64, Guess> {
    let claim = |found: &Found| {
        let entry = placed(found, places);
        let (first, count) = (entry.first_cluster, volume.heap.clusters_for(u64::from(entry.size)));
        let is_one = !entry.is_directory() && count > 0 && volume.heap.has(first);
        is_one.then(|| Claim { id: found.at, first, count, made: entry.made(), written: entry.written() })
    };
    let occupancy = Occupancy { free: volume.table.free_runs(), held: owners.holdings(), end: volume.heap.end() };
    lost_chain::guess(&occupancy, found.filter_map(claim).collect())
}

impl Listing {
    /// Plans the recovery of a deleted entry.
    pub(super) fn recover(&self, volume: &Volume, found: &Found) -> Recovered {
        let entry = placed(found, &self.places);
        let mut recovered = if entry.is_directory() {
            self.recover_directory(volume, found, &entry)
        } else {
            self.recover_file(volume, found, &entry)
        };
        if let Some(place) = self.places.get(&found.at) {
            let note = "the upper half of the first cluster's number was set to zero at deletion; it is taken from";
            recovered.reason = format!("{}; {note} {}", recovered.reason, place.by);
        }
        recovered
    }

    fn recover_file(&self, volume: &Volume, found: &Found, entry: &ShortEntry) -> Recovered {
        if entry.size == 0 {
            return match entry.first_cluster {
                0 => Recovered::none(Recoverability::Intact, "the file is empty"),
                _ => Recovered::none(Recoverability::Unknown, "the entry has a first cluster and a size of 0"),
            };
        }
        if !volume.heap.has(entry.first_cluster) {
            let reason = format!("the entry gives cluster {}, which is none of the volume", entry.first_cluster);
            return Recovered::none(Recoverability::Unknown, reason);
        }
        self.moved(volume, found, entry).unwrap_or_else(|| self.guess(volume, found))
    }

    fn recover_directory(&self, volume: &Volume, found: &Found, entry: &ShortEntry) -> Recovered {
        if let Some(runs) = self.runs.get(&found.at) {
            let clusters = runs.iter().copied().collect();
            let reason = "the first cluster still holds this directory; whether all of it was found is not known";
            return Recovered { clusters, grade: Recoverability::Unknown, reason: reason.to_owned() };
        }
        let reason = match self.owners.owner(entry.first_cluster) {
            Some(owner) if owner.entry.is_same_file(entry) => {
                let reason = format!("moved or renamed: now {}, where its entries are", self.path_at(owner.at));
                return Recovered::none(Recoverability::Unknown, reason);
            }
            Some(owner) => format!("the first cluster belongs to {}", self.path_at(owner.at)),
            None if !volume.heap.has(entry.first_cluster) => {
                return Recovered::none(Recoverability::Unknown, "the first cluster is none of the volume");
            }
            None => "the first cluster no longer holds this directory".to_owned(),
        };
        Recovered::none(Recoverability::Overwritten, reason)
    }

    /// The content of a file that was renamed or moved: it is that of the live entry that has its place, size and times,
    /// and is read along the chain of that one. It is intact, unless the place itself had to be guessed.
    fn moved(&self, volume: &Volume, found: &Found, entry: &ShortEntry) -> Option<Recovered> {
        let owner = self.owners.owner(entry.first_cluster).filter(|owner| owner.entry.is_same_file(entry))?;
        let need = volume.heap.clusters_for(u64::from(entry.size));
        let (chain, _) = volume.table.best_chain(entry.first_cluster, Some(need));
        let path = self.path_at(owner.at);
        let reason = format!("moved or renamed: first cluster, size and times are those of {path}");
        let grade = match chain.end {
            ChainEnd::Complete if chain.count == need && !self.places.contains_key(&found.at) => Recoverability::Intact,
            _ => Recoverability::Unknown,
        };
        Some(Recovered { clusters: chain.runs.into_iter().collect(), grade, reason })
    }

    /// The guess for a file, and how far to believe it.
    fn guess(&self, volume: &Volume, found: &Found) -> Recovered {
        let need = volume.heap.clusters_for(u64::from(found.entry.size));
        let plan = self.guesses.get(&found.at).cloned().unwrap_or_default();
        let count = plan.clusters.count();
        let by = plan.taken_by.map(|at| self.path_at(at)).unwrap_or_default();
        let (grade, reason) = if plan.first_taken {
            (Recoverability::Overwritten, format!("the first cluster was given to {by}"))
        } else if plan.taken > 0 {
            let reason =
                format!("{} of {need} clusters were given to later files, the first of them to {by}", plan.taken);
            (Recoverability::Partial, reason)
        } else if count == 0 {
            (Recoverability::Overwritten, "the first cluster is in use".to_owned())
        } else if count < need {
            (Recoverability::Partial, format!("{count} of {need} clusters are free from the first on"))
        } else if let Some(partner) = plan.turns_with {
            let other = self.path_at(partner);
            (
                Recoverability::Unknown,
                format!("a guess: the free clusters behind those of {other}, as if both were written in turns"),
            )
        } else if plan.passed {
            (
                Recoverability::Unknown,
                "a guess: the free clusters from the first on, past those of earlier files".to_owned(),
            )
        } else if need == 1 {
            (Recoverability::Unknown, "the only cluster is free; what was written to it since is not known".to_owned())
        } else {
            (Recoverability::Unknown, "a guess: all clusters from the first on are free".to_owned())
        };
        Recovered { clusters: plan.clusters, grade, reason }
    }
}

/// The entry with the first cluster that it is believed to have had.
fn placed(found: &Found, places: &HashMap<u64, Place>) -> ShortEntry {
    let first_cluster = places.get(&found.at).map_or(found.entry.first_cluster, |place| place.cluster);
    found.entry.with_first_cluster(first_cluster)
}

impl Recovered {
    /// Nothing to give back.
    fn none(grade: Recoverability, reason: impl Into<String>) -> Self {
        Self { clusters: Clusters::default(), grade, reason: reason.into() }
    }

    /// True where there is a cluster to read.
    pub(super) fn has_content(&self) -> bool {
        self.clusters.pieces.iter().any(|piece| matches!(piece, Piece::Run(_)))
    }
}
