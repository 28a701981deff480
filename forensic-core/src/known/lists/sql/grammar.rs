//! The pieces that statements of SQL are made of.

use super::tokens::{Token, Tokens, Value};
use crate::error::Result;

/// Functions within functions.
const MOST_DEPTH: u32 = 4;

/// A token where another was expected; the statement is passed over.
pub(super) struct Unexpected {
    pub(super) expected: &'static str,
    /// True where the statement's end is the token.
    pub(super) at_end: bool,
    pub(super) found: String,
}

pub(super) type Parsed<T> = Result<Result<T, Unexpected>>;

macro_rules! demand {
    ($parsed:expr) => {
        match $parsed? {
            Ok(value) => value,
            Err(unexpected) => return Ok(Err(unexpected)),
        }
    };
}

pub(super) use demand;

impl Tokens<'_> {
    pub(super) fn name(&mut self) -> Parsed<String> {
        match self.next()? {
            // `main.FILE` is FILE.
            Some(Token::Word(word)) => Ok(Ok(word.strip_prefix("main.").map_or(word.clone(), str::to_owned))),
            Some(Token::Value(Value::Text(text))) => Ok(Ok(String::from_utf8_lossy(&text).into_owned())),
            other => Ok(Err(unexpected("a name", other))),
        }
    }

    pub(super) fn word(&mut self, expected: &'static str) -> Parsed<()> {
        match self.next()? {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case(expected) => Ok(Ok(())),
            other => Ok(Err(unexpected(expected, other))),
        }
    }

    pub(super) fn mark(&mut self, mark: u8, expected: &'static str) -> Parsed<()> {
        match self.next()? {
            Some(Token::Mark(found)) if found == mark => Ok(Ok(())),
            other => Ok(Err(unexpected(expected, other))),
        }
    }

    pub(super) fn value(&mut self) -> Parsed<Value> {
        self.value_within(0)
    }

    /// A value, or how `.dump` writes a text with line breaks: `replace(replace('…', '\r', char(13)), '\n', char(10))`.
    fn value_within(&mut self, depth: u32) -> Parsed<Value> {
        let word = match self.next()? {
            Some(Token::Value(value)) => return Ok(Ok(value)),
            Some(Token::Word(word)) if depth < MOST_DEPTH => word,
            other => return Ok(Err(unexpected("a value", other))),
        };
        let is_replace = word.eq_ignore_ascii_case("replace");
        if !is_replace && !word.eq_ignore_ascii_case("char") {
            return Ok(Err(unexpected("a value", Some(Token::Word(word)))));
        }
        demand!(self.mark(b'(', "( behind a function"));
        let first = demand!(self.value_within(depth.saturating_add(1)));
        if !is_replace {
            demand!(self.mark(b')', ") behind a character"));
            let character = match first {
                Value::Integer(number) => u32::try_from(number).ok().and_then(char::from_u32),
                _ => None,
            };
            return Ok(character
                .map(|c| Value::Text(c.to_string().into_bytes()))
                .ok_or(unexpected("a character", None)));
        }
        demand!(self.mark(b',', ", behind a text"));
        let from = demand!(self.value_within(depth.saturating_add(1)));
        demand!(self.mark(b',', ", behind a text"));
        let to = demand!(self.value_within(depth.saturating_add(1)));
        demand!(self.mark(b')', ") behind a text"));
        let text = |value: Value| match value {
            Value::Text(text) => String::from_utf8(text).ok(),
            _ => None,
        };
        match (text(first), text(from), text(to)) {
            (Some(first), Some(from), Some(to)) if !from.is_empty() && to.len() <= from.len() => {
                Ok(Ok(Value::Text(first.replace(&from, &to).into_bytes())))
            }
            _ => Ok(Err(unexpected("a line break in place of its sign", None))),
        }
    }

    /// Reads up to the end of a row; false where it is that of the statement.
    pub(super) fn pass_over_row(&mut self) -> Result<bool> {
        let mut depth = 0_u32;
        loop {
            match self.next()? {
                Some(Token::Mark(b'(')) => depth = depth.saturating_add(1),
                Some(Token::Mark(b')')) if depth == 0 => return Ok(true),
                Some(Token::Mark(b')')) => depth = depth.saturating_sub(1),
                Some(Token::Mark(b';')) | None => return Ok(false),
                Some(_) => {}
            }
        }
    }

    /// Reads up to the end of the statement.
    pub(super) fn pass_over(&mut self) -> Result<()> {
        while !matches!(self.next()?, None | Some(Token::Mark(b';'))) {}
        Ok(())
    }
}

pub(super) fn unexpected(expected: &'static str, found: Option<Token>) -> Unexpected {
    let at_end = matches!(found, None | Some(Token::Mark(b';')));
    let found = match found {
        None => "the end".to_owned(),
        Some(Token::Mark(mark)) => char::from(mark).to_string(),
        Some(Token::Word(word)) => word.chars().take(40).collect(),
        Some(Token::Value(_)) => "a value".to_owned(),
        Some(Token::Bad) => "what is too long or no token".to_owned(),
    };
    Unexpected { expected, at_end, found }
}
