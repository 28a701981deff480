//! Needles in the space where the rest of a broken file may lie.

use crate::{
    bytes::ReadAt,
    carve::{Mended, Mending},
};

/// Bytes read at once.
const CHUNK: u64 = 1 << 20;

/// Gives `tried` each place of the source at which `needle` stands in free space, those behind the start of the file first, until
/// one makes it whole or the effort is used up.
pub(super) fn each_place(
    mending: &mut Mending<'_>,
    needle: &[u8],
    mut tried: impl FnMut(&mut Mending<'_>, u64) -> Option<Mended>,
) -> Option<Mended> {
    let cluster = mending.cluster_size();
    let mut clusters = mending.clusters(mending.start()).peekable();
    let overlap = (needle.len() as u64).saturating_sub(1);
    while let Some(first) = clusters.next() {
        let mut end = first.saturating_add(cluster);
        while clusters.next_if(|next| *next == end && end.saturating_sub(first) < CHUNK).is_some() {
            end = end.saturating_add(cluster);
        }
        let stop = end.saturating_add(overlap).min(mending.source().len());
        if !mending.spend(stop.saturating_sub(first)) {
            return None;
        }
        let Ok(bytes) = mending.source().read_vec(first, stop.saturating_sub(first)) else { continue };
        for found in memchr::memmem::find_iter(&bytes, needle) {
            if let Some(mended) = tried(mending, first.saturating_add(found as u64)) {
                return Some(mended);
            }
        }
    }
    None
}
