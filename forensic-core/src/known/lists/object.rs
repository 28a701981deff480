//! The text of a JSON object, written member by member.

use crate::known::record::Properties;
use std::fmt::Write;

/// Adds members to properties.
pub(in crate::known) struct ObjectText<'a>(&'a mut String);

impl<'a> ObjectText<'a> {
    pub(in crate::known) fn new(properties: &'a mut Properties) -> Self {
        Self(properties.text_mut())
    }

    /// A member that is text.
    pub(in crate::known) fn text(&mut self, name: &str, value: &str) {
        self.member(name, |text| push_string(text, value));
    }

    /// A member whose value is JSON already.
    pub(in crate::known) fn raw(&mut self, name: &str, value: &str) {
        self.member(name, |text| text.push_str(value));
    }

    /// A member whose value `write` writes.
    pub(in crate::known) fn member(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        match self.0.pop() {
            None => self.0.push('{'),
            Some(_) => self.0.push(','),
        }
        push_string(self.0, name);
        self.0.push(':');
        write(self.0);
        self.0.push('}');
    }
}

/// Appends a JSON string.
pub(in crate::known) fn push_string(json: &mut String, value: &str) {
    json.push('"');
    if value.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        json.push_str(value);
    } else {
        for c in value.chars() {
            match c {
                '"' | '\\' => json.extend(['\\', c]),
                '\n' => json.push_str("\\n"),
                '\r' => json.push_str("\\r"),
                '\t' => json.push_str("\\t"),
                '\u{8}' => json.push_str("\\b"),
                '\u{c}' => json.push_str("\\f"),
                '\0'..' ' => {
                    // Writing to a string cannot fail.
                    let _ = write!(json, "\\u{:04x}", u32::from(c));
                }
                c => json.push(c),
            }
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_reads_back() {
        let mut properties = Properties::default();
        let awkward = "a\"b\\c\nd\re\tf\u{1}g\u{7f}\u{8}\u{c}🚩";
        let mut object = ObjectText::new(&mut properties);
        object.text(awkward, awkward);
        object.raw("n", "7");
        let map = properties.to_map();
        assert_eq!((map[awkward].as_str(), map["n"].as_u64(), map.len()), (Some(awkward), Some(7), 2));
        // As the other writer of JSON here writes it.
        assert_eq!(Properties::from(map), properties);
    }
}
