//! `forensic_record`: what is known of one stream of one entry.

use crate::{
    boundary::{borrow, fallible, getter, item, offer, out},
    error::{forensic_error, forensic_status},
    extents::forensic_extents,
    text::{Items, Texts},
    time::{self, forensic_time},
};
use forensic_core::{filesystem::TimestampKind, perceptual::Key, report::Record};
use std::{
    ffi::c_char,
    ptr::{from_ref, null},
};

/// A decoded picture.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Share of the picture that decoded, 0 to 1.
    pub decoded: f64,
}

/// A perceptual hash in a record, and all that is needed to compare it later.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_perceptual {
    /// The algorithm.
    pub algorithm: *const c_char,
    /// Version of its implementation.
    pub version: *const c_char,
    /// How the pixels came to the algorithm.
    pub pipeline: *const c_char,
    /// The bits, in lower-case hex.
    pub hex: *const c_char,
    /// True where the algorithm grades pictures.
    pub has_quality: bool,
    /// The grade, 0 to 100; otherwise 0.
    pub quality: u8,
}

/// A picture of an index that is similar: a pointer, not a verdict.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_similar {
    /// The index.
    pub index: *const c_char,
    /// What the index has the picture under, where that is a text; NULL where it is a number.
    pub text: *const c_char,
    /// What the index has the picture under, where that is a number.
    pub number: i64,
    /// The algorithm.
    pub algorithm: *const c_char,
    /// Version of its implementation.
    pub version: *const c_char,
    /// Bits that differ, of the nearest of the picture's turns and mirrors.
    pub distance: u32,
    /// The most that were allowed to.
    pub threshold: u32,
    /// Quality of the picture of the index, 0 to 100; -1 where the algorithm does not grade pictures.
    pub quality: i32,
}

/// A hit in a hash set: a pointer, not a verdict.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_known_hit {
    /// The set.
    pub set_name: *const c_char,
    /// Whose categories category counts in; NULL where the set has none.
    pub scheme: *const c_char,
    /// The category as read; NULL where there is none.
    pub category: *const c_char,
    /// The file name the set gives; NULL where it gives none.
    pub name: *const c_char,
    /// True where the set can be wrong by construction.
    pub possible: bool,
}

/// What is known of one stream of one entry. Owned by the report it came from.
pub struct forensic_record {
    pub(crate) record: Record,
    texts: Texts,
    picture: Items<forensic_picture>,
    perceptual: Items<forensic_perceptual>,
    known: Items<forensic_known_hit>,
    similar: Items<forensic_similar>,
}

impl forensic_record {
    pub(crate) fn new(record: Record) -> Self {
        Self {
            record,
            texts: Texts::default(),
            picture: Items::default(),
            perceptual: Items::default(),
            known: Items::default(),
            similar: Items::default(),
        }
    }

    fn text(&self, text: Option<&str>) -> *const c_char {
        self.texts.give_any(text)
    }

    fn picture(&self) -> &[forensic_picture] {
        self.picture.or_make(|| {
            self.record.picture.iter().map(|picture| forensic_picture {
                width: picture.width,
                height: picture.height,
                decoded: picture.decoded,
            })
        })
    }

    fn perceptual(&self) -> &[forensic_perceptual] {
        self.perceptual.or_make(|| {
            self.record.perceptual.iter().map(|hash| forensic_perceptual {
                algorithm: self.texts.give(hash.algorithm),
                version: self.texts.give(hash.version),
                pipeline: self.texts.give(hash.pipeline),
                hex: self.texts.give(&hash.hex),
                has_quality: hash.quality.is_some(),
                quality: hash.quality.unwrap_or(0),
            })
        })
    }

    fn similar(&self) -> &[forensic_similar] {
        self.similar.or_make(|| {
            self.record.similar.iter().map(|similar| {
                let (text, number) = match &similar.key {
                    Key::Text(text) => (self.texts.give(text), 0),
                    Key::Number(number) => (null(), *number),
                };
                forensic_similar {
                    index: self.texts.give(&similar.index),
                    text,
                    number,
                    algorithm: self.texts.give(similar.algorithm),
                    version: self.texts.give(similar.version),
                    distance: similar.distance,
                    threshold: similar.threshold,
                    quality: similar.quality.map_or(-1, i32::from),
                }
            })
        })
    }

    fn known(&self) -> &[forensic_known_hit] {
        self.known.or_make(|| {
            self.record.known.iter().map(|hit| forensic_known_hit {
                set_name: self.texts.give(&hit.set_name),
                scheme: self.text(hit.scheme.as_deref()),
                category: self.text(hit.category.as_deref()),
                name: self.text(hit.name.as_deref()),
                possible: hit.possible,
            })
        })
    }
}

/// The whole record as one JSON object, as it stands in a line of JSONL. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_json(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.texts.give(&record.record.to_json()))
}

/// Position in the output, from 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_id(record: *const forensic_record) -> u64 {
    getter!(record, 0, record.record.id)
}

/// Where it was found: "filesystem". Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_source(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.texts.give(record.record.source))
}

/// True where it lies in a volume; the volume's index is then written to volume (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_volume(record: *const forensic_record, volume: *mut u64) -> bool {
    getter!(record, false, offer!(volume, record.record.volume))
}

