//! Lines of a text, however long they claim to be.

use super::{input::Input, text::lossy};
use crate::error::Result;
use std::{
    borrow::Cow,
    io::{BufRead, Read},
};

/// Longer lines are cut: no digest and path needs more.
pub(super) const LONGEST_LINE: u64 = 256 << 10;

/// A line without its end.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// Its number, the first being 1.
    pub(super) number: u64,
    /// Bytes that are not UTF-8 are U+FFFD.
    pub(super) text: Cow<'a, str>,
    /// Carriage returns before its end: none or one, but in a field of CSV each is content.
    pub(super) returns: usize,
    /// True where it was longer than this reader takes.
    pub(super) cut: bool,
}

/// Reads lines one by one, in constant memory.
pub(super) struct Lines<'a> {
    input: Input<'a>,
    buffer: Vec<u8>,
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        Self { input, buffer: Vec::new(), number: 0 }
    }

    /// The next line; `None` at the end.
    pub(super) fn next_line(&mut self) -> Result<Option<Line<'_>>> {
        self.buffer.clear();
        let reader = &mut self.input.reader;
        let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut self.buffer);
        if read.map_err(|error| self.input.error(error))? == 0 {
            return Ok(None);
        }
        let cut = self.buffer.len() as u64 >= LONGEST_LINE && !self.buffer.ends_with(b"\n");
        if cut {
            self.input.reader.skip_until(b'\n').map_err(|error| self.input.error(error))?;
        }
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        }
        let mut returns = 0_usize;
        while self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
            returns = returns.saturating_add(1);
        }
        self.number = self.number.saturating_add(1);
        Ok(Some(Line { number: self.number, text: lossy(&self.buffer), returns, cut }))
    }
}
