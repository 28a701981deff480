//! Volumes of a container: the volume superblock (Apple File System Reference, "Volumes").

use super::{Container, btree::Tree, object::kind, omap::ObjectMap, superblock::uuid};
use crate::{
    bytes::Fields,
    error::{Error, Result},
};
use std::collections::HashSet;

const STRUCTURE: &str = "APFS volume superblock";

/// Storage type bits of an object type: those of a physical object.
const PHYSICAL: u32 = 0x4000_0000;

/// The type of a snapshot's record.
const SNAPSHOT: u64 = 1;

/// A volume of the container, as of a transaction.
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) uuid: String,
    pub(super) xid: u64,
    /// Empty until it is loaded.
    pub(super) map: ObjectMap,
    /// Block address of the object map.
    pub(super) object_map: u64,
    pub(super) root_tree: u64,
    root_tree_is_physical: bool,
    pub(super) snapshots: u64,
    /// Block address of the tree of snapshots.
    snapshot_tree: u64,
    /// Of a sealed volume: object identifier of the tree that holds the extents of its files.
    pub(super) extent_tree: Option<u64>,
    pub(super) extent_tree_is_physical: bool,
    /// True where the names in keys have a hash before them.
    pub(super) has_hashed_names: bool,
    is_unencrypted: bool,
    has_one_key: bool,
    pub(super) role: u16,
    /// Byte offset on the medium.
    pub(super) at: u64,
}

impl Volume {
    /// Reads the volume whose superblock is at a block address, but for its object map.
    pub(super) fn read(container: &Container, address: u64) -> Result<Self> {
        let block = container.object(address, kind::VOLUME, STRUCTURE)?;
        let at = container.medium_of(address);
        let fields = Fields::new(&block, STRUCTURE, at);
        let magic = fields.bytes(32, 4)?;
        if magic != b"APSB" {
            return Err(fields.corrupt(32, "the magic APSB", format!("{magic:02x?}")));
        }
        let (incompatible, flags) = (fields.u64(56)?, fields.u64(264)?);
        let name = fields.bytes(704, 256)?.split(|byte| *byte == 0).next().unwrap_or_default();
        let is_sealed = incompatible & 0x20 != 0;
        let extent_tree = is_sealed.then(|| fields.u64(1032)).transpose()?.filter(|oid| *oid != 0);
        Ok(Self {
            name: String::from_utf8_lossy(name).into_owned(),
            uuid: uuid(fields.bytes(240, 16)?),
            xid: fields.u64(16)?,
            map: ObjectMap::default(),
            object_map: fields.u64(128)?,
            root_tree: fields.u64(136)?,
            root_tree_is_physical: fields.u32(116)? & PHYSICAL != 0,
            snapshots: fields.u64(216)?,
            snapshot_tree: fields.u64(152)?,
            extent_tree,
            extent_tree_is_physical: fields.u32(1040)? & PHYSICAL != 0,
            has_hashed_names: incompatible & 0x9 != 0,
            is_unencrypted: flags & 1 != 0,
            has_one_key: flags & 8 != 0,
            role: fields.u16(964)?,
            at,
        })
    }

    /// Loads the object map.
    pub(super) fn load(&mut self, container: &Container, issue: &mut dyn FnMut(Error)) {
        match ObjectMap::read(container, self.object_map, false, issue) {
            Ok(map) => self.map = map,
            Err(error) => issue(error),
        }
    }

    /// True where the root of the file tree is known to be somewhere on the medium.
    pub(super) fn has_root(&self, container: &Container) -> bool {
        self.node(self.root_tree, self.xid).is_some_and(|address| address < container.held_blocks())
    }

    /// Takes the place of nodes from the nodes themselves, as they were last; for a volume whose object map does not know
    /// its root.
    pub(super) fn use_nodes(&mut self, container: &Container, nodes: &[(u64, u64, u64)], issue: &mut dyn FnMut(Error)) {
        let map = ObjectMap::of_nodes(nodes);
        let xid = self.xid.max(container.superblock.xid);
        if map.find(self.root_tree, xid).is_some() {
            (self.map, self.xid) = (map, xid);
            let expected = format!("the root of volume {:?} in its object map", self.name);
            let found = "none: the nodes of its tree are taken that were written last";
            issue(Error::corrupt(STRUCTURE, self.at, expected, found));
        }
    }

    /// Where a node of the file tree is.
    pub(super) fn node(&self, oid: u64, xid: u64) -> Option<u64> {
        if self.root_tree_is_physical { Some(oid) } else { self.map.find(oid, xid) }
    }

    /// Transactions and names of the snapshots (Apple File System Reference, "Snapshots").
    pub(super) fn snapshots(&self, container: &Container, issue: &mut dyn FnMut(Error)) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        if self.snapshots == 0 || self.snapshot_tree == 0 {
            return found;
        }
        let tree = Tree { container, sizes: (16, 16), resolve: &Some, strict: false };
        tree.leaves(self.snapshot_tree, &mut HashSet::new(), issue, &mut |node| {
            for pair in node.pairs((16, 16)).into_iter().flatten() {
                let (key, value) = (Fields::new(pair.key, STRUCTURE, 0), Fields::new(pair.value, STRUCTURE, 0));
                let snapshot = (|| {
                    let head = key.u64(0).ok().filter(|head| head >> 60 == SNAPSHOT)?;
                    let name = value.bytes(50, usize::from(value.u16(48).ok()?)).ok()?;
                    Some((head & ((1 << 60) - 1), String::from_utf8_lossy(name).trim_end_matches('\0').to_owned()))
                })();
                found.extend(snapshot);
            }
        });
        found
    }

    /// True where nothing says that the volume is encrypted.
    pub(super) fn is_plain(&self) -> bool {
        self.is_unencrypted
    }

    /// Why nothing of the volume can be read; the object map must be loaded.
    pub(super) fn encryption(&self, container: &Container) -> Option<Error> {
        if self.is_unencrypted || !self.map.is_encrypted(self.root_tree, self.xid) {
            return None;
        }
        // An image of a volume that was decrypted on the way still says that it is encrypted.
        let address = self.node(self.root_tree, self.xid)?;
        let readable = container.object(address, kind::TREE, "APFS B-tree node").is_ok();
        (!readable).then(|| Error::unsupported(format!("the encryption (FileVault) of volume {:?}", self.name)))
    }

    /// Why the content of files cannot be read, where the names can.
    pub(super) fn content_encryption(&self) -> Option<Error> {
        let per_file = !self.is_unencrypted && !self.has_one_key;
        per_file.then(|| Error::unsupported("encryption with a key for each file"))
    }
}
