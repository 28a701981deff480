//! Extended attributes: in the inode (short form), or in leaves, with long values in blocks of their own ("Extended
//! Attributes").

use super::{
    Volume, checksum, extents,
    inode::{Fork, Format, Inode},
};
use crate::{
    bytes::{Extents, Fields, ReadAt, Source},
    error::{Error, Result},
    filesystem::{Attributes, posix},
};
use std::{collections::HashSet, sync::Arc};

const LEAF: &str = "attribute leaf block";
const SHORT: &str = "short form attributes";
/// A value is never longer.
const MAX_VALUE: u64 = 64 << 10;
/// Header of each block of a long value where blocks carry checksums.
const VALUE_HEADER: u64 = 56;

mod flag {
    /// The value stands in the leaf.
    pub(super) const LOCAL: u8 = 0x1;
    pub(super) const ROOT: u8 = 0x2;
    pub(super) const SECURE: u8 = 0x4;
    /// A link back to a directory that lists the file: no attribute of a user's.
    pub(super) const PARENT: u8 = 0x8;
    /// Being written when the filesystem stopped.
    pub(super) const INCOMPLETE: u8 = 0x80;
}

/// Adds the extended attributes of an inode; what is wrong goes to `damage`.
pub(super) fn read(volume: &Volume, inode: &Inode, to: &mut Attributes, damage: &mut Vec<Error>) {
    let Some(fork) = inode.attributes() else { return };
    let result = match fork.format {
        Format::Local => short_form(volume, &fork, to),
        Format::Extents | Format::Btree => leaves(volume, inode, &fork, to, damage),
        Format::Device | Format::Unknown(_) => {
            let at = volume.source.medium_offset(inode.offset);
            Err(Error::corrupt("inode", at, "an attribute fork", format!("{:?}", fork.format)))
        }
    };
    damage.extend(result.err());
}

fn add(to: &mut Attributes, flags: u8, name: &[u8], value: &[u8]) {
    if flags & (flag::PARENT | flag::INCOMPLETE) != 0 {
        return;
    }
    let namespace = match flags & (flag::ROOT | flag::SECURE) {
        0 => "user",
        flag::ROOT => "trusted",
        _ => "security",
    };
    posix::add_xattr(to, &format!("{namespace}.{}", posix::name(name)), value);
}

fn short_form(volume: &Volume, fork: &Fork<'_>, to: &mut Attributes) -> Result<()> {
    let fields = Fields::new(fork.bytes, SHORT, volume.source.medium_offset(fork.offset));
    let mut place = 4usize;
    for _ in 0..fields.u8(2)? {
        let (name, value) = (usize::from(fields.u8(place)?), usize::from(fields.u8(place.saturating_add(1))?));
        let flags = fields.u8(place.saturating_add(2))?;
        let name_at = place.saturating_add(3);
        let value_at = name_at.saturating_add(name);
        add(to, flags, fields.bytes(name_at, name)?, fields.bytes(value_at, value)?);
        place = value_at.saturating_add(value);
    }
    Ok(())
}

/// Attributes in blocks: down the first branch of the tree to the first leaf, then from leaf to leaf.
fn leaves(volume: &Volume, inode: &Inode, fork: &Fork<'_>, to: &mut Attributes, damage: &mut Vec<Error>) -> Result<()> {
    let found = extents::read(volume, inode, fork);
    damage.extend(found.damage.clone());
    let size = u64::from(volume.superblock.block_size);
    let length = found.all.last().map_or(0, |mapping| mapping.end().saturating_mul(size));
    let stream: Source = Arc::new(Extents::new(volume.metadata.clone(), found.runs(volume, length).0));
    let mut seen = HashSet::new();
    let mut next = 0u32;
    while seen.insert(next) {
        let offset = u64::from(next).saturating_mul(size);
        let bytes = stream.read_vec(offset, size)?;
        let at = stream.medium_offset(offset);
        let fields = Fields::new(&bytes, LEAF, at);
        let summed = matches!(fields.u16_be(8)?, 0x3bee | 0x3ebe);
        if summed {
            checksum::check(&bytes, 12, LEAF, at).unwrap_or_else(|error| damage.push(error));
        }
        next = match fields.u16_be(8)? {
            0xfbee | 0x3bee => {
                leaf(volume, &stream, &fields, summed, to, damage)?;
                match fields.u32_be(0)? {
                    0 => return Ok(()),
                    next => next,
                }
            }
            0xfebe => fields.u32_be(20)?,
            0x3ebe => fields.u32_be(68)?,
            other => return Err(fields.corrupt(8, "the signature of an attribute block", format!("{other:04x}"))),
        };
    }
    Ok(())
}

fn leaf(
    volume: &Volume,
    stream: &Source,
    fields: &Fields<'_>,
    summed: bool,
    to: &mut Attributes,
    damage: &mut Vec<Error>,
) -> Result<()> {
    let (count_at, entries) = if summed { (56, 80usize) } else { (12, 32) };
    for place in 0..usize::from(fields.u16_be(count_at)?) {
        let entry = entries.saturating_add(place.saturating_mul(8));
        let (at, flags) = (usize::from(fields.u16_be(entry.saturating_add(4))?), fields.u8(entry.saturating_add(6))?);
        if flags & flag::LOCAL != 0 {
            let (value, name) = (usize::from(fields.u16_be(at)?), usize::from(fields.u8(at.saturating_add(2))?));
            let name_at = at.saturating_add(3);
            add(to, flags, fields.bytes(name_at, name)?, fields.bytes(name_at.saturating_add(name), value)?);
            continue;
        }
        let (block, length) = (fields.u32_be(at)?, u64::from(fields.u32_be(at.saturating_add(4))?));
        let name = fields.bytes(at.saturating_add(9), usize::from(fields.u8(at.saturating_add(8))?))?;
        if flags & flag::INCOMPLETE == 0 {
            match long_value(volume, stream, block, length) {
                Ok(value) => add(to, flags, name, &value),
                Err(error) => damage.push(error),
            }
        }
    }
    Ok(())
}

/// A value in blocks of its own, from `block` of the attribute fork on.
fn long_value(volume: &Volume, stream: &Source, block: u32, length: u64) -> Result<Vec<u8>> {
    let size = u64::from(volume.superblock.block_size);
    let mut offset = u64::from(block).saturating_mul(size);
    if length > MAX_VALUE {
        let at = stream.medium_offset(offset);
        return Err(Error::corrupt("attribute value", at, format!("at most {MAX_VALUE} bytes"), length));
    }
    let header = if volume.superblock.checksums { VALUE_HEADER } else { 0 };
    let mut value = Vec::new();
    while (value.len() as u64) < length {
        let left = length.saturating_sub(value.len() as u64).min(size.saturating_sub(header));
        let bytes = stream.read_vec(offset, header.saturating_add(left))?;
        if header > 0 && !bytes.starts_with(b"XARM") {
            let at = stream.medium_offset(offset);
            return Err(Error::corrupt("attribute value", at, "the signature XARM", "other bytes"));
        }
        value.extend(bytes.iter().skip(usize::try_from(header).unwrap_or(0)));
        offset = offset.saturating_add(size);
    }
    Ok(value)
}
