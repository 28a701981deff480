//! Where the journal lies, and whether all of it has been written to the volume (TN1150, "Journal").

use super::Volume;
use crate::{
    bytes::{Fields, ReadAt, Slice, Source},
    error::{Error, Issue, Result},
};
use std::sync::Arc;

const STRUCTURE: &str = "HFS+ journal";

/// The journal, where the volume holds one. One with transactions that the volume has not seen is an issue: the listing
/// is that of the volume.
pub(super) fn find(volume: &Volume) -> Option<Source> {
    if !volume.header.is_journaled() {
        return None;
    }
    match read(volume) {
        Ok(journal) => journal,
        Err(error) => {
            volume.issue(&error);
            None
        }
    }
}

fn read(volume: &Volume) -> Result<Option<Source>> {
    let at = volume.header.bytes_of(volume.header.journal_info_block);
    let bytes = volume.source.read_vec(at, 52)?;
    let info = Fields::new(&bytes, "HFS+ journal info block", volume.source.medium_offset(at));
    let (flags, offset, length) = (info.u32_be(0)?, info.u64_be(36)?, info.u64_be(44)?);
    if flags & 1 == 0 {
        volume.issues.push(Issue::new(volume.source.medium_offset(at), STRUCTURE, "it lies on another device"));
        return Ok(None);
    }
    let place = volume.source.medium_offset(offset);
    let head = volume.source.read_vec(offset, 24)?;
    let fields = Fields::new(&head, STRUCTURE, place);
    // Numbers are in the byte order of the machine that wrote them.
    let (start, end) = match fields.bytes(0, 8)? {
        b"JNLx\x12\x34\x56\x78" => (fields.u64_be(8)?, fields.u64_be(16)?),
        b"xLNJ\x78\x56\x34\x12" => (fields.u64(8)?, fields.u64(16)?),
        other => return Err(fields.corrupt(0, "the signature JNLx", format!("{other:02x?}"))),
    };
    if start != end {
        let message = format!("the transactions in its bytes {start} to {end} may not be on the volume yet");
        volume.issues.push(Issue::new(place, STRUCTURE, message));
    }
    let length = length.min(volume.source.len().saturating_sub(offset));
    let journal = Slice::new(volume.source.clone(), offset, length)
        .map_err(|_| -> Error { info.corrupt(36, "a journal on the volume", format!("{length} bytes at {offset}")) })?;
    Ok(Some(Arc::new(journal)))
}
