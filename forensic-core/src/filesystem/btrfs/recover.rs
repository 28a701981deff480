//! How much of a deleted file can be given back, and why: its content is intact where its own checksums say so.

use super::{Volume, address::Addresses, entry::Items, extents::Body, space::Space, stale::Stale};
use crate::{
    bytes::{ReadAt, Source},
    filesystem::model::Recoverability,
};
use std::{collections::HashMap, sync::Arc};

/// Bytes compared with their checksums at once.
const STEP: u64 = 1 << 20;

/// The sectors of a file, counted by what can be said of them.
#[derive(Debug, Default)]
struct Sectors {
    all: u64,
    /// They fit the checksum that was stored while the file was there.
    right: u64,
    /// They do not.
    wrong: u64,
    /// They belong to others now.
    taken: u64,
}

/// Grades a deleted file by its last state, which a leaf of `generation` holds.
pub(super) fn grade(
    volume: &Arc<Volume>,
    space: &Space,
    stale: &Stale,
    items: &Items,
    (generation, is_whole): (u64, bool),
) -> (Recoverability, String) {
    let unknown = |reason: &str| (Recoverability::Unknown, reason.to_owned());
    if let Some(error) = items.damage.first() {
        return (Recoverability::Unknown, error.to_string());
    }
    if stale.is_unread {
        return unknown("free tree blocks cannot be read, in one of which a later state may stand");
    }
    if !is_whole {
        return unknown("no former leaf holds all extents of the file");
    }
    let mut sectors = Sectors::default();
    for extent in &items.extents {
        if let Body::Stored { address, length, skip } = extent.body {
            // Of a compressed extent all is needed, of another the part that the file has.
            let (start, end) = match extent.compression() {
                Some(_) => (address, address.saturating_add(length)),
                None => {
                    let start = address.saturating_add(skip);
                    (start, start.saturating_add(extent.length))
                }
            };
            count(volume, space, stale, (start, end), (extent.generation, generation), &mut sectors);
        }
    }
    let Sectors { all, right, wrong, taken } = sectors;
    if all == 0 {
        return (Recoverability::Intact, "all of it stands in a former leaf whose checksum is right".to_owned());
    }
    if right == all {
        let reason = format!("all of its {all} sectors fit the checksums that were stored with them");
        return (Recoverability::Intact, reason);
    }
    let gone = wrong.saturating_add(taken);
    if gone == 0 && !space.is_whole {
        return unknown("the extent tree could not be read in full, and not all checksums are left");
    }
    if gone == 0 {
        let reason = format!("{right} of {all} sectors have a checksum left, which fits; none is known to be in use");
        return (Recoverability::Unknown, reason);
    }
    let grade = if gone >= all { Recoverability::Overwritten } else { Recoverability::Partial };
    let reason = format!("of {all} sectors {taken} belong to other files now, and {wrong} do not fit their checksums");
    (grade, reason)
}

/// Counts the sectors of `start .. end`, an extent that was written in the first of two generations and still a file's in the
/// second: a checksum stored between them is that of the file.
fn count(
    volume: &Arc<Volume>,
    space: &Space,
    stale: &Stale,
    (start, end): (u64, u64),
    (written, known): (u64, u64),
    sectors: &mut Sectors,
) {
    let size = u64::from(volume.superblock.sector_size);
    let length = volume.superblock.sector_size as usize;
    let addresses: Source = Arc::new(Addresses(volume.clone()));
    let mut at = start;
    while at < end {
        let next = at.saturating_add(STEP).min(end);
        let mut sums: HashMap<u64, Vec<Vec<u8>>> = HashMap::new();
        stale.checksums(volume, at, next, |address, generation, sum| {
            if (written..=known).contains(&generation) {
                let known = sums.entry(address).or_default();
                if !known.iter().any(|other| other == sum) {
                    known.push(sum.to_vec());
                }
            }
        });
        // Sums that differ were not all stored for the same content.
        sums.retain(|_, sums| sums.len() == 1);
        let bytes = if sums.is_empty() { None } else { addresses.read_vec(at, next.saturating_sub(at)).ok() };
        let mut address = at;
        while address < next {
            sectors.all = sectors.all.saturating_add(1);
            let from = usize::try_from(address.saturating_sub(at)).unwrap_or(usize::MAX);
            let sector = bytes.as_ref().and_then(|bytes| bytes.get(from..from.saturating_add(length)));
            let fits = sums.get(&address).and_then(|sums| sums.first()).zip(sector);
            let fits = fits.map(|(sum, sector)| volume.superblock.checksum.fits(sum, sector));
            let counted = match fits {
                Some(true) => &mut sectors.right,
                Some(false) => &mut sectors.wrong,
                None if space.count(address, address.saturating_add(size)) > 0 => &mut sectors.taken,
                None => {
                    address = address.saturating_add(size);
                    continue;
                }
            };
            *counted = counted.saturating_add(1);
            address = address.saturating_add(size);
        }
        at = next;
    }
}
