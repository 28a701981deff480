//! The header of an index on disk: what the file has, and where.
//!
//! An index is one file, its numbers little-endian, sealed as [`crate::sealed`] says:
//!
//! | bytes | what |
//! |---|---|
//! | 0 – 4095 | header: magic (16), version (u32), bytes of a hash (u32), length of the file, offset and length of each section, number of rows, number of items, widths of the chunks, algorithm and its version, checksum of the table of checksums, zeros, checksum of the header |
//! | rows | the distinct hashes, each padded with zeros to a multiple of 8 bytes, in order |
//! | chunks | see [`super::chunks`] |
//! | firsts | the number of each row's first item, and behind the last how many items there are: u32 |
//! | marks | of each item its quality in 7 bits, 127 for none, and in the eighth whether its key is a text |
//! | keys | of each item its key: a number (i64), or the place of a text in the section of texts (u64) |
//! | texts | of each its length in LEB128 and its UTF-8 |
//! | checksums | |

use super::chunks::{self, Chunks};
use crate::{
    bytes::Fields,
    error::{Error, Result},
    perceptual::Algorithm,
    sealed::{
        Section,
        header::{self, Seal, WORD_AT},
    },
};

/// What an index begins with.
pub(super) const MAGIC: [u8; 16] = *b"\x89forensic-idx\r\n\x1a";

pub(super) const VERSION: u32 = 1;

const SEAL: Seal = Seal { magic: MAGIC, version: VERSION, name: "a hash index", structure: "header of a hash index" };
const SECTION_COUNT: usize = 7;
const COUNTS_AT: usize = 256;
const WIDTHS_AT: usize = 272;
const ALGORITHM_AT: usize = 304;
const ALGORITHM_VERSION_AT: usize = 336;
const NAME_LENGTH: usize = 32;

/// Bytes a hash may have.
const MOST_BYTES: usize = 128;
const LEAST_BYTES: usize = 8;

/// What all hashes of an index have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::perceptual) struct Shape {
    pub(in crate::perceptual) algorithm: Algorithm,
    /// Bytes of a hash.
    pub(in crate::perceptual) length: usize,
}

impl Shape {
    pub(in crate::perceptual) fn new(algorithm: Algorithm, length: usize) -> Result<Self> {
        if !(LEAST_BYTES..=MOST_BYTES).contains(&length) {
            let bits = length.saturating_mul(8);
            return Err(Error::invalid(format!("a hash of {bits} bits: an index takes 64 to 1,024")));
        }
        Ok(Self { algorithm, length })
    }

    /// Bytes of a row.
    pub(in crate::perceptual) fn row(self) -> usize {
        self.length.next_multiple_of(8)
    }

    pub(in crate::perceptual) fn bits(self) -> u32 {
        u32::try_from(self.length.saturating_mul(8)).unwrap_or(u32::MAX)
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a {} hash of {} bits", self.algorithm.as_str(), self.bits())
    }
}

/// The header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) length: u64,
    /// `None` where there is no hash.
    pub(super) shape: Option<Shape>,
    /// Distinct hashes.
    pub(super) row_count: u64,
    pub(super) item_count: u64,
    /// Bits of each chunk.
    pub(super) widths: Vec<u8>,
    pub(super) rows: Section,
    pub(super) chunks: Section,
    pub(super) firsts: Section,
    pub(super) marks: Section,
    pub(super) keys: Section,
    pub(super) texts: Section,
    pub(super) sums: Section,
    pub(super) sums_checksum: u64,
}

impl Header {
    fn sections(&self) -> [Section; SECTION_COUNT] {
        [self.rows, self.chunks, self.firsts, self.marks, self.keys, self.texts, self.sums]
    }

