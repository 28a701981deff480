//! The sweep: directories in clusters that no live file owns and no entry led to.

use super::{
    Volume,
    directory::{END, RawSlot, SLOT, ShortEntry, field, is_long_name},
    long_name::{Pending, slot_checksum},
    walk::{Found, Origin, Walk},
};
use crate::filesystem::{
    Status,
    tree::{NodeId, Parent},
};
use std::collections::BTreeMap;

/// What clusters without an owner hold.
#[derive(Default)]
pub(super) struct Unowned {
    /// First clusters of directories, with their `.` and `..`.
    pub(super) heads: BTreeMap<u32, (ShortEntry, ShortEntry)>,
    /// Clusters of nothing but directory slots.
    fragments: BTreeMap<u32, Fragment>,
    /// Those that begin in the middle of a long name, by its checksum.
    joints: BTreeMap<u8, Vec<u32>>,
}

/// How a cluster of directory slots begins.
struct Fragment {
    /// The slots up to the first short entry, that entry included.
    start: Vec<RawSlot>,
    /// False where a long name begins before it.
    is_clean: bool,
}

/// Fragments looked at for the rest of a long name.
const MOST_CANDIDATES: usize = 64;

impl Walk<'_> {
    /// Looks through the clusters that no live file owns for directories and fragments of directories.
    pub(super) fn find_unowned(&mut self) {
        let mut unowned = Unowned::default();
        self.for_each_candidate(|cluster, bytes| {
            if let Some(dots) = self.volume.dots(bytes, cluster) {
                unowned.heads.insert(cluster, dots);
            } else if self.volume.begins_as_fragment(bytes) {
                let (offset, length) = self.volume.cluster_area(cluster);
                let Ok(whole) = self.volume.source.read_vec(offset, length) else { return };
                if self.volume.is_directory_fragment(&whole) {
                    unowned.add_fragment(self.volume, cluster, &whole);
                }
            }
        });
        self.unowned = unowned;
    }

    /// Lists directories without an entry.
    ///
    /// Such a directory has no name left: it is called `$Orphan-` and the number of its first cluster, and hangs in the
    /// one of its kind that its `..` leads to, or else among the orphans.
    pub(super) fn list_without_entry(
        &mut self,
        heads: BTreeMap<u32, (ShortEntry, ShortEntry)>,
        status: Status,
        mut read: impl FnMut(&mut Self, NodeId, u64, u32),
    ) {
        let mut nodes: BTreeMap<u32, NodeId> = BTreeMap::new();
        // Outer directories first, so that those their entries lead to get their names from them.
        let (inner, outer): (Vec<_>, Vec<_>) =
            heads.iter().partition(|(_, (_, parent))| heads.contains_key(&parent.first_cluster));
        for (&cluster, (own, parent)) in outer.into_iter().chain(inner) {
            if self.is_full() {
                return;
            }
            if self.is_taken(cluster) {
                continue;
            }
            let at = self.volume.heap.offset_of(cluster);
            let found =
                Found { entry: *own, at, first: None, has_long_name: false, origin: Origin::DirectoryWithoutEntry };
            let hangs = nodes.get(&parent.first_cluster).map_or(Parent::Lost, |node| Parent::Node(*node));
            let node = self.tree.push(hangs, &format!("$Orphan-{cluster}"), status, found);
            nodes.insert(cluster, node);
            read(self, node, at, cluster);
        }
    }

    /// Lists deleted directories that no entry led to. Entries of a fragment hang among the orphans.
    pub(super) fn sweep(&mut self) {
        let heads = self.unowned.heads.clone();
        self.list_without_entry(heads, Status::Deleted, |walk, node, at, cluster| {
            walk.read_deleted(Parent::Node(node), at, cluster);
            walk.deleted_directories();
        });
        // Those that begin with a whole name first: they lead to those that begin within one.
        let fragments: Vec<(bool, u32)> =
            self.unowned.fragments.iter().map(|(cluster, fragment)| (!fragment.is_clean, *cluster)).collect();
        for wanted in [false, true] {
            for (_, cluster) in fragments.iter().filter(|(is_cut, _)| *is_cut == wanted) {
                if !self.is_taken(*cluster) {
                    self.read_fragment(*cluster);
                    self.deleted_directories();
                }
            }
        }
    }

    /// Lists entries that stand behind the end of a live file, in a cluster that was a directory's before.
    pub(super) fn slack(&mut self) {
        let sector = u64::from(self.volume.boot.bytes_per_sector);
        let mut ends = std::mem::take(&mut self.live_ends);
        ends.sort_unstable();
        for (cluster, size) in ends {
            let (offset, length) = self.volume.cluster_area(cluster);
            let used = match u64::from(size).checked_rem(length).unwrap_or(0) {
                0 if size > 0 => length,
                rest => rest.next_multiple_of(sector),
            };
            let (offset, length) = (offset.saturating_add(used), length.saturating_sub(used));
            let Ok(bytes) = self.volume.source.read_vec(offset, length) else { continue };
            if self.volume.begins_as_fragment(&bytes) && self.volume.is_directory_fragment(&bytes) {
                self.read_remains(offset, length);
                self.deleted_directories();
            }
        }
    }

    /// The cluster that goes on with the directory whose cluster `cluster` ends within the long name `pending`, or after a
    /// whole entry.
    ///
    /// Within a name: the one cluster that completes it by checksum. Otherwise the next one, if it begins with a whole entry.
    pub(super) fn continuation(&self, cluster: u32, pending: &Pending) -> Option<u32> {
        let next = cluster.saturating_add(1);
        let completes = |cluster: u32| {
            let fragment = self.unowned.fragments.get(&cluster).filter(|_| !self.is_taken(cluster))?;
            fragment.completes(self.volume, pending.clone()).then_some(cluster)
        };
        let Some(sum) = pending.checksum() else {
            let fragment = self.unowned.fragments.get(&next).filter(|_| !self.is_taken(next))?;
            return fragment.is_clean.then_some(next);
        };
        if let Some(next) = completes(next) {
            return Some(next);
        }
        let joints = self.unowned.joints.get(&sum)?;
        let mut fitting = joints.iter().take(MOST_CANDIDATES).filter_map(|cluster| completes(*cluster));
        fitting.next().filter(|_| fitting.next().is_none())
    }

    /// Calls `visit` with the beginning of each cluster that nobody owns.
    fn for_each_candidate(&self, visit: impl FnMut(u32, &[u8])) {
        let sector = u64::from(self.volume.boot.bytes_per_sector);
        self.volume.heap.for_each_start(|cluster| !self.is_taken(cluster), sector, visit);
    }
}

