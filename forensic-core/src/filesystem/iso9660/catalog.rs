//! All names of the disc in their places: the best tree of the last session, what only another of its trees lists, and what
//! earlier sessions listed and the last does not.

use super::{
    Volume,
    descriptor::{Form, Set},
    el_torito::{self, Image},
    sectors::SECTOR,
    session,
    space::Owned,
    union,
    walk::{self, File, Section, Tree},
};
use crate::{
    bytes::ReadAt,
    error::Issue,
    filesystem::{
        model::{Recoverability, Status},
        tree::{self, NodeId, Parent, TreeBuilder},
    },
};
use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

/// What an entry is made from.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// A file of one of [`Catalog::walked`].
    File { walked: u32, file: u32 },
    /// A boot image that no file is.
    BootImage(u32),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) what: What,
    /// True where the tree that is presented does not list it, but another one of the same session does.
    pub(super) is_only_here: bool,
}

/// A tree, and the session that it is of, the first being 0.
pub(super) struct Walked {
    pub(super) tree: Tree,
    pub(super) session: usize,
}

/// All entries in listing order.
pub(super) struct Catalog {
    /// The set of descriptors of the last session.
    pub(super) set: Set,
    pub(super) walked: Vec<Walked>,
    pub(super) listing: tree::Tree<Place>,
    pub(super) boot_images: Vec<Image>,
    pub(super) sessions: usize,
    /// The sectors of the last session's structures and files.
    pub(super) owned: Owned,
    live: HashSet<Vec<Section>>,
}

impl Catalog {
    pub(super) fn build(volume: &Volume) -> Self {
        let (set, later) = session::last(volume);
        let current = walk_set(volume, &set);
        let boot_images = boot_images(volume, &set);
        let owned: Owned = owned(&set, &current, &boot_images).collect();
        let mut earlier = session::earlier(volume, &set, later, &owned);
        let sessions = earlier.len().saturating_add(1);
        let last = earlier.len();
        let mut builder = Builder { nodes: TreeBuilder::new(), walked: Vec::new() };
        builder.current(current, last);
        builder.boot_images(&boot_images, volume);
        let live = builder.sections();
        while let Some(set) = earlier.pop() {
            let trees = walk_set(volume, &set);
            builder.earlier(trees, earlier.len());
        }
        let Builder { nodes, walked } = builder;
        let (listing, moved) = nodes.finish(&volume.limits);
        if !moved.is_empty() {
            let message = format!("{} entries lie too deep", moved.len());
            volume.issues.push(Issue::new(volume.source.medium_offset(0), "directory tree", message));
        }
        Self { set, walked, listing, boot_images, sessions, owned, live }
    }

    /// The file that an entry is made from, and the tree it is of.
    pub(super) fn file(&self, place: &Place) -> Option<(&Walked, &File)> {
        let What::File { walked, file } = place.what else { return None };
        let walked = self.walked.get(walked as usize)?;
        Some((walked, walked.tree.files.get(file as usize)?))
    }

    /// What is left of a file of an earlier session.
    pub(super) fn recoverability(&self, place: &Place) -> (Recoverability, String) {
        let Some((walked, file)) = self.file(place) else { return (Recoverability::Unknown, String::new()) };
        let origin =
            format!("listed in session {}, no longer in session {}", walked.session.saturating_add(1), self.sessions);
        if file.size() == 0 {
            return (Recoverability::Intact, format!("{origin}; it has no content"));
        }
        if self.live.contains(&file.sections) {
            return (Recoverability::Intact, format!("{origin}; a live file has the same content"));
        }
        let ranges: Vec<_> = sectors(file, u64::from(walked.tree.descriptor.block_size)).collect();
        let taken = ranges.iter().filter(|range| self.owned.meets(range)).count();
        match taken {
            0 => (Recoverability::Intact, format!("{origin}; nothing of the last session lies in its sectors")),
            _ if taken == ranges.len() && ranges.len() > 1 => {
                (Recoverability::Overwritten, format!("{origin}; its sectors belong to others now"))
            }
            _ => (Recoverability::Partial, format!("{origin}; some of its sectors belong to others now")),
        }
    }
}

