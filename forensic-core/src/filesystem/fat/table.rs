//! The file allocation table in memory: the copy in use, mended from the others where it cannot be read (fatgen103, "FAT
//! Data Structure").

use super::boot::{Boot, FatType};
use crate::{
    bytes::Source,
    error::{Error, Issue, IssueLog, Result},
    filesystem::clusters::{ClusterRun, ClusterSet, Heap},
    limits::Limits,
};

/// What the table says about a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Free,
    Next(u32),
    End,
    /// Marked as bad.
    Bad,
    /// A reserved value or a cluster that the volume does not have.
    Invalid(u32),
    /// No copy of the table could be read here.
    Unreadable,
}

impl Link {
    fn describe(self) -> String {
        match self {
            Self::Free => "free".to_owned(),
            Self::Next(next) => format!("cluster {next} follows"),
            Self::End => "the end of a chain".to_owned(),
            Self::Bad => "bad".to_owned(),
            Self::Invalid(value) => format!("{value:#x}, which is no cluster"),
            Self::Unreadable => "not readable".to_owned(),
        }
    }
}

/// How the following of a chain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChainEnd {
    /// At its end mark, or where enough clusters were found.
    Complete,
    /// It comes back to a cluster of its own.
    Loop(u32),
    /// The entry of this cluster, which is part of the chain, leads nowhere.
    Broken(u32, Link),
    /// The chain's next or first cluster is not one of the volume, or is free.
    Outside(u32),
}

impl ChainEnd {
    /// What is wrong with the end of a chain, in words.
    pub(super) fn describe(self) -> String {
        match self {
            Self::Complete => "nothing".to_owned(),
            Self::Loop(cluster) => format!("it comes back to cluster {cluster}"),
            Self::Broken(cluster, Link::Bad) => format!("cluster {cluster} is marked as bad"),
            Self::Broken(cluster, Link::Unreadable) => format!("the entry of cluster {cluster} cannot be read"),
            Self::Broken(cluster, Link::Invalid(value)) => {
                format!("the entry of cluster {cluster} holds {value:#x}, no cluster of the volume")
            }
            Self::Broken(cluster, _) => format!("the entry of cluster {cluster} leads nowhere"),
            Self::Outside(cluster) => format!("cluster {cluster} is free or not one of the volume"),
        }
    }
}

/// The clusters of a chain, in order, each once.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) runs: Vec<ClusterRun>,
    pub(super) count: u32,
    pub(super) end: ChainEnd,
}

/// The table. Its size is that of the volume's own table, which lies on the volume.
pub(super) struct Table {
    kind: FatType,
    /// The entries as stored, from cluster 0 to the last cluster.
    entries: Vec<u8>,
    /// Byte ranges of `entries` that no copy gave, in order.
    unreadable: Vec<std::ops::Range<u64>>,
    cluster_count: u32,
    /// Which of the copies this is.
    copy: u8,
    /// Copies that say something else.
    others: Vec<Self>,
}

const TABLE: &str = "file allocation table";
/// Bytes read at once.
const READ: u64 = 1 << 20;

impl Table {
    /// Reads the copy in use, sector by sector from the others where that fails, and compares the copies.
    ///
    /// # Errors
    /// [`Error::Limit`] for a table longer than `limits.structure_bytes`.
    pub(super) fn load(volume: &Source, boot: &Boot, limits: &Limits, log: &IssueLog) -> Result<Self> {
        let needed = u64::from(boot.cluster_count.saturating_add(2))
            .saturating_mul(boot.kind.bits())
            .div_ceil(8)
            .min(boot.fat_length);
        if needed > limits.structure_bytes {
            let offset = volume.medium_offset(boot.fat_offset);
            return Err(Error::Limit {
                structure: TABLE,
                offset,
                found: needed,
                limit: limits.structure_bytes,
                unit: "bytes",
            });
        }
        let length = usize::try_from(needed).map_err(|_| Error::invalid("a table longer than memory"))?;
        let mut table = Self { entries: vec![0; length], ..Self::empty(boot, boot.active_copy) };
        let mut copies: Vec<u8> = (0..boot.fat_copies).filter(|copy| *copy != boot.active_copy).collect();
        copies.insert(0, boot.active_copy);
        if boot.mirrored {
            table.prefer_sound_copy(volume, boot, &mut copies, log);
        }
        table.read_first_readable(volume, boot, &copies, log);
        let used = copies.first().copied().unwrap_or(0);
        table.copy = used;
        if boot.mirrored {
            for copy in copies.iter().skip(1) {
                table.compare(volume, boot, *copy, used, log);
            }
        }
        Ok(table)
    }

    fn empty(boot: &Boot, copy: u8) -> Self {
        let cluster_count = boot.cluster_count;
        Self { kind: boot.kind, copy, entries: Vec::new(), unreadable: Vec::new(), cluster_count, others: Vec::new() }
    }

