//! What stands behind files in their last sector or cluster: where a medium fills it with zeros, a file that ends before
//! other bytes is none.
//!
//! Windows fills the last sector of a file with zeros, Linux and macOS the last page: whatever the medium held before, the
//! bytes from a file's end to there are zeros (B. Carrier, File System Forensic Analysis, 2005, chapter 8, "slack space").
//! Whether a medium keeps to it is learned from the files on it whose content was checked to the last byte. A file of which
//! only the frame was checked, and behind which something else follows, was moved or cut.

use super::{
    Broken, Found, Holds, Mended,
    claim::{Claim, What},
    format::CERTAIN,
};
use crate::bytes::{ReadAt, Run, Source, is_zero};

/// How sure a file is, at most, whose end is not its own.
const DOUBTED: u8 = 60;
/// The least files that tell what a medium keeps to, and the most that are asked.
const LEAST: usize = 16;
const MOST: usize = 2048;
/// One in so many may stand before something else all the same: it lies inside another, or was written by something else.
const ONE_IN: usize = 40;
/// Fewer zeros than these say little.
const SHORTEST: u64 = 8;
const SECTOR: u64 = 512;
/// Bytes at the end of a file that are looked at.
const TAIL: u64 = 1 << 20;
/// The last bytes of a file, of which most are not zero where zeros follow them that are not of it.
const LAST: u64 = 16;

/// Bytes of the sector or cluster that a medium fills with zeros behind each file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filled(u64);

impl Filled {
    /// What the certain files, in one piece or in several, say of the medium; `None` where they are too few or do not agree.
    pub(super) fn learned(
        source: &Source,
        claims: &[Claim],
        mended: &[Option<Mended>],
        cluster_size: u64,
    ) -> Option<Self> {
        let last_runs = claims.iter().zip(mended).filter_map(|(claim, mended)| match (mended, claim.what) {
            (Some(mended), _) => last_run(mended).filter(|_| is_certain(&mended.found)),
            (None, What::Whole(found)) if is_certain(&found) && claim.start.is_multiple_of(SECTOR) => {
                Some((claim.start, found.length))
            }
            _ => None,
        });
        let certain: Vec<(u64, u64)> = last_runs.collect();
        let step = certain.len().div_ceil(MOST).max(1);
        let keeps_to = |unit: &Self| {
            let said: Vec<bool> =
                certain.iter().step_by(step).filter_map(|run| unit.zeros_behind(source, *run)).collect();
            let others = said.iter().filter(|zeros| !**zeros).count();
            said.len() >= LEAST && others.saturating_mul(ONE_IN) <= said.len()
        };
        [Self(cluster_size), Self(SECTOR)].into_iter().find(keeps_to)
    }

    /// What is left of the file of `claim` where nothing but its frame speaks for it, and what follows it against.
    pub(super) fn refutes(self, source: &Source, claim: &Claim) -> Option<Broken> {
        let What::Whole(found) = claim.what else { return None };
        let doubtful = found.confidence < CERTAIN && found.length > self.0 && claim.start.is_multiple_of(SECTOR);
        if !doubtful {
            return None;
        }
        let last_unit = found.length.saturating_sub(found.length.checked_rem(self.0).unwrap_or(0));
        let good = match self.zeros_behind(source, (claim.start, found.length)) {
            Some(false) => last_unit,
            _ => self.zeros_at_end(source, claim.start, &found)?,
        };
        let confidence = found.confidence.min(DOUBTED);
        Some(Broken { kind: found.kind, good, broken_at: good, length: Some(found.length), confidence })
    }

    /// Where the zeros begin that a file of unchecked bytes ends with, if that is just where a unit does: they are of another
    /// place, as those of pixels or samples begin anywhere.
    fn zeros_at_end(self, source: &Source, start: u64, found: &Found) -> Option<u64> {
        if found.holds != Holds::Opaque {
            return None;
        }
        let from = found.length.saturating_sub(TAIL);
        let tail = source.read_vec(start.checked_add(from)?, found.length.checked_sub(from)?).ok()?;
        let zeros = tail.iter().rev().take_while(|byte| **byte == 0).count() as u64;
        let begin = found.length.checked_sub(zeros).filter(|begin| *begin > from)?;
        (zeros >= SECTOR && begin.is_multiple_of(self.0)).then_some(begin)
    }

    /// True where the same holds of a file that was put together, or nothing was put together at all.
    pub(super) fn refutes_mended(self, source: &Source, mended: &Mended) -> bool {
        let Some(run) = last_run(mended).filter(|_| mended.found.confidence < CERTAIN) else { return false };
        let in_place = mended.runs.len() == 1 && mended.found.damaged_at.is_none();
        in_place || self.zeros_behind(source, run) == Some(false)
    }

    /// True where a file that begins as a cluster does ends with the run: not with zeros, but with some behind it to the end of
    /// its last unit.
    pub(super) fn ends(self, source: &Source, run: (u64, u64)) -> bool {
        let last = run.0.saturating_add(run.1.saturating_sub(LAST));
        let has_zeros = |bytes: Vec<u8>| bytes.iter().filter(|byte| **byte == 0).count() as u64 > LAST / 2;
        run.1 >= LAST
            && self.zeros_behind(source, run) == Some(true)
            && source.read_vec(last, LAST).is_ok_and(|bytes| !has_zeros(bytes))
    }

    /// True where zeros follow a run, which begins as a cluster does, up to the end of its last unit; false where something
    /// else does. `None` where too little follows.
    fn zeros_behind(self, source: &Source, (start, length): (u64, u64)) -> Option<bool> {
        let end = start.checked_add(length)?;
        let rest = length.checked_next_multiple_of(self.0)?.checked_sub(length)?.min(source.len().saturating_sub(end));
        if rest < SHORTEST {
            return None;
        }
        source.read_vec(end, rest).ok().map(|bytes| is_zero(&bytes))
    }
}

fn is_certain(found: &Found) -> bool {
    found.confidence >= CERTAIN && found.damaged_at.is_none()
}

fn last_run(mended: &Mended) -> Option<(u64, u64)> {
    let Run { offset, length, .. } = mended.runs.last()?;
    offset.map(|offset| (offset, *length))
}
