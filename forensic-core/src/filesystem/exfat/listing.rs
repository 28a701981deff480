//! The listing: all entries in order, who owns which cluster, and which deleted entry claims which.

use super::{
    Volume,
    claims::Claims,
    set::{Record, Vendor},
    table::{Chain, ChainEnd, Link},
    walk::{Found, Walk},
};
use crate::{
    error::{Error, Issue, Result},
    filesystem::{
        Status,
        allocation::Allocation,
        clusters::{ClusterRun, Clusters},
        tree::Tree,
    },
};
use std::collections::HashMap;

/// Everything that reading the directories gave.
pub(super) struct Listing {
    pub(super) tree: Tree<Found>,
    /// The clusters of live directories and of the volume's own structures, by the byte offset of their first slot.
    pub(super) content: HashMap<u64, Vec<ClusterRun>>,
    /// The chains of files that are not contiguous, by the same.
    pub(super) chains: HashMap<u64, Chain>,
    /// Names that text cannot hold, by the same.
    pub(super) exact_names: HashMap<u64, Vec<u16>>,
    /// What other makers added to sets, by the same.
    pub(super) vendors: HashMap<u64, Vec<Vendor>>,
    pub(super) owners: Owners,
    pub(super) allocation: Result<Allocation>,
    pub(super) claims: Claims,
    /// Listing positions by the byte offset of the first slot, in order of offset.
    positions: Vec<(u64, u32)>,
}

impl Listing {
    /// Reads all directories of a volume. O(slots + clusters).
    pub(super) fn read(volume: &Volume) -> Self {
        let mut walk = Walk::new(volume);
        walk.live_directories();
        let mut chains = HashMap::new();
        let (owners, ends) = Owners::of(&mut walk, &mut chains);
        let allocation = volume.allocation(&owners.ranges());
        allocation.as_ref().err().into_iter().for_each(|error| volume.log.push(Issue::from(error)));
        walk.allocation = Some(allocation);
        walk.find_unowned();
        walk.deleted_directories();
        walk.sweep();
        walk.slack(ends);
        let Walk { tree, content, exact_names, vendors, mut budget, allocation, .. } = walk;
        let allocation = allocation.unwrap_or_else(|| Err(Error::unsupported("a volume without an allocation bitmap")));
        let (tree, _) = tree.finish(&volume.limits);
        let mut positions: Vec<(u64, u32)> = tree.nodes().map(|node| node.payload.at).zip(0u32..).collect();
        positions.sort_unstable();
        for found in tree.nodes().filter(|node| node.status != Status::Allocated).map(|node| &node.payload) {
            if let Some(chain) = volume.chain(&found.record, &mut budget) {
                chains.insert(found.at, chain);
            }
        }
        let deleted = tree.nodes().filter(|node| !node.status.is_live());
        let claims = Claims::of(volume, &chains, deleted.map(|node| &node.payload));
        Self { tree, content, chains, exact_names, vendors, owners, allocation, claims, positions }
    }

    /// Path of the entry whose first slot stands at this byte of the volume; "/" where there is none.
    pub(super) fn path_at(&self, at: u64) -> String {
        let index = self.positions.binary_search_by_key(&at, |(at, _)| *at).ok();
        let position = index.and_then(|index| self.positions.get(index));
        position.map_or_else(|| "/".to_owned(), |(_, position)| self.tree.path(u64::from(*position)))
    }
}

impl Volume {
    /// The chain of a file that is not contiguous; `None` where there is none to follow.
    fn chain(&self, record: &Record, budget: &mut u64) -> Option<Chain> {
        let need = self.heap.clusters_for(record.length);
        let is_chained = need > 0 && !record.is_contiguous() && record.has_allocation();
        (is_chained && self.heap.has(record.first_cluster))
            .then(|| self.table.chain(&self.heap, record.first_cluster, need, budget))
    }

    /// The clusters of a contiguous file; those behind the end of the volume are not there.
    pub(super) fn contiguous(&self, record: &Record) -> ClusterRun {
        let need = self.heap.clusters_for(record.length);
        let there =
            if self.heap.has(record.first_cluster) { self.heap.end().saturating_sub(record.first_cluster) } else { 0 };
        ClusterRun { first: record.first_cluster, count: need.min(there) }
    }

