//! One Media of a VICS document: digests, size, category and first name are typed, all else stays as it stood.

use super::super::{FileRecord, object::ObjectText};
use crate::{hash::hex, known::record::Properties};
use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// More members than any document has: each costs memory of its own.
const MOST_MEMBERS: usize = 1 << 16;

/// The members of an object, their values unread.
pub(in crate::known) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// # Errors
    /// What is wrong with the text.
    pub(in crate::known) fn parse(text: &'a str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| {
            // Its place is that in the text, which is not that in the document.
            let message = error.to_string();
            message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned()
        })
    }

    pub(in crate::known) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key.eq_ignore_ascii_case(name))
    }

    /// Names and values, as they stand.
    pub(in crate::known) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }

    pub(super) fn into_properties(self) -> Properties {
        let mut properties = Properties::default();
        self.add_to(&mut properties);
        properties
    }

    pub(super) fn add_to(self, properties: &mut Properties) {
        let mut object = ObjectText::new(properties);
        for (key, value) in &self.0 {
            object.raw(key, value.get());
        }
    }
}

/// The record of a Media; what is not as its type demands stays in the properties and is told in `issues`.
pub(in crate::known) fn record(members: Members<'_>, issues: &mut Vec<String>) -> FileRecord {
    let mut record = FileRecord::default();
    let mut properties = Properties::default();
    let mut object = ObjectText::new(&mut properties);
    for (key, value) in members.0 {
        let mut member = Member { key: &key, value: value.get(), issues };
        let taken = match key.to_ascii_uppercase().as_str() {
            "MD5" => member.take(&mut record.md5, digest),
            "SHA1" => member.take(&mut record.sha1, digest),
            "MEDIASIZE" => member.take(&mut record.size, integer),
            "CATEGORY" => member.take(&mut record.category, category),
            // These stay whole: what they say of the file is of their own kind.
            "SHA256" => member.look(&mut record.sha256, digest),
            "MEDIAFILES" | "FILES" => member.look(&mut record.name, first_name),
            "ALTERNATIVEHASHES" => {
                let mut found = OtherHashes::default();
                member.look(&mut Some(()), |value| other_hashes(value, &mut found));
                record.sha256 = record.sha256.or(found.sha256);
                record.blake3 = record.blake3.or(found.blake3);
                false
            }
            _ => false,
        };
        if !taken {
            object.raw(&key, value.get());
        }
    }
    record.properties = properties;
    record
}

struct Member<'a> {
    key: &'a str,
    value: &'a str,
    issues: &'a mut Vec<String>,
}

/// What a value is: `None` where it says nothing (null, an empty text); or what it ought to be.
type Typed<T> = Result<Option<T>, &'static str>;

impl Member<'_> {
    /// Fills a field; true where the field now holds all that the member says.
    fn take<T>(&mut self, field: &mut Option<T>, read: impl FnOnce(&str) -> Typed<T>) -> bool {
        match read(self.value) {
            Ok(Some(value)) if field.is_none() => {
                *field = Some(value);
                true
            }
            Ok(_) => false,
            Err(expected) => {
                let found: String = self.value.chars().take(80).collect();
                self.issues.push(format!("{}: expected {expected}, found {found}", self.key));
                false
            }
        }
    }

    /// Fills a field from a member that is kept.
    fn look<T>(&mut self, field: &mut Option<T>, read: impl FnOnce(&str) -> Typed<T>) -> bool {
        self.take(field, read);
        false
    }
}

fn digest<const N: usize>(value: &str) -> Typed<[u8; N]> {
    let expected = "a digest in hex";
    let text: Option<Cow<'_, str>> = string(value).map_err(|()| expected)?;
    match text.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => hex::decode_array(text.as_bytes()).map(Some).ok_or(expected),
    }
}

/// A number, or a text of digits.
fn integer(value: &str) -> Typed<u64> {
    let expected = "a size in bytes";
    let digits = match value.starts_with('"') {
        true => string(value).map_err(|()| expected)?.unwrap_or_default(),
        false => Cow::Borrowed(value),
    };
    match &*digits {
        "" | "null" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| expected),
    }
}

/// A number or a text, as it stands.
fn category(value: &str) -> Typed<String> {
    let expected = "a number or a text";
    match value.as_bytes() {
        [b'-' | b'0'..=b'9', ..] => Ok(Some(value.to_owned())),
        _ => Ok(string(value).map_err(|()| expected)?.map(Cow::into_owned).filter(|text| !text.is_empty())),
    }
}

fn string(value: &str) -> Result<Option<Cow<'_, str>>, ()> {
    serde_json::from_str::<Option<Text<'_>>>(value).map(|text| text.map(|text| text.0)).map_err(|_| ())
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The name of the first of the files; the others stand in the property.
fn first_name(value: &str) -> Typed<String> {
    let First(name) = serde_json::from_str(value).map_err(|_| "a list of files")?;
    Ok(name)
}

/// `FileName` of the first element, or of the object where it stands alone.
struct First(Option<String>);

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = First;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of files")
            }

            fn visit_unit<E: de::Error>(self) -> Result<First, E> {
                Ok(First(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut files: A) -> Result<First, A::Error> {
                let first = files.next_element::<FileName>()?;
                while files.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first.and_then(|file| file.name)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<First, A::Error> {
                let file = FileName::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(First(file.name))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

#[derive(Deserialize)]
struct FileName {
    #[serde(rename = "FileName", alias = "fileName", alias = "filename")]
    name: Option<String>,
}

#[derive(Default)]
struct OtherHashes {
    sha256: Option<[u8; 32]>,
    blake3: Option<[u8; 32]>,
}

#[derive(Deserialize)]
struct OtherHash<'a> {
    #[serde(rename = "HashName", borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(rename = "HashValue", borrow)]
    value: Option<Cow<'a, str>>,
}

/// SHA-256 and BLAKE3 of the alternative hashes; a field of them that is no digest is an issue.
fn other_hashes(value: &str, found: &mut OtherHashes) -> Typed<()> {
    let expected = "a list of hashes with a HashName and a HashValue";
    let hashes: Option<Vec<OtherHash<'_>>> = serde_json::from_str(value).map_err(|_| expected)?;
    for hash in hashes.unwrap_or_default() {
        let (Some(name), Some(value)) = (hash.name, hash.value) else { continue };
        let field = match name.to_ascii_uppercase().replace(['-', '_'], "").as_str() {
            "SHA256" | "SHA2256" => &mut found.sha256,
            "BLAKE3" => &mut found.blake3,
            _ => continue,
        };
        *field = Some(hex::decode_array(value.trim().as_bytes()).ok_or("a SHA-256 or BLAKE3 in hex")?);
    }
    Ok(None)
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Text(key), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    if members.len() >= MOST_MEMBERS {
                        return Err(de::Error::custom("too many members"));
                    }
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}
