//! Blocks of one stream into the chaining values of MD5, SHA-1 and SHA-256.

#[macro_use]
pub(super) mod md5;
pub(super) mod sha256;
#[cfg(target_arch = "x86_64")]
pub(super) mod stitched;

use super::trio::{Asked, BLOCK, States};

/// Takes `blocks` into those of the `states` that are asked for.
pub(super) fn compress(asked: Asked, states: &mut States, blocks: &[[u8; BLOCK]]) {
    #[cfg(target_arch = "x86_64")]
    if OPTIMISED && let Some(sha) = stitched::Sha::detect() {
        return sha.compress(asked, states, blocks);
    }
    portable(asked, states, blocks);
}

/// False in a build for debugging: there the crates of others, which are optimised all the same, are many times faster than
/// what stands here.
pub(super) const OPTIMISED: bool = !cfg!(debug_assertions);

/// One algorithm after the other.
fn portable(asked: Asked, states: &mut States, blocks: &[[u8; BLOCK]]) {
    if asked.md5 {
        let compress = if OPTIMISED { md5::compress } else { ::md5::block_api::compress };
        compress(&mut states.md5, blocks);
    }
    if asked.sha1 {
        sha1::block_api::compress(&mut states.sha1, blocks);
    }
    if asked.sha256 {
        sha2::block_api::compress256(&mut states.sha256, blocks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_processors_own_rounds_agree_with_the_portable_ones(
            seed in any::<[u32; 17]>(),
            bytes in prop::collection::vec(any::<u8>(), 0..1000),
        ) {
            let (blocks, _) = bytes.as_chunks();
            for set in 0..8 {
                let asked = Asked { md5: set & 1 != 0, sha1: set & 2 != 0, sha256: set & 4 != 0 };
                let start = States {
                    md5: std::array::from_fn(|index| seed[index]),
                    sha1: std::array::from_fn(|index| seed[4 + index]),
                    sha256: std::array::from_fn(|index| seed[9 + index]),
                };
                let mut expected = start.clone();
                portable(asked, &mut expected, blocks);
                #[cfg(target_arch = "x86_64")]
                if let Some(sha) = stitched::Sha::detect() {
                    let mut states = start.clone();
                    sha.compress(asked, &mut states, blocks);
                    prop_assert_eq!(&states, &expected, "{:?}", asked);
                }
            }
        }

        #[test]
        fn md5_agrees_with_another(
            start in any::<[u32; 4]>(),
            bytes in prop::collection::vec(any::<u8>(), 0..1000),
        ) {
            let (blocks, _) = bytes.as_chunks();
            let (mut ours, mut theirs) = (start, start);
            md5::compress(&mut ours, blocks);
            ::md5::block_api::compress(&mut theirs, blocks);
            prop_assert_eq!(ours, theirs);
        }
    }
}
