//! What is near each row: how much, and what.

use super::{MANY, join::Plan, rows::Rows};
use crate::{
    error::{Error, Result},
    parallel::{in_order, threads_to_start},
    perceptual::{
        ImageHash, IndexBuilder,
        index::{
            Scratch,
            scan::{Hit, Kernel},
        },
    },
};
use std::sync::atomic::{AtomicU32, Ordering};

/// Rows looked for by a thread at a time.
const BATCH: usize = 256;

/// Rows before and behind a crowded one in order of their bits that are looked at first.
const WINDOW: usize = 512;

/// Rows looked at by a thread at a time.
const PART: usize = 1 << 16;

/// Items near each row, counted up to [`MANY`] or a few more.
pub(super) struct Counts<'a> {
    rows: &'a Rows,
    counts: Vec<AtomicU32>,
}

impl<'a> Counts<'a> {
    /// What is equal is near.
    fn new(rows: &'a Rows) -> Self {
        let equal = |row| AtomicU32::new((rows.weight(row) - 1).min(MANY));
        Self { rows, counts: (0..rows.len() as u32).map(equal).collect() }
    }

    fn get(&self, row: u32) -> u32 {
        self.counts[row as usize].load(Ordering::Relaxed).min(MANY)
    }

    /// True where it is not yet known that so many are near.
    pub(super) fn wants(&self, row: u32) -> bool {
        self.get(row) < MANY
    }

    /// Counts another row as near.
    pub(super) fn add(&self, row: u32, other: u32) {
        self.counts[row as usize].fetch_add(self.rows.weight(other).min(MANY), Ordering::Relaxed);
    }
}

/// What is near each row.
pub(super) struct Near {
    counts: Vec<u32>,
    /// Of each row its first among `others`, and the end.
    firsts: Vec<usize>,
    others: Vec<u32>,
}

impl Near {
    /// Compares all rows.
    pub(super) fn of(rows: &Rows, radius: u32, threads: Option<usize>) -> Result<Self> {
        Self::by(Plan::of(rows, radius), rows, radius, threads)
    }

    fn by(plan: Option<Plan>, rows: &Rows, radius: u32, threads: Option<usize>) -> Result<Self> {
        let counts = Counts::new(rows);
        let crowded = plan.as_ref().map_or_else(|| vec![true; rows.len()], |plan| plan.crowded(rows));
        let mut pairs = match &plan {
            Some(plan) => plan.join(rows, &crowded, radius, &counts, threads)?,
            None => Vec::new(),
        };
        pairs.extend(among_crowded(rows, &crowded, radius, &counts, threads)?);
        let counts: Vec<u32> = (0..rows.len() as u32).map(|row| counts.get(row)).collect();
        // Of a row that has many, not all are known.
        pairs.retain(|pair| counts[(pair >> 32) as usize] < MANY);
        pairs.sort_unstable();
        let mut firsts = vec![0; rows.len() + 1];
        pairs.iter().for_each(|pair| firsts[(pair >> 32) as usize + 1] += 1);
        let mut all = 0;
        for first in &mut firsts {
            all += *first;
            *first = all;
        }
        Ok(Self { counts, firsts, others: pairs.into_iter().map(|pair| pair as u32).collect() })
    }

    /// How many items are near those of a row: [`MANY`] for as many or more.
    pub(super) fn count(&self, row: u32) -> u32 {
        self.counts[row as usize]
    }

    /// The rows near a row; `None` where they are many.
    pub(super) fn of_row(&self, row: u32) -> Option<&[u32]> {
        let row = row as usize;
        (self.counts[row] < MANY).then(|| &self.others[self.firsts[row]..self.firsts[row + 1]])
    }
}

/// Counts the crowded rows that are near a crowded one; gives the pairs, the row in the upper half.
fn among_crowded(
    rows: &Rows,
    crowded: &[bool],
    radius: u32,
    counts: &Counts<'_>,
    threads: Option<usize>,
) -> Result<Vec<u64>> {
    let numbers: Vec<u32> = (0..).zip(crowded).filter(|(_, crowded)| **crowded).map(|(row, _)| row).collect();
    let Some(shape) = rows.shape().filter(|_| numbers.len() > 1) else { return Ok(Vec::new()) };
    let (width, kernel) = (rows.width(), Kernel::of(rows.width()));
    let mut builder = IndexBuilder::new();
    for row in &numbers {
        let hash = ImageHash::from_parts(shape.algorithm, &rows.row(*row)[..shape.length], None);
        builder.push(i64::from(*row), &hash)?;
    }
    // All different and in order: the rows of the index are those of `numbers`.
    let index = builder.finish(None)?;
    let bytes: Vec<u8> = numbers.iter().flat_map(|row| rows.row(*row)).copied().collect();
    let work = |batch: u64| -> Result<Vec<u64>> {
        let (mut pairs, mut scratch, mut hits) = (Vec::new(), Scratch::default(), Vec::new());
        let first = batch as usize * BATCH;
        for place in first..numbers.len().min(first + BATCH) {
            let row = numbers[place];
            if !counts.wants(row) {
                continue;
            }
            // In a crowd most are near, and the nearest in order are seen at once.
            let from = place.saturating_sub(WINDOW);
            let window = &bytes[from * width..numbers.len().min(place + WINDOW) * width];
            hits.clear();
            kernel.scan(window, from as u32, rows.row(row), radius, &mut hits);
            if hits.len() <= MANY as usize {
                scratch.ask(rows.row(row));
                index.find(radius, MANY as usize, &mut scratch)?;
                std::mem::swap(&mut hits, &mut scratch.hits);
            }
            for hit in &hits {
                let other = numbers[hit.row as usize];
                if other != row {
                    counts.add(row, other);
                    pairs.push(u64::from(row) << 32 | u64::from(other));
                }
                if !counts.wants(row) {
                    break;
                }
            }
        }
        Ok(pairs)
    };
    let mut pairs = Vec::new();
    let threads = threads_to_start(threads).saturating_sub(1);
    in_order(numbers.len().div_ceil(BATCH) as u64, threads, work, |_, found| {
        pairs.extend(found?);
        Ok(())
    })?;
    Ok(pairs)
}

