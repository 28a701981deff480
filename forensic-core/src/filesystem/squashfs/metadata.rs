//! Metadata blocks: inodes, directories and tables, packed in pieces of 8 KiB ("Squashfs Binary Format", 2.2 and 2.3).

use super::compression::Compression;
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Result},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

const STRUCTURE: &str = "metadata block";
/// Bytes of a block once unpacked.
pub(super) const BLOCK: usize = 8192;
/// The bit of a block's header that says that it is stored as it is.
const AS_IS: u16 = 0x8000;
/// Blocks kept in memory.
const KEPT: usize = 1024;

/// A block in memory, and where the next one begins.
#[derive(Clone)]
struct Block {
    bytes: Arc<Vec<u8>>,
    next: u64,
}

/// Reads metadata blocks. What is unpacked in all is bounded by the size of the volume.
pub(super) struct Metadata {
    source: Source,
    compression: Compression,
    /// Bytes that may still be unpacked.
    budget: AtomicU64,
    kept: Mutex<(HashMap<u64, Block>, VecDeque<u64>)>,
}

/// A place in metadata: a block by its byte offset in the volume, and an offset in it once unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) block: u64,
    pub(super) offset: u16,
}

impl Place {
    /// A reference as stored: offset of the block in the table that begins at `table`, and 16 bits of offset in it.
    pub(super) fn of_reference(reference: u64, table: u64) -> Self {
        Self { block: table.saturating_add(reference >> 16), offset: (reference & 0xffff) as u16 }
    }
}

impl Metadata {
    pub(super) fn new(source: Source, compression: Compression) -> Self {
        let budget = source.len().saturating_mul(32).saturating_add(256 << 20);
        Self { source, compression, budget: AtomicU64::new(budget), kept: Mutex::default() }
    }

    fn block(&self, at: u64) -> Result<Block> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).0.get(&at).cloned();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let place = self.source.medium_offset(at);
        let left =
            self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(BLOCK as u64));
        if left.is_err() {
            let limit = self.source.len();
            let found = limit.saturating_mul(32);
            return Err(Error::Limit { structure: STRUCTURE, offset: place, found, limit, unit: "bytes of metadata" });
        }
        let header = Fields::new(&self.source.read_vec(at, 2)?, STRUCTURE, place).u16(0)?;
        let length = match u64::from(header & !AS_IS) {
            0 => u64::from(AS_IS),
            length => length,
        };
        if length > BLOCK as u64 {
            return Err(Error::corrupt(STRUCTURE, place, format!("a length of at most {BLOCK}"), length));
        }
        let stored = self.source.read_vec(at.saturating_add(2), length)?;
        let bytes = match header & AS_IS {
            0 => self.compression.unpack(&stored, BLOCK).map_err(|found| {
                Error::corrupt(STRUCTURE, place, format!("a packed block of at most {BLOCK} bytes"), found)
            })?,
            _ => stored,
        };
        let block = Block { bytes: Arc::new(bytes), next: at.saturating_add(2).saturating_add(length) };
        let (kept, order) = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.insert(at, block.clone()).is_none() {
            order.push_back(at);
        }
        if order.len() > KEPT
            && let Some(oldest) = order.pop_front()
        {
            kept.remove(&oldest);
        }
        Ok(block)
    }

    /// Bytes of the block at byte `at` once unpacked, and where the next one begins.
    pub(super) fn extent(&self, at: u64) -> Result<(usize, u64)> {
        let block = self.block(at)?;
        Ok((Vec::len(&block.bytes), block.next))
    }

    /// True where a place is the end of a table: of a block that is not full.
    pub(super) fn is_end(&self, place: Place) -> bool {
        let length = self.extent(place.block).map_or(0, |(length, _)| length);
        length < BLOCK && usize::from(place.offset) >= length
    }

    /// Bytes of the volume as they are stored.
    pub(super) fn stored(&self, at: u64, length: u64) -> Result<Vec<u8>> {
        self.source.read_vec(at, length)
    }

    /// A cursor at a place.
    pub(super) fn at(&self, place: Place) -> Cursor<'_> {
        Cursor { metadata: self, block: place.block, offset: usize::from(place.offset) }
    }

    /// Byte offset on the medium of the block that holds a place.
    pub(super) fn medium_offset(&self, place: Place) -> u64 {
        self.source.medium_offset(place.block)
    }

    /// Entry `number` of a table of entries of `size` bytes, whose blocks a list of offsets at byte `list` leads to.
    pub(super) fn entry(&self, list: u64, number: u32, size: usize) -> Result<Vec<u8>> {
        let per_block = BLOCK.checked_div(size).unwrap_or(1) as u64;
        let (block, inside) = (
            u64::from(number).checked_div(per_block).unwrap_or(0),
            u64::from(number).checked_rem(per_block).unwrap_or(0),
        );
        let pointer = self.source.read_vec(list.saturating_add(block.saturating_mul(8)), 8)?;
        let block = Fields::new(&pointer, STRUCTURE, self.source.medium_offset(list)).u64(0)?;
        // An entry of a block lies below 8 KiB.
        let offset = inside.saturating_mul(size as u64) as u16;
        self.at(Place { block, offset }).read(size)
    }
}

/// Reads on from a place, from block to block.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    metadata: &'a Metadata,
    block: u64,
    offset: usize,
}

impl Cursor<'_> {
    /// The next `length` bytes; the caller bounds `length`.
    pub(super) fn read(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(length.min(BLOCK));
        while bytes.len() < length {
            let block = self.metadata.block(self.block)?;
            let rest = block.bytes.get(self.offset..).ok_or_else(|| {
                let found = format!("offset {} of {} bytes", self.offset, Vec::len(&block.bytes));
                let at = self.metadata.source.medium_offset(self.block);
                Error::corrupt(STRUCTURE, at, "a place in the block", found)
            })?;
            let wanted = length.saturating_sub(bytes.len());
            let part = rest.get(..wanted.min(rest.len())).unwrap_or_default();
            bytes.extend_from_slice(part);
            self.offset = self.offset.saturating_add(part.len());
            if self.offset >= Vec::len(&block.bytes) && bytes.len() < length {
                // Only the last block of a table is short; behind it is another table.
                if Vec::len(&block.bytes) < BLOCK {
                    let at = self.metadata.source.medium_offset(self.block);
                    return Err(Error::corrupt(STRUCTURE, at, format!("{wanted} bytes more"), "the end of the table"));
                }
                (self.block, self.offset) = (block.next, 0);
            }
        }
        Ok(bytes)
    }

    /// Where it stands: at the start of a block rather than at the end of the one before.
    pub(super) fn place(&self) -> Place {
        if let Ok(block) = self.metadata.block(self.block)
            && self.offset >= BLOCK
        {
            return Place { block: block.next, offset: 0 };
        }
        Place { block: self.block, offset: u16::try_from(self.offset).unwrap_or(u16::MAX) }
    }
}
