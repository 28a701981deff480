//! A source put together from runs of another: a file from its clusters.

use super::{Extent, ExtentKind, ReadAt, Source, check_bounds};
use crate::error::Result;
use smallvec::SmallVec;

/// One run of an [`Extents`]: bytes of the underlying source, or zeros where `offset` is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Byte offset in the underlying source; `None` reads as zeros (sparse).
    pub offset: Option<u64>,
    /// Number of bytes.
    pub length: u64,
    /// True where the place was guessed.
    pub inferred: bool,
}

impl Run {
    /// A run of `length` bytes at `offset`, as metadata gives it.
    pub fn new(offset: u64, length: u64) -> Self {
        Self { offset: Some(offset), length, inferred: false }
    }

    /// A run of zeros.
    pub fn sparse(length: u64) -> Self {
        Self { offset: None, length, inferred: false }
    }
}

/// Bytes put together from runs of another source, in order.
///
/// A run that lies past the end of the underlying source is kept: reading it fails, so that nothing is passed off as
/// content. Lookup is O(log runs).
///
/// ```
/// use forensic_core::bytes::{Extents, ReadAt, Run, Source};
/// use std::sync::Arc;
///
/// let volume: Source = Arc::new(b"BBBB....AAAA".to_vec());
/// let file = Extents::new(volume, [Run::new(8, 4), Run::sparse(1), Run::new(0, 2)]);
/// assert_eq!(file.read_vec(0, 7)?, b"AAAA\0BB");
/// assert_eq!(file.extents()[2].offset, Some(0));
/// # Ok::<(), forensic_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Extents {
    source: Source,
    /// Each run with the stream offset at which it ends. Most files are in one.
    runs: SmallVec<[(u64, Run); 1]>,
}

impl Extents {
    /// The runs of `source` one after another; adjacent ones are merged and empty ones dropped. Runs past 2⁶⁴ bytes
    /// in all are dropped.
    pub fn new(source: Source, runs: impl IntoIterator<Item = Run>) -> Self {
        let mut all = Self { source, runs: SmallVec::new() };
        for run in runs {
            if !all.push(run) {
                break;
            }
        }
        all
    }

    /// Adds a run behind the others; false for one past 2⁶⁴ bytes.
    pub(crate) fn push(&mut self, run: Run) -> bool {
        let Some(end) = self.len().checked_add(run.length) else { return false };
        match self.runs.last_mut() {
            _ if run.length == 0 => {}
            Some((last_end, last)) if continues(last, &run) => {
                last.length = last.length.saturating_add(run.length);
                *last_end = end;
            }
            _ => self.runs.push((end, run)),
        }
        true
    }

    /// The same, cut to at most `length` bytes.
    pub fn truncated(mut self, length: u64) -> Self {
        let keep = self.runs.partition_point(|(end, _)| *end < length);
        self.runs.truncate(keep.saturating_add(1));
        if length == 0 {
            self.runs.clear();
        }
        if let Some((end, run)) = self.runs.last_mut()
            && *end > length
        {
            run.length = run.length.saturating_sub(end.saturating_sub(length));
            *end = length;
        }
        self
    }

    /// The runs, in stream order.
    pub fn runs(&self) -> impl Iterator<Item = Run> + '_ {
        self.runs.iter().map(|(_, run)| *run)
    }

    /// The (parts of) runs that cover `offset .. offset + length`, in stream order.
    pub(crate) fn runs_of(&self, offset: u64, length: u64) -> Vec<Run> {
        let mut runs = Vec::new();
        // The closure never fails, so neither does the walk over the pieces.
        let _ = self.pieces(offset, length, |_, run| {
            runs.push(run);
            Ok(())
        });
        runs
    }

    /// Bytes from `offset` on that are one run of zeros; 0 where data stands there.
    pub(crate) fn hole(&self, offset: u64) -> u64 {
        let run = self.runs.get(self.runs.partition_point(|(end, _)| *end <= offset));
        run.filter(|(_, run)| run.offset.is_none()).map_or(0, |(end, _)| end.saturating_sub(offset))
    }

    /// Calls `visit` with each (part of a) run that covers `offset .. offset + length`: its stream offset, then itself.
    fn pieces(&self, offset: u64, length: u64, mut visit: impl FnMut(u64, Run) -> Result<()>) -> Result<()> {
        let stop = offset.saturating_add(length).min(self.len());
        let mut at = offset;
        let first = self.runs.partition_point(|(end, _)| *end <= offset);
        for (end, run) in self.runs.iter().skip(first) {
            if at >= stop {
                break;
            }
            let inside = at.saturating_sub(end.saturating_sub(run.length));
            let take = end.saturating_sub(at).min(stop.saturating_sub(at));
            visit(at, Run { offset: run.offset.map(|o| o.saturating_add(inside)), length: take, ..*run })?;
            at = at.saturating_add(take);
        }
        Ok(())
    }
}

fn continues(last: &Run, next: &Run) -> bool {
    last.inferred == next.inferred
        && match (last.offset, next.offset) {
            (Some(a), Some(b)) => a.checked_add(last.length) == Some(b),
            (None, None) => true,
            _ => false,
        }
}

impl ReadAt for Extents {
    fn len(&self) -> u64 {
        self.runs.last().map_or(0, |(end, _)| *end)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.len())?;
        let length = buf.len() as u64;
        let mut rest = buf;
        self.pieces(offset, length, |_, run| {
            // A piece is never longer than the buffer, so its length fits usize.
            let (now, later) = std::mem::take(&mut rest).split_at_mut(run.length as usize);
            rest = later;
            match run.offset {
                Some(at) => self.source.read_at(at, now),
                None => {
                    now.fill(0);
                    Ok(())
                }
            }
        })
    }

    fn next_data(&self, offset: u64) -> u64 {
        let first = self.runs.partition_point(|(end, _)| *end <= offset);
        for (end, run) in self.runs.iter().skip(first) {
            let start = end.saturating_sub(run.length);
            let at = offset.max(start);
            let Some(place) = run.offset.map(|place| place.saturating_add(at.saturating_sub(start))) else { continue };
            let next = at.saturating_add(self.source.next_data(place).saturating_sub(place));
            if next < *end {
                return next;
            }
        }
        self.len().max(offset)
    }

    fn locate_byte(&self, offset: u64) -> Option<u64> {
        let (end, run) = self.runs.get(self.runs.partition_point(|(end, _)| *end <= offset))?;
        let inside = offset.saturating_sub(end.saturating_sub(run.length));
        self.source.locate_byte(run.offset?.saturating_add(inside))
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let mut extents = Vec::new();
        let push = |at: u64, run: Run| {
            let Some(run_offset) = run.offset else {
                extents.push(Extent {
                    stream_offset: at,
                    offset: None,
                    length: run.length,
                    kind: ExtentKind::Sparse,
                    inferred: run.inferred,
                });
                return Ok(());
            };
            for below in self.source.locate(run_offset, run.length) {
                extents.push(Extent {
                    stream_offset: at.saturating_add(below.stream_offset.saturating_sub(run_offset)),
                    inferred: below.inferred || run.inferred,
                    ..below
                });
            }
            Ok(())
        };
        // The closure never fails, so neither does the walk over the pieces.
        let _ = self.pieces(offset, length, push);
        extents
    }
}
