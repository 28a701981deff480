//! A row of NSRL RDSv3, whether it stands in a database or in the SQL of a delta.
//!
//! NIST, RDSv3 schema: `FILE(sha256, sha1, md5, crc32, file_name, file_size, package_id)`, in the minimal set of 2022
//! without crc32; and `METADATA` of the full set, which keeps a name's extension apart.

use super::{FileRecord, Group, object::push_string, text::lossy, value};
use crate::known::record::Properties;
use rusqlite::types::ValueRef;

/// Whose categories the records of NSRL count in.
pub(super) const SCHEME: &str = "NSRL";

/// Bytes of JSON of the tables beside that of the files (packages, systems, makers), which the list itself keeps.
const TABLE_BYTES: usize = 64 << 20;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Sha256,
    Sha1,
    Md5,
    Name,
    Extension,
    Size,
    Package,
    Other,
}

/// Columns, and the record that is filled from their values again and again.
pub(super) struct NsrlRow {
    columns: Vec<(Role, String)>,
    /// The columns in the order that their values are taken in: records of a database and of a delta are then equal.
    order: Vec<usize>,
    pub(super) record: FileRecord,
}

impl NsrlRow {
    pub(super) fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        let role = |name: &str| match name.to_ascii_lowercase().as_str() {
            "sha256" => Role::Sha256,
            "sha1" => Role::Sha1,
            "md5" => Role::Md5,
            "file_name" => Role::Name,
            "extension" => Role::Extension,
            "file_size" | "bytes" => Role::Size,
            "package_id" => Role::Package,
            _ => Role::Other,
        };
        let key = |name: &str| {
            let mut key = String::new();
            push_string(&mut key, name);
            key.push(':');
            key
        };
        let columns: Vec<_> = columns.into_iter().map(|name| (role(name), key(name))).collect();
        let mut order: Vec<usize> = (0..columns.len()).collect();
        let rank = |column: usize| match columns.get(column) {
            Some((_, key)) if key.eq_ignore_ascii_case("\"crc32\":") => 0,
            Some((Role::Package, _)) => 1,
            Some((Role::Extension, _)) => 3,
            _ => 2,
        };
        order.sort_by_key(|column| rank(*column));
        Self { columns, order, record: FileRecord::default() }
    }

    /// True where the columns are those that make a row of FILE one and only.
    pub(super) fn is_whole_file(&self) -> bool {
        let has = |role| self.columns.iter().any(|column| column.0 == role);
        [Role::Sha256, Role::Sha1, Role::Md5, Role::Name, Role::Size, Role::Package].into_iter().all(has)
    }

    pub(super) fn has_digest(&self) -> bool {
        self.columns.iter().any(|column| matches!(column.0, Role::Sha256 | Role::Sha1 | Role::Md5))
    }

    /// Fills the record from the values of the columns.
    ///
    /// # Errors
    /// What is wrong with a value. The record holds the rest; without any digest it is none.
    pub(super) fn fill<'v>(&mut self, value_of: impl Fn(usize) -> Option<ValueRef<'v>>) -> Result<(), String> {
        let record = &mut self.record;
        let mut wrong = None;
        let json = record.properties.text_mut();
        json.clear();
        for place in &self.order {
            let (Some((role, key)), Some(found)) = (self.columns.get(*place), value_of(*place)) else { continue };
            let mut expected = |what: &str| wrong = Some(format!("expected {what} for {key}"));
            match role {
                Role::Sha256 => value::digest(found, &mut record.sha256).unwrap_or_else(&mut expected),
                Role::Sha1 => value::digest(found, &mut record.sha1).unwrap_or_else(&mut expected),
                Role::Md5 => value::digest(found, &mut record.md5).unwrap_or_else(&mut expected),
                Role::Size => {
                    record.size = match as_integer(found) {
                        ValueRef::Integer(size) => u64::try_from(size).ok(),
                        _ => None,
                    };
                    if record.size.is_none() && found != ValueRef::Null {
                        expected("a size in bytes");
                    }
                }
                Role::Name => set_name(&mut record.name, found),
                Role::Other | Role::Package | Role::Extension if found == ValueRef::Null => {}
                Role::Other | Role::Package | Role::Extension => {
                    if let (Role::Extension, ValueRef::Text(extension), Some(name)) = (role, found, &mut record.name)
                        && !extension.is_empty()
                    {
                        name.push('.');
                        name.push_str(&lossy(extension));
                    }
                    json.push(if json.is_empty() { '{' } else { ',' });
                    json.push_str(key);
                    value::push(json, if *role == Role::Package { as_integer(found) } else { found });
                }
            }
        }
        if !json.is_empty() {
            json.push('}');
        }
        wrong.map_or(Ok(()), Err)
    }
}

/// What a column of integers makes of digits.
fn as_integer(value: ValueRef<'_>) -> ValueRef<'_> {
    let digits = if let ValueRef::Text(digits) = value { std::str::from_utf8(digits).ok() } else { None };
    digits.and_then(|digits| digits.parse().ok()).map_or(value, ValueRef::Integer)
}

fn set_name(field: &mut Option<String>, value: ValueRef<'_>) {
    match (value, &mut *field) {
        (ValueRef::Text(text), Some(name)) => {
            name.clear();
            name.push_str(&lossy(text));
        }
        _ => *field = value::text(value),
    }
}

/// The tables beside that of the files, as properties of the list: a list of objects under the name of each.
pub(super) struct Tables {
    tables: Vec<(String, String)>,
    bytes: usize,
    /// Rows that were too much.
    pub(super) left_out: u64,
}

impl Tables {
    pub(super) fn new() -> Self {
        Self { tables: Vec::new(), bytes: 0, left_out: 0 }
    }

    pub(super) fn add<'v>(&mut self, table: &str, row: impl Iterator<Item = (&'v str, ValueRef<'v>)>) {
        if self.bytes > TABLE_BYTES {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let mut object = Properties::default();
        row.for_each(|(name, found)| value::property(found, name, &mut object));
        if !self.tables.iter().any(|(name, _)| name.eq_ignore_ascii_case(table)) {
            self.tables.push((table.to_owned(), String::new()));
        }
        let mut tables = self.tables.iter_mut();
        let Some((_, json)) = tables.find(|(name, _)| name.eq_ignore_ascii_case(table)) else { return };
        json.push(if json.is_empty() { '[' } else { ',' });
        json.push_str(if object.as_json().is_empty() { "{}" } else { object.as_json() });
        self.bytes = self.bytes.saturating_add(object.as_json().len());
    }

    pub(super) fn into_group(self) -> Group {
        let mut properties = Properties::default();
        let mut object = super::object::ObjectText::new(&mut properties);
        for (name, mut rows) in self.tables {
            rows.push(']');
            object.raw(&name, &rows);
        }
        Group { scheme: Some(SCHEME.to_owned()), properties }
    }
}
