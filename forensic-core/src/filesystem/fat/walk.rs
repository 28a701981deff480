//! The walk: live directories from the root, then the deleted ones their entries lead to, each cluster once.

use super::{
    Volume,
    boot::Root,
    directory::{DELETED, END, RawSlot, SLOT, ShortEntry, is_long_name},
    high_word::{Deleted, Place},
    long_name::{LongName, Ownerless, Pending},
    sweep::Unowned,
    table::ChainEnd,
};
use crate::{
    error::Issue,
    filesystem::{
        Status,
        clusters::{ClusterRun, ClusterSet},
        tree::{NodeId, Parent, TreeBuilder},
    },
};
use std::collections::{HashMap, VecDeque};

const DIRECTORY: &str = "FAT directory";
/// Bytes read at once.
const READ: u64 = 1 << 20;
/// Bytes of `.` and `..`.
const DOTS: u64 = 2 * SLOT as u64;

/// What the listing keeps of an entry.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) entry: ShortEntry,
    /// Byte offset of the short entry in the volume; where it is lost, of the first cluster or of the long name.
    pub(super) at: u64,
    /// First byte of a deleted short name, given back by the long name's checksum.
    pub(super) first: Option<u8>,
    pub(super) has_long_name: bool,
    pub(super) origin: Origin,
}

/// What says that there was an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A short entry.
    Entry,
    /// A directory's first cluster; its entry is lost.
    DirectoryWithoutEntry,
    /// A long name; its short entry is lost.
    LongName { is_whole: bool },
    /// A chain that no entry has.
    Chain,
    /// A volume label that is out of use.
    Label,
}

/// How far the slots of a directory are to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// A live directory: slots before the end mark are in use unless marked as deleted.
    Live,
    /// A deleted directory: its slots are of deleted entries, and each must be without fault.
    Deleted,
}

/// A directory to read.
#[derive(Clone, Copy)]
pub(super) struct Directory {
    parent: Parent,
    /// Its first cluster.
    pub(super) cluster: u32,
    /// First cluster of the directory that holds its entry; 0 for the root.
    parent_cluster: u32,
    entry: ShortEntry,
    pub(super) at: u64,
}

impl Directory {
    /// The same with another first cluster.
    pub(super) fn with_cluster(&self, cluster: u32) -> Self {
        Self { cluster, ..*self }
    }
}

/// The walk in progress.
pub(super) struct Walk<'v> {
    pub(super) volume: &'v Volume,
    pub(super) tree: TreeBuilder<Found>,
    /// Clusters that were read as part of a directory.
    pub(super) seen: ClusterSet,
    /// Clusters of live files and directories.
    pub(super) owned: ClusterSet,
    /// Live files, by the byte offset of their short entry.
    pub(super) live_files: Vec<(u64, ShortEntry)>,
    /// Live directories, by the byte offset of their short entry.
    pub(super) live_folders: Vec<(u64, ShortEntry)>,
    live: VecDeque<Directory>,
    deleted: VecDeque<Directory>,
    /// The clusters that were read as a directory's content, by the byte offset of its short entry.
    pub(super) content: HashMap<u64, Vec<ClusterRun>>,
    /// Names that text cannot hold, by the byte offset of the short entry.
    pub(super) exact_names: HashMap<u64, Vec<u16>>,
    /// Beginnings of long names whose rest was overwritten.
    pub(super) fragments: HashMap<u64, String>,
    pub(super) label: Option<String>,
    /// The last cluster and the size of each live file.
    pub(super) live_ends: Vec<(u32, u32)>,
    pub(super) unowned: Unowned,
    /// Deleted files whose first clusters may have lost their upper half.
    pub(super) deleted_files: Vec<Deleted>,
    /// First clusters that are not those of the entries, by the byte offset of the short entry.
    pub(super) places: HashMap<u64, Place>,
    was_full: bool,
}

/// The state of reading one directory.
struct Reading {
    parent: Parent,
    /// Byte offset of its own short entry; `None` for the root and for a fragment.
    own_entry: Option<u64>,
    /// Its first cluster; 0 for the root.
    cluster: u32,
    trust: Trust,
    pending: Pending,
    past_end: bool,
}

impl Reading {
    fn new(parent: Parent, own_entry: Option<u64>, cluster: u32, trust: Trust) -> Self {
        Self { parent, own_entry, cluster, trust, pending: Pending::default(), past_end: false }
    }
}

