//! Prints the similarity digest of each file: `fuzzy ssdeep|tlsh FILE…`. The program `peers/fuzzy.py` times beside ssdeep and
//! py-tlsh.

use forensic_core::{
    bytes::{FileSource, Source},
    hash::fuzzy,
};
use std::{error::Error, sync::Arc};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let algorithm = arguments.next().ok_or("usage: fuzzy ssdeep|tlsh FILE…")?.to_string_lossy().parse()?;
    for path in arguments {
        let source: Source = Arc::new(FileSource::open(&path)?);
        println!("{},{}", fuzzy::hash(&source, algorithm)?, path.display());
    }
    Ok(())
}
