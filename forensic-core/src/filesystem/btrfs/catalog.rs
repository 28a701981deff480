//! All names of the volume in their places: the filesystem trees from the top-level one down, subvolumes and snapshots
//! where their parents list them.

use super::{
    Volume,
    item::{self, kind, tree},
    node::{Item, Key},
    space::Space,
    stale::{Name, Stale},
    superblock::Root,
    tree::{ALL, Go, for_each_item, of_kind},
};
use crate::{
    bytes::ReadAt,
    error::{Error, Issue, Result},
    filesystem::{
        model::{Kind, Status},
        posix,
        tree::{NodeId, Parent, Tree, TreeBuilder},
    },
};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

/// What an entry is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The subvolume's tree, by its place in [`Catalog::trees`].
    pub(super) tree: u32,
    pub(super) inode: u64,
    pub(super) directory: Option<u64>,
    /// What the directory's entry says it is.
    pub(super) kind: Option<Kind>,
    /// Where its name and its metadata stand.
    pub(super) source: Witness,
    /// A name that is no UTF-8: its place in [`Catalog::names`].
    name: Option<u32>,
}

/// What an entry is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Witness {
    /// The trees in use.
    Current,
    /// The trees in use, but for the name: no directory lists it.
    Nameless,
    /// A name of a former leaf; the inode lives on.
    FormerName,
    /// Former leaves.
    Former,
    /// Former leaves, none of which tells a name.
    FormerNameless,
}

/// The root of a tree that is lost.
const NO_ROOT: Root = Root { address: u64::MAX, level: 0, generation: 0 };

/// A filesystem tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subvolume {
    pub(super) id: u64,
    pub(super) root: Root,
    /// True where not all of it could be read: what is missing may be in use all the same.
    pub(super) is_damaged: bool,
}

/// All entries in listing order.
pub(super) struct Catalog {
    pub(super) tree: Tree<Place>,
    pub(super) trees: Vec<Subvolume>,
    names: Vec<Box<[u8]>>,
    pub(super) stale: Stale,
}

impl Catalog {
    pub(super) fn build(volume: &Volume, space: &Space) -> Self {
        let mut builder = Builder {
            volume,
            nodes: TreeBuilder::new(),
            trees: Vec::new(),
            names: Vec::new(),
            known: BTreeMap::new(),
            waiting: VecDeque::new(),
            live: HashMap::new(),
        };
        builder.find_subvolumes();
        builder.run();
        let is_live = |tree, inode| builder.live.get(&tree).is_some_and(|live| live.inodes.contains(&inode));
        let stale = Stale::sweep(volume, space, is_live);
        builder.deleted(&stale);
        let Builder { nodes, trees, names, .. } = builder;
        let (tree, moved) = nodes.finish(&volume.limits);
        for node in moved {
            let found = format!("name {} in a loop of directories, or too deep", node.0);
            volume.issues.push(Issue::new(volume.source.medium_offset(0), "directory tree", found));
        }
        Self { tree, trees, names, stale }
    }

    /// The name of a node as stored.
    pub(super) fn name_bytes(&self, place: &Place, text: &str) -> Vec<u8> {
        let stored = place.name.and_then(|name| self.names.get(name as usize));
        stored.map_or_else(|| text.as_bytes().to_vec(), |name| name.to_vec())
    }
}

/// A subvolume that the root tree knows.
struct Known {
    root: Result<Root>,
    /// The tree and directory that list it, and its name there.
    listed: Option<(u64, u64, Vec<u8>)>,
    is_placed: bool,
}

struct Builder<'a> {
    volume: &'a Volume,
    nodes: TreeBuilder<Place>,
    trees: Vec<Subvolume>,
    names: Vec<Box<[u8]>>,
    known: BTreeMap<u64, Known>,
    /// Subvolumes that have a place and are still to be read.
    waiting: VecDeque<(u64, Parent)>,
    /// What lives, by tree.
    live: HashMap<u64, Live>,
}

/// What of a tree is in use.
struct Live {
    /// Its place in [`Catalog::trees`].
    number: u32,
    root: Parent,
    inodes: HashSet<u64>,
    directories: HashMap<u64, NodeId>,
    /// Hashes of names.
    names: HashSet<u64>,
}

