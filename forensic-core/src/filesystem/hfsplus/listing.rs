//! The listing: the catalog's records put in their places, hard links joined with the files they lead to.

use super::{
    Volume,
    attributes::AttributeIndex,
    catalog::{Item, Type, exact_text, id, text},
    scan::{Kept, Records, Scan},
    stale::Stale,
};
use crate::{
    error::Issue,
    filesystem::{
        claims::Claims,
        model::Status,
        tree::{NodeId, Parent, Tree, TreeBuilder},
    },
};
use std::collections::{HashMap, HashSet};

/// The folders in the root that hold the files and the folders behind hard links.
const FILE_LINKS: &str = "\0\0\0\0HFS+ Private Data";
pub(super) const FOLDER_LINKS: &str = ".HFS+ Private Directory Data\r";

/// The filesystem's own files, by the names that The Sleuth Kit gives them.
const OWN_FILES: [(&str, u32); 6] = [
    ("$ExtentsFile", id::EXTENTS),
    ("$CatalogFile", id::CATALOG),
    ("$BadBlockFile", id::BAD_BLOCKS),
    ("$AllocationFile", id::ALLOCATION),
    ("$StartupFile", id::STARTUP),
    ("$AttributesFile", id::ATTRIBUTES),
];

/// What a place of the listing holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// One of the filesystem's own files, by its number.
    Own(u32),
    /// A record of the catalog.
    Record(Kept),
}

/// Files or folders behind hard links: by the number in the link, with whether they are live.
pub(super) type Linked = HashMap<u32, (Kept, bool)>;

/// All entries in order, and what is needed to read one in full.
pub(super) struct Listing {
    pub(super) tree: Tree<Place>,
    pub(super) records: Records,
    pub(super) linked_files: Linked,
    pub(super) linked_folders: Linked,
    pub(super) attributes: AttributeIndex,
    pub(super) claims: Claims,
    pub(super) label: String,
}

impl Listing {
    /// Reads the catalog, the attributes file and the journal. O(their sizes).
    pub(super) fn read(volume: &Volume) -> Self {
        let Scan { records, live, stale } = Scan::run(volume);
        let mut placing = Placing {
            volume,
            records,
            tree: TreeBuilder::new(),
            known: HashSet::from([id::ROOT]),
            folders: HashMap::new(),
            waiting: Vec::new(),
            behind_links: Vec::new(),
            private: [None; 2],
            linked: [Linked::new(), Linked::new()],
            claims: Claims::default(),
            claimed: HashSet::new(),
            label: String::new(),
        };
        placing.own_files();
        placing.know(&live);
        for kept in live {
            placing.live(kept);
        }
        placing.hang();
        placing.stale(stale);
        placing.hang();
        let Placing { records, tree, linked: [linked_files, linked_folders], claims, label, .. } = placing;
        let (tree, moved) = tree.finish(&volume.limits);
        if !moved.is_empty() {
            let message = format!("{} folders lie in themselves or too deep: listed as orphans", moved.len());
            volume.issues.push(Issue::new(volume.source.medium_offset(0), "HFS+ catalog file", message));
        }
        let attributes = AttributeIndex::read(volume);
        Self { tree, records, linked_files, linked_folders, attributes, claims: claims.settled(), label }
    }
}

/// Puts records in their places.
struct Placing<'a> {
    volume: &'a Volume,
    records: Records,
    tree: TreeBuilder<Place>,
    /// Numbers of the live folders.
    known: HashSet<u32>,
    /// Folders pushed so far, by number.
    folders: HashMap<u32, NodeId>,
    /// Nodes to be hung in the folders of these numbers once all are known.
    waiting: Vec<(NodeId, u32)>,
    /// What may be a file or folder behind a hard link: its folder, which of both, number, record, whether it is live.
    behind_links: Vec<(u32, usize, u32, Kept, bool)>,
    /// Numbers of the folders of files and of folders behind hard links.
    private: [Option<u32>; 2],
    linked: [Linked; 2],
    claims: Claims,
    /// Numbers whose runs are in `claims`.
    claimed: HashSet<u32>,
    label: String,
}

