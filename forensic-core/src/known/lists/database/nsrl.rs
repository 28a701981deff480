//! NSRL RDSv3, minimal or full: the rows of FILE, or of METADATA where FILE cannot be read.

use super::{
    super::{
        Sink,
        nsrl::{NsrlRow, Tables},
    },
    Database,
};
use crate::error::Result;

/// The tables that the list keeps as a whole, by the names that RDSv3 gives them.
const BESIDE: [&str; 4] = ["VERSION", "MFG", "OS", "PKG"];

pub(super) fn read(database: &Database, sink: &mut dyn Sink) -> Result<()> {
    let mut tables = Tables::new();
    for table in BESIDE.into_iter().filter(|table| database.table(table).is_some()) {
        if let Err(error) = keep(database, table, &mut tables) {
            sink.issue(0, format!("the table {table} cannot be read: {error}"));
        }
    }
    if tables.left_out > 0 {
        sink.issue(0, format!("{} rows of {BESIDE:?} are too much to be kept with the list", tables.left_out));
    }
    sink.describe(tables.into_group())?;
    let mut files = ["FILE", "METADATA"].into_iter().filter(|table| database.table(table).is_some());
    let Some(first) = files.next() else { return Err(database.not_known()) };
    match (read_files(database, first, sink), files.next()) {
        // FILE of a full set is a view, which may be broken where its base is not.
        (Err(crate::Error::Corrupt { found, .. }), Some(second)) => {
            sink.issue(0, format!("{first} cannot be read, {second} is: {found}"));
            read_files(database, second, sink)
        }
        (done, _) => done,
    }
}

fn read_files(database: &Database, table: &str, sink: &mut dyn Sink) -> Result<()> {
    let columns = database.columns(table)?;
    let mut files = NsrlRow::new(columns.iter().map(String::as_str));
    if !files.has_digest() {
        return Err(crate::Error::corrupt("NSRL database", 0, "a column of digests", columns.join(", ")));
    }
    database.scan(table, "*", sink, &mut |sink, number, row| {
        // The key stands before the columns.
        let filled = files.fill(|column| row.get_ref(column.checked_add(1)?).ok());
        if let Err(message) = filled {
            sink.issue(number, message);
        }
        if files.record.digests().next().is_none() {
            sink.issue(number, "no digest in the row".to_owned());
            return Ok(());
        }
        sink.record(&files.record)
    })
}

fn keep(database: &Database, table: &str, tables: &mut Tables) -> rusqlite::Result<()> {
    let mut statement = database.connection.prepare(&format!("SELECT * FROM {table}"))?;
    let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    let mut left = database.most_rows();
    while let Some(row) = rows.next()? {
        if left == 0 {
            tables.left_out = tables.left_out.saturating_add(1);
            break;
        }
        left = left.saturating_sub(1);
        database.pay();
        let named =
            columns.iter().enumerate().filter_map(|(place, name)| Some((name.as_str(), row.get_ref(place).ok()?)));
        tables.add(table, named);
    }
    Ok(())
}
