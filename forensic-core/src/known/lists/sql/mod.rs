//! NSRL RDSv3 as SQL text: a delta, which adds rows to a list and takes others away, or the dump of a whole database.
//!
//! What a statement does is told from its words, not run: INSERT into FILE or METADATA is a record, into another table a
//! row that the list keeps; DELETE and UPDATE of FILE are told where their condition names one row with all its columns.
//! Everything else is an issue with its line.

mod grammar;
mod schema;
mod statement;
mod tokens;

use self::{
    statement::{Statements, Step},
    tokens::Tokens,
};
use super::{
    FileRecord, Sink,
    input::Input,
    nsrl::{NsrlRow, Tables},
};
use crate::error::Result;

/// True for a line that begins SQL.
pub(super) fn is_statement(line: &str) -> bool {
    let mut words = line.trim_start().split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut is = |word: &str| words.next().is_some_and(|found| found.eq_ignore_ascii_case(word));
    match line.trim_start().get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
        "BEGI" => is("BEGIN") && line.trim_end().ends_with(';'),
        "PRAG" => is("PRAGMA"),
        "CREA" => {
            is("CREATE")
                && ["TABLE", "INDEX", "VIEW", "TEMP", "UNIQUE"]
                    .into_iter()
                    .any(|word| line.to_ascii_uppercase().contains(word))
        }
        "INSE" => is("INSERT") && line.to_ascii_uppercase().contains("INTO"),
        "DELE" => is("DELETE") && is("FROM"),
        "UPDA" => is("UPDATE") && line.to_ascii_uppercase().contains(" SET "),
        _ => false,
    }
}

/// Reads all statements.
pub(super) fn read(input: Input<'_>, sink: &mut dyn Sink) -> Result<()> {
    let mut statements = Statements::new(Tokens::new(input));
    let mut tables = Tables::new();
    let mut rows = Rows::default();
    while let Some((line, step)) = statements.next()? {
        match step {
            Step::Issue(message) => sink.issue(line, message),
            Step::Insert { table, columns, values } if is_files(table) => {
                if let Some(record) = rows.fill(table, columns, values, line, sink) {
                    sink.record(record)?;
                }
            }
            Step::Insert { table, columns, values } => {
                let named = columns.iter().zip(values).map(|(name, value)| (name.as_str(), value.as_ref()));
                tables.add(table, named);
            }
            Step::Delete { table, columns, values } => {
                if let Some(record) = rows.fill_whole(table, columns, values, line, sink) {
                    sink.remove(record)?;
                }
            }
            Step::Update { table, columns, values, set } => {
                let Some(old) = rows.fill_whole(table, columns, values, line, sink) else { continue };
                let old = old.clone();
                let mut changed = values.to_vec();
                let mut unknown = None;
                for (name, value) in set {
                    match columns
                        .iter()
                        .position(|column| column.eq_ignore_ascii_case(name))
                        .and_then(|at| changed.get_mut(at))
                    {
                        Some(place) => *place = value.clone(),
                        None => unknown = Some(name),
                    }
                }
                if let Some(name) = unknown {
                    sink.issue(line, format!("UPDATE of {name}, which the condition does not name"));
                    continue;
                }
                let Some(new) = rows.fill_whole(table, columns, &changed, line, sink) else { continue };
                sink.remove(&old)?;
                sink.record(new)?;
            }
        }
    }
    if tables.left_out > 0 {
        sink.issue(0, format!("{} rows of other tables are too much to be kept", tables.left_out));
    }
    sink.describe(tables.into_group())
}

fn is_files(table: &str) -> bool {
    table.eq_ignore_ascii_case("FILE") || table.eq_ignore_ascii_case("METADATA")
}

/// The columns of the statement before, which are mostly those of the next.
#[derive(Default)]
struct Rows {
    row: Option<(Vec<String>, NsrlRow)>,
}

impl Rows {
    fn row(&mut self, columns: &[String]) -> &mut NsrlRow {
        let known = self.row.take().filter(|(known, _)| known == columns);
        let make = || (columns.to_vec(), NsrlRow::new(columns.iter().map(String::as_str)));
        &mut self.row.insert(known.unwrap_or_else(make)).1
    }

    fn fill(
        &mut self,
        table: &str,
        columns: &[String],
        values: &[tokens::Value],
        line: u64,
        sink: &mut dyn Sink,
    ) -> Option<&FileRecord> {
        let row = self.row(columns);
        let filled = row.fill(|column| values.get(column).map(tokens::Value::as_ref));
        if let Err(message) = filled {
            sink.issue(line, message);
        }
        if row.record.digests().next().is_none() {
            sink.issue(line, format!("no digest in the row of {table}"));
            return None;
        }
        Some(&row.record)
    }

    /// The same for a row that is named by all its columns.
    fn fill_whole(
        &mut self,
        table: &str,
        columns: &[String],
        values: &[tokens::Value],
        line: u64,
        sink: &mut dyn Sink,
    ) -> Option<&FileRecord> {
        if !(table.eq_ignore_ascii_case("FILE") && self.row(columns).is_whole_file()) {
            let message = format!("a change of {table} that does not name one row of FILE with all its columns");
            sink.issue(line, message);
            return None;
        }
        self.fill(table, columns, values, line, sink)
    }
}