impl<'v> Walk<'v> {
    pub(super) fn new(volume: &'v Volume) -> Self {
        Self {
            volume,
            tree: TreeBuilder::new(),
            seen: ClusterSet::new(&volume.heap),
            owned: ClusterSet::new(&volume.heap),
            live_files: Vec::new(),
            live_folders: Vec::new(),
            live: VecDeque::new(),
            deleted: VecDeque::new(),
            content: HashMap::new(),
            exact_names: HashMap::new(),
            fragments: HashMap::new(),
            label: None,
            live_ends: Vec::new(),
            unowned: Unowned::default(),
            deleted_files: Vec::new(),
            places: HashMap::new(),
            was_full: false,
        }
    }

    /// Reads the root and every live directory below it.
    pub(super) fn live_directories(&mut self) {
        let mut root = Reading::new(Parent::Root, None, 0, Trust::Live);
        match self.volume.boot.root {
            Root::Fixed { offset, length } => {
                self.read_area(&mut root, offset, length);
                self.end_names(&mut root);
            }
            Root::Chained { cluster } => self.read_chain(root, cluster),
        }
        self.drain_live();
    }

    fn drain_live(&mut self) {
        while let Some(directory) = self.live.pop_front() {
            if !self.volume.heap.has(directory.cluster) {
                let found = format!("directory at cluster {}", directory.cluster);
                self.issue(directory.at, format!("expected a cluster of the volume, found {found}"));
                continue;
            }
            if directory.entry.size != 0 {
                let message =
                    format!("a directory with a size of {} bytes; a directory's size is 0", directory.entry.size);
                self.issue(directory.at, message);
            }
            let reading = Reading::new(directory.parent, Some(directory.at), directory.cluster, Trust::Live);
            self.read_chain(reading, directory.cluster);
        }
    }

    /// Reads a live directory whose entry is lost, and all below it.
    pub(super) fn read_unlisted(&mut self, node: NodeId, at: u64, cluster: u32) {
        let reading = Reading::new(Parent::Node(node), Some(at), cluster, Trust::Live);
        self.read_chain(reading, cluster);
        self.drain_live();
    }

    /// Reads the deleted directories that entries lead to, as long as their first cluster still is theirs.
    ///
    /// Of two entries that lead to one cluster, the one that agrees with what stands there in both ways (parent and time of
    /// creation) goes before the one that agrees in one.
    pub(super) fn deleted_directories(&mut self) {
        for wanted in [2, 1] {
            let mut later = VecDeque::new();
            while let Some(mut directory) = self.deleted.pop_front() {
                self.mend_directory(&mut directory);
                if self.agreement(&directory) >= wanted {
                    self.read_deleted(directory.parent, directory.at, directory.cluster);
                } else {
                    later.push_back(directory);
                }
            }
            self.deleted = later;
        }
    }

    /// In how many ways the cluster that a deleted directory's entry leads to agrees with it; 0 where it is not its own.
    pub(super) fn agreement(&self, directory: &Directory) -> u32 {
        let cluster = directory.cluster;
        if !self.volume.heap.has(cluster) || self.is_taken(cluster) {
            return 0;
        }
        let offset = self.volume.heap.offset_of(cluster);
        let Ok(bytes) = self.volume.source.read_vec(offset, DOTS) else { return 0 };
        let Some((own, parent)) = self.volume.dots(&bytes, cluster) else { return 0 };
        u32::from(parent.first_cluster == directory.parent_cluster)
            .saturating_add(u32::from(own.made() == directory.entry.made()))
    }

    /// Reads a deleted directory from its first cluster on, and on through the clusters that go on with it.
    pub(super) fn read_deleted(&mut self, parent: Parent, own_entry: u64, first: u32) {
        let runs = self.read_unowned(Reading::new(parent, Some(own_entry), first, Trust::Deleted), first);
        self.content.insert(own_entry, runs);
    }

    /// Reads entries found in a cluster of no known directory, and in those that go on with it.
    pub(super) fn read_fragment(&mut self, first: u32) {
        // No cluster has this number, so that no `..` agrees with it.
        self.read_unowned(Reading::new(Parent::Lost, None, u32::MAX, Trust::Deleted), first);
    }

    /// Reads entries found behind the end of a live file.
    pub(super) fn read_remains(&mut self, offset: u64, length: u64) {
        let mut reading = Reading::new(Parent::Lost, None, u32::MAX, Trust::Deleted);
        self.read_area(&mut reading, offset, length);
        self.end_names(&mut reading);
    }

