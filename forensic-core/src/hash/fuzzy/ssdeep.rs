//! ssdeep's digest: hashes of the pieces between the places where a rolling hash of the last seven bytes says so.
//!
//! Kornblum 2006, sections 3 and 4, after Tridgell's spamsum. Where a piece ends depends on the block size, and the block
//! size of the digest on how many pieces there are in the end. So the pieces of all block sizes are hashed side by
//! side: those of 3 × 2ⁿ bytes on level n. Of each level the hash of 64 pieces is kept, and that of 32 for the second half
//! of a digest, which is that of the next level.
//!
//! Levels on which no piece has ended yet have the same hash; those that can no longer be the digest's are left alone.
//! Few are between the two: they are lanes of one vector register.

const LEVELS: usize = 32;
const SMALLEST: u64 = 3;
/// Characters of a full hash, and of the second one.
const FULL: usize = 64;
const HALF: usize = 32;
/// The most bytes: those of 64 pieces on the last level that has a next one.
pub(super) const LONGEST: u64 = (SMALLEST << (LEVELS - 2)) * FULL as u64;

/// The last six bits of Fowler, Noll and Vo's hash (FNV-1, 32 bits): no more of it is ever printed. The start is spamsum's.
const START: u8 = 0x28021967u32.to_le_bytes()[0] & 63;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The rolling hash of the last seven bytes.
#[derive(Default)]
struct Rolling {
    window: [u8; 7],
    at: usize,
    sum: u32,
    weighted: u32,
    shifted: u32,
}

impl Rolling {
    #[inline(always)]
    fn roll(&mut self, byte: u8) -> u32 {
        let new = u32::from(byte);
        self.weighted = self.weighted.wrapping_sub(self.sum).wrapping_add(7 * new);
        self.sum = self.sum.wrapping_add(new).wrapping_sub(u32::from(self.window[self.at]));
        self.window[self.at] = byte;
        self.at = if self.at == 6 { 0 } else { self.at + 1 };
        self.shifted = self.shifted << 5 ^ new;
        self.value()
    }

    fn value(&self) -> u32 {
        self.sum.wrapping_add(self.weighted).wrapping_add(self.shifted)
    }
}

/// The pieces of one level so far.
#[derive(Clone, Copy)]
struct Pieces {
    /// A character a piece.
    hash: [u8; FULL - 1],
    length: usize,
    /// Behind the last kept piece: the character as of the last end of a piece, for a full and for a half hash.
    last: Option<u8>,
    half_last: Option<u8>,
}

/// Computes the digest of bytes given piece by piece.
pub(super) struct Generator {
    rolling: Rolling,
    /// The hash of the current piece of each level; for the second half, that of all behind the 31st.
    now: [u8; LEVELS],
    half_now: [u8; LEVELS],
    levels: [Pieces; LEVELS],
    /// The lowest level that the digest can still be of.
    lowest: usize,
    /// The lowest level on which no piece has ended: its hash is that of all above it.
    untouched: usize,
    /// The highest level that the digest can be of, by the number of bytes.
    highest: usize,
}

impl Generator {
    /// A generator for so many bytes, at most [`LONGEST`].
    pub(super) fn new(size: u64) -> Self {
        let fits = |level: &usize| (SMALLEST << level).saturating_mul(FULL as u64) >= size;
        Self {
            rolling: Rolling::default(),
            now: [START; LEVELS],
            half_now: [START; LEVELS],
            levels: [Pieces { hash: [0; FULL - 1], length: 0, last: None, half_last: None }; LEVELS],
            lowest: 0,
            untouched: 0,
            highest: (0..LEVELS - 1).find(fits).unwrap_or(LEVELS - 2),
        }
    }

    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let done = match self.untouched - self.lowest < 8 {
                true => self.run::<8, 16>(bytes),
                false => self.run::<LEVELS, { 2 * LEVELS }>(bytes),
            };
            bytes = &bytes[done..];
        }
    }

    /// Takes bytes to the next end of a piece, or all of them, and gives their number. `COUNT` levels from the lowest on are
    /// hashed in `LANES` lanes, the hashes of the second half behind those of the first.
    #[inline(always)]
    fn run<const COUNT: usize, const LANES: usize>(&mut self, bytes: &[u8]) -> usize {
        let levels = self.lowest..(self.untouched + 1).min(LEVELS);
        let mut lanes = [0u8; LANES];
        lanes[..levels.len()].copy_from_slice(&self.now[levels.clone()]);
        lanes[COUNT..][..levels.len()].copy_from_slice(&self.half_now[levels.clone()]);
        let mask = (1u32 << self.lowest) - 1;
        let mut ended = None;
        let mut done = 0;
        for &byte in bytes {
            // Times the prime, in lanes: 16 + 2 + 1.
            for hash in &mut lanes {
                *hash = (*hash << 4).wrapping_add(*hash << 1).wrapping_add(*hash) ^ byte;
            }
            done += 1;
            // A piece of level n ends where the hash is one less than a multiple of 3 × 2ⁿ.
            let next = self.rolling.roll(byte).wrapping_add(1);
            if next & mask == 0 && next.is_multiple_of(3) && next != 0 {
                ended = Some(next.trailing_zeros() as usize);
                break;
            }
        }
        self.now[levels.clone()].copy_from_slice(&lanes[..levels.len()]);
        self.half_now[levels.clone()].copy_from_slice(&lanes[COUNT..][..levels.len()]);
        if let Some(level) = ended {
            self.end_pieces(level.min(LEVELS - 2));
        }
        done
    }

    /// Ends a piece of each level up to one.
    fn end_pieces(&mut self, level: usize) {
        while self.untouched <= level {
            let (from, to) = (self.untouched, self.untouched + 1);
            (self.now[to], self.half_now[to]) = (self.now[from], self.half_now[from]);
            self.untouched = to;
        }
        for level in self.lowest..=level {
            let pieces = &mut self.levels[level];
            if pieces.length < HALF - 1 {
                self.half_now[level] = START;
            } else {
                pieces.half_last = Some(self.half_now[level]);
            }
            if pieces.length < FULL - 1 {
                pieces.hash[pieces.length] = self.now[level];
                pieces.length += 1;
                self.now[level] = START;
            } else {
                pieces.last = Some(self.now[level]);
            }
        }
        // A level is taken where it has half a hash; then nobody asks for those below it.
        while self.lowest < self.highest && self.levels[self.lowest + 1].length >= HALF {
            self.lowest += 1;
        }
    }

    pub(super) fn finish(self) -> String {
        let enough = |level: &usize| self.levels[*level].length >= HALF;
        let level = (1..=self.highest).rev().find(enough).unwrap_or(0);
        // What is behind the last end of a piece counts, unless the last bytes are all zeros.
        let open = self.rolling.value() != 0;
        let hash = |level: usize, most: usize, now: u8, last: Option<u8>| {
            let pieces = &self.levels[level];
            let kept = pieces.hash[..pieces.length.min(most)].iter().copied();
            let character = |hash: u8| char::from(BASE64[usize::from(hash & 63)]);
            kept.chain(if open { Some(now) } else { last }).map(character).collect::<String>()
        };
        let first = hash(level, FULL - 1, self.now[level], self.levels[level].last);
        // Where no piece of this level ended, none of the next one did.
        let next = (level + 1).min(self.untouched);
        let second = hash(level + 1, HALF - 1, self.half_now[next], self.levels[level + 1].half_last);
        format!("{}:{first}:{second}", SMALLEST << level)
    }
}
