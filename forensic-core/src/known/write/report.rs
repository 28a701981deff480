//! What a writer could not say.

use super::super::record::FileRecord;
use std::collections::BTreeMap;

/// What became of the records that a writer was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteReport {
    /// Records written.
    pub records: u64,
    /// Records that the format cannot hold at all: in VICS those without an MD5.
    pub skipped: u64,
    /// How many records (for `scheme` and `group`: groups) lost this part of theirs, because the format has no place for it:
    /// `md5`, `sha1`, `sha256`, `blake3`, `untold`, `size`, `category`, `name`, `properties`, `algorithm`, `scheme`, `group`.
    /// `removal`, `filter` and `issue` count what a reader gives that no list holds.
    pub lost: BTreeMap<&'static str, u64>,
}

impl WriteReport {
    pub(super) fn lose(&mut self, part: &'static str, lost: bool) {
        if lost {
            let count = self.lost.entry(part).or_default();
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn skip(&mut self) {
        self.skipped = self.skipped.saturating_add(1);
    }

    /// Counts a record of which the format holds these parts.
    pub(super) fn keep(&mut self, record: &FileRecord, held: &[&str]) {
        self.records = self.records.saturating_add(1);
        let FileRecord { md5, sha1, sha256, blake3, untold, size, category, name, properties } = record;
        for (part, there) in [
            ("md5", md5.is_some()),
            ("sha1", sha1.is_some()),
            ("sha256", sha256.is_some()),
            ("blake3", blake3.is_some()),
            ("untold", untold.is_some()),
            ("size", size.is_some()),
            ("category", category.is_some()),
            ("name", name.is_some()),
            ("properties", !properties.as_json().is_empty()),
        ] {
            self.lose(part, there && !held.contains(&part));
        }
    }
}
