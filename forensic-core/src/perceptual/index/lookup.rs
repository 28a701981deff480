//! Asking an index.

use super::{
    HashIndex,
    chunks::Chunk,
    item::{Answer, Match, Query},
    scan::{Hit, ahead, fetch},
    spread,
};
use crate::{
    error::{Error, Result},
    parallel::{in_order, threads_to_start},
    perceptual::ImageHash,
    sealed::Section,
};

/// Rows that are looked at one behind another in the time of one that is looked at by its number.
const SCANNED: u32 = 8;

/// Rows that are looked at without asking whether they are enough.
const SCAN: usize = 1 << 12;

/// Hashes asked for by a thread at a time.
const BATCH: usize = 32;

/// What a search needs, kept from one to the next.
#[derive(Default)]
pub(in crate::perceptual) struct Scratch {
    query: Vec<u8>,
    crowds: Vec<f64>,
    /// Rows of buckets, as places among the numbers of a chunk.
    ranges: Vec<(u32, u32)>,
    numbers: Vec<u32>,
    pub(in crate::perceptual) hits: Vec<Hit>,
}

impl Scratch {
    /// Asks for what is near a row.
    pub(in crate::perceptual) fn ask(&mut self, row: &[u8]) {
        self.query.clear();
        self.query.extend_from_slice(row);
    }
}

impl HashIndex {
    /// The hashes near `hash`: all of them, and no others.
    ///
    /// ```
    /// use forensic_core::perceptual::{Algorithm, HashIndex, ImageHash, Key, Query};
    /// let hash = |byte: u8, quality| ImageHash::from_parts(Algorithm::Pdq, [byte; 32], Some(quality));
    /// let index = HashIndex::build([(Key::from("sky.jpg"), hash(0x00, 20)), (Key::from("cat.jpg"), hash(0x01, 90))], None)?;
    /// let answer = index.query(&hash(0x01, 100), &Query::new(32))?;
    /// assert_eq!((&answer.matches[0].key, answer.matches[0].distance), (&Key::from("cat.jpg"), 0));
    /// // The other one is as near as that, but too plain to tell pictures apart by.
    /// assert_eq!((answer.matches.len(), answer.gated), (1, 1));
    /// assert_eq!(index.query(&hash(0x01, 100), &Query::new(32).min_quality(0))?.matches.len(), 2);
    /// assert!(!index.query(&hash(0x01, 10), &Query::new(32))?.asked);
    /// # Ok::<(), forensic_core::Error>(())
    /// ```
    ///
    /// Up to a distance of an eighth of the bits or so, only a few thousand hashes are looked at however many there are; where
    /// the distance is larger, or most hashes are alike, all of them are.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where the hash is of another algorithm or length than the index's, or the distance larger
    /// than its bits; [`Error::Corrupt`] for an index that was changed.
    pub fn query(&self, hash: &ImageHash, query: &Query) -> Result<Answer> {
        self.answer(hash, query, &mut Scratch::default())
    }

    /// What [`HashIndex::query`] says of each of many hashes, by as many threads as asked for; `None`: as the machine runs at
    /// once.
    ///
    /// # Errors
    /// As [`HashIndex::query`].
    pub fn query_many(&self, hashes: &[ImageHash], query: &Query, threads: Option<usize>) -> Result<Vec<Answer>> {
        let batches: Vec<&[ImageHash]> = hashes.chunks(BATCH).collect();
        let work = |number: u64| -> Result<Vec<Answer>> {
            let mut scratch = Scratch::default();
            let batch =
                usize::try_from(number).ok().and_then(|number| batches.get(number)).copied().unwrap_or_default();
            batch.iter().map(|hash| self.answer(hash, query, &mut scratch)).collect()
        };
        let mut answers = Vec::with_capacity(hashes.len());
        // The thread that gathers the answers looks for some as well.
        let threads = threads_to_start(threads).saturating_sub(1);
        in_order(batches.len() as u64, threads, work, |_, batch| {
            answers.extend(batch?);
            Ok(())
        })?;
        Ok(answers)
    }

