//! Directory records (ECMA-119, 9.1).

use crate::{bytes::Fields, error::Result};

/// Bytes of a record before its identifier.
const HEADER: usize = 33;

/// File flags (9.1.6).
pub(super) mod flag {
    pub(in super::super) const HIDDEN: u8 = 0x01;
    pub(in super::super) const DIRECTORY: u8 = 0x02;
    pub(in super::super) const ASSOCIATED: u8 = 0x04;
    pub(in super::super) const RECORD: u8 = 0x08;
    pub(in super::super) const PROTECTION: u8 = 0x10;
    pub(in super::super) const MULTI_EXTENT: u8 = 0x80;
}

/// A directory record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    /// Bytes of the record.
    pub(super) length: usize,
    /// Blocks of the extended attribute record, before the content.
    pub(super) attribute_blocks: u8,
    /// Logical block at which the extent begins.
    pub(super) block: u32,
    /// Bytes of content in the extent.
    pub(super) size: u32,
    pub(super) date: [u8; 7],
    pub(super) flags: u8,
    /// Blocks of a file unit and of the gap behind it; 0 where the file is not interleaved.
    pub(super) unit: u8,
    pub(super) gap: u8,
    pub(super) identifier: &'a [u8],
    pub(super) system_use: &'a [u8],
    /// True where a number differs in its two byte orders.
    pub(super) contradicts: bool,
}

impl<'a> Record<'a> {
    /// The record at the start of `bytes`, which stand at byte `at` of the medium.
    pub(super) fn parse(bytes: &'a [u8], at: u64) -> Result<Self> {
        let fields = Fields::new(bytes, "directory record", at);
        let length = usize::from(fields.u8(0)?);
        let record = Fields::new(fields.bytes(0, length)?, "directory record", at);
        let name_length = usize::from(record.u8(32)?);
        if name_length == 0 {
            return Err(record.corrupt(32, "an identifier", "none"));
        }
        let identifier = record.bytes(HEADER, name_length)?;
        // The system use area begins at an even offset.
        let behind = HEADER.saturating_add(name_length);
        let behind = behind.saturating_add(behind % 2).min(length);
        let (block, size) = (record.u32(2)?, record.u32(10)?);
        Ok(Self {
            length,
            attribute_blocks: record.u8(1)?,
            block,
            size,
            date: record.array(18)?,
            flags: record.u8(25)?,
            unit: record.u8(26)?,
            gap: record.u8(27)?,
            identifier,
            system_use: record.bytes(behind, length.saturating_sub(behind))?,
            contradicts: block != record.u32_be(6)? || size != record.u32_be(14)?,
        })
    }

    /// True for the record of the directory itself.
    pub(super) fn is_self(&self) -> bool {
        self.identifier == [0]
    }

    pub(super) fn is_parent(&self) -> bool {
        self.identifier == [1]
    }
}
