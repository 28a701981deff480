//! Who claims which blocks of a volume: what decides how much of a deleted file can be given back.

use super::{allocation::Allocation, model::Recoverability};
use crate::error::Result;
use std::collections::HashMap;

/// Runs of deleted files that are compared.
const MOST: usize = 4_000_000;

/// The blocks that the files of a volume claim.
#[derive(Default)]
pub(crate) struct Claims {
    /// Of live files: first block of each run, and the one after its last.
    pub(crate) live: Vec<(u64, u64)>,
    /// The same of deleted files, with their numbers.
    deleted: Vec<(u64, u64, u64)>,
    /// True where there are more runs than are compared.
    is_full: bool,
    /// Deleted files that share blocks, each with one of the others.
    contested: HashMap<u64, u64>,
}

impl Claims {
    /// Adds runs of a deleted file.
    pub(crate) fn deleted(&mut self, number: u64, runs: impl IntoIterator<Item = (u64, u64)>) {
        let room = MOST.saturating_sub(self.deleted.len());
        self.deleted.extend(runs.into_iter().take(room).map(|(start, end)| (start, end, number)));
        self.is_full |= self.deleted.len() == MOST;
    }

    /// Finds out which deleted files share blocks. O(runs log runs).
    pub(crate) fn settled(mut self) -> Self {
        self.live.sort_unstable();
        self.deleted.sort_unstable();
        let mut widest: Option<(u64, u64)> = None;
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

    /// Grades a deleted file by its runs of blocks, all of which are known.
    pub(crate) fn grade(
        &self,
        number: u64,
        runs: impl IntoIterator<Item = (u64, u64)>,
        allocation: &Result<Allocation>,
    ) -> (Recoverability, String) {
        let allocation = match allocation {
            Ok(allocation) => allocation,
            Err(error) => return (Recoverability::Unknown, format!("what is in use cannot be told: {error}")),
        };
        let (mut total, mut taken) = (0u64, 0u64);
        for (start, end) in runs {
            total = total.saturating_add(end.saturating_sub(start));
            taken = taken.saturating_add(allocation.count(start, end));
        }
        if taken > 0 {
            let grade = if taken >= total { Recoverability::Overwritten } else { Recoverability::Partial };
            return (grade, format!("{taken} of {total} blocks are in use by other files now"));
        }
        if let Some(other) = self.contested.get(&number) {
            return (Recoverability::Unknown, format!("some of its blocks are claimed by deleted file {other} too"));
        }
        if self.is_full {
            return (Recoverability::Unknown, "too many deleted files claim blocks to compare them".to_owned());
        }
        (Recoverability::Intact, format!("none of {total} blocks is in use, and no other record claims one"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_share_blocks_are_known_whatever_lies_between() {
        let mut claims = Claims::default();
        claims.deleted(1, [(0, 100)]);
        claims.deleted(2, [(10, 20)]);
        claims.deleted(3, [(30, 40)]);
        claims.deleted(4, [(100, 110)]);
        let claims = claims.settled();
        let allocation = Ok(Allocation::new(vec![0; 32], []));
        let grade = |number, start, end| claims.grade(number, [(start, end)], &allocation).0;
        assert_eq!(grade(1, 0, 100), Recoverability::Unknown);
        assert_eq!(grade(2, 10, 20), Recoverability::Unknown);
        assert_eq!(grade(3, 30, 40), Recoverability::Unknown);
        assert_eq!(grade(4, 100, 110), Recoverability::Intact);
        let used = Ok(Allocation::new(vec![0; 32], [(105, 200)]));
        assert_eq!(claims.grade(4, [(100, 110)], &used).0, Recoverability::Partial);
        assert_eq!(claims.grade(4, [(106, 110)], &used).0, Recoverability::Overwritten);
    }
}
