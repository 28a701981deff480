//! Rows of CSV, each of bounded size. A quote that is never closed costs its own line, not the rest of the list.

use super::super::{
    Sink,
    lines::{LONGEST_LINE, Lines},
};
use crate::error::Result;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use std::collections::VecDeque;

/// Lines that one row may go over.
const MOST_LINES: usize = 64;

/// The fields of a row.
#[derive(Default)]
pub(super) struct Row {
    /// The line it begins on, the first being 1.
    pub(super) line: u64,
    text: String,
    /// Where each field ends in the text.
    ends: Vec<usize>,
}

impl Row {
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.text.get(start..*end).unwrap_or_default())
    }
}

/// A line and what ends it, which a field over several lines holds.
struct Taken {
    number: u64,
    text: String,
    end: String,
}

/// Reads rows.
pub(super) struct Rows<'a> {
    lines: Lines<'a>,
    /// Lines that were read for a row that did not end.
    again: VecDeque<Taken>,
    reader: Reader,
    output: Vec<u8>,
    ends: Vec<usize>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(lines: Lines<'a>, separator: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(separator).build();
        // A row of the longest lines, or a field for each byte of one.
        let (output, ends) = (vec![0; LONGEST_LINE as usize], vec![0; 1024]);
        Self { lines, again: VecDeque::new(), reader, output, ends }
    }

    /// The next row, in `row`; false at the end. Lines that are no row are issues.
    pub(super) fn next(&mut self, row: &mut Row, sink: &mut dyn Sink) -> Result<bool> {
        loop {
            let Some(first) = self.next_line(sink)? else { return Ok(false) };
            if first.text.trim().is_empty() {
                continue;
            }
            row.line = first.number;
            let mut taken = vec![first];
            while taken.len() <= MOST_LINES {
                self.reader.reset();
                match self.parse(&taken, row) {
                    Parsed::Row => return Ok(true),
                    Parsed::TooLong => break,
                    Parsed::Open => {}
                }
                match self.next_line(sink)? {
                    Some(line) => taken.push(line),
                    None => break,
                }
            }
            sink.issue(row.line, "a quote that is not closed, or a row that is too long".to_owned());
            for line in taken.drain(1..).rev() {
                self.again.push_front(line);
            }
        }
    }

    fn next_line(&mut self, sink: &mut dyn Sink) -> Result<Option<Taken>> {
        if let Some(line) = self.again.pop_front() {
            return Ok(Some(line));
        }
        while let Some(line) = self.lines.next_line()? {
            if !line.cut {
                let end = "\r".repeat(line.returns) + "\n";
                return Ok(Some(Taken { number: line.number, text: line.text.into_owned(), end }));
            }
            sink.issue(line.number, "the line is too long".to_owned());
        }
        Ok(None)
    }

    fn parse(&mut self, lines: &[Taken], row: &mut Row) -> Parsed {
        let (mut written, mut ended) = (0_usize, 0_usize);
        let last = lines.len().saturating_sub(1);
        for (number, line) in lines.iter().enumerate() {
            let mut input = line.text.as_bytes();
            // The end of the line closes the row where no quote is open.
            let mut end = line.end.as_bytes();
            loop {
                let output = self.output.get_mut(written..).unwrap_or_default();
                let ends = self.ends.get_mut(ended..).unwrap_or_default();
                let feed = if input.is_empty() { std::mem::take(&mut end) } else { input };
                if feed.is_empty() {
                    break;
                }
                let fed_end = input.is_empty();
                let (result, read, wrote, fields) = self.reader.read_record(feed, output, ends);
                input = input.get(read..).unwrap_or_default();
                written = written.saturating_add(wrote);
                ended = ended.saturating_add(fields);
                match result {
                    ReadRecordResult::InputEmpty => {}
                    ReadRecordResult::Record if fed_end && number == last => {
                        let text = self.output.get(..written).unwrap_or_default();
                        row.text.clear();
                        row.text.push_str(&String::from_utf8_lossy(text));
                        row.ends.clear();
                        row.ends.extend_from_slice(self.ends.get(..ended).unwrap_or_default());
                        return Parsed::Row;
                    }
                    _ => return Parsed::TooLong,
                }
            }
        }
        Parsed::Open
    }
}

enum Parsed {
    Row,
    /// A quote is open.
    Open,
    TooLong,
}
