//! The second opinion on live entries, by crate `fatfs` 0.3, which shares no code with this reader.

use super::{Fat, code_page};
use crate::{
    bytes::{Cached, Reader},
    error::{Error, Result},
    filesystem::{
        CrossCheck, Entry, FileSystem as _, Kind, Status, StreamInfo,
        cross_check::{Seen, compare, digest_reader},
        model::Stream,
    },
};
use std::{
    collections::HashSet,
    io::{self, Read, Seek, SeekFrom, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

const READER: &str = "fatfs 0.3";
/// Why a content is not compared.
const MANY_CLAIMS: &str = "content of files that together claim more than twice the volume";

/// Reads the volume with `fatfs` and compares live entries and their contents.
///
/// `fatfs` may panic on damaged volumes; the panic is caught, and what it had listed until then is compared.
pub(super) fn run(fat: &Fat) -> Result<CrossCheck> {
    // `fatfs` lists what the root directory leads to.
    let is_in_tree = |entry: &Entry| entry.status == Status::Allocated && !entry.path.starts_with("/$OrphanFiles/");
    let ours: Vec<Entry> =
        (0..fat.entry_count()).filter_map(|position| fat.entry_at(position)).filter(is_in_tree).collect();
    let live = ours.iter().filter(|entry| entry.status.is_live());
    let mut directories: HashSet<&str> =
        live.clone().filter(|entry| entry.kind == Kind::Directory).map(|entry| entry.path.as_str()).collect();
    directories.insert("");
    // Each cluster is one file's on a sound volume; where many files claim the same ones, not all are read.
    let mut left = fat.volume.boot.size.saturating_mul(2);
    let is_within = |entry: &&Entry| {
        let within = left.checked_sub(entry.size);
        left = within.unwrap_or(left);
        within.is_some()
    };
    let readable: HashSet<&str> = live.clone().filter(is_within).map(|entry| entry.path.as_str()).collect();
    let most = live.count().saturating_mul(2).saturating_add(4096);
    let mut second = Second { seen: Vec::new(), most, directories, readable: &readable };
    let disk = Disk(Reader::new(Arc::new(Cached::new(fat.volume.source.clone(), 16 << 20))));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let options = fatfs::FsOptions::new().oem_cp_converter(&CodePage437);
        let filesystem = fatfs::FileSystem::new(disk, options)?;
        second.walk(&filesystem.root_dir(), "")
    }));
    let reader = match outcome {
        Ok(Ok(())) => READER.to_owned(),
        Ok(Err(error)) if second.seen.is_empty() => {
            return Err(Error::unsupported(format!("a cross-check of this volume: {READER} says {error}")));
        }
        Ok(Err(error)) => format!("{READER} (it ended with: {error})"),
        Err(_) => format!("{READER} (it panicked; what it had listed was compared)"),
    };
    let seen = second.seen;
    // A directory is compared by its entries; its own bytes are not content to `fatfs`.
    let compared = ours.iter().cloned().map(|mut entry| {
        if entry.kind == Kind::Directory {
            entry.streams.clear();
        }
        if !readable.contains(entry.path.as_str()) {
            let unread = |stream: &Stream| Stream::new(stream.info.clone(), Err(Error::unsupported(MANY_CLAIMS)), None);
            entry.streams = entry.streams.iter().map(unread).collect();
        }
        entry
    });
    Ok(compare(reader, compared, seen, known_limit))
}

/// Where `fatfs` is known to be wrong or to stop.
fn known_limit(entry: &Entry, _: &StreamInfo) -> &'static str {
    if entry.name.contains(char::REPLACEMENT_CHARACTER) {
        "fatfs 0.3 gives names that are no text in another form"
    } else if !entry.issues.is_empty() {
        "fatfs 0.3 ends a file where its chain ends, without an error"
    } else {
        ""
    }
}

struct Second<'a> {
    seen: Vec<Seen>,
    /// Entries after which the walk stops: the volume of a hostile hand may have endless directories.
    most: usize,
    /// Directories that we list; another one is a difference itself and not descended into.
    directories: HashSet<&'a str>,
    /// Files that we have read; of another one the content is not compared.
    readable: &'a HashSet<&'a str>,
}

impl Second<'_> {
    fn walk<T: Read + Write + Seek>(&mut self, directory: &fatfs::Dir<'_, T>, path: &str) -> io::Result<()> {
        let mut below = Vec::new();
        for entry in directory.iter() {
            let entry = entry?;
            let name = entry.file_name();
            if name == "." || name == ".." {
                continue;
            }
            if self.seen.len() >= self.most {
                return Err(io::Error::other("more entries than the volume can have"));
            }
            let name: String =
                name.chars().map(|c| if matches!(c, '/' | '\0') { char::REPLACEMENT_CHARACTER } else { c }).collect();
            let path = format!("{path}/{name}");
            if entry.is_dir() {
                self.seen.push(Seen { path: path.clone(), kind: Kind::Directory, size: 0, content: None });
                if self.directories.contains(path.as_str()) {
                    below.push((entry.to_dir(), path));
                }
            } else {
                let content = match self.readable.contains(path.as_str()) {
                    true => digest_reader(&mut entry.to_file()).map_err(|error| error.to_string()),
                    false => Err(MANY_CLAIMS.to_owned()),
                };
                self.seen.push(Seen { path, kind: Kind::File, size: entry.len(), content: Some(content) });
            }
        }
        // As deep as our own listing, which `Limits::depth` bounds.
        below.iter().try_for_each(|(directory, path)| self.walk(directory, path))
    }
}

/// What `fatfs` reads from; it never gets to write.
struct Disk(Reader);

impl Read for Disk {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl Write for Disk {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "evidence is read only"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct CodePage437;

impl fatfs::OemCpConverter for CodePage437 {
    fn decode(&self, byte: u8) -> char {
        code_page::decode(&[byte]).chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn encode(&self, _: char) -> Option<u8> {
        None
    }
}
