//! A trial of packed content that was deleted: what was written over does not unpack.
//!
//! The clusters of a deleted file may be free and unclaimed and yet hold another file's bytes, whose record was used
//! again. Plain content cannot tell; packed content can. So that a listing stays cheap, no more than [`PLACES`] units of a
//! stream are tried, and only where nothing else speaks against it: streams of up to that many units are tried whole.

use crate::{
    bytes::ReadAt,
    filesystem::model::{Entry, Recoverability},
};

/// Places of a stream that are unpacked.
const PLACES: u64 = 16;
/// The smallest unit of any packing.
const SMALLEST_UNIT: u64 = 4096;

/// Takes back "intact" where packed content does not unpack.
pub(super) fn confirm(grade: (Recoverability, String), entry: &Entry) -> (Recoverability, String) {
    if grade.0 != Recoverability::Intact {
        return grade;
    }
    for stream in entry.streams.iter().filter(|stream| stream.info.compressed) {
        let Ok(content) = stream.open() else { continue };
        let size = content.len();
        let step = size.div_ceil(PLACES).max(SMALLEST_UNIT);
        let (mut tried, mut bad, mut first) = (0u64, 0u64, None);
        let mut at = 0u64;
        while at < size {
            tried = tried.saturating_add(1);
            if let Err(error) = content.read_at(at, &mut [0]) {
                bad = bad.saturating_add(1);
                first = first.or(Some(error));
            }
            at = at.saturating_add(step);
        }
        if let Some(error) = first {
            let grade = if bad == tried { Recoverability::Overwritten } else { Recoverability::Partial };
            return (grade, format!("{bad} of {tried} places of its packed content do not unpack: {error}"));
        }
    }
    grade
}
