//! Lines of a text file, however it is encoded and however long they claim to be.

use crate::error::{Error, Result};
use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// Longer lines are cut: no digest and path needs more.
const LONGEST_LINE: u64 = 256 << 10;

/// A line without its end.
#[derive(Debug)]
pub(super) struct Line {
    /// Its number, the first being 1.
    pub(super) number: u64,
    /// Bytes that are not UTF-8 are U+FFFD.
    pub(super) text: String,
    /// True where it was longer than this reader takes.
    pub(super) cut: bool,
}

/// Reads lines one by one, in constant memory. A byte-order mark is dropped; UTF-16 (what PowerShell redirects to) is
/// read too.
pub(super) struct Lines<R> {
    path: PathBuf,
    reader: BufReader<R>,
    wide: Option<Endian>,
    number: u64,
    unread: VecDeque<Line>,
}

#[derive(Clone, Copy)]
enum Endian {
    Little,
    Big,
}

impl<R: Read> Lines<R> {
    /// Reads `list`, which errors call by `path`.
    pub(super) fn new(path: PathBuf, list: R) -> Result<Self> {
        let mut reader = BufReader::with_capacity(256 << 10, list);
        let head = reader.fill_buf().map_err(|error| Error::io(&path, error))?;
        let (mark, wide) = match head {
            [0xef, 0xbb, 0xbf, ..] => (3, None),
            [0xff, 0xfe, ..] => (2, Some(Endian::Little)),
            [0xfe, 0xff, ..] => (2, Some(Endian::Big)),
            _ => (0, None),
        };
        reader.consume(mark);
        Ok(Self { path, reader, wide, number: 0, unread: VecDeque::new() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts lines back, to be read again.
    pub(super) fn unread(&mut self, lines: Vec<Line>) {
        for line in lines.into_iter().rev() {
            self.unread.push_front(line);
        }
    }

    /// The next line; `None` at the end.
    pub(super) fn next_line(&mut self) -> Result<Option<Line>> {
        if let Some(line) = self.unread.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        let Some(cut) = self.read_line(&mut bytes).map_err(|error| Error::io(&self.path, error))? else {
            return Ok(None);
        };
        let mut text = match self.wide {
            None => String::from_utf8_lossy(&bytes).into_owned(),
            Some(endian) => {
                let unit = |pair: &[u8]| match (endian, pair) {
                    (Endian::Little, &[a, b]) => u16::from_le_bytes([a, b]),
                    (Endian::Big, &[a, b]) => u16::from_be_bytes([a, b]),
                    _ => 0xfffd,
                };
                char::decode_utf16(bytes.chunks(2).map(unit)).map(|c| c.unwrap_or('\u{fffd}')).collect()
            }
        };
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
        self.number = self.number.saturating_add(1);
        Ok(Some(Line { number: self.number, text, cut }))
    }

    /// Reads to the end of the line; `None` at the end of the file, otherwise whether the line was cut.
    fn read_line(&mut self, bytes: &mut Vec<u8>) -> std::io::Result<Option<bool>> {
        loop {
            let room = LONGEST_LINE.saturating_sub(bytes.len() as u64);
            if self.reader.by_ref().take(room).read_until(b'\n', bytes)? == 0 {
                break;
            }
            match self.wide {
                None => {}
                // The line feed is a unit of two bytes: the second is still to come, or the first is missing.
                Some(Endian::Little) if bytes.ends_with(b"\n") => {
                    self.reader.by_ref().take(1).read_to_end(bytes)?;
                    if !(bytes.len().is_multiple_of(2) && bytes.ends_with(b"\n\0")) {
                        continue;
                    }
                }
                Some(Endian::Big) if !(bytes.len().is_multiple_of(2) && bytes.ends_with(b"\0\n")) => continue,
                Some(_) => {}
            }
            break;
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let cut = bytes.len() as u64 >= LONGEST_LINE && !bytes.ends_with(b"\n");
        if cut {
            self.reader.skip_until(b'\n')?;
        }
        Ok(Some(cut))
    }
}