impl Placing<'_> {
    fn own_files(&mut self) {
        for (name, number) in OWN_FILES {
            let fork = self.volume.own_fork(number);
            if fork.is_some_and(|fork| fork.size > 0) || number == id::BAD_BLOCKS {
                self.tree.push(Parent::Root, name, Status::Unlisted, Place::Own(number));
            }
            if let Some(fork) = fork {
                self.claims.live.extend(self.volume.blocks_of(&Item { id: number, data: *fork, ..Item::default() }));
            }
        }
    }

    /// Notes which folders there are.
    fn know(&mut self, live: &[Kept]) {
        for kept in live {
            let Ok(record) = self.records.get(self.volume, *kept) else { continue };
            let Some(item) = record.item().ok().filter(|_| record.kind == Type::Folder) else { continue };
            self.known.insert(item.id);
            if record.parent == id::ROOT {
                match exact_text(record.name).as_str() {
                    FILE_LINKS => self.private[0] = Some(item.id),
                    FOLDER_LINKS => self.private[1] = Some(item.id),
                    _ => {}
                }
            }
        }
    }

    fn live(&mut self, kept: Kept) {
        let Ok(record) = self.records.get(self.volume, kept) else { return };
        let item = match (record.is_thread(), record.item()) {
            (true, _) => return,
            (false, Ok(item)) => item,
            (false, Err(error)) => return self.volume.issue(&error),
        };
        if record.kind == Type::Folder && item.id == id::ROOT {
            self.label = text(record.name);
            return;
        }
        // Many records with one number would have the same runs looked up again and again.
        if self.claimed.insert(item.id) {
            self.claims.live.extend(self.volume.blocks_of(&item));
        }
        let status = if self.known.contains(&record.parent) { Status::Allocated } else { Status::Unlisted };
        let (kind, parent, name) = (record.kind, record.parent, text(record.name));
        self.push(kept, kind, parent, &name, item.id, status);
    }

    fn stale(&mut self, stale: Stale) {
        let threads = stale.threads.values().map(|kept| (None, *kept));
        let items = stale.items.iter().map(|(number, (_, kept))| (Some(*number), *kept));
        for (number, kept) in items.chain(threads) {
            let kept = self.records.keep(stale.records.bytes(kept), kept.at);
            let Ok(record) = self.records.get(self.volume, kept) else { continue };
            let kind = record.kind;
            match (number, record.item(), record.thread()) {
                (Some(number), Ok(item), _) => {
                    self.claims.deleted(number.into(), self.volume.blocks_of(&item));
                    let (parent, name) = (record.parent, text(record.name));
                    self.push(kept, kind, parent, &name, number, Status::Deleted);
                }
                (None, _, Some((parent, name))) => {
                    let (number, name) = (record.parent, text(name));
                    self.push(kept, kind, parent, &name, number, Status::Deleted);
                }
                _ => {}
            }
        }
    }

    fn push(&mut self, kept: Kept, kind: Type, parent: u32, name: &str, number: u32, status: Status) {
        let node = self.tree.push(Parent::Lost, name, status, Place::Record(kept));
        self.waiting.push((node, parent));
        if matches!(kind, Type::Folder | Type::FolderThread) {
            self.folders.entry(number).or_insert(node);
        }
        for (which, prefix) in ["iNode", "dir_"].into_iter().enumerate() {
            if let Some(target) = name.strip_prefix(prefix).and_then(|digits| digits.parse().ok()) {
                self.behind_links.push((parent, which, target, kept, status.is_live()));
            }
        }
    }

    /// Hangs what waits for its folder.
    fn hang(&mut self) {
        for (node, parent) in std::mem::take(&mut self.waiting) {
            let place = match parent {
                id::ROOT => Parent::Root,
                _ => self.folders.get(&parent).map_or(Parent::Lost, |folder| Parent::Node(*folder)),
            };
            self.tree.set_parent(node, place);
        }
        for (parent, which, target, kept, is_live) in std::mem::take(&mut self.behind_links) {
            if self.private.get(which) == Some(&Some(parent))
                && let Some(linked) = self.linked.get_mut(which)
            {
                linked.entry(target).or_insert((kept, is_live));
            }
        }
    }
}
