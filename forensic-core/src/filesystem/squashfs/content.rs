//! The content of a file: its blocks, each packed by itself, and its tail, which shares a fragment with those of other files.

use super::{Volume, inode::Content};
use crate::{
    bytes::{Extent, ExtentKind, Fields, ReadAt, Source, check_bounds},
    error::{Error, Result},
    filesystem::stored::{Form, Unit, Units},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

const BLOCK: &str = "data block";
const FRAGMENT: &str = "fragment";
/// The bit of a block's size that says that it is stored as it is.
const AS_IS: u32 = 1 << 24;
/// Bytes of an entry of the fragment table.
const ENTRY: usize = 16;
/// Fragments kept in memory.
const KEPT: usize = 8;

/// Unpacked fragments: many small files lie in one.
#[derive(Default)]
pub(super) struct Fragments(Mutex<VecDeque<(u64, Arc<[u8]>)>>);

/// A file.
struct File {
    blocks: Units,
    tail: Option<Tail>,
}

/// The end of a file: a part of a fragment.
struct Tail {
    volume: Arc<Volume>,
    /// Where the fragment lies, as stored.
    start: u64,
    stored: u32,
    /// The part of it.
    offset: u64,
    length: u64,
}

/// The content of a file.
///
/// # Errors
/// Where the fragment table cannot be read, or a block cannot be as long as it is said to be.
pub(super) fn open(volume: &Arc<Volume>, content: &Content) -> Result<Source> {
    let block_size = u64::from(volume.superblock.block_size);
    let tail_length = if content.fragment.is_some() { content.size.checked_rem(block_size).unwrap_or(0) } else { 0 };
    let mut left = content.size.saturating_sub(tail_length);
    let mut at = content.start;
    let mut units = Vec::with_capacity(content.blocks.len());
    for &size in &content.blocks {
        let length = left.min(block_size);
        left = left.saturating_sub(length);
        let stored = u64::from(size & !AS_IS);
        if stored > block_size || size & AS_IS != 0 && stored != length {
            let expected = format!("a block of {length} bytes");
            return Err(Error::corrupt(BLOCK, volume.source.medium_offset(at), expected, format!("{stored} bytes")));
        }
        let form = match size {
            0 => Form::Zeros,
            size if size & AS_IS != 0 => Form::AsIs(at),
            _ => Form::Packed { offset: at, length: stored, unpacked: length, skip: 0 },
        };
        at = at.saturating_add(stored);
        units.push(Unit { length, form });
    }
    let compression = volume.superblock.compression;
    let unpack = Box::new(move |packed: &[u8], most: usize| compression.unpack(packed, most));
    let blocks = Units::new(volume.source.clone(), units, BLOCK, unpack);
    let tail = match content.fragment {
        Some((number, offset)) if tail_length > 0 => Some(tail(volume, number, u64::from(offset), tail_length)?),
        _ => None,
    };
    Ok(Arc::new(File { blocks, tail }))
}

fn tail(volume: &Arc<Volume>, number: u32, offset: u64, length: u64) -> Result<Tail> {
    let table = volume.superblock.fragment_table.filter(|_| number < volume.superblock.fragments);
    let table = table.ok_or_else(|| {
        let expected = format!("one of {} fragments", volume.superblock.fragments);
        Error::corrupt(FRAGMENT, volume.source.medium_offset(0), expected, number)
    })?;
    let entry = volume.metadata.entry(table, number, ENTRY)?;
    let fields = Fields::new(&entry, FRAGMENT, volume.source.medium_offset(table));
    let (start, stored) = (fields.u64(0)?, fields.u32(8)?);
    let block_size = u64::from(volume.superblock.block_size);
    if u64::from(stored & !AS_IS) > block_size || offset.saturating_add(length) > block_size {
        let expected = format!("a fragment of at most {block_size} bytes");
        let found = format!("{} bytes, of which {length} from {offset} on are asked for", stored & !AS_IS);
        return Err(fields.corrupt(8, expected, found));
    }
    Ok(Tail { volume: volume.clone(), start, stored, offset, length })
}

impl Tail {
    fn is_packed(&self) -> bool {
        self.stored & AS_IS == 0
    }

    /// The fragment, unpacked.
    fn fragment(&self) -> Result<Arc<[u8]>> {
        let kept = || self.volume.fragments.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = kept().iter().find(|(start, _)| *start == self.start) {
            return Ok(bytes.clone());
        }
        let superblock = &self.volume.superblock;
        let packed = self.volume.source.read_vec(self.start, u64::from(self.stored & !AS_IS))?;
        let most = superblock.block_size as usize;
        let bytes: Arc<[u8]> = match superblock.compression.unpack(&packed, most) {
            Ok(bytes) => bytes.into(),
            Err(found) => {
                let at = self.volume.source.medium_offset(self.start);
                return Err(Error::corrupt(FRAGMENT, at, format!("a packed block of at most {most} bytes"), found));
            }
        };
        let mut kept = kept();
        kept.push_back((self.start, bytes.clone()));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        Ok(bytes)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let offset = self.offset.saturating_add(offset);
        if !self.is_packed() {
            let end = offset.saturating_add(buf.len() as u64);
            if end > u64::from(self.stored & !AS_IS) {
                return Err(self.too_short(u64::from(self.stored & !AS_IS)));
            }
            return self.volume.source.read_at(self.start.saturating_add(offset), buf);
        }
        let fragment = self.fragment()?;
        fragment.read_at(offset, buf).map_err(|_| self.too_short(ReadAt::len(&fragment)))
    }

    fn too_short(&self, found: u64) -> Error {
        let expected = format!("a fragment of at least {} bytes", self.offset.saturating_add(self.length));
        Error::corrupt(FRAGMENT, self.volume.source.medium_offset(self.start), expected, found)
    }

    /// The place of `length` bytes from `offset` on; `before` bytes of the file stand before the tail.
    fn locate(&self, offset: u64, length: u64, before: u64) -> Vec<Extent> {
        let stream_offset = before.saturating_add(offset);
        if !self.is_packed() {
            let start = self.start.saturating_add(self.offset).saturating_add(offset);
            let mut extents = self.volume.source.locate(start, length);
            for extent in &mut extents {
                extent.stream_offset = stream_offset.saturating_add(extent.stream_offset.saturating_sub(start));
            }
            return extents;
        }
        let offset = self.volume.source.locate(self.start, 1).first().and_then(|extent| extent.offset);
        vec![Extent { stream_offset, offset, length, kind: ExtentKind::Compressed, inferred: false }]
    }
}

impl ReadAt for File {
    fn len(&self) -> u64 {
        self.blocks.len().saturating_add(self.tail.as_ref().map_or(0, |tail| tail.length))
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.len())?;
        let blocks = self.blocks.len().saturating_sub(offset);
        let split = usize::try_from(blocks).unwrap_or(usize::MAX).min(buf.len());
        let (blocks, tail) = buf.split_at_mut(split);
        if !blocks.is_empty() {
            self.blocks.read_at(offset, blocks)?;
        }
        match &self.tail {
            Some(part) if !tail.is_empty() => {
                let start = offset.saturating_add(split as u64).saturating_sub(self.blocks.len());
                part.read_at(start, tail)
            }
            _ => Ok(()),
        }
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let before = self.blocks.len();
        let end = offset.saturating_add(length).min(self.len());
        let mut extents = self.blocks.locate(offset.min(before), end.min(before).saturating_sub(offset.min(before)));
        if let Some(tail) = self.tail.as_ref().filter(|_| end > before) {
            let start = offset.max(before).saturating_sub(before);
            let length = end.saturating_sub(before).saturating_sub(start);
            if length > 0 {
                extents.extend(tail.locate(start, length, before));
            }
        }
        extents
    }
}