    fn answer(&self, hash: &ImageHash, query: &Query, scratch: &mut Scratch) -> Result<Answer> {
        let asked = query.admits(hash.quality());
        let mut answer = Answer { matches: Vec::new(), asked, gated: 0 };
        let Some(shape) = self.header.shape else { return Ok(answer) };
        self.check_shape(hash)?;
        if query.max_distance > shape.bits() {
            let wrong = format!("a distance of {} in hashes of {} bits", query.max_distance, shape.bits());
            return Err(Error::invalid(wrong));
        }
        if !asked {
            return Ok(answer);
        }
        scratch.ask(hash.as_bytes());
        scratch.query.resize(shape.row(), 0);
        self.find(query.max_distance, usize::MAX, scratch)?;
        for hit in &scratch.hits {
            for item in self.items_of(hit.row)? {
                let mark = self.mark(item)?;
                if query.admits(mark.quality) {
                    answer.matches.push(Match {
                        key: self.key(item, mark)?,
                        distance: hit.distance,
                        quality: mark.quality,
                        algorithm: shape.algorithm,
                        version: shape.algorithm.version(),
                        threshold: query.max_distance,
                    });
                } else {
                    answer.gated = answer.gated.saturating_add(1);
                }
            }
        }
        answer.matches.sort_by(|a, b| {
            a.distance.cmp(&b.distance).then_with(|| a.key.cmp(&b.key)).then_with(|| b.quality.cmp(&a.quality))
        });
        Ok(answer)
    }

    /// Finds the rows near the query in `scratch`; gives them in order of distance and number, each once. Where there are more
    /// than `most`, it may give some of them only, but more than `most`.
    pub(in crate::perceptual) fn find(&self, radius: u32, most: usize, scratch: &mut Scratch) -> Result<()> {
        scratch.hits.clear();
        if !self.find_by_chunks(radius, most, scratch)? {
            scratch.hits.clear();
            let part = SCAN.saturating_mul(scratch.query.len().max(1));
            for (part, first) in self.image.section(self.header.rows)?.chunks(part).zip((0..).step_by(SCAN)) {
                self.kernel.scan(part, first, &scratch.query, radius, &mut scratch.hits);
                if scratch.hits.len() > most {
                    break;
                }
            }
        }
        scratch.hits.sort_unstable();
        scratch.hits.dedup();
        Ok(())
    }

    /// The same by the buckets of chunks; false where it would take longer than to look at all rows.
    fn find_by_chunks(&self, radius: u32, most_hits: usize, scratch: &mut Scratch) -> Result<bool> {
        let most = u32::try_from(self.header.row_count).unwrap_or(u32::MAX) / SCANNED;
        for chunk in self.chunks.iter() {
            fetch(self.starts(*chunk), chunk.value(&scratch.query) as usize);
        }
        scratch.crowds.clear();
        for chunk in self.chunks.iter() {
            scratch.crowds.push(self.crowd(*chunk, chunk.value(&scratch.query))?);
        }
        let Some(spread) = spread::cheapest(radius, &self.header.widths, &scratch.crowds, f64::from(most)) else {
            return Ok(false);
        };
        let mut left = most;
        for (chunk, depth) in self.chunks.iter().zip(spread.depths) {
            if depth == 0 {
                continue;
            }
            let Some(after) = self.buckets(*chunk, depth, left, scratch)? else { return Ok(false) };
            left = after;
            self.gather(*chunk, scratch)?;
            let rows = self.header.rows;
            if !self.image.is_all_whole() {
                let row = (scratch.query.len()) as u64;
                for number in &scratch.numbers {
                    let offset = u64::from(*number).saturating_mul(row).saturating_add(rows.offset);
                    self.image.ensure(offset, row)?;
                }
            }
            let Scratch { query, numbers, hits, .. } = scratch;
            self.kernel.pick(self.image.unchecked(rows), numbers, query, radius, hits);
            // A row comes from each chunk once at most.
            if hits.len() > most_hits.saturating_mul(self.chunks.len()) {
                break;
            }
        }
        Ok(true)
    }

