//! Records of the catalog: folders, files, and the threads that lead from a number to a name (TN1150, "Catalog File").

use super::fork::Fork;
use crate::{
    bytes::Fields,
    error::{Error, Result},
};

/// Numbers of the filesystem's own files and folders.
pub(super) mod id {
    pub(in super::super) const ROOT: u32 = 2;
    pub(in super::super) const EXTENTS: u32 = 3;
    pub(in super::super) const CATALOG: u32 = 4;
    pub(in super::super) const BAD_BLOCKS: u32 = 5;
    pub(in super::super) const ALLOCATION: u32 = 6;
    pub(in super::super) const STARTUP: u32 = 7;
    pub(in super::super) const ATTRIBUTES: u32 = 8;
    /// The first number of a user's file or folder.
    pub(in super::super) const FIRST: u32 = 16;
}

/// The longest name, in UTF-16 units.
const LONGEST_NAME: usize = 255;

/// Bytes of the longest record with its key.
pub(super) const LONGEST: usize = 2 + 6 + 2 * LONGEST_NAME + 248;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Folder,
    File,
    FolderThread,
    FileThread,
}

/// A record and its key.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    /// Number of the folder that holds it; for a thread, of the item it leads to.
    pub(super) parent: u32,
    /// In UTF-16BE.
    pub(super) name: &'a [u8],
    pub(super) kind: Type,
    /// Bytes of key and record.
    pub(super) length: usize,
    body: Fields<'a>,
    /// Of the record, on the medium.
    pub(super) at: u64,
}

/// What the record of a file or folder says; of a thread all of it is zero.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Item {
    pub(super) flags: u16,
    pub(super) id: u32,
    /// Created, content modified, attributes modified, accessed, backed up: seconds since 1904.
    pub(super) dates: [u32; 5],
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) admin_flags: u8,
    pub(super) owner_flags: u8,
    pub(super) mode: u16,
    /// Link reference, link count or device.
    pub(super) special: u32,
    /// Type and creator.
    pub(super) finder_codes: [u8; 8],
    pub(super) finder_flags: u16,
    pub(super) data: Fork,
    pub(super) resource: Fork,
}

impl<'a> Record<'a> {
    /// Reads the record that begins with its key at the beginning of `bytes`, which lie at byte `at` of the medium.
    pub(super) fn parse(bytes: &'a [u8], at: u64) -> Result<Self> {
        let key = Fields::new(bytes, "HFS+ catalog record", at);
        let key_length = usize::from(key.u16_be(0)?);
        let units = usize::from(key.u16_be(6)?);
        if units > LONGEST_NAME || key_length < units.saturating_mul(2).saturating_add(6) || key_length > 520 {
            return Err(key.corrupt(0, "a key that holds its name", format!("{key_length} bytes for {units} units")));
        }
        // Records begin at even offsets.
        let start = key_length.saturating_add(2).next_multiple_of(2);
        let (kind, length) = match key.u16_be(start)? {
            1 => (Type::Folder, 88usize),
            2 => (Type::File, 248),
            3 => (Type::FolderThread, 10),
            4 => (Type::FileThread, 10),
            other => return Err(key.corrupt(start, "a record of type 1 to 4", other)),
        };
        let (name, parent) = (key.bytes(8, units.saturating_mul(2))?, key.u32_be(2)?);
        let at = at.saturating_add(start as u64);
        let length = match kind {
            Type::FolderThread | Type::FileThread => {
                let name = usize::from(key.u16_be(start.saturating_add(8))?);
                length.saturating_add(name.min(LONGEST_NAME).saturating_mul(2))
            }
            _ => length,
        };
        let body = Fields::new(key.bytes(start, length)?, "HFS+ catalog record", at);
        Ok(Self { parent, name, kind, length: start.saturating_add(length), body, at })
    }

    /// The file or folder that the record describes.
    pub(super) fn item(&self) -> Result<Item, Error> {
        let body = &self.body;
        let mut item = Item { flags: body.u16_be(2)?, id: body.u32_be(8)?, ..Item::default() };
        for (date, at) in item.dates.iter_mut().zip((12..).step_by(4)) {
            *date = body.u32_be(at)?;
        }
        item.uid = body.u32_be(32)?;
        item.gid = body.u32_be(36)?;
        (item.admin_flags, item.owner_flags) = (body.u8(40)?, body.u8(41)?);
        (item.mode, item.special) = (body.u16_be(42)?, body.u32_be(44)?);
        item.finder_flags = body.u16_be(56)?;
        if self.kind == Type::File {
            item.finder_codes = body.array(48)?;
            (item.data, item.resource) = (Fork::parse(body, 88)?, Fork::parse(body, 168)?);
        }
        Ok(item)
    }

    /// Where a thread leads: number of the folder, and name.
    pub(super) fn thread(&self) -> Option<(u32, &'a [u8])> {
        let length = usize::from(self.body.u16_be(8).ok()?).checked_mul(2)?;
        Some((self.body.u32_be(4).ok()?, self.body.bytes(10, length).ok()?))
    }

    pub(super) fn is_thread(&self) -> bool {
        matches!(self.kind, Type::FolderThread | Type::FileThread)
    }
}

impl Item {
    /// The number that a hard link to a file leads to.
    pub(super) fn file_link(&self) -> Option<u32> {
        (&self.finder_codes == b"hlnkhfs+").then_some(self.special)
    }

    /// The number that a hard link to a folder leads to.
    pub(super) fn folder_link(&self) -> Option<u32> {
        (&self.finder_codes == b"fdrpMACS").then_some(self.special)
    }
}

/// A name as text: the Unix layer of macOS shows a `/` in it as `:`, which no stored name has.
pub(super) fn text(name: &[u8]) -> String {
    exact_text(name).replace('/', ":")
}

/// UTF-16BE as text.
pub(super) fn exact_text(name: &[u8]) -> String {
    let units = name.chunks_exact(2).filter_map(|unit| Some(u16::from_be_bytes(*unit.first_chunk()?)));
    char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect()
}