/// True where it lies in a volume; the volume's byte offset on the medium is then written to offset (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_volume_offset(record: *const forensic_record, offset: *mut u64) -> bool {
    getter!(record, false, offer!(offset, record.record.volume_offset))
}

/// Kind of the filesystem; NULL outside one. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_filesystem(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.filesystem))
}

/// Path in the filesystem; NULL where it has none. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_path(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.path.as_deref()))
}

/// Last part of the path; NULL where it has none. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_name(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.name.as_deref()))
}

/// Name of the stream, "" being the main one; NULL for a directory itself. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_stream(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.stream.as_deref()))
}

/// True where it is of an entry; its id in its filesystem is then written to entry_id (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_entry_id(record: *const forensic_record, entry_id: *mut u64) -> bool {
    getter!(record, false, offer!(entry_id, record.record.entry_id))
}

/// True where the directory is known; its id is then written to parent_id (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_parent_id(record: *const forensic_record, parent_id: *mut u64) -> bool {
    getter!(record, false, offer!(parent_id, record.record.parent_id))
}

/// "file", "directory", "symlink", "other"; or NULL. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_kind(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.kind))
}

/// "allocated", "deleted", "orphan", "unlisted"; of a carved file "complete", "fragmented", "truncated", "damaged"; or NULL.
/// Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_status(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.status))
}

/// Where a symbolic link leads; or NULL. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_target(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.target.as_deref()))
}

/// What the most urgent of its hits means: "notable" (a set puts it in a category of illegal material), "listed" (a set
/// lists it and says no more), "known_good" (NSRL and the like); NULL where no set knows it. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_standing(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.standing().map(|standing| standing.as_str())))
}

/// "intact", "partial", "overwritten", "unknown"; NULL for what is in use. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_recoverability(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.recoverability))
}

/// Why; NULL for what is in use. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_recoverability_reason(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.recoverability_reason.as_deref()))
}

/// True where there is a stream; its bytes are then written to size (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_size(record: *const forensic_record, size: *mut u64) -> bool {
    getter!(record, false, offer!(size, record.record.size))
}

/// True where there is a time of this kind (a forensic_time_kind); it is then written to time (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_time(
    record: *const forensic_record,
    kind: u32,
    time: *mut forensic_time,
) -> bool {
    getter!(record, false, {
        let value = time::kind(kind).and_then(|kind| match kind {
            TimestampKind::Created => record.record.created,
            TimestampKind::Modified => record.record.modified,
            TimestampKind::Accessed => record.record.accessed,
            TimestampKind::Changed => record.record.changed,
        });
        offer!(time, value.map(Into::into))
    })
}

/// Where the stream lies.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_extents(
    record: *const forensic_record,
    extents: *mut *mut forensic_extents,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let extents = out!(extents);
        extents.give(forensic_extents::new(&borrow!(record).record.extents))
    })
}

/// MD5 in lower-case hex; NULL where it was not asked for or the content could not be read in full. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_md5(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.md5.as_deref()))
}

/// SHA-1; as forensic_record_md5.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_sha1(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.sha1.as_deref()))
}

/// SHA-256; as forensic_record_md5.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_sha256(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.sha256.as_deref()))
}

/// BLAKE3; as forensic_record_md5.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_blake3(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.blake3.as_deref()))
}

/// Type of the content by its signature ("jpeg"); NULL where none fits. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_type(record: *const forensic_record) -> *const c_char {
    getter!(record, null(), record.text(record.record.content_type))
}

/// What is known of a picture that decodes; NULL for anything else. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_picture(record: *const forensic_record) -> *const forensic_picture {
    getter!(record, null(), record.picture().first().map_or(null(), from_ref))
}

/// Number of perceptual hashes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_perceptual_count(record: *const forensic_record) -> usize {
    getter!(record, 0, record.record.perceptual.len())
}

/// A perceptual hash; NULL past the end. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_perceptual(
    record: *const forensic_record,
    index: usize,
) -> *const forensic_perceptual {
    item!(record, index, record.perceptual())
}

/// Number of hits in hash sets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_known_count(record: *const forensic_record) -> usize {
    getter!(record, 0, record.record.known.len())
}

/// A hit in a hash set; NULL past the end. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_known(
    record: *const forensic_record,
    index: usize,
) -> *const forensic_known_hit {
    item!(record, index, record.known())
}

/// Number of similar pictures in indexes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_similar_count(record: *const forensic_record) -> usize {
    getter!(record, 0, record.record.similar.len())
}

/// A similar picture in an index, nearest first in each; NULL past the end. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_similar(
    record: *const forensic_record,
    index: usize,
) -> *const forensic_similar {
    item!(record, index, record.similar())
}

/// True where an earlier record has the same SHA-256; the id of the first is then written to id (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_same_as(record: *const forensic_record, id: *mut u64) -> bool {
    getter!(record, false, offer!(id, record.record.same_as))
}

/// True where another record holds this one; its id is then written to id (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_parent(record: *const forensic_record, id: *mut u64) -> bool {
    getter!(record, false, offer!(id, record.record.parent))
}

/// Number of things that could not be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_issue_count(record: *const forensic_record) -> usize {
    getter!(record, 0, record.record.issues.len())
}

/// A thing that could not be read, in words; NULL past the end. Owned by the record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_record_issue(record: *const forensic_record, index: usize) -> *const c_char {
    getter!(record, null(), record.text(record.record.issues.get(index).map(String::as_str)))
}
