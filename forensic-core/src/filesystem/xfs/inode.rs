//! Inodes ("On-disk Inode"): the core, and the literal area behind it that holds the data and the attribute fork.

use super::{Volume, checksum};
use crate::{
    bytes::{Fields, ReadAt},
    error::{Error, Result},
    filesystem::{
        model::{Timestamp, TimestampKind, Value},
        posix::{self, Owner},
    },
};
use std::borrow::Cow;

pub(super) const STRUCTURE: &str = "inode";

/// In `di_flags`.
const REALTIME: u16 = 0x1;
/// In `di_flags2`.
mod flag2 {
    pub(super) const BIG_TIME: u64 = 0x8;
    pub(super) const LARGE_COUNTERS: u64 = 0x10;
    pub(super) const METADATA: u64 = 0x20;
}

/// Names of `di_flags`, as chattr and xfs_io print them.
const FLAGS: [(u16, &str); 12] = [
    (REALTIME, "realtime"),
    (0x2, "preallocated"),
    (0x8, "immutable"),
    (0x10, "append_only"),
    (0x20, "sync"),
    (0x40, "noatime"),
    (0x80, "nodump"),
    (0x400, "nosymlinks"),
    (0x800, "extent_size_hint"),
    (0x2000, "nodefrag"),
    (0x4000, "filestream"),
    (0x100, "realtime_inherit"),
];
/// Names of `di_flags2`.
const FLAGS2: [(u64, &str); 2] = [(0x1, "dax"), (0x2, "reflink")];

/// Seconds from the epoch of large timestamps to that of Unix.
const BIG_EPOCH: i64 = 1 << 31;

/// Fields of more than a byte, but for the times: offset and size.
const WORDS: [(usize, usize); 25] = [
    (0, 2),
    (2, 2),
    (6, 2),
    (8, 4),
    (12, 4),
    (16, 4),
    (20, 2),
    (22, 2),
    (24, 8),
    (56, 8),
    (64, 8),
    (72, 4),
    (76, 4),
    (80, 2),
    (84, 4),
    (88, 2),
    (90, 2),
    (92, 4),
    (96, 4),
    (104, 8),
    (112, 8),
    (120, 8),
    (128, 4),
    (152, 8),
    (100, 4),
];
/// The times where they are not large: seconds and nanoseconds.
const TIMES: [(usize, usize); 8] = [(32, 4), (36, 4), (40, 4), (44, 4), (48, 4), (52, 4), (144, 4), (148, 4)];

/// How a fork is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A device number.
    Device,
    /// In the inode itself.
    Local,
    /// As a list of extents in the inode.
    Extents,
    /// As a B+tree of extents with its root in the inode.
    Btree,
    /// None of these.
    Unknown(u8),
}

impl Format {
    fn of(value: u8) -> Self {
        match value {
            0 => Self::Device,
            1 => Self::Local,
            2 => Self::Extents,
            3 => Self::Btree,
            other => Self::Unknown(other),
        }
    }
}

/// One of the two forks of an inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fork<'a> {
    pub(super) format: Format,
    /// How many extents the inode says it has.
    pub(super) extents: u64,
    pub(super) bytes: &'a [u8],
    /// Byte offset of `bytes` in the volume.
    pub(super) offset: u64,
}

/// An inode as it stands on the medium, or stood in the log.
#[derive(Debug, Clone)]
pub(super) struct Inode {
    pub(super) number: u64,
    /// Byte offset in the volume.
    pub(super) offset: u64,
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) links: u64,
    pub(super) generation: u32,
    version: u8,
    pub(super) format: Format,
    attribute_format: Format,
    attribute_start: usize,
    pub(super) extents: u64,
    attribute_extents: u64,
    flags: u16,
    flags2: u64,
    bytes: Vec<u8>,
    /// Why it should not be trusted in full.
    pub(super) doubt: Option<Error>,
}

impl Inode {
    /// Reads inode `number`.
    pub(super) fn read(volume: &Volume, number: u64) -> Result<Self> {
        let superblock = &volume.superblock;
        let Some(offset) = superblock.inode_offset(number) else {
            let expected = format!("one of {} allocation groups", superblock.groups);
            return Err(Error::corrupt("inode number", volume.source.medium_offset(0), expected, number));
        };
        let bytes = volume.read(offset, u64::from(superblock.inode_size))?;
        Self::parse(volume, number, offset, bytes)
    }

