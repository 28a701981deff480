//! Compressed files of HFS+ and APFS: the extended attribute `com.apple.decmpfs` and the resource fork.
//!
//! Apple documents the attribute's header in `decmpfs.h` (magic, type, size); the types and the tables of chunks are as
//! observed by those who read them (afsctool; the documentation of libfsapfs; the `apfs-core` crate, Apache-2.0). LZVN and
//! LZFSE are unpacked by `lzfse_rust` (MIT or Apache-2.0).

use super::{
    model::{Stream, StreamInfo},
    stored::{Form, Unit, Units, Unpack},
};
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Result},
    limits::Limits,
};
use std::{io::Read, sync::Arc};

/// The name of the attribute.
pub(crate) const NAME: &str = "com.apple.decmpfs";

const STRUCTURE: &str = "decmpfs header";

/// Bytes of the header.
const HEADER: u64 = 16;

/// Bytes of a chunk once unpacked.
const CHUNK: u64 = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Stored,
    /// Stored behind a byte that marks it as such.
    Marked,
    Zlib,
    Lzvn,
    Lzfse,
}

/// A compressed file, as its attribute describes it.
struct Decmpfs {
    /// Bytes of the content.
    size: u64,
    /// How it is stored, in words.
    description: String,
    /// True where the resource fork holds the content: it is no stream of its own then.
    in_resource_fork: bool,
    method: Option<Method>,
}

impl Decmpfs {
    /// Reads the header of the attribute.
    fn read(attribute: &Source) -> Result<Self> {
        let at = attribute.medium_offset(0);
        let bytes = attribute.read_vec(0, attribute.len().min(HEADER))?;
        let fields = Fields::new(&bytes, STRUCTURE, at);
        let magic = fields.bytes(0, 4)?;
        if magic != b"fpmc" {
            return Err(fields.corrupt(0, "the magic fpmc", format!("{magic:02x?}")));
        }
        let number = fields.u32(4)?;
        let (method, in_resource_fork, name) = match number {
            1 => (Some(Method::Stored), false, "stored in the attribute"),
            3 => (Some(Method::Zlib), false, "zlib in the attribute"),
            4 => (Some(Method::Zlib), true, "zlib in the resource fork"),
            7 => (Some(Method::Lzvn), false, "lzvn in the attribute"),
            8 => (Some(Method::Lzvn), true, "lzvn in the resource fork"),
            9 => (Some(Method::Marked), false, "stored in the attribute"),
            10 => (Some(Method::Marked), true, "stored in the resource fork"),
            11 => (Some(Method::Lzfse), false, "lzfse in the attribute"),
            12 => (Some(Method::Lzfse), true, "lzfse in the resource fork"),
            5 => (None, false, "kept in a store of duplicates"),
            13 => (None, false, "lzbitmap in the attribute"),
            14 => (None, true, "lzbitmap in the resource fork"),
            _ => (None, false, "unknown"),
        };
        let description = format!("{name} (decmpfs type {number})");
        Ok(Self { size: fields.u64(8)?, description, in_resource_fork: in_resource_fork && method.is_some(), method })
    }

    /// The content.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a type that is not known; where the table of chunks is damaged.
    fn content(&self, attribute: &Source, resource: Option<&Source>, limits: &Limits) -> Result<Source> {
        let Some(method) = self.method else {
            return Err(Error::unsupported(format!("compression {}", self.description)));
        };
        let unpack: Box<Unpack> = Box::new(move |packed, length| unpack(method, packed, length));
        let units = |source: &Source, units: Vec<Unit>| -> Source {
            Arc::new(Units::new(source.clone(), units, "decmpfs chunk", unpack))
        };
        if !self.in_resource_fork {
            if self.size > limits.inflated_bytes {
                let (structure, offset) = (STRUCTURE, attribute.medium_offset(8));
                let (found, limit) = (self.size, limits.inflated_bytes);
                return Err(Error::Limit { structure, offset, found, limit, unit: "bytes" });
            }
            let length = attribute.len().saturating_sub(HEADER);
            let form = Form::Packed { offset: HEADER, length, unpacked: self.size, skip: 0 };
            return Ok(units(attribute, vec![Unit { length: self.size, form }]));
        }
        let Some(fork) = resource.filter(|fork| !fork.is_empty()) else {
            return Err(Error::corrupt(
                STRUCTURE,
                attribute.medium_offset(4),
                "a resource fork with the content",
                "none",
            ));
        };
        let chunks = match method {
            Method::Zlib => chunks_of_resource(fork, self.size)?,
            _ => chunks_by_ends(fork, self.size)?,
        };
        let mut left = self.size;
        let units_of = chunks.into_iter().map(|(offset, length)| {
            let unpacked = left.min(CHUNK);
            left = left.saturating_sub(unpacked);
            Unit { length: unpacked, form: Form::Packed { offset, length, unpacked, skip: 0 } }
        });
        let list = units_of.collect();
        Ok(units(fork, list))
    }
}

/// The main stream of a compressed file, how it is stored, and whether the resource fork is a part of it; `at` is the
/// medium offset of the record that says that the file is compressed.
pub(crate) fn stream(
    attribute: Option<Source>,
    fork: Option<&Source>,
    limits: &Limits,
    at: u64,
) -> (Stream, Option<String>, bool) {
    let mut info = StreamInfo { compressed: true, ..StreamInfo::new("", 0) };
    let header = attribute
        .ok_or_else(|| Error::corrupt("compressed file", at, format!("an attribute {NAME}"), "none"))
        .and_then(|attribute| Ok((Decmpfs::read(&attribute)?, attribute)));
    match header {
        Err(error) => (Stream::new(info, Err(error), None), None, false),
        Ok((header, attribute)) => {
            info.size = header.size;
            info.resident = !header.in_resource_fork;
            let content = header.content(&attribute, fork, limits);
            (Stream::new(info, content, None), Some(header.description), header.in_resource_fork)
        }
    }
}

