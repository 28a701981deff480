//! Values of databases and of SQL, as fields of a record.

use super::{
    object::{ObjectText, push_string},
    text::lossy,
};
use crate::{hash::hex, known::record::Properties};
use rusqlite::types::ValueRef;
use std::fmt::Write;

/// Fills a digest from its bytes or its hex text; nothing where there is none.
///
/// # Errors
/// What is expected instead.
pub(super) fn digest<const N: usize>(value: ValueRef<'_>, field: &mut Option<[u8; N]>) -> Result<(), &'static str> {
    let found = match value {
        ValueRef::Null | ValueRef::Text(b"") | ValueRef::Blob(b"") => {
            *field = None;
            return Ok(());
        }
        ValueRef::Text(text) => hex::decode_array(text).or_else(|| hex::decode_array(text.trim_ascii())),
        ValueRef::Blob(bytes) => bytes.try_into().ok(),
        ValueRef::Integer(_) | ValueRef::Real(_) => None,
    };
    *field = found;
    found.map(|_| ()).ok_or("a digest in hex, or its bytes")
}

/// A value as text; `None` for null.
pub(super) fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) => Some(lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Some(hex::encode(bytes)),
    }
}

/// Adds a value to properties under its column's name; bytes as hex, null not at all.
pub(super) fn property(value: ValueRef<'_>, name: &str, properties: &mut Properties) {
    if value != ValueRef::Null {
        ObjectText::new(properties).member(name, |json| push(json, value));
    }
}

/// Appends the JSON of a value.
pub(super) fn push(json: &mut String, value: ValueRef<'_>) {
    // Writing to a string cannot fail.
    let _ = match value {
        ValueRef::Integer(number) => write!(json, "{number}"),
        ValueRef::Real(number) if number.is_finite() => write!(json, "{number:?}"),
        ValueRef::Null | ValueRef::Real(_) => {
            json.push_str("null");
            Ok(())
        }
        ValueRef::Text(text) => {
            push_string(json, &lossy(text));
            Ok(())
        }
        ValueRef::Blob(bytes) => {
            push_string(json, &hex::encode(bytes));
            Ok(())
        }
    };
}
