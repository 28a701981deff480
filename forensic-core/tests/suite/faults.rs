//! Reads that fail on purpose, and what every reader must make of them.
//!
//! [`stand_every_fault`] fails each read of a listing, then each read of the contents, once; and then takes sectors away
//! for good. The listing ends, and holds what it holds where the sector is there and zeroed; where something is missing,
//! an issue or an error names the place; a content is right, or an error that names the place.
#![allow(dead_code)]

use forensic_core::{
    Error, Issue, Limits, Result,
    bytes::{Extent, ReadAt, Source},
    filesystem::{self, Entry, Recoverability, WalkOptions},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

const SECTOR: u64 = 512;
/// Reads or sectors of a volume, where not each is tried.
const SOME: usize = 16;
/// Bytes that a reader need not tell apart.
const UNIT: u64 = 4096;

/// Fails its n-th read, once; or each read of a bad range.
pub struct FailingRead {
    source: Source,
    left: AtomicU64,
    bad: Range<u64>,
    reads: Mutex<Vec<Range<u64>>>,
    failed: Mutex<Vec<Range<u64>>>,
}

impl FailingRead {
    pub fn new(source: Source, nth: u64) -> Self {
        Self { source, left: AtomicU64::new(nth), bad: 0..0, reads: Mutex::default(), failed: Mutex::default() }
    }

    /// Of which no byte of `bad` can be read.
    pub fn of_range(source: Source, bad: Range<u64>) -> Self {
        Self { bad, ..Self::new(source, u64::MAX) }
    }

    /// True when the read that was to fail has failed.
    pub fn has_failed(&self) -> bool {
        !self.failed.lock().unwrap().is_empty()
    }

    /// The ranges of the reads that failed.
    fn failed(&self) -> Vec<Range<u64>> {
        self.failed.lock().unwrap().clone()
    }
}

impl ReadAt for FailingRead {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let read = offset..offset + buf.len() as u64;
        self.reads.lock().unwrap().push(read.clone());
        let count = |left: u64| (left != u64::MAX).then(|| left.wrapping_sub(1));
        let is_nth = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count) == Ok(0);
        if is_nth || meets(&read, &self.bad) {
            self.failed.lock().unwrap().push(read);
            let source = Arc::new(io::Error::other("injected"));
            return Err(Error::Unreadable { offset, length: buf.len() as u64, source });
        }
        self.source.read_at(offset, buf)
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        self.source.locate(offset, length)
    }
}

fn meets(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Has zeros in place of a range.
struct Zeroed {
    source: Source,
    zeros: Range<u64>,
}

impl ReadAt for Zeroed {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.source.read_at(offset, buf)?;
        // What of the range lies in the buffer.
        let place = |at: u64| at.clamp(offset, offset + buf.len() as u64) - offset;
        let (start, end) = (place(self.zeros.start), place(self.zeros.end));
        buf[start as usize..end as usize].fill(0);
        Ok(())
    }
}

/// Lists and reads `bytes` with every read failing in turn, and without each of some sectors that they are read by (of
/// all, where `FORENSIC_EVERY_SECTOR` is set).
pub fn stand_every_fault(bytes: impl Into<Arc<[u8]>>) {
    let sectors = if std::env::var_os("FORENSIC_EVERY_SECTOR").is_some() { usize::MAX } else { SOME };
    stand(bytes.into(), usize::MAX, sectors);
}

/// The same with some of the reads: for a volume that has too many.
pub fn stand_some_faults(bytes: impl Into<Arc<[u8]>>) {
    stand(bytes.into(), SOME, SOME);
}

fn stand(bytes: Arc<[u8]>, most_reads: usize, most_sectors: usize) {
    let found = faults_not_stood(&bytes, most_reads, most_sectors);
    let some: Vec<String> = found.iter().take(5).map(|fault| fault.chars().take(1000).collect()).collect();
    assert!(found.is_empty(), "{} faults are not stood:\n{}", found.len(), some.join("\n"));
}

