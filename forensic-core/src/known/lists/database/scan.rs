//! All rows of a table, those behind a damaged page included.

use super::{Database, Sink};
use crate::error::{Error, Result};
use rusqlite::{ErrorCode, Row};

/// What is done with a row; its number, the first being 1, comes with it. The first column is the row's key.
pub(super) type Each<'a> = &'a mut dyn FnMut(&mut dyn Sink, u64, &Row<'_>) -> Result<()>;

impl Database {
    /// Gives all rows of `table` in order of their keys. Where a page is damaged, that is an issue, and rows behind it are
    /// sought by their keys; the rows of a view end there.
    pub(super) fn scan(&self, table: &str, columns: &str, sink: &mut dyn Sink, each: Each<'_>) -> Result<()> {
        let is_view = self.table(table).is_some_and(|table| table.is_view);
        let sql = match is_view {
            // A view has no keys; `?1` is asked for all the same, so that both are called alike.
            true => format!("SELECT ?1, {columns} FROM {table}"),
            false => format!("SELECT rowid, {columns} FROM {table} NOT INDEXED WHERE rowid > ?1 ORDER BY rowid"),
        };
        let (mut number, mut last, mut gap) = (0_u64, i64::MIN, 1_i64);
        let most = self.most_rows();
        loop {
            let failed = self.scan_from(&sql, last, !is_view, &mut |key, row| {
                (last, gap) = (key, 1);
                number = number.saturating_add(1);
                if number > most {
                    return Err(Error::Limit {
                        structure: "table of a database",
                        offset: 0,
                        found: number,
                        limit: most,
                        unit: "rows",
                    });
                }
                each(sink, number, row)
            })?;
            let Some(error) = failed else { return Ok(()) };
            if gap == 1 {
                sink.issue(number, format!("the database is damaged behind this row: {error}"));
            }
            let is_damage =
                matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::SystemIoFailure));
            if is_view || !is_damage || gap > i64::MAX / 4 {
                return if number == 0 { Err(self.damaged(&error)) } else { Ok(()) };
            }
            last = last.max(0).saturating_add(gap);
            gap = gap.saturating_mul(2);
        }
    }

    /// Rows that a table or view may give: as many as could be made of two bytes each. A view, or a tree whose pages stand
    /// in it many times, may have rows without end.
    pub(super) fn most_rows(&self) -> u64 {
        std::fs::metadata(&self.list.file).map_or(0, |file| file.len() / 2)
    }

    fn scan_from(
        &self,
        sql: &str,
        mut key: i64,
        in_order: bool,
        each: &mut dyn FnMut(i64, &Row<'_>) -> Result<()>,
    ) -> Result<Option<rusqlite::Error>> {
        let mut statement = match self.connection.prepare_cached(sql) {
            Ok(statement) => statement,
            Err(error) => return Ok(Some(error)),
        };
        let mut rows = match statement.query([key]) {
            Ok(rows) => rows,
            Err(error) => return Ok(Some(error)),
        };
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    self.pay();
                    let found = row.get_ref(0).and_then(|key| Ok(key.as_i64()?)).unwrap_or(key);
                    if in_order && found <= key {
                        // A page that stands in the tree more than once gives its rows again and again.
                        let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
                        let message = Some("its rows are not in order".to_owned());
                        return Ok(Some(rusqlite::Error::SqliteFailure(corrupt, message)));
                    }
                    key = found;
                    each(key, row)?;
                }
                Ok(None) => return Ok(None),
                Err(error) => return Ok(Some(error)),
            }
        }
    }

    /// The names of the columns of a table or view.
    pub(super) fn columns(&self, table: &str) -> Result<Vec<String>> {
        let sql = format!("SELECT * FROM {table}");
        let statement = self.connection.prepare(&sql).map_err(|error| self.damaged(&error))?;
        Ok(statement.column_names().into_iter().map(str::to_owned).collect())
    }
}
