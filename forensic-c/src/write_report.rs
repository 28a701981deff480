//! `forensic_write_report`: what became of the records of a set that was written as a list.

use crate::{
    boundary::{free, getter, item},
    report::forensic_count,
    text::{Items, Texts},
};
use forensic_core::known::WriteReport;

/// What became of the records that were written. The caller frees it.
pub struct forensic_write_report {
    records: u64,
    skipped: u64,
    lost: Items<forensic_count>,
    _texts: Texts,
}

impl forensic_write_report {
    pub(crate) fn new(report: &WriteReport) -> Self {
        let texts = Texts::default();
        let lost = report.lost.iter().map(|(part, count)| forensic_count { name: texts.give(part), count: *count });
        Self { records: report.records, skipped: report.skipped, lost: Items::of(lost), _texts: texts }
    }
}

/// Records written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_write_report_records(report: *const forensic_write_report) -> u64 {
    getter!(report, 0, report.records)
}

/// Records that the format cannot hold at all: in VICS those without an MD5.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_write_report_skipped(report: *const forensic_write_report) -> u64 {
    getter!(report, 0, report.skipped)
}

/// A part that the format has no place for ("sha256", "category"), and how many records lost it; NULL past the end. Owned by
/// the report.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_write_report_lost(
    report: *const forensic_write_report,
    index: usize,
) -> *const forensic_count {
    item!(report, index, report.lost.all())
}

/// Frees a report; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_write_report_free(report: *mut forensic_write_report) {
    free!(report);
}
