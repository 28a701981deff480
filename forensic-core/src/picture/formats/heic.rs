//! HEIC: recognised, not decoded.

use super::super::{Decoded, job::Job};
use crate::error::{Error, Result};

/// HEVC pictures are not decoded.
pub(super) fn decode(_: &Job<'_>) -> Result<Decoded> {
    Err(Error::unsupported("HEIC (HEVC)"))
}
