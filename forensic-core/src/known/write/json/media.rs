//! One Media of a VICS document.

use super::{
    super::super::{lists::json::media, record::FileRecord},
    Dialect, Members, WriteReport, push_member, quoted,
};
use crate::hash::hex;
use std::io::{self, Write};

/// Writes Media, one after another.
pub(super) struct MediaText {
    dialect: Dialect,
    json: String,
    is_first: bool,
    /// The highest MediaID so far.
    last_id: u64,
}

impl MediaText {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, json: String::new(), is_first: true, last_id: 0 }
    }

    /// Begins another list.
    pub(super) fn restart(&mut self) {
        self.is_first = true;
    }

    pub(super) fn write(
        &mut self,
        record: &FileRecord,
        out: &mut dyn Write,
        report: &mut WriteReport,
    ) -> io::Result<()> {
        let text = record.properties.as_json();
        let members = Members::parse(if text.is_empty() { "{}" } else { text });
        // The MD5 is what a Media is known by.
        let (Some(md5), Ok(members)) = (record.md5, members) else {
            report.skip();
            return Ok(());
        };
        let upper = |digest: &[u8]| quoted(&hex::encode(digest).to_ascii_uppercase());
        let md5 = upper(&md5);
        let json = &mut self.json;
        json.clear();
        let mut rest = members.iter().peekable();
        // The identity stands first, where the record does not say otherwise.
        match members.iter().find(|(name, _)| *name == "MediaID") {
            None => {
                self.last_id = self.last_id.saturating_add(1);
                push_member(json, "MediaID", &self.last_id.to_string());
            }
            Some((_, id)) => self.last_id = self.last_id.max(id.parse().unwrap_or_default()),
        }
        if let Some((name, value)) = rest.next_if(|(name, _)| *name == "MediaID") {
            push_member(json, name, value);
        }
        push_member(json, "MD5", &md5);
        if let Some(sha1) = &record.sha1 {
            push_member(json, "SHA1", &upper(sha1));
        }
        if let Some(size) = record.size {
            push_member(json, "MediaSize", &size.to_string());
        }
        if let Some(category) = &record.category {
            let is_number = category.parse::<i64>().is_ok_and(|number| number.to_string() == *category);
            push_member(json, "Category", &if is_number { category.clone() } else { quoted(category) });
        }
        let missing = Missing::of(record, text);
        let mut held = vec!["md5", "sha1", "size", "category", "sha256", "blake3", "properties", "name"];
        let mut hashes = missing.hashes(&md5);
        for (name, value) in rest {
            if name.eq_ignore_ascii_case("AlternativeHashes") && !hashes.is_empty() {
                push_member(json, name, &with_more(value, &hashes));
                hashes.clear();
            } else {
                push_member(json, name, value);
            }
        }
        if !hashes.is_empty() {
            push_member(json, "AlternativeHashes", &format!("[{hashes}]"));
        }
        if let Some(name) = missing.name {
            let files = if self.dialect == Dialect::Caid { "files" } else { "MediaFiles" };
            match members.has(files) {
                true => held.retain(|part| *part != "name"),
                false => {
                    let file = format!("[{{\"MD5\":{md5},\"FileName\":{},\"FilePath\":\"\"}}]", quoted(name));
                    push_member(json, files, &file);
                }
            }
        }
        let comma = if std::mem::take(&mut self.is_first) { "" } else { "," };
        write!(out, "{comma}\n{{{json}}}")?;
        report.keep(record, &held);
        Ok(())
    }
}

/// What the properties of a record do not say themselves.
struct Missing<'r> {
    name: Option<&'r str>,
    sha256: Option<[u8; 32]>,
    blake3: Option<[u8; 32]>,
}

impl<'r> Missing<'r> {
    fn of(record: &'r FileRecord, properties: &str) -> Self {
        let said = match Members::parse(properties) {
            Ok(members) if !properties.is_empty() => media::record(members, &mut Vec::new()),
            _ => FileRecord::default(),
        };
        Self {
            name: record.name.as_deref().filter(|name| said.name.as_deref() != Some(name)),
            sha256: record.sha256.filter(|digest| said.sha256 != Some(*digest)),
            blake3: record.blake3.filter(|digest| said.blake3 != Some(*digest)),
        }
    }

    /// The elements of AlternativeHashes.
    fn hashes(&self, md5: &str) -> String {
        let named = [("SHA256", self.sha256), ("BLAKE3", self.blake3)];
        let hashes = named.into_iter().filter_map(|(name, digest)| {
            let digest = hex::encode(&digest?).to_ascii_uppercase();
            Some(format!("{{\"MD5\":{md5},\"HashName\":\"{name}\",\"HashValue\":\"{digest}\"}}"))
        });
        hashes.collect::<Vec<_>>().join(",")
    }
}

/// A list with more elements; what is no list gives way to one that has it in it.
fn with_more(list: &str, more: &str) -> String {
    match list.trim().strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
        Some(elements) if elements.trim().is_empty() => format!("[{more}]"),
        Some(elements) => format!("[{elements},{more}]"),
        None if list.trim() == "null" => format!("[{more}]"),
        None => format!("[{list},{more}]"),
    }
}