/// What one tree says, by directory and inode, until all of it was read.
#[derive(Default)]
struct Found {
    /// Each node with the directory it hangs in.
    hung: Vec<(NodeId, u64)>,
    directories: HashMap<u64, NodeId>,
    listed: HashSet<u64>,
    /// Inodes in order, with what they are.
    inodes: Vec<(u64, Kind)>,
    /// Hashes of the names met: directory, inode, name.
    names: HashSet<u64>,
    is_damaged: bool,
}

impl Live {
    /// Where the names of a directory hang.
    fn parent(&self, directory: u64) -> Option<Parent> {
        match directory {
            tree::FIRST_FREE => Some(self.root),
            _ => self.directories.get(&directory).map(|node| Parent::Node(*node)),
        }
    }
}

fn hash(directory: u64, inode: u64, name: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (directory, inode, name).hash(&mut hasher);
    hasher.finish()
}

impl Builder<'_> {
    /// Reads the root tree for the subvolumes and where they are listed.
    fn find_subvolumes(&mut self) {
        let volume = self.volume;
        let known = &mut self.known;
        for_each_item(
            volume,
            &volume.superblock.root,
            ALL,
            |item| {
                let id = item.key.object;
                if id != tree::TOP && !item::is_subvolume(id) {
                    return Go::On;
                }
                let lost = || Known {
                    root: Err(Error::NotFound { what: format!("root of subvolume {id}") }),
                    listed: None,
                    is_placed: false,
                };
                match item.key.kind {
                    kind::ROOT => known.entry(id).or_insert_with(lost).root = item::root(&item.fields("root item")),
                    kind::ROOT_BACKREF => match item::root_reference(&item.fields("root reference")) {
                        Ok((directory, name)) => {
                            let listed = (item.key.offset, directory, name.to_vec());
                            known.entry(id).or_insert_with(lost).listed = Some(listed);
                        }
                        Err(error) => volume.issue(&error),
                    },
                    _ => {}
                }
                Go::On
            },
            |error| volume.issue(error),
        );
    }

    fn run(&mut self) {
        self.waiting.push_back((tree::TOP, Parent::Root));
        loop {
            while let Some((id, parent)) = self.waiting.pop_front() {
                self.subvolume(id, parent);
            }
            // Subvolumes that no directory lists.
            let lost = self.known.iter().find(|(id, known)| **id != tree::TOP && !known.is_placed).map(|(id, _)| *id);
            let Some(id) = lost else { return };
            let tree = u32::try_from(self.trees.len()).unwrap_or(u32::MAX);
            let name = self.known.get(&id).and_then(|known| known.listed.clone()).map(|(.., name)| name);
            let name = name.unwrap_or_else(|| format!("subvolume-{id}").into_bytes());
            let place = Place {
                tree,
                inode: tree::FIRST_FREE,
                directory: None,
                kind: Some(Kind::Directory),
                source: Witness::Current,
                name: None,
            };
            let node = self.push(Parent::Lost, Status::Unlisted, place, &name);
            self.subvolume(id, Parent::Node(node));
        }
    }

    /// Reads one tree; its root directory is `root`.
    fn subvolume(&mut self, id: u64, root: Parent) {
        let known = self.known.get_mut(&id);
        let found = match known {
            Some(known) => {
                known.is_placed = true;
                known.root.clone()
            }
            None => Err(Error::NotFound { what: format!("root of subvolume {id}") }),
        };
        // The tree's number is taken even where its root is lost, for the entry of its root directory.
        let number = u32::try_from(self.trees.len()).unwrap_or(u32::MAX);
        let root_node = match found {
            Ok(root_node) => root_node,
            Err(error) => {
                self.volume.issue(&error);
                self.trees.push(Subvolume { id, root: NO_ROOT, is_damaged: true });
                return;
            }
        };
        self.trees.push(Subvolume { id, root: root_node, is_damaged: false });
        let volume = self.volume;
        let mut found = Found::default();
        let mut is_damaged = false;
        for_each_item(
            volume,
            &root_node,
            ALL,
            |item| {
                self.item(id, number, &item, kind::DIR_INDEX, &mut found);
                match self.nodes.len() as u64 >= volume.limits.entries {
                    true => Go::Stop,
                    false => Go::On,
                }
            },
            |error| {
                volume.issue(error);
                is_damaged = true;
            },
        );
        if is_damaged || found.is_damaged {
            self.trees.iter_mut().filter(|tree| tree.id == id).for_each(|tree| tree.is_damaged = true);
            // Each name stands in two more places.
            let again = [kind::DIR_ITEM, kind::INODE_REF];
            for which in again {
                for_each_item(
                    volume,
                    &root_node,
                    ALL,
                    |item| {
                        self.item(id, number, &item, which, &mut found);
                        Go::On
                    },
                    |_| {},
                );
            }
        }
        let inodes = found.inodes.iter().map(|(inode, _)| *inode).collect();
        self.unlisted(number, &mut found);
        let Found { hung, directories, names, .. } = found;
        let live = Live { number, root, inodes, directories, names };
        for (node, directory) in hung {
            self.nodes.set_parent(node, live.parent(directory).unwrap_or(Parent::Lost));
        }
        self.live.insert(id, live);
        if self.nodes.len() as u64 >= volume.limits.entries {
            let limit = volume.limits.entries;
            let found = limit.saturating_add(1);
            volume.issue(&Error::Limit { structure: "directory tree", offset: 0, found, limit, unit: "entries" });
        }
    }

    /// Takes what an item says of names of kind `which`, and, with the first of them, of inodes.
    fn item(&mut self, id: u64, number: u32, item: &Item<'_>, which: u8, found: &mut Found) {
        let result = match item.key.kind {
            kind::INODE if which == kind::DIR_INDEX && item.key.object >= tree::FIRST_FREE => {
                item.fields("inode item").u32(52).map(|mode| {
                    found.inodes.push((item.key.object, posix::kind(mode).unwrap_or(Kind::Other)));
                })
            }
            kind::DIR_INDEX | kind::DIR_ITEM if item.key.kind == which => {
                let mut names = Vec::new();
                let fields = item.fields("directory item");
                let result = item::for_each_name(&fields, item.data.len(), |name| names.push(name));
                for name in names {
                    let kind = posix::kind_of_entry(name.file_type);
                    self.name(id, number, (item.key.object, name.target, kind), name.name, found);
                }
                result
            }
            kind::INODE_REF | kind::INODE_EXTREF if which == kind::INODE_REF => {
                let mut names = Vec::new();
                let fields = item.fields("inode reference");
                let result = item::for_each_reference(&item.key, &fields, item.data.len(), |directory, name| {
                    names.push((directory, name));
                });
                for (directory, name) in names {
                    let target = Key::new(item.key.object, kind::INODE, 0);
                    if name != b".." {
                        self.name(id, number, (directory, target, None), name, found);
                    }
                }
                result
            }
            _ => Ok(()),
        };
        if let Err(error) = result {
            self.volume.issue(&error);
            found.is_damaged = true;
        }
    }

    /// Adds a name of directory, what it names, and its type.
    fn name(
        &mut self,
        id: u64,
        number: u32,
        (directory, target, kind): (u64, Key, Option<Kind>),
        name: &[u8],
        found: &mut Found,
    ) {
        if name.is_empty() || !found.names.insert(hash(directory, target.object, name)) {
            return;
        }
        if target.kind == kind::ROOT {
            let tree = u32::try_from(self.trees.len().saturating_add(self.waiting.len())).unwrap_or(u32::MAX);
            let known = self.known.get_mut(&target.object).filter(|known| {
                let here = known
                    .listed
                    .as_ref()
                    .is_some_and(|(tree, dir, as_name)| (*tree, *dir, as_name.as_slice()) == (id, directory, name));
                here && !known.is_placed
            });
            // A snapshot shows an empty directory in the place of a subvolume of its original.
            let is_subvolume = known.map(|known| known.is_placed = true).is_some();
            let (tree, inode) = if is_subvolume { (tree, tree::FIRST_FREE) } else { (number, tree::EMPTY_DIRECTORY) };
            let place = Place {
                tree,
                inode,
                directory: Some(directory),
                kind: Some(Kind::Directory),
                source: Witness::Current,
                name: None,
            };
            let node = self.push(Parent::Lost, Status::Allocated, place, name);
            found.hung.push((node, directory));
            if is_subvolume {
                self.waiting.push_back((target.object, Parent::Node(node)));
            }
            return;
        }
        let place = Place {
            tree: number,
            inode: target.object,
            directory: Some(directory),
            kind,
            source: Witness::Current,
            name: None,
        };
        let node = self.push(Parent::Lost, Status::Allocated, place, name);
        found.hung.push((node, directory));
        found.listed.insert(target.object);
        if matches!(kind, Some(Kind::Directory) | None) {
            found.directories.entry(target.object).or_insert(node);
        }
    }

    /// Adds the inodes that no directory lists.
    fn unlisted(&mut self, number: u32, found: &mut Found) {
        for (inode, kind) in std::mem::take(&mut found.inodes) {
            if inode == tree::FIRST_FREE || found.listed.contains(&inode) {
                continue;
            }
            let place =
                Place { tree: number, inode, directory: None, kind: Some(kind), source: Witness::Nameless, name: None };
            let node = self.push(Parent::Lost, Status::Unlisted, place, format!("inode-{inode}").as_bytes());
            if kind == Kind::Directory {
                found.directories.entry(inode).or_insert(node);
            }
        }
    }

    /// Adds what only former leaves tell: names of inodes that are gone, former names, and inodes without a name.
    fn deleted(&mut self, stale: &Stale) {
        let mut hung = Vec::new();
        // Of each inode that is gone, the node of its last name.
        let mut last: HashMap<(u64, u64), (u64, NodeId)> = HashMap::new();
        for (former, &(file_type, generation)) in &stale.names {
            let Name { tree: id, directory, inode, name } = former;
            if self.nodes.len() as u64 >= self.volume.limits.entries {
                return;
            }
            let number = self.number(*id);
            let live = self.live.get(id);
            let is_alive = live.is_some_and(|live| live.inodes.contains(inode));
            if live.is_some_and(|live| live.names.contains(&hash(*directory, *inode, name))) {
                continue;
            }
            let parent = live.and_then(|live| live.parent(*directory));
            let source = if is_alive { Witness::FormerName } else { Witness::Former };
            let kind = posix::kind_of_entry(file_type);
            let place = Place { tree: number, inode: *inode, directory: Some(*directory), kind, source, name: None };
            let node = self.push(parent.unwrap_or(Parent::Lost), Status::Deleted, place, name);
            if parent.is_none() {
                hung.push((node, (*id, *directory)));
            }
            if !is_alive {
                let known = last.entry((*id, *inode)).or_insert((generation, node));
                if known.0 < generation {
                    *known = (generation, node);
                }
            }
        }
        for (node, directory) in hung {
            let parent = last.get(&directory).map_or(Parent::Lost, |(_, directory)| Parent::Node(*directory));
            self.nodes.set_parent(node, parent);
        }
        let mut nameless: Vec<(u64, u64)> = stale.inodes().filter(|inode| !last.contains_key(inode)).collect();
        nameless.sort_unstable();
        for (id, inode) in nameless.into_iter().filter(|(_, inode)| *inode > tree::FIRST_FREE) {
            let source = Witness::FormerNameless;
            let place = Place { tree: self.number(id), inode, directory: None, kind: None, source, name: None };
            self.push(Parent::Lost, Status::Deleted, place, format!("inode-{inode}").as_bytes());
        }
    }

    /// The place of a tree among all; of one that is gone, a new one.
    fn number(&mut self, id: u64) -> u32 {
        if let Some(live) = self.live.get(&id) {
            return live.number;
        }
        let known = self.trees.iter().position(|tree| tree.id == id);
        let place = known.unwrap_or_else(|| {
            self.trees.push(Subvolume { id, root: NO_ROOT, is_damaged: true });
            self.trees.len().saturating_sub(1)
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    fn push(&mut self, parent: Parent, status: Status, mut place: Place, name: &[u8]) -> NodeId {
        let text = posix::name(name);
        if text.as_bytes() != name || name.iter().any(|byte| matches!(byte, b'/' | 0)) {
            place.name = u32::try_from(self.names.len()).ok();
            self.names.push(name.into());
        }
        self.nodes.push(parent, &text, status, place)
    }
}

impl Volume {
    /// The root of a tree that the root tree lists.
    pub(super) fn root_of(&self, id: u64) -> Result<Root> {
        let mut found = Err(Error::NotFound { what: format!("root of tree {id}") });
        for_each_item(
            self,
            &self.superblock.root,
            of_kind(id, kind::ROOT),
            |item| {
                found = item::root(&item.fields("root item"));
                Go::Stop
            },
            |error| self.issue(error),
        );
        found
    }
}