/// Walks all trees of a set, the one to be presented first: Rock Ridge, else Joliet, else the longer names.
fn walk_set(volume: &Volume, set: &Set) -> Vec<Tree> {
    let mut trees: Vec<Tree> = set.trees.iter().map(|descriptor| walk::walk(volume, descriptor)).collect();
    trees.sort_by_key(|tree| match tree.descriptor.form {
        // A tree in which nothing could be read is no tree to present.
        _ if tree.files.is_empty() => 4,
        Form::Primary if tree.has_rock_ridge => 0,
        Form::Joliet => 1,
        Form::Enhanced => 2,
        Form::Primary => 3,
    });
    trees
}

fn boot_images(volume: &Volume, set: &Set) -> Vec<Image> {
    let Some(catalog) = set.boot_catalog else { return Vec::new() };
    el_torito::images(volume, catalog).unwrap_or_else(|error| {
        volume.issue(&error);
        Vec::new()
    })
}

/// The sectors that a file takes, with the gaps of an interleaved one.
fn sectors(file: &File, block_size: u64) -> impl Iterator<Item = Range<u64>> {
    file.sections.iter().filter(|section| section.length > 0).map(move |section| {
        let start = u64::from(section.block).saturating_mul(block_size);
        let attributes = u64::from(section.attribute_blocks).saturating_mul(block_size);
        let units = match u64::from(section.unit).saturating_mul(block_size) {
            0 => 1,
            unit => u64::from(section.length).div_ceil(unit),
        };
        let gaps = units.saturating_sub(1).saturating_mul(u64::from(section.gap)).saturating_mul(block_size);
        let length = attributes.saturating_add(u64::from(section.length)).saturating_add(gaps);
        start / SECTOR..start.saturating_add(length).div_ceil(SECTOR)
    })
}

fn owned<'a>(set: &'a Set, trees: &'a [Tree], images: &'a [Image]) -> impl Iterator<Item = Range<u64>> + 'a {
    let one = |sector: u64| sector..sector.saturating_add(1);
    let structures = trees.iter().flat_map(|tree| tree.structures.iter().copied()).map(one);
    let files = trees.iter().flat_map(|tree| {
        let block_size = u64::from(tree.descriptor.block_size);
        let associated = tree.files.iter().filter_map(|file| file.associated.as_deref());
        tree.files.iter().chain(associated).flat_map(move |file| sectors(file, block_size))
    });
    let boot = set.boot_catalog.into_iter().map(move |sector| one(u64::from(sector)));
    let images = images.iter().map(|image| {
        let sector = u64::from(image.sector);
        sector..sector.saturating_add(image.length.div_ceil(SECTOR))
    });
    // The first sectors are the system's.
    [0..super::sectors::FIRST_DESCRIPTOR, set.sectors.0..set.sectors.1]
        .into_iter()
        .chain(structures)
        .chain(files)
        .chain(boot)
        .chain(images)
}

struct Builder {
    nodes: TreeBuilder<Place>,
    /// With the node of each file.
    walked: Vec<Walked>,
}

impl Builder {
    /// Adds the trees of the last session.
    fn current(&mut self, trees: Vec<Tree>, session: usize) {
        let mut trees = trees.into_iter();
        let Some(presented) = trees.next() else { return };
        let nodes: Vec<NodeId> = (0u32..).zip(&presented.files).fold(Vec::new(), |mut nodes, (place, file)| {
            let parent = file.parent.and_then(|parent| nodes.get(parent as usize).copied());
            let status = if file.is_listed { Status::Allocated } else { Status::Unlisted };
            nodes.push(self.push(parent, &file.name, status, 0, place, false));
            nodes
        });
        self.walked.push(Walked { tree: presented, session });
        for tree in trees {
            let number = u32::try_from(self.walked.len()).unwrap_or(u32::MAX);
            let presented = self.walked.first().map(|walked| &walked.tree);
            let only_here = presented.map(|presented| union::only_in(&tree, presented)).unwrap_or_default();
            let mut own: HashMap<u32, NodeId> = HashMap::new();
            for missed in only_here {
                let Some(file) = tree.files.get(missed.file as usize) else { continue };
                let parent = match missed.parent {
                    union::Parent::Root => None,
                    union::Parent::Presented(place) => nodes.get(place as usize).copied(),
                    union::Parent::Own(place) => own.get(&place).copied(),
                };
                let node = self.push(parent, &file.name, Status::Allocated, number, missed.file, true);
                own.insert(missed.file, node);
            }
            self.walked.push(Walked { tree, session });
        }
    }

