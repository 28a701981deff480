//! IPED's `hashes.db`: `HASHES` with the digests as bytes, `PROPERTIES` with the names of properties, and
//! `HASHES_PROPERTIES` with their values. The property `status` is the category.

use super::{
    super::{FileRecord, Group, Sink, value},
    Database,
    pairs::Pairs,
    row::fill_columns,
};
use crate::{error::Result, known::record::Properties};
use std::collections::HashMap;

/// Names of properties: IPED itself has some dozens.
const MOST_NAMES: usize = 100_000;

pub(super) fn read(database: &Database, sink: &mut dyn Sink) -> Result<()> {
    if database.table("HASHES").is_none() {
        return Err(database.not_known());
    }
    sink.describe(Group { scheme: Some("IPED".to_owned()), properties: Properties::default() })?;
    let property_names = property_names(database, sink);
    let columns = database.columns("HASHES")?;
    let sql = "SELECT HASH_ID, PROPERTY_ID, VALUE FROM HASHES_PROPERTIES ORDER BY HASH_ID, PROPERTY_ID";
    let mut values = database.prepare_beside(sql, sink);
    let mut values = Pairs::new(values.as_mut().and_then(|statement| statement.query([]).ok()));
    database.scan("HASHES", "*", sink, &mut |sink, number, row| {
        let key = row.get(0).unwrap_or(i64::MAX);
        let mut record = FileRecord::default();
        fill_columns(&mut record, &columns, row, number, sink);
        let mut unnamed = 0_u64;
        values.of(key, sink, &mut |row| {
            let name = row.get::<_, i64>(1).ok().and_then(|id| property_names.get(&id));
            match (name, row.get_ref(2).ok()) {
                (Some(name), Some(found)) if name == "status" && record.category.is_none() => {
                    record.category = value::text(found);
                }
                (Some(name), Some(found)) => value::property(found, name, &mut record.properties),
                (None, Some(found)) => {
                    unnamed = unnamed.saturating_add(1);
                    let name =
                        row.get::<_, i64>(1).map_or_else(|_| "property".to_owned(), |id| format!("property {id}"));
                    value::property(found, &name, &mut record.properties);
                }
                _ => {}
            }
        });
        if unnamed > 0 {
            sink.issue(number, format!("{unnamed} properties have no name in PROPERTIES"));
        }
        match record.digests().next() {
            Some(_) => sink.record(&record),
            None => {
                sink.issue(number, "no digest in the row that sets are asked by".to_owned());
                Ok(())
            }
        }
    })
}

fn property_names(database: &Database, sink: &mut dyn Sink) -> HashMap<i64, String> {
    let mut names = HashMap::new();
    let sql = format!("SELECT PROPERTY_ID, PROPERTY_NAME FROM PROPERTIES LIMIT {MOST_NAMES}");
    let Some(mut statement) = database.prepare_beside(&sql, sink) else { return names };
    let Ok(mut rows) = statement.query([]) else { return names };
    while let Ok(Some(row)) = rows.next() {
        if let (Ok(id), Ok(name)) = (row.get(0), row.get(1)) {
            names.insert(id, name);
        }
    }
    names
}
