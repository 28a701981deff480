//! What stands with a digest while it is put in order, and how that becomes the place of its record.

use super::{blob, description::Kind, table_writer::TableWriter};
use crate::{error::Result, sealed::Output};

/// In the place of an entry while digests are put in order: it is in the section of records; else the number of a use of
/// bare digests.
pub(super) const IN_RECORDS: u64 = 1 << 63;

/// Records that are to be no more: those of this content that came before.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Removal {
    pub(super) content: [u8; 16],
    pub(super) before_use: u64,
    pub(super) before_record: u64,
}

/// The kinds of bare records of one digest: in order of their uses they come, and some of them again.
#[derive(Default)]
pub(super) struct Run {
    digest: Vec<u8>,
    places: Vec<u64>,
}

impl Run {
    pub(super) fn push(
        &mut self,
        digest: &[u8],
        place: u64,
        table: &mut TableWriter,
        output: &mut Output,
    ) -> Result<()> {
        if self.digest != digest {
            self.end(table, output)?;
            self.digest.clear();
            self.digest.extend_from_slice(digest);
        }
        self.places.push(place);
        Ok(())
    }

    pub(super) fn end(&mut self, table: &mut TableWriter, output: &mut Output) -> Result<()> {
        self.places.sort_unstable();
        self.places.dedup();
        self.places.drain(..).try_for_each(|place| table.push(&self.digest, place, output))
    }
}

/// How what stands with a digest while it is put in order becomes the place of its record.
pub(super) struct Placing {
    /// The places of records that were removed, in order.
    pub(super) removed: Vec<u64>,
    pub(super) bare: Vec<(u64, Kind)>,
    /// Which of the kinds each use is.
    pub(super) of_use: Vec<u64>,
    pub(super) removals: Vec<Removal>,
}

impl Placing {
    pub(super) fn each_kind_is_used_once(&self) -> bool {
        self.of_use.len() == self.bare.len()
    }

    /// `None` where the record was removed.
    #[inline]
    pub(super) fn place(&self, digest: &[u8], place: u64) -> Option<u64> {
        if place & IN_RECORDS != 0 {
            let place = place & !IN_RECORDS;
            let removed = !self.removed.is_empty() && self.removed.binary_search(&place).is_ok();
            return (!removed).then(|| place.saturating_add(self.bare.len() as u64));
        }
        let number = *self.of_use.get(usize::try_from(place).ok()?)?;
        if !self.removals.is_empty() {
            let (_, kind) = self.bare.get(usize::try_from(number).ok()?)?;
            let mut content = Vec::new();
            blob::put_content(&kind.record(digest), &mut content);
            if Removal::of(&self.removals, digest_of(&content)).is_some_and(|removal| place < removal.before_use) {
                return None;
            }
        }
        Some(number)
    }
}

impl Removal {
    /// The last removal of this content; they are in order.
    pub(super) fn of(removals: &[Self], content: [u8; 16]) -> Option<&Self> {
        let behind = removals.partition_point(|removal| removal.content <= content);
        removals.get(behind.checked_sub(1)?).filter(|removal| removal.content == content)
    }
}

/// What tells contents apart, even those of a list that was made to have others removed.
pub(super) fn digest_of(content: &[u8]) -> [u8; 16] {
    let digest = blake3::hash(content);
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}
