//! VICS 2.0, as a hash set or as cases, and CAID, which is VICS 1.2.
//!
//! Properties are written as they stand in the record; digests are upper-case hex, numbers are numbers.

mod cases;
mod media;

pub(super) use cases::Cases;

use self::media::MediaText;
use super::{
    super::lists::{json::Context, json::media::Members, object::push_string},
    FileRecord, Group, Layout, WriteReport,
};
use std::io::{self, Write};

/// What differs between the documents of hash sets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Vics,
    Caid,
}

/// Where the models of VICS 2.0 are.
const MODELS: &str = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml";
const CAID_CONTEXT: &str = "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media";

/// A document whose list is one of Media.
pub(super) struct HashSet {
    dialect: Dialect,
    /// What was said of the list before its first record.
    said: Option<Group>,
    /// The same, once it is written.
    written: Option<Group>,
    media: MediaText,
}

impl HashSet {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, said: None, written: None, media: MediaText::new(dialect) }
    }

    fn open(&mut self, out: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        let group = self.said.take().unwrap_or_default();
        let version = if self.dialect == Dialect::Caid { "1.2" } else { "2.0" };
        let is_context = |name: &str, value: &str| {
            name.contains("odata.")
                && Context::find(value).is_some_and(|found| found.version == version && !found.cases)
        };
        let text = group.properties.as_json();
        let members = Members::parse(if text.is_empty() { "{}" } else { text }).ok();
        let mut envelope = String::new();
        // What a document of another kind says of itself has no place in this one.
        let is_own =
            members.as_ref().is_some_and(|members| members.iter().any(|(name, value)| is_context(name, value)));
        match (is_own, &members) {
            (true, Some(members)) => members.iter().for_each(|(name, value)| push_member(&mut envelope, name, value)),
            _ => {
                let (name, context) = match self.dialect {
                    Dialect::Caid => ("odata.metadata", CAID_CONTEXT.to_owned()),
                    Dialect::Vics => ("@odata.context", context(group.scheme.as_deref(), "Media")),
                };
                push_member(&mut envelope, name, &quoted(&context));
                let is_context_alone =
                    members.is_some_and(|members| members.iter().all(|(name, _)| name.contains("odata.")));
                report.lose("group", !is_context_alone);
                let scheme = group.scheme.as_deref();
                report.lose(
                    "scheme",
                    scheme.is_some() && (self.dialect == Dialect::Caid || vics_scheme(scheme) != scheme),
                );
            }
        }
        write!(out, "{{{envelope},\"value\":[")?;
        self.written = Some(group);
        Ok(())
    }
}

impl Layout for HashSet {
    fn describe(&mut self, group: Group, _: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        match &self.written {
            None if self.said.is_none() => self.said = Some(group),
            // The last word counts, but only that of the first list.
            None => {
                let first = self.said.replace(group);
                report.lose("group", first != self.said);
            }
            Some(written) => {
                report.lose("scheme", written.scheme != group.scheme);
                report.lose("group", written.properties != group.properties);
            }
        }
        Ok(())
    }

    fn record(&mut self, record: &FileRecord, out: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        if self.written.is_none() {
            self.open(out, report)?;
        }
        self.media.write(record, out, report)
    }

    fn end(&mut self, out: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        if self.written.is_none() {
            self.open(out, report)?;
        }
        out.write_all(b"\n]}\n")
    }
}

/// The scheme that the context of a document can name; others are not schemes of VICS.
fn vics_scheme(scheme: Option<&str>) -> Option<&str> {
    let is_word = |scheme: &&str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    scheme.filter(is_word).filter(|scheme| !matches!(*scheme, "" | "NSRL" | "IPED"))
}

/// The context of a document of this scheme.
fn context(scheme: Option<&str>, kind: &str) -> String {
    format!("{MODELS}/{}/$metadata#{kind}", vics_scheme(scheme).unwrap_or("Default"))
}

fn quoted(text: &str) -> String {
    let mut json = String::new();
    push_string(&mut json, text);
    json
}

fn push_member(json: &mut String, name: &str, value: &str) {
    if !json.is_empty() {
        json.push(',');
    }
    push_string(json, name);
    json.push(':');
    json.push_str(value);
}
