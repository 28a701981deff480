//! Lists every file of a disk image, live and deleted, with its MD5: `listing IMAGE [THREADS]`; on one thread if not told.
//!
//! `examples/python/listing.py` and `examples/c/listing.c` print the same bytes.

use forensic_core::{
    Error, Result,
    evidence::Evidence,
    filesystem::{Entry, WalkOptions},
    hash::{Algorithm, Digests},
};
use std::io::{BufWriter, Write};

/// One line a stream, with "-" where there is no content or it cannot be read in full.
fn print(entry: &Entry, digests: &[Result<Digests>], out: &mut impl Write) -> std::io::Result<()> {
    let grade = entry.recoverability.map_or("-", |grade| grade.as_str());
    let (status, kind, path) = (entry.status.as_str(), entry.kind.as_str(), &entry.path);
    if entry.streams.is_empty() {
        writeln!(out, "{status:<9} {grade:<11} {kind:<9} {:>12} {:<32} {path}", "-", "-")?;
    }
    for (stream, digests) in entry.streams.iter().zip(digests) {
        let md5 = digests.as_ref().ok().and_then(|digests| digests.hex(Algorithm::Md5));
        let (size, md5, name) = (stream.info.size, md5.as_deref().unwrap_or("-"), &stream.info.name);
        let colon = if name.is_empty() { "" } else { ":" };
        writeln!(out, "{status:<9} {grade:<11} {kind:<9} {size:>12} {md5:<32} {path}{colon}{name}")?;
    }
    Ok(())
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: listing IMAGE [THREADS]")?;
    let threads = std::env::args().nth(2).map_or(Ok(1), |threads| threads.parse())?;
    let evidence = Evidence::open(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    for filesystem in evidence.filesystems() {
        writeln!(out, "# {} at byte {}", filesystem.kind(), filesystem.offset())?;
        filesystem.walk_hashed(WalkOptions::default(), &[Algorithm::Md5], Some(threads), |entry, digests| {
            print(&entry, &digests, &mut out).map_err(|error| Error::io("standard output", error))
        })?;
    }
    out.flush()?;
    Ok(())
}
