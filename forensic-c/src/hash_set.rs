//! `forensic_hash_set` and `forensic_hits`: lists of known digests, looked up.

use crate::{
    boundary::{borrow, buffer, bytes, fallible, file_path, file_paths, free, getter, item, out, text},
    error::{Failure, forensic_error, forensic_status},
    hash::forensic_digests,
    pairs::{Pairs, forensic_pair},
    text::{Items, Texts},
    write_report::forensic_write_report,
};
use forensic_core::known::{Format, HashSet, Known};
use serde_json::Value;
use std::{ffi::c_char, sync::Arc};

/// Digests looked up at once.
const MANY: usize = 1024;

/// A list a set was built from.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_set_source {
    /// The file.
    pub path: *const c_char,
    /// Its format: "plain", "sums", "hashdeep", …
    pub format: *const c_char,
    /// What hits call it: the file's name.
    pub set_name: *const c_char,
    /// Rows read from it.
    pub records: u64,
}

/// A row of a list that could not be read.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_set_issue {
    /// The file.
    pub source: *const c_char,
    /// The line, the first being 1.
    pub position: u64,
    /// What is wrong with it.
    pub message: *const c_char,
}

/// What a set says of a digest. A pointer, not a verdict.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_known {
    /// The set.
    pub set_name: *const c_char,
    /// Whose categories category counts in; NULL where the set has none.
    pub scheme: *const c_char,
    /// The category as read; NULL where there is none.
    pub category: *const c_char,
    /// The file name the set gives; NULL where it gives none.
    pub name: *const c_char,
    /// What else the set says, under its own names: property_count pairs, in order of the names. A text is given as it is,
    /// any other value as JSON.
    pub properties: *const forensic_pair,
    /// Number of properties.
    pub property_count: usize,
    /// True where the set can be wrong by construction (a Bloom filter).
    pub possible: bool,
}

/// Known digests, in memory or in a file that is mapped. Threads may share it. The caller frees it.
pub struct forensic_hash_set {
    pub(crate) set: Arc<HashSet>,
    sources: Items<forensic_set_source>,
    issues: Items<forensic_set_issue>,
    texts: Texts,
}

impl forensic_hash_set {
    fn new(set: HashSet) -> Self {
        Self { set: Arc::new(set), sources: Items::default(), issues: Items::default(), texts: Texts::default() }
    }

    fn sources(&self) -> &[forensic_set_source] {
        self.sources.or_make(|| {
            self.set.sources().iter().map(|source| forensic_set_source {
                path: self.texts.give(&source.path.to_string_lossy()),
                format: self.texts.give(source.format.as_str()),
                set_name: self.texts.give(&source.set_name),
                records: source.records,
            })
        })
    }

    fn issues(&self) -> &[forensic_set_issue] {
        self.issues.or_make(|| {
            self.set.issues().iter().map(|issue| forensic_set_issue {
                source: self.texts.give(&issue.source.to_string_lossy()),
                position: issue.position,
                message: self.texts.give(&issue.message),
            })
        })
    }
}

/// Builds a set in memory from count lists. format is that of all of them ("plain", "sums", "hashdeep", "set", …), or NULL:
/// each is told by its content. A set is a list, too.
///
/// FORENSIC_IO, or FORENSIC_FORMAT for a file that is no list of digests. A row that cannot be read is an issue.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_build(
    paths: *const *const c_char,
    count: usize,
    format: *const c_char,
    set: *mut *mut forensic_hash_set,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let out = out!(set);
        let format = if format.is_null() { None } else { Some(text!(format).parse::<Format>()?) };
        out.give(forensic_hash_set::new(HashSet::build_as(file_paths!(paths, count), format)?))
    })
}

/// The same in a file at path, in less than a gigabyte of memory however many digests there are. The file has its name when
/// it is whole; one that was there before is replaced.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_build_to(
    paths: *const *const c_char,
    count: usize,
    format: *const c_char,
    path: *const c_char,
    set: *mut *mut forensic_hash_set,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let out = out!(set);
        let format = if format.is_null() { None } else { Some(text!(format).parse::<Format>()?) };
        out.give(forensic_hash_set::new(HashSet::build_to(file_paths!(paths, count), format, file_path!(path))?))
    })
}

/// Opens a set that forensic_hash_set_build_to wrote; the file is mapped, and must not be changed meanwhile. Its header and
/// its table of checksums are checked, all else when it is touched.
///
/// FORENSIC_FORMAT for what is no set, FORENSIC_CORRUPT for one that is cut or changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_open(
    path: *const c_char,
    set: *mut *mut forensic_hash_set,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let out = out!(set);
        out.give(forensic_hash_set::new(HashSet::open(file_path!(path))?))
    })
}

/// Reads all of the set and holds it against its checksums; FORENSIC_CORRUPT where it was changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_verify(
    set: *const forensic_hash_set,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        borrow!(set).set.verify()?;
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Writes the set as a list that other programs read, into a file that is made new. format is "vics", "vics-case", "caid",
/// "icse-csv", "hashdeep", "sums" or "plain". report tells what the format has no place for; the caller frees it.
///
/// FORENSIC_UNSUPPORTED for a format that is only read, FORENSIC_IO, FORENSIC_CORRUPT for a set that was changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_write(
    set: *const forensic_hash_set,
    path: *const c_char,
    format: *const c_char,
    report: *mut *mut forensic_write_report,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let report = out!(report);
        let written = borrow!(set).set.write(file_path!(path), text!(format).parse::<Format>()?)?;
        report.give(forensic_write_report::new(&written))
    })
}

/// Number of distinct digests.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_size(set: *const forensic_hash_set) -> usize {
    getter!(set, 0, set.set.len())
}