fn faults_not_stood(bytes: &Arc<[u8]>, most_reads: usize, most_sectors: usize) -> Vec<String> {
    let medium: Source = Arc::new(bytes.clone());
    let sound = Arc::new(FailingRead::new(medium.clone(), u64::MAX));
    let whole = Listing::of(sound.clone()).unwrap().expect("a filesystem");
    let reads = sound.reads.lock().unwrap().clone();
    let mut found = Vec::new();
    let mut note =
        |fault: String, told: Result<(), String>| found.extend(told.err().map(|what| format!("{fault}: {what}")));
    // After a failed read there may be more than without: all of them are tried.
    for nth in (0..).step_by(reads.len().div_ceil(most_reads)) {
        let failing = Arc::new(FailingRead::new(medium.clone(), nth));
        let listing = Listing::of(failing.clone());
        let failed = failing.failed();
        if failed.is_empty() {
            break;
        }
        note(format!("read {nth}, of {failed:?}"), whole.is_told(listing, &failed));
    }
    let sectors = sectors(bytes, &reads);
    for sector in sectors.iter().step_by(sectors.len().div_ceil(most_sectors)) {
        let bad = sector * SECTOR..(sector + 1) * SECTOR;
        let failing = Arc::new(FailingRead::of_range(medium.clone(), bad.clone()));
        let listing = Listing::of(failing.clone());
        let zeros = unit(&bad, &failing.failed());
        let zeroed = Listing::of(Arc::new(Zeroed { source: medium.clone(), zeros: zeros.clone() }));
        let kept = match (&listing, &zeroed) {
            (Ok(Some(listing)), Ok(Some(zeroed))) => listing.keeps(&zeros, zeroed, &whole),
            (Ok(Some(_)), _) | (_, Err(_) | Ok(None)) => Ok(()),
            _ => Err("opened where it is zeroed, and not where it cannot be read".to_owned()),
        };
        note(format!("sector {sector}"), kept);
        note(format!("sector {sector}"), whole.is_told(listing, &failing.failed()));
    }
    found
}

/// What may be lost with a sector: the smallest piece that was asked for, in whole sectors, and no more than the 4096 bytes
/// around it.
fn unit(bad: &Range<u64>, failed: &[Range<u64>]) -> Range<u64> {
    let smallest = failed.iter().min_by_key(|read| read.end - read.start).unwrap_or(bad);
    let whole = smallest.start / SECTOR * SECTOR..smallest.end.next_multiple_of(SECTOR);
    let block = bad.start / UNIT * UNIT;
    match whole.end - whole.start {
        ..=UNIT => whole,
        _ => whole.start.max(block)..whole.end.min(block + UNIT),
    }
}

/// The sectors at the ends of each read, and some of those that are not empty between them.
fn sectors(bytes: &[u8], reads: &[Range<u64>]) -> BTreeSet<u64> {
    let mut sectors = BTreeSet::new();
    for read in reads.iter().filter(|read| !read.is_empty()) {
        let (first, last) = (read.start / SECTOR, (read.end - 1) / SECTOR);
        let is_used =
            |sector: &u64| bytes[(sector * SECTOR) as usize..].iter().take(SECTOR as usize).any(|byte| *byte != 0);
        sectors.extend([first, last]);
        sectors.extend((first..last).step_by(8).filter(is_used));
    }
    sectors.retain(|sector| (sector + 1) * SECTOR <= bytes.len() as u64);
    sectors
}

/// An entry, as it is found again.
type Key = (String, u64, bool);

/// An entry, how it is graded, a stream's name, and its bytes.
type Content = (Key, Option<Recoverability>, String, Result<Vec<u8>>);

/// All that a filesystem tells, and all it holds.
struct Listing {
    /// What is told of the entries of each key.
    told: BTreeMap<Key, Vec<String>>,
    /// The contents of the entries and streams.
    contents: Vec<Content>,
    issues: Vec<Issue>,
}

