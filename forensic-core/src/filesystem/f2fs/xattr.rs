//! Extended attributes: inline in the inode, and on in a node of their own.

use super::{
    Volume,
    node::{Find, Inode},
};
use crate::{
    bytes::Fields,
    error::{Error, Result},
    filesystem::{Attributes, posix},
};

const STRUCTURE: &str = "F2FS extended attributes";
const MAGIC: u32 = 0xf2f5_2011;
/// Bytes of the header, and of a node without its footer.
const HEADER: usize = 24;
const NODE: usize = 4072;

/// Adds the attributes of an inode.
///
/// # Errors
/// Where the node cannot be read, or holds none; what stands before was added.
pub(super) fn read(volume: &Volume, inode: &Inode, find: &Find<'_>, attributes: &mut Attributes) -> Result<()> {
    let mut bytes = inode.inline_attributes().to_vec();
    if inode.xattr_node != 0 {
        let (node, _) = find(inode.xattr_node)?;
        bytes.extend(node.get(..NODE).unwrap_or_default());
    }
    let at = volume.at(u64::from(inode.block).saturating_mul(super::superblock::BLOCK));
    let fields = Fields::new(&bytes, STRUCTURE, at);
    if bytes.len() < HEADER || fields.u32(0)? == 0 {
        return Ok(());
    }
    if fields.u32(0)? != MAGIC {
        return Err(fields.corrupt(0, format!("magic {MAGIC:#010x}"), format!("{:#010x}", fields.u32(0)?)));
    }
    let mut offset = HEADER;
    while bytes.get(offset..).is_some_and(|rest| rest.len() >= 4 && rest.iter().take(4).any(|byte| *byte != 0)) {
        let (index, length) = (fields.u8(offset)?, usize::from(fields.u8(offset.saturating_add(1))?));
        let size = usize::from(fields.u16(offset.saturating_add(2))?);
        let start = offset.saturating_add(4);
        let (name, value) = (fields.bytes(start, length)?, fields.bytes(start.saturating_add(length), size)?);
        let prefix = match index {
            1 => "user.",
            2 => "system.posix_acl_access",
            3 => "system.posix_acl_default",
            4 => "trusted.",
            6 => "security.",
            7 => "system.advise",
            9 => "encryption.",
            11 => "verity.",
            other => return Err(Error::corrupt(STRUCTURE, at, "a name index that is known", other)),
        };
        posix::add_xattr(attributes, &format!("{prefix}{}", posix::name(name)), value);
        offset = start.saturating_add(length).saturating_add(size).next_multiple_of(4);
    }
    Ok(())
}
