//! The volume header, its copy in the last sector but one, and the HFS wrapper around some volumes (TN1150, "Volume
//! Header" and "HFS Wrapper").

use super::fork::Fork;
use crate::{
    bytes::{Fields, ReadAt, Slice, Source},
    error::{Error, Result},
};
use std::sync::Arc;

const STRUCTURE: &str = "HFS+ volume header";

/// Byte offset of the volume header, and of its copy from the end of the volume.
const AT: u64 = 1024;

/// Bytes of the volume header.
const LENGTH: u64 = 512;

/// Bits of the volume's attributes.
pub(super) mod attribute {
    pub(in super::super) const UNMOUNTED: u32 = 1 << 8;
    pub(in super::super) const INCONSISTENT: u32 = 1 << 11;
    pub(in super::super) const JOURNALED: u32 = 1 << 13;
}

/// What the volume header says.
pub(super) struct Header {
    pub(super) attributes: u32,
    pub(super) journal_info_block: u32,
    pub(super) block_size: u32,
    pub(super) total_blocks: u32,
    pub(super) next_id: u32,
    /// The identifier that the Finder's information holds in its last eight bytes.
    pub(super) serial: u64,
    pub(super) allocation: Fork,
    pub(super) extents: Fork,
    pub(super) catalog: Fork,
    pub(super) attributes_file: Fork,
    pub(super) startup: Fork,
}

impl Header {
    /// The header of `volume`; where it is damaged its copy, with what is wrong with the first one.
    pub(super) fn read(volume: &Source) -> Result<(Self, Option<Error>)> {
        let error = match Self::at(volume, AT) {
            Ok(header) => return Ok((header, None)),
            Err(error) => error,
        };
        match volume.len().checked_sub(AT).map(|at| Self::at(volume, at)) {
            Some(Ok(header)) => Ok((header, Some(error))),
            _ => Err(error),
        }
    }

    fn at(volume: &Source, at: u64) -> Result<Self> {
        let bytes = volume.read_vec(at, LENGTH)?;
        let fields = Fields::new(&bytes, STRUCTURE, volume.medium_offset(at));
        let signature = fields.bytes(0, 4)?;
        if !matches!(signature, b"H+\0\x04" | b"HX\0\x05") {
            return Err(fields.corrupt(0, "H+ of version 4 or HX of version 5", format!("{signature:02x?}")));
        }
        let block_size = fields.u32_be(40)?;
        if !block_size.is_power_of_two() || block_size < 512 {
            return Err(fields.corrupt(40, "a block size that is a power of two from 512 on", block_size));
        }
        let header = Self {
            attributes: fields.u32_be(4)?,
            journal_info_block: fields.u32_be(12)?,
            block_size,
            total_blocks: fields.u32_be(44)?,
            next_id: fields.u32_be(64)?,
            serial: fields.u64_be(104)?,
            allocation: Fork::parse(&fields, 112)?,
            extents: Fork::parse(&fields, 192)?,
            catalog: Fork::parse(&fields, 272)?,
            attributes_file: Fork::parse(&fields, 352)?,
            startup: Fork::parse(&fields, 432)?,
        };
        // Without its catalog a volume has no file.
        let [(start, count), ..] = header.catalog.runs;
        if count == 0 || u64::from(start).saturating_add(count.into()) > header.total_blocks.into() {
            let expected = format!("a catalog in blocks below {}", header.total_blocks);
            return Err(fields.corrupt(288, expected, format!("{count} blocks from {start} on")));
        }
        Ok(header)
    }

    /// Bytes of the volume.
    pub(super) fn size(&self) -> u64 {
        self.bytes_of(self.total_blocks)
    }

    pub(super) fn bytes_of(&self, blocks: u32) -> u64 {
        u64::from(blocks).saturating_mul(self.block_size.into())
    }

    pub(super) fn is_journaled(&self) -> bool {
        self.attributes & attribute::JOURNALED != 0
    }
}

/// True where the copy of a volume header is at the end of `volume`.
pub(in super::super) fn has_copy(volume: &Source) -> bool {
    volume.len().checked_sub(AT).is_some_and(|at| Header::at(volume, at).is_ok())
}

/// The HFS+ volume inside an HFS volume (Inside Macintosh: Files, "Master Directory Block"; TN1150).
pub(in super::super) fn embedded(volume: &Source) -> Option<Source> {
    let bytes = volume.read_vec(AT, LENGTH).ok()?;
    let fields = Fields::new(&bytes, "HFS master directory block", volume.medium_offset(AT));
    if fields.bytes(0, 2).ok()? != b"BD" || fields.bytes(124, 2).ok()? != b"H+" {
        return None;
    }
    let (block_size, first_sector) = (u64::from(fields.u32_be(20).ok()?), u64::from(fields.u16_be(28).ok()?));
    let (start, count) = (u64::from(fields.u16_be(126).ok()?), u64::from(fields.u16_be(128).ok()?));
    let offset = first_sector.checked_mul(512)?.checked_add(start.checked_mul(block_size)?)?;
    let length = count.checked_mul(block_size)?.min(volume.len().checked_sub(offset)?);
    Some(Arc::new(Slice::new(volume.clone(), offset, length).ok()?))
}
