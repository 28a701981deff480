//! The listing: names of all volumes in their places, and the deleted ones that older nodes still tell of.

use super::{
    Container,
    inode::{self, Inode, Name},
    records::{Record, Records, kind},
    search::Found,
    stream, tree,
    volume::Volume,
};
use crate::{
    error::{Error, Issue},
    filesystem::{
        claims::Claims,
        model::Status,
        tree::{NodeId, Parent, Tree, TreeBuilder},
    },
};
use std::{
    cell::OnceCell,
    collections::{BTreeMap, HashMap, HashSet},
};

/// The directory of files that are deleted but were still open.
const PRIVATE_NAME: &str = "private-dir";

/// What a place of the listing holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// The root of a volume, where there are several.
    Volume(u16),
    /// The private directory of a volume.
    Private(u16),
    /// A name or an inode of a volume, by the place of its record.
    Live(u16, u32),
    /// The same, from an older state.
    Stale(u16, u32),
}

/// All entries in order, and what is needed to read one in full.
pub(super) struct Listing {
    pub(super) tree: Tree<Place>,
    pub(super) volumes: Vec<(Volume, Records)>,
    /// Older records of each volume, and of none.
    pub(super) stale: Vec<Records>,
    pub(super) claims: Claims,
}

impl Listing {
    /// Reads the file trees of all volumes, older checkpoints, and the free blocks.
    pub(super) fn read(container: &Container) -> Self {
        let issue = &mut |error: Error| container.issues.push(Issue::from(&error));
        let mut seen = HashSet::new();
        let mut volumes = Vec::new();
        let found = OnceCell::new();
        let search = || found.get_or_init(|| Found::search(container));
        let mut all = container.volumes_of(&container.superblock, false, issue);
        if all.len() < container.superblock.volumes.len() {
            let lost = search().volumes(container).into_iter();
            let lost: Vec<_> = lost.filter(|lost| all.iter().all(|volume| volume.uuid != lost.uuid)).collect();
            all.extend(lost);
        }
        for mut volume in all {
            volume.load(container, issue);
            if !volume.has_root(container) {
                volume.use_nodes(container, &search().nodes, issue);
            }
            if let Some(error) = volume.encryption(container) {
                container.issues.push(Issue::new(volume.at, "APFS volume superblock", error.to_string()));
                volumes.push((volume, Records::default()));
                continue;
            }
            let mut records = volume.records(container, volume.xid, false, &mut seen, issue);
            records.sort();
            volumes.push((volume, records));
        }
        let mut stale = tree::stale(container, &mut volumes, &mut seen, found.get().is_some());
        stale.iter_mut().for_each(Records::keep_latest);
        let mut placing = Placing {
            container,
            tree: TreeBuilder::new(),
            waiting: Vec::new(),
            claims: Claims::default(),
            several: volumes.len() > 1,
        };
        for (number, (volume, records)) in volumes.iter().enumerate() {
            placing.volume(u16::try_from(number).unwrap_or(u16::MAX), volume, records, stale.get(number));
        }
        if let Some(records) = stale.last() {
            placing.strays(u16::try_from(volumes.len()).unwrap_or(u16::MAX), records);
        }
        let Placing { tree, claims, .. } = placing;
        let (tree, moved) = tree.finish(&container.limits);
        if !moved.is_empty() {
            let message = format!("{} directories lie in themselves or too deep: listed as orphans", moved.len());
            container.issues.push(Issue::new(container.medium_of(0), "APFS file tree", message));
        }
        Self { tree, volumes, stale, claims: claims.settled() }
    }
}

/// Records of the names that a file had last, with the transaction that wrote them.
type LastNames<'a> = (u64, Vec<(u32, &'a Record)>);

/// Puts names in their places.
struct Placing<'a> {
    container: &'a Container,
    tree: TreeBuilder<Place>,
    /// Nodes with the numbers of their directories.
    waiting: Vec<(NodeId, u64)>,
    claims: Claims,
    several: bool,
}

