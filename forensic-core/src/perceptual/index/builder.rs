//! Builds an index: hashes are gathered, put in order, cut into chunks and written.

use super::{
    HashIndex,
    chunks::{self, Chunk, Chunks},
    item::{Key, pack_quality},
    layout::{Header, Shape},
};
use crate::{
    error::{Error, Result},
    parallel::{in_order, threads_to_start},
    perceptual::ImageHash,
    sealed::Output,
};
use std::path::Path;

/// The bit of a mark that tells that the key is a text.
pub(super) const TEXT: u8 = 0x80;

/// The most items: their numbers have 32 bits.
const MOST_ITEMS: usize = u32::MAX as usize - 1;

/// Gathers hashes and builds an index of them.
///
/// ```
/// use forensic_core::perceptual::{Algorithm, HashIndex, ImageHash, IndexBuilder};
/// let mut builder = IndexBuilder::new();
/// builder.push("a.jpg", &ImageHash::from_parts(Algorithm::Gradient, [0x0f; 8], None))?;
/// builder.push(7, &ImageHash::from_parts(Algorithm::Gradient, [0x0e; 8], None))?;
/// assert_eq!(builder.finish(None)?.len(), 2);
/// # Ok::<(), forensic_core::Error>(())
/// ```
#[derive(Default)]
pub struct IndexBuilder {
    shape: Option<Shape>,
    /// The hashes, each padded to a row.
    rows: Vec<u8>,
    /// Of each its quality, and whether its key is a text.
    marks: Vec<u8>,
    /// Of each its key, or the place of its key among the texts.
    keys: Vec<u64>,
    texts: Vec<u8>,
    threads: Option<usize>,
}

impl IndexBuilder {
    /// A builder without hashes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Threads to build with; as many as the machine runs at once where nothing is said. The index is the same.
    pub fn threads(self, threads: usize) -> Self {
        Self { threads: Some(threads.max(1)), ..self }
    }

    /// Takes a hash under a key. A key may have several hashes, and a hash several keys; the same hash under the same key again
    /// is one, of the better quality.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where the hash is of another algorithm or length than those before it, has fewer than 64 or
    /// more than 1,024 bits, or a quality over 100; [`Error::Limit`] for more than 2³² − 2 hashes.
    pub fn push(&mut self, key: impl Into<Key>, hash: &ImageHash) -> Result<()> {
        let key = key.into();
        let number = self.keys.len();
        let wrong = |what: String| Error::invalid(format!("item {number} (key {key}): {what}"));
        let shape = Shape::new(hash.algorithm(), hash.as_bytes().len()).map_err(|error| wrong(error.to_string()))?;
        let quality = pack_quality(hash.quality()).map_err(|error| wrong(error.to_string()))?;
        if let Some(before) = self.shape.filter(|before| *before != shape) {
            return Err(wrong(format!("{shape} does not go with {before}")));
        }
        if let Key::Text(text) = &key
            && u32::try_from(text.len()).is_err()
        {
            return Err(Error::invalid(format!("item {number}: a key of {} bytes", text.len())));
        }
        if number >= MOST_ITEMS {
            let (found, limit) = ((number as u64).saturating_add(1), MOST_ITEMS as u64);
            return Err(Error::Limit { structure: "hash index", offset: 0, found, limit, unit: "hashes" });
        }
        self.shape = Some(shape);
        let end = self.rows.len().saturating_add(shape.row());
        self.rows.extend_from_slice(hash.as_bytes());
        self.rows.resize(end, 0);
        match key {
            Key::Number(number) => {
                self.keys.push(number.cast_unsigned());
                self.marks.push(quality);
            }
            Key::Text(text) => {
                self.keys.push(self.texts.len() as u64);
                self.marks.push(quality | TEXT);
                self.texts.extend((text.len() as u32).to_le_bytes());
                self.texts.extend_from_slice(text.as_bytes());
            }
        }
        Ok(())
    }

    /// Takes what another index has, but for what `keep` refuses by its key.
    ///
    /// # Errors
    /// As [`IndexBuilder::push`]; [`Error::Corrupt`] for an index that was changed.
    pub fn merge(&mut self, index: &HashIndex, keep: impl Fn(&Key) -> bool) -> Result<()> {
        index.for_each(|key, hash| if keep(&key) { self.push(key, &hash) } else { Ok(()) })
    }

    /// Number of hashes taken.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// True where none was taken.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Builds the index in memory, or in a file at `path`, and opens it. The file has its name when it is whole; one that was
    /// there before is replaced, which an index that is open and part of this one outlives. Takes some 110 bytes a hash of 256
    /// bits in memory, beside the index itself where that is in memory, too.
    ///
    /// # Errors
    /// [`Error::Io`]; then there is no file.
    pub fn finish(self, path: Option<&Path>) -> Result<HashIndex> {
        let output = Output::new(path, ".hash-index-")?;
        match (self.write(output)?, path) {
            (Some(bytes), _) => HashIndex::from_bytes(bytes),
            (None, path) => HashIndex::open(path.unwrap_or(Path::new(""))),
        }
    }

