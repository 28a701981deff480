//! Recovery of deleted content, and how far to believe it.
//!
//! Deletion frees a file's chain; the entry keeps the first cluster and the size. Where the rest lay is a guess, and
//! so is that nothing was written there and deleted since: FAT keeps no record of either. So nothing but an empty file
//! is ever graded intact, and every extent is marked as inferred.

use super::{
    Volume,
    directory::ShortEntry,
    listing::{Listing, Owners},
    stream::{Clusters, Piece},
    table::ClusterRun,
    walk::Found,
};
use crate::filesystem::{Recoverability, Time};
use std::collections::{BTreeMap, HashMap};

/// A deleted entry's content as far as it can be told.
pub(super) struct Recovered {
    pub(super) clusters: Clusters,
    pub(super) grade: Recoverability,
    pub(super) reason: String,
}

/// A deleted file that may have clusters.
#[derive(Debug, Clone, Copy)]
struct Claim {
    first: u32,
    count: u32,
    made: Option<Time>,
    /// Byte offset of its short entry.
    at: u64,
}

/// Where a deleted file is guessed to lie.
#[derive(Debug, Clone, Default)]
struct Plan {
    clusters: Clusters,
    /// Clusters that later entries took, and the first of these entries.
    taken: u32,
    taken_by: Option<u64>,
    /// True where the first cluster is among them.
    first_taken: bool,
    /// True where clusters in use were passed over.
    passed: bool,
}

/// The guesses for all deleted files, by the byte offset of the short entry.
///
/// Files are taken in the order in which they were made, each from its first cluster on through the clusters that were
/// free then, as a driver allocates: what belongs to an earlier file, live or deleted, is passed over; what belongs to a
/// later one was overwritten and is lost.
pub(super) struct Plans(HashMap<u64, Plan>);

/// Fragments after which a guess ends: a file in more pieces would not be guessed right.
const MOST_STEPS: u32 = 512;

impl Plans {
    pub(super) fn of<'a>(volume: &Volume, owners: &Owners, found: impl Iterator<Item = &'a Found>) -> Self {
        let claim = |found: &Found| {
            let (first, count) = (found.entry.first_cluster, volume.boot.clusters_for(u64::from(found.entry.size)));
            let is_one = !found.entry.is_directory() && count > 0 && volume.boot.has_cluster(first);
            is_one.then_some(Claim { first, count, made: found.entry.made(), at: found.at })
        };
        let mut claims: Vec<Claim> = found.filter_map(claim).collect();
        claims.sort_unstable_by_key(|claim| (claim.first, claim.at));
        let mut planner = Planner { volume, owners, by_cluster: claims.clone(), assigned: BTreeMap::new() };
        claims.sort_by_key(|claim| (claim.made, claim.at));
        Self(claims.iter().map(|claim| (claim.at, planner.plan(claim))).collect())
    }
}

struct Planner<'v> {
    volume: &'v Volume,
    owners: &'v Owners,
    by_cluster: Vec<Claim>,
    /// Runs given to earlier deleted files, by first cluster.
    assigned: BTreeMap<u32, u32>,
}

impl Planner<'_> {
    fn plan(&mut self, claim: &Claim) -> Plan {
        let mut plan = Plan::default();
        let (mut cluster, mut left) = (claim.first, claim.count);
        for _ in 0..MOST_STEPS {
            if left == 0 || !self.volume.boot.has_cluster(cluster) {
                break;
            }
            // An earlier guess does not keep a file from the cluster its own entry names.
            let earlier = self.assigned.range(..=cluster).next_back().filter(|_| cluster != claim.first);
            let next = if let Some(owner) = self.owners.owner(cluster) {
                let end = owner.run.clusters().end;
                if owner.entry.made() > claim.made || cluster == claim.first {
                    plan.lose(owner.at, end.saturating_sub(cluster).min(left), cluster == claim.first)
                } else {
                    plan.passed = true;
                    left = left.saturating_add(end.saturating_sub(cluster));
                    end.saturating_sub(cluster)
                }
            } else if let Some(later) = self.later_at(cluster, claim) {
                plan.lose(later.at, later.count.min(left), cluster == claim.first)
            } else if let Some(end) =
                earlier.map(|(first, count)| first.saturating_add(*count)).filter(|end| *end > cluster)
            {
                plan.passed = true;
                left = left.saturating_add(end.saturating_sub(cluster));
                end.saturating_sub(cluster)
            } else if self.volume.table.is_free(cluster) {
                let count = self.free_count(cluster, left);
                plan.clusters.push_run(ClusterRun { first: cluster, count });
                self.assigned.insert(cluster, count);
                count
            } else {
                plan.passed = true;
                left = left.saturating_add(1);
                1
            };
            cluster = cluster.saturating_add(next);
            left = left.saturating_sub(next);
        }
        plan
    }

    /// A claim on this first cluster that was made after `claim`.
    fn later_at(&self, cluster: u32, claim: &Claim) -> Option<&Claim> {
        let from = self.by_cluster.partition_point(|other| other.first < cluster);
        let here = self.by_cluster.iter().skip(from).take_while(|other| other.first == cluster);
        here.filter(|other| other.made > claim.made).max_by_key(|other| (other.made, other.at))
    }

    /// How many clusters from `cluster` on, at most `most`, are free and claimed by nobody.
    fn free_count(&self, cluster: u32, most: u32) -> u32 {
        let after = cluster.saturating_add(1);
        let next_claim = self.by_cluster.get(self.by_cluster.partition_point(|claim| claim.first < after));
        let next_assigned = self.assigned.range(after..).next().map(|(first, _)| *first);
        let end = next_claim.map(|claim| claim.first).into_iter().chain(next_assigned).min().unwrap_or(u32::MAX);
        let end = end.min(cluster.saturating_add(most));
        let free = (after..end).take_while(|cluster| self.volume.table.is_free(*cluster)).count();
        u32::try_from(free).unwrap_or(u32::MAX).saturating_add(1)
    }
}

impl Plan {
    /// Notes that `count` clusters belong to a later entry.
    fn lose(&mut self, to: u64, count: u32, is_first: bool) -> u32 {
        self.clusters.push_lost(count);
        self.taken = self.taken.saturating_add(count);
        self.taken_by.get_or_insert(to);
        self.first_taken |= is_first;
        count
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

    /// The guess for a file, and how far to believe it.
    fn guess(&self, volume: &Volume, found: &Found) -> Recovered {
        let need = volume.boot.clusters_for(u64::from(found.entry.size));
        let plan = self.plans.0.get(&found.at).cloned().unwrap_or_default();
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
