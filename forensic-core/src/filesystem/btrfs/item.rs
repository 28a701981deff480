//! The items of a filesystem tree: inodes, names, references, roots of subvolumes (`btrfs_inode_item`, `btrfs_dir_item`,
//! `btrfs_inode_ref`, `btrfs_root_item`, `btrfs_root_ref`).

use super::{node::Key, superblock::Root};
use crate::{
    bytes::Fields,
    error::Result,
    filesystem::{
        model::{Kind, Timestamp, TimestampKind, Value},
        posix::{self, Owner},
    },
};
use std::borrow::Cow;

/// Kinds of items.
pub(super) mod kind {
    pub(in super::super) const INODE: u8 = 1;
    pub(in super::super) const INODE_REF: u8 = 12;
    pub(in super::super) const INODE_EXTREF: u8 = 13;
    pub(in super::super) const XATTR: u8 = 24;
    pub(in super::super) const DIR_ITEM: u8 = 84;
    pub(in super::super) const DIR_INDEX: u8 = 96;
    pub(in super::super) const EXTENT_DATA: u8 = 108;
    pub(in super::super) const EXTENT_CSUM: u8 = 128;
    pub(in super::super) const ROOT: u8 = 132;
    pub(in super::super) const ROOT_BACKREF: u8 = 144;
    pub(in super::super) const EXTENT: u8 = 168;
    pub(in super::super) const METADATA: u8 = 169;
    pub(in super::super) const CHUNK: u8 = 228;
}

/// Trees with numbers of their own.
pub(super) mod tree {
    pub(in super::super) const EXTENTS: u64 = 2;
    pub(in super::super) const CHUNKS: u64 = 3;
    pub(in super::super) const TOP: u64 = 5;
    pub(in super::super) const CHECKSUMS: u64 = 7;
    /// The inode of the empty directory that a snapshot shows in the place of a subvolume of its original.
    pub(in super::super) const EMPTY_DIRECTORY: u64 = 2;
    /// Trees of subvolumes, and inodes of files, are numbered from here on.
    pub(in super::super) const FIRST_FREE: u64 = 256;
    /// The object of all checksums: -10.
    pub(in super::super) const CHECKSUM_OBJECT: u64 = u64::MAX - 9;
}

/// Whether a tree of this number is that of a subvolume.
pub(super) fn is_subvolume(id: u64) -> bool {
    (tree::FIRST_FREE..=u64::MAX.wrapping_sub(255)).contains(&id)
}

/// Names of the flags of an inode.
const FLAGS: [(u64, &str); 12] = [
    (0x1, "no_data_checksum"),
    (0x2, "no_copy_on_write"),
    (0x4, "read_only"),
    (0x8, "no_compression"),
    (0x10, "preallocated"),
    (0x20, "sync"),
    (0x40, "immutable"),
    (0x80, "append_only"),
    (0x100, "nodump"),
    (0x200, "noatime"),
    (0x400, "dirsync"),
    (0x800, "compress"),
];

/// What a file is, by its inode item.
pub(super) struct Inode {
    pub(super) size: u64,
    /// Bytes that its extents hold, holes not counted.
    pub(super) stored: u64,
    pub(super) transaction: u64,
    pub(super) owner: Owner,
    pub(super) timestamps: Vec<Timestamp>,
    flags: u64,
    device: u64,
}

impl Inode {
    pub(super) fn parse(fields: &Fields<'_>) -> Result<Self> {
        let times = [
            (TimestampKind::Accessed, 112usize),
            (TimestampKind::Changed, 124),
            (TimestampKind::Modified, 136),
            (TimestampKind::Created, 148),
        ];
        let time = |(kind, place): (TimestampKind, usize)| {
            let value = (fields.u64(place)?.cast_signed(), fields.u32(place.saturating_add(8))?);
            Ok(posix::timestamp(kind, "inode", value, 1))
        };
        Ok(Self {
            transaction: fields.u64(8)?,
            size: fields.u64(16)?,
            stored: fields.u64(24)?,
            owner: Owner {
                mode: fields.u32(52)?,
                uid: fields.u32(44)?,
                gid: fields.u32(48)?,
                links: u64::from(fields.u32(40)?),
            },
            timestamps: times.into_iter().map(time).collect::<Result<_>>()?,
            flags: fields.u64(64)?,
            device: fields.u64(56)?,
        })
    }

    /// What else it says.
    pub(super) fn further(&self, kind: Kind) -> Vec<(Cow<'static, str>, Value)> {
        let flags = FLAGS.iter().filter(|(bit, _)| self.flags & bit != 0);
        let mut all: Vec<(Cow<'static, str>, Value)> = flags.map(|(_, name)| ((*name).into(), true.into())).collect();
        all.push(("transaction".into(), number(self.transaction)));
        if kind == Kind::Other && self.device != 0 {
            all.push(("device_major".into(), number(self.device >> 20)));
            all.push(("device_minor".into(), number(self.device & 0xf_ffff)));
        }
        all
    }
}

/// As an attribute.
pub(super) fn number(value: u64) -> Value {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// A name in a directory, or an extended attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    /// The inode, or the root of a subvolume.
    pub(super) target: Key,
    pub(super) file_type: u8,
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
}

/// Calls `visit` with each name of a directory item; several stand in one where their hashes are the same.
pub(super) fn for_each_name<'a>(fields: &Fields<'a>, length: usize, mut visit: impl FnMut(Named<'a>)) -> Result<()> {
    let mut place = 0usize;
    while place < length {
        let value_length = usize::from(fields.u16(place.saturating_add(25))?);
        let name_length = usize::from(fields.u16(place.saturating_add(27))?);
        let name_at = place.saturating_add(30);
        let value_at = name_at.saturating_add(name_length);
        visit(Named {
            target: Key::parse(fields, place)?,
            file_type: fields.u8(place.saturating_add(29))?,
            name: fields.bytes(name_at, name_length)?,
            value: fields.bytes(value_at, value_length)?,
        });
        place = value_at.saturating_add(value_length);
    }
    Ok(())
}

/// Calls `visit` with each directory and name that an inode's reference gives.
pub(super) fn for_each_reference<'a>(
    key: &Key,
    fields: &Fields<'a>,
    length: usize,
    mut visit: impl FnMut(u64, &'a [u8]),
) -> Result<()> {
    let mut place = 0usize;
    while place < length {
        let (directory, head) = match key.kind {
            kind::INODE_EXTREF => (fields.u64(place)?, place.saturating_add(8)),
            _ => (key.offset, place),
        };
        let name_length = usize::from(fields.u16(head.saturating_add(8))?);
        let name_at = head.saturating_add(10);
        visit(directory, fields.bytes(name_at, name_length)?);
        place = name_at.saturating_add(name_length);
    }
    Ok(())
}

/// The root that a root item tells.
pub(super) fn root(fields: &Fields<'_>) -> Result<Root> {
    Ok(Root { address: fields.u64(176)?, level: fields.u8(238)?, generation: fields.u64(160)? })
}

/// Directory and name of a subvolume.
pub(super) fn root_reference<'a>(fields: &Fields<'a>) -> Result<(u64, &'a [u8])> {
    Ok((fields.u64(0)?, fields.bytes(18, usize::from(fields.u16(16)?))?))
}
