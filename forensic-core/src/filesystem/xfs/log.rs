//! The log as it stands, replayed or not: all records that are whole, oldest first, taken apart into transactions and the
//! regions they logged ("Journaling Log").

use super::Volume;
use crate::{
    bytes::{Fields, ReadAt, read_around},
    error::{Issue, Result},
};
use std::collections::HashMap;

const STRUCTURE: &str = "log record";
const MAGIC: [u8; 4] = [0xfe, 0xed, 0xba, 0xbe];
/// The log is made of blocks of this size, whatever the filesystem's is.
const BLOCK: u64 = 512;
/// Blocks of data that one header holds the first words of.
const WORDS: usize = 64;
/// Bytes of a record's data for each of which there is a header.
const SPAN: u64 = 32 << 10;
/// Bytes of a record are never more.
const MAX_RECORD: u64 = 1 << 20;
/// Bytes read at once while looking for records.
const SWEEP: u64 = 1 << 20;
/// Bytes of the header that its checksum covers.
const SUMMED: usize = 328;
/// Logged by Linux in little-endian order.
const LITTLE_ENDIAN: u32 = 1;

mod flag {
    pub(super) const START: u8 = 0x1;
    pub(super) const COMMIT: u8 = 0x2;
    pub(super) const CONTINUED: u8 = 0x8;
    pub(super) const UNMOUNT: u8 = 0x20;
}

/// Where a record is, by its header.
#[derive(Debug, Clone, Copy)]
struct Record {
    /// Cycle and block: the order of the log.
    lsn: u64,
    /// Block of the log.
    block: u64,
    previous: u32,
    length: u64,
    headers: u64,
    operations: u32,
}

/// What a reading of the log found out about it.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Coverage {
    /// From this position on the log is without gaps.
    pub(super) from: u64,
    /// True where nothing waits to be replayed.
    pub(super) is_clean: bool,
}

/// Calls `visit` with each committed transaction: the position of its last record, and its regions.
pub(super) fn for_each_transaction(volume: &Volume, mut visit: impl FnMut(u64, &[Vec<u8>])) -> Coverage {
    let mut coverage = Coverage { from: u64::MAX, is_clean: true };
    let superblock = &volume.superblock;
    let Some((start, blocks)) =
        superblock.log.and_then(|(start, blocks)| Some((superblock.block_offset(start)?, blocks)))
    else {
        return coverage;
    };
    let size = u64::from(blocks).saturating_mul(u64::from(superblock.block_size));
    let log = Log { volume, start, size: size.min(volume.source.len().saturating_sub(start)) };
    let mut records = log.find();
    records.sort_by_key(|record| (record.lsn, record.block));
    let mut open: HashMap<u32, Vec<Vec<u8>>> = HashMap::new();
    let mut last = None;
    for record in &records {
        let follows = last.is_some_and(|last: &Record| last.block == u64::from(record.previous));
        if !follows {
            coverage.from = record.lsn;
            open.clear();
        }
        match log.data(record) {
            Ok(data) => {
                coverage.is_clean =
                    take_apart(&data, record.operations, &mut open, |regions| visit(record.lsn, regions));
                last = Some(record);
            }
            Err(_) => last = None,
        }
    }
    coverage
}

/// The log's place in the volume.
struct Log<'a> {
    volume: &'a Volume,
    start: u64,
    size: u64,
}