    /// The inode in `bytes`, which stand at `offset` of the volume.
    pub(super) fn parse(volume: &Volume, number: u64, offset: u64, bytes: Vec<u8>) -> Result<Self> {
        let at = volume.source.medium_offset(offset);
        let fields = Fields::new(&bytes, STRUCTURE, at);
        if fields.bytes(0, 2)? != b"IN" {
            return Err(fields.corrupt(0, "the signature IN", format!("{:04x}", fields.u16_be(0)?)));
        }
        let version = fields.u8(4)?;
        let mut doubt = None;
        if version == 3 {
            doubt = checksum::check(&bytes, 100, STRUCTURE, at).err();
            if fields.u64_be(152)? != number && doubt.is_none() {
                return Err(fields.corrupt(152, format!("inode {number}"), fields.u64_be(152)?));
            }
        } else if !matches!(version, 1 | 2) {
            return Err(fields.corrupt(4, "version 1, 2 or 3", version));
        }
        Self::of_bytes(number, offset, bytes, doubt)
    }

    /// The core of an inode that was logged, in little-endian order; its forks are logged apart.
    pub(super) fn logged(volume: &Volume, number: u64, core: &[u8]) -> Result<Self> {
        let fields = Fields::new(core, "logged inode", 0);
        let is_big = fields.u8(4)? == 3 && fields.u64(120)? & flag2::BIG_TIME != 0;
        let mut bytes = core.to_vec();
        let times: &[(usize, usize)] = if is_big { &[(32, 8), (40, 8), (48, 8), (144, 8)] } else { &TIMES };
        for &(place, size) in WORDS.iter().chain(times) {
            if let Some(word) = bytes.get_mut(place..place.saturating_add(size)) {
                word.reverse();
            }
        }
        let Some(offset) = volume.superblock.inode_offset(number).filter(|_| bytes.starts_with(b"IN")) else {
            return Err(fields.corrupt(0, "an inode of the filesystem", number));
        };
        bytes.truncate(if fields.u8(4)? == 3 { 176 } else { 100 });
        let mut inode = Self::of_bytes(number, offset, bytes, None)?;
        inode.attribute_start = 0;
        Ok(inode)
    }

    /// The same with another data fork.
    pub(super) fn with_data(mut self, fork: &[u8]) -> Self {
        self.bytes.truncate(self.core_size());
        self.bytes.extend_from_slice(fork);
        self
    }

    /// The same as a file of `size` bytes in `extents` extents, where it was freed and its core was cut to nothing.
    pub(super) fn with_extents(mut self, extents: u64, size: u64) -> Self {
        (self.format, self.extents, self.size) = (Format::Extents, extents, size);
        self
    }

    fn of_bytes(number: u64, offset: u64, bytes: Vec<u8>, doubt: Option<Error>) -> Result<Self> {
        let fields = Fields::new(&bytes, STRUCTURE, 0);
        let version = fields.u8(4)?;
        let flags2 = if version == 3 { fields.u64_be(120)? } else { 0 };
        let (extents, attribute_extents) = match flags2 & flag2::LARGE_COUNTERS {
            0 => (u64::from(fields.u32_be(76)?), u64::from(fields.u16_be(80)?)),
            _ => (fields.u64_be(24)?, u64::from(fields.u32_be(76)?)),
        };
        Ok(Self {
            number,
            offset,
            mode: u32::from(fields.u16_be(2)?),
            size: fields.u64_be(56)?,
            links: if version == 1 { u64::from(fields.u16_be(6)?) } else { u64::from(fields.u32_be(16)?) },
            generation: fields.u32_be(92)?,
            version,
            format: Format::of(fields.u8(5)?),
            attribute_format: Format::of(fields.u8(83)?),
            attribute_start: usize::from(fields.u8(82)?).saturating_mul(8),
            extents,
            attribute_extents,
            flags: fields.u16_be(90)?,
            flags2,
            doubt,
            bytes,
        })
    }

    /// True where it is one of the filesystem's own.
    pub(super) fn is_metadata(&self) -> bool {
        self.flags2 & flag2::METADATA != 0
    }

