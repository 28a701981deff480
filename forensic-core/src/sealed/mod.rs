//! Files that are written once and then only read, mapped: sections in blocks, each block under its checksum, so that a
//! changed file is an error and never a wrong answer.
//!
//! The first block is the header, which the format of each file lays out for itself; behind it are its sections, and last the
//! checksums: the XXH3-64 of each block of 4096 bytes behind the header, the last one shorter.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod image;
mod map;
mod output;

use crate::{
    bytes::Fields,
    error::{Error, Result},
};
use twox_hash::XxHash3_64;

pub(crate) use image::Image;
pub(crate) use map::Bytes;
pub(crate) use output::{Output, folder_of};

/// Bytes that share a checksum; the header is one of them.
pub(crate) const BLOCK: u64 = 4096;

/// The checksum of a block.
pub(crate) fn checksum(block: &[u8]) -> u64 {
    XxHash3_64::oneshot(block)
}

/// A part of the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

impl Section {
    pub(crate) fn end(self) -> u64 {
        self.offset.saturating_add(self.length)
    }
}

/// Holds what a header says of its sections, which stand in it from `sections_at` on, against the file: that they follow one
/// another and end with it, and that the last of them, the checksums, are whole.
pub(crate) fn check_sections(
    fields: &Fields<'_>,
    file: &[u8],
    (sections, sections_at): (&[Section], usize),
    sums_checksum: u64,
) -> Result<()> {
    let length = file.len() as u64;
    let mut before = BLOCK;
    for (number, section) in sections.iter().enumerate() {
        let at = sections_at.saturating_add(number.saturating_mul(16));
        if section.offset < before || section.offset.checked_add(section.length).is_none_or(|end| end > length) {
            let expected = format!("a section between {before} and the end of the file at {length}");
            let found = format!("{} bytes at {}", section.length, section.offset);
            return Err(fields.corrupt(at, expected, found));
        }
        before = section.end();
    }
    let sums = sections.last().copied().unwrap_or_default();
    let blocks = sums.offset.saturating_sub(BLOCK).div_ceil(BLOCK);
    if sums.length != blocks.saturating_mul(8) || sums.end() != length {
        let expected = format!("{blocks} checksums at the end of the file");
        return Err(fields.corrupt(sections_at, expected, format!("{} bytes of them", sums.length)));
    }
    let table = usize::try_from(sums.offset).ok().and_then(|from| file.get(from..)).unwrap_or_default();
    if checksum(table) != sums_checksum {
        let expected = format!("{sums_checksum:016x} over all");
        return Err(Error::corrupt("table of checksums", sums.offset, expected, "another"));
    }
    Ok(())
}
