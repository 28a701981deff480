//! MD5 of many streams at once: one stream a lane of a vector register.
//!
//! MD5 (RFC 1321) leaves most of a core idle, since each step waits for the one before; streams that are independent fill
//! it. The rounds are written over arrays of lanes, which the compiler turns into vector instructions; the same function
//! compiled for the processor's wider registers is chosen at run time, and its portable twin everywhere else.
//!
//! A lane takes the next stream as soon as its own ends.
#![allow(unsafe_code)] // One call of a function compiled for more of the processor than the crate is: see `compress`.

use super::{Algorithm, Digests, hash};
use crate::{
    bytes::{ReadAt, Source},
    error::{Error, Result},
};

/// Lanes: sixteen words of 32 bits, one AVX-512 register, two of AVX2 or four of SSE2 and NEON.
pub(super) const LANES: usize = 16;

const BLOCK: usize = 64;
/// A lane is slower than a core that has one stream to itself: of streams this long, so many must come together.
const LONG: u64 = 1 << 20;
const ENOUGH: usize = 4;

/// Bytes a lane reads ahead.
const READ: usize = 64 << 10;

type Words = [u32; LANES];

/// Shifts of RFC 1321, section 3.4, four a round.
const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// `floor(2^32 × |sin(i + 1)|)` (RFC 1321, section 3.4).
#[rustfmt::skip]
const SINES: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];

const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// The state of all lanes, word by word.
type State = [Words; 4];

/// Step `STEP` of RFC 1321, section 3.4, in all lanes. A constant, so that shift and word are known to the compiler.
#[inline(always)]
fn step<const STEP: usize>([a, b, c, d]: State, message: &[Words; 16]) -> State {
    let (word, shift) = const {
        let word = match STEP / 16 {
            0 => STEP,
            1 => (5 * STEP + 1) % 16,
            2 => (3 * STEP + 5) % 16,
            _ => (7 * STEP) % 16,
        };
        (word, SHIFTS[STEP / 16][STEP % 4])
    };
    let mut next = [0; LANES];
    for lane in 0..LANES {
        let (x, y, z) = (b[lane], c[lane], d[lane]);
        let mixed = match STEP / 16 {
            0 => (x & y) | (!x & z),
            1 => (x & z) | (y & !z),
            2 => x ^ y ^ z,
            _ => y ^ (x | !z),
        };
        let sum = a[lane].wrapping_add(mixed).wrapping_add(message[word][lane]).wrapping_add(SINES[STEP]);
        next[lane] = x.wrapping_add(sum.rotate_left(shift));
    }
    [d, next, b, c]
}

