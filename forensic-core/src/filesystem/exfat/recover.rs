//! Recovery of deleted content, and how far to believe it.
//!
//! The place of a deleted file is known: its set says where it lies in one piece, or its chain still stands in the table, for
//! deletion frees clusters in the allocation bitmap alone. What is not known is who used them since. Two witnesses speak
//! against a cluster: the bitmap and the files in use, and the sets of other deleted files that claim it.

use super::{
    Volume,
    claims::Contest,
    listing::{Listing, Owner},
    set::{Proof, Record},
    table::{Chain, ChainEnd, Link},
    walk::Found,
};
use crate::{
    bytes::ReadAt,
    filesystem::{
        Recoverability, Time,
        clusters::{ClusterRun, Clusters, Piece},
    },
};
use std::ops::Range;

/// A deleted entry's content as far as it can be told.
pub(super) struct Recovered {
    pub(super) clusters: Clusters,
    pub(super) grade: Recoverability,
    pub(super) reason: String,
}

/// Pieces of one file that are told apart; behind them all counts as lost.
const MOST_PIECES: usize = 4096;

/// How well the place of a deleted file is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It lies in one piece, or its chain still stands and ends just where the file does.
    Known,
    /// Entries of its chain were cleared: the rest is guessed.
    Cleared,
    /// Its chain leads elsewhere: a later file has changed it.
    Changed,
}

impl Place {
    pub(super) fn of(volume: &Volume, record: &Record, chain: Option<&Chain>) -> Self {
        let Some(chain) = chain else { return Self::Known };
        let need = volume.heap.clusters_for(record.length);
        match chain.end {
            ChainEnd::Link(Link::End) if chain.count == need => Self::Known,
            // A single cluster is named by the entry itself.
            ChainEnd::Link(Link::None) if need == 1 => Self::Known,
            ChainEnd::Link(Link::None) => Self::Cleared,
            _ => Self::Changed,
        }
    }
}

impl Listing {
    /// Plans the recovery of a deleted entry.
    pub(super) fn recover(&self, volume: &Volume, found: &Found) -> Recovered {
        let record = &found.record;
        let none = |grade, reason: &str| Recovered { clusters: Clusters::default(), grade, reason: reason.to_owned() };
        if record.length == 0 {
            let is_proved = matches!(found.proof, Proof::Checksum | Proof::NameHash) && record.first_cluster == 0;
            return match is_proved {
                true => none(Recoverability::Intact, "the file is empty"),
                false => none(Recoverability::Unknown, "the entry says that the file is empty, but is not whole"),
            };
        }
        if !record.has_allocation() {
            return none(Recoverability::Unknown, "the entry says that it has no place for content");
        }
        if !volume.heap.has(record.first_cluster) {
            return none(Recoverability::Unknown, "the first cluster of the entry is none of the volume");
        }
        let chain = self.chains.get(&found.at);
        if let Some(owner) =
            self.owners.owner(record.first_cluster).filter(|owner| owner.record.identity() == record.identity())
        {
            return self.moved(volume, owner);
        }
        let place = Place::of(volume, record, chain);
        let need = volume.heap.clusters_for(record.length);
        let claimed = volume.clusters(record, chain);
        let contest = self.claims.contest(found.at);
        let mut clusters = Clusters { inferred: place != Place::Known, ..Clusters::default() };
        for run in claimed.runs() {
            self.push_free(run, contest, &mut clusters);
        }
        if place == Place::Cleared {
            let last = claimed.runs().last().map_or(record.first_cluster, |run| run.end().saturating_sub(1));
            self.push_guess(volume, record, last, &mut clusters);
        }
        clusters.push_lost(need.saturating_sub(clusters.length()));
        let (grade, reason) = self.grade(volume, found, place, &clusters);
        Recovered { clusters, grade, reason }
    }

    /// Goes on behind `last`, the last cluster that the table gave, through the clusters that were free when the file was made, as a
    /// driver allocates: those of earlier files are passed over, those of later ones are lost.
    fn push_guess(&self, volume: &Volume, record: &Record, last: u32, clusters: &mut Clusters) {
        let need = volume.heap.clusters_for(record.length);
        let created = record.created();
        let mut at = last.saturating_add(1);
        for _ in 0..MOST_PIECES {
            let left = need.saturating_sub(clusters.length());
            let end = at.saturating_add(left).min(volume.heap.end());
            if at >= end {
                break;
            }
            let next = match self.occupant(at) {
                Some((until, later)) if later > created => {
                    let until = until.min(end);
                    clusters.push_lost(until.saturating_sub(at));
                    until
                }
                Some((until, _)) => until,
                None => {
                    let until = self.next_used(at, end).map_or(end, |(first, _)| first);
                    let claimed = self.claims.next(at).unwrap_or(end);
                    // In use by the bitmap alone: nobody knows by whom, nor since when.
                    let until = until.min(claimed);
                    clusters.push_run(ClusterRun { first: at, count: until.saturating_sub(at) });
                    until.max(at.saturating_add(1))
                }
            };
            at = next;
        }
    }

    /// Who else has a cluster: the number after the last cluster of that, and when it was made.
    fn occupant(&self, cluster: u32) -> Option<(u32, Option<Time>)> {
        if let Some(owner) = self.owners.owner(cluster) {
            return Some((owner.run.end(), owner.record.created()));
        }
        self.claims.at(cluster)
    }