/// Offset and length of each chunk, from the resource that holds them all (type 4).
fn chunks_of_resource(fork: &Source, size: u64) -> Result<Vec<(u64, u64)>> {
    let at = fork.medium_offset(0);
    let head = fork.read_vec(0, fork.len().min(16))?;
    let start = u64::from(Fields::new(&head, "resource fork", at).u32_be(0)?).saturating_add(4);
    let count = size.div_ceil(CHUNK);
    let bytes = fork.read_vec(start, bounded(fork, start, count.saturating_mul(8).saturating_add(4), count)?)?;
    let table = Fields::new(&bytes, "table of chunks", fork.medium_offset(start));
    if u64::from(table.u32(0)?) < count {
        return Err(table.corrupt(0, format!("{count} chunks"), table.u32(0)?));
    }
    let mut chunks = Vec::new();
    for place in (4..bytes.len()).step_by(8) {
        let (offset, length) = (table.u32(place)?, table.u32(place.saturating_add(4))?);
        chunks.push(checked(fork, &table, place, start.saturating_add(offset.into()), length.into())?);
    }
    Ok(chunks)
}

/// Offset and length of each chunk, from the list of their ends (types 8, 10 and 12).
fn chunks_by_ends(fork: &Source, size: u64) -> Result<Vec<(u64, u64)>> {
    let count = size.div_ceil(CHUNK);
    let bytes = fork.read_vec(0, bounded(fork, 0, count.saturating_add(1).saturating_mul(4), count)?)?;
    let table = Fields::new(&bytes, "table of chunks", fork.medium_offset(0));
    let mut chunks = Vec::new();
    let mut start = u64::from(table.u32(0)?);
    for place in (4..bytes.len()).step_by(4) {
        let end = u64::from(table.u32(place)?);
        let length =
            end.checked_sub(start).ok_or_else(|| table.corrupt(place, format!("an end from {start} on"), end))?;
        chunks.push(checked(fork, &table, place, start, length)?);
        start = end;
    }
    Ok(chunks)
}

/// `length`, where the fork holds so much.
fn bounded(fork: &Source, start: u64, length: u64, count: u64) -> Result<u64> {
    if start.saturating_add(length) > fork.len() {
        let found = format!("a fork of {} bytes", fork.len());
        return Err(Error::corrupt(
            "table of chunks",
            fork.medium_offset(0),
            format!("room for {count} chunks"),
            found,
        ));
    }
    Ok(length)
}

/// A chunk that lies in the fork and is not much longer packed than unpacked.
fn checked(fork: &Source, table: &Fields<'_>, place: usize, offset: u64, length: u64) -> Result<(u64, u64)> {
    if offset.saturating_add(length) > fork.len() || length > CHUNK.saturating_mul(2) {
        return Err(table.corrupt(place, "a chunk inside the fork", format!("{length} bytes at {offset}")));
    }
    Ok((offset, length))
}

/// Unpacks a chunk. One that would not have become shorter is stored behind a byte that marks it.
fn unpack(method: Method, packed: &[u8], length: usize) -> Result<Vec<u8>, String> {
    let behind_mark = packed.get(1..).unwrap_or_default();
    match (method, packed.first()) {
        (Method::Stored, _) => Ok(packed.to_vec()),
        // Some writers mark each chunk, others none.
        (Method::Marked, _) if packed.len() == length => Ok(packed.to_vec()),
        (Method::Marked, _) | (Method::Lzvn, Some(0x06)) | (Method::Lzfse, Some(0xff)) => Ok(behind_mark.to_vec()),
        (Method::Zlib, Some(mark)) if mark & 0x0f == 0x0f => Ok(behind_mark.to_vec()),
        (Method::Zlib, _) => {
            let mut bytes = Vec::new();
            let most = (length as u64).saturating_add(1);
            flate2::read::ZlibDecoder::new(packed).take(most).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
            Ok(bytes)
        }
        (Method::Lzvn, _) => {
            // A chunk is the inside of an LZVN block: with a block's head and the end of a stream it is a whole one.
            let number = |n: usize| u32::try_from(n).map(u32::to_le_bytes).map_err(|e| e.to_string());
            let stream = [b"bvxn", &number(length)?[..], &number(packed.len())?, packed, b"bvx$"].concat();
            lzfse(&stream, length)
        }
        (Method::Lzfse, _) => lzfse(packed, length),
    }
}

/// Unpacks an LZFSE stream to at most one byte more than `length`.
fn lzfse(packed: &[u8], length: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut decoder = lzfse_rust::LzfseRingDecoder::default();
    let most = (length as u64).saturating_add(1);
    let mut reader = decoder.reader_bytes(packed);
    reader.by_ref().take(most).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const METHODS: [Method; 5] = [Method::Stored, Method::Marked, Method::Zlib, Method::Lzvn, Method::Lzfse];

    proptest! {
        #[test]
        fn hostile_chunks_give_bytes_or_an_error(
            content in prop::collection::vec(0u8..8, 0..6000),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            noise in prop::collection::vec(any::<u8>(), 0..300),
            length in 0usize..8000,
        ) {
            let mut packed = Vec::new();
            lzfse_rust::encode_bytes(&content, &mut packed).unwrap();
            for (at, value) in changes {
                let at = at.index(packed.len());
                packed[at] = value;
            }
            for method in METHODS {
                for bytes in [&packed, &noise] {
                    let Ok(unpacked) = unpack(method, bytes, length) else { continue };
                    prop_assert!(unpacked.len() <= bytes.len().max(length.saturating_add(1)));
                }
            }
        }
    }
}
