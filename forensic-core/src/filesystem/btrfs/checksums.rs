//! Checksums of data: one for each sector, in items by address ("Checksum tree").

use super::{
    Volume,
    item::{kind, tree},
    node::{Item, Key},
    tree::{Go, for_each_item},
};

/// Calls `visit` with each sector of `start .. end` that an item of the checksum tree speaks of, and its checksum.
pub(super) fn of_item(volume: &Volume, item: &Item<'_>, (start, end): (u64, u64), mut visit: impl FnMut(u64, &[u8])) {
    if item.key.kind != kind::EXTENT_CSUM || item.key.object != tree::CHECKSUM_OBJECT {
        return;
    }
    let sector = u64::from(volume.superblock.sector_size);
    let size = volume.superblock.checksum.size();
    let first = start.saturating_sub(item.key.offset).div_ceil(sector);
    let skip = usize::try_from(first).unwrap_or(usize::MAX);
    let mut address = item.key.offset.saturating_add(first.saturating_mul(sector));
    for sum in item.data.chunks_exact(size).skip(skip) {
        if address >= end {
            break;
        }
        visit(address, sum);
        address = address.saturating_add(sector);
    }
}

/// The stored checksums of the sectors `start .. end`, with their addresses.
pub(super) fn stored(volume: &Volume, start: u64, end: u64) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    let root = volume.checksum_root.get_or_init(|| volume.root_of(tree::CHECKSUMS).ok());
    let Some(root) = root else { return found };
    // An item begins at most as many sectors before as a node has room for.
    let room = u64::from(volume.superblock.node_size).checked_div(volume.superblock.checksum.size() as u64);
    let most = room.unwrap_or(0).saturating_mul(u64::from(volume.superblock.sector_size));
    let key = |offset: u64| Key::new(tree::CHECKSUM_OBJECT, kind::EXTENT_CSUM, offset);
    let range = (key(start.saturating_sub(most)), key(end.saturating_sub(1)));
    for_each_item(
        volume,
        root,
        range,
        |item| {
            of_item(volume, &item, (start, end), |address, sum| found.push((address, sum.to_vec())));
            Go::On
        },
        |error| volume.issue(error),
    );
    found
}
