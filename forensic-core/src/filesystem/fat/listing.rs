//! The listing: all entries in order, who owns which cluster, and which deleted entry claims which.

use super::{
    Volume,
    directory::ShortEntry,
    high_word::Place,
    recover,
    table::ChainEnd,
    walk::{Found, Walk},
};
use crate::{
    error::Issue,
    filesystem::{
        Time,
        clusters::ClusterRun,
        lost_chain::{Guess, Holding},
        tree::Tree,
    },
};
use std::collections::HashMap;

/// Everything that reading the directories gave.
pub(super) struct Listing {
    pub(super) tree: Tree<Found>,
    /// The clusters of directories, and of chains that no entry has, by the byte offset of their short entry.
    pub(super) runs: HashMap<u64, Vec<ClusterRun>>,
    /// Names that text cannot hold, by the same.
    pub(super) exact_names: HashMap<u64, Vec<u16>>,
    /// Beginnings of long names whose rest was overwritten, by the same.
    pub(super) fragments: HashMap<u64, String>,
    pub(super) label: Option<String>,
    /// First clusters that are not those of the entries, by the same.
    pub(super) places: HashMap<u64, Place>,
    pub(super) owners: Owners,
    /// Where deleted files are guessed to lie, by the same.
    pub(super) guesses: HashMap<u64, Guess>,
    /// Listing positions by the byte offset of the short entry, in order of offset.
    positions: Vec<(u64, u32)>,
}

impl Listing {
    /// Reads all directories of a volume. O(entries + clusters).
    pub(super) fn read(volume: &Volume) -> Self {
        let mut walk = Walk::new(volume);
        let mut owners = Owners::default();
        walk.live_directories();
        owners.add(&mut walk);
        walk.find_unowned();
        walk.unlisted_directories();
        owners.add(&mut walk);
        walk.deleted_directories();
        walk.sweep();
        walk.slack();
        let chains = walk.unlisted_chains();
        walk.mend_files(&owners);
        let Walk { tree, mut content, exact_names, fragments, label, places, .. } = walk;
        content.extend(chains);
        let (tree, _) = tree.finish(&volume.limits);
        let mut positions: Vec<(u64, u32)> = tree.nodes().map(|node| node.payload.at).zip(0u32..).collect();
        positions.sort_unstable();
        let deleted = tree.nodes().filter(|node| !node.status.is_live());
        let guesses = recover::guesses(volume, &owners, &places, deleted.map(|node| &node.payload));
        let listing = Self { tree, runs: content, exact_names, fragments, label, places, owners, guesses, positions };
        listing.report_shared(volume);
        listing
    }

    /// Reports live entries that share clusters.
    fn report_shared(&self, volume: &Volume) {
        for (at, cluster) in &self.owners.shared {
            let other = self.owners.owner(*cluster).map(|owner| self.path_at(owner.at)).unwrap_or_default();
            let own = self.path_at(*at);
            let message = format!("the chain of {own} shares cluster {cluster} with that of {other} (cross-linked)");
            volume.log.push(Issue::new(volume.source.medium_offset(*at), "FAT directory entry", message));
        }
    }

    /// Position of the entry whose short entry stands at this byte of the volume.
    pub(super) fn position_at(&self, at: u64) -> Option<u64> {
        let index = self.positions.binary_search_by_key(&at, |(at, _)| *at).ok()?;
        self.positions.get(index).map(|(_, position)| u64::from(*position))
    }

    /// Path of the entry whose short entry stands at this byte of the volume.
    pub(super) fn path_at(&self, at: u64) -> String {
        self.position_at(at).map(|position| self.tree.path(position)).unwrap_or_default()
    }
}

/// A live entry that has clusters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) run: ClusterRun,
    /// Byte offset of its short entry.
    pub(super) at: u64,
    pub(super) entry: ShortEntry,
}

/// Which live entry each cluster belongs to.
#[derive(Default)]
pub(super) struct Owners {
    /// In order of first cluster.
    owners: Vec<Owner>,
    /// Byte offsets of the short entries of those that share a cluster with another, and that cluster.
    shared: Vec<(u64, u32)>,
}

impl Owners {
    /// Follows the chains of the live entries that were met since the last time.
    fn add(&mut self, walk: &mut Walk<'_>) {
        for (at, entry) in std::mem::take(&mut walk.live_files) {
            let need = walk.volume.heap.clusters_for(u64::from(entry.size)).max(1);
            let need = if entry.first_cluster == 0 { 0 } else { need };
            // Many entries with one first cluster would be followed all the way many times.
            if walk.owned.contains(entry.first_cluster) {
                self.shared.push((at, entry.first_cluster));
                continue;
            }
            let (chain, _) = walk.volume.table.best_chain(entry.first_cluster, Some(need));
            let mut runs = Vec::new();
            for cluster in chain.runs.iter().flat_map(|run| run.clusters()) {
                if !walk.owned.insert(cluster) {
                    self.shared.push((at, cluster));
                    break;
                }
                ClusterRun::append(&mut runs, cluster);
            }
            if chain.count == need {
                walk.live_ends.extend(runs.last().map(|run| (run.end().saturating_sub(1), entry.size)));
            }
            self.owners.extend(runs.into_iter().map(|run| Owner { run, at, entry }));
            if chain.end != ChainEnd::Complete {
                let medium = walk.volume.source.medium_offset(at);
                let message = format!("the chain has {} of {need} clusters: {}", chain.count, chain.end.describe());
                walk.volume.log.push(Issue::new(medium, "FAT directory entry", message));
            }
        }
        for (at, entry) in std::mem::take(&mut walk.live_folders) {
            for run in walk.content.get(&at).into_iter().flatten() {
                self.owners.push(Owner { run: *run, at, entry });
            }
        }
        self.owners.sort_unstable_by_key(|owner| (owner.run.first, owner.at));
    }

    /// When each was made, and its first cluster.
    pub(super) fn firsts(&self) -> impl Iterator<Item = (Time, u32)> + '_ {
        let firsts = self.owners.iter().filter(|owner| owner.run.first == owner.entry.first_cluster);
        firsts.filter_map(|owner| Some((owner.entry.made()?, owner.run.first)))
    }

    /// All runs, for the guesses of [`lost_chain`](crate::filesystem::lost_chain).
    pub(super) fn holdings(&self) -> Vec<Holding> {
        let holding = |owner: &Owner| Holding { run: owner.run, id: owner.at, made: owner.entry.made() };
        self.owners.iter().map(holding).collect()
    }

    /// The live entry that a cluster belongs to.
    pub(super) fn owner(&self, cluster: u32) -> Option<&Owner> {
        let after = self.owners.partition_point(|owner| owner.run.first <= cluster);
        self.owners.get(after.checked_sub(1)?).filter(|owner| owner.run.clusters().contains(&cluster))
    }
}
