//! All names of the volume in their places: the records joined with the indexes of the directories.
//!
//! A record in use is *allocated* by the names that an index lists and *unlisted* by those that none does. A record not
//! in use hangs where its name says, as long as the directory is the one it meant: same sequence number, or, for a
//! directory that is deleted itself, the one before. A name that no record gives is listed by its copy ([`Former`]), and
//! a record that is not in $MFT by what it says itself ([`Stray`]).

use super::{
    Volume, bitmap,
    file::File,
    file_name,
    former::{Copy, Fate, Former, Origin, ROOT},
    index,
    journal::{self, Deletions},
    log,
    names::Names,
    record::Reference,
    recover::Claims,
    scan::{Scan, Slot, State},
    stray::{Stray, StrayName, Strays},
    sweep,
};
use crate::{
    bytes::ReadAt,
    error::{Error, Issue},
    filesystem::{
        model::Status,
        tree::{NodeId, Parent, Tree, TreeBuilder},
    },
};
use std::{collections::HashMap, sync::OnceLock};

/// Records below are the filesystem's own; those it does not use hold nothing.
const FIRST_USER: u64 = 24;

/// The directory of what no directory is known of.
const NOWHERE: Reference = Reference(u64::MAX);

/// What an entry is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) record: u32,
    pub(super) name: NameAt,
}

/// Where the name of an entry stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum NameAt {
    /// In attribute `id` of record `holder`.
    Attribute { holder: u32, id: u16 },
    /// In no record: a place in [`Catalog::copies`].
    Copy(u32),
    /// In attribute `id` of a record outside $MFT: a place in [`Catalog::strays`].
    Stray { place: u32, id: u16 },
    /// Nowhere.
    None,
}

/// All entries in listing order.
pub(super) struct Catalog {
    pub(super) tree: Tree<Place>,
    pub(super) copies: Vec<Copy>,
    pub(super) strays: Vec<Stray>,
    pub(super) claims: Claims,
    pub(super) deletions: Deletions,
    /// Of each record, the position of a name, a live one where there is one.
    positions: OnceLock<HashMap<u32, u32>>,
}

impl Catalog {
    pub(super) fn build(volume: &Volume) -> Self {
        let mut scan = Scan::run(volume);
        let unaccounted = bitmap::unaccounted(volume, &scan);
        let (live, deleted) = (std::mem::take(&mut scan.live), std::mem::take(&mut scan.deleted));
        let claims = Claims::new(live, deleted, &scan.lives);
        let names = Names::new(&scan, volume);
        let mut former = Former::new(volume, &scan, &names);
        read_indexes(volume, &scan, &mut former);
        for (child, key, at) in &scan.remains {
            former.found(&index::Entry { child: *child, key, at: *at, current: false }, Origin::Record);
        }
        let mut strays = Strays::new(&scan, volume.boot.clusters(), volume.limits.entries);
        sweep::run(
            volume,
            &unaccounted,
            |record| strays.add(&record),
            |entry| former.found(entry, Origin::Unallocated),
        );
        log::for_each_name(volume, |entry| former.found(entry, Origin::Log));
        let deletions = journal::read(volume, &scan, &names, |entry| former.found(entry, Origin::Journal));
        let strays = strays.finish();
        let (copies, listed) = former.finish(&strays);
        let mut builder =
            Builder { scan: &scan, nodes: TreeBuilder::new(), parents: Vec::new(), directories: HashMap::new() };
        builder.records(volume, &names, &listed, &copies);
        builder.strays(&strays, volume.limits.entries);
        let (tree, moved) = builder.finish(volume);
        for node in moved {
            let found = format!("name {} in a loop of directories, or too deep", node.0);
            volume.issues.push(Issue::new(volume.source.medium_offset(0), "directory tree", found));
        }
        Self { tree, copies, strays, claims, deletions, positions: OnceLock::new() }
    }

