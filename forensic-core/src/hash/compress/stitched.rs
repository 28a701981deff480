//! The three algorithms over one stream, step by step side by side.
//!
//! A step of MD5 waits for the one before, which leaves most of a core idle; the processor's own rounds of SHA-1 and SHA-256
//! (Intel SHA Extensions: `SHA1RNDS4`, `SHA256RNDS2` and their kin) fill it, so that all three take hardly longer than MD5
//! alone. A function does the blocks of one set of algorithms, MD5's steps in the general registers, the others in vectors.
#![allow(unsafe_code)] // The call of a function compiled for more of the processor than the crate is: see `compress`.

use super::{md5, sha256::ROUNDS};
use crate::hash::trio::{Asked, BLOCK, States};
use std::arch::x86_64::*;

/// The proof that this processor has the instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::hash) struct Sha(());

impl Sha {
    pub(in crate::hash) fn detect() -> Option<Self> {
        let found =
            is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1") && is_x86_feature_detected!("ssse3");
        found.then_some(Self(()))
    }

    pub(super) fn compress(self, asked: Asked, states: &mut States, blocks: &[[u8; BLOCK]]) {
        let Asked { md5, sha1, sha256 } = asked;
        // SAFETY: a value of this type says that the instructions are there.
        unsafe {
            match (md5, sha1, sha256) {
                (false, false, false) => {}
                (true, false, false) => md5::compress(&mut states.md5, blocks),
                (false, true, false) => compress::<false, true, false>(states, blocks),
                (false, false, true) => compress::<false, false, true>(states, blocks),
                (false, true, true) => compress::<false, true, true>(states, blocks),
                (true, true, false) => compress::<true, true, false>(states, blocks),
                (true, false, true) => compress::<true, false, true>(states, blocks),
                (true, true, true) => compress::<true, true, true>(states, blocks),
            }
        }
    }

    /// SHA-256 of two streams, whose rounds wait for one another no more than those of one do.
    pub(in crate::hash) fn sha256_of_two(self, states: &mut [[u32; 8]; 2], blocks: [&[[u8; BLOCK]]; 2]) {
        // SAFETY: as above.
        unsafe { sha256_of_two(states, blocks) }
    }
}

/// SHA-1's state as its instructions have it, `a` in the highest word, and what the next `e` is made of.
#[derive(Clone, Copy)]
struct Sha1 {
    abcd: __m128i,
    before: __m128i,
    message: [__m128i; 4],
}

impl Sha1 {
    /// Four rounds: group `GROUP` of 20, of function and constant `KIND`.
    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn rounds<const GROUP: usize, const KIND: i32>(&mut self, start: __m128i, block: &[u8; BLOCK]) {
        let message = &mut self.message;
        let words = if GROUP < 4 {
            let reversed = _mm_set_epi64x(0x0001_0203_0405_0607, 0x0809_0a0b_0c0d_0e0f);
            _mm_shuffle_epi8(load(block, GROUP), reversed)
        } else {
            let (oldest, second) = (message[GROUP % 4], message[(GROUP + 1) % 4]);
            let (third, last) = (message[(GROUP + 2) % 4], message[(GROUP + 3) % 4]);
            _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32(oldest, second), third), last)
        };
        message[GROUP % 4] = words;
        let e = if GROUP == 0 { _mm_add_epi32(start, words) } else { _mm_sha1nexte_epu32(self.before, words) };
        self.before = self.abcd;
        self.abcd = _mm_sha1rnds4_epu32::<KIND>(self.abcd, e);
    }
}

/// SHA-256's state as its instructions have it.
#[derive(Clone, Copy)]
struct Sha256 {
    abef: __m128i,
    cdgh: __m128i,
    message: [__m128i; 4],
}

impl Sha256 {
    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn new([a, b, c, d, e, f, g, h]: [u32; 8]) -> Self {
        let message = [_mm_setzero_si128(); 4];
        Self { abef: vector([f, e, b, a]), cdgh: vector([h, g, d, c]), message }
    }

    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn state(self) -> [u32; 8] {
        let ([f, e, b, a], [h, g, d, c]) = (words(self.abef), words(self.cdgh));
        [a, b, c, d, e, f, g, h]
    }

    /// What the rounds of a block made of the state before is added to it.
    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn add(&mut self, before: &Self) {
        self.abef = _mm_add_epi32(self.abef, before.abef);
        self.cdgh = _mm_add_epi32(self.cdgh, before.cdgh);
    }

