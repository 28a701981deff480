//! Builds a set of known digests and asks it: known build SET LIST…, known lookup SET QUERIES WIDTH, known synthesize SET ROWS.
//!
//! QUERIES are digests in raw bytes, one behind another. Every step writes a line: what, seconds, figures.

use forensic_core::known::HashSet;
use std::{error::Error, path::Path, time::Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match texts.as_slice() {
        ["build", set, lists @ ..] => build(Path::new(set), lists),
        ["lookup", set, queries, width] => lookup(Path::new(set), Path::new(queries), width.parse()?),
        _ => Err("known build SET LIST… | known lookup SET QUERIES WIDTH".into()),
    }
}

fn build(path: &Path, lists: &[&str]) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let set = HashSet::build_to(lists, None, path)?;
    let bytes = std::fs::metadata(path)?.len();
    println!("build {:.6} {} digests {bytes} bytes", begun.elapsed().as_secs_f64(), set.len());
    Ok(())
}

fn lookup(path: &Path, queries: &Path, width: usize) -> Result<(), Box<dyn Error>> {
    let queries = std::fs::read(queries)?;
    let begun = Instant::now();
    let set = HashSet::open(path)?;
    println!("open {:.6}", begun.elapsed().as_secs_f64());
    let mut known = vec![false; queries.len() / width];
    // The first time, each block is held against its checksum as well.
    for what in ["first", "again"] {
        let begun = Instant::now();
        set.contains_into(&queries, width, &mut known)?;
        println!("{what} {:.6} {} known", begun.elapsed().as_secs_f64(), known.iter().filter(|known| **known).count());
    }
    let begun = Instant::now();
    let one_by_one = queries.chunks_exact(width).map(|digest| set.contains(digest));
    let found = one_by_one.collect::<Result<Vec<_>, _>>()?.into_iter().filter(|known| *known).count();
    println!("single {:.6} {found} known", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let found = set.lookup_many(&queries, width)?.iter().filter(|known| !known.is_empty()).count();
    println!("records {:.6} {found} known", begun.elapsed().as_secs_f64());
    print!("{}", std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    Ok(())
}