/// Rows that are in no group yet.
pub(super) struct Left<'a> {
    rows: &'a Rows,
    threads: usize,
    taken: Vec<bool>,
    /// How many were taken since `numbers` and `bytes` had all that are left.
    taken_since: usize,
    numbers: Vec<u32>,
    bytes: Vec<u8>,
}

impl<'a> Left<'a> {
    pub(super) fn new(rows: &'a Rows, threads: Option<usize>) -> Self {
        let threads = threads_to_start(threads).saturating_sub(1);
        let taken = vec![false; rows.len()];
        Self { rows, threads, taken, taken_since: 0, numbers: Vec::new(), bytes: Vec::new() }
    }

    pub(super) fn has(&self, row: u32) -> bool {
        !self.taken[row as usize]
    }

    pub(super) fn take(&mut self, row: u32) {
        self.taken[row as usize] = true;
        self.taken_since += 1;
    }

    /// Those near a row, in order.
    pub(super) fn near(&mut self, row: u32, radius: u32) -> Result<Vec<u32>> {
        if self.taken_since * 2 >= self.numbers.len() {
            self.numbers = (0..self.rows.len() as u32).filter(|row| self.has(*row)).collect();
            self.bytes = self.numbers.iter().flat_map(|row| self.rows.row(*row)).copied().collect();
            self.taken_since = 0;
        }
        let (width, kernel, query) = (self.rows.width(), Kernel::of(self.rows.width()), self.rows.row(row));
        let part = |number: u64| {
            let from = number as usize * PART;
            let part = &self.bytes[from * width..(from + PART).min(self.numbers.len()) * width];
            let mut hits: Vec<Hit> = Vec::new();
            kernel.scan(part, from as u32, query, radius, &mut hits);
            hits
        };
        let mut near = Vec::new();
        in_order(self.numbers.len().div_ceil(PART) as u64, self.threads, part, |_, hits| {
            let numbers = hits.iter().map(|hit| self.numbers[hit.row as usize]);
            near.extend(numbers.filter(|other| *other != row && self.has(*other)));
            Ok::<(), Error>(())
        })?;
        Ok(near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perceptual::{Algorithm, Query};

    /// Some hashes far from all others, many near one, many alike in half of their bits.
    fn rows(length: usize) -> Rows {
        let mut state = length as u64;
        let mut next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            state >> 33
        };
        let one = |number: u64| {
            let mut bytes = vec![0xa5u8; length];
            match number % 4 {
                0 => (0..number % 24).for_each(|_| bytes[next() as usize % length] ^= 1 << (next() % 8)),
                1 => bytes[length / 2..].iter_mut().for_each(|byte| *byte = next() as u8),
                2 => (0..number % 5).for_each(|_| bytes[next() as usize % 3] ^= 1 << (next() % 8)),
                _ => bytes.iter_mut().for_each(|byte| *byte = next() as u8),
            }
            ImageHash::from_parts(Algorithm::Mean, bytes, None)
        };
        Rows::of(&(0..500).map(one).collect::<Vec<_>>(), &Query::default()).unwrap()
    }

    /// What a comparison of all with all finds.
    fn expected(rows: &Rows, row: u32, radius: u32) -> (u32, Vec<u32>) {
        let near = |other: &u32| *other != row && rows.distance(row, *other) <= radius;
        let others: Vec<u32> = (0..rows.len() as u32).filter(near).collect();
        let count = others.iter().map(|other| rows.weight(*other)).sum::<u32>() + rows.weight(row) - 1;
        (count.min(MANY), others)
    }

    #[test]
    fn every_pair_is_found_by_chunks_in_crowds_and_without_either() {
        for (length, radius) in [(8, 5), (32, 0), (32, 31), (64, 40)] {
            let rows = rows(length);
            let plan = || Plan::cheapest(&rows, radius, f64::INFINITY);
            let crowded = plan().unwrap().crowded(&rows).iter().filter(|crowded| **crowded).count();
            assert!(crowded > 0 && crowded < rows.len(), "{crowded} of {} in crowds", rows.len());
            let expected: Vec<_> = (0..rows.len() as u32).map(|row| expected(&rows, row, radius)).collect();
            for (plan, threads) in [(plan(), 1), (plan(), 3), (None, 3)] {
                let near = Near::by(plan, &rows, radius, Some(threads)).unwrap();
                for (row, (count, others)) in (0..).zip(&expected) {
                    assert_eq!(near.count(row), *count, "{length} bytes, radius {radius}");
                    assert_eq!(near.of_row(row), (*count < MANY).then_some(&others[..]));
                }
            }
        }
    }
}
