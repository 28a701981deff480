//! Inodes, names and extents as their records hold them (Apple File System Reference, "File-System Objects" and
//! "Extended Fields").

use super::records::{Record, Records};
use crate::{
    bytes::Fields,
    error::{Error, Result},
};

/// Numbers of the directories that each volume has.
pub(super) const ROOT: u64 = 2;
pub(super) const PRIVATE: u64 = 3;

/// Types of extended fields of an inode.
mod field {
    pub(super) const NAME: u8 = 4;
    pub(super) const STREAM: u8 = 8;
    pub(super) const FINDER: u8 = 7;
}

/// An inode.
#[derive(Debug, Clone, Default)]
pub(super) struct Inode {
    pub(super) id: u64,
    pub(super) parent: u64,
    /// The number that its extents have.
    pub(super) private_id: u64,
    /// Created, modified, changed, accessed: nanoseconds since 1970.
    pub(super) times: [u64; 4],
    internal_flags: u64,
    pub(super) links: u32,
    pub(super) bsd_flags: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mode: u16,
    /// Its name, where the inode holds it.
    pub(super) name: Vec<u8>,
    /// Bytes of its content.
    pub(super) size: Option<u64>,
    /// Type and creator, as the Finder knows them.
    pub(super) finder: Vec<u8>,
}

impl Inode {
    pub(super) fn parse(records: &Records, record: &Record, at: u64) -> Result<Self> {
        let fields = Fields::new(records.value(record), "APFS inode", at);
        let mut inode = Self {
            id: record.id,
            parent: fields.u64(0)?,
            private_id: fields.u64(8)?,
            times: [fields.u64(16)?, fields.u64(24)?, fields.u64(32)?, fields.u64(40)?],
            internal_flags: fields.u64(48)?,
            links: fields.u32(56)?,
            bsd_flags: fields.u32(68)?,
            uid: fields.u32(72)?,
            gid: fields.u32(76)?,
            mode: fields.u16(80)?,
            ..Self::default()
        };
        // Those without extended fields end here.
        let Ok(count) = fields.u16(92) else { return Ok(inode) };
        let mut data = 96usize.saturating_add(usize::from(count).saturating_mul(4));
        for place in (96..).step_by(4).take(count.into()) {
            let (kind, length) = (fields.u8(place)?, usize::from(fields.u16(place.saturating_add(2))?));
            match kind {
                field::NAME => inode.name = text(fields.bytes(data, length)?).to_vec(),
                field::STREAM => inode.size = Some(fields.u64(data)?),
                field::FINDER => inode.finder = fields.bytes(data, length)?.to_vec(),
                _ => {}
            }
            data = data.saturating_add(length.next_multiple_of(8));
        }
        Ok(inode)
    }

    pub(super) fn is_directory(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }

    pub(super) fn is_sparse(&self) -> bool {
        self.internal_flags & 0x200 != 0
    }

    pub(super) fn is_clone(&self) -> bool {
        self.internal_flags & 0x10 != 0
    }
}

/// A name in a directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) parent: u64,
    /// UTF-8.
    pub(super) name: &'a [u8],
    pub(super) file: u64,
    /// When it came to its directory: nanoseconds since 1970.
    pub(super) added: u64,
    pub(super) is_directory: bool,
}

impl<'a> Name<'a> {
    pub(super) fn parse(records: &'a Records, record: &Record, hashed: bool, at: u64) -> Result<Self> {
        let key = Fields::new(records.key(record), "APFS directory record", at);
        let value = Fields::new(records.value(record), "APFS directory record", at);
        let (length, start) = match hashed {
            true => (usize::try_from(key.u32(8)? & 0x3ff).unwrap_or(0), 12),
            false => (usize::from(key.u16(8)?), 10),
        };
        let name = text(key.bytes(start, length)?);
        if name.is_empty() {
            return Err(key.corrupt(8, "a name", "none"));
        }
        let is_directory = value.u16(16)? & 15 == 4;
        Ok(Self { parent: record.id, name, file: value.u64(0)?, added: value.u64(8)?, is_directory })
    }
}

/// A run of a file: byte offset in it, bytes, block address (0 for a hole).
pub(super) fn extent(records: &Records, record: &Record, at: u64) -> Result<(u64, u64, u64)> {
    let key = Fields::new(records.key(record), "APFS file extent", at);
    let value = Fields::new(records.value(record), "APFS file extent", at);
    Ok((key.u64(8)?, value.u64(0)? & ((1 << 56) - 1), value.u64(8)?))
}

/// An extended attribute: its name, and its value or the stream that holds it.
pub(super) enum Value<'a> {
    /// The value, and where it begins in the record's value.
    Embedded(&'a [u8], usize),
    /// Number of the stream, and bytes.
    Stream(u64, u64),
}

pub(super) fn xattr<'a>(records: &'a Records, record: &Record, at: u64) -> Result<(&'a [u8], Value<'a>), Error> {
    let key = Fields::new(records.key(record), "APFS extended attribute", at);
    let value = Fields::new(records.value(record), "APFS extended attribute", at);
    let name = text(key.bytes(10, usize::from(key.u16(8)?))?);
    let value = match value.u16(0)? & 3 {
        1 => Value::Stream(value.u64(4)?, value.u64(12)?),
        _ => Value::Embedded(value.bytes(4, usize::from(value.u16(2)?))?, 4),
    };
    Ok((name, value))
}

/// What comes before the first NUL.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}
