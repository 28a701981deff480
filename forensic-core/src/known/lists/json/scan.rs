//! JSON cut into its values without being held: what a value is is found by its quotes and brackets alone, so that a
//! damaged element of a list costs itself only.
//!
//! RFC 8259. A string ends at a line break as well, which it may not hold: a lost quote then costs one line.

use super::super::input::Input;
use crate::error::{Error, Result};
use std::io::BufRead;

/// Reads the structure of one document from its beginning.
pub(super) struct Scanner<'a> {
    input: Input<'a>,
    /// Position of the next byte.
    at: u64,
}

/// What the document ends in instead of what is looked for.
pub(super) enum Stop {
    /// The document ends here.
    Cut,
    /// The sink, the system or a limit.
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

type Scan<T> = Result<T, Stop>;

impl<'a> Scanner<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        Self { at: input.start, input }
    }

    /// Position of the next byte.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    fn chunk(&mut self) -> Scan<&[u8]> {
        let Self { input, .. } = self;
        match input.reader.fill_buf() {
            Ok([]) => Err(Stop::Cut),
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(Error::io(&input.path, error).into()),
        }
    }

    fn advance(&mut self, count: usize) {
        self.input.reader.consume(count);
        self.at = self.at.saturating_add(count as u64);
    }

    /// The next byte that is no white space, which stays unread.
    pub(super) fn peek(&mut self) -> Scan<u8> {
        loop {
            let chunk = self.chunk()?;
            let blank = chunk.iter().position(|byte| !byte.is_ascii_whitespace());
            match blank {
                Some(count) => {
                    let byte = chunk.get(count).copied();
                    self.advance(count);
                    return byte.ok_or(Stop::Cut);
                }
                None => {
                    let count = chunk.len();
                    self.advance(count);
                }
            }
        }
    }

    /// Takes the next byte that is no white space where it is `wanted`.
    pub(super) fn take(&mut self, wanted: u8) -> Scan<bool> {
        let found = self.peek()? == wanted;
        if found {
            self.advance(1);
        }
        Ok(found)
    }

    /// Takes one byte, whatever it is.
    pub(super) fn skip(&mut self) {
        self.advance(1);
    }

    /// Appends the text of a value to `value`, up to `budget` bytes; what comes then is `structure` over its limit.
    pub(super) fn value(&mut self, value: &mut Vec<u8>, budget: usize, structure: &'static str) -> Scan<()> {
        let start = self.at;
        match self.peek()? {
            b'"' => {
                let mut state = State { in_string: true, ..State::default() };
                value.push(b'"');
                self.advance(1);
                self.copy(value, budget, start, structure, |bytes| state.end_of_string(bytes))
            }
            b'{' | b'[' => {
                let mut state = State::default();
                self.copy(value, budget, start, structure, |bytes| state.end_of_nest(bytes))
            }
            // What stands in a place that no value can stand in is left where it is.
            b',' | b'}' | b']' | b':' => Ok(()),
            _ => self.copy(value, budget, start, structure, |bytes| {
                let end = |byte: &u8| {
                    matches!(byte, b',' | b'}' | b']' | b':' | b'"' | b'{' | b'[') || byte.is_ascii_whitespace()
                };
                bytes.iter().position(end)
            }),
        }
    }

    /// Passes over all up to an object whose first key is `key`, wherever strings seem to begin and end; the key is taken.
    /// Gives the position of the object.
    pub(super) fn seek_object(&mut self, key: &[u8]) -> Scan<u64> {
        let mut start = self.at;
        // Bytes of the key that are seen behind a bracket.
        let mut seen: Option<usize> = None;
        loop {
            let byte = *self.chunk()?.first().ok_or(Stop::Cut)?;
            seen = match seen {
                Some(count) if key.get(count) == Some(&byte) => count.checked_add(1),
                Some(0) if byte.is_ascii_whitespace() => Some(0),
                _ if byte == b'{' => {
                    start = self.at;
                    Some(0)
                }
                _ => None,
            };
            self.advance(1);
            if seen == Some(key.len()) {
                return Ok(start);
            }
        }
    }

    /// Copies bytes until `end` finds the number of bytes of a chunk that still belong to it.
    fn copy(
        &mut self,
        value: &mut Vec<u8>,
        budget: usize,
        offset: u64,
        structure: &'static str,
        mut end: impl FnMut(&[u8]) -> Option<usize>,
    ) -> Scan<()> {
        loop {
            let chunk = self.chunk()?;
            let found = end(chunk);
            let count = found.unwrap_or(chunk.len());
            let bytes = chunk.get(..count).unwrap_or_default();
            if value.len().saturating_add(count) > budget {
                let (found, limit) = (value.len().saturating_add(count) as u64, budget as u64);
                return Err(Error::Limit { structure, offset, found, limit, unit: "bytes" }.into());
            }
            value.extend_from_slice(bytes);
            self.advance(count);
            if found.is_some() {
                return Ok(());
            }
        }
    }
}

#[derive(Default)]
struct State {
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl State {
    /// The number of bytes up to the end of the string, its quote included.
    fn end_of_string(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0_usize;
        while let Some(rest) = bytes.get(at..) {
            if std::mem::take(&mut self.escaped) {
                at = at.saturating_add(1);
                if rest.is_empty() {
                    self.escaped = true;
                    return None;
                }
                continue;
            }
            let found = memchr::memchr3(b'"', b'\\', b'\n', rest)?;
            at = at.saturating_add(found).saturating_add(1);
            if rest.get(found) == Some(&b'\\') {
                self.escaped = true;
            } else {
                self.in_string = false;
                return Some(at);
            }
        }
        None
    }

    /// The number of bytes up to the bracket that closes the first.
    fn end_of_nest(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0_usize;
        loop {
            if self.in_string {
                at = at.saturating_add(self.end_of_string(bytes.get(at..)?)?);
            }
            let rest = bytes.get(at..)?;
            let found = rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']'))?;
            at = at.saturating_add(found).saturating_add(1);
            match rest.get(found)? {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                _ => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
            }
        }
    }
}
