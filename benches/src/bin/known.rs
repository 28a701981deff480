//! Builds a set of known digests and asks it: known build SET LIST…, known lookup SET QUERIES WIDTH, which
//! `peers/known.py` times beside its peers.
//!
//! QUERIES are digests in raw bytes, one behind another. Each step writes a line: its name, wall and processor seconds, figures.

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

/// Processor seconds of this process so far, as Linux tells them.
fn processor() -> f64 {
    let status = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    status.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

/// Does a step and writes what it took.
fn step<T>(what: &str, work: impl FnOnce() -> T, figures: impl Fn(&T) -> String) -> T {
    let (wall, before) = (Instant::now(), processor());
    let done = work();
    println!("{what} {:.6} {:.6} {}", wall.elapsed().as_secs_f64(), processor() - before, figures(&done));
    done
}

fn build(path: &Path, lists: &[&str]) -> Result<(), Box<dyn Error>> {
    step("build", || HashSet::build_to(lists, None, path), |set| format!("{:?}", set.as_ref().map(HashSet::len)))?;
    Ok(())
}

fn lookup(path: &Path, queries: &Path, width: usize) -> Result<(), Box<dyn Error>> {
    let queries = std::fs::read(queries)?;
    let set = step("open", || HashSet::open(path), |set| format!("{:?}", set.as_ref().map(HashSet::len)))?;
    let mut known = vec![false; queries.len() / width];
    let count = |known: &[bool]| format!("{} known", known.iter().filter(|known| **known).count());
    // The first time, each block is held against its checksum as well.
    for what in ["first", "again"] {
        step(what, || set.contains_into(&queries, width, &mut known), |_| String::new())?;
    }
    println!("answers {}", count(&known));
    let one_by_one = || queries.chunks_exact(width).map(|digest| set.contains(digest)).collect::<Result<Vec<_>, _>>();
    step("single", one_by_one, |known| known.as_deref().map_or_else(|error| error.to_string(), count))?;
    print!("{}", std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    step("verify", || set.verify(), |_| String::new())?;
    let count = |found: &Vec<_>| found.iter().filter(|hits: &&Vec<_>| !hits.is_empty()).count();
    step("records", || set.lookup_many(&queries, width), |found| format!("{:?}", found.as_ref().map(count)))?;
    Ok(())
}
