//! The account: what each byte of the medium is, exactly once, so that "nothing missed" is a figure that can be checked.

use crate::{
    bytes::{Extent, ExtentKind, ReadAt, Source, read_around},
    evidence::Evidence,
    filesystem::{Entry, FileSystem, Status},
    report::Record,
    volume::{Scheme, Volume},
};
use std::{collections::BTreeMap, ops::Range};

/// Bytes looked at as one when the rest is told apart into fill and unexplained.
const SECTOR: usize = 512;
const READ: u64 = 1 << 20;
/// Ranges kept apart before those that touch are joined.
const JOIN_FROM: usize = 1 << 16;
/// Sectors of a GPT with 128 entries: the protective record, the header and the entries, and the same but for the first at
/// the end (UEFI specification, 5.3).
const GPT_SECTORS: u64 = 34;

/// What a byte of the medium is. Where several are true, the first of this list counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Class {
    /// It cannot be read.
    Unread,
    /// Content of a file in use.
    Live,
    /// Between the end of a file and the end of its last cluster, or between the end of a filesystem and that of its volume.
    Slack,
    /// Content of a deleted file that is intact.
    Deleted,
    /// Partition tables.
    Partition,
    /// Part of a carved file.
    Carved,
    /// Allocated by a filesystem, and content of no file: its own structures.
    Metadata,
    /// A sector of one byte value throughout.
    Fill,
    /// Something else: what to look at next.
    Unexplained,
}

impl Class {
    /// Every class, in order.
    pub const ALL: [Self; 9] = [
        Self::Unread,
        Self::Live,
        Self::Slack,
        Self::Deleted,
        Self::Partition,
        Self::Carved,
        Self::Metadata,
        Self::Fill,
        Self::Unexplained,
    ];

    /// The name used in reports: `unread`, `live`, `slack`, `deleted`, `partition`, `carved`, `metadata`, `fill`,
    /// `unexplained`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Live => "live",
            Self::Slack => "slack",
            Self::Deleted => "deleted",
            Self::Partition => "partition",
            Self::Carved => "carved",
            Self::Metadata => "metadata",
            Self::Fill => "fill",
            Self::Unexplained => "unexplained",
        }
    }
}

/// What each byte of a medium is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Start, length and class of each piece; they follow one another from 0 to the end of the medium.
    pieces: Vec<(u64, u64, Class)>,
}

impl Account {
    /// Each class and its bytes, in order of the classes. They sum to the size of the medium.
    pub fn totals(&self) -> Vec<(Class, u64)> {
        let of = |class: Class| self.pieces.iter().filter(move |piece| piece.2 == class);
        Class::ALL.into_iter().map(|class| (class, of(class).map(|piece| piece.1).sum())).collect()
    }

    /// The class of this name.
    pub fn class(name: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.as_str() == name)
    }

    /// Where the bytes of a class lie, in medium order; `stream_offset` counts the bytes of that class.
    pub fn extents(&self, class: Class) -> Vec<Extent> {
        let mut stream_offset = 0u64;
        let of_class = self.pieces.iter().filter(|piece| piece.2 == class);
        of_class
            .map(|(start, length, _)| {
                let at = stream_offset;
                stream_offset = stream_offset.saturating_add(*length);
                Extent {
                    stream_offset: at,
                    offset: Some(*start),
                    length: *length,
                    kind: ExtentKind::Data,
                    inferred: false,
                }
            })
            .collect()
    }

    fn push(&mut self, start: u64, end: u64, class: Class) {
        let length = end.saturating_sub(start);
        match self.pieces.last_mut() {
            _ if length == 0 => {}
            Some((_, last, same)) if *same == class => *last = last.saturating_add(length),
            _ => self.pieces.push((start, length, class)),
        }
    }
}

/// What a range was found to be; [`Claim::Compressed`] content begins where it says and is of unknown length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    Of(Class),
    Compressed,
}

/// The ranges found so far, in any order.
#[derive(Default)]
pub(super) struct Ledger(BTreeMap<Claim, Ranges>);

#[derive(Default)]
struct Ranges {
    /// Start and end.
    ranges: Vec<(u64, u64)>,
    join_from: usize,
}

impl Ledger {
    fn add(&mut self, claim: Claim, offset: u64, length: u64) {
        let ranges = self.0.entry(claim).or_default();
        ranges.ranges.push((offset, offset.saturating_add(length)));
        if ranges.ranges.len() >= ranges.join_from.max(JOIN_FROM) {
            ranges.join();
        }
    }

    pub(super) fn add_extents(&mut self, class: Class, extents: &[Extent]) {
        for extent in extents {
            let Some(offset) = extent.offset else { continue };
            let is_live = class == Class::Live && extent.kind == ExtentKind::Compressed;
            self.add(if is_live { Claim::Compressed } else { Claim::Of(class) }, offset, extent.length);
        }
    }

    /// The content of a record: that of files in use, and of deleted ones that are intact.
    pub(super) fn add_record(&mut self, record: &Record) {
        match (record.source, record.status, record.recoverability) {
            ("filesystem", Some("allocated" | "unlisted"), _) => self.add_extents(Class::Live, &record.extents),
            ("filesystem", _, Some("intact")) => self.add_extents(Class::Deleted, &record.extents),
            ("carved", ..) => self.add_extents(Class::Carved, &record.extents),
            _ => {}
        }
    }

    /// Takes over what another has.
    pub(super) fn merge(&mut self, other: Self) {
        for (claim, ranges) in other.0 {
            ranges.ranges.into_iter().for_each(|(start, end)| self.add(claim, start, end.saturating_sub(start)));
        }
    }

