//! The search for $MFT where neither record 0 nor its copy can be read: every record on the volume says its own number.

use super::{boot::Boot, record::Record};
use crate::{
    bytes::{ReadAt, Run, Source, for_each_block},
    error::{Error, Issue, IssueLog, Result},
};
use std::collections::BTreeMap;

/// Bytes read at once.
const BLOCK: usize = 1 << 20;

/// The runs of $MFT, put together from the records that lie on `volume`, with gaps for those that do not.
///
/// Of several records of one number the one is taken that goes on where the one before it ends.
///
/// # Errors
/// Where there is none.
pub(super) fn find(volume: &Source, boot: &Boot, issues: &IssueLog) -> Result<Vec<Run>> {
    let size = u64::from(boot.record_size);
    let mut found: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    let step = boot.record_size.min(boot.cluster_size).max(512);
    let block_size = BLOCK.max(boot.record_size as usize);
    for_each_block(volume, block_size, 0, |offset, block| {
        match block {
            Ok(block) => {
                for at in (0..block.len()).step_by(step as usize) {
                    if block.get(at..).is_some_and(|bytes| bytes.starts_with(b"FILE")) {
                        let place = offset.saturating_add(at as u64);
                        number(volume, place, size).into_iter().for_each(|n| found.entry(n).or_default().push(place));
                    }
                }
            }
            Err(error) => issues.push(Issue::from(&error)),
        }
        Ok(())
    })?;
    let mut runs = Vec::new();
    let (mut next, mut end) = (0u64, None);
    // Records of a number that the volume has no room for are of something else.
    let most = volume.len().checked_div(size).unwrap_or(0);
    for (number, places) in found.into_iter().filter(|(number, _)| u64::from(*number) < most) {
        let gap = u64::from(number).saturating_sub(next);
        if gap > 0 {
            runs.push(Run::sparse(gap.saturating_mul(size)));
        }
        let goes_on = places.iter().copied().find(|place| gap == 0 && Some(*place) == end);
        let Some(place) = goes_on.or_else(|| places.first().copied()) else { continue };
        runs.push(Run::new(place, size));
        next = u64::from(number).saturating_add(1);
        end = place.checked_add(size);
    }
    match runs.is_empty() {
        true => Err(Error::corrupt("$MFT", volume.medium_offset(0), "MFT records on the volume", "none")),
        false => Ok(runs),
    }
}

/// The number that a whole record at byte `place` gives itself.
fn number(volume: &Source, place: u64, size: u64) -> Option<u32> {
    let bytes = volume.read_vec(place, size).ok()?;
    let record = Record::parse(bytes.into(), 0, 0).ok()?;
    record.header.stated.filter(|_| record.torn.is_none() && record.attributes().all(|attribute| attribute.is_ok()))
}
