//! Directory listings: runs of entries whose inodes lie in one metadata block ("Squashfs Binary Format", 6).

use super::metadata::{Metadata, Place};
use crate::{bytes::Fields, error::Result};

const STRUCTURE: &str = "squashfs directory";
/// Entries of one run at most.
const MOST: u32 = 256;
/// A listing's length counts three bytes more than it has, for `.` and `..`.
pub(super) const DOTS: u32 = 3;

/// An entry of a directory.
pub(super) struct Listed {
    pub(super) name: Box<[u8]>,
    pub(super) inode: Place,
}

/// Reads the listing of `length` bytes at `place` and calls `visit` with each entry.
///
/// # Errors
/// Where the listing ends early; what stands before was visited.
pub(super) fn read(
    metadata: &Metadata,
    place: Place,
    length: u32,
    inode_table: u64,
    mut visit: impl FnMut(Listed),
) -> Result<()> {
    let at = metadata.medium_offset(place);
    let mut cursor = metadata.at(place);
    let mut left = length.saturating_sub(DOTS);
    while left > 0 {
        let header = cursor.read(12)?;
        let header = Fields::new(&header, STRUCTURE, at);
        let count = header.u32(0)?.saturating_add(1);
        if count > MOST {
            return Err(header.corrupt(0, format!("at most {MOST} entries in a run"), count));
        }
        let block = inode_table.saturating_add(u64::from(header.u32(4)?));
        left = left.saturating_sub(12);
        for _ in 0..count {
            let entry = cursor.read(8)?;
            let entry = Fields::new(&entry, STRUCTURE, at);
            let size = usize::from(entry.u16(6)?).saturating_add(1);
            if size > 256 {
                return Err(entry.corrupt(6, "a name of at most 256 bytes", size));
            }
            let name = cursor.read(size)?.into();
            visit(Listed { name, inode: Place { block, offset: entry.u16(0)? } });
            left = left.saturating_sub(8).saturating_sub(size as u32);
        }
    }
    Ok(())
}
