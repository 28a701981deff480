//! Writes a table of digests; see [`super::table`] for what it looks like.

use super::{
    layout::TableHeader,
    line::LINE,
    table::{STARTS_PADDING, bucket_of, bucket_shift, told_bytes},
};
use crate::{
    error::Result,
    sealed::{Output, Section},
};

/// Digests of a bucket, on average of 12 to 24.
const BUCKET: u64 = 12;

/// A table that is being written; its digests come in order.
pub(super) struct TableWriter {
    header: TableHeader,
    width: usize,
    skip: usize,
    keys_at: u64,
    bucket: u64,
    starts: Vec<u8>,
    line: Vec<u8>,
    rests: Vec<u8>,
    places: Vec<u8>,
    last: Vec<u8>,
}

/// Bytes that a number up to `largest` needs.
pub(super) fn bytes_of(largest: u64) -> u8 {
    (64u32.saturating_sub(largest.leading_zeros())).div_ceil(8) as u8
}

impl TableWriter {
    /// For up to `most` entries of `width` bytes with places up to `largest_place`.
    ///
    /// The buckets are for as many: lists that repeat one another have them emptier, at a third of a byte a repetition.
    pub(super) fn new(width: usize, most: u64, largest_place: u64, output: &mut Output) -> Self {
        let bits = (most / BUCKET).checked_ilog2().unwrap_or(0).min(32) as u8;
        let header = TableHeader {
            bits,
            place_width: bytes_of(largest_place),
            start_width: bytes_of(most).max(1),
            ..TableHeader::default()
        };
        let mut table = Self {
            header,
            width,
            skip: told_bytes(bits),
            keys_at: output.begin(),
            bucket: 0,
            starts: Vec::new(),
            line: Vec::new(),
            rests: Vec::new(),
            places: Vec::new(),
            last: Vec::new(),
        };
        table.put_start();
        table
    }

    /// The next digest.
    #[inline]
    pub(super) fn push(&mut self, digest: &[u8], place: u64, output: &mut Output) -> Result<()> {
        let bucket = bucket_of(digest, bucket_shift(self.header.bits));
        if bucket != self.bucket {
            self.go_to(bucket, output)?;
        }
        let Some((tag, before)) = digest.split_last() else { return Ok(()) };
        self.line.push(*tag);
        self.rests.extend_from_slice(before.get(self.skip..).unwrap_or_default());
        let place = place.to_le_bytes();
        self.places.extend_from_slice(place.get(..usize::from(self.header.place_width)).unwrap_or_default());
        if self.last != digest {
            self.last.clear();
            self.last.extend_from_slice(digest);
            self.header.distinct = self.header.distinct.saturating_add(1);
        }
        self.header.count = self.header.count.saturating_add(1);
        if self.line.len() as u64 == LINE { self.end_line(output) } else { Ok(()) }
    }

    fn end_line(&mut self, output: &mut Output) -> Result<()> {
        for part in [&mut self.line, &mut self.rests, &mut self.places] {
            output.write(part)?;
            part.clear();
        }
        Ok(())
    }

    fn go_to(&mut self, bucket: u64, output: &mut Output) -> Result<()> {
        self.end_line(output)?;
        while self.bucket < bucket {
            self.bucket = self.bucket.saturating_add(1);
            self.put_start();
        }
        Ok(())
    }

    fn put_start(&mut self) {
        let start = self.header.count.to_le_bytes();
        self.starts.extend_from_slice(start.get(..usize::from(self.header.start_width)).unwrap_or_default());
    }

    /// Writes what is left; gives what the header says of the table.
    pub(super) fn finish(mut self, output: &mut Output) -> Result<TableHeader> {
        self.go_to(1u64.wrapping_shl(u32::from(self.header.bits)), output)?;
        self.header.keys = output.section_from(self.keys_at);
        let starts_at = output.begin();
        self.starts.resize(self.starts.len().saturating_add(STARTS_PADDING as usize), 0);
        output.write(&self.starts)?;
        self.header.starts = Section { offset: starts_at, length: self.starts.len() as u64 };
        debug_assert_eq!(self.header.keys.offset, self.keys_at, "{} wide", self.width);
        Ok(self.header)
    }
}