    /// The slack of an entry in use.
    pub(super) fn add_slack(&mut self, entry: &Entry) {
        if matches!(entry.status, Status::Allocated | Status::Unlisted) {
            self.add_extents(Class::Slack, &entry.slack().extents());
        }
    }

    /// What a filesystem has allocated, and the slack behind it.
    pub(super) fn add_filesystem(&mut self, filesystem: &dyn FileSystem) {
        self.add_extents(Class::Slack, &filesystem.slack().extents());
        let Ok(unallocated) = filesystem.unallocated() else { return };
        let end = filesystem.offset().saturating_add(filesystem.size());
        let mut at = filesystem.offset();
        let mut free: Vec<_> = unallocated.extents().iter().filter_map(|e| Some((e.offset?, e.length))).collect();
        free.sort_unstable();
        for (start, length) in free.into_iter().chain([(end, 0)]) {
            if start > at {
                self.add(Claim::Of(Class::Metadata), at, start.saturating_sub(at));
            }
            at = at.max(start.saturating_add(length));
        }
    }

    /// The partition tables.
    pub(super) fn add_partition_tables(&mut self, evidence: &Evidence) {
        let (size, sector) = (evidence.size(), u64::from(evidence.sector_size()));
        for volume in evidence.volumes() {
            let table = match volume.scheme {
                Scheme::Mbr => (0, 512),
                Scheme::Gpt => (0, GPT_SECTORS.saturating_mul(sector)),
                _ => (0, 0),
            };
            self.add_structure(volume, table.0, table.1);
            if volume.scheme == Scheme::Gpt {
                let length = GPT_SECTORS.saturating_sub(1).saturating_mul(sector);
                self.add_structure(volume, size.saturating_sub(length), length);
            }
            if let Some(entry) = volume.described_at {
                self.add_structure(volume, entry.saturating_sub(entry.checked_rem(sector).unwrap_or(0)), sector);
            }
        }
    }

    fn add_structure(&mut self, volume: &Volume, offset: u64, length: u64) {
        // A remnant of a table inside a volume is that volume's.
        let inside = volume.allocated && offset >= volume.offset && offset < volume.offset.saturating_add(volume.size);
        if !inside && length > 0 {
            self.add(Claim::Of(Class::Partition), offset, length);
        }
    }

    /// Puts the ranges in order, tells the rest of the medium apart by reading it, and gives each byte its class.
    pub(super) fn close(mut self, evidence: &Evidence) -> Account {
        let unread = evidence.unreadable_ranges();
        self.add_extents(Class::Unread, &unread);
        let size = evidence.size();
        let mut events: Vec<(u64, bool, Claim)> = Vec::new();
        for (claim, mut ranges) in self.0 {
            ranges.join();
            for (start, end) in ranges.ranges {
                events.extend([(start.min(size), true, claim), (end.min(size), false, claim)]);
            }
        }
        events.sort_unstable();
        let (mut account, mut open, mut at) = (Account::default(), BTreeMap::<Claim, u32>::new(), 0u64);
        let medium = evidence.stream();
        for (place, begins, claim) in events.into_iter().chain([(size, false, Claim::Compressed)]) {
            if place > at {
                account.cover(&medium, at, place, &open);
                at = place;
            }
            let count = open.entry(claim).or_default();
            *count = if begins { count.saturating_add(1) } else { count.saturating_sub(1) };
        }
        account
    }
}

impl Ranges {
    fn join(&mut self) {
        self.ranges.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for (start, end) in self.ranges.drain(..) {
            match joined.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        self.join_from = joined.len().saturating_mul(2);
        self.ranges = joined;
    }
}

impl Account {
    /// Gives `start .. end`, where the claims with a count are made, its class.
    fn cover(&mut self, medium: &Source, start: u64, end: u64, open: &BTreeMap<Claim, u32>) {
        let is_open = |claim: Claim| open.get(&claim).is_some_and(|count| *count > 0);
        let class = Class::ALL.into_iter().find(|class| is_open(Claim::Of(*class)));
        match class {
            // How long compressed content is on the medium is not told; it is no longer than what is allocated.
            Some(Class::Metadata) if is_open(Claim::Compressed) => self.push(start, end, Class::Live),
            Some(class) => self.push(start, end, class),
            None => self.look(medium, start, end),
        }
    }

    /// Tells fill and what cannot be read from what is unexplained.
    fn look(&mut self, medium: &Source, start: u64, end: u64) {
        let mut at = start;
        while at < end {
            let data = medium.next_data(at).min(end);
            if data > at {
                self.push(at, data, Class::Fill);
                at = data;
                continue;
            }
            let length = READ.min(end.saturating_sub(at));
            let mut unread: Vec<Range<u64>> = Vec::new();
            let bytes = read_around(medium, at, length, |_, lost| unread.push(lost));
            for (sector, from) in bytes.chunks(SECTOR).zip((0u64..).step_by(SECTOR)) {
                let to = from.saturating_add(sector.len() as u64);
                let class = match unread.iter().any(|lost| lost.start < to && lost.end > from) {
                    true => Class::Unread,
                    false => class_of(sector),
                };
                self.push(at.saturating_add(from), at.saturating_add(to), class);
            }
            at = at.saturating_add(length);
        }
    }
}

fn class_of(sector: &[u8]) -> Class {
    let first = sector.first();
    if sector.iter().all(|byte| Some(byte) == first) { Class::Fill } else { Class::Unexplained }
}
