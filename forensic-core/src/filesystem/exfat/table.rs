//! The file allocation table, read as it is needed: most files are contiguous and have no chain in it (exFAT
//! specification, section 4.1 "First and Second FAT Sub-regions").

use super::boot::Boot;
use crate::{
    bytes::{Cached, ReadAt, Source},
    error::{Issue, IssueLog},
    filesystem::clusters::{ClusterRun, Heap},
};
use std::sync::Arc;

/// What the table says about a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Nothing: 0. The entries of free clusters and of contiguous files may hold this or anything else.
    None,
    Next(u32),
    End,
    /// Marked as bad.
    Bad,
    /// A reserved value or a cluster that the volume does not have.
    Invalid(u32),
    Unreadable,
}

/// A way along the links from a first cluster on. A loop goes round: the caller bounds it, or knows where it has been.
pub(super) struct Way<'t> {
    table: &'t Table,
    heap: &'t Heap,
    next: Option<u32>,
    /// What the table says about the cluster that was given last.
    pub(super) end: Link,
    block: Block,
}

/// Entries read together.
#[derive(Default)]
struct Block {
    number: Option<u64>,
    bytes: Vec<u8>,
}

/// How the following of a chain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChainEnd {
    /// With this link of its last cluster.
    Link(Link),
    /// It comes back to a cluster of its own.
    Loop(u32),
    /// All chains of the volume together are longer than it could be.
    TooLong,
}

/// The clusters of a chain, in order, each once.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) runs: Vec<ClusterRun>,
    pub(super) count: u32,
    pub(super) end: ChainEnd,
}

const TABLE: &str = "file allocation table";
/// Bytes read together.
const BLOCK: u64 = 4096;
/// Bytes kept.
const CACHE: u64 = 4 << 20;
/// Bytes read at once where the tables are compared.
const READ: u64 = 1 << 20;

/// The table in use; on TexFAT it is mended from the other where it cannot be read.
pub(super) struct Table {
    source: Source,
    /// Byte offsets of the tables, the one in use first.
    copies: Vec<u64>,
    /// Bytes of the entries that stand for clusters.
    length: u64,
}

impl Table {
    pub(super) fn new(volume: &Source, boot: &Boot) -> Self {
        let mut copies = vec![boot.fat_offset];
        if boot.fat_count == 2 {
            copies.push(boot.fat_offset.saturating_add(boot.fat_length));
        }
        if boot.active == 1 {
            copies.reverse();
        }
        let length = u64::from(boot.cluster_count).saturating_add(2).saturating_mul(4);
        Self { source: Arc::new(Cached::new(volume.clone(), CACHE)), copies, length }
    }

    /// Reports a second table that differs from the one in use.
    pub(super) fn compare(&self, volume: &Source, log: &IssueLog) {
        let [used, other] = self.copies.as_slice() else { return };
        let (mut first, mut differing) = (None, 0u64);
        for block in 0..self.length.div_ceil(READ) {
            let at = block.saturating_mul(READ);
            let size = READ.min(self.length.saturating_sub(at));
            let both =
                (volume.read_vec(used.saturating_add(at), size), volume.read_vec(other.saturating_add(at), size));
            match both {
                (Ok(ours), Ok(theirs)) => {
                    for (index, _) in ours.iter().zip(&theirs).enumerate().filter(|(_, (a, b))| a != b) {
                        first.get_or_insert(other.saturating_add(at).saturating_add(index as u64));
                        differing = differing.saturating_add(1);
                    }
                }
                (ours, theirs) => {
                    let damage = ours.err().or(theirs.err());
                    damage.iter().for_each(|error| log.push(Issue::from(error)));
                }
            }
        }
        if let Some(first) = first {
            let message = format!(
                "the table that is not in use differs in {differing} bytes, the first of them here; it was not used"
            );
            log.push(Issue::new(volume.medium_offset(first), TABLE, message));
        }
    }

    /// The links from `first` on.
    pub(super) fn way<'t>(&'t self, heap: &'t Heap, first: u32) -> Way<'t> {
        let next = heap.has(first).then_some(first);
        Way { table: self, heap, next, end: Link::Invalid(first), block: Block::default() }
    }

