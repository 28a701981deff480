//! Builds an index of perceptual hashes and asks it, and groups hashes: index build INDEX HASHES, index lookup INDEX QUERIES
//! RADIUS, index group HASHES RADIUS THREADS, which `peers/index.py` times beside its peer.
//!
//! HASHES and QUERIES are hashes of 32 bytes, one behind another; keys are their numbers. Each step writes a line: its name,
//! wall and processor seconds, figures.

use forensic_core::perceptual::{Algorithm, Answer, GroupOptions, HashIndex, ImageHash, IndexBuilder, Query, group};
use std::{error::Error, path::Path, time::Instant};

const LENGTH: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match texts.as_slice() {
        ["build", index, hashes] => build(Path::new(index), &std::fs::read(hashes)?),
        ["lookup", index, queries, radius] => {
            lookup(Path::new(index), &hashes(&std::fs::read(queries)?), radius.parse()?)
        }
        ["group", items, radius, threads] => {
            let threads = Some(threads.parse()?);
            let options = GroupOptions { threads, ..GroupOptions::new(radius.parse()?) };
            let items = hashes(&std::fs::read(items)?);
            let count = |members: usize, groups: usize| format!("{groups} groups of {members}");
            let groups = step(
                "group",
                || group(&items, &options),
                |groups| {
                    let groups = groups.as_deref().unwrap_or_default();
                    count(groups.iter().map(|group| group.members.len()).sum(), groups.len())
                },
            );
            memory();
            groups.map(|_| ()).map_err(Into::into)
        }
        _ => {
            Err("index build INDEX HASHES | index lookup INDEX QUERIES RADIUS | index group HASHES RADIUS THREADS"
                .into())
        }
    }
}

fn hash(bytes: &[u8]) -> ImageHash {
    ImageHash::from_parts(Algorithm::Pdq, bytes, Some(100))
}

fn hashes(bytes: &[u8]) -> Vec<ImageHash> {
    bytes.chunks_exact(LENGTH).map(hash).collect()
}

/// Processor seconds of this process so far, all its threads, as Linux tells them in hundredths.
fn processor() -> f64 {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = status.rsplit(')').next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or_default();
    (ticks(12) + ticks(13)) / 100.0
}

/// Does a step and writes what it took.
fn step<T>(what: &str, work: impl FnOnce() -> T, figures: impl Fn(&T) -> String) -> T {
    let (wall, before) = (Instant::now(), processor());
    let done = work();
    println!("{what} {:.6} {:.6} {}", wall.elapsed().as_secs_f64(), processor() - before, figures(&done));
    done
}

fn memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .filter(|line| line.starts_with("VmHWM") || line.starts_with("RssAnon"))
        .for_each(|line| println!("{line}"));
}

fn build(path: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let work = || {
        let mut builder = IndexBuilder::new();
        (0i64..).zip(bytes.chunks_exact(LENGTH)).try_for_each(|(key, bytes)| builder.push(key, &hash(bytes)))?;
        builder.finish(Some(path))
    };
    let index = step("build", work, |index| format!("{index:?}"))?;
    println!("bytes {:.2}", index.size() as f64 / index.len() as f64);
    memory();
    Ok(())
}

fn lookup(path: &Path, queries: &[ImageHash], radius: u32) -> Result<(), Box<dyn Error>> {
    let index = step("open", || HashIndex::open(path), |index| format!("{:?}", index.as_ref().map(HashIndex::len)))?;
    let query = Query::new(radius);
    let count = |answers: &Result<Vec<Answer>, _>| {
        let answers = answers.as_deref().unwrap_or_default();
        format!("{} matches", answers.iter().map(|answer| answer.matches.len()).sum::<usize>())
    };
    let single = || queries.iter().map(|hash| index.query(hash, &query)).collect();
    // The first time, blocks are held against their checksums as well.
    step("first", single, count)?;
    step("single", single, count)?;
    step("batched", || index.query_many(queries, &query, Some(1)), count)?;
    step("threads", || index.query_many(queries, &query, None), count)?;
    step("verify", || index.verify(), |_| String::new())?;
    step("verified", single, count)?;
    memory();
    Ok(())
}
