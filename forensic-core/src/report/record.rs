//! The one record all writers and all languages share.

use crate::{
    bytes::Extent,
    filesystem::{Attributes, Time, Value},
    known::{Known, Standing},
    perceptual::{Key, Match},
};
use serde::{Serialize, Serializer, ser::SerializeSeq};

/// What is known of one stream of one entry. Field order is key order in JSON and column order in CSV.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Record {
    /// Position in the output, from 0.
    pub id: u64,
    /// Where it was found: "filesystem", "carved".
    pub source: &'static str,
    /// Index of the volume.
    pub volume: Option<u64>,
    /// Byte offset of the volume on the medium.
    pub volume_offset: Option<u64>,
    /// Kind of the filesystem: "ntfs", "fat32".
    pub filesystem: Option<&'static str>,
    /// Path in the filesystem.
    pub path: Option<String>,
    /// Last part of the path.
    pub name: Option<String>,
    /// Name of the stream, "" being the main one; `None` for a directory itself.
    pub stream: Option<String>,
    /// `id` of the entry in its filesystem.
    pub entry_id: Option<u64>,
    /// `id` of its directory.
    pub parent_id: Option<u64>,
    /// "file", "directory", "symlink", "other".
    pub kind: Option<&'static str>,
    /// "allocated", "deleted", "orphan", "unlisted"; of a carved file "complete", "fragmented", "truncated", "damaged".
    pub status: Option<&'static str>,
    /// Where a symbolic link leads.
    pub target: Option<String>,
    /// "intact", "partial", "overwritten", "unknown"; `None` for live entries.
    pub recoverability: Option<&'static str>,
    /// Why.
    pub recoverability_reason: Option<String>,
    /// Bytes of the stream.
    pub size: Option<u64>,
    /// RFC 3339; without an offset where the filesystem stores local time.
    #[serde(serialize_with = "time")]
    pub created: Option<Time>,
    /// As `created`.
    #[serde(serialize_with = "time")]
    pub modified: Option<Time>,
    /// As `created`.
    #[serde(serialize_with = "time")]
    pub accessed: Option<Time>,
    /// As `created`.
    #[serde(serialize_with = "time")]
    pub changed: Option<Time>,
    /// What else the filesystem says.
    pub attributes: Attributes,
    /// Where the stream lies: `[stream_offset, offset or null, length, kind, inferred]`.
    #[serde(serialize_with = "extents")]
    pub extents: Vec<Extent>,
    /// Lower-case hex; `None` where the content could not be read in full.
    pub md5: Option<String>,
    /// As `md5`.
    pub sha1: Option<String>,
    /// As `md5`.
    pub sha256: Option<String>,
    /// As `md5`.
    pub blake3: Option<String>,
    /// Type of the content by its signature: "jpeg", "png", "mp4".
    #[serde(rename = "type")]
    pub content_type: Option<&'static str>,
    /// Of a picture that decodes.
    pub picture: Option<Picture>,
    /// Perceptual hashes of a picture.
    pub perceptual: Vec<Perceptual>,
    /// What the hash sets say.
    pub known: Vec<KnownHit>,
    /// Similar pictures of given indexes, nearest first in each.
    pub similar: Vec<Similar>,
    /// `id` of the record that holds this one.
    pub parent: Option<u64>,
    /// `id` of the first record with the same SHA-256.
    pub same_as: Option<u64>,
    /// What could not be read.
    pub issues: Vec<String>,
}

impl Record {
    /// What the most urgent of its hits means; `None` where no set knows it.
    pub fn standing(&self) -> Option<Standing> {
        self.known.iter().map(|hit| hit.standing).min()
    }
}

/// A decoded picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Share of the picture that decoded, 0 to 1.
    pub decoded: f64,
}

impl Picture {
    /// A picture that decoded in full.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, decoded: 1.0 }
    }
}

/// A perceptual hash and all that is needed to compare it later.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Perceptual {
    /// The algorithm.
    pub algorithm: &'static str,
    /// Version of its implementation.
    pub version: &'static str,
    /// How the pixels came to the algorithm.
    pub pipeline: &'static str,
    /// The bits.
    pub hex: String,
    /// 0 to 100, where the algorithm grades pictures.
    pub quality: Option<u8>,
}

impl From<&crate::perceptual::ImageHash> for Perceptual {
    fn from(hash: &crate::perceptual::ImageHash) -> Self {
        Self {
            algorithm: hash.algorithm().as_str(),
            version: hash.algorithm().version(),
            pipeline: "array",
            hex: hash.hex(),
            quality: hash.quality(),
        }
    }
}

/// A picture of an index that is similar: a pointer, not a verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Similar {
    /// The index.
    pub index: String,
    /// What the index has the picture under.
    #[serde(serialize_with = "key")]
    pub key: Key,
    /// The algorithm.
    pub algorithm: &'static str,
    /// Version of its implementation.
    pub version: &'static str,
    /// Bits that differ, of the nearest of the picture's turns and mirrors.
    pub distance: u32,
    /// The most that were allowed to.
    pub threshold: u32,
    /// Quality of the picture of the index, 0 to 100, where the algorithm grades pictures.
    pub quality: Option<u8>,
}

impl Similar {
    /// A match of an index of that name.
    pub fn new(index: impl Into<String>, found: Match) -> Self {
        let Match { key, distance, quality, algorithm, version, threshold } = found;
        Self { index: index.into(), key, algorithm: algorithm.as_str(), version, distance, threshold, quality }
    }
}

/// A hit in a hash set: a pointer, not a verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct KnownHit {
    /// The set.
    pub set_name: String,
    /// Whose categories these are.
    pub scheme: Option<String>,
    /// The category as read.
    pub category: Option<String>,
    /// The file name the set gives.
    pub name: Option<String>,
    /// True where the set can be wrong by construction.
    pub possible: bool,
    /// What the hit means.
    #[serde(skip)]
    pub standing: Standing,
}

impl From<Known> for KnownHit {
    fn from(known: Known) -> Self {
        let standing = known.standing();
        let Known { set_name, scheme, category, name, possible, .. } = known;
        Self { set_name, scheme, category, name, possible, standing }
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Int(value) => to.serialize_i64(*value),
            Self::Text(value) => to.serialize_str(value),
            Self::Bytes(_) => to.collect_str(self),
        }
    }
}

fn key<S: Serializer>(key: &Key, to: S) -> Result<S::Ok, S::Error> {
    match key {
        Key::Number(number) => to.serialize_i64(*number),
        Key::Text(text) => to.serialize_str(text),
    }
}

// Serde passes fields by reference.
#[allow(clippy::ref_option)]
fn time<S: Serializer>(time: &Option<Time>, to: S) -> Result<S::Ok, S::Error> {
    time.as_ref().and_then(Time::to_rfc3339).serialize(to)
}

fn extents<S: Serializer>(extents: &[Extent], to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(Some(extents.len()))?;
    for extent in extents {
        let Extent { stream_offset, offset, length, kind, inferred } = extent;
        list.serialize_element(&(stream_offset, offset, length, kind.as_str(), inferred))?;
    }
    list.end()
}
