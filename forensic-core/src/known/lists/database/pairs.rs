//! What a second table says of the rows of a first: read beside it in the same order, so that no row is looked up.

use super::{Database, Sink};
use rusqlite::{Row, Rows, fallible_streaming_iterator::FallibleStreamingIterator};

/// What one row of the first table may have in the second.
const MOST: usize = 1 << 16;

/// The rows of the second table, whose first column is the first table's key, in order of it.
pub(super) struct Pairs<'s> {
    rows: Option<Rows<'s>>,
    /// The key of the row that stands next, where one was read.
    next: Option<i64>,
}

impl<'s> Pairs<'s> {
    pub(super) fn new(rows: Option<Rows<'s>>) -> Self {
        Self { rows, next: None }
    }

    /// Gives `each` the rows of `key`, which is higher than the keys asked for before.
    pub(super) fn of(&mut self, key: i64, sink: &mut dyn Sink, each: &mut dyn FnMut(&Row<'_>)) {
        let mut given = 0_usize;
        while let Some(rows) = &mut self.rows {
            if self.next.is_none() {
                match rows.next() {
                    Ok(Some(row)) => self.next = Some(row.get(0).unwrap_or(i64::MIN)),
                    Ok(None) => self.rows = None,
                    Err(error) => {
                        sink.issue(0, format!("a table beside that of the hashes is damaged: {error}"));
                        self.rows = None;
                    }
                }
                continue;
            }
            match self.next {
                Some(next) if next > key => return,
                Some(next) if next == key => {
                    given = given.saturating_add(1);
                    match rows.get() {
                        Some(row) if given <= MOST => each(row),
                        _ if given == MOST.saturating_add(1) => {
                            sink.issue(0, format!("more than {MOST} rows beside the hash of key {key}"));
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
            self.next = None;
        }
    }
}

impl Database {
    /// Prepares a statement of ours; a table that is not there is an issue and gives nothing.
    pub(super) fn prepare_beside(&self, sql: &str, sink: &mut dyn Sink) -> Option<rusqlite::Statement<'_>> {
        match self.connection.prepare(sql) {
            Ok(statement) => Some(statement),
            Err(error) => {
                sink.issue(0, format!("a table beside that of the hashes cannot be read: {error}"));
                None
            }
        }
    }
}
