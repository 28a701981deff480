//! The content of a file: its extents, inline, plain, compressed or preallocated (`btrfs_file_extent_item`).

use super::{
    Volume,
    address::Addresses,
    compression::{Compression, MAX_UNPACKED},
    node::Item,
};
use crate::{
    bytes::Source,
    error::{Error, Result},
    filesystem::{
        model::{Stream, StreamInfo},
        stored::{Form, Resident, Unit, Units},
    },
};
use std::sync::Arc;

const STRUCTURE: &str = "file extent item";
/// Bytes of an item before inline content.
const INLINE: usize = 21;

/// One extent item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileExtent {
    /// Byte offset in the file.
    pub(super) start: u64,
    /// Bytes of the file.
    pub(super) length: u64,
    /// When it was written.
    pub(super) generation: u64,
    pub(super) body: Body,
    compression: u8,
    /// Bytes of the whole extent once unpacked.
    unpacked: u64,
    /// Place of the item on the medium.
    at: u64,
}

/// Where an extent's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// In the item: the bytes and their logical address.
    Inline { bytes: Vec<u8>, address: u64 },
    /// At a logical address, `length` bytes as stored, of which the file has those from `skip` on.
    Stored { address: u64, length: u64, skip: u64 },
    /// Nowhere.
    Hole,
    /// In space that was not written to yet.
    Unwritten,
}

impl FileExtent {
    pub(super) fn parse(item: &Item<'_>) -> Result<Self> {
        let fields = item.fields(STRUCTURE);
        let (unpacked, compression) = (fields.u64(8)?, fields.u8(16)?);
        if fields.u8(17)? != 0 || fields.u16(18)? != 0 {
            return Err(Error::unsupported("an encrypted extent of Btrfs"));
        }
        let (length, body) = match fields.u8(20)? {
            0 => {
                let bytes = item.data.get(INLINE..).unwrap_or_default().to_vec();
                let address = item.address.saturating_add(INLINE as u64);
                let length = if compression == 0 { bytes.len() as u64 } else { unpacked };
                (length, Body::Inline { bytes, address })
            }
            kind @ (1 | 2) => {
                let (address, length) = (fields.u64(21)?, fields.u64(29)?);
                let body = match (address, kind) {
                    (0, _) => Body::Hole,
                    (_, 2) => Body::Unwritten,
                    _ => Body::Stored { address, length, skip: fields.u64(37)? },
                };
                (fields.u64(45)?, body)
            }
            other => return Err(fields.corrupt(20, "an inline, regular or preallocated extent", other)),
        };
        let generation = fields.u64(0)?;
        Ok(Self { start: item.key.offset, length, generation, body, compression, unpacked, at: item.at })
    }

    /// Bytes that its inode counts as stored.
    pub(super) fn counted(&self) -> u64 {
        if self.body == Body::Hole { 0 } else { self.length }
    }

    pub(super) fn compression(&self) -> Option<Result<Compression>> {
        let unknown = || Error::unsupported(format!("Btrfs compression of type {}", self.compression));
        (self.compression != 0).then(|| Compression::of(self.compression).ok_or_else(unknown))
    }

    fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }

    fn unit(&self, length: u64, limit: u64) -> Result<Unit> {
        let damage = |expected: &str, found: u64| Error::corrupt(STRUCTURE, self.at, expected, found);
        let packed = self.compression().transpose()?.is_some();
        if packed && self.unpacked > limit.min(MAX_UNPACKED) {
            return Err(damage("at most 131072 bytes in a compressed extent", self.unpacked));
        }
        let form = match &self.body {
            Body::Hole | Body::Unwritten => Form::Zeros,
            Body::Inline { bytes, address } if packed => {
                Form::Packed { offset: *address, length: bytes.len() as u64, unpacked: self.unpacked, skip: 0 }
            }
            Body::Inline { address, .. } => Form::AsIs(*address),
            Body::Stored { address, length: stored, skip } if packed => {
                if *stored > MAX_UNPACKED {
                    return Err(damage("at most 131072 bytes as stored", *stored));
                }
                if skip.checked_add(length).is_none_or(|end| end > self.unpacked) {
                    return Err(damage("a range of the extent", *skip));
                }
                Form::Packed { offset: *address, length: *stored, unpacked: self.unpacked, skip: *skip }
            }
            Body::Stored { address, length: stored, skip } => {
                if skip.checked_add(length).is_none_or(|end| end > *stored) {
                    return Err(damage("a range of the extent", *skip));
                }
                Form::AsIs(address.checked_add(*skip).ok_or_else(|| damage("an address", *skip))?)
            }
        };
        Ok(Unit { length, form })
    }
}

