//! Directories of tags as TIFF has them, and EXIF within (TIFF 6.0; CIPA DC-008, Exif 3.0): walked with a bound on directories,
//! entries and bytes, each directory once, so that a loop of pointers ends.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod gps;
mod tags;
mod value;

use crate::{
    bytes::Source,
    carve::{
        Tape,
        formats::tiff::directory::{Directory, Entry, Layout},
    },
};
use std::collections::BTreeMap;

pub use gps::Gps;
pub(super) use tags::name_of;
pub(super) use value::{Value, text_of};

/// Directories of one file; real ones have some ten.
const MOST_DIRECTORIES: usize = 64;
/// Bytes that are read of one file for its directories and values.
const MOST_BYTES: u64 = 16 << 20;
/// Bytes of one value, and values of one tag.
const LONGEST_VALUE: u64 = 1 << 20;
/// Names and values of one file.
const MOST_TAGS: usize = 4096;

const SUB_DIRECTORIES: u16 = 0x014a;
const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
const INTEROP: u16 = 0xa005;

/// What a directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The directory number so-and-so of the chain: a picture, the second usually its thumbnail.
    Picture(usize),
    /// A picture beside another.
    Sub,
    Exif,
    Gps,
    Interop,
}

/// A directory, and what it holds.
#[derive(Debug)]
pub(super) struct Ifd {
    pub(super) kind: Kind,
    directory: Directory,
}

/// The directories of a file, in the order in which they are found.
pub(super) struct Directories {
    tape: Tape,
    layout: Layout,
    pub(super) found: Vec<Ifd>,
    /// Where a directory was to be, and none is: the first such place.
    pub(super) broken: Option<u64>,
}

impl Directories {
    /// Walks the directories of the TIFF structure at byte `start` of `source`; `None` where there is none.
    pub(super) fn walk(source: &Source, start: u64) -> Option<Self> {
        let mut tape = Tape::new(source.clone(), start);
        tape.allow(MOST_BYTES);
        if !matches!(tape.array(0).ok()?, [b'I', b'I', 42 | 43, 0] | [b'M', b'M', 0, 42 | 43]) {
            return None;
        }
        let (layout, _, first) = Layout::read(&mut tape).ok()?;
        let mut walk = Self { tape, layout, found: Vec::new(), broken: None };
        let mut next = first;
        let mut seen = Vec::new();
        for number in 0..MOST_DIRECTORIES {
            if next == 0 {
                break;
            }
            next = walk.directory(next, Kind::Picture(number), &mut seen);
        }
        Some(walk)
    }

    /// Reads the directory at `at` and those it points to; gives where the next of its chain begins.
    fn directory(&mut self, at: u64, kind: Kind, seen: &mut Vec<u64>) -> u64 {
        // What is pointed to again, or too deep, is not looked at: sub-directories nest no more than two deep.
        let mut waiting = vec![(at, kind)];
        let mut chain = 0;
        while let Some((at, kind)) = waiting.pop() {
            if seen.contains(&at) || seen.len() >= MOST_DIRECTORIES {
                continue;
            }
            seen.push(at);
            let Ok(directory) = self.layout.directory(&mut self.tape, at) else {
                self.broken = self.broken.or(Some(at));
                continue;
            };
            if matches!(kind, Kind::Picture(_)) {
                chain = directory.next;
            }
            for entry in directory.entries.iter().rev() {
                let below = match entry.tag {
                    SUB_DIRECTORIES => Kind::Sub,
                    EXIF => Kind::Exif,
                    GPS => Kind::Gps,
                    INTEROP => Kind::Interop,
                    _ => continue,
                };
                for index in (0..entry.count.min(MOST_DIRECTORIES as u64)).rev() {
                    if let Ok(place) = self.layout.value(&mut self.tape, entry, index) {
                        waiting.push((place, below));
                    }
                }
            }
            self.found.push(Ifd { kind, directory });
        }
        chain
    }

    /// The entry of tag `tag` in directory number `ifd` of those found.
    fn entry(&self, ifd: usize, tag: u16) -> Option<Entry> {
        self.found.get(ifd)?.directory.entries.iter().find(|entry| entry.tag == tag).copied()
    }

    /// The first value of a tag, where it is a whole number.
    pub(super) fn number(&mut self, ifd: usize, tag: u16) -> Option<u64> {
        self.number_at(ifd, tag, 0)
    }

    /// Value number `index` of a tag, where it is a whole number.
    pub(super) fn number_at(&mut self, ifd: usize, tag: u16, index: u64) -> Option<u64> {
        let entry = self.entry(ifd, tag).filter(|entry| index < entry.count)?;
        self.layout.value(&mut self.tape, &entry, index).ok()
    }

    /// Number of values of a tag.
    pub(super) fn count(&self, ifd: usize, tag: u16) -> u64 {
        self.entry(ifd, tag).map_or(0, |entry| entry.count)
    }

    /// Where the values of a tag stand, from the start of the TIFF structure on, and their bytes.
    pub(super) fn place(&self, ifd: usize, tag: u16) -> Option<(u64, u64)> {
        let entry = self.entry(ifd, tag)?;
        let length = value::width(entry.kind)?.checked_mul(entry.count)?;
        Some((entry.at, length))
    }

    /// The value of a tag.
    pub(super) fn value(&mut self, ifd: usize, tag: u16) -> Option<Value> {
        let entry = self.entry(ifd, tag)?;
        self.read(&entry)
    }

    fn read(&mut self, entry: &Entry) -> Option<Value> {
        let width = value::width(entry.kind)?;
        let length = width.checked_mul(entry.count).filter(|length| *length <= LONGEST_VALUE)?;
        let bytes = self.tape.bytes(entry.at, usize::try_from(length).ok()?).ok()?;
        Some(Value::new(entry.kind, bytes, self.layout.big_endian()))
    }

    /// The directory of a kind that was found first.
    pub(super) fn first(&self, kind: Kind) -> Option<usize> {
        self.found.iter().position(|ifd| ifd.kind == kind)
    }

    /// Names and values of the picture's own directory and of EXIF, GPS and interoperability; of a name that stands in several,
    /// the first counts.
    pub(super) fn tags(&mut self) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        for number in 0..self.found.len() {
            let Some(ifd) = self.found.get(number) else { break };
            let kind = ifd.kind;
            if !matches!(kind, Kind::Picture(0) | Kind::Exif | Kind::Gps | Kind::Interop) {
                continue;
            }
            let entries = ifd.directory.entries.clone();
            for entry in entries.iter().filter(|entry| !tags::is_structure(entry.tag)) {
                if tags.len() >= MOST_TAGS {
                    return tags;
                }
                if let Some(value) = self.read(entry) {
                    tags.entry(name_of(kind, entry.tag)).or_insert_with(|| value.text(entry.tag));
                }
            }
        }
        tags
    }

    /// Where the picture was taken.
    pub(super) fn gps(&mut self) -> Option<Gps> {
        Gps::read(self)
    }

    /// The thumbnail: where it stands in the TIFF structure, and its bytes.
    pub(super) fn thumbnail(&mut self) -> Option<(u64, u64)> {
        const AT: u16 = 0x0201;
        const LENGTH: u16 = 0x0202;
        let second = self.first(Kind::Picture(1))?;
        Some((self.number(second, AT)?, self.number(second, LENGTH)?)).filter(|(_, length)| *length > 0)
    }
}
