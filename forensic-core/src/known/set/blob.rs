//! A record as a set keeps it.
//!
//! Length of the rest; a mark, 1 where the record was removed; the number of its group; then two bytes that tell what it
//! has, and that: digests, size, category, name, properties. Numbers are LEB128, texts have their length before them.

use super::description::Kind;
use crate::{
    error::{Error, Result},
    known::record::{FileRecord, Properties},
};

const STRUCTURE: &str = "record of a hash set";

/// What a record can have, by the bits that tell it.
const MD5: u16 = 1;
const SHA1: u16 = 1 << 1;
const SHA256: u16 = 1 << 2;
const BLAKE3: u16 = 1 << 3;
const UNTOLD: u16 = 1 << 4;
const SIZE: u16 = 1 << 5;
const CATEGORY: u16 = 1 << 6;
const NAME: u16 = 1 << 7;
const PROPERTIES: u16 = 1 << 8;

/// Most bytes before the content: two numbers and a mark.
pub(super) const LONGEST_HEAD: usize = 21;

/// A record as it is kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) removed: bool,
    pub(super) group: u64,
    pub(super) record: FileRecord,
}

pub(super) fn put_number(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Writes what makes two records equal: all but the group.
pub(super) fn put_content(record: &FileRecord, bytes: &mut Vec<u8>) {
    let properties = record.properties.as_json();
    let has = [
        (record.md5.is_some(), MD5),
        (record.sha1.is_some(), SHA1),
        (record.sha256.is_some(), SHA256),
        (record.blake3.is_some(), BLAKE3),
        (record.untold.is_some(), UNTOLD),
        (record.size.is_some(), SIZE),
        (record.category.is_some(), CATEGORY),
        (record.name.is_some(), NAME),
        (!properties.is_empty(), PROPERTIES),
    ];
    let has = has.into_iter().filter(|(has, _)| *has).fold(0u16, |all, (_, bit)| all | bit);
    bytes.extend(has.to_le_bytes());
    record.digests().for_each(|digest| bytes.extend_from_slice(digest));
    if let Some(size) = record.size {
        put_number(size, bytes);
    }
    let texts = [record.category.as_deref(), record.name.as_deref(), Some(properties).filter(|text| !text.is_empty())];
    for text in texts.into_iter().flatten() {
        put_number(text.len() as u64, bytes);
        bytes.extend_from_slice(text.as_bytes());
    }
}

/// Writes a record of this content behind `bytes`.
pub(super) fn put(content: &[u8], group: u64, bytes: &mut Vec<u8>) {
    let length_of_group = u64::from((group | 1).ilog2().saturating_add(7) / 7);
    put_number(length_of_group.saturating_add(1).saturating_add(content.len() as u64), bytes);
    bytes.push(0);
    put_number(group, bytes);
    bytes.extend_from_slice(content);
}

/// Digests with their lengths, in the order they stand in a content.
const DIGESTS: [(u16, usize, Kind); 5] = [
    (MD5, 16, Kind::Md5),
    (SHA1, 20, Kind::Sha1),
    (SHA256, 32, Kind::Sha256),
    (BLAKE3, 32, Kind::Blake3),
    (UNTOLD, 32, Kind::Untold),
];

/// The digests of a content that [`put_content`] wrote, and what it is where it has nothing but one.
pub(super) fn digests(content: &[u8]) -> (impl Iterator<Item = &[u8]>, Option<Kind>) {
    let (has, mut rest) = content.split_first_chunk().unwrap_or((&[0; 2], &[]));
    let has = u16::from_le_bytes(*has);
    let digests = DIGESTS.into_iter().filter(move |(bit, ..)| has & bit != 0).map_while(move |(_, length, _)| {
        let (digest, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(digest)
    });
    (digests, DIGESTS.into_iter().find(|(bit, ..)| has == *bit).map(|(_, _, kind)| kind))
}

/// Reads what a set has, field by field.
struct Cursor<'a> {
    bytes: &'a [u8],
    /// Where the bytes are in the file.
    at: u64,
}

impl<'a> Cursor<'a> {
    #[cold]
    fn cut(&self, what: &str) -> Error {
        Error::corrupt(STRUCTURE, self.at, what, format!("{} bytes", self.bytes.len()))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or_else(|| self.cut("more bytes"))?;
        self.bytes = rest;
        self.at = self.at.saturating_add(length as u64);
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| self.cut("a digest"))
    }

    fn number(&mut self) -> Result<u64> {
        let mut number = 0u64;
        for shift in (0..64u32).step_by(7) {
            let [byte] = self.array()?;
            let part = u64::from(byte & 0x7f);
            number |= part.wrapping_shl(shift);
            if byte < 0x80 {
                // The last byte of ten has one bit.
                return if shift < 63 || part < 2 { Ok(number) } else { Err(self.cut("a number of 64 bits")) };
            }
        }
        Err(self.cut("a number of 64 bits"))
    }

    fn text(&mut self) -> Result<&'a str> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        std::str::from_utf8(self.take(length)?).map_err(|_| self.cut("text in UTF-8"))
    }
}

