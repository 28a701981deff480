//! `forensic_report`: what a triage found.

use crate::{
    boundary::{borrow, fallible, file_path, free, getter, item, out, text},
    error::{forensic_error, forensic_status},
    extents::forensic_extents,
    issues::forensic_issues,
    record::forensic_record,
    text::{Items, Texts},
};
use forensic_core::{
    Issue,
    report::{self, Format},
    triage::{self, Account, Report},
};
use std::{
    ffi::c_char,
    ptr::null,
    sync::atomic::{AtomicUsize, Ordering},
};

/// A count of a summary.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_count {
    /// What was counted: "volumes", "filesystems", "records", "live", "deleted", "carved", "bytes_hashed", "pictures",
    /// "known", "notable", "known_good", "similar", "repeated", "issues".
    pub name: *const c_char,
    /// How many.
    pub count: u64,
}

/// What a triage found. The caller frees it.
pub struct forensic_report {
    records: Vec<forensic_record>,
    /// Places of records, the most urgent first.
    ranks: Vec<usize>,
    next: AtomicUsize,
    summary: Items<forensic_count>,
    issues: Vec<Issue>,
    account: Account,
    totals: Items<forensic_count>,
    _texts: Texts,
}

impl forensic_report {
    pub(crate) fn new(report: Report) -> Self {
        let Report { records, summary, issues, account, .. } = report;
        let texts = Texts::default();
        let counts = summary.items().map(|(name, count)| forensic_count { name: texts.give(name), count });
        let totals = account.totals().into_iter();
        let totals = totals.map(|(class, count)| forensic_count { name: texts.give(class.as_str()), count });
        let totals = Items::of(totals);
        Self {
            ranks: triage::ranks(&records),
            records: records.into_iter().map(forensic_record::new).collect(),
            next: AtomicUsize::new(0),
            summary: Items::of(counts),
            issues,
            account,
            totals,
            _texts: texts,
        }
    }
}

/// Gives the next record; FORENSIC_DONE, with record set to NULL, at the end. Several threads may share the records out
/// among them with it. Owned by the report.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_report_next(
    report: *const forensic_report,
    record: *mut *const forensic_record,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let record = out!(record);
        let report = borrow!(report);
        let step = |next: usize| (next < report.records.len()).then(|| next.saturating_add(1));
        match report.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step) {
            Ok(index) => record.put(crate::boundary::at(&report.records, index)),
            Err(_) => record.put(null()).map(|_| forensic_status::FORENSIC_DONE),
        }
    })
}

/// Number of records.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_report_record_count(report: *const forensic_report) -> usize {
    getter!(report, 0, report.records.len())
}

/// The record at index, which is its id; NULL past the end. Owned by the report.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_report_record(
    report: *const forensic_report,
    index: usize,
) -> *const forensic_record {
    item!(report, index, &report.records)
}

/// The record at a place of the order in which to look at them: what is notable first, then what a set lists, then what no
/// set knows, and last what is known to be good. NULL past the end. Owned by the report.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_report_ranked(report: *const forensic_report, rank: usize) -> *const forensic_record {
    getter!(report, null(), report.ranks.get(rank).map_or(null(), |place| crate::boundary::at(&report.records, *place)))
}

/// Number of counts of the summary.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_report_summary_count(report: *const forensic_report) -> usize {
    getter!(report, 0, report.summary.all().len())
}

/// A count of the summary, always in the same order; NULL past the end. Owned by the report.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_report_summary(
    report: *const forensic_report,
    index: usize,
) -> *const forensic_count {
    item!(report, index, report.summary.all())
}

/// What could not be read of the evidence, its volumes and filesystems.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_report_issues(
    report: *const forensic_report,
    issues: *mut *mut forensic_issues,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let issues = out!(issues);
        issues.give(forensic_issues::new(&borrow!(report).issues))
    })
}

/// A class of the account and its bytes, always in the same order; NULL past the end. Each byte of the medium is in one class, so
/// that they sum to its size: "unread", "live", "slack", "deleted" (intact), "partition", "carved", "metadata", "fill",
/// "unexplained". Owned by the report.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_report_account(
    report: *const forensic_report,
    index: usize,
) -> *const forensic_count {
    item!(report, index, report.totals.all())
}

/// Where the bytes of a class of the account lie, in medium order. FORENSIC_INVALID_ARGUMENT for an unknown class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_report_account_extents(
    report: *const forensic_report,
    class_name: *const c_char,
    extents: *mut *mut forensic_extents,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let extents = out!(extents);
        let name = text!(class_name);
        let class = Account::class(name);
        let class = class.ok_or_else(|| forensic_error::invalid(format!("the account has no class {name:?}")))?;
        extents.give(forensic_extents::new(&borrow!(report).account.extents(class)))
    })
}

/// Creates a file and writes all records into it. format is "jsonl" (one JSON object a line) or "csv" (RFC 4180).
/// FORENSIC_IO where it cannot be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_report_write(
    report: *const forensic_report,
    path: *const c_char,
    format: *const c_char,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let records = borrow!(report).records.iter().map(|record| &record.record);
        report::write_file(file_path!(path), text!(format).parse::<Format>()?, records)?;
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Frees a report and its records; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_report_free(report: *mut forensic_report) {
    free!(report);
}
