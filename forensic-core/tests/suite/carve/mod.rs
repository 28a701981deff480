//! Carving, one part a family of formats.

mod documents;
mod jpeg;
mod pass;
mod pictures;
mod video;
mod webp;

use forensic_core::{bytes::ReadAt, carve::Carved};

/// Bytes without a pattern, the same for the same seed.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn content(file: &Carved) -> Vec<u8> {
    file.open().read_vec(0, file.size).unwrap()
}
