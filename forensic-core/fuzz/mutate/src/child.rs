//! The process that reads damaged copies: one command a line, one answer a line.
//!
//! `run N` answers "ok", milliseconds, the most memory so far in bytes, and the number of entries, or "panic" and its
//! words; `peer N` answers the number of entries that `fls` lists of the copy, and how many of them are ours, too.

use crate::{MEMORY, damage::Image, peer, reading};
use std::{
    error::Error,
    io::{self, BufRead, Write},
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// Memory a copy may take.
pub const MOST_MEMORY: usize = 512 << 20;

pub fn serve(image: &Path, seed: u64) -> Result<(), Box<dyn Error>> {
    let words: Arc<Mutex<Option<String>>> = Arc::default();
    let first = words.clone();
    panic::set_hook(Box::new(move |panic| {
        let mut words = first.lock().unwrap_or_else(PoisonError::into_inner);
        words.get_or_insert_with(|| panic.to_string());
    }));
    let image = Image::open(image, seed)?;
    let peers = peer::Peers::new(&image);
    let mut out = io::stdout().lock();
    writeln!(out, "ready")?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (command, number) = line.split_once(' ').ok_or("a command and a number")?;
        let damaged = image.damaged(number.parse()?);
        let answer = match command {
            "peer" => peers.compare(&damaged.source)?.map_or("none".to_owned(), |(all, ours)| format!("{all} {ours}")),
            _ => {
                // What the image itself takes is not the copy's.
                MEMORY.set_limit(MEMORY.allocated() + MOST_MEMORY).map_err(|()| "the limit is below what is used")?;
                let start = Instant::now();
                let source = Arc::new(damaged.source);
                let read = panic::catch_unwind(AssertUnwindSafe(|| reading::everything(&(source as _))));
                let time = start.elapsed().as_millis();
                MEMORY.set_limit(usize::MAX).map_err(|()| "no limit is no limit")?;
                match read {
                    Ok(entries) => format!("ok {time} {} {entries}", MEMORY.max_allocated()),
                    Err(_) => {
                        let words = words.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
                        format!("panic {}", words.replace('\n', " "))
                    }
                }
            }
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
