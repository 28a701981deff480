//! Triage: every file of every volume, live, deleted and carved, hashed, looked up and recorded, in one pass and in
//! parallel.
//!
//! A [`Plan`] cuts the listing into [`Unit`]s; [`Plan::process`] is a pure function from a unit to its records, so that
//! units can run on any thread, in any order, and again. [`run`] runs them all and puts the records in order: the same
//! records on one thread or many. What carving finds in the space that no file in use has comes last; `same_as` tells
//! which entry, live or deleted, holds the same bytes.
//!
//! ```
//! use forensic_core::{evidence::Evidence, triage};
//! let evidence = Evidence::from_bytes(vec![0u8; 4096])?;
//! let report = triage::run(&evidence, &triage::Options::default(), &forensic_core::NoProgress)?;
//! assert_eq!(report.records.len(), 0);
//! assert_eq!(report.summary.volumes, 1);
//! # Ok::<(), forensic_core::Error>(())
//! ```

mod account;
mod examine;
mod plan;

use crate::{
    Progress,
    carve::{self, Carved},
    error::{Error, Issue, Result},
    evidence::Evidence,
    hash,
    known::{HashSet, Standing},
    parallel,
    perceptual::{self, HashIndex, Query},
    report::Record,
};
use std::{
    collections::{HashMap, hash_map},
    ops::ControlFlow,
    sync::Arc,
};

use account::Ledger;

pub use account::{Account, Class};
pub use plan::{Plan, Unit};

/// What a triage does.
#[derive(Debug, Clone)]
pub struct Options {
    /// Digests of every stream.
    pub algorithms: Vec<hash::Algorithm>,
    /// Perceptual hashes of every picture.
    pub perceptual: Vec<perceptual::Options>,
    /// Sets every stream is looked up in.
    pub hash_sets: Vec<Arc<HashSet>>,
    /// Indexes every perceptual hash is looked up in that is of their algorithm and length: PDQ in all turns and mirrors of
    /// the picture, and of what is within its border.
    pub picture_indexes: Vec<PictureIndex>,
    /// Leave pictures that all sets which know them call good (NSRL) without perceptual hashes, undecoded: nobody looks
    /// for them.
    pub skip_known_good: bool,
    /// Carve the space that no file in use has.
    pub carve: bool,
    /// Threads; `None`: as many as the machine runs at once.
    pub threads: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            algorithms: hash::Algorithm::RECORDED.to_vec(),
            perceptual: vec![perceptual::Options::new(perceptual::Algorithm::Pdq).partial(true)],
            hash_sets: Vec::new(),
            picture_indexes: Vec::new(),
            skip_known_good: true,
            carve: true,
            threads: None,
        }
    }
}

/// An index of pictures and how it is asked.
#[derive(Debug, Clone)]
pub struct PictureIndex {
    /// What records call it.
    pub name: String,
    /// The hashes.
    pub index: Arc<HashIndex>,
    /// How near and how good a hash must be.
    pub query: Query,
}

impl PictureIndex {
    /// An index that is asked for what differs in at most an eighth of the bits, less one: of PDQ's 256, 31.
    pub fn new(name: impl Into<String>, index: Arc<HashIndex>) -> Self {
        let query = Query::new((index.bits() / 8).saturating_sub(1));
        Self { name: name.into(), index, query }
    }
}

/// What a triage counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Volumes and gaps of the medium.
    pub volumes: u64,
    /// Filesystems read.
    pub filesystems: u64,
    /// Records written.
    pub records: u64,
    /// Records of files in use.
    pub live: u64,
    /// Records of deleted and orphan files.
    pub deleted: u64,
    /// Records of carved files.
    pub carved: u64,
    /// Bytes hashed.
    pub bytes_hashed: u64,
    /// Pictures that decoded.
    pub pictures: u64,
    /// Records with at least one hit in a hash set.
    pub known: u64,
    /// Those of them that a set calls notable: [`Standing::Notable`].
    pub notable: u64,
    /// Those of them that no set calls anything but good: [`Standing::KnownGood`].
    pub known_good: u64,
    /// Records with at least one similar picture.
    pub similar: u64,
    /// Records whose content repeats that of an earlier one.
    pub repeated: u64,
    /// Problems listed, of records and of the evidence.
    pub issues: u64,
}

impl Summary {
    /// Name and count, in the order above.
    pub fn items(&self) -> [(&'static str, u64); 14] {
        [
            ("volumes", self.volumes),
            ("filesystems", self.filesystems),
            ("records", self.records),
            ("live", self.live),
            ("deleted", self.deleted),
            ("carved", self.carved),
            ("bytes_hashed", self.bytes_hashed),
            ("pictures", self.pictures),
            ("known", self.known),
            ("notable", self.notable),
            ("known_good", self.known_good),
            ("similar", self.similar),
            ("repeated", self.repeated),
            ("issues", self.issues),
        ]
    }

    fn count(&mut self, record: &Record) {
        self.records = self.records.saturating_add(1);
        let one = |counter: &mut u64, counts: bool| *counter = counter.saturating_add(u64::from(counts));
        let is_live = matches!(record.status, Some("allocated" | "unlisted"));
        let is_entry = record.kind == Some("file") && record.source == "filesystem";
        one(&mut self.live, is_entry && is_live);
        one(&mut self.deleted, is_entry && !is_live);
        one(&mut self.carved, record.source == "carved");
        one(&mut self.pictures, record.picture.is_some());
        let standing = record.standing();
        one(&mut self.known, standing.is_some());
        one(&mut self.notable, standing == Some(Standing::Notable));
        one(&mut self.known_good, standing == Some(Standing::KnownGood));
        one(&mut self.similar, !record.similar.is_empty());
        one(&mut self.repeated, record.same_as.is_some());
        let was_hashed = [&record.md5, &record.sha1, &record.sha256, &record.blake3].into_iter().any(Option::is_some);
        if was_hashed {
            self.bytes_hashed = self.bytes_hashed.saturating_add(record.size.unwrap_or(0));
        }
        self.issues = self.issues.saturating_add(record.issues.len() as u64);
    }
}

/// What a triage found.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Report {
    /// One a stream, in a fixed order.
    pub records: Vec<Record>,
    /// The counts.
    pub summary: Summary,
    /// What could not be read of the evidence, its volumes and filesystems.
    pub issues: Vec<Issue>,
    /// What each byte of the medium is.
    pub account: Account,
}

