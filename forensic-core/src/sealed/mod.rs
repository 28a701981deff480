//! Files that are written once and then only read, mapped: sections in blocks, each block under its checksum, so that a
//! changed file is an error and never a wrong answer.
//!
//! The first block is the header, which the format of each file lays out for itself; behind it are its sections, and last the
//! checksums: the XXH3-64 of each block of 4096 bytes behind the header, the last one shorter.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

pub(crate) mod header;
mod image;
mod map;
mod output;

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