impl Placing<'_> {
    fn volume(&mut self, number: u16, volume: &Volume, records: &Records, stale: Option<&Records>) {
        let root = match self.several {
            false => Parent::Root,
            true => {
                let place = Place::Volume(number);
                Parent::Node(self.tree.push(Parent::Root, &volume.name, Status::Allocated, place))
            }
        };
        let mut folders: HashMap<u64, NodeId> = HashMap::new();
        let mut named: HashSet<u64> = HashSet::from([inode::ROOT, inode::PRIVATE]);
        if !records.of(inode::PRIVATE, kind::NAME).is_empty() {
            folders
                .insert(inode::PRIVATE, self.tree.push(root, PRIVATE_NAME, Status::Unlisted, Place::Private(number)));
        }
        let known: HashSet<u64> = records.iter().filter(|(_, r)| r.kind == kind::INODE).map(|(_, r)| r.id).collect();
        for (place, record) in records.iter() {
            match record.kind {
                kind::NAME if record.id >= inode::ROOT => {
                    let at = self.container.at(record);
                    let name = match Name::parse(records, record, volume.has_hashed_names, at) {
                        Ok(name) => name,
                        Err(error) => {
                            self.container.issues.push(Issue::from(&error));
                            continue;
                        }
                    };
                    let has_place = known.contains(&name.parent) || name.parent == inode::ROOT;
                    let status = if has_place { Status::Allocated } else { Status::Unlisted };
                    named.insert(name.file);
                    let text = String::from_utf8_lossy(name.name);
                    let node = self.tree.push(Parent::Lost, &text, status, Place::Live(number, place));
                    self.waiting.push((node, name.parent));
                    if name.is_directory {
                        folders.entry(name.file).or_insert(node);
                    }
                }
                kind::EXTENT => self.claims.live.extend(self.container.blocks_of(records, record)),
                _ => {}
            }
        }
        for (place, record) in records.iter().filter(|(_, r)| r.kind == kind::INODE && !named.contains(&r.id)) {
            let Ok(inode) = Inode::parse(records, record, self.container.at(record)) else { continue };
            let name = String::from_utf8_lossy(&inode.name);
            let node = self.tree.push(Parent::Lost, &name, Status::Unlisted, Place::Live(number, place));
            if inode.is_directory() {
                folders.entry(inode.id).or_insert(node);
            }
        }
        if let Some(stale) = stale {
            let is_live = |id: u64| known.contains(&id) || named.contains(&id);
            self.deleted(number, stale, volume.has_hashed_names, &is_live, &mut folders);
        }
        self.hang(root, &folders);
    }

    /// Records of which it is not known which volume they are of.
    fn strays(&mut self, number: u16, records: &Records) {
        self.deleted(number, records, true, &|_| false, &mut HashMap::new());
        self.waiting.clear();
    }

    fn deleted(
        &mut self,
        number: u16,
        records: &Records,
        hashed: bool,
        is_live: &dyn Fn(u64) -> bool,
        folders: &mut HashMap<u64, NodeId>,
    ) {
        // Of several names that a file had, those written last.
        let mut names: BTreeMap<u64, LastNames<'_>> = BTreeMap::new();
        for (place, record) in records.iter().filter(|(_, r)| r.kind == kind::NAME && r.id >= inode::ROOT) {
            let Ok(name) = Name::parse(records, record, hashed, 0) else { continue };
            if is_live(name.file) {
                continue;
            }
            let latest = names.entry(name.file).or_insert((record.xid, Vec::new()));
            if record.xid > latest.0 {
                *latest = (record.xid, Vec::new());
            }
            if record.xid == latest.0 {
                latest.1.push((place, record));
            }
        }
        for (place, record) in names.values().flat_map(|(_, records)| records) {
            let Ok(name) = Name::parse(records, record, hashed, 0) else { continue };
            let text = String::from_utf8_lossy(name.name);
            let node = self.tree.push(Parent::Lost, &text, Status::Deleted, Place::Stale(number, *place));
            self.waiting.push((node, name.parent));
            if name.is_directory {
                folders.entry(name.file).or_insert(node);
            }
        }
        let mut claimed = HashSet::new();
        for (place, record) in records.iter().filter(|(_, r)| r.kind == kind::INODE && !is_live(r.id)) {
            let Ok(inode) = Inode::parse(records, record, 0) else { continue };
            if claimed.insert(inode.private_id) {
                let extents = stream::extents(records, &inode).filter(|extent| !extent.kept);
                let runs = extents.filter_map(|extent| self.container.blocks_of(records, extent));
                self.claims.deleted(inode.id, runs);
            }
            if names.contains_key(&inode.id) || inode.id <= inode::PRIVATE {
                continue;
            }
            let name = String::from_utf8_lossy(&inode.name);
            let node = self.tree.push(Parent::Lost, &name, Status::Deleted, Place::Stale(number, place));
            self.waiting.push((node, inode.parent));
            if inode.is_directory() {
                folders.entry(inode.id).or_insert(node);
            }
        }
    }

    /// Hangs what waits for its directory.
    fn hang(&mut self, root: Parent, folders: &HashMap<u64, NodeId>) {
        for (node, parent) in std::mem::take(&mut self.waiting) {
            let place = match parent {
                inode::ROOT => root,
                _ => folders.get(&parent).map_or(Parent::Lost, |folder| Parent::Node(*folder)),
            };
            self.tree.set_parent(node, place);
        }
    }
}