impl Listing {
    fn of(source: Source) -> Result<Option<Self>> {
        let Some(filesystem) = filesystem::open(source, &Limits::default())? else { return Ok(None) };
        let entries: Vec<Entry> = filesystem.walk(WalkOptions::default()).collect();
        let (mut told, mut contents) = (BTreeMap::<Key, Vec<String>>::new(), Vec::new());
        let mut issues = Vec::new();
        for entry in entries {
            let key = (entry.path.clone(), entry.id, entry.status.is_live());
            let Entry { kind, status, target, size, timestamps, attributes, .. } = &entry;
            let streams: Vec<_> = entry.streams.iter().map(|stream| &stream.info).collect();
            let text = format!("{kind:?} {status:?} {target:?} {size} {timestamps:?} {attributes:?} {streams:?}");
            told.entry(key.clone()).or_default().push(text);
            for stream in &entry.streams {
                let content = stream.open().and_then(|content| content.read_vec(0, content.len().min(1 << 20)));
                contents.push((key.clone(), entry.recoverability, stream.info.name.clone(), content));
            }
            issues.extend(entry.issues);
        }
        issues.extend(filesystem.issues());
        Ok(Some(Self { told, contents, issues }))
    }

    /// Nothing is missing that `other` of the same medium has, as far as it is in `whole`.
    fn keeps(&self, zeros: &Range<u64>, other: &Self, whole: &Self) -> Result<(), String> {
        let lost = |key: &&Key| other.told.contains_key(key) && !self.told.contains_key(key);
        match whole.told.keys().find(lost) {
            Some(key) => Err(format!(
                "{} of {} entries; {key:?} is listed where {zeros:?} is zeroed, and not where it cannot be read; issues are {:?}",
                self.told.len(),
                whole.told.len(),
                self.issues
            )),
            None => Ok(()),
        }
    }

    /// `listing`, which is this one after reads of `failed` failed, says so, and has no wrong content.
    fn is_told(&self, listing: Result<Option<Self>>, failed: &[Range<u64>]) -> Result<(), String> {
        let is_there = |offset: Option<u64>| failed.iter().any(|range| offset.is_some_and(|at| range.contains(&at)));
        let listing = match listing {
            Ok(Some(listing)) => listing,
            Ok(None) => return Err("no filesystem, and no word about it".to_owned()),
            Err(error) if is_there(error.offset()) => return Ok(()),
            Err(error) => return Err(format!("opening names another place: {error}")),
        };
        let mut told = listing.issues.iter().any(|issue| is_there(issue.offset));
        // A file goes by its number, or by its path where another tree of the same volume lists it.
        let mut by_number: BTreeMap<(u64, &str), BTreeSet<&[u8]>> = BTreeMap::new();
        let mut by_path: BTreeMap<(&str, &str), BTreeSet<&[u8]>> = BTreeMap::new();
        let mut readable: BTreeSet<(&Key, &str)> = BTreeSet::new();
        for (key, _, stream, content) in &self.contents {
            by_number.entry((key.1, stream)).or_default().extend(content.as_deref().ok());
            by_path.entry((&key.0, stream)).or_default().extend(content.as_deref().ok());
            readable.extend(content.is_ok().then_some((key, stream.as_str())));
        }
        let is_told = told;
        let is_right = |(path, number, _): &Key, stream: &str, content: &Vec<u8>| match by_number
            .get(&(*number, stream))
        {
            Some(right) => right.contains(content.as_slice()),
            // Clusters whose file is no longer known make no claim whose they are; nor is a second tree of names, which is read
            // where the first cannot be (Joliet), to be found in the first.
            None if is_told || path.starts_with("/$OrphanFiles/") => true,
            None => by_path.get(&(path, stream)).map_or(content.is_empty(), |right| right.contains(content.as_slice())),
        };
        let mut lacks = None;
        for (key, recoverability, stream, content) in &listing.contents {
            let is_claimed = recoverability.is_none_or(|grade| grade == Recoverability::Intact);
            match content {
                Ok(content) if is_claimed && !is_right(key, stream, content) => {
                    return Err(format!("a wrong content of {key:?}:{stream}, graded {recoverability:?}"));
                }
                Err(error) if readable.contains(&(key, stream.as_str())) => {
                    lacks = lacks.or_else(|| Some(format!("{key:?}:{stream} gives {error}")));
                    told |= is_there(error.offset());
                }
                _ => {}
            }
        }
        let changed = self.told.iter().find(|(key, text)| listing.told.get(*key) != Some(*text));
        let lacks =
            lacks.or_else(|| changed.map(|(key, text)| format!("{key:?} {text:?} is {:?}", listing.told.get(key))));
        match lacks {
            Some(what) if !told => Err(format!("no issue names the place: {what}; issues are {:?}", listing.issues)),
            _ => Ok(()),
        }
    }
}
