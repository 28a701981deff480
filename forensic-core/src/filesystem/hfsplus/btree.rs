//! B-trees: the catalog, the extents overflow file and the attributes file (TN1150, "B-Trees").
//!
//! All nodes are read in one sweep. Which leaves count is decided by the chain of their links; where it is broken, by
//! the map of nodes in use.

use super::Volume;
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Issue, Result},
};
use std::collections::{BTreeMap, HashSet};

/// Bytes of a node descriptor.
pub(super) const DESCRIPTOR: usize = 14;

/// Bytes of nodes read at once.
const BLOCK: u64 = 1 << 20;

/// Sizes of nodes, the usual ones first.
const NODE_SIZES: [u64; 7] = [8192, 4096, 16384, 32768, 2048, 1024, 512];

mod kind {
    pub(super) const LEAF: u8 = 0xff;
    pub(super) const MAP: u8 = 2;
}

/// A file that is a B-tree.
pub(super) struct BTree {
    file: Source,
    structure: &'static str,
    node_size: u64,
    first_leaf: u32,
    last_leaf: u32,
    /// The part of the map of nodes that stands in the header node, and the node it goes on in.
    map: Vec<u8>,
    map_next: u32,
}

impl BTree {
    /// Reads the header node of `file`. Where it is damaged, which is told, all leaves count.
    ///
    /// # Errors
    /// Where nothing tells the size of the nodes.
    pub(super) fn open(file: Source, structure: &'static str, volume: &Volume) -> Result<Self> {
        let error = match Self::by_header(&file, structure) {
            Ok(tree) => return Ok(tree),
            Err(error) => error,
        };
        let Some(node_size) = NODE_SIZES.into_iter().find(|size| has_nodes_of(&file, *size)) else { return Err(error) };
        volume.issue(&error);
        let map = vec![
            0xff;
            usize::try_from(file.len().checked_div(node_size.saturating_mul(8)).unwrap_or(0))
                .unwrap_or(0)
                .saturating_add(1)
        ];
        Ok(Self { file, structure, node_size, first_leaf: 0, last_leaf: u32::MAX, map, map_next: 0 })
    }

    fn by_header(file: &Source, structure: &'static str) -> Result<Self> {
        let head = file.read_vec(0, file.len().min(512))?;
        let fields = Fields::new(&head, structure, file.medium_offset(0));
        let node_size = fields.u16_be(32)?;
        if !node_size.is_power_of_two() || node_size < 512 {
            return Err(fields.corrupt(32, "a node size that is a power of two from 512 on", node_size));
        }
        let whole = file.read_vec(0, file.len().min(node_size.into()))?;
        let map = whole.get(248..whole.len().saturating_sub(8)).unwrap_or_default().to_vec();
        Ok(Self {
            structure,
            node_size: node_size.into(),
            first_leaf: fields.u32_be(24)?,
            last_leaf: fields.u32_be(28)?,
            map,
            map_next: fields.u32_be(0)?,
            file: file.clone(),
        })
    }

    /// The file that holds the tree.
    pub(super) fn file(&self) -> &Source {
        &self.file
    }

