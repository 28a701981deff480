//! Extended attributes, in the inode, in a block of their own and in inodes of their own
//! ([extended attributes](https://www.kernel.org/doc/html/latest/filesystems/ext4/attributes.html)).

use crate::{bytes::Fields, error::Result};

const STRUCTURE: &str = "extended attributes";
const MAGIC: u32 = 0xea02_0000;
/// The index of the prefix "system.".
const SYSTEM: u8 = 7;

/// Where the value of an attribute is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored<'a> {
    /// Here, at this byte offset of the inode or block.
    Here(&'a [u8], usize),
    /// In the content of this inode, of so many bytes.
    Inode(u32, u32),
}

/// One attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute<'a> {
    index: u8,
    suffix: &'a [u8],
    pub(super) value: Stored<'a>,
}

impl Attribute<'_> {
    /// The full name.
    pub(super) fn name(&self) -> String {
        let prefix = match self.index {
            1 => "user.",
            2 => "system.posix_acl_access",
            3 => "system.posix_acl_default",
            4 => "trusted.",
            5 => "lustre.",
            6 => "security.",
            SYSTEM => "system.",
            8 => "system.richacl",
            9 => "encryption.",
            _ => "",
        };
        format!("{prefix}{}", String::from_utf8_lossy(self.suffix))
    }

    /// True for the rest of inline data.
    pub(super) fn is_inline_data(&self) -> bool {
        self.index == SYSTEM && self.suffix == b"data"
    }
}

/// The attributes behind the fields of an inode, `extra` bytes of which are in use behind the first 128.
///
/// # Errors
/// Where their list breaks.
pub(super) fn in_inode(inode: &[u8], extra: u16, at: u64) -> Result<Vec<Attribute<'_>>> {
    let start = super::inode::BASE.saturating_add(usize::from(extra));
    let fields = Fields::new(inode, STRUCTURE, at);
    match extra {
        0 => Ok(Vec::new()),
        _ if fields.u32(start).ok() != Some(MAGIC) => Ok(Vec::new()),
        _ => list(inode, start.saturating_add(4), start.saturating_add(4), at),
    }
}

/// The attributes of a block.
///
/// # Errors
/// Where it is no such block, or the list breaks.
pub(super) fn in_block(block: &[u8], at: u64) -> Result<Vec<Attribute<'_>>> {
    let fields = Fields::new(block, STRUCTURE, at);
    if fields.u32(0)? != MAGIC {
        return Err(fields.corrupt(0, "ea020000", format!("{:08x}", fields.u32(0)?)));
    }
    list(block, 32, 0, at)
}

/// The list that begins at `start`; values are counted from `base`.
fn list(bytes: &[u8], start: usize, base: usize, at: u64) -> Result<Vec<Attribute<'_>>> {
    let fields = Fields::new(bytes, STRUCTURE, at);
    let mut attributes = Vec::new();
    let mut entry = start;
    // A list ends with four zeros, or with its space.
    while fields.u32(entry).is_ok_and(|word| word != 0) {
        let (length, index) = (usize::from(fields.u8(entry)?), fields.u8(entry.saturating_add(1))?);
        let offset = usize::from(fields.u16(entry.saturating_add(2))?);
        let (inode, size) = (fields.u32(entry.saturating_add(4))?, fields.u32(entry.saturating_add(8))?);
        let suffix = fields.bytes(entry.saturating_add(16), length)?;
        let value = match inode {
            0 => {
                let offset = base.saturating_add(offset);
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                Stored::Here(if size == 0 { &[] } else { fields.bytes(offset, size)? }, offset)
            }
            inode => Stored::Inode(inode, size),
        };
        attributes.push(Attribute { index, suffix, value });
        entry = entry.saturating_add(16).saturating_add(length).next_multiple_of(4);
    }
    Ok(attributes)
}
