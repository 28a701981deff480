//! AVX2 and AVX-512: their vectors, and blocks of many streams turned into words of all lanes.
#![allow(unsafe_code)] // Instructions that not every processor has: see `Ymm` and `Zmm`.

use super::{rounds::Message, vector::Vector};
use crate::hash::trio::BLOCK;
use std::arch::x86_64::*;

/// 16 lanes of AVX-512. Only code that the caller runs on processors with AVX-512F and AVX-512BW makes values of this type,
/// and each use of them is inlined into a function compiled for these.
#[derive(Clone, Copy)]
pub(super) struct Zmm(__m512i);

/// 8 lanes of AVX2, with the like of what is said of [`Zmm`].
#[derive(Clone, Copy)]
pub(super) struct Ymm(__m256i);

// SAFETY of all that follows: see the types. `load` and `store` check their bounds.
impl Vector for Zmm {
    const LANES: usize = 16;

    #[inline(always)]
    fn splat(word: u32) -> Self {
        unsafe { Self(_mm512_set1_epi32(word.cast_signed())) }
    }

    #[inline(always)]
    fn load(words: &[u32]) -> Self {
        unsafe { Self(_mm512_loadu_si512(words[..16].as_ptr().cast())) }
    }

    #[inline(always)]
    fn store(self, words: &mut [u32]) {
        unsafe { _mm512_storeu_si512(words[..16].as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        unsafe { Self(_mm512_add_epi32(self.0, other.0)) }
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        unsafe { Self(_mm512_and_si512(self.0, other.0)) }
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        unsafe { Self(_mm512_or_si512(self.0, other.0)) }
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        unsafe { Self(_mm512_xor_si512(self.0, other.0)) }
    }

    #[inline(always)]
    fn rotate_left<const BITS: i32>(self) -> Self {
        unsafe { Self(_mm512_rol_epi32::<BITS>(self.0)) }
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        // The intrinsic takes the number of bits as another type: the count of a register shift is what both can say.
        unsafe { Self(_mm512_srl_epi32(self.0, _mm_cvtsi32_si128(BITS))) }
    }

    #[inline(always)]
    fn swap_bytes(self) -> Self {
        unsafe {
            Self(_mm512_shuffle_epi8(self.0, _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203)))
        }
    }

    // The number of the ternary instruction is the column of results, where x is 0xf0, y is 0xcc and z is 0xaa.

    #[inline(always)]
    fn choose(self, y: Self, z: Self) -> Self {
        unsafe { Self(_mm512_ternarylogic_epi32::<0xca>(self.0, y.0, z.0)) }
    }

    #[inline(always)]
    fn majority(self, y: Self, z: Self) -> Self {
        unsafe { Self(_mm512_ternarylogic_epi32::<0xe8>(self.0, y.0, z.0)) }
    }

    #[inline(always)]
    fn xor3(self, y: Self, z: Self) -> Self {
        unsafe { Self(_mm512_ternarylogic_epi32::<0x96>(self.0, y.0, z.0)) }
    }

    #[inline(always)]
    fn xor_or_not(self, y: Self, z: Self) -> Self {
        unsafe { Self(_mm512_ternarylogic_epi32::<0x39>(self.0, y.0, z.0)) }
    }
}

impl Vector for Ymm {
    const LANES: usize = 8;

    #[inline(always)]
    fn splat(word: u32) -> Self {
        unsafe { Self(_mm256_set1_epi32(word.cast_signed())) }
    }

    #[inline(always)]
    fn load(words: &[u32]) -> Self {
        unsafe { Self(_mm256_loadu_si256(words[..8].as_ptr().cast())) }
    }

