//! How alike two digests of ssdeep are (Kornblum 2006, section 3.4, with what the program ssdeep 2.14 prints for the
//! details).

use crate::error::{Error, Result};

/// Shorter common substrings than the window of the rolling hash are chance.
const COMMON: usize = 7;
const SMALLEST: u64 = 3;
const FULL: usize = 64;

/// A digest in its parts.
struct Digest {
    block_size: u64,
    first: Vec<u8>,
    second: Vec<u8>,
}

impl Digest {
    /// Parts of a digest; behind a comma may stand the name of a file.
    fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::invalid(format!("{text:?} is not a similarity digest of ssdeep"));
        let mut parts = text.splitn(3, ':');
        let block_size = parts.next().and_then(|size| size.parse().ok()).ok_or_else(wrong)?;
        let first = parts.next().ok_or_else(wrong)?;
        let second = parts.next().ok_or_else(wrong)?;
        let second = second.split_once(',').map_or(second, |(hash, _)| hash);
        let is_hash = |hash: &str| {
            let of_base64 = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/');
            hash.len() <= FULL && hash.bytes().all(of_base64)
        };
        if block_size < SMALLEST || !is_hash(first) || !is_hash(second) {
            return Err(wrong());
        }
        Ok(Self { block_size, first: shortened(first), second: shortened(second) })
    }
}

/// A hash in which no character stands more than three times in a row: long runs say little.
fn shortened(hash: &str) -> Vec<u8> {
    let mut short: Vec<u8> = Vec::with_capacity(hash.len());
    for byte in hash.bytes() {
        if !short.ends_with(&[byte; 3]) {
            short.push(byte);
        }
    }
    short
}

/// 0 to 100.
pub(super) fn compare(a: &str, b: &str) -> Result<u32> {
    let (a, b) = (Digest::parse(a)?, Digest::parse(b)?);
    Ok(if a.block_size == b.block_size {
        if a.first == b.first && a.second == b.second {
            return Ok(100);
        }
        let second = score(&a.second, &b.second, a.block_size.saturating_mul(2));
        score(&a.first, &b.first, a.block_size).max(second)
    } else if a.block_size.checked_mul(2) == Some(b.block_size) {
        score(&a.second, &b.first, b.block_size)
    } else if b.block_size.checked_mul(2) == Some(a.block_size) {
        score(&a.first, &b.second, a.block_size)
    } else {
        0
    })
}

/// The score of two hashes of the same block size.
fn score(a: &[u8], b: &[u8], block_size: u64) -> u32 {
    let shares = a.windows(COMMON).any(|part| b.windows(COMMON).any(|other| other == part));
    if !shares {
        return 0;
    }
    let distance = distance(a, b) * FULL / (a.len() + b.len());
    let score = 100usize.saturating_sub(distance * 100 / FULL);
    // Small blocks say little of a file: what they can prove is bounded by how much there is of them.
    let most = usize::try_from(block_size / SMALLEST).unwrap_or(usize::MAX).saturating_mul(a.len().min(b.len()));
    u32::try_from(score.min(most)).unwrap_or(100)
}

/// The least cost of making one hash the other: 1 to insert or delete a character, 2 to replace one.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = before + if x == y { 0 } else { 2 };
            before = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}
