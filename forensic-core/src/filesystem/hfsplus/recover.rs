//! How much of a deleted file can be given back, and why: what the allocation file, the files in use, and other deleted
//! files say of its blocks.

use super::{
    Volume,
    catalog::Item,
    fork::{Blocks, DATA, RESOURCE},
};
use crate::{
    bytes::ReadAt,
    error::Result,
    filesystem::{allocation::Allocation, claims::Claims, model::Recoverability},
};

impl Volume {
    /// The blocks of a file: the first of each run, and the one after its last.
    pub(super) fn blocks_of(&self, item: &Item) -> Vec<(u64, u64)> {
        [(&item.data, DATA), (&item.resource, RESOURCE)]
            .into_iter()
            .flat_map(|(fork, kind)| self.in_blocks(&self.blocks(fork, item.id, kind, 0)))
            .collect()
    }

    fn in_blocks(&self, blocks: &Blocks) -> Vec<(u64, u64)> {
        let block = |bytes: u64| bytes.checked_div(self.header.block_size.into()).unwrap_or(0);
        let place = |offset: u64, length: u64| (block(offset), block(offset.saturating_add(length)));
        blocks.runs.iter().filter_map(|run| Some(place(run.offset?, run.length))).collect()
    }

    /// Grades a deleted file by the blocks of its forks.
    pub(super) fn grade(
        &self,
        item: &Item,
        forks: &[Blocks],
        claims: &Claims,
        allocation: &Result<Allocation>,
    ) -> (Recoverability, String) {
        if item.data.size == 0 && item.resource.size == 0 {
            let reason = "its record tells of no content, as it does before a file is written for the first time";
            return (Recoverability::Unknown, reason.to_owned());
        }
        if let Some(error) = forks.iter().find_map(|blocks| blocks.damage.as_ref()) {
            return (Recoverability::Partial, error.to_string());
        }
        let runs: Vec<_> = forks.iter().flat_map(|blocks| self.in_blocks(blocks)).collect();
        let held = self.source.len().checked_div(self.header.block_size.into()).unwrap_or(0);
        if runs.iter().any(|(_, end)| *end > held) {
            return (Recoverability::Partial, "some of its blocks lie behind the end of the medium".to_owned());
        }
        claims.grade(item.id.into(), runs, allocation)
    }
}
