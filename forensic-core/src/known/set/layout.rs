//! The header of a set on disk: what the file has, and where.
//!
//! A set is one file, its numbers little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 0 – 4095 | header: magic (16), version (u32), reserved (u32), length of the file, offset and length of each section, the three tables, checksum of the table of checksums, zeros, checksum of the header |
//! | sections | records, keys and starts of each of the three tables, filters, description |
//! | last section | checksums: the XXH3-64 of each block of 4096 bytes behind the header, the last one shorter |
//!
//! A table has its digests in order, in buckets by their first bits; see [`super::table`].

use crate::{
    bytes::Fields,
    error::Result,
    sealed::{
        Section,
        header::{self, Seal},
    },
};

/// What a set begins with.
pub(crate) const MAGIC: [u8; 16] = *b"\x89forensic-set\r\n\x1a";

pub(super) const VERSION: u32 = 1;

const SEAL: Seal = Seal { magic: MAGIC, version: VERSION, name: "a hash set", structure: "header of a hash set" };
const SECTION_COUNT: usize = 10;
/// One further than the sections' own places would need, so that a later version has room.
const TABLES_AT: usize = 256;
const TABLE_LENGTH: usize = 32;

/// The widths of digests, in the order of their tables.
pub(super) const WIDTHS: [usize; 3] = [16, 20, 32];

/// What the header says of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TableHeader {
    /// Entries.
    pub(super) count: u64,
    /// Distinct digests.
    pub(super) distinct: u64,
    /// The first bits of a digest, which tell its bucket.
    pub(super) bits: u8,
    /// Bytes of the place of a record.
    pub(super) place_width: u8,
    /// Bytes of the number of a bucket's first entry.
    pub(super) start_width: u8,
    pub(super) keys: Section,
    pub(super) starts: Section,
}

/// The header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) length: u64,
    pub(super) records: Section,
    pub(super) tables: [TableHeader; 3],
    pub(super) filters: Section,
    pub(super) description: Section,
    pub(super) sums: Section,
    pub(super) sums_checksum: u64,
}

impl Header {
    fn sections(&self) -> [Section; SECTION_COUNT] {
        let [a, b, c] = self.tables;
        let tables = (a.keys, a.starts, b.keys, b.starts, c.keys, c.starts);
        let (ak, as_, bk, bs, ck, cs) = tables;
        [self.records, ak, as_, bk, bs, ck, cs, self.filters, self.description, self.sums]
    }

    /// The header's own bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = SEAL.begin(0, self.length, &self.sections());
        bytes.resize(TABLES_AT, 0);
        for table in self.tables {
            bytes.extend(table.count.to_le_bytes());
            bytes.extend(table.distinct.to_le_bytes());
            bytes.extend([table.bits, table.place_width, table.start_width]);
            bytes.extend([0; 13]);
        }
        header::end(bytes, self.sums_checksum)
    }

    /// Reads the header of a set and holds it against the bytes there are.
    pub(super) fn parse(file: &[u8]) -> Result<Self> {
        let fields = SEAL.open(file)?;
        let header = Self::read(&fields)?;
        header::check(&fields, file, (header.length, &header.sections()), header.sums_checksum)?;
        Ok(header)
    }

    fn read(fields: &Fields<'_>) -> Result<Self> {
        let section = |number: usize| header::section(fields, number);
        let table = |number: usize| -> Result<TableHeader> {
            let at = TABLES_AT.saturating_add(number.saturating_mul(TABLE_LENGTH));
            let keys = number.saturating_mul(2).saturating_add(1);
            Ok(TableHeader {
                count: fields.u64(at)?,
                distinct: fields.u64(at.saturating_add(8))?,
                bits: fields.u8(at.saturating_add(16))?,
                place_width: fields.u8(at.saturating_add(17))?,
                start_width: fields.u8(at.saturating_add(18))?,
                keys: section(keys)?,
                starts: section(keys.saturating_add(1))?,
            })
        };
        Ok(Self {
            length: header::length(fields)?,
            records: section(0)?,
            tables: [table(0)?, table(1)?, table(2)?],
            filters: section(7)?,
            description: section(8)?,
            sums: section(9)?,
            sums_checksum: fields.u64(header::SUMS_CHECKSUM_AT)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::Error,
        sealed::{checksum, header::CHECKSUM_AT},
    };

    fn section(offset: u64, length: u64) -> Section {
        Section { offset, length }
    }

    /// A file of two blocks: the header and one that all sections lie in.
    fn file(change: impl Fn(&mut Header)) -> Vec<u8> {
        let table = |at| TableHeader { keys: section(at, 0), starts: section(at, 8), ..TableHeader::default() };
        let mut header = Header {
            length: 8200,
            records: section(4096, 10),
            tables: [table(4112), table(4128), table(4144)],
            filters: section(4160, 0),
            description: section(4160, 4032),
            sums: section(8192, 8),
            sums_checksum: checksum(&[0; 8]),
        };
        change(&mut header);
        let mut bytes = header.to_bytes();
        bytes.resize(8200, 0);
        bytes
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let header = Header::parse(&file(|_| {})).unwrap();
        assert_eq!(Header::parse(&file(|other| *other = header.clone())).unwrap(), header);
    }

    #[test]
    fn sections_that_overlap_or_reach_out_are_refused() {
        for change in [
            (|header: &mut Header| header.records.offset = 0) as fn(&mut Header),
            |header| header.records.length = u64::MAX,
            |header| header.records.length = 17,
            |header| header.description.length = 4033,
            |header| header.description.offset = u64::MAX,
            |header| header.tables[1].keys.offset = 4096,
            |header| header.sums.length = 0,
            |header| header.sums.offset = 8184,
            |header| header.length = 8201,
            |header| header.sums_checksum ^= 1,
        ] {
            assert!(matches!(Header::parse(&file(change)), Err(Error::Corrupt { .. })));
        }
    }

    #[test]
    fn another_version_says_so() {
        let mut bytes = file(|_| {});
        bytes[16] = 2;
        let sum = checksum(&bytes[..CHECKSUM_AT]);
        bytes[CHECKSUM_AT..CHECKSUM_AT + 8].copy_from_slice(&sum.to_le_bytes());
        assert!(matches!(Header::parse(&bytes), Err(Error::Unsupported { .. })));
    }
}