/// One block of each lane into the state. The words of the message come word by word, lane by lane.
#[inline(always)]
fn rounds(state: &mut State, message: &[Words; 16]) {
    let mut new = *state;
    macro_rules! steps {
        ($($step:literal)*) => { $( new = step::<$step>(new, message); )* };
    }
    steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    steps!(32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
    for (word, new) in state.iter_mut().zip(new) {
        for lane in 0..LANES {
            word[lane] = word[lane].wrapping_add(new[lane]);
        }
    }
}

fn rounds_portable(state: &mut State, message: &[Words; 16]) {
    rounds(state, message);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn rounds_avx2(state: &mut State, message: &[Words; 16]) {
    rounds(state, message);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn rounds_avx512(state: &mut State, message: &[Words; 16]) {
    rounds(state, message);
}

/// The widest the processor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Width {
    fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    fn compress(self, state: &mut State, message: &[Words; 16]) {
        match self {
            Self::Portable => rounds_portable(state, message),
            // SAFETY: `detect`, which alone makes this value outside of tests that ask it first, found AVX2.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { rounds_avx2(state, message) },
            // SAFETY: as above, for AVX-512F.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { rounds_avx512(state, message) },
        }
    }
}

/// A stream in its lane.
struct Lane<'a> {
    /// Its place among the sources.
    number: usize,
    source: &'a Source,
    size: u64,
    /// Bytes read of it so far.
    read: u64,
    buf: Vec<u8>,
    /// The next block in `buf`.
    at: usize,
    /// True when `buf` holds the end and the padding behind it.
    padded: bool,
}

impl<'a> Lane<'a> {
    fn new(number: usize, source: &'a Source, buf: Vec<u8>) -> Result<Self, (Error, Vec<u8>)> {
        let mut lane = Self { number, source, size: source.len(), read: 0, buf, at: 0, padded: false };
        match lane.fill() {
            Ok(()) => Ok(lane),
            Err(error) => Err((error, lane.buf)),
        }
    }

    /// Reads on; behind the end of the stream stands RFC 1321's padding (section 3.1 and 3.2).
    fn fill(&mut self) -> Result<()> {
        let left = self.size - self.read;
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(READ);
        self.at = 0;
        self.buf.resize(count, 0);
        self.source.read_at(self.read, &mut self.buf)?;
        self.read += count as u64;
        if self.read == self.size && count < READ {
            self.buf.push(0x80);
            self.buf.resize((count + 9).next_multiple_of(BLOCK) - 8, 0);
            self.buf.extend_from_slice(&self.size.wrapping_mul(8).to_le_bytes());
            self.padded = true;
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.at >= self.buf.len()
    }
}

/// The MD5 of each source, in their order; where one cannot be read, its error.
pub(super) fn md5_many(sources: &[Source]) -> Vec<Result<Digests>> {
    md5_many_with(sources, Width::detect())
}

fn md5_many_with(sources: &[Source], width: Width) -> Vec<Result<Digests>> {
    let mut results: Vec<Result<Digests>> = sources.iter().map(|_| Ok(Digests::default())).collect();
    let is_long = |source: &Source| source.len() > LONG;
    let few_are_long = sources.iter().filter(|source| is_long(source)).count() < ENOUGH;
    let goes_alone = |source: &Source| few_are_long && is_long(source);
    for (source, result) in sources.iter().zip(&mut results).filter(|(source, _)| goes_alone(source)) {
        *result = hash(source, &[Algorithm::Md5]);
    }
    let mut waiting = sources.iter().enumerate().filter(|(_, source)| !goes_alone(source));
    let mut lanes: [Option<Lane<'_>>; LANES] = std::array::from_fn(|_| None);
    let mut spare: Vec<Vec<u8>> = Vec::new();
    let mut message = [[0u32; LANES]; 16];
    let mut state: State = START.map(|word| [word; LANES]);
    loop {
        let mut busy = false;
        for (index, lane) in lanes.iter_mut().enumerate() {
            while lane.is_none()
                && let Some((number, source)) = waiting.next()
            {
                match Lane::new(number, source, spare.pop().unwrap_or_default()) {
                    Ok(new) => {
                        *lane = Some(new);
                        (0..4).for_each(|word| state[word][index] = START[word]);
                    }
                    Err((error, buf)) => {
                        results[number] = Err(error);
                        spare.push(buf);
                    }
                }
            }
            busy |= lane.is_some();
        }
        if !busy {
            return results;
        }
        // As many blocks as every lane has in its buffer; idle lanes work on what nobody looks at.
        let blocks = lanes.iter().flatten().map(|lane| (lane.buf.len() - lane.at) / BLOCK).min().unwrap_or(0);
        for _ in 0..blocks {
            for (index, lane) in lanes.iter_mut().enumerate() {
                let Some(lane) = lane else { continue };
                let block = &lane.buf[lane.at..lane.at + BLOCK];
                let words = block.as_chunks::<4>().0;
                for word in 0..16 {
                    message[word][index] = u32::from_le_bytes(words[word]);
                }
                lane.at += BLOCK;
            }
            width.compress(&mut state, &message);
        }
        for (index, place) in lanes.iter_mut().enumerate() {
            let Some(lane) = place.as_mut().filter(|lane| lane.is_empty()) else { continue };
            let result = match lane.padded {
                false => match lane.fill() {
                    Ok(()) => continue,
                    Err(error) => Err(error),
                },
                true => {
                    let mut md5 = [0; 16];
                    for (bytes, word) in md5.chunks_exact_mut(4).zip(&state) {
                        bytes.copy_from_slice(&word[index].to_le_bytes());
                    }
                    Ok(Digests { md5: Some(md5), ..Digests::default() })
                }
            };
            results[lane.number] = result;
            spare.extend(place.take().map(|lane| lane.buf));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    /// Every width this processor has.
    fn widths() -> Vec<Width> {
        let mut widths = vec![Width::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            widths.extend(std::arch::is_x86_feature_detected!("avx2").then_some(Width::Avx2));
            widths.extend(std::arch::is_x86_feature_detected!("avx512f").then_some(Width::Avx512));
        }
        widths
    }

    fn agree(lengths: &[usize]) {
        let content = |length: usize| (0..length).map(|n| ((n * 31) ^ length) as u8).collect::<Vec<u8>>();
        let sources: Vec<Source> = lengths.iter().map(|length| Arc::new(content(*length)) as Source).collect();
        for width in widths() {
            for (source, digests) in sources.iter().zip(md5_many_with(&sources, width)) {
                let alone = hash(source, &[Algorithm::Md5]).unwrap();
                assert_eq!(digests.unwrap(), alone, "{} bytes, {width:?}", source.len());
            }
        }
    }

    #[test]
    fn lengths_around_a_block_and_a_read_agree_with_one_stream_alone() {
        let mut lengths: Vec<usize> = (0..200).collect();
        lengths.extend(((READ - 70)..(READ + 70)).step_by(9));
        lengths.extend([2 * READ, 2 * READ - 9, 2 * READ + 1]);
        agree(&lengths);
        agree(&[]);
        agree(&[5]);
    }

    #[test]
    fn a_stream_that_cannot_be_read_costs_only_itself() {
        use crate::bytes::{Extents, Run};
        let short: Source = Arc::new(b"abc".to_vec());
        // The second run lies outside: reading it fails, the first time late in the stream.
        let torn = |first: u64| {
            Arc::new(Extents::new(Arc::new(vec![7u8; 300_000]), [Run::new(0, first), Run::new(400_000, 9)])) as Source
        };
        let sources = [short.clone(), torn(10), short.clone(), torn(200_000), short.clone()];
        let results = md5_many(&sources);
        for place in [0, 2, 4] {
            let hex = results[place].as_ref().unwrap().hex(Algorithm::Md5);
            assert_eq!(hex.as_deref(), Some("900150983cd24fb0d6963f7d28e17f72"));
        }
        assert!(results[1].is_err() && results[3].is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn any_mixture_of_lengths_agrees(lengths in prop::collection::vec(0usize..70_000, 0..30)) {
            agree(&lengths);
        }
    }
}
