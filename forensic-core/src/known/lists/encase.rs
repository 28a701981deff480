//! EnCase's hash set (`.hash`): `HASH\r\n\xFF\0`, the set's name at byte 1032 and its category at 1112, both UTF-16,
//! then from byte 1152 on entries of an MD5 and two bytes.

use super::{FileRecord, Group, Sink, input::Input, object::ObjectText};
use crate::{
    error::{Error, Result},
    hash::hex,
    known::record::Properties,
};

/// The first bytes.
pub(super) const MAGIC: &[u8] = b"HASH\r\n\xff\0";

const HEADER: u64 = 1152;
const ENTRY: u64 = 18;

/// Reads all entries.
pub(super) fn read(mut input: Input<'_>, sink: &mut dyn Sink) -> Result<()> {
    let mut header = Vec::new();
    input.read_up_to(HEADER, &mut header)?;
    if !header.starts_with(MAGIC) || (header.len() as u64) < HEADER {
        let found =
            format!("{} bytes that begin with {}", header.len(), hex::encode(header.get(..8).unwrap_or(&header)));
        return Err(Error::corrupt("EnCase hash set", 0, "a header of 1152 bytes that begins with HASH", found));
    }
    let mut properties = Properties::default();
    for (name, place) in [("name", 1032..1112), ("category", 1112..1152)] {
        let value = utf16(header.get(place).unwrap_or_default());
        if !value.is_empty() {
            ObjectText::new(&mut properties).text(name, &value);
        }
    }
    sink.describe(Group { scheme: None, properties })?;
    let (mut at, mut entry) = (HEADER, Vec::new());
    loop {
        entry.clear();
        input.read_up_to(ENTRY, &mut entry)?;
        let Some((md5, rest)) = entry.split_first_chunk::<16>() else { break };
        let mut record = FileRecord { md5: Some(*md5), ..FileRecord::default() };
        if rest != [0, 0] {
            ObjectText::new(&mut record.properties).text("entry end", &hex::encode(rest));
        }
        if rest.len() < 2 {
            sink.issue(at, "the file is cut in this entry, behind its MD5".to_owned());
        }
        sink.record(&record)?;
        at = at.saturating_add(ENTRY);
    }
    if !entry.is_empty() {
        sink.issue(at, format!("the file is cut in this entry: {} bytes of it are there", entry.len()));
    }
    Ok(())
}

/// Text up to its first NUL.
fn utf16(bytes: &[u8]) -> String {
    let (units, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0).collect();
    String::from_utf16_lossy(&units)
}
