//! What the log tells of the past: inodes as they were, names that directories had, and which blocks belonged to whom
//! ("Log Items": inode and buffer updates).

use super::{
    Volume, directory, extents,
    inode::{Format, Inode},
    log::{self, Coverage},
};
use crate::{
    bytes::{Fields, ReadAt},
    filesystem::{model::Kind, posix},
};
use std::collections::{BTreeMap, HashMap};

/// Kinds of log items.
const INODE: u16 = 0x123b;
const BUFFER: u16 = 0x123c;
/// Bytes of an inode update before the core, and of a core.
const INODE_FORMAT: usize = 56;
/// In `ilf_fields`: what of the data fork was logged.
const DATA: u32 = 0x2 | 0x4 | 0x8;
/// Buffers are logged in pieces of this size.
const CHUNK: usize = 128;
const SECTOR: u64 = 512;

/// A file under one inode number, from its making to its deletion: number and generation.
pub(super) type Life = (u64, u32);

/// The last state of a file that the log holds.
#[derive(Debug, Clone)]
pub(super) struct Version {
    /// Positions in the log: of the first and the last word about the file, and of this state.
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) at: u64,
    /// With the data fork as it was logged last, if it ever was.
    pub(super) inode: Inode,
}

impl Version {
    /// Whether the log holds all of the data fork.
    pub(super) fn is_whole(&self) -> bool {
        let fork = self.inode.data();
        match fork.format {
            Format::Extents => (fork.bytes.len() / extents::RECORD) as u64 >= fork.extents,
            Format::Local => fork.bytes.len() as u64 >= self.inode.size,
            Format::Btree | Format::Device | Format::Unknown(_) => false,
        }
    }
}

/// A name that a directory had.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) directory: u64,
    pub(super) inode: u64,
    pub(super) name: Box<[u8]>,
}

/// What is known of a name.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) file_type: Option<u8>,
    /// Positions in the log at which it was seen first and last; `None` where only a directory holds what is left of it.
    pub(super) logged: Option<(u64, u64)>,
}

/// A use of blocks: when the log told of it last, and whose it was.
#[derive(Debug, Clone, Copy)]
struct Claim {
    end: u64,
    at: u64,
    by: Option<Life>,
}

/// All that the log tells.
#[derive(Default)]
pub(super) struct History {
    pub(super) coverage: Coverage,
    pub(super) versions: BTreeMap<Life, Version>,
    pub(super) names: BTreeMap<Name, Seen>,
    /// Uses of blocks by first and last byte and owner.
    claims: HashMap<(u64, u64, Option<Life>), u64>,
    sorted: Vec<(u64, Claim)>,
    /// The longest claim.
    longest: u64,
    /// The directories of blocks, by byte offset.
    owners: HashMap<u64, u64>,
}

impl History {
    /// Reads the log.
    pub(super) fn read(volume: &Volume) -> Self {
        let mut history = Self::default();
        history.coverage = log::for_each_transaction(volume, |lsn, regions| history.transaction(volume, lsn, regions));
        let claims = std::mem::take(&mut history.claims);
        history.sorted = claims.into_iter().map(|((start, end, by), at)| (start, Claim { end, at, by })).collect();
        history.sorted.sort_unstable_by_key(|(start, claim)| (*start, claim.end, claim.at, claim.by));
        let lengths = history.sorted.iter().map(|(start, claim)| claim.end.saturating_sub(*start));
        history.longest = lengths.max().unwrap_or(0);
        history
    }

    /// The lives of an inode number that the log knows, in order of time.
    pub(super) fn lives(&self, inode: u64) -> Vec<(Life, &Version)> {
        let all = self.versions.range((inode, 0)..=(inode, u32::MAX));
        let mut lives: Vec<_> = all.map(|(life, version)| (*life, version)).collect();
        lives.sort_by_key(|(_, version)| version.first);
        lives
    }

    /// Of the bytes `start .. end`, those that someone else used after position `at`.
    pub(super) fn used_since(&self, start: u64, end: u64, at: u64, life: Life) -> u64 {
        let first = self.sorted.partition_point(|(from, _)| *from < start.saturating_sub(self.longest));
        let met = self.sorted.iter().skip(first).take_while(|(from, _)| *from < end);
        let others = met.filter(|(_, claim)| claim.at > at && claim.by != Some(life) && claim.end > start);
        let mut reached = start;
        others.fold(0u64, |sum, (from, claim)| {
            let (from, to) = ((*from).max(reached), claim.end.min(end));
            reached = reached.max(to);
            sum.saturating_add(to.saturating_sub(from))
        })
    }

    fn transaction(&mut self, volume: &Volume, lsn: u64, regions: &[Vec<u8>]) {
        let mut rest = regions;
        while let Some((first, behind)) = rest.split_first() {
            rest = behind;
            let fields = Fields::new(first, "log item", 0);
            let (Ok(kind), Ok(count)) = (fields.u16(0), fields.u16(2)) else { continue };
            if !matches!(kind, INODE | BUFFER) {
                continue;
            }
            let count = usize::from(count).saturating_sub(1);
            let Some((own, behind)) = rest.split_at_checked(count) else { return };
            let _ = match kind {
                INODE => self.inode(volume, lsn, &fields, own),
                _ => self.buffer(volume, lsn, &fields, own),
            };
            rest = behind;
        }
    }

