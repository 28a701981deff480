//! The walk: live directories from the root, then the deleted ones their entries lead to, each cluster once.

use super::{
    DIRECTORY, Volume,
    set::{Assembler, FileSet, Group, Proof, Record, Vendor},
    slot::{RawSlot, SLOT, code, code_of, is_benign, is_in_use, is_secondary},
    sweep::Unowned,
    table::{ChainEnd, Link},
};
use crate::{
    error::{Issue, Result},
    filesystem::{
        Status,
        allocation::Allocation,
        clusters::{ClusterRun, ClusterSet},
        tree::{Parent, TreeBuilder},
    },
};
use std::{
    cmp::Reverse,
    collections::{HashMap, VecDeque},
};

/// What the listing keeps of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Byte offset of its first slot in the volume.
    pub(super) at: u64,
    pub(super) record: Record,
    pub(super) proof: Proof,
    pub(super) hash_fits: bool,
    /// A structure of the volume itself.
    pub(super) is_system: bool,
}

/// How far the slots of a directory are to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// A live directory: slots before its end mark are in use unless marked otherwise.
    Live,
    /// Clusters in use that nobody owns: their directory was lost, not deleted, and what is in use there is so still.
    Unlisted,
    /// A deleted directory, or free clusters: whatever its mark says, a set is of a deleted file, and must be proved.
    Deleted,
}

/// A directory to read.
struct Directory {
    parent: Parent,
    record: Record,
    at: u64,
    status: Status,
}

/// The walk in progress.
pub(super) struct Walk<'v> {
    pub(super) volume: &'v Volume,
    pub(super) tree: TreeBuilder<Found>,
    /// Clusters that were read as part of a directory.
    pub(super) seen: ClusterSet,
    /// Clusters of live files and directories.
    pub(super) owned: ClusterSet,
    /// All that is in use, in order of reading; what is damaged comes last.
    pub(super) live: Vec<(u64, Record)>,
    damaged: Vec<(u64, Record)>,
    live_directories: VecDeque<Directory>,
    damaged_directories: VecDeque<Directory>,
    deleted_directories: Vec<Directory>,
    /// The clusters of the root directory, which has no entry.
    pub(super) root: Vec<ClusterRun>,
    /// The clusters of live directories, by the byte offset of their file entry.
    pub(super) content: HashMap<u64, Vec<ClusterRun>>,
    /// Names that text cannot hold, by the byte offset of the first slot.
    pub(super) exact_names: HashMap<u64, Vec<u16>>,
    /// What other makers added to a set, by the same.
    pub(super) vendors: HashMap<u64, Vec<Vendor>>,
    pub(super) unowned: Unowned,
    /// Steps along chains that are left.
    pub(super) budget: u64,
    /// What is in use by the bitmap, once the live directories are read.
    pub(super) allocation: Option<Result<Allocation>>,
}

/// The state of reading one directory.
struct Reading {
    parent: Parent,
    trust: Trust,
    assembler: Assembler,
    past_end: bool,
    /// Byte offset at which the next slot is to be found, within a run.
    next: u64,
}

impl Reading {
    fn new(parent: Parent, trust: Trust) -> Self {
        Self { parent, trust, assembler: Assembler::default(), past_end: false, next: 0 }
    }
}

impl<'v> Walk<'v> {
    pub(super) fn new(volume: &'v Volume) -> Self {
        Self {
            volume,
            tree: TreeBuilder::new(),
            seen: ClusterSet::new(&volume.heap),
            owned: ClusterSet::new(&volume.heap),
            live: Vec::new(),
            damaged: Vec::new(),
            live_directories: VecDeque::new(),
            damaged_directories: VecDeque::new(),
            deleted_directories: Vec::new(),
            root: Vec::new(),
            content: HashMap::new(),
            exact_names: HashMap::new(),
            vendors: HashMap::new(),
            unowned: Unowned::default(),
            budget: u64::from(volume.heap.count).saturating_mul(8).saturating_add(1 << 20),
            allocation: None,
        }
    }

