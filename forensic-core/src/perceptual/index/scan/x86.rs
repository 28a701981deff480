//! The loops, compiled for what only some processors of the family have, and the instruction that fetches memory.
#![allow(unsafe_code)] // Calls of functions compiled for more of the processor than the crate is: see `kernel`; see `fetch`.

use super::{Hit, Kernel, MOST_WORDS, by_words};
use std::arch::{
    is_x86_feature_detected as has,
    x86_64::{_MM_HINT_T0, _mm_prefetch},
};

/// The fastest loops of this processor, where it has better than any of the family.
pub(super) fn kernel(words: usize) -> Option<Kernel> {
    all(words).into_iter().next()
}

/// All loops this processor can run, the fastest first.
pub(super) fn all(words: usize) -> Vec<Kernel> {
    let vectors =
        has!("avx512f") && has!("avx512vl") && has!("avx512bw") && has!("avx512dq") && has!("avx512vpopcntdq");
    let words_at_once = has!("avx2") && has!("bmi1") && has!("bmi2") && has!("popcnt");
    if cfg!(miri) {
        return Vec::new();
    }
    let wide = (vectors && words_at_once && !cfg!(forensic_without_avx512)).then(|| by_words!(words, avx512));
    let narrow = words_at_once.then(|| by_words!(words, avx2));
    wide.into_iter().chain(narrow).collect()
}

macro_rules! compiled_for {
    ($name:ident, $features:literal) => {
        fn $name<const WORDS: usize>() -> Kernel {
            #[target_feature(enable = $features)]
            fn scan<const WORDS: usize>(rows: &[u8], first: u32, query: &[u8], limit: u32, hits: &mut Vec<Hit>) {
                super::scan::<WORDS>(rows, first, query, limit, hits);
            }
            #[target_feature(enable = $features)]
            fn pick<const WORDS: usize>(rows: &[u8], numbers: &[u32], query: &[u8], limit: u32, hits: &mut Vec<Hit>) {
                super::pick::<WORDS>(rows, numbers, query, limit, hits);
            }
            Kernel {
                // SAFETY: `all` gives these loops only where the processor has the features.
                scan: |rows, first, query, limit, hits| unsafe { scan::<WORDS>(rows, first, query, limit, hits) },
                // SAFETY: as above.
                pick: |rows, numbers, query, limit, hits| unsafe { pick::<WORDS>(rows, numbers, query, limit, hits) },
            }
        }
    };
}

compiled_for!(avx512, "avx512f,avx512vl,avx512bw,avx512dq,avx512vpopcntdq,avx2,bmi1,bmi2,popcnt");
compiled_for!(avx2, "avx2,bmi1,bmi2,popcnt");

/// Has the memory of an element brought near, for a read that follows.
#[inline(always)]
pub(super) fn fetch<T>(elements: &[T], number: usize) {
    if let Some(element) = elements.get(number) {
        // SAFETY: the instruction reads nothing, and the address is one of a slice.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(element).cast()) };
    }
}
