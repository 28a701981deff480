//! `forensic_digests` and `forensic_hasher`: digests, all asked-for algorithms in one pass.

use crate::{
    boundary::{Blank, borrow, borrow_mut, buffer, bytes, fallible, file_path, free, out, text},
    callback::{Watched, forensic_progress},
    error::{Failure, forensic_error, forensic_status},
    stream::forensic_stream,
    text::copy,
};
use forensic_core::{
    bytes::{FileSource, Source},
    hash::{self, Algorithm, Digests, Hasher},
};
use std::{
    ffi::{c_char, c_void},
    sync::Arc,
};

/// MD5 (RFC 1321), 16 bytes: what known-file sets are keyed by. Not collision-resistant. Algorithms are combined with |.
pub const FORENSIC_MD5: u32 = 1;
/// SHA-1 (FIPS 180-4), 20 bytes. Not collision-resistant.
pub const FORENSIC_SHA1: u32 = 2;
/// SHA-256 (FIPS 180-4), 32 bytes.
pub const FORENSIC_SHA256: u32 = 4;
/// BLAKE3, 32 bytes.
pub const FORENSIC_BLAKE3: u32 = 8;
/// SHA-512 (FIPS 180-4), 64 bytes.
pub const FORENSIC_SHA512: u32 = 16;
/// SHA3-256 (FIPS 202), 32 bytes.
pub const FORENSIC_SHA3_256: u32 = 32;
/// CRC-32 as ZIP, gzip and PNG have it, 4 bytes, the most significant first. A checksum: equal sums say little.
pub const FORENSIC_CRC32: u32 = 64;
/// ED2K, the file hash of the eDonkey network, 16 bytes: MD4 of the MD4s of chunks of 9,728,000 bytes. Where the size is a
/// multiple of a chunk, an empty chunk stands behind the last one, as eMule has it. Not collision-resistant.
pub const FORENSIC_ED2K: u32 = 128;
/// MD5, SHA-1, SHA-256 and BLAKE3: those that records have and that known files are looked up by.
pub const FORENSIC_RECORDED_HASHES: u32 = 15;
/// All eight.
pub const FORENSIC_ALL_HASHES: u32 = 255;
/// Bytes of the longest digest in hex, with its NUL.
pub const FORENSIC_HEX_SIZE: usize = 129;

/// The digests of one stream.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forensic_digests {
    /// Which of the following are there: FORENSIC_MD5 | FORENSIC_SHA1 | ... The others are zeros.
    pub algorithms: u32,
    /// MD5.
    pub md5: [u8; 16],
    /// SHA-1.
    pub sha1: [u8; 20],
    /// SHA-256.
    pub sha256: [u8; 32],
    /// BLAKE3.
    pub blake3: [u8; 32],
    /// SHA-512.
    pub sha512: [u8; 64],
    /// SHA3-256.
    pub sha3_256: [u8; 32],
    /// CRC-32, the most significant byte first.
    pub crc32: [u8; 4],
    /// ED2K.
    pub ed2k: [u8; 16],
}

impl Blank for forensic_digests {
    const BLANK: Self = Self {
        algorithms: 0,
        md5: [0; 16],
        sha1: [0; 20],
        sha256: [0; 32],
        blake3: [0; 32],
        sha512: [0; 64],
        sha3_256: [0; 32],
        crc32: [0; 4],
        ed2k: [0; 16],
    };
}

impl From<&Digests> for forensic_digests {
    fn from(digests: &Digests) -> Self {
        let is_there = |algorithm| if digests.get(algorithm).is_some() { flag(algorithm) } else { 0 };
        Self {
            algorithms: Algorithm::ALL.into_iter().map(is_there).sum(),
            md5: digests.md5.unwrap_or_default(),
            sha1: digests.sha1.unwrap_or_default(),
            sha256: digests.sha256.unwrap_or_default(),
            blake3: digests.blake3.unwrap_or_default(),
            sha512: digests.sha512.unwrap_or([0; 64]),
            sha3_256: digests.sha3_256.unwrap_or_default(),
            crc32: digests.crc32.unwrap_or_default(),
            ed2k: digests.ed2k.unwrap_or_default(),
        }
    }
}

