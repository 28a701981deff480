//! Triage of a disk image: `triage IMAGE RECORDS.jsonl [LIST…]` hashes every file, looks it up in lists of known
//! digests (VICS, NSRL, sums and others), writes one JSON record a stream and prints a table, the most urgent files first.
//!
//! `examples/python/triage.py` and `examples/c/triage.c` do the same and write the same bytes.

use forensic_core::{
    evidence::Evidence,
    known::HashSet,
    report::{self, Format, Record},
    triage,
};
use std::{
    io::{BufWriter, Write},
    ops::ControlFlow,
    sync::Arc,
};

/// One line of the table: what became of a file, its content, whether it is known and how, and where it was.
fn row(record: &Record) -> String {
    let standing = record.standing().map_or("-", |standing| standing.as_str());
    let known = record.known.first().map_or("-", |known| known.set_name.as_str());
    let stream = record.stream.as_deref().filter(|name| !name.is_empty());
    let first = record.extents.first().and_then(|extent| extent.offset);
    let place = first.filter(|_| record.source == "carved").map(|offset| format!("carved at byte {offset}"));
    format!(
        "{:<10} {:<10} {:<11} {:>9} {:<8} {:<32} {:<10} {}{}{}",
        standing,
        record.status.unwrap_or("-"),
        record.recoverability.unwrap_or("-"),
        record.size.unwrap_or(0),
        record.content_type.unwrap_or("-"),
        record.md5.as_deref().unwrap_or("-"),
        known,
        record.path.as_deref().or(place.as_deref()).unwrap_or("-"),
        stream.map_or("", |_| ":"),
        stream.unwrap_or("")
    )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let usage = "usage: triage IMAGE RECORDS.jsonl [LIST…]";
    let (image, output) = (arguments.next().ok_or(usage)?, arguments.next().ok_or(usage)?);
    let known = HashSet::build(arguments)?;
    let options = triage::Options { hash_sets: vec![Arc::new(known)], ..triage::Options::default() };

    let evidence = Evidence::open(image)?;
    let report = triage::run(&evidence, &options, &|_, _| ControlFlow::Continue(()))?;
    report::write_file(output, Format::Jsonl, &report.records)?;

    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(
        out,
        "{:<10} {:<10} {:<11} {:>9} {:<8} {:<32} {:<10} PATH",
        "STANDING", "STATUS", "RECOVERABLE", "SIZE", "TYPE", "MD5", "KNOWN"
    )?;
    for record in report.ranked().filter(|record| record.kind == Some("file")) {
        writeln!(out, "{}", row(record))?;
    }
    for (name, count) in report.summary.items() {
        writeln!(out, "{name}: {count}")?;
    }
    for issue in &report.issues {
        writeln!(out, "issue: {issue}")?;
    }
    out.flush()?;
    Ok(())
}
