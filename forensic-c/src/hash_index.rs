//! `forensic_hash_index`, `forensic_answer` and `forensic_groups`: perceptual hashes that are near one another.

use crate::{
    boundary::{borrow, borrow_mut, buffer, bytes, fallible, file_path, free, getter, item, out, text},
    error::{Failure, forensic_error, forensic_status},
    image_hash::forensic_image_hash,
    text::{Items, Texts},
};
use forensic_core::perceptual::{
    Algorithm, Answer, GroupOptions, HashIndex, ImageHash, IndexBuilder, Key, Match, Query, group,
};
use std::{collections::HashSet, ffi::c_char, ptr::null, sync::Arc};

/// Gathers hashes for an index. One thread at a time may use it. The caller frees it.
pub struct forensic_index_builder(IndexBuilder);

/// Perceptual hashes of one algorithm and length, in memory or in a file that is mapped. Threads may share it. The caller
/// frees it.
pub struct forensic_hash_index {
    pub(crate) index: Arc<HashIndex>,
    texts: Texts,
}

impl From<HashIndex> for forensic_hash_index {
    fn from(index: HashIndex) -> Self {
        Self { index: Arc::new(index), texts: Texts::default() }
    }
}

/// A hash near the one asked for.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_match {
    /// What it stands for, where that is a text; NULL where it is a number.
    pub text: *const c_char,
    /// What it stands for, where that is a number.
    pub number: i64,
    /// Bits that differ.
    pub distance: u32,
    /// The distance that was asked for.
    pub threshold: u32,
    /// Its quality, 0 to 100; -1 where its algorithm does not grade pictures.
    pub quality: i32,
    /// The algorithm of both hashes ("pdq").
    pub algorithm: *const c_char,
    /// The version of that.
    pub version: *const c_char,
}

/// What an index says of a hash: matches, nearest first, then by key. The caller frees it.
pub struct forensic_answer {
    matches: Items<forensic_match>,
    asked: bool,
    gated: usize,
    _texts: Texts,
}

impl From<Answer> for forensic_answer {
    fn from(answer: Answer) -> Self {
        let texts = Texts::default();
        let to_c = |found: Match| {
            let (text, number) = match &found.key {
                Key::Number(number) => (null(), *number),
                Key::Text(text) => (texts.give(text), 0),
            };
            forensic_match {
                text,
                number,
                distance: found.distance,
                threshold: found.threshold,
                quality: found.quality.map_or(-1, i32::from),
                algorithm: texts.give(found.algorithm.as_str()),
                version: texts.give(found.version),
            }
        };
        let matches = Items::of(answer.matches.into_iter().map(to_c));
        Self { matches, asked: answer.asked, gated: answer.gated, _texts: texts }
    }
}

/// Hashes that are near one of them, by their numbers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_group {
    /// The hash that all others are near.
    pub representative: usize,
    /// Number of members.
    pub count: usize,
    /// All of them: the representative first, then the nearest first.
    pub members: *const usize,
    /// In how many bits each differs from the representative.
    pub distances: *const u32,
}

/// Groups, the largest first. The caller frees it.
pub struct forensic_groups {
    groups: Items<forensic_group>,
    /// What the groups point to.
    _lists: Vec<(Vec<usize>, Vec<u32>)>,
}

/// A hash of bytes that C gives.
fn hash(algorithm: Algorithm, bytes: &[u8], quality: i32) -> Result<ImageHash, Failure> {
    let quality = match quality {
        ..0 => None,
        quality => Some(u8::try_from(quality).map_err(|_| forensic_error::invalid(format!("quality {quality}")))?),
    };
    Ok(ImageHash::from_parts(algorithm, bytes, quality))
}

fn query(max_distance: u32, min_quality: i32) -> Query {
    let min_quality = u8::try_from(min_quality.min(255)).ok();
    Query { max_distance, min_quality }
}

/// As many threads as asked for; 0: as the machine runs at once.
fn threads(threads: usize) -> Option<usize> {
    Some(threads).filter(|threads| *threads > 0)
}

/// Sets builder to one without hashes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_index_builder_new(
    builder: *mut *mut forensic_index_builder,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, { out!(builder).give(forensic_index_builder(IndexBuilder::new())) })
}

