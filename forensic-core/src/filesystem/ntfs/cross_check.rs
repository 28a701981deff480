//! The opinion of crate `ntfs`, an independent reader of live NTFS data.

use super::Ntfs;
use crate::{error::Result, filesystem::CrossCheck};

pub(super) fn run(_volume: &Ntfs) -> Result<CrossCheck> {
    Ok(CrossCheck::default())
}