    fn copy_offset(boot: &Boot, copy: u8) -> u64 {
        boot.fat_length.saturating_mul(u64::from(copy)).saturating_add(boot.fat_offset)
    }

    /// Entry 0 holds the media byte; a copy without it was wiped or overwritten, and one with it goes before.
    fn prefer_sound_copy(&self, volume: &Source, boot: &Boot, copies: &mut [u8], log: &IssueLog) {
        let sound = |copy: u8| {
            let start = volume.read_vec(Self::copy_offset(boot, copy), 2);
            start.map(|start| start.first() == Some(&boot.media) && start.get(1).is_some_and(|b| b & 0x0f == 0x0f))
        };
        let Some(&first) = copies.first() else { return };
        if sound(first).unwrap_or(true) {
            return;
        }
        if let Some(better) = copies.iter().position(|copy| sound(*copy).unwrap_or(false)) {
            let at = volume.medium_offset(Self::copy_offset(boot, first));
            let message =
                format!("copy {first} does not begin with the media byte {:02x}: another is used", boot.media);
            log.push(Issue::new(at, TABLE, message));
            copies.swap(0, better);
        }
    }

    fn read_first_readable(&mut self, volume: &Source, boot: &Boot, copies: &[u8], log: &IssueLog) {
        let sector = u64::from(boot.bytes_per_sector);
        let active = copies.first().copied().unwrap_or(0);
        let mut offset = 0u64;
        for chunk in self.entries.chunks_mut(READ as usize) {
            let start = offset;
            offset = offset.saturating_add(chunk.len() as u64);
            if volume.read_at(Self::copy_offset(boot, active).saturating_add(start), chunk).is_ok() {
                continue;
            }
            let mut at = start;
            for part in chunk.chunks_mut(sector as usize) {
                let end = at.saturating_add(part.len() as u64);
                let found = copies
                    .iter()
                    .find(|copy| volume.read_at(Self::copy_offset(boot, **copy).saturating_add(at), part).is_ok());
                let place = volume.medium_offset(Self::copy_offset(boot, active).saturating_add(at));
                match found {
                    Some(copy) if *copy == active => {}
                    Some(copy) => {
                        let message = format!("copy {active} cannot be read here; copy {copy} was used");
                        log.push(Issue::new(place, TABLE, message));
                    }
                    None => {
                        log.push(Issue::new(place, TABLE, "no copy can be read here"));
                        match self.unreadable.last_mut() {
                            Some(last) if last.end == at => last.end = end,
                            _ => self.unreadable.push(at..end),
                        }
                    }
                }
                at = end;
            }
        }
    }

    /// Compares a copy with the one in use; it is kept where the two differ.
    fn compare(&mut self, volume: &Source, boot: &Boot, copy: u8, used: u8, log: &IssueLog) {
        let start = Self::copy_offset(boot, copy);
        if self.is_equal(volume, start) {
            return;
        }
        let mut other = Self { entries: vec![0; self.entries.len()], ..Self::empty(boot, copy) };
        for (chunk, at) in other.entries.chunks_mut(READ as usize).zip((0u64..).step_by(READ as usize)) {
            if let Err(error) = volume.read_at(start.saturating_add(at), chunk) {
                let offset = volume.medium_offset(start.saturating_add(at));
                log.push(Issue::new(offset, TABLE, format!("copy {copy}: {error}")));
                other.unreadable.push(at..at.saturating_add(chunk.len() as u64));
            }
        }
        let differs = |cluster: &u32| {
            let (own, theirs) = (self.link(*cluster), other.link(*cluster));
            own != theirs && own != Link::Unreadable && theirs != Link::Unreadable
        };
        let mut differing = (0..boot.cluster_count.saturating_add(2)).filter(differs);
        let Some(first) = differing.next() else { return };
        let count = differing.count().saturating_add(1);
        let message = format!(
            "copy {copy} differs in {count} entries, the first of them that of cluster {first}: {} there, {} in copy \
             {used}, which is used",
            other.link(first).describe(),
            self.link(first).describe(),
        );
        let offset = start.saturating_add(self.entry_offset(first).0);
        log.push(Issue::new(volume.medium_offset(offset), TABLE, message));
        self.others.push(other);
    }

    /// True where the copy that begins at byte `start` of the volume holds the same bytes.
    fn is_equal(&self, volume: &Source, start: u64) -> bool {
        let mut buf = vec![0; self.entries.len().min(READ as usize)];
        self.entries.chunks(READ as usize).zip((start..).step_by(READ as usize)).all(|(chunk, at)| {
            let part = buf.get_mut(..chunk.len()).unwrap_or_default();
            volume.read_at(at, part).is_ok() && part == chunk
        })
    }

