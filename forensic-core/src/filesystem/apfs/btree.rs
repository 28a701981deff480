//! B-trees: nodes, and walks over all leaves of a tree (Apple File System Reference, "B-Trees").

use super::{
    Container,
    object::{Header, checksum, is_whole, kind},
};
use crate::{
    bytes::Fields,
    error::{Error, Result},
};
use std::collections::HashSet;

const STRUCTURE: &str = "APFS B-tree node";

/// Levels of a tree; no volume has room for more.
const DEEPEST: u16 = 24;

/// Bytes of a node's head, and of the information behind the values of a root.
const HEAD: usize = 56;
const INFO: usize = 40;

/// Flags of a node.
mod flag {
    pub(super) const ROOT: u16 = 1;
    pub(super) const LEAF: u16 = 2;
    pub(super) const FIXED: u16 = 4;
}

/// A node and its block.
pub(super) struct Node {
    pub(super) header: Header,
    flags: u16,
    level: u16,
    block: Vec<u8>,
    /// Block address, and byte offset on the medium.
    pub(super) address: u64,
    at: u64,
}

/// A key with its value; both as they stand.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
    /// Byte offset of the value in the node.
    pub(super) value_offset: usize,
}

impl Node {
    /// Reads the node in `block`.
    pub(super) fn parse(block: Vec<u8>, address: u64, at: u64) -> Result<Self> {
        let fields = Fields::new(&block, STRUCTURE, at);
        let header = Header::parse(&fields)?;
        if !matches!(header.kind, kind::TREE | kind::NODE) {
            return Err(fields.corrupt(24, "an object of type 2 or 3", format!("{:#x}", header.kind)));
        }
        Ok(Self { header, flags: fields.u16(32)?, level: fields.u16(34)?, at, address, block })
    }

    pub(super) fn is_leaf(&self) -> bool {
        self.flags & flag::LEAF != 0
    }

    /// Why the node is not whole.
    pub(super) fn damage(&self) -> Option<Error> {
        let computed = (!is_whole(&self.block)).then(|| checksum(&self.block))?;
        let stored = Fields::new(&self.block, STRUCTURE, self.at).u64(0).unwrap_or(0);
        Some(Error::corrupt(STRUCTURE, self.at, format!("checksum {computed:016x}"), format!("{stored:016x}")))
    }

    /// The keys and values, those of a tree with keys and values of fixed sizes by `sizes`.
    pub(super) fn pairs(&self, sizes: (usize, usize)) -> Vec<Result<Pair<'_>>> {
        let fields = Fields::new(&self.block, STRUCTURE, self.at);
        let Ok((count, start, length)) = (|| {
            let count = usize::try_from(fields.u32(36)?).unwrap_or(usize::MAX);
            Ok::<_, Error>((count, usize::from(fields.u16(40)?), usize::from(fields.u16(42)?)))
        })() else {
            return Vec::new();
        };
        let table = HEAD.saturating_add(start);
        let keys = table.saturating_add(length);
        let values = match self.flags & flag::ROOT {
            0 => self.block.len(),
            _ => self.block.len().saturating_sub(INFO),
        };
        let is_fixed = self.flags & flag::FIXED != 0;
        let (step, room) = match is_fixed {
            true => (4, self.block.len() / 4),
            false => (8, self.block.len() / 8),
        };
        let value_size = if self.is_leaf() { sizes.1 } else { 8 };
        let pair = |place: usize| {
            let number = |offset: usize| fields.u16(place.saturating_add(offset)).map(usize::from);
            let (key, key_length, value, value_length) = match is_fixed {
                true => (number(0)?, sizes.0, number(2)?, value_size),
                false => (number(0)?, number(2)?, number(4)?, number(6)?),
            };
            let key = fields.bytes(keys.saturating_add(key), key_length)?;
            // A key without a value says so by an offset that no value has.
            if value == 0xffff {
                return Ok(Pair { key, value: &[], value_offset: 0 });
            }
            let offset = values.checked_sub(value).unwrap_or(usize::MAX);
            Ok(Pair { key, value: fields.bytes(offset, value_length)?, value_offset: offset })
        };
        (table..).step_by(step).take(count.min(room)).map(pair).collect()
    }

    fn child(pair: &Pair<'_>) -> Option<u64> {
        pair.value.first_chunk().map(|oid| u64::from_le_bytes(*oid))
    }
}

/// How a tree is read.
pub(super) struct Tree<'a> {
    pub(super) container: &'a Container,
    /// Bytes of keys and values, where these are fixed.
    pub(super) sizes: (usize, usize),
    /// The block address of a node by its object identifier.
    pub(super) resolve: &'a dyn Fn(u64) -> Option<u64>,
    /// True where only what is whole counts: the tree is not in use, and its blocks may belong to others since.
    pub(super) strict: bool,
}

impl Tree<'_> {
    /// Gives all leaves below the node `root` to `visit`, in order of their keys; what is damaged goes to `issue`, and is
    /// used as far as it makes sense. Blocks in `seen` are passed over, and those read are added.
    pub(super) fn leaves(
        &self,
        root: u64,
        seen: &mut HashSet<u64>,
        issue: &mut dyn FnMut(Error),
        visit: &mut dyn FnMut(&Node),
    ) {
        let mut waiting = vec![(root, DEEPEST)];
        while let Some((oid, level)) = waiting.pop() {
            let Some(address) = (self.resolve)(oid) else {
                issue(Error::corrupt(STRUCTURE, 0, format!("node {oid} in the object map"), "none"));
                continue;
            };
            if !seen.insert(address) {
                continue;
            }
            let at = self.container.medium_of(address);
            let node = match self.container.block(address).and_then(|block| Node::parse(block, address, at)) {
                Ok(node) => node,
                Err(error) => {
                    issue(error);
                    continue;
                }
            };
            if let Some(damage) = node.damage() {
                issue(damage);
                if self.strict {
                    continue;
                }
            }
            if node.level >= level {
                issue(Error::corrupt(STRUCTURE, at.saturating_add(34), format!("a level below {level}"), node.level));
                continue;
            }
            if node.is_leaf() {
                visit(&node);
                continue;
            }
            let mut children = Vec::new();
            for pair in node.pairs(self.sizes) {
                match pair {
                    Ok(pair) => children.extend(Node::child(&pair)),
                    Err(error) => issue(error),
                }
            }
            waiting.extend(children.into_iter().rev().map(|oid| (oid, node.level)));
        }
    }
}
