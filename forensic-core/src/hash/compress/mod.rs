//! Blocks into the chaining values of MD5, SHA-1 and SHA-256.

use super::trio::{Asked, BLOCK, States};

/// Takes `blocks` into those of the `states` that are asked for.
pub(super) fn compress(asked: Asked, states: &mut States, blocks: &[[u8; BLOCK]]) {
    portable(asked, states, blocks);
}

/// One algorithm after the other.
fn portable(asked: Asked, states: &mut States, blocks: &[[u8; BLOCK]]) {
    if asked.md5 {
        md5::block_api::compress(&mut states.md5, blocks);
    }
    if asked.sha1 {
        sha1::block_api::compress(&mut states.sha1, blocks);
    }
    if asked.sha256 {
        sha2::block_api::compress256(&mut states.sha256, blocks);
    }
}
