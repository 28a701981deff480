//! The statements that NSRL writes, as steps.

use super::tokens::{Token, Tokens, Value};
use crate::error::Result;

/// Columns or values of one statement.
const MOST: usize = 256;

/// Functions within functions.
const MOST_DEPTH: u32 = 4;

/// Tables whose columns are remembered.
const MOST_TABLES: usize = 1000;

/// What a statement, or one row of it, does.
pub(super) enum Step<'s> {
    Insert {
        table: &'s str,
        columns: &'s [String],
        values: &'s [Value],
    },
    /// The row whose columns have these values.
    Delete {
        table: &'s str,
        columns: &'s [String],
        values: &'s [Value],
    },
    /// The same, and what is set in it.
    Update {
        table: &'s str,
        columns: &'s [String],
        values: &'s [Value],
        set: &'s [(String, Value)],
    },
    Issue(String),
}

/// Reads steps one by one.
pub(super) struct Statements<'a> {
    tokens: Tokens<'a>,
    table: String,
    columns: Vec<String>,
    values: Vec<Value>,
    set: Vec<(String, Value)>,
    /// True between the rows of an INSERT.
    in_values: bool,
    /// Columns of tables that the text itself creates.
    created: Vec<(String, Vec<String>)>,
}

/// A token where another was expected; the statement is passed over.
struct Unexpected {
    expected: &'static str,
    /// True where the statement's end is the token.
    at_end: bool,
    found: String,
}

type Parsed<T> = Result<Result<T, Unexpected>>;

macro_rules! expect {
    ($parsed:expr) => {
        match $parsed? {
            Ok(value) => value,
            Err(unexpected) => return Ok(Err(unexpected)),
        }
    };
}

impl<'a> Statements<'a> {
    pub(super) fn new(tokens: Tokens<'a>) -> Self {
        Self {
            tokens,
            table: String::new(),
            columns: Vec::new(),
            values: Vec::new(),
            set: Vec::new(),
            in_values: false,
            created: Vec::new(),
        }
    }

