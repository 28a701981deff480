//! The vectors of four words that every processor of a family has, so that nothing need be asked: SSE2, NEON.
#![allow(unsafe_code)] // Instructions, which the compiler takes for such as may be missing: see `Quad`.

use super::vector::Vector;
#[cfg(target_arch = "aarch64")]
use neon as words;
#[cfg(target_arch = "x86_64")]
use sse2 as words;

/// Four lanes.
#[derive(Clone, Copy)]
pub(super) struct Quad(words::Vector);

// SAFETY of all that follows: SSE2 is part of x86-64, NEON of the targets of 64-bit Arm that have a standard library.

impl Vector for Quad {
    const LANES: usize = 4;

    #[inline(always)]
    fn splat(word: u32) -> Self {
        unsafe { Self(words::new([word; 4])) }
    }

    #[inline(always)]
    fn load(words: &[u32]) -> Self {
        unsafe { Self(words::new(*words.first_chunk().unwrap_or(&[0; 4]))) }
    }

    #[inline(always)]
    fn store(self, words: &mut [u32]) {
        words[..4].copy_from_slice(&unsafe { words::get(self.0) });
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        unsafe { Self(words::add(self.0, other.0)) }
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        unsafe { Self(words::and(self.0, other.0)) }
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        unsafe { Self(words::or(self.0, other.0)) }
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        unsafe { Self(words::xor(self.0, other.0)) }
    }

    #[inline(always)]
    fn rotate_left<const BITS: i32>(self) -> Self {
        unsafe { Self(words::or(words::left(self.0, BITS), words::right(self.0, 32 - BITS))) }
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        unsafe { Self(words::right(self.0, BITS)) }
    }
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::*;
    pub(super) use std::arch::x86_64::{
        __m128i as Vector, _mm_add_epi32 as add, _mm_and_si128 as and, _mm_or_si128 as or, _mm_xor_si128 as xor,
    };

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn new([w, x, y, z]: [u32; 4]) -> Vector {
        _mm_set_epi32(z.cast_signed(), y.cast_signed(), x.cast_signed(), w.cast_signed())
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn get(vector: Vector) -> [u32; 4] {
        let (low, high) = (_mm_cvtsi128_si64(vector), _mm_cvtsi128_si64(_mm_unpackhi_epi64(vector, vector)));
        [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32]
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn left(vector: Vector, bits: i32) -> Vector {
        _mm_sll_epi32(vector, _mm_cvtsi32_si128(bits))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn right(vector: Vector, bits: i32) -> Vector {
        _mm_srl_epi32(vector, _mm_cvtsi32_si128(bits))
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use std::arch::aarch64::*;
    pub(super) use std::arch::aarch64::{
        uint32x4_t as Vector, vaddq_u32 as add, vandq_u32 as and, veorq_u32 as xor, vorrq_u32 as or,
    };

    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn new([w, x, y, z]: [u32; 4]) -> Vector {
        vsetq_lane_u32::<3>(z, vsetq_lane_u32::<2>(y, vsetq_lane_u32::<1>(x, vdupq_n_u32(w))))
    }

    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn get(vector: Vector) -> [u32; 4] {
        [
            vgetq_lane_u32::<0>(vector),
            vgetq_lane_u32::<1>(vector),
            vgetq_lane_u32::<2>(vector),
            vgetq_lane_u32::<3>(vector),
        ]
    }

    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn left(vector: Vector, bits: i32) -> Vector {
        vshlq_u32(vector, vdupq_n_s32(bits))
    }

    /// The instruction shifts to the right by a negative number.
    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn right(vector: Vector, bits: i32) -> Vector {
        vshlq_u32(vector, vdupq_n_s32(-bits))
    }
}
