//! What is done by AVX2. The transform takes eight columns at once: two coefficients of 16 bits are multiplied by their weights
//! and added in one instruction. Colours are left to the compiler.
#![allow(unsafe_code)] // Calls of functions compiled for more of the processor than the crate is: see `Wide`.

use super::{
    colour::Model,
    idct::{FIRST_SHIFT, SECOND_SHIFT, weights},
};
use std::arch::x86_64::*;

/// Proof that the processor has AVX2.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wide(());

impl Wide {
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    /// See [`Transform::samples`](super::idct::Transform::samples), to `N` rows of `N` samples.
    #[inline]
    pub(super) fn samples<const N: usize>(self, block: &[i16; 64]) -> [u64; 8] {
        // SAFETY: there is a `Wide` only where AVX2 was detected.
        unsafe { samples::<N>(block) }
    }

    /// See [`Model::to_rgb`].
    pub(super) fn to_rgb(self, model: Model, components: [&[u8]; 4], row: &mut [u8]) {
        // SAFETY: there is a `Wide` only where AVX2 was detected.
        unsafe { to_rgb(model, components, row) }
    }
}

#[target_feature(enable = "avx2")]
fn to_rgb(model: Model, components: [&[u8]; 4], row: &mut [u8]) {
    model.to_rgb_here(components, row);
}

#[target_feature(enable = "avx2")]
fn samples<const N: usize>(block: &[i16; 64]) -> [u64; 8] {
    let (rows, _) = block.as_chunks::<8>();
    let mut columns = [_mm_setzero_si128(); 8];
    for (column, values) in columns.iter_mut().zip(rows) {
        let [a, b, c, d, e, f, g, h] = *values;
        *column = _mm_setr_epi16(a, b, c, d, e, f, g, h);
    }
    let between = transpose(one_dimension::<N, FIRST_SHIFT>(columns));
    let [c0, c1, c2, c3, c4, c5, c6, c7] = one_dimension::<N, SECOND_SHIFT>(between);
    let mut bytes =
        [_mm_packs_epi16(c0, c1), _mm_packs_epi16(c2, c3), _mm_packs_epi16(c4, c5), _mm_packs_epi16(c6, c7)];
    // From two columns a register to two rows: each round turns the six bits of a byte's place by one.
    for _ in 0..3 {
        let [a, b, c, d] = bytes;
        bytes = [_mm_unpacklo_epi8(a, c), _mm_unpackhi_epi8(a, c), _mm_unpacklo_epi8(b, d), _mm_unpackhi_epi8(b, d)];
    }
    let [r01, r23, r45, r67] = bytes;
    let low = |rows| _mm_cvtsi128_si64(rows) as u64;
    let high = |rows| _mm_extract_epi64::<1>(rows) as u64;
    [low(r01), high(r01), low(r23), high(r23), low(r45), high(r45), low(r67), high(r67)]
}

/// `N` rows of samples from eight rows of coefficients, and zeros; what goes beyond 16 bits is clipped.
#[inline]
#[target_feature(enable = "avx2")]
fn one_dimension<const N: usize, const SHIFT: i32>(rows: [__m128i; 8]) -> [__m128i; 8] {
    let [x0, x1, x2, x3, x4, x5, x6, x7] = rows;
    let (x04, x26, x17, x35) = (pairs(x0, x4), pairs(x2, x6), pairs(x1, x7), pairs(x3, x5));
    let half = _mm256_set1_epi32(1 << (SHIFT - 1));
    let mut samples = [_mm256_setzero_si256(); 8];
    for (index, weights) in weights(N).iter().enumerate() {
        let [w0, w4, w2, w6, w1, w7, w3, w5] = *weights;
        let even = _mm256_add_epi32(weighted(x04, w0, w4), weighted(x26, w2, w6));
        let odd = _mm256_add_epi32(weighted(x17, w1, w7), weighted(x35, w3, w5));
        let even = _mm256_add_epi32(even, half);
        samples[index] = _mm256_srai_epi32::<SHIFT>(_mm256_add_epi32(even, odd));
        samples[N - 1 - index] = _mm256_srai_epi32::<SHIFT>(_mm256_sub_epi32(even, odd));
    }
    let [s0, s1, s2, s3, s4, s5, s6, s7] = samples;
    let ([r0, r1], [r2, r3], [r4, r5], [r6, r7]) = (clipped(s0, s1), clipped(s2, s3), clipped(s4, s5), clipped(s6, s7));
    [r0, r1, r2, r3, r4, r5, r6, r7]
}

/// The values of two rows, column by column beside each other.
#[inline]
#[target_feature(enable = "avx2")]
fn pairs(a: __m128i, b: __m128i) -> __m256i {
    _mm256_set_m128i(_mm_unpackhi_epi16(a, b), _mm_unpacklo_epi16(a, b))
}

#[inline]
#[target_feature(enable = "avx2")]
fn weighted(pairs: __m256i, a: i16, b: i16) -> __m256i {
    _mm256_madd_epi16(pairs, _mm256_set1_epi32(i32::from(b) << 16 | i32::from(a as u16)))
}

/// Two rows of 32 bits a value as rows of 16.
#[inline]
#[target_feature(enable = "avx2")]
fn clipped(a: __m256i, b: __m256i) -> [__m128i; 2] {
    let both = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(a, b));
    [_mm256_castsi256_si128(both), _mm256_extracti128_si256::<1>(both)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn transpose(mut rows: [__m128i; 8]) -> [__m128i; 8] {
    // Each round turns the six bits of a value's place by one.
    for _ in 0..3 {
        let [a, b, c, d, e, f, g, h] = rows;
        rows = [
            _mm_unpacklo_epi16(a, e),
            _mm_unpackhi_epi16(a, e),
            _mm_unpacklo_epi16(b, f),
            _mm_unpackhi_epi16(b, f),
            _mm_unpacklo_epi16(c, g),
            _mm_unpackhi_epi16(c, g),
            _mm_unpacklo_epi16(d, h),
            _mm_unpackhi_epi16(d, h),
        ];
    }
    rows
}
