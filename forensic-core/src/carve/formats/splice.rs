//! A file in two fragments: what of it stands at its start, and the rest at another distance.

use super::layout::Layout;
use crate::carve::{Format, Found, Mended, Mending, Outcome, Tape};

/// Where the file is cut, and where it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Splice {
    /// Bytes of the first fragment.
    pub(super) cut: u64,
    /// Where the second begins, in the source.
    pub(super) tail: u64,
}

impl Splice {
    /// The file cut at `cut`, where its byte `byte` stands at `place` of the source; `None` where that is no fragment of its
    /// own.
    pub(super) fn through(mending: &Mending<'_>, cut: u64, byte: u64, place: u64) -> Option<Self> {
        let tail = place.checked_add(cut)?.checked_sub(byte)?;
        let (start, end) = (mending.start(), mending.start().checked_add(cut)?);
        let on_grid = tail.abs_diff(start).checked_rem(mending.cluster_size()) == Some(0);
        (on_grid && cut > 0 && tail != end && !(start..end).contains(&tail)).then_some(Self { cut, tail })
    }

    /// The file, and whatever stands behind its second fragment.
    pub(super) fn tape(&self, mending: &Mending<'_>) -> Tape {
        self.layout(mending).tape(mending)
    }

    /// The file, where `format` finds it whole and sound and both fragments are part of it.
    pub(super) fn checked(&self, mending: &Mending<'_>, format: &dyn Format) -> Option<Mended> {
        match format.check(&mut self.tape(mending)) {
            Outcome::Whole(found @ Found { damaged_at: None, length, .. }) if length > self.cut => {
                // The tail of a file that lies before its head ends before it.
                let end = self.tail.saturating_add(length.saturating_sub(self.cut));
                let apart = self.tail > mending.start() || end <= mending.start();
                apart.then(|| Mended { runs: self.layout(mending).runs(length), found })
            }
            _ => None,
        }
    }

    fn layout(&self, mending: &Mending<'_>) -> Layout {
        Layout::new(mending.start()).on_from(self.cut, self.tail)
    }
}

/// The multiples of the cluster size from `from` to `to`, the last first.
pub(super) fn cuts(mending: &Mending<'_>, from: u64, to: u64) -> impl Iterator<Item = u64> + use<> {
    let size = mending.cluster_size().max(1);
    let (first, last) = (from.div_ceil(size), to.checked_div(size).unwrap_or(0));
    (first.max(1)..=last).rev().map(move |number| number.saturating_mul(size))
}
