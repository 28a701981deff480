//! All names of the volume in their places: the records joined with the indexes of the directories.
//!
//! A record in use is *allocated* by the names that an index lists and *unlisted* by those that none does. A record not
//! in use hangs where its name says, as long as the directory is the one it meant: same sequence number, or, for a
//! directory that is deleted itself, the one before. A name that only an index knows (its record is damaged) is listed
//! by the index's copy.

use super::{
    Volume,
    file::File,
    file_name::{self, FileName},
    index,
    record::Reference,
    recover::Claims,
    scan::{Name, Scan, Slot, State},
};
use crate::{
    bytes::ReadAt,
    error::{Error, Issue},
    filesystem::{
        model::Status,
        tree::{NodeId, Parent, Tree, TreeBuilder},
    },
};
use std::collections::HashMap;

pub(super) const ROOT: u64 = 5;
/// Records below are the filesystem's own; those it does not use hold nothing.
const FIRST_USER: u64 = 24;

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
    /// In a directory only: a place in [`Catalog::copies`].
    Index(u32),
    /// Nowhere.
    None,
}

/// A name that only a directory knows.
pub(super) struct Copy {
    pub(super) child: Reference,
    /// A $FILE_NAME.
    pub(super) key: Box<[u8]>,
    /// Byte offset on the medium.
    pub(super) at: u64,
    /// False where it is what is left of a former entry.
    pub(super) current: bool,
    /// True where the record was used again since: the name is all that is left.
    pub(super) gone: bool,
}

/// All entries in listing order.
pub(super) struct Catalog {
    pub(super) tree: Tree<Place>,
    pub(super) copies: Vec<Copy>,
    pub(super) claims: Claims,
}

impl Catalog {
    pub(super) fn build(volume: &Volume) -> Self {
        let mut scan = Scan::run(volume);
        let claims = Claims::new(std::mem::take(&mut scan.live), std::mem::take(&mut scan.deleted), &scan.lives);
        let names = Names::new(&scan, volume);
        let mut listed = vec![false; names.all.len()];
        let copies = read_indexes(volume, &scan, &names, &mut listed);
        let mut builder =
            Builder { scan: &scan, nodes: TreeBuilder::new(), parents: Vec::new(), directories: HashMap::new() };
        builder.records(volume, &names, &listed, &copies);
        let (tree, moved) = builder.finish(volume);
        for node in moved {
            let found = format!("name {} in a loop of directories, or too deep", node.0);
            volume.issues.push(Issue::new(volume.source.medium_offset(0), "directory tree", found));
        }
        Self { tree, copies, claims }
    }
}

/// The names by the base record they belong to.
struct Names {
    /// Base record and place in the scan's names, sorted.
    all: Vec<(u32, u32)>,
}

impl Names {
    fn new(scan: &Scan, volume: &Volume) -> Self {
        let mut all = Vec::with_capacity(scan.names.len());
        for (place, name) in scan.names.iter().enumerate() {
            match base(scan, name.holder) {
                Ok(Some(base)) => all.push((base, u32::try_from(place).unwrap_or(u32::MAX))),
                Ok(None) => {}
                Err(error) => volume.issue(&error),
            }
        }
        all.sort_unstable();
        Self { all }
    }

    /// Places in `all` of the names of a record.
    fn of(&self, record: u32) -> std::ops::Range<usize> {
        let start = self.all.partition_point(|(base, _)| *base < record);
        let rest = self.all.get(start..).unwrap_or_default();
        start..start.saturating_add(rest.partition_point(|(base, _)| *base == record))
    }

    fn name<'a>(&self, scan: &'a Scan, place: usize) -> Option<&'a Name> {
        scan.names.get(self.all.get(place)?.1 as usize)
    }
}

/// The base record of the file that `holder` belongs to; `None` where that file is gone.
fn base(scan: &Scan, holder: u32) -> Result<Option<u32>, Error> {
    let Some(slot) = scan.slot(u64::from(holder)) else { return Ok(None) };
    if slot.base == Reference(0) {
        return Ok(Some(holder));
    }
    let of = scan.slot(slot.base.record());
    let fits = of.filter(|of| of.base == Reference(0) && slot.base.meant(of.sequence, of.state == State::Free));
    match (fits, slot.state) {
        // A record that was freed while its file lives on holds a former name.
        (Some(of), State::Free) if of.state == State::InUse => Ok(None),
        (Some(of), State::InUse) if of.state != State::InUse => Ok(None),
        (Some(_), _) => Ok(u32::try_from(slot.base.record()).ok()),
        (None, State::InUse) => {
            let found = format!("record {}, which is not that file's", slot.base.record());
            Err(Error::corrupt("MFT record", 0, format!("a base record for record {holder}"), found))
        }
        (None, _) => Ok(None),
    }
}

