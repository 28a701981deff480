//! Lists every file of a disk image, live and deleted, with its MD5: `listing IMAGE`.
//!
//! `examples/python/listing.py` and `examples/c/listing.c` print the same bytes.

use forensic_core::{
    evidence::Evidence,
    filesystem::{Stream, WalkOptions},
    hash::{self, Algorithm},
};
use std::io::{BufWriter, Write};

/// The MD5 of a stream; "-" where its content cannot be read in full.
fn md5(stream: &Stream) -> String {
    let digests = stream.open().and_then(|source| hash::hash(&source, &[Algorithm::Md5]));
    digests.ok().and_then(|digests| digests.hex(Algorithm::Md5)).unwrap_or_else(|| "-".to_owned())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: listing IMAGE")?;
    let evidence = Evidence::open(path)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for filesystem in evidence.filesystems() {
        writeln!(out, "# {} at byte {}", filesystem.kind(), filesystem.offset())?;
        for entry in filesystem.walk(WalkOptions::default()) {
            let (status, kind) = (entry.status.as_str(), entry.kind.as_str());
            let grade = entry.recoverability.map_or("-", |grade| grade.as_str());
            if entry.streams.is_empty() {
                writeln!(out, "{status:<9} {grade:<11} {kind:<9} {:>12} {:<32} {}", "-", "-", entry.path)?;
            }
            for stream in &entry.streams {
                let colon = if stream.info.name.is_empty() { "" } else { ":" };
                writeln!(
                    out,
                    "{status:<9} {grade:<11} {kind:<9} {:>12} {:<32} {}{colon}{}",
                    stream.info.size,
                    md5(stream),
                    entry.path,
                    stream.info.name
                )?;
            }
        }
    }
    out.flush()?;
    Ok(())
}