    /// Hashes in a bucket, on average of those near that of a value.
    fn crowd(&self, chunk: Chunk, value: u32) -> Result<f64> {
        const NEAR: u32 = 16;
        let width = NEAR.min(1u32.wrapping_shl(u32::from(chunk.width)));
        let first = value & !width.saturating_sub(1);
        let (from, to) = (self.start(chunk, first)?, self.start(chunk, first.saturating_add(width))?);
        Ok(f64::from(to.saturating_sub(from)) / f64::from(width))
    }

    /// Finds where the rows of a chunk's buckets near the query's are, as long as they are no more than `left`; gives how many
    /// could be more.
    fn buckets(&self, chunk: Chunk, depth: u8, left: u32, scratch: &mut Scratch) -> Result<Option<u32>> {
        let (starts, value) = (self.starts(chunk), chunk.value(&scratch.query));
        let (ranges, mut left) = (&mut scratch.ranges, Some(left));
        ranges.clear();
        let masks = spread::masks(chunk.width, depth);
        ahead(
            masks,
            |mask| fetch(starts, (value ^ mask) as usize),
            |mask| {
                let (from, to) = self.bucket(chunk, value ^ mask)?;
                if from < to {
                    ranges.push((from, to));
                    left = left.and_then(|left| left.checked_sub(to.saturating_sub(from)));
                }
                Ok(())
            },
        )?;
        Ok(left)
    }

    /// The numbers of the rows in these buckets.
    fn gather(&self, chunk: Chunk, scratch: &mut Scratch) -> Result<()> {
        let Scratch { ranges, numbers, .. } = scratch;
        numbers.clear();
        let Some(offset) = chunk.ids else {
            numbers.extend(ranges.iter().flat_map(|(from, to)| *from..*to));
            return Ok(());
        };
        let length = self.header.row_count.saturating_mul(4);
        let ids = self.image.unchecked(Section { offset, length }).as_chunks::<4>().0;
        ahead(
            ranges,
            |(from, _)| fetch(ids, *from as usize),
            |(from, to)| {
                let at = offset.saturating_add(u64::from(*from).saturating_mul(4));
                self.image.ensure(at, u64::from(to.saturating_sub(*from)).saturating_mul(4))?;
                let found = ids.get(*from as usize..*to as usize).unwrap_or_default();
                numbers.extend(found.iter().map(|number| u32::from_le_bytes(*number)));
                Ok(())
            },
        )
    }

    /// Where the rows of a bucket are, among those of its chunk.
    pub(super) fn bucket(&self, chunk: Chunk, value: u32) -> Result<(u32, u32)> {
        let (from, to) = (self.start(chunk, value)?, self.start(chunk, value.saturating_add(1))?);
        if from > to || u64::from(to) > self.header.row_count {
            let at = chunk.starts.saturating_add(u64::from(value).saturating_mul(4));
            let expected = format!("a bucket among {} rows", self.header.row_count);
            return Err(Error::corrupt("chunk of a hash index", at, expected, format!("{from} to {to}")));
        }
        Ok((from, to))
    }

    fn start(&self, chunk: Chunk, value: u32) -> Result<u32> {
        let offset = chunk.starts.saturating_add(u64::from(value).saturating_mul(4));
        self.image.ensure(offset, 4)?;
        Ok(self.starts(chunk).get(value as usize).map_or(0, |start| u32::from_le_bytes(*start)))
    }

    fn starts(&self, chunk: Chunk) -> &[[u8; 4]] {
        self.image.unchecked(Section { offset: chunk.starts, length: chunk.starts_length() }).as_chunks().0
    }
}
