//! Objects: blocks with a header and a Fletcher checksum (Apple File System Reference, "Objects").

use super::Container;
use crate::{
    bytes::{Fields, ReadAt},
    error::Result,
};

/// Types of objects, without the flags in the upper half.
pub(super) mod kind {
    pub(in super::super) const TREE: u16 = 0x02;
    pub(in super::super) const NODE: u16 = 0x03;
    pub(in super::super) const OMAP: u16 = 0x0b;
    pub(in super::super) const CHECKPOINT_MAP: u16 = 0x0c;
    pub(in super::super) const VOLUME: u16 = 0x0d;
    pub(in super::super) const FILE_TREE: u16 = 0x0e;
}

/// What the header of an object says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) oid: u64,
    pub(super) xid: u64,
    pub(super) kind: u16,
    pub(super) subtype: u16,
}

impl Header {
    pub(super) fn parse(fields: &Fields<'_>) -> Result<Self> {
        // The type is the lower half of a little-endian number.
        Ok(Self { oid: fields.u64(8)?, xid: fields.u64(16)?, kind: fields.u16(24)?, subtype: fields.u16(28)? })
    }
}

/// The checksum of an object, over all of it but the checksum itself: Fletcher's with 64 bits, modulo 2³² − 1.
pub(super) fn checksum(object: &[u8]) -> u64 {
    const MODULUS: u64 = 0xffff_ffff;
    let (mut first, mut second) = (0u64, 0u64);
    // 1024 words cannot overflow the sums: 2³² × 1024² / 2 is less than 2⁶⁴.
    for words in object.get(8..).unwrap_or_default().chunks(4096) {
        for word in words.chunks_exact(4) {
            first = first.wrapping_add(word.first_chunk().map_or(0, |word| u32::from_le_bytes(*word)).into());
            second = second.wrapping_add(first);
        }
        (first, second) = (first % MODULUS, second % MODULUS);
    }
    let low = MODULUS.wrapping_sub(first.wrapping_add(second) % MODULUS);
    let high = MODULUS.wrapping_sub(first.wrapping_add(low) % MODULUS);
    high << 32 | low
}

/// True where the checksum at the beginning of an object is its own.
pub(super) fn is_whole(object: &[u8]) -> bool {
    object.first_chunk().is_some_and(|stored| u64::from_le_bytes(*stored) == checksum(object))
}

impl Container {
    /// The block at this block address.
    pub(super) fn block(&self, address: u64) -> Result<Vec<u8>> {
        self.source.read_vec(self.byte_of(address), self.block_size.into())
    }

    /// Byte offset of a block address in the container.
    pub(super) fn byte_of(&self, address: u64) -> u64 {
        address.saturating_mul(self.block_size.into())
    }

    /// Byte offset of a block address on the medium.
    pub(super) fn medium_of(&self, address: u64) -> u64 {
        self.source.medium_offset(self.byte_of(address))
    }

    /// True for a block that says it is an object of a kind, whole or not.
    pub(super) fn is_of_kind(&self, block: &[u8], kind: u16) -> bool {
        Header::parse(&Fields::new(block, "APFS object", 0)).is_ok_and(|header| header.kind == kind)
    }

    /// The object at this block address, which must be of a kind and whole.
    pub(super) fn object(&self, address: u64, kind: u16, structure: &'static str) -> Result<Vec<u8>> {
        let block = self.block(address)?;
        let fields = Fields::new(&block, structure, self.medium_of(address));
        let header = Header::parse(&fields)?;
        if header.kind != kind {
            return Err(fields.corrupt(24, format!("an object of type {kind:#x}"), format!("{:#x}", header.kind)));
        }
        if !is_whole(&block) {
            let found = format!("{:016x}", fields.u64(0)?);
            return Err(fields.corrupt(0, format!("checksum {:016x}", checksum(&block)), found));
        }
        Ok(block)
    }
}