    /// True where the content lies on the real-time device.
    pub(super) fn is_realtime(&self) -> bool {
        self.flags & REALTIME != 0
    }

    /// Bytes of the core, behind which the data fork begins.
    fn core_size(&self) -> usize {
        if self.version == 3 { 176 } else { 100 }
    }

    /// The data fork.
    pub(super) fn data(&self) -> Fork<'_> {
        let literal = self.bytes.get(self.core_size()..).unwrap_or_default();
        let end = if self.attribute_start == 0 { literal.len() } else { self.attribute_start.min(literal.len()) };
        self.fork(self.format, self.extents, literal.get(..end).unwrap_or_default(), 0)
    }

    /// The attribute fork, where there is one.
    pub(super) fn attributes(&self) -> Option<Fork<'_>> {
        let start = self.core_size().saturating_add(self.attribute_start);
        let bytes = self.bytes.get(start..)?;
        if self.attribute_start == 0 || bytes.is_empty() {
            return None;
        }
        Some(self.fork(self.attribute_format, self.attribute_extents, bytes, self.attribute_start))
    }

    fn fork<'a>(&self, format: Format, extents: u64, bytes: &'a [u8], start: usize) -> Fork<'a> {
        let inside = self.core_size().saturating_add(start) as u64;
        Fork { format, extents, bytes, offset: self.offset.saturating_add(inside) }
    }

    /// Owner and mode.
    pub(super) fn owner(&self) -> Result<Owner> {
        let fields = Fields::new(&self.bytes, STRUCTURE, 0);
        Ok(Owner { mode: self.mode, uid: fields.u32_be(8)?, gid: fields.u32_be(12)?, links: self.links })
    }

    /// Its times: access, modification, change, and in version 3 creation.
    pub(super) fn timestamps(&self) -> Result<Vec<Timestamp>> {
        let fields = Fields::new(&self.bytes, STRUCTURE, 0);
        let places = [
            (TimestampKind::Accessed, 32usize),
            (TimestampKind::Modified, 40),
            (TimestampKind::Changed, 48),
            (TimestampKind::Created, 144),
        ];
        let count = if self.version == 3 { places.len() } else { 3 };
        let time = |&(kind, place): &(TimestampKind, usize)| {
            let value = match self.flags2 & flag2::BIG_TIME {
                0 => (i64::from(fields.u32_be(place)?.cast_signed()), fields.u32_be(place.saturating_add(4))?),
                _ => {
                    let value = fields.u64_be(place)?;
                    let seconds = i64::try_from(value / 1_000_000_000).unwrap_or(i64::MAX);
                    (seconds.saturating_sub(BIG_EPOCH), u32::try_from(value % 1_000_000_000).unwrap_or(0))
                }
            };
            Ok(posix::timestamp(kind, STRUCTURE, value, 1))
        };
        places.iter().take(count).map(time).collect()
    }

    /// What else it says: flags, project, generation, a device's number.
    pub(super) fn further(&self) -> Result<Vec<(Cow<'static, str>, Value)>> {
        let fields = Fields::new(&self.bytes, STRUCTURE, 0);
        let mut all: Vec<(Cow<'static, str>, Value)> = Vec::new();
        all.extend(
            FLAGS.iter().filter(|(bit, _)| self.flags & bit != 0).map(|(_, name)| ((*name).into(), true.into())),
        );
        all.extend(
            FLAGS2.iter().filter(|(bit, _)| self.flags2 & bit != 0).map(|(_, name)| ((*name).into(), true.into())),
        );
        let project =
            if self.version == 1 { 0 } else { u32::from(fields.u16_be(22)?) << 16 | u32::from(fields.u16_be(20)?) };
        if project != 0 {
            all.push(("project_id".into(), Value::Int(i64::from(project))));
        }
        all.push(("generation".into(), Value::Int(i64::from(self.generation))));
        if self.format == Format::Device {
            // As IRIX packed it: 14 bits of major number above 18 of minor number.
            let device = Fields::new(self.data().bytes, STRUCTURE, 0).u32_be(0)?;
            all.push(("device_major".into(), Value::Int(i64::from(device >> 18))));
            all.push(("device_minor".into(), Value::Int(i64::from(device & 0x3_ffff))));
        }
        Ok(all)
    }
}
