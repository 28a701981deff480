//! Descriptor tags (ECMA-167, 3/7.2): every structure says what it is, where it belongs, and its checksums.

use crate::{
    bytes::Fields,
    error::{Error, Issue, Result},
};

/// Bytes of a tag.
pub(super) const LENGTH: usize = 16;

/// Tag identifiers.
pub(super) mod id {
    pub(in super::super) const PRIMARY_VOLUME: u16 = 1;
    pub(in super::super) const ANCHOR: u16 = 2;
    pub(in super::super) const VOLUME_POINTER: u16 = 3;
    pub(in super::super) const PARTITION: u16 = 5;
    pub(in super::super) const LOGICAL_VOLUME: u16 = 6;
    pub(in super::super) const TERMINATING: u16 = 8;
    pub(in super::super) const FILE_SET: u16 = 256;
    pub(in super::super) const FILE_IDENTIFIER: u16 = 257;
    pub(in super::super) const ALLOCATION_EXTENT: u16 = 258;
    pub(in super::super) const INDIRECT_ENTRY: u16 = 259;
    pub(in super::super) const FILE_ENTRY: u16 = 261;
    pub(in super::super) const SPACE_BITMAP: u16 = 264;
    pub(in super::super) const EXTENDED_FILE_ENTRY: u16 = 266;
}

/// Checks the tag at the start of `bytes`, which stand at byte `at` of the medium, and gives its identifier. A structure
/// whose content does not fit its CRC comes with an issue.
///
/// # Errors
/// Where the tag is none, or of none of the `wanted` kinds.
pub(super) fn check(bytes: &[u8], structure: &'static str, at: u64, wanted: &[u16]) -> Result<(u16, Option<Issue>)> {
    let fields = Fields::new(bytes, structure, at);
    let id = fields.u16(0)?;
    if !wanted.contains(&id) {
        return Err(fields.corrupt(0, format!("a tag of {wanted:?}"), id));
    }
    let tag = fields.bytes(0, LENGTH)?;
    let sum =
        tag.iter().enumerate().filter(|(place, _)| *place != 4).fold(0u8, |sum, (_, byte)| sum.wrapping_add(*byte));
    if sum != fields.u8(4)? {
        return Err(fields.corrupt(4, format!("checksum {sum:#04x}"), format!("{:#04x}", fields.u8(4)?)));
    }
    let (stored, length) = (fields.u16(8)?, usize::from(fields.u16(10)?));
    let issue = match bytes.get(LENGTH..LENGTH.saturating_add(length)).map(crc) {
        Some(found) if found == stored => None,
        Some(found) => {
            let expected = format!("CRC {stored:#06x}");
            Some(Issue::from(&Error::corrupt(structure, at, expected, format!("{found:#06x}"))))
        }
        None => {
            Some(Issue::from(&Error::corrupt(structure, at, "a CRC over the structure", format!("{length} bytes"))))
        }
    };
    Ok((id, issue))
}

/// CRC-16 with the polynomial x¹⁶ + x¹² + x⁵ + 1 from 0 (ECMA-167, 7.2.6).
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |crc, byte| {
        (0..8u8).fold(crc ^ u16::from(*byte) << 8, |crc, _| match crc & 0x8000 {
            0 => crc << 1,
            _ => crc << 1 ^ 0x1021,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_that_of_the_standards_example() {
        assert_eq!(crc(&[0x70, 0x6a, 0x77]), 0x3299);
    }
}
