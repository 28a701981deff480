//! Former leaves: Btrfs never writes over a leaf in use, so that what a tree once said stands in free space until it is
//! used again. A former leaf is told by its identity, its own address and its checksum.

use super::{
    Volume, checksums,
    chunk::{Chunk, Chunks},
    entry::Items,
    item::{self, kind, tree},
    node::Node,
    space::Space,
};
use crate::bytes::{Fields, ReadAt, read_around};
use std::collections::{BTreeMap, HashMap};

/// Bytes read at once.
const SWEEP: u64 = 1 << 20;
/// In the type of a chunk: it holds trees.
const TREES: u64 = 0x2 | 0x4;
/// Versions of one inode that are tried.
const VERSIONS: usize = 64;

/// A former leaf: where it is, and when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Leaf {
    pub(super) generation: u64,
    /// Byte offset in the volume.
    offset: u64,
}

/// A name that a former leaf holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) tree: u64,
    pub(super) directory: u64,
    pub(super) inode: u64,
    pub(super) name: Box<[u8]>,
}

/// What all former leaves say.
#[derive(Default)]
pub(super) struct Stale {
    /// Names, with the type of the file and the generation of the newest leaf that holds each.
    pub(super) names: BTreeMap<Name, (u8, u64)>,
    /// Leaves that hold items of an inode of a tree, oldest first.
    inodes: HashMap<(u64, u64), Vec<Leaf>>,
    /// Leaves of checksums, with the range of addresses each speaks of.
    checksums: Vec<(u64, u64, Leaf)>,
    chunks: Vec<(Leaf, Chunk)>,
    /// Whether some of the free tree blocks cannot be read: the last state that is found may not be the last.
    pub(super) is_unread: bool,
    /// Bytes looked at: chunks that claim more than the medium has, all together, are not sound.
    swept: u64,
}

impl Stale {
    /// Reads all free tree blocks; `is_live` tells whether an inode of a tree exists.
    pub(super) fn sweep(volume: &Volume, space: &Space, is_live: impl Fn(u64, u64) -> bool) -> Self {
        let mut found = Self::default();
        volume.chunks.all().iter().for_each(|chunk| found.chunk(volume, space, chunk, &is_live));
        found.chunks.sort_by_key(|(leaf, _)| std::cmp::Reverse(*leaf));
        let mut former = Chunks::default();
        let is_gone = |chunk: &Chunk| volume.chunks.of(chunk.start).is_none();
        let chunks = std::mem::take(&mut found.chunks).into_iter().map(|(_, chunk)| chunk);
        chunks.filter(is_gone).for_each(|chunk| former.add(chunk));
        former.all().iter().for_each(|chunk| found.chunk(volume, space, chunk, &is_live));
        found.inodes.values_mut().for_each(|leaves| leaves.sort_unstable());
        found.checksums.sort_unstable();
        // Set once: there is one sweep a volume.
        let _ = volume.former_chunks.set(former);
        found
    }

    /// Reads the free tree blocks of a chunk.
    fn chunk(&mut self, volume: &Volume, space: &Space, chunk: &Chunk, is_live: &impl Fn(u64, u64) -> bool) {
        if chunk.kind & TREES == 0 {
            return;
        }
        let node_size = u64::from(volume.superblock.node_size);
        let mut at = chunk.start;
        let end = chunk.end_on(volume.superblock.device, volume.source.len());
        while at < end && self.swept <= volume.source.len() {
            let piece = chunk.piece(at, volume.superblock.device);
            let length = piece.length.min(SWEEP).min(end.saturating_sub(at)).max(1);
            self.swept = self.swept.saturating_add(length);
            let is_used = space.count(at, at.saturating_add(length)) >= length;
            let copy = piece.copies.first().filter(|copy| !is_used && **copy < volume.source.len());
            let left = copy.map_or(0, |copy| volume.source.len().saturating_sub(*copy)).min(length);
            if let Some(copy) = copy {
                let blocks = read_around(&volume.source, *copy, left, |error, _| {
                    self.is_unread = true;
                    volume.issue(error);
                });
                for (number, block) in blocks.chunks_exact(volume.superblock.node_size as usize).enumerate() {
                    let inside = (number as u64).saturating_mul(node_size);
                    let address = at.saturating_add(inside);
                    if space.count(address, address.saturating_add(node_size)) == 0 {
                        self.block(volume, address, copy.saturating_add(inside), block, is_live);
                    }
                }
            }
            at = at.saturating_add(length);
        }
    }

    /// Takes what a block says, if it is a former leaf.
    fn block(&mut self, volume: &Volume, address: u64, offset: u64, block: &[u8], is_live: &impl Fn(u64, u64) -> bool) {
        let fields = Fields::new(block, "B-tree node", 0);
        let is_leaf = fields.u64(48).is_ok_and(|own| own == address)
            && fields.u8(100).is_ok_and(|level| level == 0)
            && volume.superblock.checksum.check(block, "B-tree node", 0).is_ok();
        if !is_leaf {
            return;
        }
        let at = volume.source.medium_offset(offset);
        let Ok(node) = Node::parse(volume, block.to_vec(), at, None) else { return };
        let leaf = Leaf { generation: node.generation, offset };
        match node.owner {
            tree::CHECKSUMS => {
                for item in node.items().flatten().filter(|item| item.key.kind == kind::EXTENT_CSUM) {
                    let count = item.data.len().checked_div(volume.superblock.checksum.size()).unwrap_or(0) as u64;
                    let length = count.saturating_mul(u64::from(volume.superblock.sector_size));
                    self.checksums.push((item.key.offset, item.key.offset.saturating_add(length), leaf));
                }
            }
            tree::CHUNKS => {
                for item in node.items().flatten().filter(|item| item.key.kind == kind::CHUNK) {
                    let chunk = Chunk::parse(&item.fields("chunk item"), 0, item.key.offset).ok();
                    self.chunks.extend(chunk.map(|(chunk, _)| (leaf, chunk)));
                }
            }
            owner if owner == tree::TOP || item::is_subvolume(owner) => self.leaf(owner, &node, leaf, is_live),
            _ => {}
        }
    }