/// Takes a hash under a key: text, or number where text is NULL.
///
/// FORENSIC_INVALID_ARGUMENT where the hash is of another algorithm or length than those before it, or has fewer than 64 or
/// more than 1,024 bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_index_builder_add(
    builder: *mut forensic_index_builder,
    number: i64,
    text: *const c_char,
    hash: *const forensic_image_hash,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let key = if text.is_null() { Key::Number(number) } else { Key::from(text!(text)) };
        borrow_mut!(builder).0.push(key, &borrow!(hash).hash)?;
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Takes the length bytes of a hash of an algorithm ("pdq"), of a quality of 0 to 100, or -1 where there is none; otherwise as
/// forensic_index_builder_add.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_index_builder_add_bytes(
    builder: *mut forensic_index_builder,
    number: i64,
    text: *const c_char,
    algorithm: *const c_char,
    hash: *const u8,
    length: usize,
    quality: i32,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let key = if text.is_null() { Key::Number(number) } else { Key::from(text!(text)) };
        let hash = self::hash(text!(algorithm).parse()?, bytes!(hash, length), quality)?;
        borrow_mut!(builder).0.push(key, &hash)?;
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Takes what an index has, but for what is under one of number_count numbers or text_count texts: so hashes are added to an
/// index and deleted from it. FORENSIC_CORRUPT for an index that was changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_index_builder_merge(
    builder: *mut forensic_index_builder,
    index: *const forensic_hash_index,
    numbers: *const i64,
    number_count: usize,
    texts: *const *const c_char,
    text_count: usize,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let mut removed: HashSet<Key> = bytes!(numbers, number_count).iter().copied().map(Key::Number).collect();
        for text in bytes!(texts, text_count) {
            let text = *text;
            removed.insert(Key::from(text!(text)));
        }
        borrow_mut!(builder).0.merge(&borrow!(index).index, |key| !removed.contains(key))?;
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Builds the index, in memory where path is NULL, else in a file of that name, which it has when it is whole; one that was
/// there before is replaced. The builder is left without hashes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_index_builder_finish(
    builder: *mut forensic_index_builder,
    path: *const c_char,
    index: *mut *mut forensic_hash_index,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let out = out!(index);
        let path = if path.is_null() { None } else { Some(file_path!(path)) };
        out.give(std::mem::take(&mut borrow_mut!(builder).0).finish(path.as_deref())?.into())
    })
}

/// Frees a builder; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_index_builder_free(builder: *mut forensic_index_builder) {
    free!(builder);
}

/// Opens an index in a file, which is mapped and must not be changed meanwhile. Its header and a few hashes are checked, all
/// else when it is touched.
///
/// FORENSIC_FORMAT for what is no index, FORENSIC_CORRUPT for one that is cut or changed, FORENSIC_UNSUPPORTED for one of
/// another version or algorithm.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_index_open(
    path: *const c_char,
    index: *mut *mut forensic_hash_index,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let out = out!(index);
        out.give(HashIndex::open(file_path!(path))?.into())
    })
}

/// Reads all of the index and holds it against its checksums and itself; FORENSIC_CORRUPT where it was changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_index_verify(
    index: *const forensic_hash_index,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        borrow!(index).index.verify()?;
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Number of hashes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_index_size(index: *const forensic_hash_index) -> usize {
    getter!(index, 0, index.index.len())
}

/// Bits of a hash.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_index_bits(index: *const forensic_hash_index) -> u32 {
    getter!(index, 0, index.index.bits())
}

/// The algorithm of the hashes ("pdq"); NULL where there is none. Owned by the index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_index_algorithm(index: *const forensic_hash_index) -> *const c_char {
    getter!(index, null(), index.texts.give_any(index.index.algorithm().map(Algorithm::as_str)))
}

/// Sets answer to all hashes that differ from hash in at most max_distance bits. Hashes of a quality under min_quality (-1: 50)
/// neither ask nor answer.
///
/// FORENSIC_INVALID_ARGUMENT where the hash is of another algorithm or length than those of the index, FORENSIC_CORRUPT for an
/// index that was changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_index_query(
    index: *const forensic_hash_index,
    hash: *const forensic_image_hash,
    max_distance: u32,
    min_quality: i32,
    answer: *mut *mut forensic_answer,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let answer = out!(answer);
        let (index, hash) = (&borrow!(index).index, &borrow!(hash).hash);
        answer.give(index.query(hash, &query(max_distance, min_quality))?.into())
    })
}

