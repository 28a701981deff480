//! Raw images: the bytes of the medium and nothing else.

use super::{Container, Segment};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// A single raw image. It has no structure, so nothing in it can be damaged.
pub(super) fn open(segments: Vec<Segment>) -> Result<Container> {
    let (_, medium) = segments.into_iter().next().ok_or_else(|| Error::invalid("no segment was given"))?;
    Ok(Container {
        format: "raw",
        medium,
        sector_size: None,
        metadata: BTreeMap::new(),
        stored_hashes: BTreeMap::new(),
        acquisition_errors: Vec::new(),
        issues: Vec::new(),
    })
}