    /// Byte offset of the entry of a cluster within the table, and the bytes that hold it.
    fn entry_offset(&self, cluster: u32) -> (u64, u64) {
        let c = u64::from(cluster);
        match self.kind {
            FatType::Fat12 => (c.saturating_add(c / 2), 2),
            FatType::Fat16 => (c.saturating_mul(2), 2),
            FatType::Fat32 => (c.saturating_mul(4), 4),
        }
    }

    /// What the table says about `cluster`.
    pub(super) fn link(&self, cluster: u32) -> Link {
        let (start, width) = self.entry_offset(cluster);
        let end = start.saturating_add(width);
        if self.unreadable.iter().any(|range| range.start < end && start < range.end) {
            return Link::Unreadable;
        }
        let at = usize::try_from(start).unwrap_or(usize::MAX);
        let byte = |index: usize| self.entries.get(at.saturating_add(index)).copied().unwrap_or(0);
        let (value, bad) = match self.kind {
            FatType::Fat12 => {
                let pair = u16::from_le_bytes([byte(0), byte(1)]);
                (u32::from(if cluster & 1 == 0 { pair & 0x0fff } else { pair >> 4 }), 0x0ff7)
            }
            FatType::Fat16 => (u32::from(u16::from_le_bytes([byte(0), byte(1)])), 0xfff7),
            // The upper four bits are reserved and not part of the number.
            FatType::Fat32 => (u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]) & 0x0fff_ffff, 0x0fff_fff7),
        };
        match value {
            0 => Link::Free,
            value if self.has_cluster(value) => Link::Next(value),
            value if value == bad => Link::Bad,
            value if value > bad => Link::End,
            value => Link::Invalid(value),
        }
    }

    /// True for a cluster of the volume that no chain uses.
    pub(super) fn is_free(&self, cluster: u32) -> bool {
        self.has_cluster(cluster) && self.link(cluster) == Link::Free
    }

    fn has_cluster(&self, cluster: u32) -> bool {
        cluster >= 2 && cluster.wrapping_sub(2) < self.cluster_count
    }

    /// The chain from `start` of `need` clusters, or to its end where `need` is `None`; from another copy of the table where
    /// it is whole there and is not in the one in use. The number of that copy comes with it.
    pub(super) fn best_chain(&self, start: u32, need: Option<u32>) -> (Chain, Option<u8>) {
        let most = need.unwrap_or(u32::MAX);
        let is_whole = |chain: &Chain| chain.end == ChainEnd::Complete && need.is_none_or(|need| chain.count >= need);
        let own = self.chain(start, most);
        if is_whole(&own) {
            return (own, None);
        }
        let others = self.others.iter().map(|other| (other.chain(start, most), Some(other.copy)));
        let mut whole = others.filter(|(chain, _)| is_whole(chain));
        whole.next().unwrap_or((own, None))
    }

    /// The cluster that follows in the chain.
    pub(super) fn next(&self, cluster: u32) -> Option<u32> {
        if let Link::Next(next) = self.link(cluster) { Some(next) } else { None }
    }

    /// All clusters that follow another: none of them is the first of a chain.
    pub(super) fn followers(&self, heap: &Heap) -> ClusterSet {
        let mut followers = ClusterSet::new(heap);
        for next in (2..heap.end()).filter_map(|cluster| self.next(cluster)) {
            followers.insert(next);
        }
        followers
    }

    /// All runs of free clusters, in order.
    pub(super) fn free_runs(&self) -> Vec<ClusterRun> {
        let mut runs = Vec::new();
        for cluster in 2..self.cluster_count.saturating_add(2) {
            if self.link(cluster) == Link::Free {
                ClusterRun::append(&mut runs, cluster);
            }
        }
        runs
    }

    /// Follows the chain from `start`, for at most `most` clusters. O(length): a loop is noticed after at most three
    /// rounds (Brent's method) and cut where it closes.
    pub(super) fn chain(&self, start: u32, most: u32) -> Chain {
        let mut chain = Chain { runs: Vec::new(), count: 0, end: ChainEnd::Complete };
        let mut at = start;
        let (mut mark, mut power, mut steps) = (start, 1u32, 0u32);
        while chain.count < most {
            // A chain never holds a free cluster: its entry would not be 0.
            if !self.has_cluster(at) || self.link(at) == Link::Free {
                chain.end = ChainEnd::Outside(at);
                break;
            }
            ClusterRun::append(&mut chain.runs, at);
            chain.count = chain.count.saturating_add(1);
            at = match self.link(at) {
                Link::Next(next) => next,
                Link::End => break,
                link => {
                    chain.end = ChainEnd::Broken(at, link);
                    break;
                }
            };
            steps = steps.saturating_add(1);
            if at == mark {
                break;
            }
            if steps == power {
                (mark, power, steps) = (at, power.saturating_mul(2), 0);
            }
        }
        chain.cut_at_first_repeat();
        chain
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
