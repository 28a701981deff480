//! The walk over all directories of a file, and what they say of its pictures.

use super::{
    directory::{Directory, Entry, Layout},
    kind,
};
use crate::carve::{Break, Cause, Tape};
use std::collections::{HashSet, VecDeque};

/// Entries of all directories that are read.
const MOST_ENTRIES: usize = 1 << 20;
/// Bytes of a file beyond which no offset is believed: no source is as long.
const LONGEST: u64 = 1 << 48;

/// Tags that matter to the extent of a file.
mod tag {
    pub(super) const WIDTH: u16 = 256;
    pub(super) const HEIGHT: u16 = 257;
    pub(super) const BITS: u16 = 258;
    pub(super) const COMPRESSION: u16 = 259;
    pub(super) const MAKE: u16 = 271;
    pub(super) const STRIP_OFFSETS: u16 = 273;
    pub(super) const SAMPLES: u16 = 277;
    pub(super) const ROWS_PER_STRIP: u16 = 278;
    pub(super) const STRIP_COUNTS: u16 = 279;
    pub(super) const PLANAR: u16 = 284;
    pub(super) const FREE_OFFSETS: u16 = 288;
    pub(super) const FREE_COUNTS: u16 = 289;
    pub(super) const FILL_ORDER: u16 = 266;
    pub(super) const TILE_WIDTH: u16 = 322;
    pub(super) const TILE_HEIGHT: u16 = 323;
    pub(super) const TILE_OFFSETS: u16 = 324;
    pub(super) const TILE_COUNTS: u16 = 325;
    pub(super) const SUB_DIRECTORIES: u16 = 330;
    pub(super) const JPEG_OFFSET: u16 = 513;
    pub(super) const JPEG_LENGTH: u16 = 514;
    pub(super) const JPEG_QUANTIZATION: u16 = 519;
    pub(super) const JPEG_DC: u16 = 520;
    pub(super) const JPEG_AC: u16 = 521;
    pub(super) const EXIF: u16 = 34665;
    pub(super) const GPS: u16 = 34853;
    pub(super) const INTEROPERABILITY: u16 = 40965;
    pub(super) const GLOBAL_PARAMETERS: u16 = 400;
    pub(super) const DNG_VERSION: u16 = 50706;
}

/// A picture of the file: how its strips or tiles are coded, and where they lie.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture {
    pub(super) compression: u64,
    /// Bytes of a whole strip or tile before it was compressed; 0 where not known.
    pub(super) strip_size: u64,
    /// Bytes of all its pixels.
    pub(super) size: u64,
    /// Bytes of a row.
    pub(super) row: u64,
    pub(super) bits_reversed: bool,
    pub(super) tiled: bool,
    /// Offset and length.
    pub(super) strips: Vec<(u64, u64)>,
}

