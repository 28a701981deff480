//! The sweep: directory entry sets in clusters that no live file owns and no entry led to, and behind the ends of files.

use super::{
    Volume,
    set::{Assembler, Group, Proof},
    slot::{RawSlot, SLOT, code, code_of},
    walk::Walk,
};
use crate::bytes::ReadAt;
use std::collections::{BTreeMap, HashSet};

/// Bytes in which the longest set ends.
const LONGEST_SET: u64 = 1 << 10;
/// Slots of a cluster that may go on with a set that began before it.
const LEADING: usize = 24;

/// Clusters without an owner that hold proved sets, by their numbers.
#[derive(Default)]
pub(super) struct Unowned(BTreeMap<u32, Fragment>);

/// Such a cluster.
struct Fragment {
    /// First clusters of the directories in it.
    directories: Vec<u32>,
    /// The set at its end that goes on elsewhere.
    tail: Option<Group>,
}

impl Walk<'_> {
    /// Looks through the clusters that no live file owns.
    pub(super) fn find_unowned(&mut self) {
        let mut unowned = Unowned::default();
        self.for_each_candidate(|cluster, bytes| {
            if begins_as_directory(bytes)
                && let Some(fragment) = self.volume.fragment(cluster, self.volume.heap.bytes_of(1))
            {
                unowned.0.insert(cluster, fragment);
            }
        });
        self.unowned = unowned;
    }

    /// Lists what no entry led to, among the orphans: outer directories first, so that those their entries lead to hang in
    /// them.
    pub(super) fn sweep(&mut self) {
        let fragments = std::mem::take(&mut self.unowned.0);
        let named: HashSet<u32> =
            fragments.values().flat_map(|fragment| fragment.directories.iter().copied()).collect();
        let (inner, outer): (Vec<_>, Vec<_>) = fragments.iter().partition(|(cluster, _)| named.contains(cluster));
        for (cluster, mut fragment) in outer.into_iter().chain(inner) {
            if self.is_taken(*cluster) {
                continue;
            }
            self.seen.insert(*cluster);
            let mut clusters = vec![*cluster];
            while let Some(next) = self.continuation(clusters.last().copied().unwrap_or(0), fragment) {
                self.seen.insert(next);
                clusters.push(next);
                match fragments.get(&next) {
                    Some(next) => fragment = next,
                    None => break,
                }
            }
            self.read_fragment(&clusters);
            self.deleted_directories();
        }
    }

    /// The cluster that goes on with the set at the end of `cluster`: the next one, or the one that the table names, if the
    /// set is proved with it.
    fn continuation(&self, cluster: u32, fragment: &Fragment) -> Option<u32> {
        let tail = fragment.tail.as_ref()?;
        let heap = &self.volume.heap;
        let chained = self.volume.table.way(heap, cluster).nth(1);
        [cluster.checked_add(1), chained]
            .into_iter()
            .flatten()
            .find(|next| heap.has(*next) && !self.is_taken(*next) && self.volume.completes(tail, heap.offset_of(*next)))
    }

    /// Lists sets that stand behind the end of a live file, in a cluster that was a directory's before: the last cluster
    /// of each file with the number of its bytes that are the file's.
    pub(super) fn slack(&mut self, mut ends: Vec<(u32, u64)>) {
        let sector = u64::from(self.volume.boot.bytes_per_sector);
        ends.sort_unstable();
        for (cluster, used) in ends {
            let used = used.next_multiple_of(sector);
            let offset = self.volume.heap.offset_of(cluster).saturating_add(used);
            let length = self.volume.heap.bytes_of(1).saturating_sub(used);
            if length == 0 {
                continue;
            }
            let Ok(bytes) = self.volume.heap.source.read_vec(offset, sector) else { continue };
            if begins_as_directory(&bytes) {
                self.read_remains(offset, length);
                self.deleted_directories();
            }
        }
    }

    /// Calls `visit` with the beginning of each cluster that nobody owns.
    fn for_each_candidate(&self, visit: impl FnMut(u32, &[u8])) {
        let sector = u64::from(self.volume.boot.bytes_per_sector);
        self.volume.heap.for_each_start(|cluster| !self.is_taken(cluster), sector, visit);
    }
}

impl Volume {
    /// What the first bytes of a cluster hold, if that is a set whose checksum fits at least.
    fn fragment(&self, cluster: u32, length: u64) -> Option<Fragment> {
        let mut assembler = Assembler::default();
        let mut fragment = Fragment { directories: Vec::new(), tail: None };
        let mut is_proved = false;
        let mut look = |group: &Group| {
            let Some(set) = group.parse(&self.heap, self.upcase.as_ref()) else { return };
            if set.proof == Proof::Checksum && set.is_sound {
                is_proved = true;
                if set.record.is_directory() {
                    fragment.directories.push(set.record.first_cluster);
                }
            }
        };
        let bytes = self.heap.source.read_vec(self.heap.offset_of(cluster), length).ok()?;
        let (slots, _) = bytes.as_chunks::<SLOT>();
        for (slot, at) in slots.iter().zip((self.heap.offset_of(cluster)..).step_by(SLOT)) {
            if let Some(group) = assembler.push(at, slot) {
                look(&group);
            }
        }
        let is_open = assembler.is_open();
        if let Some(group) = assembler.flush() {
            look(&group);
            fragment.tail = Some(group).filter(|group| is_open && group.has_file_entry());
        }
        is_proved.then_some(fragment)
    }

    /// True for a cluster that begins with a proved set, as that of a directory does.
    pub(super) fn is_directory(&self, cluster: u32) -> bool {
        let length = LONGEST_SET.min(self.heap.bytes_of(1));
        self.heap.has(cluster) && self.fragment(cluster, length).is_some()
    }

    /// True where the slots from byte `offset` on prove the set that began with `tail`.
    fn completes(&self, tail: &Group, offset: u64) -> bool {
        let mut group = tail.clone();
        let length = LONGEST_SET.min(self.heap.bytes_of(1));
        let Ok(bytes) = self.heap.source.read_vec(offset, length) else { return false };
        let (slots, _) = bytes.as_chunks::<SLOT>();
        for slot in slots {
            if !group.take(slot) {
                break;
            }
        }
        group.parse(&self.heap, self.upcase.as_ref()).is_some_and(|set| set.proof == Proof::Checksum)
    }
}

/// True for slots that may be those of a directory: the rest of a set that began before them and entries of the volume, then
/// a file entry with its stream extension.
fn begins_as_directory(bytes: &[u8]) -> bool {
    let (slots, _) = bytes.as_chunks::<SLOT>();
    let is_leading = |slot: &&RawSlot| {
        let volume = [code::BITMAP, code::UPCASE, code::LABEL, code::VOLUME_GUID];
        let file = [code::STREAM, code::NAME, code::VENDOR_EXTENSION, code::VENDOR_ALLOCATION];
        volume.contains(&code_of(slot)) || file.contains(&code_of(slot))
    };
    let leading = slots.iter().take(LEADING).take_while(is_leading).count();
    let mut rest = slots.iter().skip(leading);
    match (rest.next(), rest.next()) {
        (Some(file), Some(stream)) => code_of(file) == code::FILE && code_of(stream) == code::STREAM,
        (Some(file), None) => code_of(file) == code::FILE,
        (None, _) => leading > 0,
    }
}
