//! The statements that NSRL writes, as steps.

use super::{
    grammar::{Parsed, Unexpected, demand, unexpected},
    schema::Schema,
    tokens::{Token, Tokens, Value},
};
use crate::error::Result;

/// Columns or values of one statement.
pub(super) const MOST: usize = 256;

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
    schema: Schema,
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
            schema: Schema::default(),
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
                        self.tokens.pass_over()?;
                    }
                    self.in_values = self.in_values && !at_end && self.tokens.pass_over_row()?;
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
                demand!(self.tokens.word("FROM"));
                self.table = demand!(self.tokens.name());
                demand!(self.tokens.word("WHERE"));
                demand!(self.condition());
                Ok(Ok(Kind::Delete))
            }
            "UPDATE" => self.update(),
            "CREATE" => {
                demand!(self.schema.create(&mut self.tokens));
                Ok(Ok(Kind::Nothing))
            }
            // How the text is run, not what it says.
            "BEGIN" | "COMMIT" | "END" | "PRAGMA" | "ANALYZE" | "VACUUM" | "ATTACH" | "DETACH" | "SAVEPOINT"
            | "RELEASE" => {
                self.tokens.pass_over()?;
                Ok(Ok(Kind::Nothing))
            }
            other => {
                let other: String = other.chars().take(40).collect();
                self.tokens.pass_over()?;
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
        self.table = demand!(self.tokens.name());
        self.columns.clear();
        match self.tokens.next()? {
            Some(Token::Mark(b'(')) => {
                loop {
                    let column = demand!(self.tokens.name());
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
                demand!(self.tokens.word("VALUES"));
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
            let value = demand!(self.tokens.value());
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
            self.columns = self.schema.columns_of(&self.table, self.values.len());
        }
        if self.columns.len() != self.values.len() {
            return Ok(Ok(Kind::Unequal(self.columns.len(), self.values.len())));
        }
        Ok(Ok(Kind::Insert))
    }

    fn update(&mut self) -> Parsed<Kind> {
        self.table = demand!(self.tokens.name());
        demand!(self.tokens.word("SET"));
        self.set.clear();
        loop {
            let column = demand!(self.tokens.name());
            demand!(self.tokens.mark(b'=', "= in SET"));
            let value = demand!(self.tokens.value());
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
        demand!(self.condition());
        Ok(Ok(Kind::Update))
    }

    /// `column = value AND …`
    fn condition(&mut self) -> Parsed<()> {
        self.columns.clear();
        self.values.clear();
        loop {
            let column = demand!(self.tokens.name());
            match self.tokens.next()? {
                Some(Token::Mark(b'=')) => {}
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("IS") => {}
                other => return Ok(Err(unexpected("= in a condition", other))),
            }
            let value = match self.tokens.value()? {
                Ok(value) => value,
                // `==`
                Err(error) if error.found == "=" => demand!(self.tokens.value()),
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
