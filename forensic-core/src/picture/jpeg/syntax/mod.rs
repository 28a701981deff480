//! The marker segments, tables and codes of a JPEG stream (ITU-T T.81, annexes B, C and F), which carving walks and the decoder
//! decodes.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

pub(crate) mod bits;
pub(crate) mod bursts;
pub(crate) mod codes;
pub(crate) mod huffman;
pub(crate) mod markers;
pub(crate) mod segment;