pub(super) struct Walk<'a> {
    pub(super) tape: &'a mut Tape,
    layout: Layout,
    pub(super) magic: [u8; 4],
    pub(super) first_directory: u64,
    /// The farthest end seen.
    pub(super) end: u64,
    pub(super) pictures: Vec<Picture>,
    pub(super) make: Vec<u8>,
    pub(super) is_dng: bool,
    entries: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(tape: &'a mut Tape) -> Result<Self, Break> {
        let (layout, magic, first_directory) = Layout::read(tape)?;
        if first_directory < 8 {
            return Err(Break::wrong(4, "place of the first directory"));
        }
        let (pictures, make) = Default::default();
        Ok(Self { tape, layout, magic, first_directory, end: 8, pictures, make, is_dng: false, entries: 0 })
    }

    pub(super) fn is_picture(&self) -> bool {
        self.pictures.iter().any(|picture| !picture.strips.is_empty())
    }

    pub(super) fn kind(&mut self) -> &'static str {
        kind::of(self)
    }

    /// Walks all directories.
    ///
    /// # Errors
    /// What is wrong with the first directory, or with a later one of the chain. A private directory that is none is passed over.
    pub(super) fn directories(&mut self) -> Result<(), Break> {
        let mut queue = VecDeque::from([(self.first_directory, true)]);
        let mut seen = HashSet::new();
        while let Some((at, in_chain)) = queue.pop_front() {
            if !seen.insert(at) || self.entries > MOST_ENTRIES {
                continue;
            }
            let directory = match self.layout.directory(self.tape, at) {
                Ok(directory) => directory,
                Err(Break { cause: Cause::End, .. }) => {
                    self.reach(at.saturating_add(2));
                    return Err(Break { at: self.tape.len(), cause: Cause::End });
                }
                Err(broken) if in_chain => return Err(broken),
                Err(_) => continue,
            };
            self.entries = self.entries.saturating_add(directory.entries.len());
            self.reach(directory.end);
            self.directory(&directory, &mut queue);
            if directory.next != 0 && in_chain {
                queue.push_back((directory.next, true));
            }
        }
        Ok(())
    }

    fn reach(&mut self, end: u64) {
        if end < LONGEST {
            self.end = self.end.max(end);
        }
    }

    fn directory(&mut self, directory: &Directory, queue: &mut VecDeque<(u64, bool)>) {
        for entry in &directory.entries {
            if entry.outside > 0 {
                self.reach(entry.at.saturating_add(entry.outside));
            }
            match entry.tag {
                tag::SUB_DIRECTORIES | tag::EXIF | tag::GPS | tag::INTEROPERABILITY | tag::GLOBAL_PARAMETERS => {
                    queue.extend(self.values(entry).into_iter().filter(|at| *at >= 8).map(|at| (at, false)));
                }
                _ if matches!(entry.kind, 13 | 18) => {
                    queue.extend(self.values(entry).into_iter().filter(|at| *at >= 8).map(|at| (at, false)));
                }
                tag::MAKE if self.make.is_empty() => {
                    let length = usize::try_from(entry.count.min(32)).unwrap_or(0);
                    self.make = self.tape.bytes(entry.at, length).map(<[u8]>::to_vec).unwrap_or_default();
                }
                tag::DNG_VERSION => self.is_dng = true,
                _ => {}
            }
        }
        let find = |tag: u16| directory.entries.iter().find(|entry| entry.tag == tag).copied();
        self.picture(&find);
        self.pairs(find(tag::JPEG_OFFSET), find(tag::JPEG_LENGTH));
        self.pairs(find(tag::FREE_OFFSETS), find(tag::FREE_COUNTS));
        for tables in [tag::JPEG_QUANTIZATION, tag::JPEG_DC, tag::JPEG_AC] {
            for at in find(tables).map(|entry| self.values(&entry)).unwrap_or_default() {
                self.jpeg_table(at, tables == tag::JPEG_QUANTIZATION);
            }
        }
    }

    fn picture(&mut self, find: &dyn Fn(u16) -> Option<Entry>) {
        let tiled = find(tag::TILE_OFFSETS).is_some();
        let (offsets, counts) = if tiled {
            (find(tag::TILE_OFFSETS), find(tag::TILE_COUNTS))
        } else {
            (find(tag::STRIP_OFFSETS), find(tag::STRIP_COUNTS))
        };
        let mut number = |tag: u16, default: u64| {
            find(tag).and_then(|entry| self.layout.value(self.tape, &entry, 0).ok()).unwrap_or(default)
        };
        let (width, height) = (number(tag::WIDTH, 0), number(tag::HEIGHT, 0));
        let (samples, bits) = (number(tag::SAMPLES, 1), number(tag::BITS, 1));
        let planes = if number(tag::PLANAR, 1) == 2 { samples } else { 1 };
        let in_row = if planes == 1 { samples } else { 1 };
        let row_of = |width: u64| width.saturating_mul(bits).saturating_mul(in_row).div_ceil(8);
        let strip_size = if tiled {
            row_of(number(tag::TILE_WIDTH, 0)).saturating_mul(number(tag::TILE_HEIGHT, 0))
        } else {
            row_of(width).saturating_mul(number(tag::ROWS_PER_STRIP, height).min(height))
        };
        let mut picture = Picture {
            compression: number(tag::COMPRESSION, 1),
            strip_size,
            row: row_of(if tiled { number(tag::TILE_WIDTH, 0) } else { width }),
            size: row_of(width).saturating_mul(height).saturating_mul(planes),
            tiled,
            bits_reversed: number(tag::FILL_ORDER, 1) == 2,
            strips: Vec::new(),
        };
        let Some(offsets) = offsets else { return };
        let starts = self.values(&offsets);
        let mut lengths = counts.map(|counts| self.values(&counts)).unwrap_or_default();
        if lengths.is_empty() && picture.compression == 1 {
            lengths = self.plain_lengths(&picture, starts.len());
        }
        picture.strips = starts.into_iter().zip(lengths).filter(|(at, length)| *at >= 8 && *length > 0).collect();
        for (at, length) in &picture.strips {
            self.end = self.end.max(at.saturating_add(*length).min(LONGEST));
        }
        if width > 0 && height > 0 {
            self.pictures.push(picture);
        }
    }

    /// Lengths of uncompressed strips whose directory does not tell them.
    fn plain_lengths(&self, picture: &Picture, count: usize) -> Vec<u64> {
        let mut rest = picture.size;
        let mut lengths = Vec::new();
        for _ in 0..count {
            let length = rest.min(picture.strip_size);
            rest = rest.saturating_sub(length);
            lengths.push(length);
        }
        lengths
    }

    /// Ranges that two entries tell of: where they begin, and how long they are.
    fn pairs(&mut self, offsets: Option<Entry>, lengths: Option<Entry>) {
        let (Some(offsets), Some(lengths)) = (offsets, lengths) else { return };
        for (at, length) in self.values(&offsets).into_iter().zip(self.values(&lengths)) {
            if at >= 8 && length > 0 {
                self.reach(at.saturating_add(length));
            }
        }
    }

    /// A quantization table, or one of Huffman codes: the number of codes of each length, then their values.
    fn jpeg_table(&mut self, at: u64, is_quantization: bool) {
        let length = if is_quantization {
            64
        } else {
            let Ok(counts) = self.tape.bytes(at, 16) else { return };
            counts.iter().map(|count| u64::from(*count)).sum::<u64>().saturating_add(16)
        };
        if at >= 8 {
            self.reach(at.saturating_add(length));
        }
    }

    /// The values of an entry, as many as the source has.
    fn values(&mut self, entry: &Entry) -> Vec<u64> {
        if entry.at.saturating_add(entry.outside) > self.tape.len() {
            return Vec::new();
        }
        let mut values = Vec::new();
        for index in 0..entry.count {
            match self.layout.value(self.tape, entry, index) {
                Ok(value) => values.push(value),
                Err(_) => break,
            }
        }
        values
    }
}
