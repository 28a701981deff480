//! CRC-32C of a metadata block, taken with the checksum's own four bytes as zeros ("Self Describing Metadata").

use crate::error::{Error, Result};

/// Compares the checksum that stands at `place` of a block with the block.
pub(super) fn check(block: &[u8], place: usize, structure: &'static str, at: u64) -> Result<()> {
    let (before, rest) = block.split_at_checked(place).unwrap_or((block, &[]));
    let Some((stored, after)) = rest.split_first_chunk::<4>() else {
        return Err(Error::corrupt(structure, at, "a checksum", format!("{} bytes in all", block.len())));
    };
    let found = crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(before), &[0; 4]), after);
    let stored = u32::from_le_bytes(*stored);
    match found == stored {
        true => Ok(()),
        false => Err(Error::corrupt(structure, at, format!("checksum {stored:08x}"), format!("{found:08x}"))),
    }
}
