//! The columns of tables that a text names no columns of.

use super::{
    grammar::{Parsed, Unexpected, demand, unexpected},
    statement::MOST,
    tokens::{Token, Tokens},
};

/// Tables whose columns are remembered.
const MOST_TABLES: usize = 1000;

/// The tables that the text itself creates, with their columns.
#[derive(Default)]
pub(super) struct Schema {
    created: Vec<(String, Vec<String>)>,
}

impl Schema {
    /// The columns of a table that an INSERT does not name.
    pub(super) fn columns_of(&self, table: &str, count: usize) -> Vec<String> {
        let created = self.created.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(table));
        let known: &[&str] = match (table.to_ascii_uppercase().as_str(), count) {
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

    /// Remembers the columns of a table; a constraint is none.
    pub(super) fn create(&mut self, tokens: &mut Tokens<'_>) -> Parsed<()> {
        match tokens.next()? {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("TABLE") => {}
            Some(Token::Mark(b';')) | None => return Ok(Ok(())),
            // Views and indexes hold nothing; a trigger holds statements, which are not those of the text.
            Some(_) => {
                tokens.pass_over()?;
                return Ok(Ok(()));
            }
        }
        let mut name = demand!(tokens.name());
        if name.eq_ignore_ascii_case("IF") {
            demand!(tokens.word("NOT"));
            demand!(tokens.word("EXISTS"));
            name = demand!(tokens.name());
        }
        demand!(tokens.mark(b'(', "( in CREATE TABLE"));
        let (mut columns, mut depth, mut first) = (Vec::new(), 0_u32, true);
        loop {
            match tokens.next()? {
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
        tokens.pass_over()?;
        Ok(Ok(()))
    }
}
