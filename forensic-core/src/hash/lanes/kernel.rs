//! Blocks of many streams into the chaining values of their lanes, by the widest instructions the processor has.
#![allow(unsafe_code)] // Calls of functions compiled for more of the processor than the crate is: see `Width::compress`.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use super::quad::Quad;
use super::{
    rounds::{self, Message},
    vector::{Pair, Vector, Words},
};
#[cfg(target_arch = "x86_64")]
use crate::hash::compress::stitched::Sha;
use crate::hash::{
    compress::OPTIMISED,
    trio::{Asked, BLOCK, States},
};

/// The most lanes of any width.
pub(super) const MOST: usize = 32;

/// The blocks of one stream.
pub(super) type Blocks<'a> = &'a [[u8; BLOCK]];

/// The chaining values of all lanes, word by word.
pub(super) struct LaneStates {
    md5: [[u32; MOST]; 4],
    sha1: [[u32; MOST]; 5],
    sha256: [[u32; MOST]; 8],
}

impl LaneStates {
    pub(super) fn new() -> Self {
        let States { md5, sha1, sha256 } = States::START;
        Self {
            md5: md5.map(|word| [word; MOST]),
            sha1: sha1.map(|word| [word; MOST]),
            sha256: sha256.map(|word| [word; MOST]),
        }
    }

    pub(super) fn get(&self, lane: usize) -> States {
        States {
            md5: self.md5.map(|word| word[lane]),
            sha1: self.sha1.map(|word| word[lane]),
            sha256: self.sha256.map(|word| word[lane]),
        }
    }

    pub(super) fn set(&mut self, lane: usize, states: &States) {
        self.md5.iter_mut().zip(states.md5).for_each(|(words, word)| words[lane] = word);
        self.sha1.iter_mut().zip(states.sha1).for_each(|(words, word)| words[lane] = word);
        self.sha256.iter_mut().zip(states.sha256).for_each(|(words, word)| words[lane] = word);
    }
}

#[cfg(target_arch = "x86_64")]
impl LaneStates {
    fn sha256_by_pairs(&mut self, sha: Sha, streams: &[Blocks<'_>; MOST], count: usize) {
        for (pair, blocks) in streams.as_chunks::<2>().0.iter().take(Width::Avx2.lanes() / 2).enumerate() {
            let mut states = [0, 1].map(|of| self.sha256.map(|words| words[2 * pair + of]));
            sha.sha256_of_two(&mut states, blocks.map(|blocks| &blocks[..count]));
            for (of, state) in states.into_iter().enumerate() {
                self.sha256.iter_mut().zip(state).for_each(|(words, word)| words[2 * pair + of] = word);
            }
        }
    }
}

/// How many lanes, by which instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::hash) enum Width {
    /// By arrays: the twin of all others, and no faster than one stream alone.
    Portable,
    /// By what every processor of the family has.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    Quad,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// SHA-256 by the processor's own rounds, two streams at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2Sha(Sha),
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Width {
    /// All that this processor has, the widest last.
    pub(super) fn all() -> Vec<Self> {
        let mut widths = vec![Self::Portable];
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        widths.push(Self::Quad);
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                widths.push(Self::Avx2);
                widths.extend(Sha::detect().map(Self::Avx2Sha));
            }
            // Built without, to time what other machines do.
            let wide = !cfg!(forensic_without_avx512)
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw");
            widths.extend(wide.then_some(Self::Avx512));
        }
        widths
    }

    pub(super) fn lanes(self) -> usize {
        match self {
            Self::Portable => 2 * Words::LANES,
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::Quad => 2 * Quad::LANES,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 | Self::Avx2Sha(_) => 16,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => 32,
        }
    }

    /// The one for these algorithms, where it is faster than one stream after the other.
    pub(in crate::hash) fn best(asked: Asked) -> Option<Self> {
        let widest = Self::all().pop().filter(|_| OPTIMISED && asked.any())?;
        match widest {
            Self::Portable => None,
            // Processors without the wider ones have their own rounds of SHA, if any.
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::Quad => (asked.md5 && !asked.sha1 && !asked.sha256).then_some(widest),
            #[cfg(target_arch = "x86_64")]
            _ => Some(widest),
        }
    }

    /// The fewest streams that are faster in lanes than one after the other.
    pub(super) fn worth(self, asked: Asked) -> usize {
        match asked {
            Asked { sha1: false, sha256: false, .. } => self.lanes() / 12 + 1,
            Asked { md5: false, sha1: false, .. } => self.lanes() / 2 + 1,
            _ => self.lanes() / 3,
        }
    }

    /// Takes the first `count` blocks of each stream into the chaining values of its lane.
    pub(super) fn compress(self, asked: Asked, states: &mut LaneStates, streams: &[Blocks<'_>; MOST], count: usize) {
        assert!(streams.iter().take(self.lanes()).all(|blocks| blocks.len() >= count), "a stream of too few blocks");
        match self {
            Self::Portable => by_fours::<Words>(asked, states, streams, count),
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::Quad => by_fours::<Quad>(asked, states, streams, count),
            // SAFETY: only `all` makes this value, on a processor with AVX2; the streams were looked at above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2(asked, states, streams, count) },
            #[cfg(target_arch = "x86_64")]
            Self::Avx2Sha(sha) => {
                let rest = Asked { sha256: false, ..asked };
                if rest.any() {
                    Self::Avx2.compress(rest, states, streams, count);
                }
                if asked.sha256 {
                    states.sha256_by_pairs(sha, streams, count);
                }
            }
            // SAFETY: as above, with AVX-512F and AVX-512BW.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512(asked, states, streams, count) },
        }
    }
}

