//! The digests of files: `digests ALGORITHMS THREADS PATH…`, where a path that ends in `/` is a folder. What
//! `peers/digests.py` times.
//!
//! `ALGORITHMS` are names with commas between; `read` reads and adds up bytes instead, for the bandwidth of the memory. A
//! single file is hashed as one stream, with threads beside the first for what they can do. Prints one line a file.

use forensic_core::{
    NoProgress,
    bytes::{FileSource, ReadAt, Source},
    hash::{self, Algorithm},
};
use std::{
    io::{BufWriter, Write},
    path::PathBuf,
    sync::Arc,
};

/// The files below a folder, in the order of their names, or the file.
fn files_below(path: PathBuf, is_folder: bool, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !is_folder {
        files.push(path);
        return Ok(());
    }
    let mut inside = Vec::new();
    for entry in path.read_dir()? {
        let entry = entry?;
        inside.push((entry.file_name(), entry.file_type()?.is_dir()));
    }
    inside.sort_unstable();
    inside.into_iter().try_for_each(|(name, is_folder)| files_below(path.join(name), is_folder, files))
}

/// The sum of all words of the files, read into one buffer that stays in the processor's cache.
fn sum(files: &[PathBuf]) -> forensic_core::Result<u64> {
    let mut buf = vec![0; 128 << 10];
    let mut sum = 0u64;
    for file in files {
        let source = FileSource::open(file)?;
        let mut at = 0;
        while at < source.len() {
            let count = (source.len() - at).min(buf.len() as u64);
            let piece = &mut buf[..count as usize];
            source.read_at(at, piece)?;
            sum = piece.as_chunks().0.iter().fold(sum, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word)));
            at += count;
        }
    }
    Ok(sum)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [algorithms, threads, paths @ ..] = &arguments[..] else {
        return Err("usage: digests ALGORITHMS THREADS PATH…".into());
    };
    let threads: usize = threads.parse()?;
    let mut files = Vec::new();
    // To ask the system of each path what it is would be a call a file that the peers do not make.
    for path in paths {
        files_below(PathBuf::from(path), path.ends_with('/'), &mut files)?;
    }
    if algorithms == "read" {
        println!("{:016x}", sum(&files)?);
        return Ok(());
    }
    let algorithms: Vec<Algorithm> = algorithms.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let results = match &files[..] {
        [file] => {
            let source: Source = Arc::new(FileSource::open(file)?);
            vec![hash::hash_with(&source, &algorithms, threads.saturating_sub(1), &NoProgress)]
        }
        files => {
            let open = |file: &PathBuf| Ok(Arc::new(FileSource::open(file)?) as Source);
            hash::hash_each(files, open, &algorithms, Some(threads))
        }
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (file, digests) in files.iter().zip(results) {
        let digests = digests?;
        for algorithm in &algorithms {
            write!(out, "{}  ", digests.hex(*algorithm).unwrap_or_default())?;
        }
        writeln!(out, "{}", file.display())?;
    }
    out.flush()?;
    Ok(())
}