    /// A record in words: its path, where it has a name.
    pub(super) fn describe(&self, record: u32) -> String {
        let positions = self.positions.get_or_init(|| {
            let mut positions = HashMap::new();
            let mut add = |wanted: bool| {
                for (position, node) in (0..).zip(self.tree.nodes()) {
                    let is_own = !matches!(node.payload.name, NameAt::Stray { .. } | NameAt::Copy(_));
                    if is_own && node.status.is_live() == wanted {
                        positions.entry(node.payload.record).or_insert(position);
                    }
                }
            };
            add(true);
            add(false);
            positions
        });
        match positions.get(&record) {
            Some(position) => format!("{} (record {record})", self.tree.path(u64::from(*position))),
            None => format!("record {record}"),
        }
    }
}

/// Reads the index of every directory, in use or deleted.
fn read_indexes(volume: &Volume, scan: &Scan, former: &mut Former<'_>) {
    let directories = scan.slots.iter().enumerate().filter(|(_, slot)| {
        slot.directory && slot.base == Reference(0) && matches!(slot.state, State::InUse | State::Free)
    });
    for (number, _) in directories {
        let number = number as u64;
        match File::read(volume, number) {
            Ok(directory) => index::for_each_entry(volume, &directory, |entry| former.listed_in(number, &entry)),
            Err(error) => volume.issue(&error),
        }
    }
}

struct Builder<'a> {
    scan: &'a Scan,
    nodes: TreeBuilder<Place>,
    /// Of each node, the directory its name gives, and whether that name is deleted.
    parents: Vec<(NodeId, Reference)>,
    /// The node of each directory, by the references that mean it.
    directories: HashMap<Reference, NodeId>,
}