    fn push(
        &mut self,
        parent: Option<NodeId>,
        name: &str,
        status: Status,
        walked: u32,
        file: u32,
        is_only_here: bool,
    ) -> NodeId {
        let place = Place { what: What::File { walked, file }, is_only_here };
        self.nodes.push(parent.map_or(Parent::Root, Parent::Node), name, status, place)
    }

    /// Adds the boot images that are no files.
    fn boot_images(&mut self, images: &[Image], volume: &Volume) {
        let begins = |image: &Image| {
            self.walked.iter().any(|walked| {
                let block_size = u64::from(walked.tree.descriptor.block_size);
                walked.tree.files.iter().any(|file| {
                    sectors(file, block_size).next().is_some_and(|range| range.start == u64::from(image.sector))
                })
            })
        };
        let unknown: Vec<bool> = images.iter().map(|image| !begins(image)).collect();
        for (number, _) in (0u32..).zip(unknown).filter(|(_, unknown)| *unknown) {
            let place = Place { what: What::BootImage(number), is_only_here: false };
            let name = format!("$BootImage{}", number.saturating_add(1));
            self.nodes.push(Parent::Root, &name, Status::Unlisted, place);
            let message = format!("boot image {} is no file of the disc", number.saturating_add(1));
            let at = images.get(number as usize).map(|image| volume.source.medium_offset(image.at));
            volume.issues.push(Issue::new(at, "El Torito boot catalog", message));
        }
    }

    /// Where the content of each live file lies.
    fn sections(&self) -> HashSet<Vec<Section>> {
        let files = self.walked.iter().flat_map(|walked| &walked.tree.files);
        files.filter(|file| file.size() > 0).map(|file| file.sections.clone()).collect()
    }

    /// Adds what the presented tree of an earlier session lists and no later one does.
    fn earlier(&mut self, trees: Vec<Tree>, session: usize) {
        let Some(tree) = trees.into_iter().next() else { return };
        // Paths and places of content that are listed already, and the nodes of directories by path.
        let mut listed: HashSet<(String, Vec<Section>)> = HashSet::new();
        for walked in &self.walked {
            for (path, file) in paths(&walked.tree).into_iter().zip(&walked.tree.files) {
                let sections = if file.is_directory() || file.size() == 0 { Vec::new() } else { file.sections.clone() };
                listed.insert((path, sections));
            }
        }
        let mut directories = self.directories();
        let number = u32::try_from(self.walked.len()).unwrap_or(u32::MAX);
        let all = paths(&tree);
        for ((place, file), path) in (0u32..).zip(&tree.files).zip(&all) {
            let is_directory = file.is_directory();
            let sections = if is_directory || file.size() == 0 { Vec::new() } else { file.sections.clone() };
            if listed.contains(&(path.clone(), sections)) {
                continue;
            }
            let parent = path.rsplit_once('/').and_then(|(parent, _)| directories.get(parent).copied());
            let node = self.push(parent, &file.name, Status::Deleted, number, place, false);
            if is_directory {
                directories.insert(path.clone(), node);
            }
        }
        self.walked.push(Walked { tree, session });
    }

    /// The nodes of all directories by path.
    fn directories(&self) -> HashMap<String, NodeId> {
        let mut found = HashMap::new();
        let all: Vec<Vec<String>> = self.walked.iter().map(|walked| paths(&walked.tree)).collect();
        for (node, place) in self.nodes.payloads() {
            let What::File { walked, file } = place.what else { continue };
            let is_directory = self
                .walked
                .get(walked as usize)
                .and_then(|walked| walked.tree.files.get(file as usize))
                .is_some_and(File::is_directory);
            let path = all.get(walked as usize).and_then(|paths| paths.get(file as usize));
            if let Some(path) = path.filter(|_| is_directory) {
                found.entry(path.clone()).or_insert(node);
            }
        }
        found
    }
}

/// The path of each file of a tree.
fn paths(tree: &Tree) -> Vec<String> {
    let mut paths: Vec<String> = Vec::with_capacity(tree.files.len());
    for file in &tree.files {
        let parent = file.parent.and_then(|parent| paths.get(parent as usize)).map_or("", String::as_str);
        paths.push(format!("{parent}/{}", file.name));
    }
    paths
}
