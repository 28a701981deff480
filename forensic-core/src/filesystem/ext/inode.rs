//! Inodes ([inode table](https://www.kernel.org/doc/html/latest/filesystems/ext4/inodes.html)).

use super::{checksum::crc32c, superblock::Superblock};
use crate::{
    bytes::Fields,
    error::{Error, Result},
    filesystem::{
        Attributes,
        model::{Timestamp, TimestampKind, Value},
        posix,
    },
};

const STRUCTURE: &str = "inode";
/// Bytes that every inode has; what is behind them came with ext4.
pub(super) const BASE: usize = 128;

/// Flags of an inode that change how it is read.
pub(super) mod flag {
    pub(crate) const ENCRYPTED: u32 = 0x800;
    pub(crate) const HUGE_FILE: u32 = 0x4_0000;
    pub(crate) const EXTENTS: u32 = 0x8_0000;
    pub(crate) const EA_INODE: u32 = 0x20_0000;
    pub(crate) const INLINE_DATA: u32 = 0x1000_0000;
}

/// Flags by the names that `chattr` and the documentation use.
const FLAGS: &[(u32, &str)] = &[
    (0x1, "secure_deletion"),
    (0x2, "undeletable"),
    (0x4, "compressed"),
    (0x8, "synchronous"),
    (0x10, "immutable"),
    (0x20, "append_only"),
    (0x40, "no_dump"),
    (0x80, "no_atime"),
    (flag::ENCRYPTED, "encrypted"),
    (0x1000, "indexed_directory"),
    (0x4000, "journaled_data"),
    (0x8000, "no_tail_merge"),
    (0x1_0000, "synchronous_directory"),
    (0x2_0000, "top_directory"),
    (flag::HUGE_FILE, "huge_file"),
    (flag::EXTENTS, "extents"),
    (0x10_0000, "verity"),
    (flag::EA_INODE, "ea_inode"),
    (0x200_0000, "dax"),
    (flag::INLINE_DATA, "inline_data"),
    (0x2000_0000, "project_inherit"),
    (0x4000_0000, "casefold"),
];

/// A time: seconds and nanoseconds.
pub(super) type Instant = (i64, u32);

/// The fields of an inode.
#[derive(Debug, Clone)]
pub(super) struct Inode {
    pub(super) mode: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) links: u16,
    pub(super) size: u64,
    pub(super) flags: u32,
    /// `i_block`: the root of the extent tree, the block map, the target of a short link or the beginning of inline data.
    pub(super) block: [u8; 60],
    pub(super) generation: u32,
    /// The block of extended attributes; 0 for none.
    pub(super) attribute_block: u64,
    pub(super) accessed: Instant,
    pub(super) changed: Instant,
    pub(super) modified: Instant,
    pub(super) created: Option<Instant>,
    /// When it was deleted; on the list of orphans the next one of them.
    pub(super) deleted: u32,
    /// Bytes in use behind the first 128.
    pub(super) extra_size: u16,
    pub(super) project: Option<u32>,
}

