//! All pairs of rows that are near, by chunks.
//!
//! As in an index (see `index/spread.rs`), rows that are near have a chunk in which they differ in few bits. Here the rows of
//! each chunk are put in order of its value, so that the rows of two buckets are compared from first to last, with no jump
//! through memory. A pair that is near in several chunks counts in the first of them.
//!
//! Rows in a crowded bucket are compared with those that are in none only; among themselves they would be compared over and
//! over. See `near.rs` for those.

use super::{near::Counts, rows::Rows};
use crate::{
    error::Result,
    parallel::{in_order, threads_to_start},
    perceptual::index::{
        chunks::Chunk,
        scan::{Hit, Kernel},
        spread::{self, masks},
    },
};

/// A bucket that has so many times the rows of an average one is crowded.
const CROWDED: usize = 16;
const AT_LEAST: usize = 64;

/// What it takes to look at two buckets, where a pair of rows is 1.
const BUCKET: f64 = 5.0;

/// Bits of a chunk: of fewer, a table is no help; of more, it is larger than the rows.
const WIDTHS: std::ops::RangeInclusive<u32> = 4..=20;

/// Chunks with their depths: rᵢ + 1.
pub(super) struct Plan {
    chunks: Vec<(Chunk, u8)>,
}

impl Plan {
    /// The cheapest plan; `None` where comparing every row with every other is cheaper.
    pub(super) fn of(rows: &Rows, radius: u32) -> Option<Self> {
        let count = rows.len() as f64;
        Self::cheapest(rows, radius, count * count / 2.0)
    }

    /// The cheapest plan that costs less than `most`.
    pub(super) fn cheapest(rows: &Rows, radius: u32, most: f64) -> Option<Self> {
        let count = rows.len() as f64;
        let mut best = (most, None);
        for number in 1..=rows.bits() / WIDTHS.start() {
            let (narrow, wider) = (rows.bits() / number, rows.bits() % number);
            let width_of = |chunk: u32| (narrow + u32::from(chunk < wider)).min(*WIDTHS.end()) as u8;
            let widths: Vec<u8> = (0..number).map(width_of).collect();
            let crowds: Vec<f64> = widths.iter().map(|width| count / f64::from(1u32 << width)).collect();
            let Some(spread) = spread::cheapest(radius, &widths, &crowds, f64::INFINITY) else { continue };
            let cost_of = |((width, depth), crowd): ((&u8, &u8), &f64)| {
                let buckets = f64::from(1u32 << width).min(count);
                // The rows are put in order once a chunk.
                let order = if *depth > 0 { 30.0 * count } else { 0.0 };
                order + masks(*width, *depth).len() as f64 * (buckets * BUCKET + count * crowd) / 2.0
            };
            let cost: f64 = widths.iter().zip(&spread.depths).zip(&crowds).map(cost_of).sum();
            if cost < best.0 {
                best = (cost, Some((widths, spread.depths)));
            }
        }
        let (widths, depths) = best.1?;
        let mut bit = 0;
        let chunk = |(width, depth): (u8, u8)| {
            let chunk = Chunk { bit, width, starts: 0, ids: None };
            bit += u32::from(width);
            (chunk, depth)
        };
        let chunks: Vec<_> = widths.into_iter().zip(depths).map(chunk).collect();
        Some(Self { chunks: chunks.into_iter().filter(|(_, depth)| *depth > 0).collect() })
    }

    /// For each row, whether it is in a crowded bucket.
    pub(super) fn crowded(&self, rows: &Rows) -> Vec<bool> {
        let mut crowded = vec![false; rows.len()];
        for (chunk, _) in &self.chunks {
            let mut counts = vec![0u32; 1 << chunk.width];
            let values = || rows.bytes().chunks_exact(rows.width()).map(|row| chunk.value(row) as usize);
            values().for_each(|value| counts[value] += 1);
            let most = AT_LEAST + CROWDED * (rows.len() >> chunk.width);
            crowded.iter_mut().zip(values()).for_each(|(crowded, value)| *crowded |= counts[value] as usize > most);
        }
        crowded
    }

    /// Counts all pairs that are near, but those of two crowded rows.
    pub(super) fn join(
        &self,
        rows: &Rows,
        crowded: &[bool],
        radius: u32,
        counts: &Counts<'_>,
        threads: Option<usize>,
    ) -> Result<Vec<u64>> {
        let kernel = Kernel::of(rows.width());
        let work = |number: u64| {
            let sorted = Sorted::new(rows, self.chunks[number as usize].0, crowded);
            let mut found =
                Found { plan: self, number: number as usize, rows, sorted: &sorted, counts, pairs: Vec::new() };
            let mut hits = Vec::new();
            for mask in masks(sorted.chunk.width, self.chunks[number as usize].1) {
                (0..sorted.buckets()).filter(|bucket| *bucket <= bucket ^ mask).for_each(|bucket| {
                    sorted.compare(bucket, bucket ^ mask, kernel, radius, &mut hits, &mut found);
                });
            }
            found.pairs
        };
        let mut pairs = Vec::new();
        let threads = threads_to_start(threads).saturating_sub(1);
        in_order(self.chunks.len() as u64, threads, work, |_, found| {
            pairs.extend(found);
            Ok(())
        })?;
        Ok(pairs)
    }