    /// The header's own bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let length = self.shape.map_or(0, |shape| shape.length);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let mut bytes = SEAL.begin(length, self.length, &self.sections());
        bytes.resize(COUNTS_AT, 0);
        bytes.extend(self.row_count.to_le_bytes());
        bytes.extend(self.item_count.to_le_bytes());
        bytes.extend(&self.widths);
        bytes.resize(ALGORITHM_AT, 0);
        let (name, version) =
            self.shape.map_or(("", ""), |shape| (shape.algorithm.as_str(), shape.algorithm.version()));
        bytes.extend(name.bytes().take(NAME_LENGTH));
        bytes.resize(ALGORITHM_VERSION_AT, 0);
        bytes.extend(version.bytes().take(NAME_LENGTH));
        header::end(bytes, self.sums_checksum)
    }

    /// Reads the header of an index and holds it against the bytes there are.
    pub(super) fn parse(file: &[u8]) -> Result<Self> {
        let fields = SEAL.open(file)?;
        let header = Self::read(&fields)?;
        header::check(&fields, file, (header.length, &header.sections()), header.sums_checksum)?;
        header.check(&fields)?;
        Ok(header)
    }

    fn read(fields: &Fields<'_>) -> Result<Self> {
        let section = |number: usize| header::section(fields, number);
        let widths = fields.bytes(WIDTHS_AT, chunks::MOST)?;
        Ok(Self {
            length: header::length(fields)?,
            shape: Self::read_shape(fields)?,
            row_count: fields.u64(COUNTS_AT)?,
            item_count: fields.u64(COUNTS_AT.saturating_add(8))?,
            widths: widths.iter().copied().take_while(|width| *width > 0).collect(),
            rows: section(0)?,
            chunks: section(1)?,
            firsts: section(2)?,
            marks: section(3)?,
            keys: section(4)?,
            texts: section(5)?,
            sums: section(6)?,
            sums_checksum: fields.u64(header::SUMS_CHECKSUM_AT)?,
        })
    }

    fn read_shape(fields: &Fields<'_>) -> Result<Option<Shape>> {
        let length = usize::try_from(fields.u32(WORD_AT)?).unwrap_or(usize::MAX);
        if length == 0 {
            return Ok(None);
        }
        let name = |at: usize| -> Result<String> {
            let bytes = fields.bytes(at, NAME_LENGTH)?;
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(NAME_LENGTH);
            Ok(String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned())
        };
        let (algorithm, version) = (name(ALGORITHM_AT)?, name(ALGORITHM_VERSION_AT)?);
        let Ok(found) = algorithm.parse::<Algorithm>() else {
            return Err(Error::unsupported(format!("an index of {algorithm:?} hashes")));
        };
        if found.version() != version {
            return Err(Error::unsupported(format!("an index of {algorithm} hashes of version {version:?}")));
        }
        let wrong = |_| fields.corrupt(WORD_AT, "8 to 128 bytes a hash", length);
        Shape::new(found, length).map(Some).map_err(wrong)
    }

    /// Holds the counts against the sections.
    fn check(&self, fields: &Fields<'_>) -> Result<()> {
        let (row, bits) = self.shape.map_or((0, 0), |shape| (shape.row(), shape.bits()));
        let (rows, items) = (self.row_count, self.item_count);
        let fits = u32::try_from(items).is_ok_and(|items| items < u32::MAX)
            && rows <= items
            && (rows == 0) == (items == 0)
            && self.shape.is_some() == (rows > 0)
            && rows.checked_mul(row as u64) == Some(self.rows.length)
            && rows.saturating_add(1).saturating_mul(4) == self.firsts.length
            && items == self.marks.length
            && items.saturating_mul(8) == self.keys.length;
        if !fits {
            let found = format!("{} bytes of hashes, {} of keys", self.rows.length, self.keys.length);
            return Err(fields.corrupt(COUNTS_AT, format!("{rows} hashes of {items} items"), found));
        }
        let cut = Chunks::new(&self.widths, bits, rows, self.chunks.offset);
        if cut.is_none_or(|cut| cut.end() != self.chunks.end()) {
            let expected = format!("chunks of {bits} bits");
            return Err(fields.corrupt(WIDTHS_AT, expected, format!("{:?} in {:?}", self.widths, self.chunks)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealed::{checksum, header::CHECKSUM_AT};

    fn section(offset: u64, length: u64) -> Section {
        Section { offset, length }
    }

    /// A file of two blocks: the header, and one of a single hash of one item.
    fn file(change: impl Fn(&mut Header)) -> Vec<u8> {
        let mut header = Header {
            length: 8200,
            shape: Some(Shape { algorithm: Algorithm::Mean, length: 8 }),
            row_count: 1,
            item_count: 1,
            widths: Vec::new(),
            rows: section(4096, 8),
            chunks: section(4160, 0),
            firsts: section(4160, 8),
            marks: section(4224, 1),
            keys: section(4288, 8),
            texts: section(4352, 3840),
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
    fn counts_and_sections_that_do_not_fit_are_refused() {
        for change in [
            (|header: &mut Header| header.rows.offset = 0) as fn(&mut Header),
            |header| header.rows.length = 16,
            |header| header.row_count = 2,
            |header| header.item_count = u64::MAX,
            |header| header.row_count = 0,
            |header| header.shape = None,
            |header| header.shape = Some(Shape { algorithm: Algorithm::Pdq, length: 129 }),
            |header| header.widths = vec![8],
            |header| header.widths = vec![40],
            |header| header.keys.length = 7,
            |header| header.texts.offset = u64::MAX,
            |header| header.sums.length = 0,
            |header| header.length = 8201,
            |header| header.sums_checksum ^= 1,
        ] {
            assert!(matches!(Header::parse(&file(change)), Err(Error::Corrupt { .. })));
        }
    }

    #[test]
    fn another_version_or_algorithm_says_so() {
        for (at, byte) in [(16, 2), (ALGORITHM_AT, b'x'), (ALGORITHM_VERSION_AT, b'x')] {
            let mut bytes = file(|_| {});
            bytes[at] = byte;
            let sum = checksum(&bytes[..CHECKSUM_AT]);
            bytes[CHECKSUM_AT..CHECKSUM_AT + 8].copy_from_slice(&sum.to_le_bytes());
            assert!(matches!(Header::parse(&bytes), Err(Error::Unsupported { .. })));
        }
    }
}
