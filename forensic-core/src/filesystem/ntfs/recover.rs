//! How much of a deleted file can be given back, and why.
//!
//! Three witnesses speak against a cluster: $Bitmap and the records in use (it belongs to a file that lives), and other
//! deleted records that claim it (it belonged to a file that lived later).

use super::{
    Volume,
    attribute::kind,
    catalog::Catalog,
    file::File,
    mft,
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
    catalog: &Catalog,
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
        Ok(allocation) => grade_clusters(catalog, allocation, file.base.number, &runs),
    }
}

/// Grades a deleted record by the clusters it claims: of each run the first one, and the one after the last.
fn grade_clusters(
    catalog: &Catalog,
    allocation: &Allocation,
    number: u64,
    runs: &[(u64, u64)],
) -> (Recoverability, String) {
    let mut total = 0u64;
    let mut taken = 0u64;
    for &(start, end) in runs {
        total = total.saturating_add(end.saturating_sub(start));
        taken = taken.saturating_add(allocation.count(start, end));
    }
    let grade = |gone: u64| if gone >= total { Recoverability::Overwritten } else { Recoverability::Partial };
    if taken > 0 {
        let by = match runs.iter().find_map(|run| catalog.claims.owner(*run)) {
            Some(owner) => format!("belong to other files now, the first of them to {}", catalog.describe(owner)),
            None => "are in use by $Bitmap, by none of the records".to_owned(),
        };
        return (grade(taken), format!("{taken} of {total} clusters {by}"));
    }
    if mft::is_outside(number) {
        let reason = format!("none of {total} clusters is in use, but nothing tells who used them since");
        return (Recoverability::Unknown, reason);
    }
    let contest = u32::try_from(number).ok().and_then(|record| catalog.claims.contested.get(&record));
    let Contest { lost, doubtful, by } = contest.copied().unwrap_or_default();
    if lost > 0 {
        let by = catalog.describe(by);
        return (grade(lost), format!("{lost} of {total} clusters were used again by deleted {by}"));
    }
    if doubtful > 0 {
        let reason = format!("{doubtful} of {total} clusters are claimed by deleted {} too", catalog.describe(by));
        return (Recoverability::Unknown, reason);
    }
    (Recoverability::Intact, format!("none of {total} clusters is in use, and no other record claims one"))
}

impl Claims {
    /// The record in use that has the first clusters of `start .. end` that one has.
    fn owner(&self, (start, end): (u64, u64)) -> Option<u32> {
        let behind = self.live.partition_point(|claim| claim.start < end);
        let before = self.live.get(..behind)?;
        let first = before.partition_point(|claim| claim.start <= start).saturating_sub(1);
        before.get(first..)?.iter().find(|claim| claim.end > start).map(|claim| claim.record)
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
