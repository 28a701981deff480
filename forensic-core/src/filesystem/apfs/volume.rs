//! Volumes of a container: the volume superblock (Apple File System Reference, "Volumes").

use super::{Container, object::kind, omap::ObjectMap, superblock::uuid};
use crate::{
    bytes::Fields,
    error::{Error, Result},
};

const STRUCTURE: &str = "APFS volume superblock";

/// Storage type bits of an object type: those of a physical object.
const PHYSICAL: u32 = 0x4000_0000;

/// A volume of the container, as of a transaction.
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) uuid: String,
    pub(super) xid: u64,
    pub(super) map: ObjectMap,
    pub(super) root_tree: u64,
    root_tree_is_physical: bool,
    pub(super) snapshots: u64,
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
    /// Reads the volume whose superblock is at a block address; `strict` as in [`Tree`](super::btree::Tree).
    pub(super) fn read(
        container: &Container,
        address: u64,
        strict: bool,
        issue: &mut dyn FnMut(Error),
    ) -> Result<Self> {
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
            map: ObjectMap::read(container, fields.u64(128)?, strict, issue)?,
            root_tree: fields.u64(136)?,
            root_tree_is_physical: fields.u32(116)? & PHYSICAL != 0,
            snapshots: fields.u64(216)?,
            extent_tree,
            extent_tree_is_physical: fields.u32(1040)? & PHYSICAL != 0,
            has_hashed_names: incompatible & 0x9 != 0,
            is_unencrypted: flags & 1 != 0,
            has_one_key: flags & 8 != 0,
            role: fields.u16(964)?,
            at,
        })
    }

    /// Where a node of the file tree is.
    pub(super) fn node(&self, oid: u64, xid: u64) -> Option<u64> {
        if self.root_tree_is_physical { Some(oid) } else { self.map.find(oid, xid) }
    }

    /// Why nothing of the volume can be read.
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