    /// Follows the chain from `first` on for at most `most` clusters, each of which costs one of `budget`. O(length): a loop
    /// is noticed after at most three rounds (Brent's method) and cut where it closes.
    pub(super) fn chain(&self, heap: &Heap, first: u32, most: u32, budget: &mut u64) -> Chain {
        let mut way = self.way(heap, first);
        let mut chain = Chain { runs: Vec::new(), count: 0, end: ChainEnd::Link(way.end) };
        let (mut mark, mut power, mut steps) = (first, 1u32, 0u32);
        while chain.count < most {
            if *budget == 0 {
                chain.end = ChainEnd::TooLong;
                break;
            }
            let Some(cluster) = way.next() else { break };
            *budget = budget.saturating_sub(1);
            ClusterRun::append(&mut chain.runs, cluster);
            chain.count = chain.count.saturating_add(1);
            chain.end = ChainEnd::Link(way.end);
            steps = steps.saturating_add(1);
            if way.end == Link::Next(mark) {
                chain.end = ChainEnd::Loop(mark);
                break;
            }
            if steps == power {
                (mark, power, steps) = (way.next.unwrap_or(0), power.saturating_mul(2), 0);
            }
        }
        chain.cut_at_first_repeat();
        chain
    }

    /// What the table says about `cluster`.
    fn link(&self, heap: &Heap, cluster: u32, block: &mut Block) -> Link {
        let at = u64::from(cluster).saturating_mul(4);
        let (number, inside) = (at / BLOCK, usize::try_from(at % BLOCK).unwrap_or(0));
        if block.number != Some(number) {
            match self.read(number) {
                Some(bytes) => *block = Block { number: Some(number), bytes },
                None => return self.alone(heap, at),
            }
        }
        let word = block.bytes.get(inside..).and_then(|bytes| bytes.first_chunk::<4>());
        word.map_or(Link::Unreadable, |word| Link::of(heap, u32::from_le_bytes(*word)))
    }

    fn read(&self, number: u64) -> Option<Vec<u8>> {
        let start = number.saturating_mul(BLOCK);
        let length = BLOCK.min(self.length.saturating_sub(start));
        self.copies.iter().find_map(|copy| self.source.read_vec(copy.saturating_add(start), length).ok())
    }

    /// One entry by itself, where its block cannot be read.
    fn alone(&self, heap: &Heap, at: u64) -> Link {
        let mut word = [0; 4];
        let read = self.copies.iter().any(|copy| self.source.read_at(copy.saturating_add(at), &mut word).is_ok());
        if read { Link::of(heap, u32::from_le_bytes(word)) } else { Link::Unreadable }
    }
}

impl Link {
    fn of(heap: &Heap, value: u32) -> Self {
        match value {
            0 => Self::None,
            u32::MAX => Self::End,
            0xffff_fff7 => Self::Bad,
            next if heap.has(next) => Self::Next(next),
            other => Self::Invalid(other),
        }
    }
}

impl ChainEnd {
    /// The end of a chain in words.
    pub(super) fn describe(self) -> String {
        match self {
            Self::Link(Link::None) => "the entry of its last cluster is empty".to_owned(),
            Self::Link(Link::Next(cluster)) => format!("it goes on with cluster {cluster}"),
            Self::Link(Link::End) => "it ends".to_owned(),
            Self::Link(Link::Bad) => "its last cluster is marked as bad".to_owned(),
            Self::Link(Link::Invalid(value)) => format!("{value:#x} is no cluster of the volume"),
            Self::Link(Link::Unreadable) => "the table cannot be read there".to_owned(),
            Self::Loop(cluster) => format!("it comes back to cluster {cluster}"),
            Self::TooLong => "all chains together are longer than the volume".to_owned(),
        }
    }
}

impl Chain {
    /// Ends a chain that comes back to itself before the first cluster it has already.
    fn cut_at_first_repeat(&mut self) {
        let Some((runs, repeated)) = ClusterRun::until_repeat(&self.runs) else { return };
        self.end = ChainEnd::Loop(repeated);
        self.count = runs.iter().map(|run| run.count).fold(0, u32::saturating_add);
        self.runs = runs;
    }
}

impl Iterator for Way<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let cluster = self.next?;
        self.end = self.table.link(self.heap, cluster, &mut self.block);
        self.next = if let Link::Next(next) = self.end { Some(next) } else { None };
        Some(cluster)
    }
}
