//! Rows of CSV, each of bounded size. A quote that is never closed costs its own line, not the rest of the list.

use super::super::{
    Sink,
    lines::{LONGEST_LINE, Lines},
    text::lossy,
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
    /// How much of both the row has filled.
    written: usize,
    ended: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(lines: Lines<'a>, separator: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(separator).build();
        // A row of the longest lines, or a field for each byte of one.
        let (output, ends) = (vec![0; LONGEST_LINE as usize], vec![0; 1024]);
        Self { lines, again: VecDeque::new(), reader, output, ends, written: 0, ended: 0 }
    }

    /// The next row, in `row`; false at the end. Lines that are no row are issues.
    pub(super) fn next(&mut self, row: &mut Row, sink: &mut dyn Sink) -> Result<bool> {
        loop {
            let Some(first) = self.next_line(sink)? else { return Ok(false) };
            if first.text.trim().is_empty() {
                continue;
            }
            row.line = first.number;
            self.reader.reset();
            (self.written, self.ended) = (0, 0);
            let mut taken = vec![first];
            while let Some(line) = taken.last() {
                match self.feed(line) {
                    Parsed::Row => {
                        self.give(row);
                        return Ok(true);
                    }
                    Parsed::TooLong => break,
                    Parsed::Open => {}
                }
                match self.next_line(sink)? {
                    Some(line) if taken.len() < MOST_LINES => taken.push(line),
                    Some(line) => {
                        self.again.push_front(line);
                        break;
                    }
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

    /// Parses one more line of a row.
    fn feed(&mut self, line: &Taken) -> Parsed {
        // The end of the line closes the row where no quote is open.
        for (text, is_end) in [(&line.text, false), (&line.end, true)] {
            let mut input = text.as_bytes();
            while !input.is_empty() {
                let output = self.output.get_mut(self.written..).unwrap_or_default();
                let ends = self.ends.get_mut(self.ended..).unwrap_or_default();
                let (result, read, written, ended) = self.reader.read_record(input, output, ends);
                input = input.get(read..).unwrap_or_default();
                self.written = self.written.saturating_add(written);
                self.ended = self.ended.saturating_add(ended);
                match result {
                    ReadRecordResult::InputEmpty => {}
                    ReadRecordResult::Record if is_end => return Parsed::Row,
                    _ => return Parsed::TooLong,
                }
            }
        }
        Parsed::Open
    }

    fn give(&self, row: &mut Row) {
        row.text.clear();
        row.text.push_str(&lossy(self.output.get(..self.written).unwrap_or_default()));
        row.ends.clear();
        row.ends.extend_from_slice(self.ends.get(..self.ended).unwrap_or_default());
    }
}

enum Parsed {
    Row,
    /// A quote is open.
    Open,
    TooLong,
}
