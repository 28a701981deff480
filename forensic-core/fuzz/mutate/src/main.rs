//! Thousands of damaged copies of an image, each opened, listed and read whole: counts panics, crashes, what takes too long and what
//! takes too much memory, and compares what is still listed with The Sleuth Kit's `fls`.
//!
//! ```text
//! cargo run --release -- [--count 2000] [--seed 1] [--peers 200] [--jobs 2] [--results FOLDER] IMAGE…
//! cargo run --release -- --write N IMAGE OUT      # the N-th damaged copy, to look at
//! ```
//!
//! A copy is never written: damage lies over the image as a handful of sectors. The N-th damage of an image is the same
//! for the same seed, so that a finding is repeated by its number. With `--results` a stopped run goes on where it was.
//! Each copy is read in a process of its own kind, which may use 512 MiB and ten seconds.

mod child;
mod damage;
mod overlay;
mod peer;
mod reading;
mod results;
mod run;

use std::{error::Error, path::PathBuf, process::ExitCode};

#[global_allocator]
static MEMORY: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

/// What the command line asks for.
struct Options {
    count: u64,
    seed: u64,
    /// Damaged copies that are also listed by `fls`.
    peers: u64,
    jobs: usize,
    results: Option<PathBuf>,
    /// Write this copy, and do nothing else.
    write: Option<u64>,
    /// Answer the parent's commands, and do nothing else.
    child: bool,
    paths: Vec<PathBuf>,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut options =
        Options { count: 2000, seed: 1, peers: 200, jobs, results: None, write: None, child: false, paths: Vec::new() };
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or("a value is missing");
        let mut number = || -> Result<u64, Box<dyn Error>> { Ok(value()?.to_string_lossy().parse()?) };
        match argument.to_str() {
            Some("--count") => options.count = number()?,
            Some("--seed") => options.seed = number()?,
            Some("--peers") => options.peers = number()?,
            Some("--jobs") => options.jobs = usize::try_from(number()?)?.max(1),
            Some("--write") => options.write = Some(number()?),
            Some("--results") => options.results = Some(value()?.into()),
            Some("--child") => options.child = true,
            _ => options.paths.push(argument.into()),
        }
    }
    Ok(options)
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = options()?;
    match (&options.write, options.paths.as_slice()) {
        (Some(number), [image, out]) => {
            let image = damage::Image::open(image, options.seed)?;
            let damaged = image.damaged(*number);
            println!("{}", damaged.what);
            damaged.source.write_to(out)?;
            Ok(ExitCode::SUCCESS)
        }
        (None, [image]) if options.child => {
            child::serve(image, options.seed)?;
            Ok(ExitCode::SUCCESS)
        }
        (None, [_, ..]) => {
            let mut good = true;
            for image in &options.paths {
                good &= run::image(&options, image)?;
            }
            Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        _ => Err("mutate [--count N] [--seed N] [--peers N] [--jobs N] [--results FOLDER] IMAGE…".into()),
    }
}
