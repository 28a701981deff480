//! What the table says is in use and no directory lists: directories and chains that lost their entries, as where the root
//! directory was overwritten.

use super::{
    directory::{SLOT, ShortEntry},
    table::Link,
    walk::{Found, Origin, Walk},
};
use crate::filesystem::{Status, clusters::ClusterRun, tree::Parent};

impl Walk<'_> {
    /// Lists directories in use that no live directory leads to, and all below them: their chains are whole, and what is not
    /// marked as deleted in them is in use.
    pub(super) fn unlisted_directories(&mut self) {
        if self.unowned.heads.keys().all(|cluster| !self.is_unlisted(*cluster)) {
            return;
        }
        let inner = self.volume.table.followers(&self.volume.heap);
        let mut heads = self.unowned.heads.clone();
        heads.retain(|cluster, _| self.is_unlisted(*cluster) && !inner.contains(*cluster));
        self.list_without_entry(heads, Status::Unlisted, |walk, node, at, cluster| {
            walk.read_unlisted(node, at, cluster);
        });
    }

    /// Lists chains in use that no entry has, each under the number of its first cluster (`$Chain-5`), and gives their runs by
    /// the byte offset of that cluster. Where one runs into clusters of another it ends. O(clusters).
    pub(super) fn unlisted_chains(&mut self) -> Vec<(u64, Vec<ClusterRun>)> {
        let mut chains = Vec::new();
        let clusters = 2..self.volume.heap.end();
        if clusters.clone().all(|cluster| !self.is_unlisted(cluster)) {
            return chains;
        }
        let inner = self.volume.table.followers(&self.volume.heap);
        for head in clusters {
            if !self.is_unlisted(head) || inner.contains(head) {
                continue;
            }
            if self.is_full() {
                break;
            }
            let mut runs = Vec::new();
            let mut next = Some(head);
            while let Some(cluster) = next.filter(|cluster| self.is_unlisted(*cluster)) {
                self.owned.insert(cluster);
                ClusterRun::append(&mut runs, cluster);
                next = self.volume.table.next(cluster);
            }
            let at = self.volume.heap.offset_of(head);
            let mut entry = ShortEntry::parse(&[0; SLOT], false);
            entry.first_cluster = head;
            let found = Found { entry, at, first: None, has_long_name: false, origin: Origin::Chain };
            self.tree.push(Parent::Lost, &format!("$Chain-{head}"), Status::Unlisted, found);
            chains.push((at, runs));
        }
        chains
    }

    /// True for a cluster that is part of a chain and that nothing listed so far has.
    fn is_unlisted(&self, cluster: u32) -> bool {
        !self.is_taken(cluster) && matches!(self.volume.table.link(cluster), Link::Next(_) | Link::End)
    }
}