impl forensic_digests {
    /// The bytes of one digest.
    fn get(&self, algorithm: u32) -> Option<&[u8]> {
        let digest: &[u8] = match algorithm {
            FORENSIC_MD5 => &self.md5,
            FORENSIC_SHA1 => &self.sha1,
            FORENSIC_SHA256 => &self.sha256,
            FORENSIC_BLAKE3 => &self.blake3,
            FORENSIC_SHA512 => &self.sha512,
            FORENSIC_SHA3_256 => &self.sha3_256,
            FORENSIC_CRC32 => &self.crc32,
            FORENSIC_ED2K => &self.ed2k,
            _ => return None,
        };
        (self.algorithms & algorithm != 0).then_some(digest)
    }
}

impl From<&forensic_digests> for Digests {
    fn from(from: &forensic_digests) -> Self {
        let has = |flag| from.algorithms & flag != 0;
        let mut digests = Self::default();
        digests.md5 = has(FORENSIC_MD5).then_some(from.md5);
        digests.sha1 = has(FORENSIC_SHA1).then_some(from.sha1);
        digests.sha256 = has(FORENSIC_SHA256).then_some(from.sha256);
        digests.blake3 = has(FORENSIC_BLAKE3).then_some(from.blake3);
        digests.sha512 = has(FORENSIC_SHA512).then_some(from.sha512);
        digests.sha3_256 = has(FORENSIC_SHA3_256).then_some(from.sha3_256);
        digests.crc32 = has(FORENSIC_CRC32).then_some(from.crc32);
        digests.ed2k = has(FORENSIC_ED2K).then_some(from.ed2k);
        digests
    }
}

/// Computes digests of bytes given piece by piece. Not for several threads at once. The caller frees it.
pub struct forensic_hasher(Hasher);

/// Gives the number of the algorithm of this name ("md5", "SHA-256"). FORENSIC_INVALID_ARGUMENT where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_algorithm_named(
    name: *const c_char,
    algorithm: *mut u32,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let algorithm = out!(algorithm);
        algorithm.put(flag(text!(name).parse()?))
    })
}

/// The name of one algorithm ("md5"); NULL for a number that is none. Static.
#[unsafe(no_mangle)]
pub extern "C" fn forensic_algorithm_name(algorithm: u32) -> *const c_char {
    let names = [c"md5", c"sha1", c"sha256", c"blake3", c"sha512", c"sha3-256", c"crc32", c"ed2k"];
    if algorithm.is_power_of_two() { crate::text::name(&names, algorithm.ilog2()) } else { std::ptr::null() }
}

/// Writes one of the digests in lower-case hex, NUL-terminated and cut to capacity (FORENSIC_HEX_SIZE holds any).
/// FORENSIC_NOT_FOUND where it is not among them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_digests_hex(
    digests: *const forensic_digests,
    algorithm: u32,
    buffer: *mut c_char,
    capacity: usize,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let digest = borrow!(digests).get(algorithm);
        let digest = digest.ok_or_else(|| forensic_error::not_found(format!("digest of algorithm {algorithm}")))?;
        let buffer = buffer.cast::<u8>();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        copy(&hex, buffer!(buffer, capacity));
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Gives a hasher of these algorithms.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hasher_new(
    algorithms: u32,
    hasher: *mut *mut forensic_hasher,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let hasher = out!(hasher);
        hasher.give(forensic_hasher(Hasher::new(&named(algorithms)?)))
    })
}

/// Takes the next length bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hasher_update(
    hasher: *mut forensic_hasher,
    bytes: *const u8,
    length: usize,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        borrow_mut!(hasher).0.update(bytes!(bytes, length));
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Gives the digests of all bytes taken so far; more may follow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hasher_finish(
    hasher: *const forensic_hasher,
    digests: *mut forensic_digests,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let digests = out!(digests);
        digests.put((&borrow!(hasher).0.clone().finish()).into())
    })
}