    /// An inode update: its core, then what was logged of its forks.
    fn inode(&mut self, volume: &Volume, lsn: u64, format: &Fields<'_>, regions: &[Vec<u8>]) -> Option<()> {
        let logged = format.u32(4).ok()?;
        let number = format.u64(16).ok()?;
        format.bytes(0, INODE_FORMAT).ok()?;
        let core = Inode::logged(volume, number, regions.first()?).ok()?;
        let fork = regions.get(1).filter(|_| logged & DATA != 0);
        let life = (number, core.generation);
        // Freed: what is left tells nothing.
        let kind = posix::kind(core.mode)?;
        if let (Kind::Directory, Format::Local, Some(bytes)) = (kind, core.format, fork) {
            let _ = directory::short_form(volume, bytes, core.size, 0, &mut |entry| {
                if entry.current {
                    self.name(lsn, number, &entry);
                }
            });
        }
        if core.format == Format::Extents {
            let records = fork.map(|bytes| bytes.chunks_exact(extents::RECORD)).into_iter().flatten();
            for mapping in records.filter_map(|record| extents::parse(volume, record, 0).ok()) {
                let length = mapping.count.saturating_mul(u64::from(volume.superblock.block_size));
                self.claim(mapping.offset, length, Some(life), lsn);
            }
        }
        let (mut first, mut kept) = (lsn, Vec::new());
        if let Some(known) = self.versions.get_mut(&life) {
            // While it is freed, an unlinked file is cut to nothing.
            if core.links == 0 && (core.size < known.inode.size || core.extents < known.inode.extents) {
                known.last = lsn;
                return Some(());
            }
            first = known.first;
            if known.inode.format == core.format {
                kept = known.inode.data().bytes.to_vec();
            }
        }
        let inode = core.with_data(fork.map_or(&kept, |fork| fork));
        self.versions.insert(life, Version { first, last: lsn, at: lsn, inode });
        Some(())
    }

    /// A buffer update: pieces of a block. Told are names, where it is a directory's, and that someone used the block.
    fn buffer(&mut self, volume: &Volume, lsn: u64, format: &Fields<'_>, regions: &[Vec<u8>]) -> Option<()> {
        let length = u64::from(format.u16(6).ok()?).saturating_mul(SECTOR);
        let start = u64::try_from(format.u64(8).ok()?.cast_signed()).ok()?;
        let offset = daddr(volume, start)?;
        self.claim(offset, length, None, lsn);
        let words = usize::try_from(format.u32(16).ok()?).ok()?;
        let bits = (0..words).map_while(|word| format.u32(word.saturating_mul(4).saturating_add(20)).ok());
        let bits: Vec<u32> = bits.collect();
        let is_set = |bit: usize| bits.get(bit / 32).is_some_and(|word| word >> (bit % 32) & 1 == 1);
        let mut pieces = Vec::new();
        let mut bit = 0usize;
        for region in regions {
            while !is_set(bit) && bit < bits.len().saturating_mul(32) {
                bit = bit.saturating_add(1);
            }
            pieces.push((bit.saturating_mul(CHUNK), region.as_slice()));
            bit = bit.saturating_add(region.len().div_ceil(CHUNK));
        }
        let head = pieces.first().filter(|(place, _)| *place == 0).map(|(_, bytes)| *bytes);
        if let Some(head) = head.filter(|head| head.starts_with(b"BMA3") || head.starts_with(b"BMAP")) {
            self.extents(volume, lsn, head);
        }
        if length != u64::from(volume.superblock.directory_block_size) {
            return Some(());
        }
        if let Some(head) = head {
            match directory::owner(head) {
                Some(owner) => drop(self.owners.insert(offset, owner)),
                None => drop(self.owners.remove(&offset)),
            }
        }
        let owner = *self.owners.get(&offset)?;
        for (place, bytes) in pieces {
            directory::logged(volume, place, bytes, |entry| self.name(lsn, owner, &entry));
        }
        Some(())
    }

    /// Extents of a block of an extent B+tree, as far as they were logged with its head.
    fn extents(&mut self, volume: &Volume, lsn: u64, bytes: &[u8]) {
        let header = if volume.superblock.checksums { 72 } else { 24 };
        let fields = Fields::new(bytes, "log item", 0);
        let (Ok(0), Ok(count)) = (fields.u16_be(4), fields.u16_be(6)) else { return };
        let records = bytes.get(header..).unwrap_or_default().chunks_exact(extents::RECORD).take(usize::from(count));
        for mapping in records.filter_map(|record| extents::parse(volume, record, 0).ok()) {
            let length = mapping.count.saturating_mul(u64::from(volume.superblock.block_size));
            self.claim(mapping.offset, length, None, lsn);
        }
    }

    fn claim(&mut self, start: u64, length: u64, by: Option<Life>, lsn: u64) {
        let at = self.claims.entry((start, start.saturating_add(length), by)).or_default();
        *at = lsn.max(*at);
    }

    fn name(&mut self, lsn: u64, directory: u64, entry: &directory::Entry<'_>) {
        if entry.name.is_empty() || matches!(entry.name, b"." | b"..") {
            return;
        }
        let name = Name { directory, inode: entry.inode, name: entry.name.into() };
        let seen = self.names.entry(name).or_default();
        seen.file_type = entry.file_type.or(seen.file_type);
        seen.logged = Some((seen.logged.map_or(lsn, |(first, _)| first), lsn));
    }

    /// Adds a name that is left in a directory.
    pub(super) fn left_over(&mut self, directory: u64, entry: &directory::Entry<'_>) {
        let name = Name { directory, inode: entry.inode, name: entry.name.into() };
        let seen = self.names.entry(name).or_default();
        seen.file_type = seen.file_type.or(entry.file_type);
    }
}

/// Byte offset of a sector of the data device.
fn daddr(volume: &Volume, sector: u64) -> Option<u64> {
    sector.checked_mul(SECTOR).filter(|offset| *offset < volume.source.len())
}