/// The content of a file of `size` bytes from its extents, in order of offset.
pub(super) fn stream(volume: &Arc<Volume>, size: u64, extents: &[FileExtent]) -> Stream {
    let mut info = StreamInfo::new("", size);
    info.compressed = extents.iter().any(|extent| extent.compression != 0);
    let addresses: Source = Arc::new(Addresses(volume.clone()));
    if let [FileExtent { start: 0, length, body: Body::Inline { bytes, address }, compression: 0, .. }] = extents
        && *length >= size
    {
        info.resident = true;
        let bytes = bytes.get(..usize::try_from(size).unwrap_or(usize::MAX)).unwrap_or_default();
        let content = Resident { bytes: bytes.into(), within: addresses, offset: *address };
        return Stream::new(info, Ok(Arc::new(content)), None);
    }
    match units(volume, size, extents, &mut info) {
        Err(error) => Stream::new(info, Err(error), None),
        Ok((units, slack)) => {
            let sector_size = volume.superblock.sector_size as usize;
            let packed = extents.iter().find_map(FileExtent::compression).and_then(Result::ok);
            let unpack = move |bytes: &[u8], length: usize| match packed {
                Some(packed) => packed.unpack(bytes, length, sector_size),
                None => Err("no compression".to_owned()),
            };
            let build = |units: Vec<Unit>, source: &Source| {
                Arc::new(Units::new(source.clone(), units, "compressed extent", Box::new(unpack))) as Source
            };
            // A compressed extent in the item itself is read from there.
            let content = match extents {
                [FileExtent { body: Body::Inline { bytes, address }, .. }] if info.compressed => {
                    let within =
                        Resident { bytes: bytes.as_slice().into(), within: addresses.clone(), offset: *address };
                    let units = units.into_iter().map(|unit| match unit.form {
                        Form::Packed { length, unpacked, skip, .. } => {
                            Unit { form: Form::Packed { offset: 0, length, unpacked, skip }, ..unit }
                        }
                        _ => unit,
                    });
                    build(units.collect(), &(Arc::new(within) as Source))
                }
                _ => build(units, &addresses),
            };
            Stream::new(info, Ok(content), Some(build(slack, &addresses)))
        }
    }
}

/// The units of the content, holes included, and those of the slack: what the last sector holds behind the end.
fn units(volume: &Volume, size: u64, extents: &[FileExtent], info: &mut StreamInfo) -> Result<(Vec<Unit>, Vec<Unit>)> {
    let (mut units, mut slack) = (Vec::new(), Vec::new());
    let mut at = 0u64;
    let limit = volume.limits.runs;
    if extents.len() > limit {
        let (structure, offset, found) =
            ("extents of a file", extents.first().map_or(0, |extent| extent.at), extents.len() as u64);
        return Err(Error::Limit { structure, offset, found, limit: limit as u64, unit: "extents" });
    }
    for extent in extents {
        if extent.start < at {
            let expected = format!("an extent from byte {at} on");
            return Err(Error::corrupt(STRUCTURE, extent.at, expected, format!("one from byte {}", extent.start)));
        }
        let inside = extent.end().min(size).saturating_sub(extent.start);
        if inside == 0 {
            continue;
        }
        if extent.start > at {
            units.push(Unit { length: extent.start.saturating_sub(at), form: Form::Zeros });
        }
        let unit = extent.unit(inside, volume.limits.inflated_bytes)?;
        units.push(unit);
        at = extent.start.saturating_add(inside);
        if let (Form::AsIs(address), Body::Stored { .. }) = (unit.form, &extent.body) {
            let length = extent.length.saturating_sub(inside);
            slack.push(Unit { length, form: Form::AsIs(address.saturating_add(inside)) });
        }
    }
    if size > at {
        units.push(Unit { length: size.saturating_sub(at), form: Form::Zeros });
    }
    info.sparse = units.iter().any(|unit| unit.form == Form::Zeros);
    Ok((units, slack))
}