    /// The content of a file that was renamed or moved: a live entry has its place, length and time of creation.
    fn moved(&self, volume: &Volume, owner: &Owner) -> Recovered {
        let runs = self.content.get(&owner.at).map(|runs| runs.iter().copied().collect());
        let clusters = runs.unwrap_or_else(|| volume.clusters(&owner.record, self.chains.get(&owner.at)));
        let reason =
            format!("moved or renamed: place, length and time of creation are those of {}", self.path_at(owner.at));
        Recovered { clusters, grade: Recoverability::Unknown, reason }
    }

    /// Adds the clusters of `run` that nobody took, and those that are lost as such.
    fn push_free(&self, run: ClusterRun, contest: Option<&Contest>, clusters: &mut Clusters) {
        let mut at = run.first;
        let mut taken: Vec<ClusterRun> = Vec::new();
        while let Some((first, count)) = self.next_used(at, run.end()).filter(|_| taken.len() < MOST_PIECES) {
            taken.push(ClusterRun { first, count });
            at = first.saturating_add(count);
        }
        if taken.len() == MOST_PIECES {
            taken.push(ClusterRun { first: at, count: run.end().saturating_sub(at) });
        }
        let lost = contest.map(|contest| contest.lost.as_slice()).unwrap_or_default();
        let after = lost.partition_point(|lost| lost.end() <= run.first);
        taken.extend(lost.iter().skip(after).take_while(|lost| lost.first < run.end()));
        taken.sort_unstable();
        let mut at = run.first;
        for lost in taken {
            clusters.push_run(ClusterRun { first: at, count: lost.first.saturating_sub(at) });
            let from = lost.first.max(at);
            let to = lost.end().min(run.end());
            clusters.push_lost(to.saturating_sub(from));
            at = at.max(to);
        }
        clusters.push_run(ClusterRun { first: at, count: run.end().saturating_sub(at) });
    }

    /// The next clusters in use from `at` on and before `end`: the first, and how many. O(log clusters).
    fn next_used(&self, at: u32, end: u32) -> Option<(u32, u32)> {
        let Ok(allocation) = &self.allocation else {
            let owner = self.owners.next(at).filter(|owner| owner.run.first < end)?;
            let first = owner.run.first.max(at);
            return Some((first, owner.run.end().min(end).saturating_sub(first)));
        };
        let used = |from: u32, to: u32| {
            let index = |cluster: u32| u64::from(cluster.saturating_sub(2));
            allocation.count(index(from), index(to))
        };
        let first = first_where(at..end, |cluster| used(at, cluster.saturating_add(1)) > 0);
        let free = first_where(first..end, |cluster| {
            let next = cluster.saturating_add(1);
            used(first, next) < u64::from(next.saturating_sub(first))
        });
        (first < end).then(|| (first, free.saturating_sub(first)))
    }

    fn grade(&self, volume: &Volume, found: &Found, place: Place, clusters: &Clusters) -> (Recoverability, String) {
        let record = &found.record;
        let need = volume.heap.clusters_for(record.length);
        let there = clusters.count();
        let contest = self.claims.contest(found.at);
        if there == 0 {
            let by = self.owners.owner(record.first_cluster).map(|owner| owner.at);
            let by = by.or(contest.map(|contest| contest.by));
            let by = by.map(|at| format!(": the first to {}", self.path_at(at))).unwrap_or_default();
            return (Recoverability::Overwritten, format!("all {need} clusters were given to others{by}"));
        }
        if there < need {
            let reason =
                format!("{there} of {need} clusters are free; the others were given to other files or are not known");
            return (Recoverability::Partial, reason);
        }
        let doubt = match place {
            Place::Known => None,
            Place::Cleared => Some("a guess: the chain was cleared; the free clusters that go on with it"),
            Place::Changed => Some("the chain does not end where the file does: a later file has changed it"),
        };
        if let Some(doubt) = doubt {
            return (Recoverability::Unknown, doubt.to_owned());
        }
        if let Some(contest) = contest.filter(|contest| contest.doubtful > 0) {
            let by = self.path_at(contest.by);
            return (
                Recoverability::Unknown,
                format!("{} of {need} clusters are claimed by {by} too", contest.doubtful),
            );
        }
        if let Err(error) = &self.allocation {
            return (Recoverability::Unknown, format!("the allocation bitmap cannot be read: {error}"));
        }
        let end = clusters.runs().map(|run| volume.heap.offset_of(run.end())).max().unwrap_or(0);
        if end > volume.heap.source.len() {
            return (Recoverability::Partial, "some of its clusters lie behind the end of the medium".to_owned());
        }
        if found.proof != Proof::Checksum {
            return (Recoverability::Unknown, "all clusters are free, but the entry is not whole".to_owned());
        }
        let place =
            if record.is_contiguous() { "lie in one piece" } else { "are those of the chain that still stands" };
        (Recoverability::Intact, format!("its {need} clusters {place}, are free, and no other entry claims one"))
    }
}

/// The first cluster for which `is` holds, as it does for all after it; the end where it holds for none.
fn first_where(clusters: Range<u32>, is: impl Fn(u32) -> bool) -> u32 {
    let Range { start: mut low, end: mut high } = clusters;
    while low < high {
        let middle = low.midpoint(high);
        if is(middle) {
            high = middle;
        } else {
            low = middle.saturating_add(1);
        }
    }
    low
}

impl Recovered {
    /// True where there is a cluster to read.
    pub(super) fn has_content(&self) -> bool {
        self.clusters.pieces.iter().any(|piece| matches!(piece, Piece::Run(_)))
    }
}
