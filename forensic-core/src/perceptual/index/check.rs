//! Holding an index against itself.

use super::{HashIndex, chunks::Chunk, lookup::Scratch};
use crate::{
    error::{Error, Result},
    sealed::{BLOCK, Section},
};

/// Rows looked for when an index is opened.
const SAMPLE: u64 = 4;

/// Rows by which a check of all of it compares tables with a look at every row, and how far from them.
const QUERIES: u64 = 16;

impl HashIndex {
    /// Reads all of the index: holds it against its checksums, every row against the tables that should find it, and the tables'
    /// answers for a sample of hashes against a look at every row.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the offset of what was changed.
    pub fn verify(&self) -> Result<()> {
        super::Header::parse(self.image.bytes())?;
        (1..self.image.end().div_ceil(BLOCK)).try_for_each(|block| self.image.check(block))?;
        self.check_rows()?;
        self.chunks.iter().try_for_each(|chunk| self.check_chunk(*chunk))?;
        self.check_items()?;
        self.sample(QUERIES).try_for_each(|row| self.check_answers(row))
    }

    /// Looks for a few rows in their buckets.
    pub(super) fn check_sample(&self) -> Result<()> {
        for row in self.sample(SAMPLE) {
            for chunk in self.chunks.iter() {
                let (from, to) = self.bucket(*chunk, chunk.value(self.row(row)?))?;
                let found = match chunk.ids {
                    None => (from..to).contains(&row),
                    Some(_) => {
                        self.ids(*chunk, from, to)?.binary_search_by_key(&row, |id| u32::from_le_bytes(*id)).is_ok()
                    }
                };
                if !found {
                    return Err(self.astray(*chunk, row));
                }
            }
            self.items_of(row)?;
        }
        Ok(())
    }

    /// The numbers of some rows, first and last among them.
    fn sample(&self, count: u64) -> impl Iterator<Item = u32> + use<> {
        let last = self.header.row_count.saturating_sub(1);
        let count = count.min(self.header.row_count);
        let place = move |number: u64| last.saturating_mul(number).checked_div(count.saturating_sub(1)).unwrap_or(0);
        (0..count).filter_map(move |number| u32::try_from(place(number)).ok())
    }

    fn row(&self, number: u32) -> Result<&[u8]> {
        let length = self.header.shape.map_or(0, |shape| shape.row()) as u64;
        let offset = self.header.rows.offset.saturating_add(u64::from(number).saturating_mul(length));
        self.image.read(offset, length)
    }

    /// The row numbers of a bucket.
    fn ids(&self, chunk: Chunk, from: u32, to: u32) -> Result<&[[u8; 4]]> {
        let offset = chunk.ids.unwrap_or_default().saturating_add(u64::from(from).saturating_mul(4));
        let length = u64::from(to.saturating_sub(from)).saturating_mul(4);
        Ok(self.image.section(Section { offset, length })?.as_chunks().0)
    }

    #[cold]
    fn astray(&self, chunk: Chunk, row: u32) -> Error {
        let expected = format!("row {row} in the bucket of its bits from {} on", chunk.bit);
        Error::corrupt("chunk of a hash index", chunk.starts, expected, "another")
    }

    /// Rows are in order, none of them twice, and what pads them is zero.
    fn check_rows(&self) -> Result<()> {
        let Some(shape) = self.header.shape else { return Ok(()) };
        let rows = self.image.section(self.header.rows)?;
        let mut before: &[u8] = &[];
        for (row, number) in rows.chunks_exact(shape.row()).zip(0u64..) {
            if before >= row || row.iter().skip(shape.length).any(|byte| *byte != 0) {
                let at = self.header.rows.offset.saturating_add(number.saturating_mul(shape.row() as u64));
                return Err(Error::corrupt("row of a hash index", at, "rows in order", "another"));
            }
            before = row;
        }
        Ok(())
    }

    /// Each bucket has rows of its value, in order; so each row is in one, once there are as many as rows.
    fn check_chunk(&self, chunk: Chunk) -> Result<()> {
        let mut expected = 0;
        for value in 0..u32::try_from(chunk.values()).unwrap_or(u32::MAX) {
            let (from, to) = self.bucket(chunk, value)?;
            if from != expected {
                return Err(self.astray(chunk, expected));
            }
            expected = to;
            let ids = if chunk.ids.is_some() { self.ids(chunk, from, to)? } else { &[] };
            let mut before = None;
            for (place, id) in (from..to).zip(ids.iter().map(Some).chain(std::iter::repeat(None))) {
                let row = id.map_or(place, |id| u32::from_le_bytes(*id));
                let in_order = before.is_none_or(|before| before < row) && u64::from(row) < self.header.row_count;
                if !in_order || chunk.value(self.row(row)?) != value {
                    return Err(self.astray(chunk, row));
                }
                before = Some(row);
            }
        }
        if u64::from(expected) == self.header.row_count { Ok(()) } else { Err(self.astray(chunk, expected)) }
    }

    /// Each item is one row's, and has a key.
    fn check_items(&self) -> Result<()> {
        let mut expected = 0;
        for row in 0..u32::try_from(self.header.row_count).unwrap_or(u32::MAX) {
            let items = self.items_of(row)?;
            if items.start != expected {
                let found = items.start.to_string();
                return Err(Error::corrupt(
                    "item of a hash index",
                    self.header.firsts.offset,
                    expected.to_string(),
                    found,
                ));
            }
            expected = items.end;
            for item in items {
                self.key(item, self.mark(item)?)?;
            }
        }
        Ok(())
    }

    /// What tables find near a row is what a look at every row finds.
    fn check_answers(&self, row: u32) -> Result<()> {
        let Some(shape) = self.header.shape else { return Ok(()) };
        let (radius, mut scratch) = (shape.bits() / 8, Scratch::default());
        scratch.ask(self.row(row)?);
        self.find(radius, usize::MAX, &mut scratch)?;
        let mut expected = Vec::new();
        self.kernel.scan(self.image.section(self.header.rows)?, 0, self.row(row)?, radius, &mut expected);
        expected.sort_unstable();
        if scratch.hits != expected {
            let (expected, found) = (format!("{} rows near row {row}", expected.len()), scratch.hits.len());
            return Err(Error::corrupt("hash index", self.header.chunks.offset, expected, found));
        }
        Ok(())
    }
}