    /// Reads all nodes in order; a node that cannot be read is an issue.
    fn for_each(&self, volume: &Volume, mut visit: impl FnMut(&Node<'_>)) {
        let mut at = 0u64;
        let whole = self.file.len().checked_div(self.node_size).unwrap_or(0).saturating_mul(self.node_size);
        while at < whole {
            let length = BLOCK.min(whole.saturating_sub(at));
            let blocks = match self.file.read_vec(at, length) {
                Ok(bytes) => vec![(at, bytes)],
                // One bad sector costs one node, not all that were read with it.
                Err(_) => (at..at.saturating_add(length))
                    .step_by(usize::try_from(self.node_size).unwrap_or(usize::MAX))
                    .filter_map(|at| match self.file.read_vec(at, self.node_size) {
                        Ok(bytes) => Some((at, bytes)),
                        Err(error) => {
                            let message = format!("a node cannot be read: {error}");
                            let place = error.offset().unwrap_or_else(|| self.file.medium_offset(at));
                            volume.issues.push(Issue::new(place, self.structure, message));
                            None
                        }
                    })
                    .collect(),
            };
            for (start, bytes) in blocks {
                let nodes = bytes.chunks_exact(usize::try_from(self.node_size).unwrap_or(usize::MAX));
                for (bytes, node_at) in nodes.zip((start..).step_by(usize::from(self.node_size as u16).max(512))) {
                    let number = node_at.checked_div(self.node_size).unwrap_or(0);
                    let Ok(number) = u32::try_from(number) else { return };
                    // Nodes mostly lie in one piece: the place of their first byte tells that of the others.
                    let volume_at = self.file.locate(node_at, 1).first().and_then(|extent| extent.offset);
                    let base = volume.source.medium_offset(0);
                    let at = volume_at.unwrap_or(base).saturating_sub(base);
                    visit(&Node { number, bytes, at, structure: self.structure });
                }
            }
            at = at.saturating_add(length);
        }
    }
}

/// True where the first nodes behind the header's begin as nodes of this size do.
fn has_nodes_of(file: &Source, node_size: u64) -> bool {
    [1, 2].into_iter().all(|number: u64| {
        let Ok(node) = file.read_vec(number.saturating_mul(node_size), node_size) else { return false };
        let is_kind = matches!(node.get(8..10), Some([kind::LEAF, 1] | [0, 2..=16] | [kind::MAP, 0]));
        // The first record begins behind the descriptor.
        is_kind && node.last_chunk() == Some(&[0, DESCRIPTOR as u8])
    })
}

/// A node.
pub(super) struct Node<'a> {
    pub(super) number: u32,
    pub(super) bytes: &'a [u8],
    /// Byte offset in the volume.
    pub(super) at: u64,
    structure: &'static str,
}

impl<'a> Node<'a> {
    fn fields(&self, volume: &Volume) -> Fields<'a> {
        Fields::new(self.bytes, self.structure, volume.source.medium_offset(self.at))
    }

    pub(super) fn is_leaf(&self) -> bool {
        self.bytes.get(8..10) == Some(&[kind::LEAF, 1])
    }

    fn count(&self) -> usize {
        self.bytes.get(10..).and_then(<[u8]>::first_chunk).map_or(0, |count| u16::from_be_bytes(*count).into())
    }

    /// Where record `index` begins; the one after the last is the free space.
    fn offset(&self, index: usize) -> Option<usize> {
        let at = self.bytes.len().checked_sub(index.checked_add(1)?.checked_mul(2)?)?;
        let [high, low] = *self.bytes.get(at..)?.first_chunk::<2>()?;
        Some(usize::from(u16::from_be_bytes([high, low]))).filter(|offset| *offset >= DESCRIPTOR && *offset <= at)
    }

    /// The records of a leaf: their bytes, up to the next one, and their byte offset in the volume. What is no record is
    /// an issue; a node that is no leaf has none.
    pub(super) fn leaf_records(&self, volume: &Volume) -> Vec<(&'a [u8], u64)> {
        let mut records = Vec::new();
        let count = if self.is_leaf() { self.count().min(self.bytes.len() / 2) } else { 0 };
        for index in 0..count {
            let range = self.offset(index).zip(self.offset(index.saturating_add(1)));
            let bytes: Option<&'a [u8]> = range.and_then(|(start, end)| self.bytes.get(start..end));
            match range.filter(|(start, end)| start < end).zip(bytes) {
                Some(((start, _), bytes)) => records.push((bytes, self.at.saturating_add(start as u64))),
                None => {
                    let expected = format!("a place for record {index} of {count}");
                    volume.issue(&self.fields(volume).corrupt(10, expected, format!("{range:?}")));
                }
            }
        }
        records
    }

    /// The byte offset in the tree's file of what lies at byte `at` of the volume.
    pub(super) fn in_file(&self, at: u64) -> u64 {
        u64::from(self.number).saturating_mul(self.bytes.len() as u64).saturating_add(at.saturating_sub(self.at))
    }

    /// The bytes that are part of no record: offset in the node, and the bytes. All of a node that is no leaf.
    pub(super) fn free_space(&self) -> (usize, &'a [u8]) {
        let count = self.count();
        let end = self.bytes.len().saturating_sub(count.saturating_add(1).saturating_mul(2));
        let start = self.offset(count).filter(|_| self.is_leaf());
        match start.and_then(|start| Some((start, self.bytes.get(start..end)?))) {
            Some(free) => free,
            None => (0, self.bytes),
        }
    }
}