impl Report {
    /// The records in the order in which to look at them: what is notable first, then what a set lists, then what is similar
    /// to a picture of an index, then what nothing is known of, and last what is known to be good; else in the order of [`Report::records`].
    pub fn ranked(&self) -> impl Iterator<Item = &Record> {
        ranks(&self.records).into_iter().filter_map(|place| self.records.get(place))
    }
}

/// The places of records in the order of [`Report::ranked`].
pub fn ranks(records: &[Record]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..records.len()).collect();
    let rank = |place: &usize| match records.get(*place).map(|record| (record.standing(), record.similar.is_empty())) {
        Some((Some(Standing::Notable), _)) => 0,
        Some((Some(Standing::Listed), _)) => 1,
        Some((None, false)) => 2,
        Some((None, true)) | None => 3,
        Some((Some(Standing::KnownGood), _)) => 4,
    };
    places.sort_by_key(rank);
    places
}

/// Runs a triage and keeps all records.
///
/// # Errors
/// [`Error::Cancelled`]. Damage is no error: see [`Report::issues`] and [`Record::issues`].
pub fn run(evidence: &Evidence, options: &Options, progress: &dyn Progress) -> Result<Report> {
    let mut records = Vec::new();
    let report = run_into(evidence, options, progress, |record| {
        records.push(record);
        Ok(())
    })?;
    Ok(Report { records, ..report })
}

/// Runs a triage and gives each record to `sink` as soon as its turn comes, in memory independent of their number but
/// for a digest each: the report has all but them. `progress` counts entries, not bytes.
///
/// # Errors
/// [`Error::Cancelled`], or what `sink` returns.
pub fn run_into(
    evidence: &Evidence,
    options: &Options,
    progress: &dyn Progress,
    mut sink: impl FnMut(Record) -> Result<()>,
) -> Result<Report> {
    let plan = Plan::new(evidence, options);
    let total = plan.entry_count();
    let threads = parallel::threads_to_start(options.threads);
    let mut numbering = Numbering {
        summary: Summary {
            volumes: evidence.volumes().len() as u64,
            filesystems: plan.filesystem_count(),
            ..Summary::default()
        },
        first_with: HashMap::new(),
    };
    let watch = |done: u64| match progress.update(done, total) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Cancelled),
    };
    let mut done = 0u64;
    let mut ledger = Ledger::default();
    ledger.add_partition_tables(evidence);
    plan.enter(&mut ledger);
    let process = |number: u64| plan.unit(number).map(|unit| (unit.count, plan.examine(unit)));
    parallel::in_order(plan.unit_count(), threads, process, |_, processed| {
        let Some((entries, (records, slack))) = processed else { return Ok(()) };
        ledger.merge(slack);
        records.into_iter().try_for_each(|record| {
            ledger.add_record(&record);
            sink(numbering.number(record))
        })?;
        done = done.saturating_add(entries);
        watch(done)
    })?;
    let mut issues = plan.issues();
    if options.carve {
        let (files, unread) = carve(evidence, options, &|_: u64, _: u64| progress.update(done, total))?;
        issues.extend(unread);
        let process = |number: u64| {
            let file = usize::try_from(number).ok().and_then(|number| files.get(number))?;
            Some(examine::examine_carved(file, evidence, options))
        };
        parallel::in_order(files.len() as u64, threads, process, |_, record| {
            record.into_iter().try_for_each(|record| {
                ledger.add_record(&record);
                sink(numbering.number(record))
            })?;
            watch(done)
        })?;
    }
    let mut summary = numbering.summary;
    summary.issues = summary.issues.saturating_add(issues.len() as u64);
    Ok(Report { records: Vec::new(), summary, issues, account: ledger.close(evidence) })
}

/// The files found in the space that no file in use has.
fn carve(evidence: &Evidence, options: &Options, progress: &dyn Progress) -> Result<(Vec<Carved>, Vec<Issue>)> {
    let space = match carve::unallocated(evidence) {
        Ok(space) => space,
        // Where no map tells what is in use, all may be.
        Err(_) => evidence.stream(),
    };
    let mut carving = carve::Options::default().limits(evidence.limits().clone()).clusters_of(evidence);
    if let Some(threads) = options.threads {
        carving = carving.threads(threads);
    }
    let found = carve::carve(&space, &carving, progress)?;
    Ok((found.files, found.issues))
}

/// Numbers records, counts them, and finds those that repeat an earlier one.
struct Numbering {
    summary: Summary,
    first_with: HashMap<String, u64>,
}

impl Numbering {
    fn number(&mut self, mut record: Record) -> Record {
        record.id = self.summary.records;
        if let Some(digest) = &record.sha256 {
            match self.first_with.entry(digest.clone()) {
                hash_map::Entry::Occupied(first) => record.same_as = Some(*first.get()),
                hash_map::Entry::Vacant(place) => {
                    place.insert(record.id);
                }
            }
        }
        self.summary.count(&record);
        record
    }
}
