//! `forensic_pair`: a key and its text.

use crate::text::{Items, Texts};
use std::{collections::BTreeMap, ffi::c_char};

/// A key and its text.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct forensic_pair {
    /// The key.
    pub key: *const c_char,
    /// Its text.
    pub value: *const c_char,
}

/// Pairs in order of their keys, kept by a handle.
#[derive(Default)]
pub(crate) struct Pairs {
    items: Items<forensic_pair>,
    texts: Texts,
}

impl Pairs {
    /// All pairs.
    pub(crate) fn of(&self, map: &BTreeMap<String, String>) -> &[forensic_pair] {
        let pair = |(key, value): (&String, &String)| forensic_pair {
            key: self.texts.give(key),
            value: self.texts.give(value),
        };
        self.items.or_make(|| map.iter().map(pair).collect::<Vec<_>>())
    }

    /// The text of one key; NULL where there is none.
    pub(crate) fn value(&self, map: &BTreeMap<String, String>, key: &str) -> *const c_char {
        self.texts.give_any(map.get(key).map(String::as_str))
    }
}