/// The leaves of a tree and how they hang together.
pub(super) struct Leaves {
    /// Next and previous leaf of each.
    links: BTreeMap<u32, (u32, u32)>,
    first: u32,
    last: u32,
    /// The map of nodes in use, node 0 in the highest bit of the first byte.
    map: Vec<u8>,
    structure: &'static str,
    at: u64,
}

impl Leaves {
    /// Reads all nodes of a tree and gives `visit` all but those of the map.
    pub(super) fn sweep(tree: &BTree, volume: &Volume, mut visit: impl FnMut(&Node<'_>)) -> Self {
        let mut links = BTreeMap::new();
        let mut maps: BTreeMap<u32, (u32, Vec<u8>)> = BTreeMap::new();
        tree.for_each(volume, |node| {
            let fields = Fields::new(node.bytes, tree.structure, 0);
            let (next, previous) = (fields.u32_be(0).unwrap_or(0), fields.u32_be(4).unwrap_or(0));
            if node.bytes.get(8) == Some(&kind::MAP) {
                let bits = node.bytes.get(DESCRIPTOR..node.bytes.len().saturating_sub(6)).unwrap_or_default();
                maps.insert(node.number, (next, bits.to_vec()));
            } else if node.number > 0 {
                if node.is_leaf() {
                    links.insert(node.number, (next, previous));
                }
                visit(node);
            }
        });
        let mut map = tree.map.clone();
        let mut next = tree.map_next;
        while let Some((after, bits)) = maps.remove(&next) {
            map.extend(bits);
            next = after;
        }
        let at = tree.file.medium_offset(0);
        Self { links, first: tree.first_leaf, last: tree.last_leaf, map, structure: tree.structure, at }
    }

    /// The leaves in use.
    pub(super) fn live(&self, volume: &Volume) -> HashSet<u32> {
        let mut live = HashSet::new();
        let mut next = self.first;
        let mut last = 0;
        while let Some((after, _)) = self.links.get(&next).filter(|_| live.insert(next)) {
            (last, next) = (next, *after);
        }
        if next == 0 && last == self.last {
            return live;
        }
        let found = if next == 0 { format!("it ends at node {last}") } else { format!("it breaks off at node {next}") };
        let expected = format!("a chain of leaves from node {} to node {}", self.first, self.last);
        volume.issue(&Error::corrupt(self.structure, self.at, expected, found));
        live.extend(self.links.keys().filter(|node| self.is_used(**node)));
        live
    }

    /// True where the map has a leaf in use, and one of its neighbours knows it: a leaf that was taken out of the chain has
    /// none that does.
    fn is_used(&self, node: u32) -> bool {
        let Some(&(next, previous)) = self.links.get(&node) else { return false };
        let knows = |other: u32, side: fn(&(u32, u32)) -> u32| self.links.get(&other).map(side) == Some(node);
        let is_linked = knows(next, |links| links.1) || knows(previous, |links| links.0) || (next, previous) == (0, 0);
        is_linked && self.map.get(node as usize / 8).is_some_and(|byte| byte << (node % 8) & 0x80 != 0)
    }
}
