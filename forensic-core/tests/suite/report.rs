//! Records and their writers.

use forensic_core::report::{Format, Record, Writer};

/// The order that every language and every reader of the files relies on.
#[rustfmt::skip]
const KEYS: &[&str] = &[
    "id", "source", "volume", "volume_offset", "filesystem", "path", "name", "stream", "entry_id", "parent_id", "kind",
    "status", "target", "recoverability", "recoverability_reason", "size", "created", "modified", "accessed", "changed",
    "attributes", "extents", "md5", "sha1", "sha256", "blake3", "type", "picture", "perceptual", "known", "similar",
    "parent", "same_as", "issues",
];

fn written(format: Format, records: &[Record]) -> String {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, format).unwrap();
    records.iter().for_each(|record| writer.write(record).unwrap());
    writer.finish().unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A record with a name that every format has to escape.
fn awkward() -> Record {
    let mut record = Record::default();
    record.path = Some("/a \"quoted\", name\nof two lines\u{202e}\u{fffd}".to_owned());
    record.size = Some(u64::MAX);
    record.issues = vec!["one, two".to_owned(), "\"three\"".to_owned()];
    record
}

#[test]
fn json_keys_come_in_the_documented_order() {
    let line = written(Format::Jsonl, &[awkward()]);
    assert_eq!(line.lines().count(), 1);
    let object: serde_json::Value = serde_json::from_str(&line).unwrap();
    let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
    assert_eq!(keys, KEYS);
}

#[test]
fn json_gives_back_every_value() {
    let object: serde_json::Value = serde_json::from_str(&written(Format::Jsonl, &[awkward()])).unwrap();
    assert_eq!(object["path"], awkward().path.unwrap());
    assert_eq!(object["size"], u64::MAX);
    assert_eq!(object["issues"][1], "\"three\"");
    assert!(object["created"].is_null());
}

#[test]
fn csv_has_a_column_for_every_key_and_gives_back_every_cell() {
    let text = written(Format::Csv, &[awkward(), Record::default()]);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), KEYS);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    let cell = |name: &str| &rows[0][KEYS.iter().position(|key| *key == name).unwrap()];
    assert_eq!(cell("path"), awkward().path.unwrap());
    assert_eq!(cell("created"), "");
    assert_eq!(cell("issues"), r#"["one, two","\"three\""]"#);
}