    /// True where a pair is near in no chunk before this one.
    fn is_first(&self, number: usize, row: &[u8], other: &[u8]) -> bool {
        let differ = |chunk: &Chunk| (chunk.value(row) ^ chunk.value(other)).count_ones();
        self.chunks[..number].iter().all(|(chunk, depth)| differ(chunk) >= u32::from(*depth))
    }
}

/// Rows in order of the value of a chunk, of one value those that are not crowded first.
struct Sorted {
    chunk: Chunk,
    bytes: Vec<u8>,
    width: usize,
    numbers: Vec<u32>,
    /// Of each bucket where its rows begin, and where its crowded rows do; and the end.
    starts: Vec<u32>,
}

impl Sorted {
    fn new(rows: &Rows, chunk: Chunk, crowded: &[bool]) -> Self {
        let width = rows.width();
        let part = |(row, crowded): (&[u8], &bool)| chunk.value(row) as usize * 2 + usize::from(*crowded);
        let parts = || rows.bytes().chunks_exact(width).zip(crowded).map(part);
        let mut starts = vec![0u32; (2 << chunk.width) + 1];
        parts().for_each(|part| starts[part + 1] += 1);
        let mut all = 0;
        for start in &mut starts {
            all += *start;
            *start = all;
        }
        let (mut next, mut numbers, mut bytes) = (starts.clone(), vec![0; rows.len()], vec![0; rows.bytes().len()]);
        for ((part, row), number) in parts().zip(rows.bytes().chunks_exact(width)).zip(0..) {
            let place = next[part] as usize;
            numbers[place] = number;
            bytes[place * width..(place + 1) * width].copy_from_slice(row);
            next[part] += 1;
        }
        Self { chunk, bytes, width, numbers, starts }
    }

    fn buckets(&self) -> u32 {
        1 << self.chunk.width
    }

    /// Where a bucket's rows begin, where its crowded ones do, where it ends.
    fn bucket(&self, bucket: u32) -> [usize; 3] {
        let at = bucket as usize * 2;
        [self.starts[at], self.starts[at + 1], self.starts[at + 2]].map(|place| place as usize)
    }

    fn rows(&self, from: usize, to: usize) -> &[u8] {
        &self.bytes[from * self.width..to * self.width]
    }

    /// Compares the rows of two buckets, or of one with one another.
    fn compare(
        &self,
        bucket: u32,
        other: u32,
        kernel: Kernel,
        radius: u32,
        hits: &mut Vec<Hit>,
        found: &mut Found<'_>,
    ) {
        let [from, crowded, to] = self.bucket(bucket);
        let [other_from, other_crowded, other_to] = self.bucket(other);
        if other_from == other_to {
            return;
        }
        for place in from..to {
            let end = if place < crowded { other_to } else { other_crowded };
            let begin = if bucket == other { place + 1 } else { other_from };
            if begin >= end {
                continue;
            }
            kernel.scan(self.rows(begin, end), begin as u32, self.rows(place, place + 1), radius, hits);
            if !hits.is_empty() {
                hits.drain(..).for_each(|hit| found.pair(place, hit.row as usize));
            }
        }
    }
}

/// What is found in a chunk.
struct Found<'a> {
    plan: &'a Plan,
    number: usize,
    rows: &'a Rows,
    sorted: &'a Sorted,
    counts: &'a Counts<'a>,
    /// Both ways: the row in the upper half, what is near it in the lower.
    pairs: Vec<u64>,
}

impl Found<'_> {
    fn pair(&mut self, place: usize, other: usize) {
        let (row, other) = (self.sorted.numbers[place], self.sorted.numbers[other]);
        let (wanted, other_wanted) = (self.counts.wants(row), self.counts.wants(other));
        if !(wanted || other_wanted) || !self.plan.is_first(self.number, self.rows.row(row), self.rows.row(other)) {
            return;
        }
        if wanted {
            self.counts.add(row, other);
            self.pairs.push(u64::from(row) << 32 | u64::from(other));
        }
        if other_wanted {
            self.counts.add(other, row);
            self.pairs.push(u64::from(other) << 32 | u64::from(row));
        }
    }
}
