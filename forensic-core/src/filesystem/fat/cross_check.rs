//! The second opinion on live entries, by crate `fatfs`.

use super::Fat;
use crate::{
    error::{Error, Result},
    filesystem::CrossCheck,
};

/// Reads the volume with `fatfs` and compares.
pub(super) fn run(_: &Fat) -> Result<CrossCheck> {
    Err(Error::unsupported("cross check"))
}