    /// Where a file lies by its own entry, its chain being followed already.
    pub(super) fn clusters(&self, record: &Record, chain: Option<&Chain>) -> Clusters {
        match chain {
            Some(chain) => chain.runs.iter().copied().collect(),
            None if record.is_contiguous() && record.has_allocation() => {
                [self.contiguous(record)].into_iter().collect()
            }
            None => Clusters::default(),
        }
    }
}

/// A live entry that has clusters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) run: ClusterRun,
    /// Byte offset of its first slot.
    pub(super) at: u64,
    pub(super) record: Record,
}

/// Which live entry each cluster belongs to.
pub(super) struct Owners(Vec<Owner>);

impl Owners {
    /// Follows all live files and reports those that share clusters. Gives also the last cluster of each file, with the
    /// number of its bytes that are the file's.
    fn of(walk: &mut Walk<'_>, chains: &mut HashMap<u64, Chain>) -> (Self, Vec<(u32, u64)>) {
        let volume = walk.volume;
        let mut owners = Vec::new();
        let mut ends = Vec::new();
        for (at, record) in std::mem::take(&mut walk.live) {
            if let Some(runs) = walk.content.get(&at) {
                owners.extend(runs.iter().map(|run| Owner { run: *run, at, record }));
                continue;
            }
            let need = volume.heap.clusters_for(record.length);
            let chain = volume.chain(&record, &mut walk.budget);
            let clusters = volume.clusters(&record, chain.as_ref());
            if clusters.count() < need {
                let end = chain.as_ref().map_or(ChainEnd::Link(Link::Invalid(record.first_cluster)), |chain| chain.end);
                let message = format!("the file has {} of {need} clusters: {}", clusters.count(), end.describe());
                volume.issue(at, message);
            }
            let runs = walk.own(clusters.runs().flat_map(ClusterRun::clusters), at);
            if let Some(last) = clusters.runs().last().filter(|_| clusters.count() == need) {
                let before = volume.heap.bytes_of(need.saturating_sub(1));
                ends.push((last.end().saturating_sub(1), record.length.saturating_sub(before)));
            }
            owners.extend(runs.into_iter().map(|run| Owner { run, at, record }));
            chains.extend(chain.map(|chain| (at, chain)));
            let vendors = walk.vendors.get(&at).into_iter().flatten().filter_map(|vendor| vendor.area);
            for area in vendors.filter(Record::is_contiguous).collect::<Vec<_>>() {
                let runs = walk.own(volume.contiguous(&area).clusters(), at);
                owners.extend(runs.into_iter().map(|run| Owner { run, at, record }));
            }
        }
        for (_, area) in volume.system.areas() {
            for run in walk.content.get(&area.at).into_iter().flatten() {
                owners.push(Owner { run: *run, at: area.at, record: area.record });
            }
        }
        let root = Record::of_volume(volume.boot.root_cluster, 0);
        owners.extend(walk.root.iter().map(|run| Owner { run: *run, at: 0, record: root }));
        owners.sort_unstable_by_key(|owner| (owner.run.first, owner.at));
        (Self(owners), ends)
    }

    /// The live entry that a cluster belongs to.
    pub(super) fn owner(&self, cluster: u32) -> Option<&Owner> {
        let after = self.0.partition_point(|owner| owner.run.first <= cluster);
        self.0.get(after.checked_sub(1)?).filter(|owner| owner.run.clusters().contains(&cluster))
    }

    /// The first owner of clusters from `cluster` on.
    pub(super) fn next(&self, cluster: u32) -> Option<&Owner> {
        let after = self.0.partition_point(|owner| owner.run.first <= cluster);
        self.owner(cluster).or_else(|| self.0.get(after))
    }

    /// All runs, counted from cluster 2.
    fn ranges(&self) -> Vec<(u64, u64)> {
        let index = |cluster: u32| u64::from(cluster.saturating_sub(2));
        self.0.iter().map(|owner| (index(owner.run.first), index(owner.run.end()))).collect()
    }
}