/// Frees a hasher; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hasher_free(hasher: *mut forensic_hasher) {
    free!(hasher);
}

/// The digests of length bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_bytes(
    bytes: *const u8,
    length: usize,
    algorithms: u32,
    digests: *mut forensic_digests,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let digests = out!(digests);
        let mut hasher = Hasher::new(&named(algorithms)?);
        hasher.update(bytes!(bytes, length));
        digests.put((&hasher.finish()).into())
    })
}

/// The digests of a file of the system. FORENSIC_IO where it cannot be opened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_file(
    path: *const c_char,
    algorithms: u32,
    digests: *mut forensic_digests,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let digests = out!(digests);
        let source: Source = Arc::new(FileSource::open(file_path!(path))?);
        digests.put((&hash::hash(&source, &named(algorithms)?)?).into())
    })
}

/// The digests of all bytes of a stream, while as many threads as readers read ahead (0: none). progress, which may be
/// NULL, gets bytes and user.
///
/// FORENSIC_UNREADABLE, FORENSIC_CORRUPT where a byte cannot be had, FORENSIC_CANCELLED where progress stops it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_stream(
    stream: *const forensic_stream,
    algorithms: u32,
    readers: usize,
    progress: forensic_progress,
    user: *mut c_void,
    digests: *mut forensic_digests,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let digests = out!(digests);
        let (source, algorithms) = (&borrow!(stream).0, named(algorithms)?);
        digests.put((&hash::hash_with(source, &algorithms, readers, &Watched { progress, user })?).into())
    })
}

/// The digests of many streams, on threads threads (0: as many as the machine runs at once): the fast way for many files.
/// digests has count places, in the order of streams; a stream that cannot be read in full gets one without algorithms.
/// errors is NULL or has count places too: NULL for each stream that was read, an error that the caller frees for each
/// that was not.
///
/// FORENSIC_OK where the work was done, whatever became of single streams.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_hash_many(
    streams: *const *const forensic_stream,
    count: usize,
    algorithms: u32,
    threads: usize,
    digests: *mut forensic_digests,
    errors: *mut *mut forensic_error,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let streams = bytes!(streams, count);
        let digests = buffer!(digests, count);
        let places = if errors.is_null() { 0 } else { count };
        let errors = buffer!(errors, places);
        digests.fill(forensic_digests::BLANK);
        errors.fill(std::ptr::null_mut());
        let mut sources = Vec::with_capacity(count);
        for &stream in streams {
            sources.push(borrow!(stream).0.clone());
        }
        let results = hash::hash_many(&sources, &named(algorithms)?, (threads > 0).then_some(threads));
        for (index, result) in results.into_iter().enumerate() {
            match (result, digests.get_mut(index), errors.get_mut(index)) {
                (Ok(result), Some(digests), _) => *digests = (&result).into(),
                (Err(refused), _, Some(place)) => *place = Box::into_raw(refused.into()),
                _ => {}
            }
        }
        Ok(forensic_status::FORENSIC_OK)
    })
}

fn flag(algorithm: Algorithm) -> u32 {
    match algorithm {
        Algorithm::Md5 => FORENSIC_MD5,
        Algorithm::Sha1 => FORENSIC_SHA1,
        Algorithm::Sha256 => FORENSIC_SHA256,
        Algorithm::Blake3 => FORENSIC_BLAKE3,
        Algorithm::Sha512 => FORENSIC_SHA512,
        Algorithm::Sha3_256 => FORENSIC_SHA3_256,
        Algorithm::Crc32 => FORENSIC_CRC32,
        Algorithm::Ed2k => FORENSIC_ED2K,
        _ => 0,
    }
}

/// The algorithms that flags name.
pub(crate) fn named(flags: u32) -> Result<Vec<Algorithm>, Failure> {
    if flags & !FORENSIC_ALL_HASHES != 0 {
        return Err(forensic_error::invalid(format!("{flags:#x} names unknown digest algorithms")));
    }
    Ok(Algorithm::ALL.into_iter().filter(|algorithm| flags & flag(*algorithm) != 0).collect())
}
