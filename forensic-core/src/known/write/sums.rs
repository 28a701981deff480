//! Plain lists, and lists of checksums in BSD's form, which names the algorithm: a file with several digests has a line
//! for each. coreutils and b3sum read and check it.

use super::{FileRecord, Group, Layout, WriteReport};
use crate::hash::hex;
use std::io::{self, Write};

/// Digests, one a line.
pub(super) struct Plain;

impl Layout for Plain {
    fn describe(&mut self, group: Group, _: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        lose_group(&group, report);
        Ok(())
    }

    fn record(&mut self, record: &FileRecord, out: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        for digest in record.digests() {
            writeln!(out, "{}", hex::encode(digest))?;
        }
        report.lose("algorithm", record.sha256.is_some() || record.blake3.is_some());
        keep_digests(record, report, &[]);
        Ok(())
    }
}

/// `MD5 (name) = digest`
pub(super) struct Sums;

impl Layout for Sums {
    fn describe(&mut self, group: Group, _: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        lose_group(&group, report);
        Ok(())
    }

    fn record(&mut self, record: &FileRecord, out: &mut dyn Write, report: &mut WriteReport) -> io::Result<()> {
        let FileRecord { md5, sha1, sha256, blake3, untold, name, .. } = record;
        // What is nameless is a bare digest.
        let (mark, name) = name.as_deref().filter(|name| !name.is_empty()).map(escape).unzip();
        let mark = mark.unwrap_or_default();
        let named: [(&str, Option<&[u8]>); 4] = [
            ("MD5", md5.as_ref().map(|digest| &digest[..])),
            ("SHA1", sha1.as_ref().map(|digest| &digest[..])),
            ("SHA256", sha256.as_ref().map(|digest| &digest[..])),
            ("BLAKE3", blake3.as_ref().map(|digest| &digest[..])),
        ];
        for (algorithm, digest) in named {
            match (digest, &name) {
                (Some(digest), Some(name)) => writeln!(out, "{mark}{algorithm} ({name}) = {}", hex::encode(digest))?,
                (Some(digest), None) => writeln!(out, "{}", hex::encode(digest))?,
                (None, _) => {}
            }
        }
        if let Some(digest) = untold {
            match &name {
                Some(name) => writeln!(out, "{mark}{}  {name}", hex::encode(digest))?,
                None => writeln!(out, "{}", hex::encode(digest))?,
            }
        }
        report.lose("algorithm", name.is_none() && (sha256.is_some() || blake3.is_some()));
        keep_digests(record, report, if name.is_some() { &["name"] } else { &[] });
        Ok(())
    }
}

/// The mark of a name that is escaped, and the name.
fn escape(name: &str) -> (&'static str, String) {
    match name.contains(['\\', '\n', '\r']) {
        true => ("\\", name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")),
        false => ("", name.to_owned()),
    }
}

fn keep_digests(record: &FileRecord, report: &mut WriteReport, also: &[&str]) {
    let digests = ["md5", "sha1", "sha256", "blake3", "untold"];
    match record.digests().next() {
        Some(_) => report.keep(record, &[&digests, also].concat()),
        None => report.skip(),
    }
}

/// Counts what a group says where the format has no place for it.
pub(super) fn lose_group(group: &Group, report: &mut WriteReport) {
    report.lose("scheme", group.scheme.is_some());
    report.lose("group", !group.properties.as_json().is_empty());
}
