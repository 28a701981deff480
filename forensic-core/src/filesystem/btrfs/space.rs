//! Free space: what the extent tree does not list, and what belongs to no chunk ("Extent tree").

use super::{
    Volume,
    item::{kind, tree},
    superblock::{PLACES, Root, SIZE},
    tree::{ALL, Go, for_each_item},
};
use crate::{
    bytes::{ReadAt, Run},
    filesystem::allocation::Ranges,
};

/// Addresses in use, and the free space of the device.
pub(super) struct Space {
    used: Ranges,
    /// False where the extent tree could not be read in full.
    pub(super) is_whole: bool,
}

impl Space {
    pub(super) fn read(volume: &Volume) -> Self {
        let mut used: Vec<(u64, u64)> = Vec::new();
        let mut is_whole = true;
        match volume.root_of(tree::EXTENTS) {
            Ok(root) => is_whole &= read_extents(volume, &root, &mut used),
            Err(error) => {
                volume.issue(&error);
                is_whole = false;
            }
        }
        Self { used: Ranges::new(used), is_whole }
    }

    /// How many of the addresses `start .. end` are in use.
    pub(super) fn count(&self, start: u64, end: u64) -> u64 {
        self.used.count(start, end)
    }

    /// The free addresses of `start .. end`.
    fn free(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> {
        let mut at = start;
        self.used.meeting(start, end).chain([(end, end)]).filter_map(move |(from, to)| {
            let gap = (at, from.min(end));
            at = to;
            (gap.0 < gap.1).then_some(gap)
        })
    }

    /// The free space of the device, in its order.
    pub(super) fn runs(&self, volume: &Volume) -> Vec<Run> {
        let device = volume.superblock.device;
        let size = volume.superblock.size.min(volume.source.len());
        let mut free: Vec<(u64, u64)> = Vec::new();
        let mut taken: Vec<(u64, u64)> = Vec::new();
        for chunk in volume.chunks.all() {
            taken.extend(chunk.on_device(device).map(|(offset, length)| (offset, offset.saturating_add(length))));
            for (mut at, end) in self.free(chunk.start, chunk.end_on(device, volume.source.len())) {
                while at < end && free.len() < volume.limits.runs {
                    let piece = chunk.piece(at, device);
                    let length = piece.length.min(end.saturating_sub(at)).max(1);
                    free.extend(piece.copies.iter().map(|copy| (*copy, copy.saturating_add(length))));
                    at = at.saturating_add(length);
                }
            }
        }
        taken.sort_unstable();
        let mut at = 0u64;
        for (from, to) in taken.into_iter().chain([(size, size)]) {
            free.push((at, from.min(size)));
            at = at.max(to);
        }
        free.sort_unstable();
        let mut runs = Vec::new();
        let mut at = 0u64;
        let superblocks = PLACES.map(|place| (place, place.saturating_add(SIZE)));
        for (from, to) in free {
            let mut from = from.max(at);
            for (start, end) in superblocks {
                if from < end && start < to {
                    runs.extend((from < start).then(|| Run::new(from, start.saturating_sub(from))));
                    from = end;
                }
            }
            let to = to.min(size);
            if from < to {
                runs.push(Run::new(from, to.saturating_sub(from)));
            }
            at = at.max(to);
        }
        runs
    }
}

fn read_extents(volume: &Volume, root: &Root, used: &mut Vec<(u64, u64)>) -> bool {
    let mut is_whole = true;
    let node_size = u64::from(volume.superblock.node_size);
    for_each_item(
        volume,
        root,
        ALL,
        |item| {
            let length = match item.key.kind {
                kind::EXTENT => item.key.offset,
                kind::METADATA => node_size,
                _ => return Go::On,
            };
            let (start, end) = (item.key.object, item.key.object.saturating_add(length));
            // Extents come in order of address: those that touch become one at once.
            match used.last_mut() {
                Some(last) if last.1 == start => last.1 = end,
                _ => used.push((start, end)),
            }
            Go::On
        },
        |error| {
            volume.issue(error);
            is_whole = false;
        },
    );
    is_whole
}
