//! hashdeep lists. A line of columns stands before the first record, and again wherever a record has others.

use super::{FileRecord, Group, Layout, WriteReport};
use crate::hash::hex;
use std::io::{self, Write};

/// The algorithms of hashdeep that are properties here.
const OTHERS: [&str; 2] = ["tiger", "whirlpool"];

#[derive(Default)]
pub(super) struct Hashdeep {
    columns: String,
    comments: Vec<String>,
}

impl Layout for Hashdeep {
    fn describe(&mut self, group: Group, _: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        report.lose("scheme", group.scheme.is_some());
        let mut comments = Vec::new();
        for (name, value) in group.properties.to_map() {
            match (name.as_str(), value.as_str()) {
                ("command", Some(command)) if is_one_line(command) => comments.push(format!("$ {command}")),
                ("Invoked from", Some(folder)) if is_one_line(folder) => {
                    comments.push(format!("Invoked from: {folder}"))
                }
                _ => {
                    report.lose("group", true);
                    return Ok(());
                }
            }
        }
        // Behind the first record there is no place for them.
        report.lose("group", !comments.is_empty() && !self.columns.is_empty());
        self.comments = comments;
        Ok(())
    }

    fn record(&mut self, record: &FileRecord, out: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        let FileRecord { md5, sha1, sha256, size, name, properties, .. } = record;
        if md5.is_none() && sha1.is_none() && sha256.is_none() {
            report.skip();
            return Ok(());
        }
        let mut held = vec!["md5", "sha1", "sha256", "size"];
        let mut fields: Vec<(&str, String)> = Vec::new();
        fields.extend(size.map(|size| ("size", size.to_string())));
        fields.extend(md5.map(|digest| ("md5", hex::encode(&digest))));
        fields.extend(sha1.map(|digest| ("sha1", hex::encode(&digest))));
        fields.extend(sha256.map(|digest| ("sha256", hex::encode(&digest))));
        if !properties.as_json().is_empty() {
            let map = properties.to_map();
            for name in OTHERS {
                let digest = map.get(name).and_then(|value| value.as_str());
                let digest =
                    digest.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
                fields.extend(digest.map(|digest| (name, digest.to_owned())));
            }
            if map.keys().all(|name| fields.iter().any(|field| field.0 == name)) {
                held.push("properties");
            }
        }
        if let Some(name) = name {
            if is_one_line(name) {
                held.push("name");
            }
            // hashdeep escapes nothing: a name over two lines would be two rows.
            fields.push(("filename", name.replace(['\n', '\r'], "\u{fffd}")));
        }
        let columns = fields.iter().map(|field| field.0).collect::<Vec<_>>().join(",");
        if columns != self.columns {
            if self.columns.is_empty() {
                writeln!(out, "%%%% HASHDEEP-1.0")?;
            }
            writeln!(out, "%%%% {columns}")?;
            for comment in self.comments.drain(..) {
                writeln!(out, "## {comment}")?;
            }
            self.columns = columns;
        }
        let values = fields.into_iter().map(|field| field.1).collect::<Vec<_>>().join(",");
        writeln!(out, "{values}")?;
        report.keep(record, &held);
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, _: &mut WriteReport) -> io::Result<()> {
        match self.columns.is_empty() {
            true => writeln!(out, "%%%% HASHDEEP-1.0\n%%%% size,md5,sha1,sha256,filename"),
            false => Ok(()),
        }
    }
}

fn is_one_line(text: &str) -> bool {
    !text.is_empty() && !text.contains(['\n', '\r'])
}