    fn read_unowned(&mut self, mut reading: Reading, first: u32) -> Vec<ClusterRun> {
        let mut runs = Vec::new();
        let mut next = Some(first);
        while let Some(cluster) = next.take() {
            self.seen.insert(cluster);
            ClusterRun::append(&mut runs, cluster);
            let (offset, length) = self.volume.cluster_area(cluster);
            self.read_area(&mut reading, offset, length);
            if !reading.past_end {
                next = self.continuation(cluster, &reading.pending);
            }
        }
        self.end_names(&mut reading);
        runs
    }

    /// Reads a live directory along its chain.
    fn read_chain(&mut self, mut reading: Reading, first: u32) {
        let (chain, copy) = self.volume.table.best_chain(first, None);
        let at = self.volume.heap.offset_of(first);
        if let Some(copy) = copy {
            self.issue(at, format!("the chain of the directory does not end; copy {copy} of the table has it whole"));
        }
        if chain.end != ChainEnd::Complete {
            self.issue(at, format!("the chain of the directory does not end: {}", chain.end.describe()));
        }
        let mut runs: Vec<ClusterRun> = Vec::new();
        for cluster in chain.runs.iter().flat_map(|run| run.clusters()) {
            if self.seen.contains(cluster) {
                let message =
                    format!("cluster {cluster} belongs to another directory already (a cycle or a cross-link)");
                self.issue(self.volume.heap.offset_of(cluster), message);
                break;
            }
            self.seen.insert(cluster);
            self.owned.insert(cluster);
            ClusterRun::append(&mut runs, cluster);
        }
        for run in &runs {
            let (offset, _) = self.volume.cluster_area(run.first);
            let length = u64::from(run.count).saturating_mul(u64::from(self.volume.boot.cluster_size));
            self.read_area(&mut reading, offset, length);
        }
        self.end_names(&mut reading);
        if let Some(own_entry) = reading.own_entry {
            self.content.insert(own_entry, runs);
        }
    }

    /// Reads slots in large reads; sector by sector where that fails.
    fn read_area(&mut self, reading: &mut Reading, offset: u64, length: u64) {
        let (mut at, end) = (offset, offset.saturating_add(length));
        while at < end {
            let size = READ.min(end.saturating_sub(at));
            match self.volume.source.read_vec(at, size) {
                Ok(bytes) => self.read_slots(reading, at, &bytes),
                Err(_) => self.read_sectors(reading, at, size),
            }
            at = at.saturating_add(size);
        }
    }

    fn read_sectors(&mut self, reading: &mut Reading, offset: u64, length: u64) {
        let sector = u64::from(self.volume.boot.bytes_per_sector);
        for index in 0..length.div_ceil(sector) {
            let at = index.saturating_mul(sector).saturating_add(offset);
            match self.volume.source.read_vec(at, sector) {
                Ok(bytes) => self.read_slots(reading, at, &bytes),
                Err(error) => {
                    self.issue(at, format!("a sector of the directory cannot be read: {error}"));
                    reading.pending.clear(false);
                    if at >= self.volume.source.len() {
                        return;
                    }
                }
            }
        }
    }

    fn read_slots(&mut self, reading: &mut Reading, offset: u64, bytes: &[u8]) {
        let (slots, _) = bytes.as_chunks::<SLOT>();
        for (slot, at) in slots.iter().zip((offset..).step_by(SLOT)) {
            if slot[0] == END {
                reading.past_end = true;
                self.end_names(reading);
            } else if is_long_name(slot) {
                reading.pending.push(slot, at);
            } else {
                self.read_short(reading, slot, at);
            }
        }
    }

    fn read_short(&mut self, reading: &mut Reading, slot: &RawSlot, at: u64) {
        let entry = ShortEntry::parse(slot, self.volume.is_wide());
        let is_live = reading.trust == Trust::Live && !reading.past_end && slot[0] != DELETED;
        let most = if reading.trust == Trust::Live && !reading.past_end { 1 } else { 0 };
        let is_sound = entry.broken_rules(&self.volume.heap) <= most;
        let name = if is_sound { reading.pending.name_of(&entry) } else { LongName::default() };
        let ownerless = reading.pending.ownerless(&name);
        self.push_ownerless(reading.parent, ownerless);
        reading.pending.clear(is_live);
        if entry.is_self() || entry.is_parent() {
            return;
        }
        if !is_sound {
            if is_live {
                self.issue(
                    at,
                    "the slot breaks several rules of the specification and was not taken for an entry".to_owned(),
                );
            }
            return;
        }
        if entry.is_label() {
            match reading.parent {
                Parent::Root if is_live => _ = self.label.get_or_insert_with(|| entry.label()),
                Parent::Root if entry.is_dated() => self.push_old_label(reading.parent, entry, at),
                _ => {}
            }
            return;
        }
        self.push(reading, entry, at, is_live, name);
    }

