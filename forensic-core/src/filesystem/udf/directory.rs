//! Directories: file identifier descriptors, live and deleted (ECMA-167, 4/14.4).

use super::{
    layout::{Address, Extent},
    tag::{self, id},
    text,
};
use crate::{
    bytes::Fields,
    error::{Issue, Result},
};

pub(super) const STRUCTURE: &str = "file identifier descriptor";
/// Bytes of a descriptor before what varies in length.
const HEADER: usize = 38;

/// File characteristics (4/14.4.3).
mod characteristic {
    pub(super) const HIDDEN: u8 = 0x01;
    pub(super) const DIRECTORY: u8 = 0x02;
    pub(super) const DELETED: u8 = 0x04;
    pub(super) const PARENT: u8 = 0x08;
}

/// A name in a directory.
#[derive(Debug, Clone)]
pub(super) struct Identifier {
    pub(super) name: String,
    /// As stored, with its compression.
    pub(super) bytes: Box<[u8]>,
    /// `None` where it was erased with the name.
    pub(super) icb: Option<Address>,
    /// Lower half of the file's unique identifier; 0 where it is not stored (before UDF 2.00).
    pub(super) unique_id: u32,
    pub(super) is_directory: bool,
    pub(super) is_deleted: bool,
    pub(super) is_hidden: bool,
}

/// Reads the descriptors of a directory of `size` bytes. Behind its end `bytes` go on with what is left of former ones. `at`
/// tells where on the medium a byte of the directory stands.
pub(super) fn read(
    bytes: &[u8],
    size: u64,
    at: impl Fn(u64) -> u64,
    mut visit: impl FnMut(Identifier),
    mut report: impl FnMut(Issue),
) {
    let mut offset = 0usize;
    let mut is_lost = false;
    while let Some(rest) = bytes.get(offset..).filter(|rest| rest.len() >= HEADER) {
        let is_behind = offset as u64 >= size;
        match parse(rest, at(offset as u64)) {
            Ok((length, found, issue)) => {
                let is_whole = issue.is_none();
                if !is_behind {
                    issue.into_iter().for_each(&mut report);
                }
                // What is left behind the end counts only where it is whole.
                if let Some(found) = found.filter(|_| !is_behind || is_whole) {
                    visit(Identifier { is_deleted: found.is_deleted || is_behind, ..found });
                }
                offset = offset.saturating_add(length);
                is_lost = false;
            }
            Err(error) => {
                // Told once for a damaged stretch; the next descriptor begins at a multiple of four.
                if !is_lost && !is_behind {
                    report(Issue::from(&error));
                }
                is_lost = true;
                offset = offset.saturating_add(4);
            }
        }
    }
}

fn parse(bytes: &[u8], at: u64) -> Result<(usize, Option<Identifier>, Option<Issue>)> {
    let (_, issue) = tag::check(bytes, STRUCTURE, at, &[id::FILE_IDENTIFIER])?;
    let fields = Fields::new(bytes, STRUCTURE, at);
    let (characteristics, name_length) = (fields.u8(18)?, usize::from(fields.u8(19)?));
    let use_length = usize::from(fields.u16(36)?);
    let name = fields.bytes(HEADER.saturating_add(use_length), name_length)?;
    let length = HEADER.saturating_add(use_length).saturating_add(name_length).next_multiple_of(4);
    if characteristics & characteristic::PARENT != 0 {
        return Ok((length, None, issue));
    }
    let icb = Extent::long(&fields, 20)?;
    let found = Identifier {
        name: text::compressed(name).unwrap_or_default(),
        bytes: name.into(),
        icb: (icb.length > 0).then_some(icb.at),
        unique_id: fields.u32(32)?,
        is_directory: characteristics & characteristic::DIRECTORY != 0,
        is_deleted: characteristics & characteristic::DELETED != 0,
        is_hidden: characteristics & characteristic::HIDDEN != 0,
    };
    Ok((length, Some(found), issue))
}