    /// The next step and the line it ends on; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Step<'_>)>> {
        loop {
            let parsed = match self.in_values {
                true => self.row()?,
                false => match self.tokens.next()? {
                    None => return Ok(None),
                    Some(Token::Mark(b';')) => continue,
                    Some(Token::Word(word)) => self.statement(&word)?,
                    Some(other) => Err(unexpected("a statement", Some(other))),
                },
            };
            let line = self.tokens.line();
            let kind = match parsed {
                Ok(Kind::Nothing) => continue,
                Ok(kind) => kind,
                Err(Unexpected { expected, at_end, found }) => {
                    // The rows behind a bad one are read.
                    if !at_end && !self.in_values {
                        self.pass_over()?;
                    }
                    self.in_values = self.in_values && !at_end && self.pass_over_row()?;
                    return Ok(Some((line, Step::Issue(format!("expected {expected}, found {found}")))));
                }
            };
            let (table, columns, values) = (self.table.as_str(), self.columns.as_slice(), self.values.as_slice());
            let step = match kind {
                Kind::Delete => Step::Delete { table, columns, values },
                Kind::Update => Step::Update { table, columns, values, set: &self.set },
                Kind::Unequal(columns, values) => {
                    Step::Issue(format!("expected {columns} values, one for each column, found {values}"))
                }
                Kind::Passed(word) => Step::Issue(format!("the statement {word} is passed over")),
                Kind::Nothing | Kind::Insert => Step::Insert { table, columns, values },
            };
            return Ok(Some((line, step)));
        }
    }

    fn statement(&mut self, word: &str) -> Parsed<Kind> {
        match word.to_ascii_uppercase().as_str() {
            "INSERT" | "REPLACE" => self.insert(),
            "DELETE" => {
                expect!(self.word("FROM"));
                self.table = expect!(self.name());
                expect!(self.word("WHERE"));
                expect!(self.condition());
                Ok(Ok(Kind::Delete))
            }
            "UPDATE" => self.update(),
            "CREATE" => self.create(),
            // How the text is run, not what it says.
            "BEGIN" | "COMMIT" | "END" | "PRAGMA" | "ANALYZE" | "VACUUM" | "ATTACH" | "DETACH" | "SAVEPOINT"
            | "RELEASE" => {
                self.pass_over()?;
                Ok(Ok(Kind::Nothing))
            }
            other => {
                let other: String = other.chars().take(40).collect();
                self.pass_over()?;
                Ok(Ok(Kind::Passed(other)))
            }
        }
    }

    fn insert(&mut self) -> Parsed<Kind> {
        // INSERT OR IGNORE INTO, INSERT INTO, REPLACE INTO
        for _ in 0..4 {
            match self.tokens.next()? {
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("INTO") => break,
                Some(Token::Word(_)) => {}
                other => return Ok(Err(unexpected("INTO", other))),
            }
        }
        self.table = expect!(self.name());
        self.columns.clear();
        match self.tokens.next()? {
            Some(Token::Mark(b'(')) => {
                loop {
                    let column = expect!(self.name());
                    if self.columns.len() >= MOST {
                        return Ok(Err(unexpected("fewer columns", None)));
                    }
                    self.columns.push(column);
                    match self.tokens.next()? {
                        Some(Token::Mark(b',')) => {}
                        Some(Token::Mark(b')')) => break,
                        other => return Ok(Err(unexpected(", or ) behind a column", other))),
                    }
                }
                expect!(self.word("VALUES"));
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("VALUES") => {}
            other => return Ok(Err(unexpected("columns or VALUES", other))),
        }
        self.in_values = true;
        Ok(Ok(Kind::Nothing))
    }

    /// One row of values, or the end of the statement.
    fn row(&mut self) -> Parsed<Kind> {
        match self.tokens.next()? {
            Some(Token::Mark(b'(')) => {}
            Some(Token::Mark(b',')) => return Ok(Ok(Kind::Nothing)),
            Some(Token::Mark(b';')) => {
                self.in_values = false;
                return Ok(Ok(Kind::Nothing));
            }
            None => {
                self.in_values = false;
                return Ok(Err(unexpected("; at the end of INSERT", None)));
            }
            other => return Ok(Err(unexpected("( before a row", other))),
        }
        self.values.clear();
        loop {
            let value = expect!(self.value());
            if self.values.len() >= MOST {
                return Ok(Err(unexpected("fewer values", None)));
            }
            self.values.push(value);
            match self.tokens.next()? {
                Some(Token::Mark(b',')) => {}
                Some(Token::Mark(b')')) => break,
                other => return Ok(Err(unexpected(", or ) behind a value", other))),
            }
        }
        if self.columns.is_empty() {
            self.columns = self.columns_of(self.values.len());
        }
        if self.columns.len() != self.values.len() {
            return Ok(Ok(Kind::Unequal(self.columns.len(), self.values.len())));
        }
        Ok(Ok(Kind::Insert))
    }

    /// The columns of a table that an INSERT does not name.
    fn columns_of(&self, count: usize) -> Vec<String> {
        let created = self.created.iter().rev().find(|(table, _)| table.eq_ignore_ascii_case(&self.table));
        let known: &[&str] = match (self.table.to_ascii_uppercase().as_str(), count) {
            _ if created.is_some() => return created.map(|(_, columns)| columns.clone()).unwrap_or_default(),
            ("FILE", 7) => &["sha256", "sha1", "md5", "crc32", "file_name", "file_size", "package_id"],
            ("FILE", 6) => &["sha256", "sha1", "md5", "file_name", "file_size", "package_id"],
            ("MFG", 2) => &["manufacturer_id", "name"],
            ("OS", 4) => &["operating_system_id", "name", "version", "manufacturer_id"],
            ("PKG", 7) => &[
                "package_id",
                "name",
                "version",
                "operating_system_id",
                "manufacturer_id",
                "language",
                "application_type",
            ],
            ("VERSION", 5) => &["version", "build_set", "build_date", "release_date", "description"],
            ("FILE" | "METADATA", _) => return Vec::new(),
            _ => return (1..=count).map(|number| format!("column {number}")).collect(),
        };
        known.iter().map(|name| (*name).to_owned()).collect()
    }

    fn update(&mut self) -> Parsed<Kind> {
        self.table = expect!(self.name());
        expect!(self.word("SET"));
        self.set.clear();
        loop {
            let column = expect!(self.name());
            expect!(self.mark(b'=', "= in SET"));
            let value = expect!(self.value());
            if self.set.len() >= MOST {
                return Ok(Err(unexpected("fewer columns", None)));
            }
            self.set.push((column, value));
            match self.tokens.next()? {
                Some(Token::Mark(b',')) => {}
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("WHERE") => break,
                other => return Ok(Err(unexpected(", or WHERE", other))),
            }
        }
        expect!(self.condition());
        Ok(Ok(Kind::Update))
    }

    /// `column = value AND …`
    fn condition(&mut self) -> Parsed<()> {
        self.columns.clear();
        self.values.clear();
        loop {
            let column = expect!(self.name());
            match self.tokens.next()? {
                Some(Token::Mark(b'=')) => {}
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("IS") => {}
                other => return Ok(Err(unexpected("= in a condition", other))),
            }
            let value = match self.value()? {
                Ok(value) => value,
                // `==`
                Err(error) if error.found == "=" => expect!(self.value()),
                Err(error) => return Ok(Err(error)),
            };
            if self.columns.len() >= MOST {
                return Ok(Err(unexpected("fewer columns", None)));
            }
            self.columns.push(column);
            self.values.push(value);
            match self.tokens.next()? {
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("AND") => {}
                Some(Token::Mark(b';')) | None => return Ok(Ok(())),
                other => return Ok(Err(unexpected("AND or ; in a condition", other))),
            }
        }
    }

    /// Remembers the columns of a table; a constraint is none.
    fn create(&mut self) -> Parsed<Kind> {
        match self.tokens.next()? {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("TABLE") => {}
            Some(Token::Mark(b';')) | None => return Ok(Ok(Kind::Nothing)),
            // Views and indexes hold nothing; a trigger holds statements, which are not those of the text.
            Some(_) => {
                self.pass_over()?;
                return Ok(Ok(Kind::Nothing));
            }
        }
        let mut name = expect!(self.name());
        if name.eq_ignore_ascii_case("IF") {
            expect!(self.word("NOT"));
            expect!(self.word("EXISTS"));
            name = expect!(self.name());
        }
        expect!(self.mark(b'(', "( in CREATE TABLE"));
        let (mut columns, mut depth, mut first) = (Vec::new(), 0_u32, true);
        loop {
            match self.tokens.next()? {
                Some(Token::Word(word)) if first && depth == 0 => {
                    let is_constraint = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
                    if columns.len() < MOST && !is_constraint.iter().any(|known| word.eq_ignore_ascii_case(known)) {
                        columns.push(word);
                    }
                    first = false;
                }
                Some(Token::Mark(b',')) if depth == 0 => first = true,
                Some(Token::Mark(b'(')) => depth = depth.saturating_add(1),
                Some(Token::Mark(b')')) if depth == 0 => break,
                Some(Token::Mark(b')')) => depth = depth.saturating_sub(1),
                Some(Token::Mark(b';')) | None => return Ok(Err(Unexpected { at_end: true, ..unexpected(")", None) })),
                Some(_) => {}
            }
        }
        if self.created.len() < MOST_TABLES {
            self.created.push((name, columns));
        }
        self.pass_over()?;
        Ok(Ok(Kind::Nothing))
    }

    fn name(&mut self) -> Parsed<String> {
        match self.tokens.next()? {
            // `main.FILE` is FILE.
            Some(Token::Word(word)) => Ok(Ok(word.strip_prefix("main.").map_or(word.clone(), str::to_owned))),
            Some(Token::Value(Value::Text(text))) => Ok(Ok(String::from_utf8_lossy(&text).into_owned())),
            other => Ok(Err(unexpected("a name", other))),
        }
    }

    fn word(&mut self, expected: &'static str) -> Parsed<()> {
        match self.tokens.next()? {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case(expected) => Ok(Ok(())),
            other => Ok(Err(unexpected(expected, other))),
        }
    }

    fn mark(&mut self, mark: u8, expected: &'static str) -> Parsed<()> {
        match self.tokens.next()? {
            Some(Token::Mark(found)) if found == mark => Ok(Ok(())),
            other => Ok(Err(unexpected(expected, other))),
        }
    }

    fn value(&mut self) -> Parsed<Value> {
        self.value_within(0)
    }

    /// A value, or how `.dump` writes a text with line breaks: `replace(replace('…', '\r', char(13)), '\n', char(10))`.
    fn value_within(&mut self, depth: u32) -> Parsed<Value> {
        let word = match self.tokens.next()? {
            Some(Token::Value(value)) => return Ok(Ok(value)),
            Some(Token::Word(word)) if depth < MOST_DEPTH => word,
            other => return Ok(Err(unexpected("a value", other))),
        };
        let is_replace = word.eq_ignore_ascii_case("replace");
        if !is_replace && !word.eq_ignore_ascii_case("char") {
            return Ok(Err(unexpected("a value", Some(Token::Word(word)))));
        }
        expect!(self.mark(b'(', "( behind a function"));
        let first = expect!(self.value_within(depth.saturating_add(1)));
        if !is_replace {
            expect!(self.mark(b')', ") behind a character"));
            let character = match first {
                Value::Integer(number) => u32::try_from(number).ok().and_then(char::from_u32),
                _ => None,
            };
            return Ok(character
                .map(|c| Value::Text(c.to_string().into_bytes()))
                .ok_or(unexpected("a character", None)));
        }
        expect!(self.mark(b',', ", behind a text"));
        let from = expect!(self.value_within(depth.saturating_add(1)));
        expect!(self.mark(b',', ", behind a text"));
        let to = expect!(self.value_within(depth.saturating_add(1)));
        expect!(self.mark(b')', ") behind a text"));
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
    fn pass_over_row(&mut self) -> Result<bool> {
        let mut depth = 0_u32;
        loop {
            match self.tokens.next()? {
                Some(Token::Mark(b'(')) => depth = depth.saturating_add(1),
                Some(Token::Mark(b')')) if depth == 0 => return Ok(true),
                Some(Token::Mark(b')')) => depth = depth.saturating_sub(1),
                Some(Token::Mark(b';')) | None => return Ok(false),
                Some(_) => {}
            }
        }
    }

    /// Reads up to the end of the statement.
    fn pass_over(&mut self) -> Result<()> {
        while !matches!(self.tokens.next()?, None | Some(Token::Mark(b';'))) {}
        Ok(())
    }
}

enum Kind {
    Nothing,
    Insert,
    Delete,
    Update,
    /// A row of other than a value for each column.
    Unequal(usize, usize),
    Passed(String),
}

fn unexpected(expected: &'static str, found: Option<Token>) -> Unexpected {
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