impl Unowned {
    fn add_fragment(&mut self, volume: &Volume, cluster: u32, bytes: &[u8]) {
        let (slots, _) = bytes.as_chunks::<SLOT>();
        let long = slots.iter().take_while(|slot| is_long_name(slot)).count();
        let start: Vec<RawSlot> = slots.iter().take(long.saturating_add(1)).copied().collect();
        let mut fragment = Fragment { start, is_clean: true };
        fragment.is_clean = long == 0 || fragment.completes(volume, Pending::default());
        if let Some(slot) = slots.first().filter(|_| !fragment.is_clean) {
            self.joints.entry(slot_checksum(slot)).or_default().push(cluster);
        }
        self.fragments.insert(cluster, fragment);
    }
}

impl Fragment {
    /// True where the first entry has a whole long name with the slots `pending` before it.
    fn completes(&self, volume: &Volume, mut pending: Pending) -> bool {
        let Some((short, long)) = self.start.split_last() else { return false };
        if long.last().is_some_and(|first_piece| pending.rivals(first_piece)) {
            return false;
        }
        long.iter().for_each(|slot| pending.push(slot, 0));
        pending.name_of(&ShortEntry::parse(short, volume.is_wide())).units.is_some()
    }
}

impl Volume {
    /// `.` and `..` of a directory that begins in `cluster`, where `bytes` begin with them.
    pub(super) fn dots(&self, bytes: &[u8], cluster: u32) -> Option<(ShortEntry, ShortEntry)> {
        let (slots, _) = bytes.as_chunks::<SLOT>();
        let [own, parent, ..] = slots else { return None };
        let (own, parent) = (ShortEntry::parse(own, self.is_wide()), ShortEntry::parse(parent, self.is_wide()));
        let sound = |entry: &ShortEntry| entry.is_directory() && entry.broken_rules(&self.heap) == 0;
        let fits = own.is_self() && own.first_cluster == cluster && parent.is_parent() && sound(&own) && sound(&parent);
        fits.then_some((own, parent))
    }

    /// True where the first slot may be one of a directory.
    fn begins_as_fragment(&self, bytes: &[u8]) -> bool {
        bytes.first_chunk::<SLOT>().is_some_and(|slot| self.is_sound_slot(slot))
    }

    /// True for a cluster of nothing but sound slots, at least one of them an entry, and zeros after the end mark.
    pub(super) fn is_directory_fragment(&self, bytes: &[u8]) -> bool {
        let (slots, _) = bytes.as_chunks::<SLOT>();
        let used = slots.iter().position(|slot| slot[0] == END).unwrap_or(slots.len());
        let (used, rest) = slots.split_at(used);
        used.iter().all(|slot| self.is_sound_slot(slot))
            && used.iter().any(|slot| !is_long_name(slot))
            && rest.iter().all(|slot| slot.iter().all(|byte| *byte == 0))
    }

    fn is_sound_slot(&self, slot: &RawSlot) -> bool {
        if is_long_name(slot) {
            let number = slot[0] & !0x40;
            return field::<2>(slot, 26) == [0, 0]
                && field(slot, 12) == [0u8]
                && ((1..=20).contains(&number) || slot[0] == 0xe5);
        }
        let entry = ShortEntry::parse(slot, self.is_wide());
        let dots = entry.is_self() || entry.is_parent();
        slot[0] != END && !dots && !entry.is_label() && entry.is_dated() && entry.broken_rules(&self.heap) == 0
    }
}