    /// Lists the structures of the volume itself.
    fn system(&mut self) {
        for (name, area) in self.volume.system.areas() {
            let runs = self.own(self.volume.system_clusters(&area).runs().flat_map(ClusterRun::clusters), area.at);
            self.content.insert(area.at, runs);
            self.push_system(name, area.at, area.record);
        }
        if let Some(guid) = &self.volume.system.guid {
            self.push_system("$VOLUME_GUID", guid.at, Record::of_volume(0, 0));
        }
    }

    fn push_system(&mut self, name: &str, at: u64, record: Record) {
        let found = Found { at, record, proof: Proof::Checksum, hash_fits: true, is_system: true };
        self.tree.push(Parent::Root, name, Status::Allocated, found);
    }

    /// Reads the root and every live directory below it; those whose sets are damaged last, so that a wrong length takes
    /// nothing from others.
    pub(super) fn live_directories(&mut self) {
        let root = self.volume.boot.root_cluster;
        let at = self.volume.heap.offset_of(root);
        let mut way = self.volume.table.way(&self.volume.heap, root);
        self.root = self.own(&mut way, at);
        self.report_end(at, ChainEnd::Link(way.end));
        self.system();
        let runs = self.root.clone();
        self.read_runs(Reading::new(Parent::Root, Trust::Live), &runs);
        while let Some(Directory { parent, record, at, .. }) =
            self.live_directories.pop_front().or_else(|| self.damaged_directories.pop_front())
        {
            let runs = self.directory_runs(&record, at);
            self.read_runs(Reading::new(parent, Trust::Live), &runs);
            self.content.insert(at, runs);
        }
        self.live.append(&mut self.damaged);
    }

    /// The clusters of a live directory.
    fn directory_runs(&mut self, record: &Record, at: u64) -> Vec<ClusterRun> {
        let heap = &self.volume.heap;
        let need = heap.clusters_for(record.length);
        let first = record.first_cluster;
        if record.length == 0 {
            return Vec::new();
        }
        if !heap.has(first) || !record.has_allocation() {
            self.volume.issue(at, format!("expected a directory in a cluster of the volume, found cluster {first}"));
            return Vec::new();
        }
        if record.is_contiguous() {
            return self.own(first..first.saturating_add(need).min(heap.end()), at);
        }
        let mut way = self.volume.table.way(heap, first);
        // A chain that goes on behind the length of the directory belongs to it all the same.
        let runs = self.own(&mut way, at);
        self.report_end(at, ChainEnd::Link(way.end));
        runs
    }

    fn report_end(&self, at: u64, end: ChainEnd) {
        if !matches!(end, ChainEnd::Link(Link::End | Link::Next(_))) {
            self.volume.issue(at, format!("the chain of the directory is broken: {}", end.describe()));
        }
    }

    /// Takes clusters for a live entry at byte `at` of the volume; ends, with an issue, at one that is taken already.
    pub(super) fn own(&mut self, clusters: impl Iterator<Item = u32>, at: u64) -> Vec<ClusterRun> {
        let mut runs = Vec::new();
        for cluster in clusters {
            if !self.owned.insert(cluster) {
                let message = format!("cluster {cluster} belongs to another entry already (a loop or a cross-link)");
                self.volume.issue(at, message);
                break;
            }
            ClusterRun::append(&mut runs, cluster);
        }
        runs
    }

    /// Reads the deleted and the unlisted directories that entries lead to, in clusters that nobody else has.
    ///
    /// Of several that lead to one cluster, the one made last has it: what an older one held was overwritten by its end mark.
    pub(super) fn deleted_directories(&mut self) {
        while !self.deleted_directories.is_empty() {
            let mut level = std::mem::take(&mut self.deleted_directories);
            level.sort_by_key(|directory| (Reverse(directory.record.created()), directory.at));
            for directory in level {
                self.read_deleted(&directory);
            }
        }
    }

