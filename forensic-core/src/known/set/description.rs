//! What a set says of itself: its lists, what their records have in common, and what could not be read. JSON.

use crate::{
    error::{Error, Result},
    known::{FileRecord, Group, Properties, SetIssue, SetSource},
};
use serde::{Deserialize, Serialize};

/// Which digest a record has that has nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Md5,
    Sha1,
    Sha256,
    Blake3,
    /// SHA-256 or BLAKE3.
    Untold,
}

impl Kind {
    /// The record that has this digest and nothing else.
    pub(super) fn record(self, digest: &[u8]) -> FileRecord {
        let mut record = FileRecord::default();
        match self {
            Self::Md5 => record.md5 = digest.try_into().ok(),
            Self::Sha1 => record.sha1 = digest.try_into().ok(),
            Self::Sha256 => record.sha256 = digest.try_into().ok(),
            Self::Blake3 => record.blake3 = digest.try_into().ok(),
            Self::Untold => record.untold = digest.try_into().ok(),
        }
        record
    }
}

/// What the records of a list, or of a case in it, have in common, and which list that is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetGroup {
    /// The list: its number among [`HashSet::sources`](super::HashSet::sources).
    pub source: usize,
    /// What it says.
    pub group: Group,
}

/// A Bloom filter in the set.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct StoredFilter {
    pub(super) group: u64,
    /// From the start of the filters' section.
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Description {
    pub(super) sources: Vec<SetSource>,
    pub(super) groups: Vec<SetGroup>,
    /// Group and digest of the records that have nothing but one digest. An entry's place is a number of these, or how
    /// many these are and the place in the section of records.
    pub(super) bare: Vec<(u64, Kind)>,
    pub(super) filters: Vec<StoredFilter>,
    pub(super) issues: Vec<SetIssue>,
}

#[derive(Serialize, Deserialize)]
struct Text {
    sources: Vec<SourceText>,
    groups: Vec<GroupText>,
    bare: Vec<(u64, Kind)>,
    filters: Vec<StoredFilter>,
    issues: Vec<IssueText>,
}

#[derive(Serialize, Deserialize)]
struct SourceText {
    path: String,
    format: String,
    set_name: String,
    records: u64,
}

#[derive(Serialize, Deserialize)]
struct GroupText {
    source: usize,
    scheme: Option<String>,
    properties: String,
}

#[derive(Serialize, Deserialize)]
struct IssueText {
    source: String,
    position: u64,
    message: String,
}

impl Description {
    pub(super) fn to_json(&self) -> Result<Vec<u8>> {
        let text = Text {
            sources: self.sources.iter().map(SourceText::of).collect(),
            groups: self.groups.iter().map(GroupText::of).collect(),
            bare: self.bare.clone(),
            filters: self.filters.clone(),
            issues: self.issues.iter().map(IssueText::of).collect(),
        };
        serde_json::to_vec(&text).map_err(|error| Error::invalid(error.to_string()))
    }

    /// Reads what stands at byte `at` of the file.
    pub(super) fn from_json(json: &[u8], at: u64) -> Result<Self> {
        let wrong = |what: String| Error::corrupt("description of a hash set", at, "what a set is built from", what);
        let text: Text = serde_json::from_slice(json).map_err(|error| wrong(error.to_string()))?;
        let (sources, groups) = (text.sources.len(), text.groups.len() as u64);
        if text.groups.iter().any(|group| group.source >= sources)
            || text.bare.iter().any(|(group, _)| *group >= groups)
            || text.filters.iter().any(|filter| filter.group >= groups)
        {
            return Err(wrong("a group or list that is not there".to_owned()));
        }
        let sources = text.sources.into_iter().map(SourceText::into_source).collect::<Result<_>>();
        Ok(Self {
            sources: sources.map_err(|error| wrong(error.to_string()))?,
            groups: text.groups.into_iter().map(GroupText::into_group).collect(),
            bare: text.bare,
            filters: text.filters,
            issues: text.issues.into_iter().map(IssueText::into_issue).collect(),
        })
    }
}

impl SourceText {
    fn of(source: &SetSource) -> Self {
        Self {
            path: source.path.to_string_lossy().into_owned(),
            format: source.format.as_str().to_owned(),
            set_name: source.set_name.clone(),
            records: source.records,
        }
    }

    fn into_source(self) -> Result<SetSource> {
        let Self { path, format, set_name, records } = self;
        Ok(SetSource { path: path.into(), format: format.parse()?, set_name, records })
    }
}

impl GroupText {
    fn of(SetGroup { source, group }: &SetGroup) -> Self {
        let properties = group.properties.as_json().to_owned();
        Self { source: *source, scheme: group.scheme.clone(), properties }
    }

    fn into_group(self) -> SetGroup {
        let properties = Properties::from_json(self.properties);
        SetGroup { source: self.source, group: Group { scheme: self.scheme, properties } }
    }
}

impl IssueText {
    fn of(issue: &SetIssue) -> Self {
        let SetIssue { source, position, message } = issue;
        Self { source: source.to_string_lossy().into_owned(), position: *position, message: message.clone() }
    }

    fn into_issue(self) -> SetIssue {
        SetIssue { source: self.source.into(), position: self.position, message: self.message }
    }
}
