//! Which deleted files claim the same clusters, and who had them last. Deletion itself leaves no time: a file is known to have
//! been there from the time it was made to the last of its times.

use super::{Volume, recover::Place, table::Chain, walk::Found};
use crate::filesystem::{Time, clusters::ClusterRun};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// What deleted entries that claim the same clusters mean for each other.
pub(super) struct Claims {
    contests: HashMap<u64, Contest>,
    /// Of entries that are one file under several names, the one that stands for them.
    same: HashMap<u64, u64>,
    /// All that deleted entries of a known place claim, by the first cluster.
    held: BTreeMap<u32, Held>,
}

/// Clusters of a deleted entry that others claim.
#[derive(Debug, Clone, Default)]
pub(super) struct Contest {
    /// Those that a later file took, in order.
    pub(super) lost: Vec<ClusterRun>,
    /// How many of which it cannot be told who had them last.
    pub(super) doubtful: u32,
    /// The byte offset of the first slot of an entry that claims some of them.
    pub(super) by: u64,
}

/// A deleted entry and its clusters.
struct Claim {
    runs: Vec<ClusterRun>,
    /// Byte offset of its first slot.
    at: u64,
    created: Option<Time>,
    latest: Option<Time>,
}

/// Clusters that deleted entries claim.
#[derive(Clone, Copy)]
struct Held {
    end: u32,
    /// When the first of the claimants was made, and when the last of them is known to have been there.
    created: Option<Time>,
    latest: Option<Time>,
    by: u64,
}

impl Claims {
    /// Compares the deleted entries whose place is known. O(runs × log runs).
    pub(super) fn of<'a>(
        volume: &Volume,
        chains: &HashMap<u64, Chain>,
        deleted: impl Iterator<Item = &'a Found>,
    ) -> Self {
        let mut claims = Vec::new();
        let (mut files, mut same) = (HashMap::new(), HashMap::new());
        for Found { at, record, .. } in deleted {
            let chain = chains.get(at);
            let runs: Vec<ClusterRun> = volume.clusters(record, chain).runs().collect();
            if runs.is_empty() || Place::of(volume, record, chain) != Place::Known {
                continue;
            }
            let first = *files.entry(record.identity()).or_insert(*at);
            if first == *at {
                claims.push(Claim { runs, at: *at, created: record.created(), latest: record.latest() });
            } else {
                same.insert(*at, first);
            }
        }
        let mut contests: HashMap<u64, Contest> = HashMap::new();
        // From the last made to the first: what is held already was taken by a file that was made later.
        claims.sort_by_key(|claim| (Reverse(claim.created), claim.at));
        meet(&claims, |claim, run, held| {
            let contest = contests.entry(claim.at).or_default();
            contest.by = held.by;
            match held.created > claim.latest {
                true => contest.lost.push(run),
                false => contest.doubtful = contest.doubtful.saturating_add(run.count),
            }
        });
        // And from the first to the last: what is held was still there after this one was made.
        claims.reverse();
        let held = meet(&claims, |claim, run, held| {
            if held.latest >= claim.created {
                let contest = contests.entry(claim.at).or_default();
                contest.by = held.by;
                contest.doubtful = contest.doubtful.saturating_add(run.count);
            }
        });
        contests.values_mut().for_each(|contest| contest.lost.sort_unstable());
        Self { contests, same, held }
    }

    /// What others claim of the entry whose first slot stands at this byte of the volume.
    pub(super) fn contest(&self, at: u64) -> Option<&Contest> {
        self.contests.get(self.same.get(&at).unwrap_or(&at))
    }

    /// The claim that a cluster is part of: the number after its last cluster, and when it was made.
    pub(super) fn at(&self, cluster: u32) -> Option<(u32, Option<Time>)> {
        let (_, held) = self.held.range(..=cluster).next_back()?;
        (held.end > cluster).then_some((held.end, held.created))
    }

    /// The first cluster from `cluster` on at which a claim begins.
    pub(super) fn next(&self, cluster: u32) -> Option<u32> {
        self.held.range(cluster..).next().map(|(first, _)| *first)
    }
}

/// Tells `visit` of each stretch that a claim has in common with those before it; gives all that is claimed.
fn meet(claims: &[Claim], mut visit: impl FnMut(&Claim, ClusterRun, &Held)) -> BTreeMap<u32, Held> {
    let mut held: BTreeMap<u32, Held> = BTreeMap::new();
    for claim in claims {
        for run in &claim.runs {
            for (&from, other) in held.range(..run.end()).rev().take_while(|(_, other)| other.end > run.first) {
                let first = from.max(run.first);
                let count = other.end.min(run.end()).saturating_sub(first);
                visit(claim, ClusterRun { first, count }, other);
            }
        }
        // Only then its own, so that it does not meet itself. Stretches that meet become one.
        for run in &claim.runs {
            let mut first = run.first;
            let mut sum = Held { end: run.end(), created: claim.created, latest: claim.latest, by: claim.at };
            while let Some((&from, &other)) = held.range(..run.end()).next_back().filter(|(_, h)| h.end > run.first) {
                held.remove(&from);
                first = first.min(from);
                sum.end = sum.end.max(other.end);
                sum.created = sum.created.min(other.created);
                sum.latest = sum.latest.max(other.latest);
            }
            held.insert(first, sum);
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(at: u64, runs: &[(u32, u32)]) -> Claim {
        let runs = runs.iter().map(|&(first, count)| ClusterRun { first, count }).collect();
        Claim { runs, at, created: None, latest: None }
    }

    #[test]
    fn a_claim_in_two_pieces_meets_one_stretch_twice_and_never_itself() {
        let claims = [claim(1, &[(10, 20)]), claim(2, &[(12, 2), (20, 2), (29, 9)])];
        let mut met = Vec::new();
        meet(&claims, |claim, run, held| met.push((claim.at, run.first, run.count, held.by)));
        assert_eq!(met, [(2, 12, 2, 1), (2, 20, 2, 1), (2, 29, 1, 1)]);
    }

    #[test]
    fn every_common_cluster_is_met_once() {
        let claims = [claim(1, &[(10, 5), (30, 5)]), claim(2, &[(12, 20)]), claim(3, &[(11, 2), (25, 8)])];
        let mut met = Vec::new();
        let held = meet(&claims, |claim, run, held| met.push((claim.at, run.first, run.count, held.by)));
        met.sort_unstable();
        assert_eq!(met, [(2, 12, 3, 1), (2, 30, 2, 1), (3, 11, 2, 2), (3, 25, 8, 2)]);
        assert_eq!(held.iter().map(|(first, held)| (*first, held.end)).collect::<Vec<_>>(), [(10, 35)]);
    }
}
