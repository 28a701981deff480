//! Inodes ("Squashfs Binary Format", 5).

use super::metadata::{Metadata, Place};
use crate::{
    bytes::Fields,
    error::{Error, Result},
};

const STRUCTURE: &str = "squashfs inode";
/// Bytes of what all inodes begin with.
const HEADER: usize = 16;
/// The number of a fragment or of a set of extended attributes that is not there.
const NONE: u32 = u32::MAX;

/// What an inode is, and where its content lies.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// Where the listing begins, and its bytes.
    Directory {
        listing: Place,
        length: u32,
    },
    File(Content),
    Symlink(Box<[u8]>),
    /// A device, with its number.
    Device(u32),
    /// A pipe or a socket.
    Ipc,
}

/// The blocks of a file and its tail in a fragment.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) size: u64,
    pub(super) start: u64,
    /// The sizes of the blocks as stored.
    pub(super) blocks: Box<[u32]>,
    /// Number of the fragment, and the offset of the tail in it.
    pub(super) fragment: Option<(u32, u32)>,
}

/// An inode.
#[derive(Debug, Clone)]
pub(super) struct Inode {
    pub(super) number: u32,
    /// With the bits of its type.
    pub(super) mode: u32,
    /// Places in the table of ids.
    pub(super) uid: u16,
    pub(super) gid: u16,
    pub(super) modified: u32,
    pub(super) links: u32,
    pub(super) xattr: Option<u32>,
    pub(super) body: Body,
}

impl Inode {
    /// Reads the inode at a place; gives where it ends too. `lists` are the bytes of block lists that may still be read.
    pub(super) fn read(
        metadata: &Metadata,
        place: Place,
        block_size: u32,
        directory_table: u64,
        lists: &mut u64,
    ) -> Result<(Self, Place)> {
        let at = metadata.medium_offset(place);
        let mut cursor = metadata.at(place);
        let header = cursor.read(HEADER)?;
        let header = Fields::new(&header, STRUCTURE, at);
        let kind = header.u16(0)?;
        // Bytes of the body before what varies in length.
        let length = match kind {
            6 | 7 => 4usize,
            3 | 4 | 5 | 10 | 13 | 14 => 8,
            11 | 12 => 12,
            1 | 2 => 16,
            8 => 24,
            9 => 40,
            _ => return Err(header.corrupt(0, "an inode type of 1 to 14", kind)),
        };
        let body = cursor.read(length)?;
        let fields = Fields::new(&body, STRUCTURE, at);
        let listing =
            |block: u32, offset: u16| Place { block: directory_table.saturating_add(u64::from(block)), offset };
        let some = |number: u32| (number != NONE).then_some(number);
        let (mut links, mut xattr) = (1, None);
        let body = match kind {
            1 => {
                links = fields.u32(4)?;
                let (place, length) = (listing(fields.u32(0)?, fields.u16(10)?), u32::from(fields.u16(8)?));
                Body::Directory { listing: place, length }
            }
            8 => {
                (links, xattr) = (fields.u32(0)?, some(fields.u32(20)?));
                let place = listing(fields.u32(8)?, fields.u16(18)?);
                Body::Directory { listing: place, length: fields.u32(4)? }
            }
            2 | 9 => {
                let (start, size, fragment, offset) = match kind {
                    2 => (u64::from(fields.u32(0)?), u64::from(fields.u32(12)?), fields.u32(4)?, fields.u32(8)?),
                    _ => (fields.u64(0)?, fields.u64(8)?, fields.u32(28)?, fields.u32(32)?),
                };
                if kind == 9 {
                    (links, xattr) = (fields.u32(24)?, some(fields.u32(36)?));
                }
                let fragment = some(fragment).map(|fragment| (fragment, offset));
                let block_size = u64::from(block_size);
                let whole = size.checked_div(block_size).unwrap_or(0);
                let part = u64::from(fragment.is_none() && !size.is_multiple_of(block_size));
                let bytes = whole.saturating_add(part).saturating_mul(4);
                let Some(left) = lists.checked_sub(bytes) else {
                    let (offset, limit) = (at, *lists);
                    return Err(Error::Limit {
                        structure: STRUCTURE,
                        offset,
                        found: bytes,
                        limit,
                        unit: "bytes of block lists",
                    });
                };
                // Bounded by what is left of a limit, so it fits usize; read in steps, so that a short table ends it.
                let list = cursor.read(bytes as usize)?;
                *lists = left;
                let (words, _) = list.as_chunks::<4>();
                let blocks = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
                Body::File(Content { size, start, blocks, fragment })
            }
            3 | 10 => {
                links = fields.u32(0)?;
                let length = fields.u32(4)?;
                if length > 65_536 {
                    return Err(fields.corrupt(4, "a target of at most 65,536 bytes", length));
                }
                let target = cursor.read(length as usize)?.into();
                if kind == 10 {
                    xattr = some(Fields::new(&cursor.read(4)?, STRUCTURE, at).u32(0)?);
                }
                Body::Symlink(target)
            }
            4 | 5 | 11 | 12 => {
                links = fields.u32(0)?;
                if kind > 10 {
                    xattr = some(fields.u32(8)?);
                }
                Body::Device(fields.u32(4)?)
            }
            _ => {
                links = fields.u32(0)?;
                if kind > 10 {
                    xattr = some(fields.u32(4)?);
                }
                Body::Ipc
            }
        };
        let inode = Self {
            number: header.u32(12)?,
            mode: u32::from(header.u16(2)? & 0o7777) | type_bits(kind),
            uid: header.u16(4)?,
            gid: header.u16(6)?,
            modified: header.u32(8)?,
            links,
            xattr,
            body,
        };
        Ok((inode, cursor.place()))
    }
}

/// The type of an inode as the bits of a mode.
fn type_bits(kind: u16) -> u32 {
    match kind {
        1 | 8 => 0o040_000,
        2 | 9 => 0o100_000,
        3 | 10 => 0o120_000,
        4 | 11 => 0o060_000,
        5 | 12 => 0o020_000,
        6 | 13 => 0o010_000,
        _ => 0o140_000,
    }
}
