//! Thousands of damaged copies of pictures, each decoded whole and in part, asked what it says, and walked frame by frame: counts
//! panics (caught by the library, and yet faults of a decoder), what takes too long and, by ending, what takes too much memory.
//!
//! ```text
//! cargo run --release --bin pictures -- [--count 10000] [--seed 1] FILE…
//! ```
//!
//! Copy N is of file N modulo their number, and the same for the same seed. A copy may take ten seconds and 512 MiB; one that
//! takes more memory ends the program, and is the one in the last line.

use forensic_core::{Limits, bytes::Source, picture};
use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

#[global_allocator]
static MEMORY: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);
static PANICS: AtomicU64 = AtomicU64::new(0);

const MOST_MEMORY: usize = 512 << 20;
const MOST_TIME: Duration = Duration::from_secs(10);
/// Frames of an animation that are decoded.
const FRAMES: usize = 64;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let (mut count, mut seed, mut paths) = (10_000u64, 1u64, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number =
            || -> Result<u64, Box<dyn Error>> { Ok(arguments.next().ok_or("a number is missing")?.parse()?) };
        match &*argument {
            "--count" => count = number()?,
            "--seed" => seed = number()?,
            _ => paths.push(argument),
        }
    }
    std::panic::set_hook(Box::new(|panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        println!("\n{panic}");
    }));
    let files = paths.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    let (mut whole, mut part, mut slow, mut longest) = (0u64, 0u64, 0u64, Duration::ZERO);
    for number in 0..count {
        let index = usize::try_from(number)? % files.len().max(1);
        let (Some(file), Some(path)) = (files.get(index), paths.get(index)) else { return Err("no files".into()) };
        print!("\r{number} {path}\x1b[K");
        io::stdout().flush()?;
        let bytes = damaged(file, seed, number);
        let panics = PANICS.load(Ordering::Relaxed);
        MEMORY.set_limit(MEMORY.allocated() + MOST_MEMORY).map_err(|()| "the limit is below what is used")?;
        let start = Instant::now();
        let (is_whole, is_part) = read(bytes);
        let time = start.elapsed();
        MEMORY.set_limit(usize::MAX).map_err(|()| "no limit is no limit")?;
        whole += u64::from(is_whole);
        part += u64::from(is_part);
        longest = longest.max(time);
        slow += u64::from(time > MOST_TIME);
        if time > MOST_TIME || PANICS.load(Ordering::Relaxed) > panics {
            println!("\ncopy {number} of {path}: {} ms", time.as_millis());
        }
    }
    let panics = PANICS.load(Ordering::Relaxed);
    println!(
        "\n{count} copies of {} files: {whole} decoded, {part} in part, {panics} panics, {slow} over {} s, longest {} ms, \
         most memory {} MiB",
        files.len(),
        MOST_TIME.as_secs(),
        longest.as_millis(),
        MEMORY.max_allocated() >> 20,
    );
    Ok(if panics + slow == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads all there is; true where the copy decodes whole, and where it decodes in part.
fn read(bytes: Vec<u8>) -> (bool, bool) {
    let limits = Limits::default();
    let source: Source = Arc::new(bytes);
    let whole = picture::decode(&source, &limits).is_ok();
    let part = picture::decode_with(&source, &picture::DecodeOptions::default().partial(true), &limits);
    let _ = picture::info(&source, &limits);
    if let Ok(frames) = picture::frames(&source, &limits) {
        frames.take(FRAMES).for_each(drop);
    }
    (whole, part.is_ok_and(|part| part.decoded < 1.0))
}

/// Copy `number`: some bytes changed, most of them near the start, where the headers are; one in four is cut, too.
fn damaged(file: &[u8], seed: u64, number: u64) -> Vec<u8> {
    let mut bytes = file.to_vec();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03) | 1;
    let mut below = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 11).unwrap_or(0) % most.max(1)
    };
    for _ in 0..1 + below(8) {
        let reach = if below(3) > 0 { bytes.len().min(1024) } else { bytes.len() };
        let at = below(reach);
        let value = match below(4) {
            0 => 0,
            1 => 0xff,
            _ => below(256) as u8,
        };
        let run = if below(8) == 0 { 1 + below(16) } else { 1 };
        bytes.iter_mut().skip(at).take(run).for_each(|byte| *byte = value);
    }
    if below(4) == 0 {
        bytes.truncate(below(bytes.len()));
    }
    bytes
}
