//! Rows near a hash, by counting the bits that differ.
//!
//! The loops are written once, for rows of each number of words. For x86-64 the compiler makes them anew for processors that
//! count the bits of whole vectors (AVX-512 VPOPCNTDQ) or of words (those with AVX2), which are chosen when the program runs;
//! every AArch64 has NEON's count.

#[cfg(target_arch = "x86_64")]
mod x86;

use std::convert::Infallible;

/// Words of a row at most.
const MOST_WORDS: usize = 16;

/// Elements whose memory is fetched before they are visited.
const AHEAD: usize = 64;

/// A row that is near enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::perceptual) struct Hit {
    pub(in crate::perceptual) distance: u32,
    pub(in crate::perceptual) row: u32,
}

type Scan = fn(rows: &[u8], first: u32, query: &[u8], limit: u32, hits: &mut Vec<Hit>);
type Pick = fn(rows: &[u8], numbers: &[u32], query: &[u8], limit: u32, hits: &mut Vec<Hit>);

/// The loops for rows of one length.
#[derive(Debug, Clone, Copy)]
pub(in crate::perceptual) struct Kernel {
    scan: Scan,
    pick: Pick,
}

impl Kernel {
    /// The fastest this processor has, for rows of so many bytes: a multiple of 8, 128 at most.
    pub(in crate::perceptual) fn of(row: usize) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(kernel) = x86::kernel(row / 8) {
            return kernel;
        }
        Self::portable(row / 8)
    }

    fn portable(words: usize) -> Self {
        by_words!(words, portable)
    }

    /// Adds the rows at most `limit` from `query`, of rows that stand one behind another, numbered from `first` on.
    #[inline]
    pub(in crate::perceptual) fn scan(self, rows: &[u8], first: u32, query: &[u8], limit: u32, hits: &mut Vec<Hit>) {
        (self.scan)(rows, first, query, limit, hits);
    }

    /// Adds those of the rows of these numbers that are at most `limit` from `query`. A number that is no row's is passed over.
    #[inline]
    pub(in crate::perceptual) fn pick(
        self,
        rows: &[u8],
        numbers: &[u32],
        query: &[u8],
        limit: u32,
        hits: &mut Vec<Hit>,
    ) {
        (self.pick)(rows, numbers, query, limit, hits);
    }
}

/// Calls a function that is generic over the number of words.
macro_rules! by_words {
    ($words:expr, $of:ident) => {
        by_words!($words, $of, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
    };
    ($words:expr, $of:ident, $($number:literal)*) => {
        match $words {
            $($number => $of::<$number>(),)*
            _ => $of::<{ MOST_WORDS }>(),
        }
    };
}
use by_words;

fn portable<const WORDS: usize>() -> Kernel {
    Kernel { scan: scan::<WORDS>, pick: pick::<WORDS> }
}

type Row<const WORDS: usize> = [[u8; 8]; WORDS];

fn rows_of<const WORDS: usize>(rows: &[u8]) -> &[Row<WORDS>] {
    rows.as_chunks().0.as_chunks().0
}

fn words_of<const WORDS: usize>(query: &[u8]) -> [u64; WORDS] {
    rows_of::<WORDS>(query).first().map_or([0; WORDS], |row| row.map(u64::from_ne_bytes))
}

#[inline(always)]
fn distance<const WORDS: usize>(row: &Row<WORDS>, query: &[u64; WORDS]) -> u32 {
    let differ = |(word, query): (&[u8; 8], &u64)| (u64::from_ne_bytes(*word) ^ query).count_ones();
    row.iter().zip(query).map(differ).sum()
}

#[inline(always)]
fn scan<const WORDS: usize>(rows: &[u8], first: u32, query: &[u8], limit: u32, hits: &mut Vec<Hit>) {
    let query = words_of::<WORDS>(query);
    for (row, number) in rows_of::<WORDS>(rows).iter().zip(first..) {
        let distance = distance(row, &query);
        if distance <= limit {
            hits.push(Hit { distance, row: number });
        }
    }
}

#[inline(always)]
fn pick<const WORDS: usize>(rows: &[u8], numbers: &[u32], query: &[u8], limit: u32, hits: &mut Vec<Hit>) {
    let (rows, query) = (rows_of::<WORDS>(rows), words_of::<WORDS>(query));
    let look = |number: &u32| {
        if let Some(row) = rows.get(*number as usize) {
            let distance = distance(row, &query);
            if distance <= limit {
                hits.push(Hit { distance, row: *number });
            }
        }
        Ok::<(), Infallible>(())
    };
    let Ok(()) = ahead(numbers, |number| fetch(rows, *number as usize), look);
}

/// Visits the elements in turn, each some time after what it needs was fetched.
#[inline(always)]
pub(super) fn ahead<T, E>(
    elements: &[T],
    fetch: impl Fn(&T),
    mut visit: impl FnMut(&T) -> Result<(), E>,
) -> Result<(), E> {
    let mut before: &[T] = &[];
    // A part is visited while the next is on its way.
    for part in elements.chunks(AHEAD).chain(std::iter::once(&[][..])) {
        part.iter().for_each(&fetch);
        before.iter().try_for_each(&mut visit)?;
        before = part;
    }
    Ok(())
}

/// Has the memory of an element brought near, for a read that follows.
#[inline(always)]
pub(super) fn fetch<T>(elements: &[T], number: usize) {
    #[cfg(target_arch = "x86_64")]
    x86::fetch(elements, number);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (elements, number);
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // An overflow fails the test, as it should.
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn slow(rows: &[u8], row: usize, query: &[u8], limit: u32) -> Vec<Hit> {
        let distance = |row: &[u8]| row.iter().zip(query).map(|(a, b)| (a ^ b).count_ones()).sum();
        let hits = rows.chunks_exact(row).zip(0..).map(|(bytes, row)| Hit { distance: distance(bytes), row });
        hits.filter(|hit| hit.distance <= limit).collect()
    }

    /// All kernels there are on this processor.
    fn kernels(row: usize) -> Vec<Kernel> {
        let mut kernels = vec![Kernel::portable(row / 8), Kernel::of(row)];
        #[cfg(target_arch = "x86_64")]
        kernels.extend(x86::all(row / 8));
        kernels
    }

    proptest! {
        #[test]
        fn every_kernel_counts_as_one_does_bit_by_bit(
            words in 1usize..=16, seed in vec(any::<u8>(), 128), bytes in vec(any::<u8>(), 0..4000), limit in 0u32..1100, shift in 0u32..4,
        ) {
            let row = words * 8;
            let query = &seed[..row];
            // Rows more or less like the query, so that there are hits and others.
            let rows: Vec<u8> = bytes.iter().zip(query.iter().cycle()).map(|(byte, like)| byte.checked_shr(shift * 2).unwrap_or(0) ^ like).collect();
            let rows = &rows[..rows.len() / row * row];
            let limit = limit * words as u32 / 16;
            let expected = slow(rows, row, query, limit);
            let numbers: Vec<u32> = (0..(rows.len() / row) as u32 + 2).rev().collect();
            for kernel in kernels(row) {
                let mut hits = Vec::new();
                kernel.scan(rows, 0, query, limit, &mut hits);
                prop_assert_eq!(&hits, &expected);
                hits.clear();
                kernel.pick(rows, &numbers, query, limit, &mut hits);
                hits.reverse();
                prop_assert_eq!(&hits, &expected);
            }
        }
    }
}
