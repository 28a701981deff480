//! Forks: the content of a file as runs of blocks, the first eight in the file's record and the rest in the extents
//! overflow file (TN1150, "Fork Data Structure" and "Extents Overflow File").

use super::{
    Volume,
    btree::{BTree, Leaves},
};
use crate::{
    bytes::{Extents, Fields, ReadAt, Run, Source},
    error::{Error, Issue, Result},
    filesystem::{
        incomplete::Incomplete,
        model::{Stream, StreamInfo},
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// Eight runs: first block and number of blocks.
pub(super) type EightRuns = [(u32, u32); 8];

/// The two forks of a file.
pub(super) const DATA: u8 = 0;
pub(super) const RESOURCE: u8 = 0xff;

/// A fork as its file's record describes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fork {
    pub(super) size: u64,
    pub(super) blocks: u32,
    pub(super) runs: EightRuns,
}

impl Fork {
    /// The 80 bytes at `offset` of a structure.
    pub(super) fn parse(fields: &Fields<'_>, offset: usize) -> Result<Self> {
        Ok(Self {
            size: fields.u64_be(offset)?,
            blocks: fields.u32_be(offset.saturating_add(12))?,
            runs: eight_runs(fields, offset.saturating_add(16))?,
        })
    }
}

pub(super) fn eight_runs(fields: &Fields<'_>, offset: usize) -> Result<EightRuns> {
    let mut runs = EightRuns::default();
    for (run, at) in runs.iter_mut().zip((offset..).step_by(8)) {
        *run = (fields.u32_be(at)?, fields.u32_be(at.saturating_add(4))?);
    }
    Ok(runs)
}

/// The records of the extents overflow file: by file, fork and the first block of the fork that they tell of.
#[derive(Default)]
pub(super) struct Overflow(BTreeMap<(u32, u8, u32), EightRuns>);

impl Overflow {
    /// Reads the extents overflow file.
    pub(super) fn read(tree: &BTree, volume: &Volume) -> Self {
        let mut found: Vec<(u32, (u32, u8, u32), EightRuns)> = Vec::new();
        let leaves = Leaves::sweep(tree, volume, |node| {
            for (record, at) in node.leaf_records(volume) {
                let fields = Fields::new(record, "HFS+ extents record", volume.source.medium_offset(at));
                let parsed = (|| {
                    let key = (fields.u32_be(4)?, fields.u8(2)?, fields.u32_be(8)?);
                    Ok::<_, Error>((key, eight_runs(&fields, 12)?))
                })();
                match parsed {
                    Ok((key, runs)) => found.push((node.number, key, runs)),
                    Err(error) => volume.issue(&error),
                }
            }
        });
        let live = leaves.live(volume);
        Self(found.into_iter().filter(|(node, ..)| live.contains(node)).map(|(_, key, runs)| (key, runs)).collect())
    }
}

/// Where a fork lies.
pub(super) struct Blocks {
    /// In bytes of the volume.
    pub(super) runs: Vec<Run>,
    /// Bytes that `runs` cover.
    pub(super) covered: u64,
    /// Why they end before the fork does.
    pub(super) damage: Option<Error>,
}

impl Volume {
    /// Where the blocks of a fork lie; `at` is the medium offset of the record that describes it.
    pub(super) fn blocks(&self, fork: &Fork, file: u32, kind: u8, at: u64) -> Blocks {
        self.blocks_with(fork, at, |count| self.overflow.0.get(&(file, kind, count)).copied())
    }

    /// The same, with the runs from block `n` of the fork on given by `more(n)`.
    pub(super) fn blocks_with(&self, fork: &Fork, at: u64, more: impl Fn(u32) -> Option<EightRuns>) -> Blocks {
        let mut blocks = Blocks { runs: Vec::new(), covered: 0, damage: None };
        let mut count = 0u32;
        let mut eight = Some(fork.runs);
        while let Some(runs) = eight.take() {
            let before = count;
            for &(start, length) in runs.iter().take_while(|(_, length)| *length > 0) {
                if u64::from(start).saturating_add(length.into()) > self.header.total_blocks.into() {
                    let expected = format!("blocks below {}", self.header.total_blocks);
                    blocks.damage =
                        Some(Error::corrupt("HFS+ fork", at, expected, format!("{length} blocks from {start} on")));
                    return blocks;
                }
                count = count.saturating_add(length);
                blocks.runs.push(Run::new(self.header.bytes_of(start), self.header.bytes_of(length)));
                blocks.covered = blocks.covered.saturating_add(self.header.bytes_of(length));
            }
            if count < fork.blocks && count > before && blocks.runs.len() < self.limits.runs {
                eight = more(count);
            }
        }
        if blocks.covered < fork.size {
            let expected = format!("blocks for {} bytes", fork.size);
            blocks.damage = Some(Error::corrupt("HFS+ fork", at, expected, format!("blocks for {}", blocks.covered)));
        }
        blocks
    }

    /// The content of a fork.
    pub(super) fn content(&self, fork: &Fork, blocks: &Blocks) -> Source {
        let known = Extents::new(self.source.clone(), blocks.runs.iter().copied()).truncated(fork.size);
        match &blocks.damage {
            None => Arc::new(known),
            Some(error) => Arc::new(Incomplete { known: Arc::new(known), size: fork.size, error: error.clone() }),
        }
    }

    /// The stream that a fork is.
    pub(super) fn stream(&self, name: &'static str, fork: &Fork, blocks: &Blocks) -> Stream {
        let all = Extents::new(self.source.clone(), blocks.runs.iter().copied());
        let behind = all.runs_of(fork.size, all.len().saturating_sub(fork.size));
        let slack = (!behind.is_empty()).then(|| Arc::new(Extents::new(self.source.clone(), behind)) as Source);
        Stream::new(StreamInfo::new(name, fork.size), Ok(self.content(fork, blocks)), slack)
    }

    /// A file of the filesystem itself, by its number; what is wrong with it is an issue.
    pub(super) fn own_file(&self, fork: &Fork, file: u32) -> Source {
        let blocks = self.blocks(fork, file, DATA, self.source.medium_offset(1024));
        blocks.damage.iter().for_each(|error| self.issues.push(Issue::from(error)));
        // What is missing at the end would fail each read of what is there.
        Arc::new(Extents::new(self.source.clone(), blocks.runs).truncated(fork.size))
    }
}