/// Asks for count hashes of the index's algorithm, of length bytes each, which stand one behind another in hashes, by as many
/// threads as threads says (0: as the machine runs at once), and writes to the places of answers what
/// forensic_hash_index_query says of each. qualities has one of 0 to 100 for each, or is NULL where they have none. The caller
/// frees each answer. On failure all places are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_index_query_many(
    index: *const forensic_hash_index,
    hashes: *const u8,
    length: usize,
    qualities: *const u8,
    count: usize,
    max_distance: u32,
    min_quality: i32,
    threads: usize,
    answers: *mut *mut forensic_answer,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let places = buffer!(answers, count);
        places.fill(std::ptr::null_mut());
        let index = &borrow!(index).index;
        let algorithm = index.algorithm().unwrap_or(Algorithm::Pdq);
        let size = size(length, count)?;
        let qualities = if qualities.is_null() { None } else { Some(bytes!(qualities, count)) };
        let hashes = many(algorithm, bytes!(hashes, size), length, qualities);
        let found = index.query_many(&hashes, &query(max_distance, min_quality), self::threads(threads))?;
        for (place, answer) in places.iter_mut().zip(found) {
            *place = Box::into_raw(Box::new(answer.into()));
        }
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Frees an index; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_index_free(index: *mut forensic_hash_index) {
    free!(index);
}

/// Number of matches.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_answer_count(answer: *const forensic_answer) -> usize {
    getter!(answer, 0, answer.matches.all().len())
}

/// A match; NULL past the end. Owned by the answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_answer_match(answer: *const forensic_answer, index: usize) -> *const forensic_match {
    item!(answer, index, answer.matches.all())
}

/// False where the quality of the hash asked for is too low: then nothing was looked for, and no match means nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_answer_asked(answer: *const forensic_answer) -> bool {
    getter!(answer, false, answer.asked)
}

/// Number of hashes near enough whose own quality is too low to be a match.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_answer_gated(answer: *const forensic_answer) -> usize {
    getter!(answer, 0, answer.gated)
}

/// Frees an answer; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_answer_free(answer: *mut forensic_answer) {
    free!(answer);
}

/// Groups count hashes of one algorithm, of length bytes each, which stand one behind another in hashes, by as many threads as
/// threads says (0: as the machine runs at once). qualities has one of 0 to 100 for each, or is NULL where they have none.
///
/// Every hash that has another within max_distance bits is in exactly one group, and every member of a group is within that of
/// its representative, which is the hash with the most near it. A hash whose neighbours are all in other groups is a group of
/// its own; one that has none, or is of a quality under min_quality (-1: 50), is in no group.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_group_hashes(
    hashes: *const u8,
    length: usize,
    qualities: *const u8,
    count: usize,
    max_distance: u32,
    min_quality: i32,
    threads: usize,
    groups: *mut *mut forensic_groups,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let groups = out!(groups);
        let size = size(length, count)?;
        let qualities = if qualities.is_null() { None } else { Some(bytes!(qualities, count)) };
        // Whichever algorithm it is, it is the same for all.
        let hashes = many(Algorithm::Pdq, bytes!(hashes, size), length, qualities);
        let options = GroupOptions { near: query(max_distance, min_quality), threads: self::threads(threads) };
        let found = group(&hashes, &options)?;
        let lists: Vec<_> = found.into_iter().map(|group| (group.members, group.distances)).collect();
        let to_c = |(members, distances): &(Vec<usize>, Vec<u32>)| forensic_group {
            representative: members.first().copied().unwrap_or_default(),
            count: members.len(),
            members: members.as_ptr(),
            distances: distances.as_ptr(),
        };
        groups.give(forensic_groups { groups: Items::of(lists.iter().map(to_c)), _lists: lists })
    })
}

/// Number of groups.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_groups_count(groups: *const forensic_groups) -> usize {
    getter!(groups, 0, groups.groups.all().len())
}

/// A group; NULL past the end. Owned by the groups.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_groups_at(groups: *const forensic_groups, index: usize) -> *const forensic_group {
    item!(groups, index, groups.groups.all())
}

/// Frees groups; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_groups_free(groups: *mut forensic_groups) {
    free!(groups);
}

/// Bytes of so many hashes.
fn size(length: usize, count: usize) -> Result<usize, Failure> {
    let size = length.checked_mul(count).filter(|_| length > 0);
    size.ok_or_else(|| forensic_error::invalid(format!("{count} hashes of {length} bytes")))
}

fn many(algorithm: Algorithm, hashes: &[u8], length: usize, qualities: Option<&[u8]>) -> Vec<ImageHash> {
    let quality = |number: usize| qualities.and_then(|qualities| qualities.get(number)).copied();
    let hash = |(number, bytes)| ImageHash::from_parts(algorithm, bytes, quality(number));
    hashes.chunks_exact(length).enumerate().map(hash).collect()
}