/// By vectors of four lanes.
fn by_fours<V: Vector>(asked: Asked, states: &mut LaneStates, streams: &[Blocks<'_>; MOST], count: usize) {
    run::<V>(asked, states, count, |number| [transpose(streams, number), transpose(&streams[4..], number)]);
}

/// # Safety
/// Each stream has so many blocks.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2(asked: Asked, states: &mut LaneStates, streams: &[Blocks<'_>; MOST], count: usize) {
    use super::x86::{Ymm, transpose_8};
    run::<Ymm>(asked, states, count, |number| unsafe {
        [transpose_8(streams, number), transpose_8(&streams[8..], number)]
    });
}

/// # Safety
/// Each stream has so many blocks.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn avx512(asked: Asked, states: &mut LaneStates, streams: &[Blocks<'_>; MOST], count: usize) {
    use super::x86::{Zmm, transpose_16};
    run::<Zmm>(asked, states, count, |number| unsafe {
        [transpose_16(streams, number), transpose_16(&streams[16..], number)]
    });
}

/// Block `number` of the first four streams, word by word.
#[inline(always)]
fn transpose<V: Vector>(streams: &[Blocks<'_>], number: usize) -> Message<V> {
    let mut message = [V::splat(0); 16];
    for (word, lanes) in message.iter_mut().enumerate() {
        let mut words = [0; 4];
        for (place, blocks) in words.iter_mut().zip(streams) {
            *place = u32::from_le_bytes(blocks[number].as_chunks().0[word]);
        }
        *lanes = V::load(&words);
    }
    message
}

/// Takes `count` blocks of each lane, which `message` gives by their number. The lanes of two vectors: of MD5, whose steps
/// leave the most time, both at once.
#[inline(always)]
fn run<V: Vector>(asked: Asked, states: &mut LaneStates, count: usize, messages: impl Fn(usize) -> [Message<V>; 2]) {
    let mut md5 = load::<Pair<V>, 4>(&states.md5, 0);
    let mut sha1 = [load(&states.sha1, 0), load(&states.sha1, V::LANES)];
    let mut sha256 = [load(&states.sha256, 0), load(&states.sha256, V::LANES)];
    for number in 0..count {
        let mut messages = messages(number);
        if asked.md5 {
            rounds::md5(&mut md5, &pair(&messages));
        }
        for half in 0..2 {
            if asked.sha1 || asked.sha256 {
                for word in &mut messages[half] {
                    *word = word.swap_bytes();
                }
            }
            if asked.sha1 {
                rounds::sha1(&mut sha1[half], messages[half]);
            }
            if asked.sha256 {
                rounds::sha256(&mut sha256[half], messages[half]);
            }
        }
    }
    store(md5, &mut states.md5, 0);
    store(sha1[0], &mut states.sha1, 0);
    store(sha1[1], &mut states.sha1, V::LANES);
    store(sha256[0], &mut states.sha256, 0);
    store(sha256[1], &mut states.sha256, V::LANES);
}

// Loops, as the methods of arrays are not inlined into functions compiled for more of the processor.

#[inline(always)]
fn pair<V: Vector>([first, second]: &[Message<V>; 2]) -> Message<Pair<V>> {
    let mut both = [Pair(first[0], second[0]); 16];
    for word in 1..16 {
        both[word] = Pair(first[word], second[word]);
    }
    both
}

#[inline(always)]
fn load<V: Vector, const N: usize>(words: &[[u32; MOST]; N], lane: usize) -> [V; N] {
    let mut vectors = [V::splat(0); N];
    for word in 0..N {
        vectors[word] = V::load(&words[word][lane..]);
    }
    vectors
}

#[inline(always)]
fn store<V: Vector, const N: usize>(vectors: [V; N], words: &mut [[u32; MOST]; N], lane: usize) {
    for word in 0..N {
        vectors[word].store(&mut words[word][lane..]);
    }
}
