//! Recovery of deleted content, and how far to believe it.
//!
//! The place of a deleted file is known: its set says where it lies in one piece, or its chain still stands in the table, for
//! deletion frees clusters in the allocation bitmap alone. What is not known is who used them since. Two witnesses speak
//! against a cluster: the bitmap and the files in use, and the sets of other deleted files that claim it.

use super::{
    Volume,
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
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// A deleted entry's content as far as it can be told.
pub(super) struct Recovered {
    pub(super) clusters: Clusters,
    pub(super) grade: Recoverability,
    pub(super) reason: String,
}

/// Pieces of one file that are told apart; behind them all counts as lost.
const MOST_PIECES: usize = 4096;

/// What deleted entries that claim the same clusters mean for each other, by the byte offset of the first slot.
pub(super) struct Claims(HashMap<u64, Contest>);

/// Clusters of a deleted entry that others claim.
#[derive(Debug, Clone, Default)]
struct Contest {
    /// Those that a later file took.
    lost: Vec<ClusterRun>,
    /// How many of which it cannot be told who had them last.
    doubtful: u32,
    /// An entry that claims some of them.
    by: u64,
}

/// Clusters that a deleted entry claims.
#[derive(Debug, Clone, Copy)]
struct Claim {
    run: ClusterRun,
    at: u64,
    record: Record,
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

impl Claim {
    fn created(&self) -> Option<Time> {
        self.record.times.and_then(|times| times.created())
    }

    fn latest(&self) -> Option<Time> {
        self.record.times.and_then(|times| times.latest())
    }
}

impl Claims {
    pub(super) fn of<'a>(
        volume: &Volume,
        chains: &HashMap<u64, Chain>,
        deleted: impl Iterator<Item = &'a Found>,
    ) -> Self {
        let mut claims = Vec::new();
        for found in deleted {
            let chain = chains.get(&found.at);
            if chain.is_some_and(|chain| !volume.is_whole(&found.record, chain)) {
                continue;
            }
            let clusters = volume.clusters(&found.record, chain);
            claims.extend(clusters.runs().map(|run| Claim { run, at: found.at, record: found.record }));
        }
        let mut contests = HashMap::new();
        // From the last made to the first: what is held already was taken by a file that was made later.
        claims.sort_by_key(|claim| (Reverse(claim.created()), claim.at, claim.run));
        meet(&claims, |claim, run, held| {
            let contest: &mut Contest = contests.entry(claim.at).or_default();
            contest.by = held.by;
            match held.created > claim.latest() {
                true => contest.lost.push(run),
                false => contest.doubtful = contest.doubtful.saturating_add(run.count),
            }
        });
        // And from the first to the last: what is held was still there after this one was made.
        claims.reverse();
        meet(&claims, |claim, run, held| {
            if held.latest >= claim.created() {
                let contest: &mut Contest = contests.entry(claim.at).or_default();
                contest.by = held.by;
                contest.doubtful = contest.doubtful.saturating_add(run.count);
            }
        });
        Self(contests)
    }
}

/// Tells `visit` of each stretch that a claim has in common with those before it.
fn meet(claims: &[Claim], mut visit: impl FnMut(&Claim, ClusterRun, &Held)) {
    let mut held: BTreeMap<u32, Held> = BTreeMap::new();
    let mut of: HashMap<u64, Record> = HashMap::new();
    for claim in claims {
        let ClusterRun { mut first, .. } = claim.run;
        let mut sum = Held { end: claim.run.end(), created: claim.created(), latest: claim.latest(), by: claim.at };
        // Stretches that meet become one, so that each is met once.
        while let Some((&from, &other)) = held.range(..claim.run.end()).next_back() {
            if other.end <= claim.run.first {
                break;
            }
            held.remove(&from);
            let start = from.max(claim.run.first);
            let count = other.end.min(claim.run.end()).saturating_sub(start);
            // The same file under an older name is no other.
            if !of.get(&other.by).is_some_and(|record| record.is_same_file(&claim.record)) {
                visit(claim, ClusterRun { first: start, count }, &other);
            }
            first = first.min(from);
            sum.end = sum.end.max(other.end);
            sum.created = sum.created.min(other.created);
            sum.latest = sum.latest.max(other.latest);
        }
        of.insert(claim.at, claim.record);
        held.insert(first, sum);
    }
}

impl Volume {
    /// True where a chain ends just where the file does.
    fn is_whole(&self, record: &Record, chain: &Chain) -> bool {
        chain.count == self.heap.clusters_for(record.length) && chain.end == ChainEnd::Link(Link::End)
    }
}

impl Listing {
    /// Plans the recovery of a deleted entry.
    pub(super) fn recover(&self, volume: &Volume, found: &Found) -> Recovered {
        let record = &found.record;
        let none = |grade, reason: &str| Recovered { clusters: Clusters::default(), grade, reason: reason.to_owned() };
        if !record.has_allocation() {
            return none(Recoverability::Unknown, "the entry says that it has no place for content");
        }
        if record.length == 0 {
            let is_proved = matches!(found.proof, Proof::Checksum | Proof::NameHash) && record.first_cluster == 0;
            return match is_proved {
                true => none(Recoverability::Intact, "the file is empty"),
                false => none(Recoverability::Unknown, "the entry says that the file is empty, but is not whole"),
            };
        }
        if !volume.heap.has(record.first_cluster) {
            return none(Recoverability::Unknown, "the first cluster of the entry is none of the volume");
        }
        let chain = self.chains.get(&found.at);
        if let Some(owner) = self.owners.owner(record.first_cluster).filter(|owner| owner.record.is_same_file(record)) {
            return self.moved(volume, owner);
        }
        let is_whole = chain.is_none_or(|chain| volume.is_whole(record, chain));
        let need = volume.heap.clusters_for(record.length);
        let claimed = volume.clusters(record, chain);
        let contest = self.claims.0.get(&found.at);
        let mut clusters = Clusters { inferred: !is_whole, ..Clusters::default() };
        for run in claimed.runs() {
            self.push_free(run, contest, &mut clusters);
        }
        clusters.push_lost(need.saturating_sub(claimed.count()));
        let (grade, reason) = self.grade(volume, found, need, is_whole, &clusters);
        Recovered { clusters, grade, reason }
    }

    /// The content of a file that was renamed or moved: a live entry has its place, length and time of creation.
    fn moved(&self, volume: &Volume, owner: &Owner) -> Recovered {
        let runs = self.content.get(&owner.at).map(|runs| runs.iter().copied().collect());
        let clusters = runs.unwrap_or_else(|| volume.clusters(&owner.record, self.chains.get(&owner.at)));
        let reason = format!("moved or renamed: place, length and time of creation are those of {}", self.path_at(owner.at));
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
        taken.extend(contest.into_iter().flat_map(|contest| contest.lost.iter().copied()).filter(|lost| {
            lost.first < run.end() && run.first < lost.end()
        }));
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

    /// The next clusters in use from `at` on and before `end`: the first, and how many.
    fn next_used(&self, at: u32, end: u32) -> Option<(u32, u32)> {
        let used = |cluster: u32| match &self.allocation {
            Ok(allocation) => allocation.is_used(u64::from(cluster.saturating_sub(2))).unwrap_or(true),
            Err(_) => self.owners.owner(cluster).is_some(),
        };
        let first = (at..end).find(|cluster| used(*cluster))?;
        let count = (first..end).take_while(|cluster| used(*cluster)).count();
        Some((first, u32::try_from(count).unwrap_or(u32::MAX)))
    }

    fn grade(
        &self,
        volume: &Volume,
        found: &Found,
        need: u32,
        is_whole: bool,
        clusters: &Clusters,
    ) -> (Recoverability, String) {
        let record = &found.record;
        let there = clusters.count();
        let contest = self.claims.0.get(&found.at);
        if there == 0 {
            let by = self.owners.next(record.first_cluster).filter(|(cluster, _)| *cluster == record.first_cluster);
            let by = by.map(|(_, owner)| owner.at).or(contest.map(|contest| contest.by));
            let by = by.map(|at| format!(": the first to {}", self.path_at(at))).unwrap_or_default();
            return (Recoverability::Overwritten, format!("all {need} clusters were given to others{by}"));
        }
        if there < need {
            let reason = format!("{there} of {need} clusters are free; the others were given to other files or are not known");
            return (Recoverability::Partial, reason);
        }
        if !is_whole {
            let reason = "the chain in the table does not end where the file does: a later file has changed it";
            return (Recoverability::Unknown, reason.to_owned());
        }
        if let Some(contest) = contest.filter(|contest| contest.doubtful > 0) {
            let by = self.path_at(contest.by);
            return (Recoverability::Unknown, format!("{} of {need} clusters are claimed by {by} too", contest.doubtful));
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
        let place = if record.is_contiguous() { "lie in one piece" } else { "are those of the chain that still stands" };
        (Recoverability::Intact, format!("its {need} clusters {place}, are free, and no other entry claims one"))
    }
}

impl Recovered {
    /// True where there is a cluster to read.
    pub(super) fn has_content(&self) -> bool {
        self.clusters.pieces.iter().any(|piece| matches!(piece, Piece::Run(_)))
    }
}
