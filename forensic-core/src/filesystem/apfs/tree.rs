//! The file trees of the volumes: those in use, and what is left of older ones in older checkpoints and in free blocks.

use super::{
    Container,
    btree::{Node, Tree},
    object::{Header, kind},
    records::Records,
    space,
    volume::Volume,
};
use crate::{
    bytes::{Fields, ReadAt, Run, read_around},
    error::{Error, Issue},
};
use std::collections::HashSet;

/// Bytes of free blocks read at once.
const BLOCK: u64 = 1 << 20;

impl Volume {
    /// Reads the file tree as of a transaction. Blocks read are added to `seen`.
    pub(super) fn records(
        &self,
        container: &Container,
        xid: u64,
        strict: bool,
        seen: &mut HashSet<u64>,
        issue: &mut dyn FnMut(Error),
    ) -> Records {
        let mut records = Records::default();
        let mut problems = Vec::new();
        let resolve = |oid| self.node(oid, xid);
        let tree = Tree { container, sizes: (16, 16), resolve: &resolve, strict };
        let mut damage = Vec::new();
        tree.leaves(self.root_tree, seen, &mut |error| damage.push(error), &mut |node| {
            records.add(node, false, &mut |error| problems.push(error));
        });
        if !damage.is_empty() && !strict {
            self.strays(container, seen, &mut records);
        }
        if let Some(root) = self.extent_tree {
            let resolve = |oid| if self.extent_tree_is_physical { Some(oid) } else { self.map.find(oid, xid) };
            let tree = Tree { container, sizes: (16, 16), resolve: &resolve, strict };
            tree.leaves(root, seen, &mut |error| damage.push(error), &mut |node| {
                records.add(node, true, &mut |error| problems.push(error));
            });
        }
        damage.into_iter().chain(problems).for_each(issue);
        records
    }

    /// Leaves that the object map still knows, but a damaged node leads to no more.
    fn strays(&self, container: &Container, seen: &mut HashSet<u64>, records: &mut Records) {
        for address in self.map.addresses(self.xid) {
            if seen.contains(&address) {
                continue;
            }
            let Ok(block) = container.block(address) else { continue };
            let Ok(node) = Node::parse(block, address, container.medium_of(address)) else { continue };
            if node.header.subtype == kind::FILE_TREE && node.is_leaf() && node.damage().is_none() {
                seen.insert(address);
                records.add(&node, false, &mut |_| {});
            }
        }
    }
}

/// Records of older states, by the number of the volume; those of no known volume last. Where maps are damaged
/// (`is_unmapped`), former nodes are looked for in all blocks and not only in free ones.
pub(super) fn stale(
    container: &Container,
    volumes: &mut [(Volume, Records)],
    seen: &mut HashSet<u64>,
    is_unmapped: bool,
) -> Vec<Records> {
    let mut stale = Vec::new();
    for (volume, _) in volumes.iter() {
        let mut records = Records::default();
        for (xid, name) in volume.snapshots(container, &mut |error| container.issues.push(Issue::from(&error))) {
            records.append(volume.records(container, xid, true, seen, &mut |_| {}));
            let message =
                format!("snapshot {name:?} of volume {:?}: of it only what was deleted since is listed", volume.name);
            container.issues.push(Issue::new(volume.at, "APFS snapshot", message));
        }
        records.keep();
        stale.push(records);
    }
    stale.push(Records::default());
    let ignore = &mut |_: Error| {};
    for checkpoint in &container.older {
        for old in container.volumes_of(checkpoint, true, ignore) {
            let known = volumes.iter_mut().zip(&mut stale).find(|((volume, _), _)| volume.uuid == old.uuid);
            let Some(((volume, _), records)) = known else { continue };
            if volume.map.extend(container, old.object_map, true, ignore).is_ok() {
                records.append(volume.records(container, old.xid, true, seen, ignore));
            }
        }
    }
    let everything = || vec![Run::new(0, container.source.len())];
    let runs = match space::unallocated(container) {
        Ok(free) if !is_unmapped => free,
        Ok(_) => everything(),
        Err(error) => {
            // Where nobody knows what is free, all that is not in use by a tree may be.
            container.issues.push(Issue::from(&error));
            everything()
        }
    };
    nodes_in(runs, container, volumes, seen, &mut stale);
    stale
}

/// Adds the records of whole nodes that are in no tree.
fn nodes_in(
    runs: Vec<Run>,
    container: &Container,
    volumes: &[(Volume, Records)],
    seen: &HashSet<u64>,
    stale: &mut [Records],
) {
    let size = u64::from(container.block_size);
    for run in runs {
        let Some(start) = run.offset else { continue };
        let end = start.saturating_add(run.length).min(container.source.len());
        for at in (start..end).step_by(BLOCK as usize) {
            let told = |error: &_, _| container.issues.push(Issue::from(error));
            let bytes = read_around(&container.source, at, BLOCK.min(end.saturating_sub(at)), told);
            for (block, address) in
                bytes.chunks_exact(container.block_size as usize).zip(at.checked_div(size).unwrap_or(0)..)
            {
                if seen.contains(&address) || !is_file_tree(block) {
                    continue;
                }
                let Ok(node) = Node::parse(block.to_vec(), address, container.medium_of(address)) else { continue };
                if !node.is_leaf() || node.damage().is_some() {
                    continue;
                }
                // Identifiers of virtual objects are the container's: the volume that knows one has it.
                let known = volumes.iter().position(|(volume, _)| volume.map.knows(node.header.oid));
                let only = (volumes.len() == 1).then_some(0);
                if let Some(records) = stale.get_mut(known.or(only).unwrap_or(volumes.len())) {
                    records.add(&node, false, &mut |_| {});
                }
            }
        }
    }
}

/// True where a block may be a node of a file tree.
fn is_file_tree(block: &[u8]) -> bool {
    Header::parse(&Fields::new(block, "APFS B-tree node", 0))
        .is_ok_and(|header| matches!(header.kind, kind::TREE | kind::NODE) && header.subtype == kind::FILE_TREE)
}