impl Inode {
    /// Parses an inode; `at` is its place on the medium.
    ///
    /// # Errors
    /// Where there are fewer than 128 bytes.
    #[inline]
    pub(super) fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let all = Fields::new(bytes, STRUCTURE, at);
        // One check of the length for all fields that every inode has.
        let fields = Fields::new(all.bytes(0, BASE)?, STRUCTURE, at);
        let mode = fields.u16(0)?;
        let flags = fields.u32(0x20)?;
        let extra_size = if bytes.len() >= BASE + 4 { all.u16(0x80)? } else { 0 };
        let end = BASE.saturating_add(usize::from(extra_size)).min(bytes.len());
        let used = bytes.get(..end).unwrap_or_default();
        let time = |seconds: usize, more: usize| -> Result<Instant> {
            Ok(instant(fields.u32(seconds)?, extra(used, more).unwrap_or(0)))
        };
        let size_high = u64::from(fields.u32(0x6c)?) << 32;
        let wide_size = matches!(mode & 0xf000, 0x8000 | 0x4000 | 0xa000);
        Ok(Self {
            mode,
            uid: u32::from(fields.u16(2)?) | u32::from(fields.u16(0x78)?) << 16,
            gid: u32::from(fields.u16(0x18)?) | u32::from(fields.u16(0x7a)?) << 16,
            links: fields.u16(0x1a)?,
            size: u64::from(fields.u32(4)?) | if wide_size { size_high } else { 0 },
            flags,
            block: fields.array(0x28)?,
            generation: fields.u32(0x64)?,
            attribute_block: u64::from(fields.u32(0x68)?) | u64::from(fields.u16(0x76)?) << 32,
            accessed: time(8, 0x8c)?,
            changed: time(0xc, 0x84)?,
            modified: time(0x10, 0x88)?,
            created: extra(used, 0x90).map(|seconds| instant(seconds, extra(used, 0x94).unwrap_or(0))),
            deleted: fields.u32(0x14)?,
            extra_size,
            project: extra(used, 0x9c),
        })
    }

    /// The file type bits of the mode.
    pub(super) fn file_type(&self) -> u16 {
        self.mode & 0xf000
    }

    pub(super) fn is_directory(&self) -> bool {
        self.file_type() == 0x4000
    }

    pub(super) fn is_symlink(&self) -> bool {
        self.file_type() == 0xa000
    }

    pub(super) fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// True for files, directories and links: those that have content.
    pub(super) fn has_content(&self) -> bool {
        matches!(self.file_type(), 0x8000 | 0x4000 | 0xa000)
    }

    /// True where deletion took size and place of the content.
    pub(super) fn is_emptied(&self) -> bool {
        let root: &[u8] = match self.has(flag::EXTENTS) {
            // An empty extent tree still has its header; what was behind it does not count.
            true => self.block.get(2..4).unwrap_or_default(),
            false => &self.block,
        };
        self.size == 0 && root.iter().all(|byte| *byte == 0)
    }

    /// True where a symbolic link's target stands in the inode.
    pub(super) fn is_fast_symlink(&self) -> bool {
        self.is_symlink() && self.size < 60 && !self.has(flag::EXTENTS) && !self.has(flag::INLINE_DATA)
    }

    /// Major and minor number of a device.
    pub(super) fn device(&self) -> Option<(u32, u32)> {
        if !matches!(self.file_type(), 0x2000 | 0x6000) {
            return None;
        }
        let word = |at: usize| {
            let bytes = self.block.get(at..at.saturating_add(4))?;
            bytes.try_into().ok().map(u32::from_le_bytes)
        };
        let (old, new) = (word(0)?, word(4)?);
        Some(match old {
            0 => (new >> 8 & 0xfff, new & 0xff | new >> 12 & 0xfff00),
            old => (old >> 8 & 0xff, old & 0xff),
        })
    }

    /// The four times, the preferred first.
    pub(super) fn timestamps(&self) -> Vec<Timestamp> {
        let resolution = if self.extra_size >= 4 { 1 } else { 1_000_000_000 };
        let mut times = Vec::with_capacity(4);
        let mut add = |kind, time| times.push(posix::timestamp(kind, "inode", time, resolution));
        self.created.into_iter().for_each(|time| add(TimestampKind::Created, time));
        add(TimestampKind::Modified, self.modified);
        add(TimestampKind::Accessed, self.accessed);
        add(TimestampKind::Changed, self.changed);
        times
    }

    /// Adds what the inode says beyond owner and times.
    pub(super) fn describe(&self, attributes: &mut Attributes) {
        for (bit, name) in FLAGS {
            if self.has(*bit) {
                attributes.insert((*name).into(), Value::Bool(true));
            }
        }
        attributes.insert("generation".into(), Value::Int(i64::from(self.generation)));
        if let Some((major, minor)) = self.device() {
            attributes.insert("device_major".into(), Value::Int(i64::from(major)));
            attributes.insert("device_minor".into(), Value::Int(i64::from(minor)));
        }
        if let Some(project) = self.project.filter(|project| *project != 0) {
            attributes.insert("project".into(), Value::Int(i64::from(project)));
        }
    }
}

/// A field behind the first 128 bytes, where an inode has it.
#[inline(always)]
fn extra(used: &[u8], offset: usize) -> Option<u32> {
    used.get(offset..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

/// 34-bit seconds and 30-bit nanoseconds.
fn instant(seconds: u32, extra: u32) -> Instant {
    let epoch = i64::from(extra & 3) << 32;
    (i64::from(seconds.cast_signed()).saturating_add(epoch), (extra >> 2).min(999_999_999))
}

/// Where the checksums of what belongs to an inode begin.
pub(super) fn seed(superblock: &Superblock, number: u32, generation: u32) -> u32 {
    let whose = u64::from(number) | u64::from(generation) << 32;
    crc32c(superblock.checksum_seed, &whose.to_le_bytes())
}

/// Checks the checksum of an inode, where inodes have one.
///
/// # Errors
/// Where it is wrong.
pub(super) fn check(superblock: &Superblock, number: u32, bytes: &[u8], at: u64) -> Result<(), Error> {
    if !superblock.has_checksums() {
        return Ok(());
    }
    let fields = Fields::new(bytes, STRUCTURE, at);
    let wide = bytes.len() >= BASE + 4 && fields.u16(0x80)? >= 4;
    // Number and generation, then the inode with zeros for its checksum: in one piece as far as there are holes, as each
    // piece costs more than its bytes.
    let mut head = [0; 8 + BASE + 8];
    let (start, rest) = bytes.split_at(bytes.len().min(BASE + 8));
    let end = start.len().saturating_add(8);
    let whose = u64::from(number) | u64::from(fields.u32(0x64)?) << 32;
    if let Some((first, inode)) = head.get_mut(..end).and_then(<[u8]>::split_first_chunk_mut) {
        *first = whose.to_le_bytes();
        inode.copy_from_slice(start);
    }
    for hole in [Some(0x84..0x86), wide.then_some(0x8a..0x8c)].into_iter().flatten() {
        head.get_mut(hole).unwrap_or_default().fill(0);
    }
    let sum = crc32c(crc32c(superblock.checksum_seed, head.get(..end).unwrap_or_default()), rest);
    let stored = u32::from(fields.u16(0x7c)?) | if wide { u32::from(fields.u16(0x82)?) << 16 } else { 0 };
    let found = if wide { sum } else { sum & 0xffff };
    match stored == found {
        true => Ok(()),
        false => Err(fields.corrupt(0x7c, format!("checksum {found:08x} of inode {number}"), format!("{stored:08x}"))),
    }
}
