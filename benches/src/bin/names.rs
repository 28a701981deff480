//! Prints the name of every entry: `names IMAGE [THREADS]`. The program `peers/run.py` times beside `fls`.

use forensic_core::{evidence::Evidence, filesystem::WalkOptions};
use std::{
    fmt::Write as _,
    io::{BufWriter, Write},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: names IMAGE [THREADS]")?;
    let threads = std::env::args().nth(2).map_or(Ok(1), |threads| threads.parse())?;
    let mut out = BufWriter::with_capacity(64 << 10, std::io::stdout().lock());
    let mut line = String::new();
    for filesystem in Evidence::open(path)?.filesystems() {
        filesystem.walk_parallel(WalkOptions::default(), Some(threads), |entry| {
            line.clear();
            line.extend([entry.kind.as_str(), " ", entry.status.as_str(), " "]);
            let _ = write!(line, "{}", entry.id);
            line.extend(["\t", &entry.path, "\n"]);
            out.write_all(line.as_bytes()).map_err(|error| forensic_core::Error::io("standard output", error))
        })?;
    }
    out.flush()?;
    Ok(())
}
