//! Carves an image: one line of JSON a file found, in order of offset, and a count by type at the end.
//!
//! `carve IMAGE [THREADS] [--blake3]`; the last adds the BLAKE3 of each file.

use forensic_core::{
    NoProgress, carve,
    evidence::Evidence,
    hash::{self, Algorithm},
};
use std::{collections::BTreeMap, io::Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (switches, arguments): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|word| word == "--blake3");
    let mut arguments = arguments.into_iter();
    let image = arguments.next().ok_or("carve IMAGE [THREADS] [--blake3]")?;
    let mut options = carve::Options::default();
    if let Some(threads) = arguments.next() {
        options = options.threads(threads.parse()?);
    }
    let evidence = Evidence::open(image)?;
    let carving = carve::carve(&evidence.stream(), &options, &NoProgress)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for file in &carving.files {
        let extents: Vec<_> = file.extents().iter().map(|extent| (extent.offset, extent.length)).collect();
        let mut line = serde_json::json!({
            "type": file.kind,
            "size": file.size,
            "status": file.status.as_str(),
            "confidence": file.confidence,
            "damaged_at": file.damaged_at,
            "extents": extents,
            "children": file.children.len(),
        });
        if !switches.is_empty() {
            line["blake3"] = hash::hash(&file.open(), &[Algorithm::Blake3])?.hex(Algorithm::Blake3).into();
        }
        writeln!(out, "{line}")?;
        *counts.entry((file.kind, file.status.as_str())).or_default() += 1;
    }
    for ((kind, status), count) in counts {
        eprintln!("{count:8} {kind} {status}");
    }
    for issue in carving.issues {
        eprintln!("{issue}");
    }
    Ok(())
}
