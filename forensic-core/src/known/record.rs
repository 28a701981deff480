//! What a list says of one file: what every reader gives, every set keeps and every writer takes.

use super::lists::json::media::Members;
use crate::error::Result;
use serde_json::{Map, Value};

/// What a list says under its own names: the text of a JSON object, as it stood in the list or made from its columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties(String);

impl Properties {
    /// Properties from the text of a JSON object; the caller vouches for it.
    pub(crate) fn from_json(object: String) -> Self {
        Self(object)
    }

    /// The text, to be written anew by a reader that gives one record after another in the same place; it stays the text
    /// of one JSON object, or empty.
    pub(crate) fn text_mut(&mut self) -> &mut String {
        &mut self.0
    }

    /// The text of the object; empty where there is none.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// The properties by their names, in the order of the list.
    /// A value that no [`Value`] can hold (a number beyond all bounds, lists within lists without end) is its text.
    pub fn to_map(&self) -> Map<String, Value> {
        serde_json::from_str(&self.0).unwrap_or_else(|_| {
            let members = Members::parse(&self.0);
            let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
            members.iter().flat_map(Members::iter).map(|(name, text)| (name.to_owned(), value(text))).collect()
        })
    }
}

impl From<Map<String, Value>> for Properties {
    fn from(map: Map<String, Value>) -> Self {
        Self(if map.is_empty() { String::new() } else { Value::Object(map).to_string() })
    }
}

/// One file of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileRecord {
    /// MD5.
    pub md5: Option<[u8; 16]>,
    /// SHA-1.
    pub sha1: Option<[u8; 20]>,
    /// SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// BLAKE3.
    pub blake3: Option<[u8; 32]>,
    /// A digest of 32 bytes of which the list does not say whether it is SHA-256 or BLAKE3.
    pub untold: Option<[u8; 32]>,
    /// The size of the file in bytes.
    pub size: Option<u64>,
    /// The category as read.
    pub category: Option<String>,
    /// The (first) name of the file.
    pub name: Option<String>,
    /// All else.
    pub properties: Properties,
}

impl FileRecord {
    /// The digests that a set is asked by.
    pub(crate) fn digests(&self) -> impl Iterator<Item = &[u8]> {
        let wide = [&self.sha256, &self.blake3, &self.untold].into_iter().flatten().map(|digest| &digest[..]);
        let md5 = self.md5.iter().map(|digest| &digest[..]);
        md5.chain(self.sha1.iter().map(|digest| &digest[..])).chain(wide)
    }

    /// Takes a digest by its length; false where no algorithm has it.
    pub(crate) fn take(&mut self, digest: &[u8]) -> bool {
        match digest.len() {
            16 => self.md5 = digest.try_into().ok(),
            20 => self.sha1 = digest.try_into().ok(),
            32 => self.untold = digest.try_into().ok(),
            _ => return false,
        }
        true
    }
}

/// What the records of a list, or of one case in it, have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// Whose categories the records' categories count in: "NSRL", "US", "UK", …
    pub scheme: Option<String>,
    /// What the list or the case says of itself.
    pub properties: Properties,
}

/// Takes what a reader finds in a list: a set that is built, or a writer.
pub trait Sink {
    /// A group begins: a case in a file of cases. Records before the first belong to the list itself, a group as well.
    fn begin_group(&mut self) -> Result<()>;

    /// Tells of the group that was begun last; the last word counts, as a case may say it behind its records.
    fn describe(&mut self, group: Group) -> Result<()>;

    /// A record of the group begun last.
    fn record(&mut self, record: &FileRecord) -> Result<()>;

    /// An earlier record that is to be no more (a delta of NSRL); all equal ones go.
    fn remove(&mut self, record: &FileRecord) -> Result<()>;

    /// Digests of a list that knows them only as "possible": the bytes of a hashlookup Bloom filter, unpacked.
    fn filter(&mut self, bytes: Vec<u8>) -> Result<()>;

    /// What could not be read. `position` is a line, the first being 1, in lists of lines; a byte in JSON and binary
    /// lists; a row in databases.
    fn issue(&mut self, position: u64, message: String);
}
