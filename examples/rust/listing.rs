//! Lists every file of a disk image, live and deleted, with its MD5: `listing IMAGE [THREADS]`; on one thread if not told.
//!
//! `examples/python/listing.py` and `examples/c/listing.c` print the same bytes.

use forensic_core::{
    bytes::Source,
    evidence::Evidence,
    filesystem::{Entry, WalkOptions},
    hash::{self, Algorithm},
};
use std::{
    fmt::Write as _,
    io::{BufWriter, Write},
};

/// Streams hashed together: enough to fill the processor's vector lanes.
const TOGETHER: usize = 512;

/// Entries and their streams, whose digests are still to be computed.
#[derive(Default)]
struct Page {
    /// The text of each line in two halves, and the stream whose MD5 goes between them.
    lines: Vec<(String, Option<usize>, String)>,
    streams: Vec<Source>,
}

impl Page {
    fn add(&mut self, entry: &Entry) {
        let grade = entry.recoverability.map_or("-", |grade| grade.as_str());
        let head = format!("{:<9} {grade:<11} {:<9}", entry.status.as_str(), entry.kind.as_str());
        if entry.streams.is_empty() {
            self.lines.push((format!("{head} {:>12}", "-"), None, entry.path.clone()));
        }
        for stream in &entry.streams {
            let mut path = entry.path.clone();
            if !stream.info.name.is_empty() {
                let _ = write!(path, ":{}", stream.info.name);
            }
            let content = stream.open().ok().map(|source| {
                self.streams.push(source);
                self.streams.len() - 1
            });
            self.lines.push((format!("{head} {:>12}", stream.info.size), content, path));
        }
    }

    /// Prints all lines, with "-" where there is no content or it cannot be read in full.
    fn print(&mut self, out: &mut impl Write, threads: usize) -> std::io::Result<()> {
        let digests = hash::hash_many(&self.streams, &[Algorithm::Md5], Some(threads));
        let md5 = |stream: usize| digests[stream].as_ref().ok()?.hex(Algorithm::Md5);
        for (head, stream, path) in self.lines.drain(..) {
            writeln!(out, "{head} {:<32} {path}", stream.and_then(md5).as_deref().unwrap_or("-"))?;
        }
        self.streams.clear();
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: listing IMAGE [THREADS]")?;
    let threads = std::env::args().nth(2).map_or(Ok(1), |threads| threads.parse())?;
    let evidence = Evidence::open(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    for filesystem in evidence.filesystems() {
        writeln!(out, "# {} at byte {}", filesystem.kind(), filesystem.offset())?;
        let mut page = Page::default();
        for entry in filesystem.walk(WalkOptions::default()) {
            page.add(&entry);
            if page.streams.len() >= TOGETHER * threads {
                page.print(&mut out, threads)?;
            }
        }
        page.print(&mut out, threads)?;
    }
    out.flush()?;
    Ok(())
}
