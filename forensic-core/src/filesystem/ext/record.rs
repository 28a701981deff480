//! One inode with the bytes it was read from: in its table, or an older copy of it in the journal.

use super::{
    Volume,
    inode::{self, Inode},
    xattr::{self, Attribute, Stored},
};
use crate::{
    bytes::{Part, ReadAt},
    error::{Error, Issue, Result},
    filesystem::{Attributes, posix},
};

/// An inode and its bytes.
pub(super) struct Record {
    pub(super) number: u32,
    pub(super) inode: Inode,
    bytes: Part,
    /// Byte offset in the volume.
    pub(super) offset: u64,
    /// Byte offset on the medium.
    pub(super) at: u64,
}

impl Record {
    /// Reads inode `number` from its table.
    ///
    /// # Errors
    /// Where there is no such inode, or it cannot be read.
    #[inline]
    pub(super) fn read(volume: &Volume, number: u32) -> Result<Self> {
        let offset = volume.inode_offset(number).ok_or_else(|| {
            let expected = format!("an inode from 1 to {}", volume.superblock.inodes);
            Error::corrupt("inode table", volume.source.medium_offset(0), expected, number)
        })?;
        Self::read_at(volume, number, offset)
    }

    /// Reads an inode, or a copy of it, at a byte offset of the volume.
    ///
    /// # Errors
    /// Where it cannot be read.
    #[inline]
    pub(super) fn read_at(volume: &Volume, number: u32, offset: u64) -> Result<Self> {
        let bytes = volume.metadata.part(offset, u64::from(volume.superblock.inode_size))?;
        let at = volume.metadata.medium_offset(offset);
        Ok(Self { number, inode: Inode::parse(&bytes, at)?, bytes, offset, at })
    }

    /// The extended attributes in the inode.
    ///
    /// # Errors
    /// Where their list breaks.
    pub(super) fn own_attributes(&self) -> Result<Vec<Attribute<'_>>> {
        xattr::in_inode(&self.bytes, self.inode.extra_size, self.at)
    }

    /// The checksum's error, if it is wrong.
    pub(super) fn check(&self, volume: &Volume) -> Option<Error> {
        inode::check(&volume.superblock, self.number, &self.bytes, self.at).err()
    }

    /// Adds all extended attributes.
    pub(super) fn add_attributes(&self, volume: &Volume, attributes: &mut Attributes, issues: &mut Vec<Issue>) {
        match self.own_attributes() {
            Ok(list) => list.iter().for_each(|attribute| add(volume, attribute, attributes, issues)),
            Err(error) => issues.push(Issue::from(&error)),
        }
        if self.inode.attribute_block == 0 {
            return;
        }
        let found = volume.block(self.inode.attribute_block).and_then(|block| {
            let at = volume.at_block(self.inode.attribute_block);
            xattr::in_block(&block, at)?.iter().for_each(|attribute| add(volume, attribute, attributes, issues));
            Ok(())
        });
        if let Err(error) = found {
            issues.push(Issue::from(&error));
        }
    }
}

fn add(volume: &Volume, attribute: &Attribute<'_>, attributes: &mut Attributes, issues: &mut Vec<Issue>) {
    if attribute.is_inline_data() {
        return;
    }
    match attribute.value {
        Stored::Here(value, _) => posix::add_xattr(attributes, &attribute.name(), value),
        Stored::Inode(number, size) => match volume.value(number, size) {
            Ok(value) => posix::add_xattr(attributes, &attribute.name(), &value),
            Err(error) => issues.push(Issue::from(&error)),
        },
    }
}
