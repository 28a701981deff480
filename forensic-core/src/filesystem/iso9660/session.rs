//! The sessions of a disc: each has volume descriptors of its own, the last of which counts (ECMA-168 and the Orange Book; here
//! by search, as an image has no table of contents).

use super::{
    Volume,
    descriptor::Set,
    record::Record,
    sectors::{FIRST_DESCRIPTOR, SECTOR},
    space::Owned,
};
use crate::bytes::{ReadAt, read_around};
use std::ops::Range;

/// Sectors between two sessions at most: lead-out, lead-in and pregap of a CD are 11,400, the border of a DVD up to 36,000.
const GAP: u64 = 48_000;
/// Bytes read at once.
const READ: u64 = 1 << 20;

/// The last session's descriptors, and the first and others that came before it, in order.
pub(super) fn last(volume: &Volume) -> (Set, Vec<Set>) {
    let mut last = volume.first_set.clone();
    let mut before = Vec::new();
    loop {
        let end = end(&last);
        let found = search(volume, end..end.saturating_add(GAP));
        let Some(next) = found.into_iter().next() else { return (last, before) };
        before.push(std::mem::replace(&mut last, next));
    }
}

/// All sessions before the last one, in order: those known, and those whose descriptors stand in sectors that the last
/// session does not own.
pub(super) fn earlier(volume: &Volume, last: &Set, known: Vec<Set>, owned: &Owned) -> Vec<Set> {
    let mut all = known;
    for range in owned.free(end(last).min(volume.sectors())) {
        for set in search(volume, range) {
            if all.iter().chain([last]).all(|other| other.sectors.0 != set.sectors.0) {
                all.push(set);
            }
        }
    }
    all.sort_by_key(|set| set.sectors.0);
    all
}

/// One behind the last sector of a session. Some writers count the sectors of the session, others those of the disc.
pub(super) fn end(set: &Set) -> u64 {
    let bytes = set.trees.iter().map(|tree| u64::from(tree.blocks).saturating_mul(u64::from(tree.block_size)));
    let sectors = bytes.max().unwrap_or(0).div_ceil(SECTOR);
    let start = set.sectors.0.saturating_sub(FIRST_DESCRIPTOR);
    let absolute = sectors > set.sectors.0;
    if absolute { sectors } else { start.saturating_add(sectors) }
}

/// The sets of descriptors that begin in `sectors` and lead to a root directory.
fn search(volume: &Volume, sectors: Range<u64>) -> Vec<Set> {
    let mut found = Vec::new();
    let stop = sectors.end.min(volume.sectors()).saturating_mul(SECTOR);
    let mut at = sectors.start.saturating_mul(SECTOR);
    while at < stop {
        let length = READ.min(stop.saturating_sub(at));
        let bytes = read_around(&volume.source, at, length, |error, _| volume.issue(error));
        for (sector, bytes) in (at / SECTOR..).zip(bytes.chunks(SECTOR as usize)) {
            if bytes.starts_with(b"\x01CD001\x01") {
                found.extend(Set::read(volume, sector).ok().filter(|set| leads_to_a_root(volume, set)));
            }
        }
        at = at.saturating_add(length);
    }
    found
}

/// True where the root directory stands where the descriptor says: a disc image inside a disc counts from elsewhere.
fn leads_to_a_root(volume: &Volume, set: &Set) -> bool {
    set.trees.first().is_some_and(|tree| {
        let at = u64::from(tree.root.0).saturating_mul(u64::from(tree.block_size));
        let Ok(bytes) = volume.metadata.read_vec(at, u64::from(tree.block_size)) else { return false };
        Record::parse(&bytes, at).is_ok_and(|record| record.is_self() && record.block == tree.root.0)
    })
}