    #[inline(always)]
    fn store(self, words: &mut [u32]) {
        unsafe { _mm256_storeu_si256(words[..8].as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        unsafe { Self(_mm256_add_epi32(self.0, other.0)) }
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        unsafe { Self(_mm256_and_si256(self.0, other.0)) }
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        unsafe { Self(_mm256_or_si256(self.0, other.0)) }
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        unsafe { Self(_mm256_xor_si256(self.0, other.0)) }
    }

    #[inline(always)]
    fn rotate_left<const BITS: i32>(self) -> Self {
        unsafe {
            let right = _mm256_srl_epi32(self.0, _mm_cvtsi32_si128(32 - BITS));
            Self(_mm256_or_si256(_mm256_slli_epi32::<BITS>(self.0), right))
        }
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        unsafe { Self(_mm256_srli_epi32::<BITS>(self.0)) }
    }

    #[inline(always)]
    fn swap_bytes(self) -> Self {
        const LOW: i64 = 0x0405_0607_0001_0203;
        const HIGH: i64 = 0x0c0d_0e0f_0809_0a0b;
        unsafe { Self(_mm256_shuffle_epi8(self.0, _mm256_set_epi64x(HIGH, LOW, HIGH, LOW))) }
    }
}

/// Block `number` of 16 streams, word by word.
///
/// # Safety
/// The processor has AVX-512F; each of the first 16 streams has so many blocks.
#[inline(always)]
pub(super) unsafe fn transpose_16(streams: &[&[[u8; BLOCK]]], number: usize) -> Message<Zmm> {
    unsafe {
        let mut rows = [_mm512_setzero_si512(); 16];
        for (row, blocks) in rows.iter_mut().zip(streams) {
            *row = _mm512_loadu_si512(blocks.get_unchecked(number).as_ptr().cast());
        }
        // Words of two, then of four lanes beside one another, within each quarter of a register.
        let mut fours = [_mm512_setzero_si512(); 16];
        for four in 0..4 {
            let [a, b, c, d] = [rows[4 * four], rows[4 * four + 1], rows[4 * four + 2], rows[4 * four + 3]];
            let (ab_low, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
            let (cd_low, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
            fours[four] = _mm512_unpacklo_epi64(ab_low, cd_low);
            fours[4 + four] = _mm512_unpackhi_epi64(ab_low, cd_low);
            fours[8 + four] = _mm512_unpacklo_epi64(ab_high, cd_high);
            fours[12 + four] = _mm512_unpackhi_epi64(ab_high, cd_high);
        }
        // `fours[4 * n + m]` has the words n, n + 4, n + 8, n + 12 of lanes 4 * m on, a quarter each: quarters are exchanged.
        let mut message = [Zmm(_mm512_setzero_si512()); 16];
        for n in 0..4 {
            let [a, b, c, d] = [fours[4 * n], fours[4 * n + 1], fours[4 * n + 2], fours[4 * n + 3]];
            let (ab_even, ab_odd) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
            let (cd_even, cd_odd) = (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xdd>(c, d));
            message[n] = Zmm(_mm512_shuffle_i32x4::<0x88>(ab_even, cd_even));
            message[n + 4] = Zmm(_mm512_shuffle_i32x4::<0x88>(ab_odd, cd_odd));
            message[n + 8] = Zmm(_mm512_shuffle_i32x4::<0xdd>(ab_even, cd_even));
            message[n + 12] = Zmm(_mm512_shuffle_i32x4::<0xdd>(ab_odd, cd_odd));
        }
        message
    }
}

/// Block `number` of 8 streams, word by word.
///
/// # Safety
/// The processor has AVX2; each stream has so many blocks.
#[inline(always)]
pub(super) unsafe fn transpose_8(streams: &[&[[u8; BLOCK]]], number: usize) -> Message<Ymm> {
    unsafe {
        let mut message = [Ymm(_mm256_setzero_si256()); 16];
        // Four words of two lanes a register, then as above.
        for four in 0..4 {
            let mut rows = [_mm256_setzero_si256(); 4];
            for (lane, row) in rows.iter_mut().enumerate() {
                let quarter = |lane: usize| {
                    let block = streams.get_unchecked(lane).get_unchecked(number);
                    _mm_loadu_si128(block.as_ptr().add(16 * four).cast())
                };
                *row = _mm256_set_m128i(quarter(lane + 4), quarter(lane));
            }
            let [a, b, c, d] = rows;
            let (ab_low, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
            let (cd_low, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
            message[4 * four] = Ymm(_mm256_unpacklo_epi64(ab_low, cd_low));
            message[4 * four + 1] = Ymm(_mm256_unpackhi_epi64(ab_low, cd_low));
            message[4 * four + 2] = Ymm(_mm256_unpacklo_epi64(ab_high, cd_high));
            message[4 * four + 3] = Ymm(_mm256_unpackhi_epi64(ab_high, cd_high));
        }
        message
    }
}
