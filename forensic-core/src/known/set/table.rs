//! A table of digests of one width, in order.
//!
//! The first bits of a digest tell its bucket, the starts column the number of each bucket's first entry. A bucket's
//! entries stand in lines of up to 64: first the last byte of each digest, its tag; then of each what is between the
//! bytes that the bucket tells and the tag; then of each the place of its record. A digest that is not there costs the
//! look at a start and at the tags of a line, some twenty bytes; its neighbours are read where a tag agrees, one time in
//! 256. Digests are as good as random, so buckets are small; where they are not (a set may be made to be hostile), the
//! lines of a bucket are searched by halving.

use super::{
    layout::TableHeader,
    line::{LINE, Line, mask_of, number, word_at},
};
use crate::{
    error::{Error, Result},
    sealed::Image,
};

/// Behind the starts, so that each can be read as a word.
pub(super) const STARTS_PADDING: u64 = 8;
const MOST_BITS: u8 = 40;

/// A table, to be read.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) width: usize,
    header: TableHeader,
    /// First bytes of a digest that its bucket tells.
    skip: usize,
    /// Bytes of a digest that an entry has, but for its tag.
    rest: usize,
    place: usize,
    /// Bytes of an entry.
    stride: u64,
    start_mask: u64,
    bucket_shift: u32,
}

/// Entries of a line that may be a digest's: a bit for each.
#[derive(Clone, Copy)]
pub(super) struct Candidates<'a> {
    line: Line<'a>,
    left: u64,
}

/// Where a bucket's entries are: the number of the first, and of the one behind the last.
pub(super) type Bucket = (u64, u64);

/// The first bytes of a digest that the number of its bucket tells.
pub(super) fn told_bytes(bits: u8) -> usize {
    usize::from(bits / 8)
}

/// The bucket of a digest.
#[inline]
pub(super) fn bucket_of(digest: &[u8], shift: u32) -> u64 {
    let head = digest.first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
    head.checked_shr(shift).unwrap_or(0)
}

/// How far the first eight bytes of a digest are shifted to be its bucket.
pub(super) fn bucket_shift(bits: u8) -> u32 {
    64u32.saturating_sub(u32::from(bits))
}

impl Table {
    /// Takes what the header says, where it can be.
    pub(super) fn new(width: usize, header: TableHeader) -> Result<Self> {
        let skip = told_bytes(header.bits);
        let rest = width.saturating_sub(skip).saturating_sub(1);
        let place = usize::from(header.place_width);
        let stride = rest.saturating_add(place).saturating_add(1) as u64;
        let starts = 1u64.checked_shl(u32::from(header.bits)).and_then(|buckets| {
            let starts = buckets.checked_add(1)?.checked_mul(u64::from(header.start_width))?;
            starts.checked_add(STARTS_PADDING)
        });
        let fits = header.bits <= MOST_BITS
            && (1..=8).contains(&header.start_width)
            && place <= 8
            && header.distinct <= header.count
            && starts == Some(header.starts.length)
            && header.count.checked_mul(stride) == Some(header.keys.length);
        if !fits {
            let expected = format!("keys and starts of {} digests of {width} bytes", header.count);
            let found = format!("{} and {} bytes of them", header.keys.length, header.starts.length);
            return Err(Error::corrupt("table of a hash set", header.keys.offset, expected, found));
        }
        Ok(Self {
            width,
            header,
            skip,
            rest,
            place,
            stride,
            start_mask: mask_of(usize::from(header.start_width)),
            bucket_shift: bucket_shift(header.bits),
        })
    }

    pub(super) fn distinct(&self) -> u64 {
        self.header.distinct
    }

    pub(super) fn is_empty(&self) -> bool {
        self.header.count == 0
    }

    /// Offset of the start of a digest's bucket.
    #[inline]
    pub(super) fn start_of(&self, digest: &[u8]) -> u64 {
        self.start_of_bucket(bucket_of(digest, self.bucket_shift))
    }

