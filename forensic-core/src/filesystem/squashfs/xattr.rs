//! Extended attributes ("Squashfs Binary Format", 10).

use super::{
    Volume,
    metadata::{Cursor, Place},
};
use crate::{
    bytes::{Fields, ReadAt},
    error::{Error, Result},
    filesystem::{Attributes, posix},
};

const STRUCTURE: &str = "extended attribute";
/// Bytes of a value at most, and attributes of one inode.
const MOST_BYTES: u32 = 65_536;
const MOST: u32 = 4096;
/// The bit of a key's type that says that its value stands elsewhere.
const ELSEWHERE: u16 = 0x100;

/// Adds the attributes of set `number` to `attributes`.
///
/// # Errors
/// Where one cannot be read; those before it were added.
pub(super) fn read(volume: &Volume, number: u32, attributes: &mut Attributes) -> Result<()> {
    let Some(table) = volume.superblock.xattr_table else {
        return Err(Error::corrupt(STRUCTURE, volume.source.medium_offset(0), "a table of attributes", "none"));
    };
    let header = volume.source.read_vec(table, 16)?;
    let fields = Fields::new(&header, STRUCTURE, volume.source.medium_offset(table));
    let (values, count) = (fields.u64(0)?, fields.u32(8)?);
    if number >= count {
        return Err(fields.corrupt(8, format!("more than {number} sets"), count));
    }
    let entry = volume.metadata.entry(table.saturating_add(16), number, 16)?;
    let fields = Fields::new(&entry, STRUCTURE, volume.source.medium_offset(table));
    let place = Place::of_reference(fields.u64(0)?, values);
    let mut cursor = volume.metadata.at(place);
    for _ in 0..fields.u32(8)?.min(MOST) {
        let key = cursor.read(4)?;
        let key = Fields::new(&key, STRUCTURE, volume.metadata.medium_offset(place));
        let kind = key.u16(0)?;
        let prefix = match kind & 0xff {
            0 => "user.",
            1 => "trusted.",
            2 => "security.",
            _ => return Err(key.corrupt(0, "a prefix of 0 to 2", kind & 0xff)),
        };
        let name = cursor.read(usize::from(key.u16(2)?))?;
        let mut value = self::value(&mut cursor, volume, place)?;
        if kind & ELSEWHERE != 0 {
            let reference = Fields::new(&value, STRUCTURE, volume.metadata.medium_offset(place)).u64(0)?;
            let place = Place::of_reference(reference, values);
            value = self::value(&mut volume.metadata.at(place), volume, place)?;
        }
        posix::add_xattr(attributes, &format!("{prefix}{}", posix::name(&name)), &value);
    }
    Ok(())
}

fn value(cursor: &mut Cursor<'_>, volume: &Volume, place: Place) -> Result<Vec<u8>> {
    let size = cursor.read(4)?;
    let size = Fields::new(&size, STRUCTURE, volume.metadata.medium_offset(place));
    let length = size.u32(0)?;
    if length > MOST_BYTES {
        return Err(size.corrupt(0, format!("a value of at most {MOST_BYTES} bytes"), length));
    }
    cursor.read(length as usize)
}
