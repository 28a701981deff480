//! A document of VICS cases: each group is one.

use super::{
    super::super::{lists::json::media::Members, record::Properties},
    Dialect, FileRecord, Group, Layout, MediaText, WriteReport, context, push_member, quoted, vics_scheme,
};
use crate::hash::{Algorithm, Hasher, hex};
use std::io::{self, Write};

pub(super) type Written = io::Result<()>;

/// A document whose list is one of cases.
pub(in super::super) struct Cases {
    /// The scheme of the document, once its envelope is written.
    scheme: Option<Option<String>>,
    /// What was said of the list or the case that is not yet open.
    said: Option<Group>,
    /// What was said of a case behind its first record.
    late: Option<Group>,
    /// True in a case that the sink was told of; the list itself becomes one where it has records.
    begun: bool,
    open: bool,
    number: u64,
    /// The fields of the case that is open, as they are written before its Media, and those that wait for its end.
    fields: String,
    behind: String,
    media: MediaText,
}

impl Default for Cases {
    fn default() -> Self {
        let media = MediaText::new(Dialect::Vics);
        Self {
            scheme: None,
            said: None,
            late: None,
            begun: false,
            open: false,
            number: 0,
            fields: String::new(),
            behind: String::new(),
            media,
        }
    }
}

impl Cases {
    fn envelope(&mut self, scheme: Option<&String>, out: &mut dyn Write, report: &mut WriteReport) -> Written {
        match &self.scheme {
            None => {
                self.scheme = Some(scheme.cloned());
                let scheme = scheme.map(String::as_str);
                report.lose("scheme", vics_scheme(scheme) != scheme);
                let context = quoted(&context(scheme, "Cases"));
                write!(out, "{{\"@odata.context\":{context},\"value\":[")
            }
            Some(written) => {
                report.lose("scheme", written.as_ref() != scheme);
                Ok(())
            }
        }
    }

    fn open(&mut self, out: &mut dyn Write, report: &mut WriteReport) -> Written {
        let group = self.said.take().unwrap_or_default();
        self.envelope(group.scheme.as_ref(), out, report)?;
        self.open = true;
        self.number = self.number.saturating_add(1);
        (self.fields, self.behind) = self.fields(&group.properties, report);
        let fields = &self.fields;
        let comma = if self.number > 1 { "," } else { "" };
        write!(out, "{comma}\n{{{fields}")?;
        self.media.restart();
        out.write_all(if fields.is_empty() { b"\"Media\":[" } else { b",\"Media\":[" })
    }

    /// The fields of a case: those before its Media and those behind. Only a document of VICS has such; of another list
    /// nothing but its name is known.
    fn fields(&self, properties: &Properties, report: &mut WriteReport) -> (String, String) {
        let text = properties.as_json();
        let (mut fields, mut behind) = (String::new(), String::new());
        let Ok(members) = Members::parse(if text.is_empty() { "{}" } else { text }) else {
            report.lose("group", true);
            return (fields, behind);
        };
        let is_case = ["CaseID", "CaseNumber", "SourceApplicationName"].into_iter().any(|name| members.has(name));
        if !is_case {
            report.lose("group", members.iter().any(|(name, _)| !name.contains("odata.")));
            push_member(&mut fields, "CaseID", &quoted(&self.case_id(text)));
            return (fields, behind);
        }
        if !members.has("CaseID") {
            push_member(&mut fields, "CaseID", &quoted(&self.case_id(text)));
        }
        for (name, value) in members.iter() {
            match name {
                // Only under an escaped name can a list of Media be a field.
                "Media" if value.starts_with('[') => report.lose("group", true),
                // Before its Media a digest would make the case a Media.
                _ if name == "MD5" || !behind.is_empty() => push_member(&mut behind, name, value),
                _ => push_member(&mut fields, name, value),
            }
        }
        (fields, behind)
    }

    /// A GUID that is the same for the same case (RFC 9562, version 8).
    fn case_id(&self, text: &str) -> String {
        let mut hasher = Hasher::new(&[Algorithm::Md5]);
        hasher.update(text.as_bytes());
        hasher.update(&self.number.to_le_bytes());
        let mut id = [0; 16];
        if let Some(digest) = hasher.finish().get(Algorithm::Md5).and_then(|digest| digest.try_into().ok()) {
            id = digest;
        }
        let [.., version, _, variant, _, _, _, _, _, _, _] = &mut id;
        *version = *version & 0x0f | 0x80;
        *variant = *variant & 0x3f | 0x80;
        let hex = hex::encode(&id);
        let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
        format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
    }

    fn close(&mut self, out: &mut dyn Write, report: &mut WriteReport) -> Written {
        if self.begun && !self.open && self.said.is_some() {
            self.open(out, report)?;
        }
        if !std::mem::take(&mut self.open) {
            return Ok(());
        }
        out.write_all(b"\n]")?;
        let before = match (&*self.fields, &*self.behind) {
            (fields, "") => format!("{{{fields}}}"),
            ("", behind) => format!("{{{behind}}}"),
            (fields, behind) => format!("{{{fields},{behind}}}"),
        };
        let mut fields = std::mem::take(&mut self.behind);
        if let Some(group) = self.late.take() {
            report.lose("scheme", self.scheme.as_ref() != Some(&group.scheme));
            let text = group.properties.as_json();
            if let Ok(members) = Members::parse(if text.is_empty() { "{}" } else { text }) {
                let before = Members::parse(&before);
                let written = |name| before.iter().flat_map(Members::iter).find(|member| member.0 == name);
                for (name, value) in members.iter() {
                    match written(name) {
                        None if name == "Media" && value.starts_with('[') => report.lose("group", true),
                        None => push_member(&mut fields, name, value),
                        Some(member) => report.lose("group", member.1 != value),
                    }
                }
            }
        }
        if !fields.is_empty() {
            write!(out, ",{fields}")?;
        }
        out.write_all(b"}")
    }
}

impl Layout for Cases {
    fn begin(&mut self, out: &mut dyn Write, report: &mut WriteReport) -> Written {
        self.close(out, report)?;
        self.begun = true;
        self.said = None;
        Ok(())
    }

    fn describe(&mut self, group: Group, _: &mut dyn Write, _: &mut WriteReport) -> Written {
        match self.open {
            true => self.late = Some(group),
            false => self.said = Some(group),
        }
        Ok(())
    }

    fn record(&mut self, record: &FileRecord, out: &mut dyn Write, report: &mut WriteReport) -> Written {
        if !self.open {
            self.open(out, report)?;
        }
        self.media.write(record, out, report)
    }

    fn end(&mut self, out: &mut dyn Write, report: &mut WriteReport) -> Written {
        self.close(out, report)?;
        self.envelope(None, out, &mut WriteReport::default())?;
        out.write_all(b"\n]}\n")
    }
}