    /// Four rounds: group `GROUP` of 16.
    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn rounds<const GROUP: usize>(&mut self, block: &[u8; BLOCK]) {
        let message = &mut self.message;
        let words = if GROUP < 4 {
            let swapped = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
            _mm_shuffle_epi8(load(block, GROUP), swapped)
        } else {
            let (oldest, second) = (message[GROUP % 4], message[(GROUP + 1) % 4]);
            let (third, last) = (message[(GROUP + 2) % 4], message[(GROUP + 3) % 4]);
            let between = _mm_alignr_epi8::<4>(last, third);
            _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(oldest, second), between), last)
        };
        message[GROUP % 4] = words;
        let sum = _mm_add_epi32(words, vector(const { ROUNDS.as_chunks::<4>().0[GROUP] }));
        self.cdgh = _mm_sha256rnds2_epu32(self.cdgh, self.abef, sum);
        self.abef = _mm_sha256rnds2_epu32(self.abef, self.cdgh, _mm_shuffle_epi32::<0b00_00_11_10>(sum));
    }
}

/// The four words of a block from word `4 × quarter` on.
#[inline]
#[target_feature(enable = "sse2")]
fn load(block: &[u8; BLOCK], quarter: usize) -> __m128i {
    let [low, high] = block.as_chunks::<16>().0[quarter].as_chunks::<8>().0 else { return _mm_setzero_si128() };
    _mm_set_epi64x(i64::from_le_bytes(*high), i64::from_le_bytes(*low))
}

/// A vector of words, the lowest first.
#[inline]
#[target_feature(enable = "sse2")]
fn vector([w, x, y, z]: [u32; 4]) -> __m128i {
    _mm_set_epi32(z.cast_signed(), y.cast_signed(), x.cast_signed(), w.cast_signed())
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn compress<const MD5: bool, const SHA1: bool, const SHA256: bool>(states: &mut States, blocks: &[[u8; BLOCK]]) {
    let zero = _mm_setzero_si128();
    let [a, b, c, d, e] = states.sha1;
    let mut start = vector([0, 0, 0, e]);
    let mut sha1 = Sha1 { abcd: vector([d, c, b, a]), before: zero, message: [zero; 4] };
    let mut sha256 = Sha256::new(states.sha256);
    for mut block in blocks {
        let (mut md5, sha1_before, sha256_before) = (states.md5, sha1, sha256);
        macro_rules! side_by_side {
            ($($part:literal: $kind:literal $($extra:literal)?;)*) => {$(
                if MD5 {
                    md5 = md5::step::<{ 4 * $part }>(md5, &mut block);
                    md5 = md5::step::<{ 4 * $part + 1 }>(md5, &mut block);
                }
                if SHA256 {
                    sha256.rounds::<$part>(block);
                }
                if MD5 {
                    md5 = md5::step::<{ 4 * $part + 2 }>(md5, &mut block);
                    md5 = md5::step::<{ 4 * $part + 3 }>(md5, &mut block);
                }
                // 20 groups of SHA-1 beside 16 parts: every fourth part does two.
                if SHA1 {
                    sha1.rounds::<{ $part + $part / 4 }, $kind>(start, block);
                    $( sha1.rounds::<{ $part + $part / 4 + 1 }, $extra>(start, block); )?
                }
            )*};
        }
        side_by_side! {
            0: 0; 1: 0; 2: 0; 3: 0 0;
            4: 1; 5: 1; 6: 1; 7: 1 1;
            8: 2; 9: 2; 10: 2; 11: 2 2;
            12: 3; 13: 3; 14: 3; 15: 3 3;
        }
        if MD5 {
            for (word, new) in states.md5.iter_mut().zip(md5) {
                *word = word.wrapping_add(new);
            }
        }
        if SHA1 {
            start = _mm_sha1nexte_epu32(sha1.before, start);
            sha1.abcd = _mm_add_epi32(sha1.abcd, sha1_before.abcd);
        }
        if SHA256 {
            sha256.add(&sha256_before);
        }
    }
    if SHA1 {
        let [d, c, b, a] = words(sha1.abcd);
        states.sha1 = [a, b, c, d, words(start)[3]];
    }
    if SHA256 {
        states.sha256 = sha256.state();
    }
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn sha256_of_two(states: &mut [[u32; 8]; 2], [blocks, others]: [&[[u8; BLOCK]]; 2]) {
    let (mut one, mut other) = (Sha256::new(states[0]), Sha256::new(states[1]));
    for (block, other_block) in blocks.iter().zip(others) {
        let (before, other_before) = (one, other);
        macro_rules! rounds {
            ($($group:literal)*) => {$(
                one.rounds::<$group>(block);
                other.rounds::<$group>(other_block);
            )*};
        }
        rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        one.add(&before);
        other.add(&other_before);
    }
    *states = [one.state(), other.state()];
}

/// The words of a vector, the lowest first.
#[inline]
#[target_feature(enable = "sse4.1")]
fn words(vector: __m128i) -> [u32; 4] {
    [
        _mm_extract_epi32::<0>(vector).cast_unsigned(),
        _mm_extract_epi32::<1>(vector).cast_unsigned(),
        _mm_extract_epi32::<2>(vector).cast_unsigned(),
        _mm_extract_epi32::<3>(vector).cast_unsigned(),
    ]
}