    fn read_deleted(&mut self, directory: &Directory) {
        let record = &directory.record;
        let heap = &self.volume.heap;
        let (first, need) = (record.first_cluster, heap.clusters_for(record.length));
        let need = usize::try_from(need).unwrap_or(usize::MAX);
        let clusters: Box<dyn Iterator<Item = u32>> = match record.is_contiguous() {
            true => Box::new(self.volume.contiguous(record).clusters()),
            false => Box::new(self.volume.table.way(heap, first)),
        };
        let mut runs = Vec::new();
        for cluster in clusters.take(need) {
            if self.budget == 0 {
                self.volume.issue(directory.at, "all directories together are longer than the volume".to_owned());
                break;
            }
            self.budget = self.budget.saturating_sub(1);
            if !self.is_taken(cluster) {
                self.seen.insert(cluster);
                ClusterRun::append(&mut runs, cluster);
            } else if !record.is_contiguous() {
                // Where a chain leads from a cluster of another is no longer this directory's.
                break;
            }
        }
        let trust = match directory.status {
            Status::Unlisted => self.trust(&runs),
            _ => Trust::Deleted,
        };
        self.read_runs(Reading::new(directory.parent, trust), &runs);
    }

    /// Reads sets found in clusters of no known directory.
    pub(super) fn read_fragment(&mut self, clusters: &[u32]) {
        let mut runs = Vec::new();
        clusters.iter().for_each(|cluster| ClusterRun::append(&mut runs, *cluster));
        self.read_runs(Reading::new(Parent::Lost, self.trust(&runs)), &runs);
    }

    /// How far slots in clusters are to be believed that no live entry leads to.
    fn trust(&self, runs: &[ClusterRun]) -> Trust {
        let are_marked = runs.iter().flat_map(|run| run.clusters()).all(|cluster| self.is_marked(cluster));
        if are_marked { Trust::Unlisted } else { Trust::Deleted }
    }

    /// True for a cluster that is in use by the bitmap.
    fn is_marked(&self, cluster: u32) -> bool {
        let Some(Ok(allocation)) = &self.allocation else { return false };
        allocation.is_used(u64::from(cluster.saturating_sub(2))) == Some(true)
    }

    /// Reads sets found behind the end of a live file.
    pub(super) fn read_remains(&mut self, offset: u64, length: u64) {
        let mut reading = Reading::new(Parent::Lost, Trust::Deleted);
        self.read_area(&mut reading, offset, length);
        self.end_group(&mut reading);
    }

    fn read_runs(&mut self, mut reading: Reading, runs: &[ClusterRun]) {
        for run in runs {
            let (offset, length) = (self.volume.heap.offset_of(run.first), self.volume.heap.bytes_of(run.count));
            self.read_area(&mut reading, offset, length);
        }
        self.end_group(&mut reading);
    }

    fn read_area(&mut self, reading: &mut Reading, offset: u64, length: u64) {
        reading.next = offset;
        let volume = self.volume;
        volume.for_each_slot(offset, length, |at, slot| {
            if at != reading.next {
                self.end_group(reading);
            }
            reading.next = at.saturating_add(SLOT as u64);
            self.take(reading, at, slot);
        });
        if reading.next < offset.saturating_add(length) {
            self.end_group(reading);
        }
    }

    fn end_group(&mut self, reading: &mut Reading) {
        if let Some(group) = reading.assembler.flush() {
            self.finish(reading, &group);
        }
    }

    fn take(&mut self, reading: &mut Reading, at: u64, slot: &RawSlot) {
        if let Some(group) = reading.assembler.push(at, slot) {
            self.finish(reading, &group);
        }
        if slot[0] == code::END {
            reading.past_end = true;
        } else if reading.trust == Trust::Live && !reading.past_end && is_in_use(slot) {
            self.report_unknown(reading, at, slot);
        }
    }

    /// Reports what this reader does not know, or what should not be where it is.
    fn report_unknown(&self, reading: &Reading, at: u64, slot: &RawSlot) {
        let in_root = reading.parent == Parent::Root;
        let is_known = match code_of(slot) {
            code::BITMAP | code::UPCASE | code::LABEL | code::VOLUME_GUID => in_root,
            code::FILE => true,
            _ => is_secondary(slot),
        };
        if !is_known {
            let sort = if is_benign(slot) { "benign" } else { "critical" };
            self.volume.issue(at, format!("a {sort} entry of type {:#04x} that this reader does not know", slot[0]));
        }
    }

