//! One pass over the catalog and the journal: the records in use, and what is left of others.

use super::{
    Volume,
    btree::{BTree, Leaves},
    catalog::{Record, id},
    stale::Stale,
};
use crate::error::Error;
use std::collections::HashSet;

/// A record with its key, kept in [`Records`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    start: usize,
    length: u16,
    /// Byte offset in the volume.
    pub(super) at: u64,
}

/// Catalog records one after another, with their keys.
#[derive(Default)]
pub(super) struct Records(Vec<u8>);

impl Records {
    pub(super) fn keep(&mut self, bytes: &[u8], at: u64) -> Kept {
        let start = self.0.len();
        self.0.extend_from_slice(bytes);
        Kept { start, length: u16::try_from(bytes.len()).unwrap_or(u16::MAX), at }
    }

    pub(super) fn bytes(&self, kept: Kept) -> &[u8] {
        self.0.get(kept.start..kept.start.saturating_add(kept.length.into())).unwrap_or_default()
    }

    pub(super) fn get(&self, volume: &Volume, kept: Kept) -> Result<Record<'_>, Error> {
        Record::parse(self.bytes(kept), volume.source.medium_offset(kept.at))
    }
}

/// What the pass found.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) records: Records,
    /// The records in use, in the order of the nodes on the medium.
    pub(super) live: Vec<Kept>,
    pub(super) stale: Stale,
}

impl Scan {
    /// Reads the catalog file and the journal.
    pub(super) fn run(volume: &Volume) -> Self {
        let mut scan = Self::default();
        let tree = match BTree::open(volume.own_file(&volume.header.catalog, id::CATALOG), "HFS+ catalog file", volume)
        {
            Ok(tree) => tree,
            Err(error) => {
                volume.issue(&error);
                return scan;
            }
        };
        let most = usize::try_from(volume.limits.entries).unwrap_or(usize::MAX).saturating_mul(2);
        let mut found: Vec<(u32, Kept)> = Vec::new();
        let leaves = Leaves::sweep(&tree, volume, |node| {
            for (bytes, at) in node.leaf_records(volume) {
                match Record::parse(bytes, volume.source.medium_offset(at)) {
                    Ok(record) if found.len() < most => {
                        let bytes = bytes.get(..record.length).unwrap_or_default();
                        found.push((node.number, scan.records.keep(bytes, at)));
                    }
                    Ok(_) => {}
                    Err(error) => volume.issue(&error),
                }
            }
            let (start, free) = node.free_space();
            scan.stale.search(volume, free, node.at.saturating_add(start as u64));
        });
        let in_use = leaves.live(volume);
        let mut ids = HashSet::new();
        for (node, kept) in found {
            let Ok(record) = scan.records.get(volume, kept) else { continue };
            if !in_use.contains(&node) {
                scan.stale.search(volume, scan.records.bytes(kept), kept.at);
                continue;
            }
            scan.live.push(kept);
            if !record.is_thread() {
                ids.extend(record.item().map(|item| item.id));
            }
        }
        scan.stale.search_journal(volume, &ids);
        scan.stale.forget(&ids);
        scan
    }
}
