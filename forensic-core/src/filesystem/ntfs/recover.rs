//! How much of a deleted file can be given back, and why.
//!
//! Three witnesses speak against a cluster: $Bitmap and the records in use (it belongs to a file that lives), and other
//! deleted records that claim it (it belonged to a file that lived later).

use super::{
    Volume,
    attribute::kind,
    file::File,
    scan::{Claim, Life},
    stream::fragments,
};
use crate::{
    bytes::ReadAt,
    error::{Error, Result},
    filesystem::{
        allocation::Allocation,
        model::{Entry, Recoverability},
    },
};
use std::collections::{BTreeMap, HashMap};

/// The clusters that records claim.
pub(super) struct Claims {
    /// Clusters of files in use, sorted.
    pub(super) live: Vec<Claim>,
    /// Of each deleted record that others contest, the clusters lost to a later one, and those nobody knows about.
    contested: HashMap<u32, Contest>,
}

/// Clusters that several deleted records claim.
#[derive(Debug, Clone, Copy, Default)]
struct Contest {
    /// Clusters that a later file took.
    lost: u64,
    /// Clusters of which it cannot be told who had them last.
    doubtful: u64,
    /// A record that claims some of them.
    by: u32,
}

/// A stretch of clusters that some deleted record claims.
#[derive(Clone, Copy)]
struct Held {
    end: u64,
    /// When the last of its claimants was still alive, and the first was made.
    latest: u64,
    earliest: u64,
    by: u32,
}

impl Claims {
    pub(super) fn new(mut live: Vec<Claim>, mut deleted: Vec<Claim>, lives: &HashMap<u32, Life>) -> Self {
        live.sort_unstable();
        let life = |record: u32| lives.get(&record).copied().unwrap_or_default();
        let mut contested: HashMap<u32, Contest> = HashMap::new();
        deleted.sort_unstable_by_key(|claim| {
            let life = life(claim.record);
            (life.times.created, life.times.latest(), claim.record, claim.start)
        });
        // From the last made to the first: what is held already was taken by a later file.
        let mut held = BTreeMap::new();
        for claim in deleted.iter().rev() {
            let own = life(claim.record);
            visit(&mut held, claim, &own, |count, other| {
                let contest = contested.entry(claim.record).or_default();
                contest.by = other.by;
                match other.earliest > own.times.latest() {
                    true => contest.lost = contest.lost.saturating_add(count),
                    false => contest.doubtful = contest.doubtful.saturating_add(count),
                }
            });
        }
        // From the first made to the last: what is held already was released in time, if nothing says otherwise.
        held.clear();
        for claim in &deleted {
            let own = life(claim.record);
            visit(&mut held, claim, &own, |count, other| {
                if other.latest >= own.times.created {
                    let contest = contested.entry(claim.record).or_default();
                    contest.by = other.by;
                    contest.doubtful = contest.doubtful.saturating_add(count);
                }
            });
        }
        Self { live, contested }
    }
}

/// Grades a deleted entry by all of its streams.
pub(super) fn grade(
    volume: &Volume,
    file: &File,
    entry: &Entry,
    claims: &Claims,
    allocation: &Result<Allocation>,
) -> (Recoverability, String) {
    if let Some(error) = file.torn() {
        return (Recoverability::Unknown, error.to_string());
    }
    if let Some(error) = file.damage() {
        return (Recoverability::Partial, error.to_string());
    }
    for stream in &entry.streams {
        if let Err(error) = stream.open() {
            return match error {
                Error::Unsupported { .. } => (Recoverability::Unknown, error.to_string()),
                _ => (Recoverability::Partial, format!("stream {:?}: {error}", stream.info.name)),
            };
        }
    }
    let cluster_size = u64::from(volume.boot.cluster_size);
    let mut runs = Vec::new();
    for data in fragments(file, kind::DATA) {
        let Some(clusters) = data.clusters(volume) else { continue };
        if let Some(error) = &clusters.damage {
            let grade = if clusters.covered == 0 { Recoverability::Overwritten } else { Recoverability::Partial };
            return (grade, error.to_string());
        }
        for run in &clusters.runs {
            let Some(offset) = run.offset else { continue };
            if offset.saturating_add(run.length) > volume.source.len() {
                return (Recoverability::Partial, "some of its clusters lie behind the end of the medium".to_owned());
            }
            let cluster = |bytes: u64| bytes.checked_div(cluster_size).unwrap_or(0);
            runs.push((cluster(offset), cluster(offset.saturating_add(run.length))));
        }
    }
    if runs.is_empty() {
        return (Recoverability::Intact, "all of it stands in its MFT record".to_owned());
    }
    match allocation {
        Err(error) => (Recoverability::Unknown, format!("$Bitmap cannot be read: {error}")),
        Ok(allocation) => claims.grade(allocation, u32::try_from(file.base.number).unwrap_or(u32::MAX), &runs),
    }
}

impl Claims {
    /// Grades a deleted record by the clusters it claims: first one, and the one after the last.
    fn grade(&self, allocation: &Allocation, record: u32, runs: &[(u64, u64)]) -> (Recoverability, String) {
        let mut total = 0u64;
        let mut taken = 0u64;
        for &(start, end) in runs {
            total = total.saturating_add(end.saturating_sub(start));
            taken = taken.saturating_add(allocation.count(start, end));
        }
        let Contest { lost, doubtful, by } = self.contested.get(&record).copied().unwrap_or_default();
        let grade = |gone: u64| if gone >= total { Recoverability::Overwritten } else { Recoverability::Partial };
        if taken > 0 {
            return (grade(taken), format!("{taken} of {total} clusters belong to other files now"));
        }
        if lost > 0 {
            return (grade(lost), format!("{lost} of {total} clusters were used again by deleted record {by}"));
        }
        if doubtful > 0 {
            let reason = format!("{doubtful} of {total} clusters are claimed by deleted record {by} too");
            return (Recoverability::Unknown, reason);
        }
        (Recoverability::Intact, format!("none of {total} clusters is in use, and no other record claims one"))
    }
}

/// Tells `meet` of the stretches of `held` that `claim` meets, with the number of clusters in common, and adds it.
fn visit(held: &mut BTreeMap<u64, Held>, claim: &Claim, life: &Life, mut meet: impl FnMut(u64, &Held)) {
    let (mut start, mut end) = (claim.start, claim.end);
    let mut sum = Held { end, latest: life.times.latest(), earliest: life.times.created, by: claim.record };
    // Stretches that meet become one, so that each is met once.
    while let Some((&from, &other)) = held.range(..claim.end).next_back() {
        if other.end <= claim.start {
            break;
        }
        held.remove(&from);
        if other.by != claim.record {
            meet(other.end.min(claim.end).saturating_sub(from.max(claim.start)), &other);
        }
        start = start.min(from);
        end = end.max(other.end);
        sum =
            Held { end, latest: sum.latest.max(other.latest), earliest: sum.earliest.min(other.earliest), by: sum.by };
    }
    sum.end = end;
    held.insert(start, sum);
}