/// What stands before the fields of a record.
pub(super) struct Head {
    /// Offset of the mark of removal, from the record's start.
    pub(super) mark: usize,
    /// Offset of the content.
    pub(super) content: usize,
    /// Offset of the end.
    pub(super) end: usize,
}

/// The head of the record that `bytes`, at offset `at` of the file, begin with. Its end may be behind theirs.
pub(super) fn head(bytes: &[u8], at: u64) -> Result<Head> {
    let mut cursor = Cursor { bytes, at };
    let length = usize::try_from(cursor.number()?).unwrap_or(usize::MAX);
    let mark = bytes.len().saturating_sub(cursor.bytes.len());
    cursor.take(1)?;
    cursor.number()?;
    let content = bytes.len().saturating_sub(cursor.bytes.len());
    Ok(Head { mark, content, end: mark.saturating_add(length) })
}

/// The record that `bytes`, at offset `at` of the file, begin with, and its length.
pub(super) fn parse(bytes: &[u8], at: u64) -> Result<(Stored, usize)> {
    let mut cursor = Cursor { bytes, at };
    let length = usize::try_from(cursor.number()?).unwrap_or(usize::MAX);
    let body = cursor.take(length)?;
    let used = bytes.len().saturating_sub(cursor.bytes.len());
    let mut fields = Cursor { bytes: body, at: cursor.at.saturating_sub(length as u64) };
    let [removed] = fields.array()?;
    let group = fields.number()?;
    let has = u16::from_le_bytes(fields.array()?);
    let has = |bit: u16| has & bit != 0;
    let mut record = FileRecord::default();
    if has(MD5) {
        record.md5 = Some(fields.array()?);
    }
    if has(SHA1) {
        record.sha1 = Some(fields.array()?);
    }
    if has(SHA256) {
        record.sha256 = Some(fields.array()?);
    }
    if has(BLAKE3) {
        record.blake3 = Some(fields.array()?);
    }
    if has(UNTOLD) {
        record.untold = Some(fields.array()?);
    }
    if has(SIZE) {
        record.size = Some(fields.number()?);
    }
    if has(CATEGORY) {
        record.category = Some(fields.text()?.to_owned());
    }
    if has(NAME) {
        record.name = Some(fields.text()?.to_owned());
    }
    if has(PROPERTIES) {
        record.properties = Properties::from_json(fields.text()?.to_owned());
    }
    Ok((Stored { removed: removed != 0, group, record }, used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_no_part_of_it_is_one() {
        let mut record = FileRecord {
            md5: Some([1; 16]),
            sha256: Some([2; 32]),
            untold: Some([3; 32]),
            size: Some(u64::MAX),
            name: Some("Ċ.jpg".to_owned()),
            ..FileRecord::default()
        };
        record.properties = Properties::from_json("{\"a\":1.50}".to_owned());
        let (mut content, mut bytes) = (Vec::new(), Vec::new());
        put_content(&record, &mut content);
        put(&content, 300, &mut bytes);
        let (stored, used) = parse(&bytes, 0).unwrap();
        assert_eq!((stored, used), (Stored { removed: false, group: 300, record: record.clone() }, bytes.len()));
        for length in 0..bytes.len() {
            assert!(parse(&bytes[..length], 0).is_err(), "{length}");
        }
        let head = head(&bytes, 0).unwrap();
        assert_eq!(&bytes[head.content..head.end], content);
        assert_eq!(bytes[head.mark], 0);
        let (digests, kind) = digests(&content);
        assert_eq!((digests.collect::<Vec<_>>(), kind), (record.digests().collect(), None));
        let bare = FileRecord { sha1: Some([4; 20]), ..FileRecord::default() };
        content.clear();
        put_content(&bare, &mut content);
        assert_eq!(super::digests(&content).1, Some(Kind::Sha1));
    }
}
