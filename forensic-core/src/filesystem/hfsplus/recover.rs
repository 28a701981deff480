//! How much of a deleted file can be given back, and why: what the allocation file, the files in use, and other deleted
//! files say of its blocks.

use super::{
    Volume,
    catalog::Item,
    fork::{Blocks, DATA, RESOURCE},
};
use crate::{
    error::Result,
    filesystem::{allocation::Allocation, model::Recoverability},
};
use std::collections::HashMap;

/// The blocks that records claim.
#[derive(Default)]
pub(super) struct Claims {
    /// First block of each run, and the one after its last.
    pub(super) live: Vec<(u64, u64)>,
    /// The same of deleted files, with their numbers.
    deleted: Vec<(u64, u64, u32)>,
    /// Deleted files that share blocks, each with one of the others.
    contested: HashMap<u32, u32>,
}

impl Claims {
    pub(super) fn live(&mut self, volume: &Volume, item: &Item) {
        runs(volume, item, |start, end| self.live.push((start, end)));
    }

    pub(super) fn deleted(&mut self, volume: &Volume, item: &Item) {
        runs(volume, item, |start, end| self.deleted.push((start, end, item.id)));
    }

    /// Finds out which deleted files share blocks.
    pub(super) fn settled(mut self) -> Self {
        self.live.sort_unstable();
        self.deleted.sort_unstable();
        let mut widest: Option<(u64, u32)> = None;
        for &(start, end, number) in &self.deleted {
            if let Some((until, other)) = widest
                && start < until
                && other != number
            {
                self.contested.insert(number, other);
                self.contested.insert(other, number);
            }
            if widest.is_none_or(|(until, _)| end > until) {
                widest = Some((end, number));
            }
        }
        self
    }

    /// Grades a deleted file by the blocks of its forks.
    pub(super) fn grade(
        &self,
        volume: &Volume,
        item: &Item,
        forks: &[&Blocks],
        allocation: &Result<Allocation>,
    ) -> (Recoverability, String) {
        if item.data.size == 0 && item.resource.size == 0 {
            let reason = "its record tells of no content, as it does before a file is written for the first time";
            return (Recoverability::Unknown, reason.to_owned());
        }
        if let Some(error) = forks.iter().find_map(|blocks| blocks.damage.as_ref()) {
            return (Recoverability::Partial, error.to_string());
        }
        let allocation = match allocation {
            Ok(allocation) => allocation,
            Err(error) => return (Recoverability::Unknown, format!("the allocation file cannot be read: {error}")),
        };
        let (mut total, mut taken) = (0u64, 0u64);
        for (start, end) in forks.iter().flat_map(|blocks| volume.in_blocks(blocks)) {
            total = total.saturating_add(end.saturating_sub(start));
            taken = taken.saturating_add(allocation.count(start, end));
            if end.saturating_mul(volume.header.block_size.into()) > volume.source.len() {
                return (Recoverability::Partial, "some of its blocks lie behind the end of the medium".to_owned());
            }
        }
        if taken > 0 {
            let grade = if taken >= total { Recoverability::Overwritten } else { Recoverability::Partial };
            return (grade, format!("{taken} of {total} blocks are in use by other files now"));
        }
        if let Some(other) = self.contested.get(&item.id) {
            return (Recoverability::Unknown, format!("some of its blocks are claimed by deleted file {other} too"));
        }
        (Recoverability::Intact, format!("none of {total} blocks is in use, and no other record claims one"))
    }
}

fn runs(volume: &Volume, item: &Item, mut visit: impl FnMut(u64, u64)) {
    for (fork, kind) in [(&item.data, DATA), (&item.resource, RESOURCE)] {
        for (start, end) in volume.in_blocks(&volume.blocks(fork, item.id, kind, 0)) {
            visit(start, end);
        }
    }
}

impl Volume {
    /// The blocks of a fork: the first of each run, and the one after its last.
    pub(super) fn in_blocks<'a>(&'a self, blocks: &'a Blocks) -> impl Iterator<Item = (u64, u64)> + 'a {
        let block = |bytes: u64| bytes.checked_div(self.header.block_size.into()).unwrap_or(0);
        blocks.runs.iter().filter_map(move |run| {
            let start = run.offset?;
            Some((block(start), block(start.saturating_add(run.length))))
        })
    }
}