    #[inline]
    fn start_of_bucket(&self, bucket: u64) -> u64 {
        self.header.starts.offset.saturating_add(bucket.saturating_mul(u64::from(self.header.start_width)))
    }

    /// The entries of the bucket whose start is at this offset.
    #[inline]
    pub(super) fn bucket(&self, image: &Image, start_offset: u64) -> Result<Bucket> {
        let width = usize::from(self.header.start_width);
        let bytes = image.read(start_offset, u64::from(self.header.start_width).saturating_add(STARTS_PADDING))?;
        let start = word_at(bytes, 0) & self.start_mask;
        let end = word_at(bytes, width) & self.start_mask;
        if start > end || end > self.header.count {
            let expected = format!("a bucket of {} entries in order", self.header.count);
            return Err(Error::corrupt("starts of a hash set", start_offset, expected, format!("{start} to {end}")));
        }
        Ok((start, end))
    }

    /// Offset of an entry's line.
    #[inline]
    pub(super) fn offset_of(&self, entry: u64) -> u64 {
        self.header.keys.offset.saturating_add(entry.saturating_mul(self.stride))
    }

    #[inline]
    fn line<'a>(&self, image: &'a Image, start: u64, end: u64) -> Result<Line<'a>> {
        let count = end.saturating_sub(start).min(LINE);
        let bytes = image.read(self.offset_of(start), count.saturating_mul(self.stride))?;
        Ok(Line { bytes, count: count as usize })
    }

    /// The entries of a bucket that may have the digest, for what of it their tags tell; `None` where that takes a search.
    #[inline]
    pub(super) fn candidates<'a>(
        &self,
        image: &'a Image,
        (start, end): Bucket,
        digest: &[u8],
    ) -> Result<Option<Candidates<'a>>> {
        if end.saturating_sub(start) > LINE {
            return Ok(None);
        }
        let line = if start < end { self.line(image, start, end)? } else { Line { bytes: &[], count: 0 } };
        let left = line.with_tag(digest.last().copied().unwrap_or_default());
        Ok(Some(Candidates { line, left }))
    }

    /// Offset of the first of the candidates, which are of the line at `offset`.
    #[inline]
    pub(super) fn first_of(&self, offset: u64, candidates: &Candidates<'_>) -> u64 {
        let first = u64::from(candidates.left.trailing_zeros() & 63);
        let before = first.wrapping_mul(self.rest as u64).wrapping_add(candidates.line.count as u64);
        if candidates.left == 0 { offset } else { offset.wrapping_add(before) }
    }

    /// True where one of the candidates has the digest.
    #[inline]
    pub(super) fn is_among(&self, candidates: Candidates<'_>, digest: &[u8]) -> bool {
        let Some(wanted) = digest.get(self.skip..self.width.saturating_sub(1)) else { return false };
        let mut left = candidates.left;
        while left != 0 {
            if is_same(self.rest(candidates.line, left.trailing_zeros() as usize), wanted) {
                return true;
            }
            left &= left.wrapping_sub(1);
        }
        false
    }

    /// True where the bucket has the digest.
    #[inline]
    pub(super) fn contains(&self, image: &Image, bucket: Bucket, digest: &[u8]) -> Result<bool> {
        let mut found = false;
        self.find(image, bucket, digest, &mut |_, _| {
            found = true;
            false
        })?;
        Ok(found)
    }

    /// Gives the place of each record of the digest to `places`.
    pub(super) fn places(&self, image: &Image, digest: &[u8], places: &mut Vec<u64>) -> Result<()> {
        let bucket = self.bucket(image, self.start_of(digest))?;
        self.find(image, bucket, digest, &mut |line, entry| {
            places.push(self.place(line, entry));
            true
        })
    }

    /// Gives each entry that has the digest to `visit`, until that answers false.
    #[inline]
    fn find(
        &self,
        image: &Image,
        (start, end): Bucket,
        digest: &[u8],
        visit: &mut dyn FnMut(Line<'_>, usize) -> bool,
    ) -> Result<()> {
        let (Some(wanted), Some(&tag)) = (digest.get(self.skip..self.width.saturating_sub(1)), digest.last()) else {
            return Ok(());
        };
        if end.saturating_sub(start) <= LINE {
            if start < end {
                self.find_in(self.line(image, start, end)?, wanted, tag, visit);
            }
            return Ok(());
        }
        let mut at = self.first_line(image, (start, end), wanted, tag)?;
        while at < end {
            let line = self.line(image, at, end)?;
            if self.key(line, 0) > (wanted, tag) || !self.find_in(line, wanted, tag, visit) {
                break;
            }
            at = at.saturating_add(LINE);
        }
        Ok(())
    }

    /// False where `visit` wants no more.
    #[inline]
    fn find_in(&self, line: Line<'_>, wanted: &[u8], tag: u8, visit: &mut dyn FnMut(Line<'_>, usize) -> bool) -> bool {
        let mut left = line.with_tag(tag);
        while left != 0 {
            let entry = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            if is_same(self.rest(line, entry), wanted) && !visit(line, entry) {
                return false;
            }
        }
        true
    }

    /// The first entry of the line that the digest's first entry would be in.
    fn first_line(&self, image: &Image, (start, end): Bucket, wanted: &[u8], tag: u8) -> Result<u64> {
        let entry_of = |line: u64| start.saturating_add(line.saturating_mul(LINE));
        // Of the lines below `low` the first entry is less than the digest, of those from `high` on it is not.
        let (mut low, mut high) = (0, end.saturating_sub(start).div_ceil(LINE));
        while low < high {
            let middle = low.midpoint(high);
            let line = self.line(image, entry_of(middle), end)?;
            if self.key(line, 0) < (wanted, tag) {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        Ok(entry_of(low.saturating_sub(1)))
    }

    #[inline]
    fn rest<'a>(&self, line: Line<'a>, entry: usize) -> &'a [u8] {
        let from = line.count.saturating_add(entry.saturating_mul(self.rest));
        line.bytes.get(from..from.saturating_add(self.rest)).unwrap_or_default()
    }

    /// What of a digest an entry has, in its order.
    fn key<'a>(&self, line: Line<'a>, entry: usize) -> (&'a [u8], u8) {
        (self.rest(line, entry), line.bytes.get(entry).copied().unwrap_or_default())
    }

    fn place(&self, line: Line<'_>, entry: usize) -> u64 {
        let from = line.count.saturating_mul(self.rest.saturating_add(1));
        let from = from.saturating_add(entry.saturating_mul(self.place));
        number(line.bytes.get(from..from.saturating_add(self.place)).unwrap_or_default())
    }

    /// Gives each digest with the place of its record to `visit`, in order.
    pub(super) fn for_each(&self, image: &Image, mut visit: impl FnMut(&[u8], u64) -> Result<()>) -> Result<()> {
        let mut digest = Vec::with_capacity(self.width);
        let buckets = if self.is_empty() { 0 } else { 1u64.wrapping_shl(u32::from(self.header.bits)) };
        for bucket in 0..buckets {
            let told = bucket.checked_shl(self.bucket_shift).unwrap_or(0).to_be_bytes();
            let (mut at, end) = self.bucket(image, self.start_of_bucket(bucket))?;
            while at < end {
                let line = self.line(image, at, end)?;
                for entry in 0..line.count {
                    let (rest, tag) = self.key(line, entry);
                    digest.clear();
                    digest.extend_from_slice(told.get(..self.skip).unwrap_or_default());
                    digest.extend_from_slice(rest);
                    digest.push(tag);
                    visit(&digest, self.place(line, entry))?;
                }
                at = at.saturating_add(line.count as u64);
            }
        }
        Ok(())
    }
}

/// True where two rests are equal; one that only shares a tag mostly differs in its first word.
#[inline]
fn is_same(rest: &[u8], wanted: &[u8]) -> bool {
    word_at(rest, 0) == word_at(wanted, 0) && rest == wanted
}