    /// Lists what a group of slots proves.
    fn finish(&mut self, reading: &Reading, group: &Group) {
        let is_current = !reading.past_end && group.is_in_use();
        let is_live = is_current && reading.trust == Trust::Live;
        let Some(mut set) = group.parse(&self.volume.heap, self.volume.upcase.as_ref()) else {
            self.report_remains(reading, group, is_live);
            return;
        };
        if set.proof == Proof::NameHash && self.volume.is_directory(set.record.first_cluster) {
            // The file entry that says so is lost; what stands there says it too.
            set.record.set_directory();
        }
        // What is marked as deleted, in a directory that is known, may be cut; elsewhere nothing but a proof counts.
        let is_listed = match set.proof {
            Proof::Checksum => true,
            Proof::NameHash => set.is_sound,
            Proof::Mismatch | Proof::Cut => set.is_sound && reading.trust == Trust::Live,
        };
        if is_live && (set.proof != Proof::Checksum || !set.hash_fits || !set.is_sound) {
            self.volume.issue(group.at, set.damage(is_listed));
        }
        let status = match reading.trust {
            Trust::Live if is_live => Status::Allocated,
            Trust::Unlisted if is_current && self.is_unlisted(&set) => Status::Unlisted,
            _ => Status::Deleted,
        };
        if is_listed {
            self.push(reading.parent, set, status);
        }
    }

    /// True for a set whose content is still in use, and by nobody else.
    fn is_unlisted(&self, set: &FileSet) -> bool {
        let first = set.record.first_cluster;
        let has_content = set.record.length == 0 || self.is_marked(first) && !self.owned.contains(first);
        set.proof == Proof::Checksum && has_content
    }

    /// Reports slots that are no entry.
    fn report_remains(&self, reading: &Reading, group: &Group, is_live: bool) {
        if is_live {
            self.volume.issue(group.at, "a directory entry set of which a part is missing".to_owned());
        } else if reading.parent != Parent::Lost && group.is_name_only() {
            // Whose it is nothing tells, nor whether it is all of it: it is no entry, and it is not lent to one.
            let text = group.text();
            self.volume.issue(group.at, format!("a piece of a deleted name without its file entry: {text:?}"));
        }
    }

    fn push(&mut self, parent: Parent, set: FileSet, status: Status) {
        if self.tree.len() as u64 >= self.volume.limits.entries.min(u64::from(u32::MAX)) {
            let message = format!("more than {} entries: the rest is not listed", self.volume.limits.entries);
            self.volume.log.push(Issue::new(None, DIRECTORY, message));
            return;
        }
        let FileSet { at, record, name, proof, hash_fits, vendors, .. } = set;
        let text = String::from_utf16_lossy(&name);
        if !text.encode_utf16().eq(name.iter().copied()) || text.contains(['/', '\0']) {
            self.exact_names.insert(at, name);
        }
        if !vendors.is_empty() {
            self.vendors.insert(at, vendors);
        }
        let found = Found { at, record, proof, hash_fits, is_system: false };
        let node = self.tree.push(parent, &text, status, found);
        let is_proved = proof == Proof::Checksum;
        let is_live = status == Status::Allocated;
        if is_live {
            let live = if is_proved { &mut self.live } else { &mut self.damaged };
            live.push((at, record));
        }
        if record.is_directory() {
            let directory = Directory { parent: Parent::Node(node), record, at, status };
            match (is_live, is_proved) {
                (true, true) => self.live_directories.push_back(directory),
                (true, false) => self.damaged_directories.push_back(directory),
                (false, _) => self.deleted_directories.push(directory),
            }
        }
    }

    /// True for a cluster that was read as a directory or belongs to a live file.
    pub(super) fn is_taken(&self, cluster: u32) -> bool {
        self.seen.contains(cluster) || self.owned.contains(cluster)
    }
}
