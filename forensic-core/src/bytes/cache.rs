//! A page cache in front of a slow source, sharded so that threads do not wait for one another.

use super::{Extent, ReadAt, Source, check_bounds};
use crate::error::Result;
use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasherDefault, Hasher},
    ops::{Deref, Range},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

const SHARDS: u64 = 32;

/// Keeps recently read pages of a source in memory.
///
/// Each page belongs to one of up to 32 shards with a lock of its own; no lock is held while the source is read. Reads
/// longer than a quarter of the cache go past it.
pub struct Cached {
    source: Source,
    page_size: u64,
    pages_per_shard: usize,
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard {
    pages: HashMap<u64, Arc<Vec<u8>>, BuildHasherDefault<PageHasher>>,
    /// In order of arrival: the first in is the first out.
    order: VecDeque<u64>,
    /// The bytes of the page that went last, to read the next one into.
    spare: Vec<u8>,
}

/// Spreads page numbers. A shard has few pages, so that nobody gains by numbers that collide.
#[derive(Default)]
struct PageHasher(u64);

impl Hasher for PageHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        // 2⁶⁴ divided by the golden ratio; the table takes its place from the lower bits.
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Bytes of a source that are shared with its cache, not copied.
pub(crate) struct Part {
    page: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl Deref for Part {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.page.get(self.range.clone()).unwrap_or_default()
    }
}

impl Cached {
    /// Caches up to `capacity` bytes of `source` in pages of 64 KiB.
    pub fn new(source: Source, capacity: u64) -> Self {
        Self::with_page_size(source, capacity, 64 << 10)
    }

    /// The same with pages of `page_size` bytes (at least 512).
    pub fn with_page_size(source: Source, capacity: u64, page_size: u64) -> Self {
        let page_size = page_size.max(512);
        // Few pages have few shards, so that large pages do not exceed the capacity.
        let pages = (capacity / page_size).max(1);
        let shards = pages.min(SHARDS);
        Self {
            source,
            page_size,
            pages_per_shard: usize::try_from(pages / shards).unwrap_or(usize::MAX),
            shards: (0..shards).map(|_| Mutex::default()).collect(),
        }
    }

    fn shard(&self, page: u64) -> Option<MutexGuard<'_, Shard>> {
        let shard = self.shards.get(usize::try_from(page.checked_rem(self.shards.len() as u64)?).ok()?)?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn page(&self, page: u64) -> Result<Arc<Vec<u8>>> {
        if let Some(found) = self.shard(page).and_then(|shard| shard.pages.get(&page).cloned()) {
            return Ok(found);
        }
        let start = page.saturating_mul(self.page_size);
        let length = self.page_size.min(self.source.len().saturating_sub(start));
        let mut bytes = self.shard(page).map(|mut shard| std::mem::take(&mut shard.spare)).unwrap_or_default();
        bytes.resize(usize::try_from(length).unwrap_or(usize::MAX), 0);
        self.source.read_at(start, &mut bytes)?;
        let bytes = Arc::new(bytes);
        if let Some(mut shard) = self.shard(page)
            && shard.pages.insert(page, bytes.clone()).is_none()
        {
            shard.order.push_back(page);
            if shard.order.len() > self.pages_per_shard
                && let Some(oldest) = shard.order.pop_front()
                && let Some(oldest) = shard.pages.remove(&oldest)
            {
                shard.spare = Arc::into_inner(oldest).unwrap_or_default();
            }
        }
        Ok(bytes)
    }

    /// The bytes of a range; they are copied only where they do not lie in one page.
    ///
    /// # Errors
    /// As [`ReadAt::read_vec`].
    pub(crate) fn part(&self, offset: u64, length: u64) -> Result<Part> {
        check_bounds(offset, length, self.len())?;
        if let Some(part) = self.in_one_page(offset, length) {
            return Ok(part);
        }
        let page = Arc::new(super::read_vec(self, offset, length)?);
        Ok(Part { range: 0..page.len(), page })
    }

    fn in_one_page(&self, offset: u64, length: u64) -> Option<Part> {
        let (number, inside) = (offset / self.page_size, offset % self.page_size);
        let end = inside.checked_add(length).filter(|end| *end <= self.page_size)?;
        let range = usize::try_from(inside).ok()?..usize::try_from(end).ok()?;
        let page = self.page(number).ok().filter(|page| page.len() >= range.end)?;
        Some(Part { page, range })
    }
}

impl ReadAt for Cached {
    fn len(&self) -> u64 {
        self.source.len()
    }

    /// What lies in one page is copied once, into a buffer that was not cleared before.
    fn read_vec(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        check_bounds(offset, length, self.len())?;
        match self.in_one_page(offset, length) {
            Some(part) => Ok(part.to_vec()),
            None => super::read_vec(self, offset, length),
        }
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.len())?;
        let shards = self.shards.len() as u64;
        let most = self.page_size.saturating_mul(self.pages_per_shard as u64).saturating_mul(shards) / 4;
        if buf.len() as u64 > most {
            return self.source.read_at(offset, buf);
        }
        let (mut at, mut rest) = (offset, buf);
        while !rest.is_empty() {
            let (page, inside) = (at / self.page_size, at % self.page_size);
            // A page with an unreadable byte must not hide its readable ones: read just what was asked for.
            let Ok(bytes) = self.page(page) else { return self.source.read_at(at, rest) };
            let part = bytes.get(usize::try_from(inside).unwrap_or(usize::MAX)..).unwrap_or_default();
            let count = part.len().min(rest.len());
            if count == 0 {
                return self.source.read_at(at, rest);
            }
            let (now, later) = std::mem::take(&mut rest).split_at_mut(count);
            now.copy_from_slice(part.get(..count).unwrap_or_default());
            rest = later;
            at = at.saturating_add(count as u64);
        }
        Ok(())
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        self.source.locate(offset, length)
    }

    fn locate_byte(&self, offset: u64) -> Option<u64> {
        self.source.locate_byte(offset)
    }

    fn next_data(&self, offset: u64) -> u64 {
        self.source.next_data(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_is_what_a_read_gives_in_a_page_and_over_its_end() {
        let bytes: Vec<u8> = (0..1300u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
        let cached = Cached::with_page_size(Arc::new(bytes.clone()), 4096, 512);
        for (offset, length) in [(0, 512), (510, 2), (511, 2), (500, 800), (1290, 10), (1300, 0)] {
            let part = cached.part(offset as u64, length as u64).unwrap();
            assert_eq!(&*part, &bytes[offset..offset + length], "{length} bytes at {offset}");
        }
        assert!(cached.part(1290, 11).is_err());
        assert!(cached.part(u64::MAX, 2).is_err());
    }
}