/// Marks the names that an index lists, and gives the names that only an index knows.
fn read_indexes(volume: &Volume, scan: &Scan, names: &Names, listed: &mut [bool]) -> Vec<Copy> {
    let mut copies: Vec<Copy> = Vec::new();
    let directories = scan.slots.iter().enumerate().filter(|(_, slot)| {
        slot.directory && slot.base == Reference(0) && matches!(slot.state, State::InUse | State::Free)
    });
    for (number, slot) in directories {
        let number = number as u64;
        let directory = match File::read(volume, number) {
            Ok(directory) => directory,
            Err(error) => {
                volume.issue(&error);
                continue;
            }
        };
        index::for_each_entry(volume, &directory, |entry| {
            let Ok(name) = FileName::parse(entry.key, entry.at) else { return };
            let known = u32::try_from(entry.child.record()).map_or(0..0, |record| names.of(record));
            let child = scan.slot(entry.child.record());
            let live =
                child.is_some_and(|child| child.state == State::InUse && child.sequence == entry.child.sequence());
            let same = child.is_some_and(|child| entry.child.meant(child.sequence, child.state == State::Free));
            let place = known.clone().filter(|_| same).find(|place| {
                names
                    .name(scan, *place)
                    .is_some_and(|known| known.parent.record() == name.parent.record() && scan.text(known) == name.name)
            });
            match place {
                Some(place) if live => {
                    if let Some(mark) = listed.get_mut(place) {
                        *mark |= entry.current && name.parent.record() == number;
                    }
                }
                Some(_) => {}
                None if name.is_alias() || entry.child.record() == ROOT => {}
                None => {
                    let gone = child.is_some_and(|child| match child.state {
                        State::InUse => !live,
                        State::Free => !entry.child.meant(child.sequence, true),
                        State::Blank | State::Damaged => false,
                    });
                    let wanted = match child {
                        // In use, and without this name: a record that holds it is lost, or the file was renamed.
                        Some(child) if child.state == State::InUse => gone || entry.current,
                        Some(child) if child.state == State::Free => {
                            gone || known.is_empty() && child.base == Reference(0)
                        }
                        Some(child) if child.state == State::Damaged => true,
                        _ => entry.current,
                    };
                    let from_here =
                        name.parent.record() == number && name.parent.meant(slot.sequence, slot.state == State::Free);
                    if wanted && from_here && copies.len() < scan.slots.len().saturating_mul(4) {
                        let (child, at, current) = (entry.child, entry.at, entry.current);
                        copies.push(Copy { child, key: entry.key.into(), at, current, gone });
                    }
                }
            }
        });
    }
    // One copy a name: of several, the current one.
    let name = |copy: &Copy| {
        (copy.child.record(), copy.child, copy.key.get(..8).map(<[u8]>::to_vec), copy.key.get(64..).map(<[u8]>::to_vec))
    };
    copies.sort_by_cached_key(|copy| (name(copy), !copy.current, copy.at));
    copies.dedup_by(|later, kept| name(later) == name(kept));
    copies
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
                    named |= !copy.gone;
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
        let places = names.of(record);
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
        let Ok(name) = FileName::parse(&copy.key, copy.at) else { return };
        let state = self.scan.slot(copy.child.record()).map_or(State::Blank, |slot| slot.state);
        let status = match state {
            _ if !copy.current || copy.gone => Status::Deleted,
            State::Free => Status::Deleted,
            _ => Status::Allocated,
        };
        let at = NameAt::Index(u32::try_from(place).unwrap_or(u32::MAX));
        let node = self.push(record, &file_name::text(name.name), at, status, name.parent);
        if name.is_directory() {
            self.directories.entry(copy.child).or_insert(node);
        }
    }

    fn unnamed(&mut self, record: u32) {
        let Some(slot) = self.scan.slot(u64::from(record)).copied() else { return };
        let status = if slot.state == State::InUse { Status::Unlisted } else { Status::Deleted };
        let node = self.push(record, &format!("$MFT-record-{record}"), NameAt::None, status, Reference(u64::MAX));
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