    fn write(mut self, mut output: Output) -> Result<Option<Vec<u8>>> {
        let threads = threads_to_start(self.threads).saturating_sub(1);
        let row = self.shape.map_or(8, Shape::row);
        let sorted = self.sort(row);
        let row_count = sorted.rows.chunks_exact(row).len() as u64;
        let bits = self.shape.map_or(0, Shape::bits);
        let mut header = Header {
            shape: self.shape,
            row_count,
            item_count: sorted.marks.len() as u64,
            widths: chunks::plan(bits, row_count),
            ..Header::default()
        };
        let at = output.begin();
        output.write(&sorted.rows)?;
        header.rows = output.section_from(at);
        let at = output.begin();
        let cut = Chunks::new(&header.widths, bits, row_count, at);
        let cut = cut.ok_or_else(|| Error::invalid("chunks that do not fit the hashes"))?;
        let table = |number: u64| {
            usize::try_from(number)
                .ok()
                .and_then(|number| cut.get(number))
                .map(|chunk| Table::new(*chunk, &sorted.rows, row))
        };
        in_order(cut.len() as u64, threads, table, |_, table| {
            let Some(table) = table else { return Ok(()) };
            output.begin();
            output.write(&table.starts)?;
            if let Some(ids) = &table.ids {
                output.begin();
                output.write(ids)?;
            }
            Ok(())
        })?;
        header.chunks = output.section_from(at);
        let mut column = |bytes: &[u8]| -> Result<_> {
            let at = output.begin();
            output.write(bytes)?;
            Ok(output.section_from(at))
        };
        header.firsts = column(&sorted.firsts)?;
        header.marks = column(&sorted.marks)?;
        header.keys = column(&sorted.keys)?;
        header.texts = column(&self.texts)?;
        output.finish(|sums| {
            let length = sums.section.end();
            Header { length, sums: sums.section, sums_checksum: sums.checksum, ..header }.to_bytes()
        })
    }

    /// Puts the hashes in order, equal ones together.
    fn sort(&mut self, row: usize) -> Sorted {
        let (rows, marks, keys) = (std::mem::take(&mut self.rows), &self.marks, &self.keys);
        let row_of = |item: u32| {
            let from = (item as usize).saturating_mul(row);
            rows.get(from..from.saturating_add(row)).unwrap_or_default()
        };
        let mark_of = |item: u32| marks.get(item as usize).copied().unwrap_or_default();
        let key_of = |item: u32| {
            let key = keys.get(item as usize).copied().unwrap_or_default();
            if mark_of(item) & TEXT == 0 { Ok(key.cast_signed()) } else { Err(text_at(&self.texts, key)) }
        };
        // Most hashes differ in their first words, which are near when they are compared.
        let head = |row: &[u8]| row.first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
        let mut order: Vec<(u64, u32)> = rows.chunks_exact(row).map(head).zip(0..).collect();
        order.sort_unstable_by(|(head, item), (other_head, other)| {
            let rest = || row_of(*item).cmp(row_of(*other)).then_with(|| key_of(*item).cmp(&key_of(*other)));
            // The better quality first, of equal items the first.
            let rest = || rest().then_with(|| mark_of(*other).cmp(&mark_of(*item))).then_with(|| item.cmp(other));
            head.cmp(other_head).then_with(rest)
        });
        let mut sorted = Sorted::with_capacity(order.len(), row);
        let mut before = None;
        for (_, item) in order {
            let new_row = before.is_none_or(|before| row_of(before) != row_of(item));
            if new_row {
                sorted.firsts.extend((sorted.marks.len() as u32).to_le_bytes());
                sorted.rows.extend_from_slice(row_of(item));
            } else if before.is_some_and(|before| key_of(before) == key_of(item)) {
                continue;
            }
            sorted.marks.push(mark_of(item));
            sorted.keys.extend(keys.get(item as usize).copied().unwrap_or_default().to_le_bytes());
            before = Some(item);
        }
        sorted.firsts.extend((sorted.marks.len() as u32).to_le_bytes());
        sorted
    }
}

/// The text at a place among texts, in bytes.
fn text_at(texts: &[u8], place: u64) -> &[u8] {
    let rest = usize::try_from(place).ok().and_then(|place| texts.get(place..));
    let Some((length, rest)) = rest.and_then(<[u8]>::split_first_chunk) else { return &[] };
    rest.get(..u32::from_le_bytes(*length) as usize).unwrap_or_default()
}

/// The columns of an index, as they are written.
#[derive(Default)]
struct Sorted {
    rows: Vec<u8>,
    firsts: Vec<u8>,
    marks: Vec<u8>,
    keys: Vec<u8>,
}

impl Sorted {
    fn with_capacity(items: usize, row: usize) -> Self {
        Self {
            rows: Vec::with_capacity(items.saturating_mul(row)),
            firsts: Vec::with_capacity(items.saturating_add(1).saturating_mul(4)),
            marks: Vec::with_capacity(items),
            keys: Vec::with_capacity(items.saturating_mul(8)),
        }
    }
}

/// The table of a chunk, as it is written.
struct Table {
    starts: Vec<u8>,
    ids: Option<Vec<u8>>,
}

impl Table {
    fn new(chunk: Chunk, rows: &[u8], row: usize) -> Self {
        let values = || rows.chunks_exact(row).map(|row| chunk.value(row) as usize);
        let mut ends = vec![0u32; usize::try_from(chunk.values()).unwrap_or_default()];
        for value in values() {
            if let Some(count) = ends.get_mut(value) {
                *count = count.saturating_add(1);
            }
        }
        let mut starts = Vec::with_capacity(ends.len().saturating_add(1).saturating_mul(4));
        let mut next = 0u32;
        for end in &mut ends {
            starts.extend(next.to_le_bytes());
            next = next.saturating_add(std::mem::replace(end, next));
        }
        starts.extend(next.to_le_bytes());
        let ids = chunk.ids.map(|_| {
            let mut ids = vec![0; rows.chunks_exact(row).len().saturating_mul(4)];
            let (places, _) = ids.as_chunks_mut();
            for (value, number) in values().zip(0u32..) {
                let Some(next) = ends.get_mut(value) else { continue };
                if let Some(place) = places.get_mut(*next as usize) {
                    *place = number.to_le_bytes();
                }
                *next = next.saturating_add(1);
            }
            ids
        });
        Self { starts, ids }
    }
}
