//! Recovery of deleted content, and how far to believe it.
//!
//! Deletion frees a file's chain; the entry keeps the first cluster and the size. Where the rest lay is a guess, and
//! so is that nothing was written there and deleted since: FAT keeps no record of either. So nothing but an empty file
//! is ever graded intact, and every extent is marked as inferred.

use super::{
    Volume,
    directory::ShortEntry,
    listing::Listing,
    stream::{Clusters, Piece},
    walk::Found,
};
use crate::filesystem::{Recoverability, Time, tree::Node};

/// A deleted entry's content as far as it can be told.
pub(super) struct Recovered {
    pub(super) clusters: Clusters,
    pub(super) grade: Recoverability,
    pub(super) reason: String,
}

/// Where a deleted file may have lain if it was contiguous.
#[derive(Debug, Clone, Copy)]
struct Claim {
    first: u32,
    count: u32,
    made: Option<Time>,
    at: u64,
}

/// The claims of all deleted files, by first cluster.
pub(super) struct Claims {
    claims: Vec<Claim>,
    /// The longest claim, which bounds how far before a cluster one that covers it can begin.
    longest: u32,
}

impl Claims {
    pub(super) fn of<'a>(volume: &Volume, nodes: impl Iterator<Item = &'a Node<Found>>) -> Self {
        let claim = |node: &Node<Found>| {
            let entry = &node.payload.entry;
            let count = match u64::from(entry.size) {
                _ if entry.is_directory() => 1,
                size => volume.boot.clusters_for(size),
            };
            let first = entry.first_cluster;
            volume.boot.has_cluster(first).then_some(Claim { first, count, made: entry.made(), at: node.payload.at })
        };
        let mut claims: Vec<Claim> = nodes.filter_map(claim).filter(|claim| claim.count > 0).collect();
        claims.sort_unstable_by_key(|claim| (claim.first, claim.at));
        let longest = claims.iter().map(|claim| claim.count).max().unwrap_or(0);
        Self { claims, longest }
    }

    /// A claim on the first cluster of another deleted entry than `at`, made after `made`.
    fn later_at(&self, cluster: u32, at: u64, made: Option<Time>) -> Option<&Claim> {
        let from = self.claims.partition_point(|claim| claim.first < cluster);
        self.claims
            .iter()
            .skip(from)
            .take_while(|claim| claim.first == cluster)
            .find(|claim| claim.at != at && claim.made > made)
    }
}

impl Listing {
    /// Plans the recovery of a deleted entry.
    pub(super) fn recover(&self, volume: &Volume, found: &Found) -> Recovered {
        let entry = &found.entry;
        if entry.is_directory() {
            return self.recover_directory(volume, found);
        }
        if entry.size == 0 {
            return match entry.first_cluster {
                0 => Recovered::none(Recoverability::Intact, "the file is empty"),
                _ => Recovered::none(Recoverability::Unknown, "the entry has a first cluster and a size of 0"),
            };
        }
        if !volume.boot.has_cluster(entry.first_cluster) {
            let reason = format!("the entry gives cluster {}, which is none of the volume", entry.first_cluster);
            return Recovered::none(Recoverability::Unknown, reason);
        }
        if let Some(moved) = self.moved(volume, entry) {
            return moved;
        }
        self.guess(volume, found)
    }

    fn recover_directory(&self, volume: &Volume, found: &Found) -> Recovered {
        if let Some(runs) = self.directories.get(&found.at) {
            let clusters = runs.iter().copied().collect();
            let reason = "the first cluster still holds this directory; whether all of it was found is not known";
            return Recovered { clusters, grade: Recoverability::Unknown, reason: reason.to_owned() };
        }
        let reason = match self.owners.owner(found.entry.first_cluster) {
            Some(owner) if owner.entry.is_same_file(&found.entry) => {
                return Recovered::none(Recoverability::Overwritten, format!("moved: now {}", self.path_at(owner.at)));
            }
            Some(owner) => format!("the first cluster belongs to {}", self.path_at(owner.at)),
            None if !volume.boot.has_cluster(found.entry.first_cluster) => {
                return Recovered::none(Recoverability::Unknown, "the first cluster is none of the volume");
            }
            None => "the first cluster no longer holds this directory".to_owned(),
        };
        Recovered::none(Recoverability::Overwritten, reason)
    }

    /// The content of a file that was renamed or moved: a live entry has its place, size and times.
    fn moved(&self, volume: &Volume, entry: &ShortEntry) -> Option<Recovered> {
        let owner = self.owners.owner(entry.first_cluster).filter(|owner| owner.entry.is_same_file(entry))?;
        let chain = volume.table.chain(entry.first_cluster, volume.boot.clusters_for(u64::from(entry.size)));
        let reason = format!("moved or renamed: first cluster, size and times are those of {}", self.path_at(owner.at));
        Some(Recovered { clusters: chain.runs.into_iter().collect(), grade: Recoverability::Unknown, reason })
    }

    /// Takes the clusters from the first on, as a driver would have found them free when the file was written.
    fn guess(&self, volume: &Volume, found: &Found) -> Recovered {
        let entry = &found.entry;
        let need = volume.boot.clusters_for(u64::from(entry.size));
        let made = entry.made();
        let mut clusters = Clusters::default();
        let (mut taken, mut passed, mut overwritten_by, mut count) = (0u32, 0u32, None, 0u32);
        let mut cluster = entry.first_cluster;
        while count < need && volume.boot.has_cluster(cluster) {
            let now = cluster;
            cluster = cluster.saturating_add(1);
            if volume.table.is_free(now) {
                clusters.push(now);
                count = count.saturating_add(1);
                continue;
            }
            let owner = self.owners.owner(now);
            if now == entry.first_cluster {
                let by = owner.map_or_else(|| "another chain".to_owned(), |owner| self.path_at(owner.at));
                let reason = format!("the first cluster belongs to {by} now");
                return Recovered::none(Recoverability::Overwritten, reason);
            }
            if owner.is_some_and(|owner| owner.entry.made() > made) {
                overwritten_by.get_or_insert(now);
                clusters.push_lost(1);
                (taken, count) = (taken.saturating_add(1), count.saturating_add(1));
            } else {
                passed = passed.saturating_add(1);
            }
        }
        if let Some(later) = self.claims.later_at(entry.first_cluster, found.at, made) {
            let reason = format!("the first cluster was given to {} later, which is deleted too", self.path_at(later.at));
            return Recovered { clusters, grade: Recoverability::Overwritten, reason };
        }
        let (grade, reason) = match overwritten_by.and_then(|cluster| self.owners.owner(cluster)) {
            Some(owner) => {
                let path = self.path_at(owner.at);
                (Recoverability::Partial, format!("{taken} of {need} clusters belong to later files now, the first to {path}"))
            }
            None if count < need => {
                (Recoverability::Partial, format!("only {count} of {need} clusters are free from the first on"))
            }
            None if passed > 0 => {
                (Recoverability::Unknown, format!("free clusters from the first on, past {passed} that were in use: a guess"))
            }
            None if need == 1 => (Recoverability::Unknown, "the one cluster is free; what it held since is not known".to_owned()),
            None => (Recoverability::Unknown, "all clusters from the first on are free: contiguous is a guess".to_owned()),
        };
        Recovered { clusters, grade, reason }
    }
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
