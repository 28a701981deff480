//! What `fls` of The Sleuth Kit lists of a copy, and how much of that we list, too.

use crate::{damage::Image, overlay::Overlay, reading};
use forensic_core::bytes::Source;
use std::{
    collections::{HashMap, HashSet},
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

/// `fls` may hang on what is damaged.
const PATIENCE: Duration = Duration::from_secs(30);

/// An entry by its path (":stream" behind it) and its number.
struct Listed {
    path: String,
    number: u64,
}

pub struct Peers {
    /// Our number of an entry less theirs: they count the entries of FAT from another place.
    shift: i128,
}

impl Peers {
    pub fn new(image: &Image) -> Self {
        let mut peers = Self { shift: 0 };
        let whole = Overlay::new(image.source.clone());
        let Ok(Some(theirs)) = fls(&whole) else { return peers };
        let ours: HashMap<String, u64> = ours(&whole).into_iter().map(|listed| (listed.path, listed.number)).collect();
        let mut shifts: HashMap<i128, usize> = HashMap::new();
        for listed in &theirs {
            if let Some(number) = ours.get(&listed.path) {
                *shifts.entry(i128::from(*number) - i128::from(listed.number)).or_default() += 1;
            }
        }
        peers.shift = shifts.into_iter().max_by_key(|(shift, count)| (*count, *shift)).map_or(0, |(shift, _)| shift);
        peers
    }

    /// The number of entries that `fls` lists, and how many of them we list, by path or by number and stream; `None`
    /// where it lists none or is not there.
    pub fn compare(&self, copy: &Overlay) -> io::Result<Option<(usize, usize)>> {
        let Some(theirs) = fls(copy)?.filter(|theirs| !theirs.is_empty()) else { return Ok(None) };
        let ours = ours(copy);
        let paths: HashSet<&str> = ours.iter().map(|listed| listed.path.as_str()).collect();
        let numbers: HashSet<(i128, &str)> =
            ours.iter().map(|listed| (i128::from(listed.number), stream(&listed.path))).collect();
        let is_ours = |listed: &&Listed| {
            paths.contains(listed.path.as_str())
                || numbers.contains(&(i128::from(listed.number) + self.shift, stream(&listed.path)))
        };
        Ok(Some((theirs.len(), theirs.iter().filter(is_ours).count())))
    }
}

fn stream(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once(':').map_or("", |(_, stream)| stream)
}

fn ours(copy: &Overlay) -> Vec<Listed> {
    let source: Source = Arc::new(copy.clone());
    let entries = reading::filesystems(&source).into_iter().flat_map(|filesystem| reading::list(&filesystem));
    let all = entries.flat_map(|entry| {
        let named = entry.streams.iter().map(|stream| stream.info.name.clone()).filter(|name| !name.is_empty());
        let named: Vec<_> = named.map(|name| format!("{}:{name}", entry.path)).collect();
        let number = entry.id;
        std::iter::once(entry.path).chain(named).map(move |path| Listed { path, number })
    });
    all.collect()
}

/// The listing of `fls`, without what is no entry: its own virtual files, NTFS indexes shown as streams, and MFT records
/// that were never used.
fn fls(copy: &Overlay) -> io::Result<Option<Vec<Listed>>> {
    let file = Temporary::new();
    copy.write_to(&file.0)?;
    let command =
        Command::new("fls").args(["-r", "-p"]).arg(&file.0).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let Ok(mut process) = command else { return Ok(None) };
    let Some(mut out) = process.stdout.take() else { return Ok(None) };
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        // A listing that never ends is as good as none.
        out.by_ref().take(64 << 20).read_to_end(&mut text).map(|_| text)
    });
    let start = Instant::now();
    while process.try_wait()?.is_none() && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = process.kill();
    process.wait()?;
    let text = reader.join().map_err(|_| io::Error::other("no listing"))??;
    Ok(Some(String::from_utf8_lossy(&text).lines().filter_map(listed).collect()))
}

/// "r/r * 123-128-1(realloc):\tpath".
fn listed(line: &str) -> Option<Listed> {
    let (head, path) = line.split_once(":\t")?;
    let (kind, rest) = head.split_once(' ')?;
    let address = rest.trim_start_matches("* ").split('(').next()?;
    let mut parts = address.split('-');
    let number = parts.next()?.parse().ok()?;
    let index = parts.next() == Some("144") && !kind.starts_with('d');
    let unused = kind.starts_with('-') && path.contains("OrphanFile-");
    let own = kind.to_lowercase().contains('v');
    (!index && !unused && !own).then(|| Listed { path: format!("/{path}"), number })
}

/// A file that goes away with its owner; in memory where the system has such a place.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        Self(folder.join(format!("forensic-mutate-{}", std::process::id())))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
