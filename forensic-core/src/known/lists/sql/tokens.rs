//! The words of SQL text, as SQLite reads them: quotes doubled within quotes, line breaks within texts, comments.

use super::super::{input::Input, text::lossy};
use crate::error::{Error, Result};
use rusqlite::types::ValueRef;
use std::io::BufRead;

/// Bytes of one token.
const MOST: usize = 1 << 20;

/// A value of SQL.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl Value {
    pub(super) fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }
}

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A word, or a name in any quotes but `'`.
    Word(String),
    Value(Value),
    /// `(`, `)`, `,`, `;`, `=`, …
    Mark(u8),
    /// More than [`MOST`] bytes, or bytes that are none.
    Bad,
}

/// Reads tokens one by one.
pub(super) struct Tokens<'a> {
    input: Input<'a>,
    line: u64,
    text: Vec<u8>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        Self { input, line: 1, text: Vec::new() }
    }

    /// The line the last token ends on, the first being 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        let Input { reader, path, .. } = &mut self.input;
        let bytes = reader.fill_buf().map_err(|error| Error::io(&*path, error))?;
        Ok(bytes.first().copied())
    }

    fn skip(&mut self, byte: u8) {
        self.line = self.line.saturating_add(u64::from(byte == b'\n'));
        self.input.reader.consume(1);
    }

    /// Appends bytes up to one that `ends`, which stays unread; those over the bound are dropped.
    fn copy_until(&mut self, ends: impl Fn(u8) -> bool) -> Result<()> {
        loop {
            let Input { reader, path, .. } = &mut self.input;
            let bytes = reader.fill_buf().map_err(|error| Error::io(&*path, error))?;
            let count = bytes.iter().position(|byte| ends(*byte)).unwrap_or(bytes.len());
            let (taken, rest) = bytes.split_at_checked(count).unwrap_or((bytes, &[]));
            let is_end = !rest.is_empty() || bytes.is_empty();
            let room = MOST.saturating_add(1).saturating_sub(self.text.len());
            self.text.extend_from_slice(taken.get(..room).unwrap_or(taken));
            self.line = self.line.saturating_add(memchr::memchr_iter(b'\n', taken).count() as u64);
            reader.consume(count);
            if is_end {
                return Ok(());
            }
        }
    }

    /// The next token; `None` at the end of the text.
    pub(super) fn next(&mut self) -> Result<Option<Token>> {
        loop {
            let Some(byte) = self.peek()? else { return Ok(None) };
            self.text.clear();
            return Ok(Some(match byte {
                byte if byte.is_ascii_whitespace() => {
                    self.skip(byte);
                    continue;
                }
                b'-' => {
                    self.skip(byte);
                    match self.peek()? {
                        Some(b'-') => {
                            self.copy_until(|byte| byte == b'\n')?;
                            continue;
                        }
                        Some(b'0'..=b'9' | b'.') => {
                            self.text.push(b'-');
                            self.copy_until(is_no_word)?;
                            self.number()
                        }
                        _ => Token::Mark(b'-'),
                    }
                }
                b'/' => {
                    self.skip(byte);
                    if self.peek()? == Some(b'*') {
                        self.comment()?;
                        continue;
                    }
                    Token::Mark(b'/')
                }
                b'\'' => self.quoted(b'\'', b'\'')?.map_or(Token::Bad, |text| Token::Value(Value::Text(text))),
                b'"' | b'`' => self.quoted(byte, byte)?.map_or(Token::Bad, word),
                b'[' => self.quoted(b'[', b']')?.map_or(Token::Bad, word),
                b'0'..=b'9' => {
                    self.copy_until(is_no_word)?;
                    self.number()
                }
                byte if !is_no_word(byte) => {
                    self.copy_until(is_no_word)?;
                    if self.text.eq_ignore_ascii_case(b"x") && self.peek()? == Some(b'\'') {
                        let digits = self.quoted(b'\'', b'\'')?.unwrap_or_default();
                        let bytes = crate::hash::hex::decode(&digits);
                        return Ok(Some(bytes.map_or(Token::Bad, |bytes| Token::Value(Value::Blob(bytes)))));
                    }
                    match self.text.len() > MOST {
                        true => Token::Bad,
                        false if self.text.eq_ignore_ascii_case(b"null") => Token::Value(Value::Null),
                        false => word(std::mem::take(&mut self.text)),
                    }
                }
                mark => {
                    self.skip(mark);
                    Token::Mark(mark)
                }
            }));
        }
    }

    fn number(&self) -> Token {
        let text = std::str::from_utf8(&self.text).unwrap_or_default();
        match (text.parse(), text.parse()) {
            (Ok(number), _) => Token::Value(Value::Integer(number)),
            (Err(_), Ok(number)) => Token::Value(Value::Real(number)),
            _ => Token::Bad,
        }
    }

    fn comment(&mut self) -> Result<()> {
        loop {
            self.copy_until(|byte| byte == b'*')?;
            self.text.clear();
            self.skip(b'*');
            match self.peek()? {
                Some(b'/') => {
                    self.skip(b'/');
                    return Ok(());
                }
                None => return Ok(()),
                Some(_) => {}
            }
        }
    }

    /// What stands in quotes; `None` where it is too long or does not end.
    fn quoted(&mut self, open: u8, close: u8) -> Result<Option<Vec<u8>>> {
        self.text.clear();
        self.skip(open);
        loop {
            self.copy_until(|byte| byte == close)?;
            if self.peek()?.is_none() {
                return Ok(None);
            }
            self.skip(close);
            if open != close || self.peek()? != Some(close) {
                break;
            }
            self.text.push(close);
            self.skip(close);
        }
        let text = std::mem::take(&mut self.text);
        Ok((text.len() <= MOST).then_some(text))
    }
}

/// True for bytes that end a word or a number; a point is part of a number.
fn is_no_word(byte: u8) -> bool {
    !(byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte == b'.' || byte >= 0x80)
}

fn word(text: Vec<u8>) -> Token {
    Token::Word(lossy(&text).into_owned())
}