impl Log<'_> {
    /// All record headers.
    fn find(&self) -> Vec<Record> {
        let mut records = Vec::new();
        let mut at = 0u64;
        while at < self.size {
            let length = SWEEP.min(self.size.saturating_sub(at));
            let told = |error: &_, _| self.volume.issue(error);
            let bytes = read_around(&self.volume.source, self.start.saturating_add(at), length, told);
            for (number, block) in bytes.chunks_exact(512).enumerate() {
                if block.starts_with(&MAGIC) {
                    let number = (at / BLOCK).saturating_add(number as u64);
                    records.extend(self.header(number, block).ok().flatten());
                }
            }
            at = at.saturating_add(length);
        }
        records
    }

    fn header(&self, block: u64, bytes: &[u8]) -> Result<Option<Record>> {
        let at = self.volume.source.medium_offset(self.start.saturating_add(block.saturating_mul(BLOCK)));
        let fields = Fields::new(bytes, STRUCTURE, at);
        let (version, length) = (fields.u32_be(8)?, u64::from(fields.u32_be(12)?));
        let size = u64::from(fields.u32_be(320)?);
        if fields.u32_be(300)? != LITTLE_ENDIAN {
            let message = "logged by a machine of another byte order; not read";
            self.volume.issues.push(Issue::new(at, STRUCTURE, message));
            return Ok(None);
        }
        let is_record = length <= MAX_RECORD && length.is_multiple_of(BLOCK) && self.is_ours(&fields.array(304)?);
        let headers = if version & 2 != 0 && size > SPAN { size.min(MAX_RECORD).div_ceil(SPAN) } else { 1 };
        Ok(is_record.then_some(Record {
            lsn: fields.u64_be(16)?,
            block,
            previous: fields.u32_be(36)?,
            length,
            headers,
            operations: fields.u32_be(40)?,
        }))
    }

    fn is_ours(&self, uuid: &[u8; 16]) -> bool {
        let superblock = &self.volume.superblock;
        *uuid == superblock.uuid || *uuid == superblock.metadata_uuid
    }

    /// Reads `length` bytes from a block on; the log goes on at its start behind its end.
    fn read(&self, block: u64, length: u64) -> Result<Vec<u8>> {
        let offset = block.saturating_mul(BLOCK);
        let offset = offset.checked_rem(self.size).unwrap_or(0);
        let first = length.min(self.size.saturating_sub(offset));
        let mut bytes = self.volume.source.read_vec(self.start.saturating_add(offset), first)?;
        if first < length {
            bytes.extend(self.volume.source.read_vec(self.start, length.saturating_sub(first))?);
        }
        Ok(bytes)
    }

    /// The data of a record, if it is whole: the first word of each block back in its place.
    fn data(&self, record: &Record) -> Result<Vec<u8>> {
        let headers = self.read(record.block, record.headers.saturating_mul(BLOCK))?;
        let mut data = self.read(record.block.saturating_add(record.headers), record.length)?;
        let at = self.volume.source.medium_offset(self.start.saturating_add(record.block.saturating_mul(BLOCK)));
        let fields = Fields::new(&headers, STRUCTURE, at);
        let cycle = fields.u32_be(4)?;
        let stored = fields.u32(32)?;
        if stored != 0 {
            let mut sum = crc32c::crc32c(fields.bytes(0, 32)?);
            sum = crc32c::crc32c_append(sum, &[0; 4]);
            sum = crc32c::crc32c_append(sum, fields.bytes(36, SUMMED.saturating_sub(36))?);
            for further in headers.chunks_exact(512).skip(1) {
                sum = crc32c::crc32c_append(sum, further.get(..260).unwrap_or_default());
            }
            if crc32c::crc32c_append(sum, &data) != stored {
                return Err(fields.corrupt(32, "the checksum of a whole record", "another"));
            }
        }
        for (number, block) in data.chunks_exact_mut(512).enumerate() {
            let (header, word) = (number / WORDS, number % WORDS);
            let first = if header == 0 { 44usize } else { 4 };
            let place = header.saturating_mul(512).saturating_add(first).saturating_add(word.saturating_mul(4));
            let is_ours = block.first_chunk::<4>() == Some(&cycle.to_be_bytes());
            if let (Some(to), true) = (block.first_chunk_mut::<4>(), is_ours) {
                *to = fields.array(place)?;
            } else {
                return Err(fields.corrupt(4, format!("blocks of cycle {cycle}"), "another"));
            }
        }
        Ok(data)
    }
}

/// Takes a record apart into operations, each a region or part of one; transactions that are committed go to `visit`. Tells
/// whether the record ends with an unmount.
fn take_apart(
    data: &[u8],
    operations: u32,
    open: &mut HashMap<u32, Vec<Vec<u8>>>,
    mut visit: impl FnMut(&[Vec<u8>]),
) -> bool {
    let fields = Fields::new(data, STRUCTURE, 0);
    let mut place = 0usize;
    let mut is_unmount = false;
    for _ in 0..operations {
        let (Ok(transaction), Ok(length), Ok(flags)) =
            (fields.u32_be(place), fields.u32_be(place.saturating_add(4)), fields.u8(place.saturating_add(9)))
        else {
            break;
        };
        let start = place.saturating_add(12);
        let Ok(bytes) = fields.bytes(start, length as usize) else { break };
        place = start.saturating_add(bytes.len());
        is_unmount = flags & flag::UNMOUNT != 0;
        if flags & flag::START != 0 {
            open.insert(transaction, Vec::new());
        }
        if flags & flag::COMMIT != 0 {
            if let Some(regions) = open.remove(&transaction) {
                visit(&regions);
            }
            continue;
        }
        if let Some(regions) = open.get_mut(&transaction) {
            match regions.last_mut().filter(|_| flags & flag::CONTINUED != 0) {
                Some(last) => last.extend_from_slice(bytes),
                None if !bytes.is_empty() => regions.push(bytes.to_vec()),
                None => {}
            }
        }
    }
    is_unmount
}
