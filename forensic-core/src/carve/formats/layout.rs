//! A file as it is put together: which of its bytes lies where in the source.

use crate::{
    bytes::{ReadAt, Run},
    carve::{Mending, Tape},
};

/// Runs of the source, the last without an end.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// First byte of the file and of the source of each run.
    runs: Vec<(u64, u64)>,
}

impl Layout {
    /// In one piece from byte `start` of the source on.
    pub(super) fn new(start: u64) -> Self {
        Self { runs: vec![(0, start)] }
    }

    /// Where the last run begins, in the file.
    pub(super) fn last_start(&self) -> u64 {
        self.runs.last().map_or(0, |(file, _)| *file)
    }

    /// Where byte `at` of the file lies in the source.
    pub(super) fn source_of(&self, at: u64) -> u64 {
        let run = self.runs.iter().rev().find(|(file, _)| *file <= at);
        run.map_or(at, |(file, source)| source.saturating_add(at.saturating_sub(*file)))
    }

    /// Where byte `at` of the file lies in the source, were it of the last run; where that begins, for what stands before it.
    pub(super) fn in_last(&self, at: u64) -> u64 {
        self.source_of(at.max(self.last_start()))
    }

    /// The same up to byte `at` of the file, and then on from byte `place` of the source.
    pub(super) fn on_from(&self, at: u64, place: u64) -> Self {
        let mut runs: Vec<_> = self.runs.iter().copied().filter(|(file, _)| *file < at).collect();
        runs.push((at, place));
        Self { runs }
    }

    /// The runs of a file of `length` bytes.
    pub(super) fn runs(&self, length: u64) -> Vec<Run> {
        let ends = self.runs.iter().skip(1).map(|(file, _)| *file).chain([length]);
        let runs = self.runs.iter().zip(ends).map(|((file, source), end)| Run::new(*source, end.saturating_sub(*file)));
        runs.filter(|run| run.length > 0).collect()
    }

    /// The file to the end of the source.
    pub(super) fn tape(&self, mending: &Mending<'_>) -> Tape {
        let last = self.last_start();
        let rest = mending.source().len().saturating_sub(self.source_of(last));
        mending.tape(self.runs(last.saturating_add(rest)))
    }
}
