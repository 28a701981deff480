//! The Sleuth Kit's and Autopsy's hash database (`.kdb`), schema version 1: `hashes` with the digests as bytes,
//! `file_names` and `comments` beside it, `db_properties`.

use super::{
    super::{FileRecord, Group, Sink, object::ObjectText, object::push_string, value},
    Database,
    pairs::Pairs,
    row::fill_columns,
};
use crate::{error::Result, known::record::Properties};

pub(super) fn read(database: &Database, sink: &mut dyn Sink) -> Result<()> {
    if database.table("hashes").is_none() {
        return Err(database.not_known());
    }
    let properties = describe(database, sink);
    sink.describe(Group { scheme: None, properties })?;
    let columns: Vec<String> = database.columns("hashes")?;
    let mut names = database.prepare_beside("SELECT hash_id, name FROM file_names ORDER BY hash_id", sink);
    let mut comments = database.prepare_beside("SELECT hash_id, comment FROM comments ORDER BY hash_id", sink);
    let mut names = Pairs::new(names.as_mut().and_then(|statement| statement.query([]).ok()));
    let mut comments = Pairs::new(comments.as_mut().and_then(|statement| statement.query([]).ok()));
    let mut texts: Vec<String> = Vec::new();
    database.scan("hashes", "*", sink, &mut |sink, number, row| {
        let key = row.get(0).unwrap_or(i64::MAX);
        let mut record = FileRecord::default();
        fill_columns(&mut record, &columns, row, number, sink);
        for (pairs, property) in [(&mut names, "names"), (&mut comments, "comments")] {
            texts.clear();
            pairs.of(key, sink, &mut |row| texts.extend(row.get_ref(1).ok().and_then(value::text)));
            if property == "names" {
                record.name = texts.first().cloned();
            }
            // One name is the record's.
            if texts.len() > usize::from(property == "names") {
                ObjectText::new(&mut record.properties).member(property, |json| push_strings(json, &texts));
            }
        }
        match record.digests().next() {
            Some(_) => sink.record(&record),
            None => {
                sink.issue(number, "no digest in the row".to_owned());
                Ok(())
            }
        }
    })
}

fn push_strings(json: &mut String, texts: &[String]) {
    json.push('[');
    for (number, text) in texts.iter().enumerate() {
        if number > 0 {
            json.push(',');
        }
        push_string(json, text);
    }
    json.push(']');
}

/// `db_properties`, the schema's version in it.
fn describe(database: &Database, sink: &mut dyn Sink) -> Properties {
    let mut properties = Properties::default();
    let Some(mut statement) = database.prepare_beside("SELECT name, value FROM db_properties LIMIT 1000", sink) else {
        return properties;
    };
    let Ok(mut rows) = statement.query([]) else { return properties };
    while let Ok(Some(row)) = rows.next() {
        if let (Ok(name), Ok(found)) = (row.get::<_, String>(0), row.get_ref(1)) {
            value::property(found, &name, &mut properties);
        }
    }
    properties
}