    fn leaf(&mut self, owner: u64, node: &Node, leaf: Leaf, is_live: &impl Fn(u64, u64) -> bool) {
        for item in node.items().flatten() {
            let mut names: Vec<(u64, u64, u8, &[u8])> = Vec::new();
            match item.key.kind {
                kind::INODE | kind::EXTENT_DATA | kind::XATTR if !is_live(owner, item.key.object) => {
                    let leaves = self.inodes.entry((owner, item.key.object)).or_default();
                    if leaves.last() != Some(&leaf) {
                        leaves.push(leaf);
                    }
                }
                kind::DIR_INDEX | kind::DIR_ITEM => {
                    let _ = item::for_each_name(&item.fields("directory item"), item.data.len(), |name| {
                        if name.target.kind == kind::INODE {
                            names.push((item.key.object, name.target.object, name.file_type, name.name));
                        }
                    });
                }
                kind::INODE_REF | kind::INODE_EXTREF => {
                    let fields = item.fields("inode reference");
                    let _ = item::for_each_reference(&item.key, &fields, item.data.len(), |directory, name| {
                        names.push((directory, item.key.object, 0, name));
                    });
                }
                _ => {}
            }
            for (directory, inode, file_type, name) in names {
                if inode <= tree::FIRST_FREE || name.is_empty() || name == b".." {
                    continue;
                }
                let name = Name { tree: owner, directory, inode, name: name.into() };
                let known = self.names.entry(name).or_insert((file_type, leaf.generation));
                known.0 = known.0.max(file_type);
                known.1 = known.1.max(leaf.generation);
            }
        }
    }

    /// The inodes that former leaves speak of, by tree.
    pub(super) fn inodes(&self) -> impl Iterator<Item = (u64, u64)> {
        self.inodes.keys().copied()
    }

    /// The last whole state of an inode: its items, and the generation of the leaf that holds it. Where no state is whole,
    /// the last one, and `false`.
    pub(super) fn last_state(&self, volume: &Volume, owner: u64, inode: u64) -> Option<(Items, u64, bool)> {
        let leaves = self.inodes.get(&(owner, inode))?;
        let mut last = None;
        for (place, leaf) in leaves.iter().enumerate().rev().take(VERSIONS) {
            let mut items = Items::default();
            let goes_on = take(volume, owner, inode, leaf, &mut items);
            if items.inode.is_none() {
                continue;
            }
            // Items in the next leaf: of those written before, the last.
            if goes_on {
                let earlier = leaves.get(..place).unwrap_or_default().iter().rev();
                let later = leaves.get(place.saturating_add(1)..).unwrap_or_default().iter();
                for other in earlier.chain(later).take(VERSIONS) {
                    let mut more = Items::default();
                    take(volume, owner, inode, other, &mut more);
                    if more.inode.is_none() {
                        items.complete_with(more);
                    }
                    if items.is_whole() {
                        break;
                    }
                }
            }
            let is_whole = items.is_whole();
            if is_whole || last.is_none() {
                last = Some((items, leaf.generation, is_whole));
            }
            if is_whole {
                break;
            }
        }
        last
    }

    /// Calls `visit` with the former checksums of the sectors `start .. end`, and the generation of their leaf.
    pub(super) fn checksums(&self, volume: &Volume, start: u64, end: u64, mut visit: impl FnMut(u64, u64, &[u8])) {
        let most = u64::from(volume.superblock.node_size).saturating_mul(u64::from(volume.superblock.sector_size));
        let first = self.checksums.partition_point(|(from, ..)| *from < start.saturating_sub(most));
        let met = self.checksums.iter().skip(first).take_while(|(from, ..)| *from < end);
        for (_, _, leaf) in met.filter(|(_, to, _)| *to > start) {
            let Some(node) = read(volume, leaf) else { continue };
            for item in node.items().flatten() {
                checksums::of_item(volume, &item, (start, end), |address, sum| visit(address, leaf.generation, sum));
            }
        }
    }
}

fn read(volume: &Volume, leaf: &Leaf) -> Option<Node> {
    let bytes = volume.metadata.read_vec(leaf.offset, u64::from(volume.superblock.node_size)).ok()?;
    Node::parse(volume, bytes, volume.source.medium_offset(leaf.offset), None).ok()
}

/// Takes the items of an inode from a former leaf; tells whether they may go on in the next one.
fn take(volume: &Volume, owner: u64, inode: u64, leaf: &Leaf, to: &mut Items) -> bool {
    let Some(node) = read(volume, leaf).filter(|node| node.owner == owner) else { return false };
    let mut goes_on = false;
    for item in node.items().flatten() {
        goes_on = item.key.object == inode;
        if goes_on {
            to.take(&item);
        }
    }
    goes_on
}