    /// Lists the names that wait for a short entry, which will not come.
    fn end_names(&mut self, reading: &mut Reading) {
        self.push_ownerless(reading.parent, reading.pending.ownerless(&LongName::default()));
        reading.pending.clear(false);
    }

    /// Lists long names without a short entry. What is all of a name is one; a piece is called `$LongName-` and its
    /// position, as no file had it for its name.
    fn push_ownerless(&mut self, parent: Parent, names: Vec<Ownerless>) {
        for Ownerless { units, at, is_whole } in names.into_iter().rev() {
            if self.is_full() {
                return;
            }
            let text = self.text_of(&units, at);
            let name = if is_whole { text } else { format!("$LongName-{}", at / 32) };
            if !is_whole {
                self.fragments.insert(at, String::from_utf16_lossy(&units));
            }
            let entry = ShortEntry::parse(&[0; SLOT], false);
            let found =
                Found { entry, at, first: None, has_long_name: is_whole, origin: Origin::LongName { is_whole } };
            self.tree.push(parent, &name, Status::Deleted, found);
        }
    }

    fn push_old_label(&mut self, parent: Parent, entry: ShortEntry, at: u64) {
        if !self.is_full() {
            let found = Found { entry, at, first: None, has_long_name: false, origin: Origin::Label };
            self.tree.push(parent, &entry.label(), Status::Deleted, found);
        }
    }

    /// A long name as text; what text cannot hold is kept as it is, for the entry at `at`.
    fn text_of(&mut self, units: &[u16], at: u64) -> String {
        let text = String::from_utf16_lossy(units);
        if !text.encode_utf16().eq(units.iter().copied()) || text.contains(['/', '\0']) {
            self.exact_names.insert(at, units.to_vec());
        }
        text
    }

    /// True where no more entries are listed, which is reported once.
    pub(super) fn is_full(&mut self) -> bool {
        let is_full = self.tree.len() as u64 >= self.volume.limits.entries.min(u64::from(u32::MAX));
        if is_full && !self.was_full {
            let message = format!("more than {} entries: the rest is not listed", self.volume.limits.entries);
            self.volume.log.push(Issue::new(None, DIRECTORY, message));
        }
        self.was_full = is_full;
        is_full
    }

    fn push(&mut self, reading: &Reading, entry: ShortEntry, at: u64, is_live: bool, name: LongName) {
        if self.is_full() {
            return;
        }
        let text = match &name.units {
            Some(units) => self.text_of(units, at),
            None => entry.text(name.first),
        };
        if let Some(fragment) = name.fragment {
            self.fragments.insert(at, String::from_utf16_lossy(&fragment));
        }
        let status = if is_live { Status::Allocated } else { Status::Deleted };
        let has_long_name = name.units.is_some();
        let found = Found { entry, at, first: name.first, has_long_name, origin: Origin::Entry };
        let node = self.tree.push(reading.parent, &text, status, found);
        match (is_live, entry.is_directory()) {
            (true, true) => self.live_folders.push((at, entry)),
            (true, false) => self.live_files.push((at, entry)),
            (false, false) if self.has_high_words() && entry.size > 0 => {
                self.deleted_files.push(Deleted { at, entry, parent_cluster: reading.cluster });
            }
            (false, _) => {}
        }
        if entry.is_directory() {
            let directory = Directory {
                parent: Parent::Node(node),
                cluster: entry.first_cluster,
                parent_cluster: reading.cluster,
                entry,
                at,
            };
            let queue = if is_live { &mut self.live } else { &mut self.deleted };
            queue.push_back(directory);
        }
    }

    /// True for a cluster that was read as a directory or belongs to a live file.
    pub(super) fn is_taken(&self, cluster: u32) -> bool {
        self.seen.contains(cluster) || self.owned.contains(cluster)
    }

    /// Reports an issue of a directory at byte `at` of the volume.
    fn issue(&self, at: u64, message: String) {
        self.volume.log.push(Issue::new(self.volume.source.medium_offset(at), DIRECTORY, message));
    }
}
