//! Fragments of a GIF.

use super::Gif;
use crate::carve::{Mended, Mending};

pub(super) fn mend(_: &Gif, _: &mut Mending<'_>) -> Option<Mended> {
    None
}
