//! What the headers of all sealed files have in common: magic, version, a word of the format's own, the length of the file, and
//! its sections at the beginning; at [`SUMS_CHECKSUM_AT`] the checksum of the table of checksums, at the end the header's own.

use super::{BLOCK, Section, checksum};
use crate::{
    bytes::Fields,
    error::{Error, Result},
};

/// Where the format's own word stands.
pub(crate) const WORD_AT: usize = 20;
const LENGTH_AT: usize = 24;
const SECTIONS_AT: usize = 32;
/// Up to here a format lays out its header itself, from behind its sections on.
pub(crate) const SUMS_CHECKSUM_AT: usize = 384;
pub(crate) const CHECKSUM_AT: usize = 4088;

/// A format of sealed files.
pub(crate) struct Seal {
    /// What a file begins with. Not text, and changed by what changes line ends.
    pub(crate) magic: [u8; 16],
    pub(crate) version: u32,
    /// What it is called, with its article.
    pub(crate) name: &'static str,
    /// What its header is called.
    pub(crate) structure: &'static str,
}

impl Seal {
    /// The beginning of a header.
    pub(crate) fn begin(&self, word: u32, length: u64, sections: &[Section]) -> Vec<u8> {
        let mut bytes = self.magic.to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(word.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        for section in sections {
            bytes.extend(section.offset.to_le_bytes());
            bytes.extend(section.length.to_le_bytes());
        }
        bytes
    }

    /// The header of a file that is one of this format and version.
    pub(crate) fn open<'a>(&self, file: &'a [u8]) -> Result<Fields<'a>> {
        if !file.starts_with(&self.magic) {
            return Err(Error::Format { what: self.name.to_owned() });
        }
        let block = file.get(..BLOCK as usize).unwrap_or(file);
        let fields = Fields::new(block, self.structure, 0);
        let version = fields.u32(self.magic.len())?;
        let covered = fields.bytes(0, CHECKSUM_AT)?;
        if fields.u64(CHECKSUM_AT)? != checksum(covered) {
            return Err(fields.corrupt(CHECKSUM_AT, "the checksum of the header", "another"));
        }
        if version != self.version {
            return Err(Error::unsupported(format!("version {version} of {}", self.name)));
        }
        Ok(fields)
    }
}

/// The end of a header.
pub(crate) fn end(mut bytes: Vec<u8>, sums_checksum: u64) -> Vec<u8> {
    bytes.resize(SUMS_CHECKSUM_AT, 0);
    bytes.extend(sums_checksum.to_le_bytes());
    bytes.resize(CHECKSUM_AT, 0);
    bytes.extend(checksum(&bytes).to_le_bytes());
    bytes
}

/// What the header says of the length of the file.
pub(crate) fn length(fields: &Fields<'_>) -> Result<u64> {
    fields.u64(LENGTH_AT)
}

/// What the header says of a section.
pub(crate) fn section(fields: &Fields<'_>, number: usize) -> Result<Section> {
    let at = section_at(number);
    Ok(Section { offset: fields.u64(at)?, length: fields.u64(at.saturating_add(8))? })
}

fn section_at(number: usize) -> usize {
    SECTIONS_AT.saturating_add(number.saturating_mul(16))
}

/// Holds what a header says of the length of the file and of its sections against the file: that they follow one another and end
/// with it, and that the last of them, the checksums, are whole.
pub(crate) fn check(
    fields: &Fields<'_>,
    file: &[u8],
    (said, sections): (u64, &[Section]),
    sums_checksum: u64,
) -> Result<()> {
    let length = file.len() as u64;
    if said != length {
        return Err(fields.corrupt(LENGTH_AT, format!("a file of {said} bytes"), length));
    }
    let mut before = BLOCK;
    for (number, section) in sections.iter().enumerate() {
        if section.offset < before || section.offset.checked_add(section.length).is_none_or(|end| end > length) {
            let expected = format!("a section between {before} and the end of the file at {length}");
            let found = format!("{} bytes at {}", section.length, section.offset);
            return Err(fields.corrupt(section_at(number), expected, found));
        }
        before = section.end();
    }
    let sums = sections.last().copied().unwrap_or_default();
    let blocks = sums.offset.saturating_sub(BLOCK).div_ceil(BLOCK);
    if sums.length != blocks.saturating_mul(8) || sums.end() != length {
        let expected = format!("{blocks} checksums at the end of the file");
        return Err(fields.corrupt(SECTIONS_AT, expected, format!("{} bytes of them", sums.length)));
    }
    let table = usize::try_from(sums.offset).ok().and_then(|from| file.get(from..)).unwrap_or_default();
    if checksum(table) != sums_checksum {
        let expected = format!("{sums_checksum:016x} over all");
        return Err(Error::corrupt("table of checksums", sums.offset, expected, "another"));
    }
    Ok(())
}