/// Number of lists it was built from.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_source_count(set: *const forensic_hash_set) -> usize {
    getter!(set, 0, set.set.sources().len())
}

/// A list it was built from; NULL past the end. Owned by the set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_source(
    set: *const forensic_hash_set,
    index: usize,
) -> *const forensic_set_source {
    item!(set, index, set.sources())
}

/// Number of rows that could not be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_issue_count(set: *const forensic_hash_set) -> usize {
    getter!(set, 0, set.set.issues().len())
}

/// A row that could not be read; NULL past the end. Owned by the set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_issue(
    set: *const forensic_hash_set,
    index: usize,
) -> *const forensic_set_issue {
    item!(set, index, set.issues())
}

/// What the set says of a digest of 16, 20 or 32 bytes; no hits where it is unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_lookup(
    set: *const forensic_hash_set,
    digest: *const u8,
    length: usize,
    hits: *mut *mut forensic_hits,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let hits = out!(hits);
        check_length(length)?;
        hits.give(forensic_hits::new(borrow!(set).set.lookup_bytes(bytes!(digest, length))?))
    })
}

/// What the set says of a digest given as hex text in either case. FORENSIC_INVALID_ARGUMENT where it is no digest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_lookup_hex(
    set: *const forensic_hash_set,
    hex: *const c_char,
    hits: *mut *mut forensic_hits,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let hits = out!(hits);
        hits.give(forensic_hits::new(borrow!(set).set.lookup_hex(text!(hex))?))
    })
}

/// What the set says of a file with any of these digests; nothing twice.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_lookup_digests(
    set: *const forensic_hash_set,
    digests: *const forensic_digests,
    hits: *mut *mut forensic_hits,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let hits = out!(hits);
        let (set, digests) = (borrow!(set), borrow!(digests));
        hits.give(forensic_hits::new(set.set.lookup(&digests.into())?))
    })
}

/// Looks up count digests of length bytes each (16, 20 or 32), which stand one behind another in digests, and writes to
/// the places of known whether the set knows each; the fast way for many.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_contains_many(
    set: *const forensic_hash_set,
    digests: *const u8,
    length: usize,
    count: usize,
    known: *mut bool,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        check_length(length)?;
        let set = &borrow!(set).set;
        let size = length.checked_mul(count).ok_or_else(|| forensic_error::invalid("too many digests"))?;
        // As bytes: what stands in the caller's places before need not be a bool.
        let places = known.cast::<u8>();
        let places = buffer!(places, count);
        let mut found = [false; MANY];
        for (digests, places) in bytes!(digests, size).chunks(MANY.saturating_mul(length)).zip(places.chunks_mut(MANY))
        {
            let found = found.get_mut(..places.len()).unwrap_or_default();
            set.contains_into(digests, length, found)?;
            places.iter_mut().zip(found).for_each(|(place, known)| *place = u8::from(*known));
        }
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Looks up count digests as forensic_hash_set_contains_many does and writes to the places of hits what the set says of each:
/// NULL where it is unknown. The caller frees each. On failure all places are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_lookup_many(
    set: *const forensic_hash_set,
    digests: *const u8,
    length: usize,
    count: usize,
    hits: *mut *mut forensic_hits,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let places = buffer!(hits, count);
        places.fill(std::ptr::null_mut());
        check_length(length)?;
        let size = length.checked_mul(count).ok_or_else(|| forensic_error::invalid("too many digests"))?;
        let known = borrow!(set).set.lookup_many(bytes!(digests, size), length)?;
        for (place, known) in places.iter_mut().zip(known).filter(|(_, known)| !known.is_empty()) {
            *place = Box::into_raw(Box::new(forensic_hits::new(known)));
        }
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Frees a hash set; NULL is allowed. A triage that uses it keeps it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_set_free(set: *mut forensic_hash_set) {
    free!(set);
}

/// What a set says of a digest, in order of its lists and their rows. The caller frees it.
pub struct forensic_hits {
    known: Items<forensic_known>,
    _properties: Vec<Pairs>,
    _texts: Texts,
}

impl forensic_hits {
    fn new(hits: Vec<Known>) -> Self {
        let texts = Texts::default();
        // Collected first: the pairs must not move once they are pointed to.
        let properties: Vec<Pairs> = hits.iter().map(|_| Pairs::default()).collect();
        let known = hits.iter().zip(&properties).map(|(hit, properties)| {
            let properties = properties.of(&hit.properties.iter().map(text_of).collect());
            forensic_known {
                set_name: texts.give(&hit.set_name),
                scheme: texts.give_any(hit.scheme.as_deref()),
                category: texts.give_any(hit.category.as_deref()),
                name: texts.give_any(hit.name.as_deref()),
                properties: properties.as_ptr(),
                property_count: properties.len(),
                possible: hit.possible,
            }
        });
        Self { known: Items::of(known), _properties: properties, _texts: texts }
    }
}

/// Number of hits; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hits_count(hits: *const forensic_hits) -> usize {
    getter!(hits, 0, hits.known.all().len())
}

/// The hit at index; NULL past the end. Owned by the hits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hits_get(hits: *const forensic_hits, index: usize) -> *const forensic_known {
    item!(hits, index, hits.known.all())
}

/// Frees hits; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hits_free(hits: *mut forensic_hits) {
    free!(hits);
}

fn text_of((name, value): (&String, &Value)) -> (String, String) {
    (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn check_length(length: usize) -> Result<(), Failure> {
    if matches!(length, 16 | 20 | 32) {
        return Ok(());
    }
    Err(forensic_error::invalid(format!("a digest has 16, 20 or 32 bytes, not {length}")))
}
