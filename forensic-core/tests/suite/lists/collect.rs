//! All that a reader gives, kept; and given to a writer again.

use crate::corpus;
use forensic_core::{
    Limits, Result,
    known::{FileRecord, Format, Group, List, ListWriter, Sink, WriteReport},
};

#[derive(Debug, Default, Clone)]
pub struct Collected {
    pub format: Option<Format>,
    /// The list itself, then its cases; each with its records.
    pub groups: Vec<(Group, Vec<FileRecord>)>,
    pub removed: Vec<FileRecord>,
    pub filters: Vec<Vec<u8>>,
    pub issues: Vec<(u64, String)>,
}

impl Collected {
    fn last(&mut self) -> &mut (Group, Vec<FileRecord>) {
        if self.groups.is_empty() {
            self.groups.push(Default::default());
        }
        self.groups.last_mut().unwrap()
    }

    pub fn records(&self) -> Vec<&FileRecord> {
        self.groups.iter().flat_map(|group| &group.1).collect()
    }

    /// What the list says of itself.
    pub fn group(&self) -> &Group {
        &self.groups[0].0
    }

    pub fn names(&self) -> Vec<&str> {
        self.records().into_iter().map(|record| record.name.as_deref().unwrap_or("-")).collect()
    }

    pub fn write(&self, format: Format) -> (Vec<u8>, WriteReport) {
        let mut text = Vec::new();
        let mut writer = ListWriter::new("written", &mut text, format).unwrap();
        for (number, (group, records)) in self.groups.iter().enumerate() {
            if number > 0 {
                writer.begin_group().unwrap();
            }
            if *group != Group::default() {
                writer.describe(group.clone()).unwrap();
            }
            records.iter().for_each(|record| writer.record(record).unwrap());
        }
        let report = writer.finish().unwrap();
        (text, report)
    }
}

impl Sink for Collected {
    fn begin_group(&mut self) -> Result<()> {
        self.last();
        self.groups.push(Default::default());
        Ok(())
    }

    fn describe(&mut self, group: Group) -> Result<()> {
        self.last().0 = group;
        Ok(())
    }

    fn record(&mut self, record: &FileRecord) -> Result<()> {
        self.last().1.push(record.clone());
        Ok(())
    }

    fn remove(&mut self, record: &FileRecord) -> Result<()> {
        self.removed.push(record.clone());
        Ok(())
    }

    fn filter(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.filters.push(bytes);
        Ok(())
    }

    fn issue(&mut self, position: u64, message: String) {
        self.issues.push((position, message));
    }
}

/// Reads a list whose format its content tells, and keeps it as a seed of the fuzz targets.
pub fn read(bytes: impl AsRef<[u8]>) -> Result<Collected> {
    read_as(bytes, None)
}

pub fn read_as(bytes: impl AsRef<[u8]>, format: Option<Format>) -> Result<Collected> {
    read_within(bytes, format, &Limits::default())
}

pub fn read_within(bytes: impl AsRef<[u8]>, format: Option<Format>, limits: &Limits) -> Result<Collected> {
    let mut collected = Collected::default();
    let list = List::from_reader("list", bytes.as_ref(), format, limits)?;
    collected.format = Some(list.format());
    corpus::seed(
        match list.format() {
            Format::Vics | Format::VicsCase | Format::Caid => "lists_json",
            Format::NsrlSqlite | Format::NsrlSql | Format::TskKdb | Format::Iped => "lists_sqlite",
            Format::EncaseHash | Format::HashlookupBloom | Format::TskIdx | Format::Hashkeeper => "lists_binary",
            _ => "lists_text",
        },
        bytes.as_ref(),
    );
    list.read(&mut collected)?;
    Ok(collected)
}

pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn md5(record: &FileRecord) -> String {
    record.md5.map(|digest| hex(&digest)).unwrap_or_default()
}
