//! Carves an image: `carve IMAGE [THREADS]` prints one line of JSON a file found, in order of offset, with its BLAKE3.
//!
//! `examples/python/carve.py` and `examples/c/carve.c` print the same bytes.

use forensic_core::{
    NoProgress,
    carve::{self, Carved},
    evidence::Evidence,
    hash::{self, Algorithm},
};
use std::io::Write;

fn line(file: &Carved) -> String {
    let extents: Vec<_> =
        file.extents().iter().map(|extent| format!("[{}, {}]", extent.offset.unwrap_or(0), extent.length)).collect();
    let digests = hash::hash(&file.open(), &[Algorithm::Blake3]).ok();
    let blake3 = digests.and_then(|digests| digests.hex(Algorithm::Blake3));
    format!(
        r#"{{"type": "{}", "size": {}, "status": "{}", "confidence": {}, "damaged_at": {}, "extents": [{}], "children": {}, "blake3": {}}}"#,
        file.kind,
        file.size,
        file.status.as_str(),
        file.confidence,
        file.damaged_at.map_or("null".to_owned(), |at| at.to_string()),
        extents.join(", "),
        file.children.len(),
        blake3.map_or("null".to_owned(), |hex| format!("\"{hex}\""))
    )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let image = arguments.next().ok_or("usage: carve IMAGE [THREADS]")?;
    let mut options = carve::Options::default();
    if let Some(threads) = arguments.next() {
        options = options.threads(threads.parse()?);
    }
    let evidence = Evidence::open(image)?;
    let within = match arguments.next().as_deref() {
        Some("unallocated") => {
            options = options.clusters_of(&evidence);
            carve::unallocated(&evidence)?
        }
        _ => evidence.stream(),
    };
    let carving = carve::carve(&within, &options, &NoProgress)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for file in &carving.files {
        writeln!(out, "{}", line(file))?;
    }
    for issue in carving.issues {
        eprintln!("{issue}");
    }
    Ok(())
}