impl Builder<'_> {
    /// Adds a node for every name of every record, in order of record number.
    fn records(&mut self, volume: &Volume, names: &Names, listed: &[bool], copies: &[Copy]) {
        let mut copies = copies.iter().enumerate().peekable();
        for (number, slot) in self.scan.slots.iter().enumerate() {
            let record = u32::try_from(number).unwrap_or(u32::MAX);
            if self.nodes.len() as u64 >= volume.limits.entries {
                let (structure, offset, limit) = ("directory tree", 0, volume.limits.entries);
                volume.issue(&Error::Limit {
                    structure,
                    offset,
                    found: limit.saturating_add(1),
                    limit,
                    unit: "entries",
                });
                return;
            }
            let mut named = false;
            // The root is no entry of its own, unless it has a stream: then it is "/.".
            if slot.base == Reference(0) && (number as u64 != ROOT || slot.data) {
                named = self.names(record, names, listed);
            }
            while let Some((place, copy)) = copies.next_if(|(_, copy)| copy.child.record() <= number as u64) {
                if copy.child.record() == number as u64 {
                    self.copy(record, place, copy);
                    named |= copy.fate == Fate::Kept;
                }
            }
            if !named && slot.base == Reference(0) && number as u64 != ROOT && self.is_worth_listing(number as u64) {
                self.unnamed(record);
            }
        }
        for (place, copy) in copies {
            self.copy(u32::try_from(copy.child.record()).unwrap_or(u32::MAX), place, copy);
        }
    }

    /// Whether a record without a name is an entry: where it holds content, or is in use and none of the reserved ones.
    fn is_worth_listing(&self, number: u64) -> bool {
        self.scan.slot(number).is_some_and(|slot| match slot.state {
            State::InUse => slot.data || slot.directory || number >= FIRST_USER,
            State::Free => slot.data,
            State::Blank | State::Damaged => false,
        })
    }

    fn names(&mut self, record: u32, names: &Names, listed: &[bool]) -> bool {
        let Some(slot) = self.scan.slot(u64::from(record)).copied() else { return false };
        let places = names.of(u64::from(record));
        let scan = self.scan;
        let all = || places.clone().filter_map(|place| Some((place, names.name(scan, place)?)));
        let mut found = false;
        for (place, name) in all() {
            // The 8.3 alias of a name in the same directory is no entry of its own.
            if name.alias && all().any(|(_, other)| !other.alias && other.parent == name.parent) {
                continue;
            }
            let status = match slot.state {
                State::InUse if listed.get(place) == Some(&true) => Status::Allocated,
                State::InUse => Status::Unlisted,
                _ => Status::Deleted,
            };
            let at = NameAt::Attribute { holder: name.holder, id: name.id };
            let text = file_name::text(scan.text(name));
            let node = self.push(record, &text, at, status, name.parent);
            if slot.directory {
                self.directory(record, &slot, node, status);
            }
            found = true;
        }
        found
    }

    fn copy(&mut self, record: u32, place: usize, copy: &Copy) {
        let Some(name) = copy.name() else { return };
        let state = self.scan.slot(copy.child.record()).map_or(State::Blank, |slot| slot.state);
        let status = match copy.fate {
            Fate::Reused | Fate::Renamed => Status::Deleted,
            _ if !copy.current || state == State::Free => Status::Deleted,
            _ => Status::Allocated,
        };
        let at = NameAt::Copy(u32::try_from(place).unwrap_or(u32::MAX));
        let parent = self.parent(name.parent, !copy.current && self.scan.is_earlier_format(name.times.changed));
        let node = self.push(record, &file_name::text(name.name), at, status, parent);
        if name.is_directory() {
            self.directories.entry(copy.child).or_insert(node);
        }
    }

    /// The directory a name gives; none where that was one of an earlier format of the volume.
    fn parent(&self, parent: Reference, earlier_format: bool) -> Reference {
        if earlier_format { NOWHERE } else { parent }
    }

    /// Adds a node for every name of the records outside $MFT.
    fn strays(&mut self, strays: &[Stray], most: u64) {
        for (place, stray) in (0..).zip(strays) {
            if self.nodes.len() as u64 >= most {
                return;
            }
            let record = u32::try_from(stray.reference.record()).unwrap_or(u32::MAX);
            for name in &stray.names {
                let of_another = |other: &StrayName| !other.alias && other.parent == name.parent;
                if name.alias && stray.names.iter().any(of_another) {
                    continue;
                }
                let at = NameAt::Stray { place, id: name.id };
                let parent = self.parent(name.parent, stray.earlier_format);
                let node = self.push(record, &file_name::text(&name.text), at, Status::Deleted, parent);
                if stray.directory {
                    self.directories.entry(stray.reference).or_insert(node);
                }
            }
        }
    }

    fn unnamed(&mut self, record: u32) {
        let Some(slot) = self.scan.slot(u64::from(record)).copied() else { return };
        let status = if slot.state == State::InUse { Status::Unlisted } else { Status::Deleted };
        let node = self.push(record, &format!("$MFT-record-{record}"), NameAt::None, status, NOWHERE);
        if slot.directory {
            self.directory(record, &slot, node, status);
        }
    }

    fn push(&mut self, record: u32, text: &str, name: NameAt, status: Status, parent: Reference) -> NodeId {
        let node = self.nodes.push(Parent::Lost, text, status, Place { record, name });
        self.parents.push((node, parent));
        node
    }

    /// Makes `node` the place of what hangs in the directory that is `record`: of several names (there should be one)
    /// the one that is listed. A deleted directory is meant by the sequence number it had, too.
    fn directory(&mut self, record: u32, slot: &Slot, node: NodeId, status: Status) {
        let reference = |sequence: u16| Reference(u64::from(record) | u64::from(sequence) << 48);
        let own = reference(slot.sequence);
        if status == Status::Allocated {
            self.directories.insert(own, node);
        }
        self.directories.entry(own).or_insert(node);
        let before = reference(slot.sequence.wrapping_sub(1));
        if !status.is_live() && before.meant(slot.sequence, true) {
            self.directories.entry(before).or_insert(node);
        }
    }

    /// Hangs every node where its name says.
    fn finish(mut self, volume: &Volume) -> (Tree<Place>, Vec<NodeId>) {
        let root = self.scan.slot(ROOT).copied().unwrap_or_default();
        for (node, parent) in std::mem::take(&mut self.parents) {
            let place = match parent.record() {
                // A root whose record is damaged is still the root.
                ROOT if root.state != State::InUse || parent.meant(root.sequence, false) => Some(Parent::Root),
                _ => self.directories.get(&parent).filter(|directory| **directory != node).map(|it| Parent::Node(*it)),
            };
            self.nodes.set_parent(node, place.unwrap_or(Parent::Lost));
        }
        self.nodes.finish(&volume.limits)
    }
}
