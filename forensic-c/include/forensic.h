/*
 * forensic: every file of a medium, live and deleted, hashed, matched and traced to its bytes.
 *
 * Made by cbindgen from the sources in forensic-c/src: to be changed there.
 *
 * Handles. A pointer to a type without members is a handle. One that a call gives through a pointer without const is the
 * caller's, who frees it once with forensic_X_free, which takes NULL; one that comes with const is lent by the handle it
 * came from, and lasts as long as that. A handle does not need the one it was made from: evidence may be freed while its
 * filesystems are in use. A handle that is passed in must be one that this library gave and that is not freed yet.
 *
 * Errors. A call that may fail returns a forensic_status: FORENSIC_OK (0), FORENSIC_DONE at the end of an iterator, or why
 * it failed; it then also gives a forensic_error through its last argument, unless that is NULL. Where it does not fail,
 * the error is set to NULL. Handles it was to give are NULL where it fails. A pointer that must not be NULL and is gives
 * FORENSIC_INVALID_ARGUMENT; a fault of the library itself gives FORENSIC_INTERNAL, never a crash.
 * A call that cannot fail returns its answer; for a NULL handle that is 0, false or NULL, unless it says otherwise.
 *
 * Texts are UTF-8, end with a NUL, and belong to the handle they came from. A NUL inside one has become U+FFFD. Texts that
 * are passed in must end with a NUL and be UTF-8; paths are bytes as the system has them (UTF-8 on Windows).
 *
 * Buffers are the caller's, with a capacity; NULL is one of no capacity. Where fewer bytes fit than there are, the call
 * says how many there are.
 *
 * Threads. A handle may be used from several threads at once, unless its type says otherwise, and freed by any, once no
 * other uses it. A handle may move from one thread to another.
 *
 * Callbacks get the pointer user that was given with them, and must not throw or jump over the library.
 */

#ifndef FORENSIC_H
#define FORENSIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Version of the binary interface that this header describes. A program may run with a library whose
 * forensic_abi_version() is the same.
 */
#define FORENSIC_ABI_VERSION 1

/**
 * Bytes of the longest similarity digest, with its NUL.
 */
#define FORENSIC_FUZZY_SIZE 128

/**
 * MD5 (RFC 1321), 16 bytes: what known-file sets are keyed by. Not collision-resistant. Algorithms are combined with |.
 */
#define FORENSIC_MD5 1

/**
 * SHA-1 (FIPS 180-4), 20 bytes. Not collision-resistant.
 */
#define FORENSIC_SHA1 2

/**
 * SHA-256 (FIPS 180-4), 32 bytes.
 */
#define FORENSIC_SHA256 4

/**
 * BLAKE3, 32 bytes.
 */
#define FORENSIC_BLAKE3 8

/**
 * SHA-512 (FIPS 180-4), 64 bytes.
 */
#define FORENSIC_SHA512 16

/**
 * SHA3-256 (FIPS 202), 32 bytes.
 */
#define FORENSIC_SHA3_256 32

/**
 * CRC-32 as ZIP, gzip and PNG have it, 4 bytes, the most significant first. A checksum: equal sums say little.
 */
#define FORENSIC_CRC32 64

/**
 * ED2K, the file hash of the eDonkey network, 16 bytes: MD4 of the MD4s of chunks of 9,728,000 bytes. Where the size is a
 * multiple of a chunk, an empty chunk stands behind the last one, as eMule has it. Not collision-resistant.
 */
#define FORENSIC_ED2K 128

/**
 * MD5, SHA-1, SHA-256 and BLAKE3: those that records have and that known files are looked up by.
 */
#define FORENSIC_RECORDED_HASHES 15

/**
 * All eight.
 */
#define FORENSIC_ALL_HASHES 255

/**
 * Bytes of the longest digest in hex, with its NUL.
 */
#define FORENSIC_HEX_SIZE 129

/**
 * A scale of forensic_image_options: as little of a JPEG as leaves 256 pixels to its shorter side.
 */
#define FORENSIC_IMAGE_SCALE_AUTO 255

/**
 * How whole a carved file is.
 */
typedef enum {
    /**
     * In one piece, to its last byte.
     */
    FORENSIC_CARVED_COMPLETE = 0,
    /**
     * Whole, put together from more than one piece.
     */
    FORENSIC_CARVED_FRAGMENTED = 1,
    /**
     * A prefix is there.
     */
    FORENSIC_CARVED_TRUNCATED = 2,
    /**
     * Its length is there, some of its bytes are not.
     */
    FORENSIC_CARVED_DAMAGED = 3,
} forensic_carved_state;

/**
 * How a call went.
 */
typedef enum {
    /**
     * It did what was asked.
     */
    FORENSIC_OK = 0,
    /**
     * An iterator is at its end: no result, no error.
     */
    FORENSIC_DONE = 1,
    /**
     * The bytes are not of any format looked for.
     */
    FORENSIC_FORMAT = 2,
    /**
     * A structure is damaged; the error names it and its offset.
     */
    FORENSIC_CORRUPT = 3,
    /**
     * A segment of an image in several files is not there.
     */
    FORENSIC_MISSING_SEGMENT = 4,
    /**
     * Recognised, but this library cannot read it.
     */
    FORENSIC_UNSUPPORTED = 5,
    /**
     * A bound of forensic_limits was reached.
     */
    FORENSIC_LIMIT = 6,
    /**
     * The medium could not be read at the error's offset.
     */
    FORENSIC_UNREADABLE = 7,
    /**
     * A read beyond the end.
     */
    FORENSIC_OUT_OF_BOUNDS = 8,
    /**
     * There is no such entry, stream, volume or key.
     */
    FORENSIC_NOT_FOUND = 9,
    /**
     * An argument is NULL that must not be, or makes no sense.
     */
    FORENSIC_INVALID_ARGUMENT = 10,
    /**
     * A callback stopped the work.
     */
    FORENSIC_CANCELLED = 11,
    /**
     * The operating system refused a file; forensic_error_os_code() has its code.
     */
    FORENSIC_IO = 12,
    /**
     * A fault of this library.
     */
    FORENSIC_INTERNAL = 13,
} forensic_status;

/**
 * What an entry is.
 */
typedef enum {
    /**
     * A file.
     */
    FORENSIC_KIND_FILE = 0,
    /**
     * A directory.
     */
    FORENSIC_KIND_DIRECTORY = 1,
    /**
     * A symbolic link.
     */
    FORENSIC_KIND_SYMLINK = 2,
    /**
     * Anything else: a device, a socket, a volume label.
     */
    FORENSIC_KIND_OTHER = 3,
} forensic_kind;

/**
 * Whether an entry's name and metadata are in use.
 */
typedef enum {
    /**
     * In use, and listed in its directory.
     */
    FORENSIC_ENTRY_ALLOCATED = 0,
    /**
     * Deleted; its directory is known.
     */
    FORENSIC_ENTRY_DELETED = 1,
    /**
     * Deleted, and so is all that told its directory.
     */
    FORENSIC_ENTRY_ORPHAN = 2,
    /**
     * Its metadata is in use, but no directory lists it.
     */
    FORENSIC_ENTRY_UNLISTED = 3,
} forensic_entry_state;

/**
 * How much of a deleted entry's content can be given back.
 */
typedef enum {
    /**
     * The entry is in use: nothing to recover.
     */
    FORENSIC_RECOVERABILITY_NONE = 0,
    /**
     * Every byte, as far as the medium can tell.
     */
    FORENSIC_RECOVERABILITY_INTACT = 1,
    /**
     * Some of it.
     */
    FORENSIC_RECOVERABILITY_PARTIAL = 2,
    /**
     * None: its clusters belong to others now.
     */
    FORENSIC_RECOVERABILITY_OVERWRITTEN = 3,
    /**
     * The medium does not say: the place was guessed, or is not known.
     */
    FORENSIC_RECOVERABILITY_UNKNOWN = 4,
} forensic_recoverability;

/**
 * Which of an entry's times.
 */
typedef enum {
    /**
     * When it came to be on this volume.
     */
    FORENSIC_TIME_CREATED = 0,
    /**
     * When its content last changed.
     */
    FORENSIC_TIME_MODIFIED = 1,
    /**
     * When it was last read.
     */
    FORENSIC_TIME_ACCESSED = 2,
    /**
     * When its metadata last changed.
     */
    FORENSIC_TIME_CHANGED = 3,
} forensic_time_kind;

/**
 * Which member of a forensic_attribute holds its value.
 */
typedef enum {
    /**
     * boolean.
     */
    FORENSIC_VALUE_BOOLEAN = 0,
    /**
     * integer.
     */
    FORENSIC_VALUE_INTEGER = 1,
    /**
     * text.
     */
    FORENSIC_VALUE_TEXT = 2,
    /**
     * bytes.
     */
    FORENSIC_VALUE_BYTES = 3,
} forensic_value_kind;

/**
 * How the bytes of an extent are stored.
 */
typedef enum {
    /**
     * As they are.
     */
    FORENSIC_EXTENT_DATA = 0,
    /**
     * Not at all: they read as zero.
     */
    FORENSIC_EXTENT_SPARSE = 1,
    /**
     * Inside a metadata record.
     */
    FORENSIC_EXTENT_RESIDENT = 2,
    /**
     * Compressed: offset is where the compressed bytes begin.
     */
    FORENSIC_EXTENT_COMPRESSED = 3,
} forensic_extent_kind;

/**
 * What a verification says.
 */
typedef enum {
    /**
     * Nothing is stored to compare with.
     */
    FORENSIC_VERDICT_NONE = 0,
    /**
     * Every stored digest that can be computed equals the computed one, and all bytes could be read.
     */
    FORENSIC_VERDICT_GOOD = 1,
    /**
     * A digest differs, or bytes cannot be read.
     */
    FORENSIC_VERDICT_BAD = 2,
} forensic_verdict;

/**
 * Which bound. Reaching one is FORENSIC_LIMIT or an issue, never a silent cut.
 */
typedef enum {
    /**
     * Directories within directories; deeper ones are listed as orphans.
     */
    FORENSIC_LIMIT_DEPTH = 0,
    /**
     * Entries of one filesystem.
     */
    FORENSIC_LIMIT_ENTRIES = 1,
    /**
     * Extents (data runs, cluster runs) of one stream.
     */
    FORENSIC_LIMIT_RUNS = 2,
    /**
     * Partitions of one medium.
     */
    FORENSIC_LIMIT_PARTITIONS = 3,
    /**
     * Segment files of one image.
     */
    FORENSIC_LIMIT_SEGMENTS = 4,
    /**
     * Bytes of one structure read into memory at once.
     */
    FORENSIC_LIMIT_STRUCTURE_BYTES = 5,
    /**
     * Bytes of one compressed block once inflated.
     */
    FORENSIC_LIMIT_INFLATED_BYTES = 6,
    /**
     * Bytes of a stream that are not stored and read as zeros, for it to be hashed by a triage.
     */
    FORENSIC_LIMIT_SPARSE_BYTES = 7,
    /**
     * Width times height of a picture to decode.
     */
    FORENSIC_LIMIT_PIXELS = 8,
    /**
     * Bytes a picture decoder may allocate.
     */
    FORENSIC_LIMIT_PICTURE_BYTES = 9,
    /**
     * Issues kept for one evidence or filesystem.
     */
    FORENSIC_LIMIT_ISSUES = 10,
    /**
     * Bytes of unallocated space that the first listing searches for deleted names and records; 0 for a listing at once.
     */
    FORENSIC_LIMIT_SWEEP_BYTES = 11,
    /**
     * Bytes that carving may read in looking for the rest of one broken file.
     */
    FORENSIC_LIMIT_MEND_BYTES = 12,
} forensic_limit;

/**
 * Where to look for files.
 */
typedef enum {
    /**
     * Everywhere.
     */
    FORENSIC_WITHIN_ALL = 0,
    /**
     * Only where no file in use is.
     */
    FORENSIC_WITHIN_UNALLOCATED = 1,
} forensic_within;

/**
 * What to do about places of the medium that cannot be read.
 */
typedef enum {
    /**
     * The read fails.
     */
    FORENSIC_UNREADABLE_RAISE = 0,
    /**
     * The unreadable sectors read as zeros, and their range is recorded.
     */
    FORENSIC_UNREADABLE_ZERO = 1,
} forensic_unreadable;

/**
 * A perceptual algorithm.
 */
typedef enum {
    /**
     * Brighter or darker than the mean, with the bits of the crate image_hasher, as the next five.
     */
    FORENSIC_IMAGE_MEAN = 0,
    /**
     * Brighter or darker than the left neighbour.
     */
    FORENSIC_IMAGE_GRADIENT = 1,
    /**
     * Brighter or darker than the neighbour above.
     */
    FORENSIC_IMAGE_VERT_GRADIENT = 2,
    /**
     * Both gradients.
     */
    FORENSIC_IMAGE_DOUBLE_GRADIENT = 3,
    /**
     * Brighter or darker than the median.
     */
    FORENSIC_IMAGE_MEDIAN = 4,
    /**
     * Blockhash.io, without interpolation.
     */
    FORENSIC_IMAGE_BLOCKHASH = 5,
    /**
     * PDQ, equal to Meta's: 256 bits and a quality.
     */
    FORENSIC_IMAGE_PDQ = 6,
    /**
     * phash of PyPI ImageHash, with its bits, as the next three.
     */
    FORENSIC_IMAGE_PHASH = 7,
    /**
     * dhash.
     */
    FORENSIC_IMAGE_DHASH = 8,
    /**
     * average_hash.
     */
    FORENSIC_IMAGE_AHASH = 9,
    /**
     * whash.
     */
    FORENSIC_IMAGE_WHASH = 10,
} forensic_image_algorithm;

/**
 * What an index says of a hash: matches, nearest first, then by key. The caller frees it.
 */
typedef struct forensic_answer forensic_answer;

/**
 * How to carve. Not for several threads at once while it is set. The caller frees it.
 */
typedef struct forensic_carve_options forensic_carve_options;

/**
 * A file found by its structure. It stays usable when its carver and the evidence are freed. The caller frees it.
 */
typedef struct forensic_carved forensic_carved;

/**
 * The files found, one after another. Not for several threads at once. The caller frees it.
 */
typedef struct forensic_carver forensic_carver;

/**
 * What a second, independent reader makes of the same volume. The caller frees it.
 */
typedef struct forensic_cross_check forensic_cross_check;

/**
 * A name in a filesystem, with all that is known of the file behind it. It stands on its own: it can be opened as long
 * as it is kept, also when the filesystem is freed. The caller frees it.
 */
typedef struct forensic_entry forensic_entry;

/**
 * Why a call failed. The caller frees it.
 */
typedef struct forensic_error forensic_error;

/**
 * A medium under examination: a disk image in any container, opened read-only. The caller frees it.
 */
typedef struct forensic_evidence forensic_evidence;

/**
 * A list of extents in stream order. The caller frees it.
 */
typedef struct forensic_extents forensic_extents;

/**
 * A filesystem on a volume, live and deleted. It stays usable when the evidence it came from is freed. The caller frees
 * it.
 */
typedef struct forensic_filesystem forensic_filesystem;

/**
 * The filesystems of a medium. The caller frees it.
 */
typedef struct forensic_filesystems forensic_filesystems;

/**
 * A frame of an animation or a video. The caller frees it.
 */
typedef struct forensic_frame forensic_frame;

/**
 * The frames of an animation or a video, one after another. The caller frees it; one thread uses it at a time.
 */
typedef struct forensic_frames forensic_frames;

/**
 * Groups, the largest first. The caller frees it.
 */
typedef struct forensic_groups forensic_groups;

/**
 * Perceptual hashes of one algorithm and length, in memory or in a file that is mapped. Threads may share it. The caller
 * frees it.
 */
typedef struct forensic_hash_index forensic_hash_index;

/**
 * Known digests, in memory or in a file that is mapped. Threads may share it. The caller frees it.
 */
typedef struct forensic_hash_set forensic_hash_set;

/**
 * Computes digests of bytes given piece by piece. Not for several threads at once. The caller frees it.
 */
typedef struct forensic_hasher forensic_hasher;

/**
 * What a set says of a digest, in order of its lists and their rows. The caller frees it.
 */
typedef struct forensic_hits forensic_hits;

/**
 * The perceptual hash of a picture: pictures that look alike have hashes that differ in few bits. The caller frees it.
 */
typedef struct forensic_image_hash forensic_image_hash;

/**
 * Gathers hashes for an index. One thread at a time may use it. The caller frees it.
 */
typedef struct forensic_index_builder forensic_index_builder;

/**
 * A list of issues as it was when asked for. The caller frees it.
 */
typedef struct forensic_issues forensic_issues;

/**
 * Bounds that a caller may tighten or widen. Not for several threads at once while it is set. The caller frees it.
 */
typedef struct forensic_limits forensic_limits;

/**
 * How to open evidence. Not for several threads at once while it is set. The caller frees it.
 */
typedef struct forensic_open_options forensic_open_options;

/**
 * What a picture file says of its picture. The caller frees it.
 */
typedef struct forensic_picture_info forensic_picture_info;

/**
 * The pieces of a stream in order, each with its digests. Not for several threads at once. The caller frees it.
 */
typedef struct forensic_pieces forensic_pieces;

/**
 * What is known of one stream of one entry. Owned by the report it came from.
 */
typedef struct forensic_record forensic_record;

/**
 * What a triage found. The caller frees it.
 */
typedef struct forensic_report forensic_report;

/**
 * Bytes that know where they lie on the medium: a medium, a volume, a file, its slack. It stays readable when what it
 * came from is freed. The caller frees it.
 */
typedef struct forensic_stream forensic_stream;

/**
 * What a triage does. Not for several threads at once while it is set. The caller frees it.
 */
typedef struct forensic_triage_options forensic_triage_options;

/**
 * The digests of a medium beside those stored at acquisition. The caller frees it.
 */
typedef struct forensic_verification forensic_verification;

/**
 * A video as vPDQ has it, by the PDQ of its frames. Not for several threads at once while frames are added. The caller frees
 * it.
 */
typedef struct forensic_video_hash forensic_video_hash;

/**
 * A partition, or a gap between partitions. It stays usable when the evidence it came from is freed. The caller frees it.
 */
typedef struct forensic_volume forensic_volume;

/**
 * The entries of a filesystem, one after another: the root's children first, then theirs, level by level, orphans last;
 * the same order each time. Not for several threads at once; each may have its own. The caller frees it.
 */
typedef struct forensic_walk forensic_walk;

/**
 * What became of the records that were written. The caller frees it.
 */
typedef struct forensic_write_report forensic_write_report;

/**
 * Told that done of total are done; returns 0 to go on, anything else to stop, upon which the work ends with
 * FORENSIC_CANCELLED. Called from any thread, but from one at a time.
 */
typedef int (*forensic_progress)(void *user, uint64_t done, uint64_t total);

/**
 * A disagreement between two readers.
 */
typedef struct {
    /**
     * The path concerned.
     */
    const char *path;
    /**
     * What differs: "missing", "extra", "size", "content", "error".
     */
    const char *what;
    /**
     * What this library says.
     */
    const char *ours;
    /**
     * What the second reader says.
     */
    const char *theirs;
    /**
     * Where the second reader is known to be wrong, the reason; empty otherwise.
     */
    const char *known_limit;
} forensic_difference;

/**
 * A point in time as the filesystem stores it.
 */
typedef struct {
    /**
     * Seconds since 1970-01-01T00:00:00, in UTC or in the local time of the machine that wrote it.
     */
    int64_t seconds;
    /**
     * Nanoseconds within the second.
     */
    uint32_t nanoseconds;
    /**
     * True where the filesystem stores UTC, false where it stores local time of an unknown zone.
     */
    bool utc;
} forensic_time;

/**
 * One stored time of an entry.
 */
typedef struct {
    /**
     * Which time.
     */
    forensic_time_kind kind;
    /**
     * The structure that stores it: "standard_information", "file_name", "directory_entry".
     */
    const char *source;
    /**
     * The value.
     */
    forensic_time value;
    /**
     * The step of the stored value in nanoseconds.
     */
    uint64_t resolution;
} forensic_timestamp;

/**
 * A further attribute of an entry.
 */
typedef struct {
    /**
     * Its name.
     */
    const char *key;
    /**
     * Which of the following it is.
     */
    forensic_value_kind kind;
    /**
     * A flag; otherwise false.
     */
    bool boolean;
    /**
     * A number; otherwise 0.
     */
    int64_t integer;
    /**
     * A text, or bytes in lower-case hex; otherwise NULL.
     */
    const char *text;
} forensic_attribute;

/**
 * What is known of a stream without reading it.
 */
typedef struct {
    /**
     * Its name; "" is the main stream.
     */
    const char *name;
    /**
     * Bytes.
     */
    uint64_t size;
    /**
     * True where the content lies inside the metadata record.
     */
    bool resident;
    /**
     * True where the content is stored compressed.
     */
    bool compressed;
    /**
     * True where parts are not stored and read as zeros.
     */
    bool sparse;
} forensic_stream_info;

/**
 * Fills buffer with the length bytes at offset, all of them, and returns 0; or returns an errno (or -1) where they
 * cannot be read. Never asked beyond the size given with it. Called from any thread, from several at once.
 */
typedef int (*forensic_read_at)(void *user, uint64_t offset, uint8_t *buffer, size_t length);

/**
 * Called once when the library needs user no more.
 */
typedef void (*forensic_release)(void *user);

/**
 * A key and its text.
 */
typedef struct {
    /**
     * The key.
     */
    const char *key;
    /**
     * Its text.
     */
    const char *value;
} forensic_pair;

/**
 * A piece of a stream and the place of its bytes on the medium.
 */
typedef struct {
    /**
     * Byte offset in the stream.
     */
    uint64_t stream_offset;
    /**
     * Byte offset on the medium; 0 where no byte of the medium stands behind it.
     */
    uint64_t offset;
    /**
     * Number of bytes of the stream.
     */
    uint64_t length;
    /**
     * How the bytes are stored.
     */
    forensic_extent_kind kind;
    /**
     * False where no byte of the medium stands behind it (sparse).
     */
    bool has_offset;
    /**
     * True where the place was guessed (a deleted FAT chain) and not read from metadata.
     */
    bool inferred;
} forensic_extent;

/**
 * The digests of one stream.
 */
typedef struct {
    /**
     * Which of the following are there: FORENSIC_MD5 | FORENSIC_SHA1 | ... The others are zeros.
     */
    uint32_t algorithms;
    /**
     * MD5.
     */
    uint8_t md5[16];
    /**
     * SHA-1.
     */
    uint8_t sha1[20];
    /**
     * SHA-256.
     */
    uint8_t sha256[32];
    /**
     * BLAKE3.
     */
    uint8_t blake3[32];
    /**
     * SHA-512.
     */
    uint8_t sha512[64];
    /**
     * SHA3-256.
     */
    uint8_t sha3_256[32];
    /**
     * CRC-32, the most significant byte first.
     */
    uint8_t crc32[4];
    /**
     * ED2K.
     */
    uint8_t ed2k[16];
} forensic_digests;

/**
 * A hash near the one asked for.
 */
typedef struct {
    /**
     * What it stands for, where that is a text; NULL where it is a number.
     */
    const char *text;
    /**
     * What it stands for, where that is a number.
     */
    int64_t number;
    /**
     * Bits that differ.
     */
    uint32_t distance;
    /**
     * The distance that was asked for.
     */
    uint32_t threshold;
    /**
     * Its quality, 0 to 100; -1 where its algorithm does not grade pictures.
     */
    int32_t quality;
    /**
     * The algorithm of both hashes ("pdq").
     */
    const char *algorithm;
    /**
     * The version of that.
     */
    const char *version;
} forensic_match;

/**
 * Hashes that are near one of them, by their numbers.
 */
typedef struct {
    /**
     * The hash that all others are near.
     */
    size_t representative;
    /**
     * Number of members.
     */
    size_t count;
    /**
     * All of them: the representative first, then the nearest first.
     */
    const size_t *members;
    /**
     * In how many bits each differs from the representative.
     */
    const uint32_t *distances;
} forensic_group;

/**
 * A list a set was built from.
 */
typedef struct {
    /**
     * The file.
     */
    const char *path;
    /**
     * Its format: "plain", "sums", "hashdeep", …
     */
    const char *format;
    /**
     * What hits call it: the file's name.
     */
    const char *set_name;
    /**
     * Rows read from it.
     */
    uint64_t records;
} forensic_set_source;

/**
 * A row of a list that could not be read.
 */
typedef struct {
    /**
     * The file.
     */
    const char *source;
    /**
     * The line, the first being 1.
     */
    uint64_t position;
    /**
     * What is wrong with it.
     */
    const char *message;
} forensic_set_issue;

/**
 * What a set says of a digest. A pointer, not a verdict.
 */
typedef struct {
    /**
     * The set.
     */
    const char *set_name;
    /**
     * Whose categories category counts in; NULL where the set has none.
     */
    const char *scheme;
    /**
     * The category as read; NULL where there is none.
     */
    const char *category;
    /**
     * The file name the set gives; NULL where it gives none.
     */
    const char *name;
    /**
     * What else the set says, under its own names: property_count pairs, in order of the names. A text is given as it is,
     * any other value as JSON.
     */
    const forensic_pair *properties;
    /**
     * Number of properties.
     */
    size_t property_count;
    /**
     * True where the set can be wrong by construction (a Bloom filter).
     */
    bool possible;
} forensic_known;

/**
 * How to hash a picture; all zeros, but for the algorithm, is the usual way.
 */
typedef struct {
    /**
     * A forensic_image_algorithm.
     */
    uint32_t algorithm;
    /**
     * Width and height of the hash, 2 to 64; 0 for the usual: 8, of PDQ always 16.
     */
    uint32_t hash_size;
    /**
     * A forensic_image_pipeline, for PDQ.
     */
    uint32_t pipeline;
    /**
     * Side of the blocks of pixels of a JPEG that are hashed by their means, for PDQ: 1 (or 0), 2, 4, 8, or
     * FORENSIC_IMAGE_SCALE_AUTO.
     */
    uint32_t scale;
    /**
     * A discrete cosine transform first, for the algorithms of image_hasher.
     */
    bool dct;
    /**
     * Hash what decodes of a cut or damaged picture, too.
     */
    bool partial;
} forensic_image_options;

/**
 * Something that could not be read and was passed over; what is beside it was read all the same.
 */
typedef struct {
    /**
     * True where the issue has a byte offset on the medium.
     */
    bool has_offset;
    /**
     * That offset, otherwise 0.
     */
    uint64_t offset;
    /**
     * The structure concerned, in the words of its specification.
     */
    const char *structure;
    /**
     * What is wrong with it.
     */
    const char *message;
    /**
     * All of it in one line.
     */
    const char *text;
} forensic_issue;

/**
 * One piece of a stream.
 */
typedef struct {
    /**
     * Byte offset in the stream.
     */
    uint64_t offset;
    /**
     * Bytes: the size of pieces, or fewer at the end of the stream.
     */
    uint64_t length;
    /**
     * True where every byte is zero: the null block, which says nothing of any file.
     */
    bool is_null;
    /**
     * Its digests.
     */
    forensic_digests digests;
} forensic_piece;

/**
 * A decoded picture.
 */
typedef struct {
    /**
     * Pixels across.
     */
    uint32_t width;
    /**
     * Pixels down.
     */
    uint32_t height;
    /**
     * Share of the picture that decoded, 0 to 1.
     */
    double decoded;
} forensic_picture;

/**
 * A perceptual hash in a record, and all that is needed to compare it later.
 */
typedef struct {
    /**
     * The algorithm.
     */
    const char *algorithm;
    /**
     * Version of its implementation.
     */
    const char *version;
    /**
     * How the pixels came to the algorithm.
     */
    const char *pipeline;
    /**
     * The bits, in lower-case hex.
     */
    const char *hex;
    /**
     * True where the algorithm grades pictures.
     */
    bool has_quality;
    /**
     * The grade, 0 to 100; otherwise 0.
     */
    uint8_t quality;
} forensic_perceptual;

/**
 * A hit in a hash set: a pointer, not a verdict.
 */
typedef struct {
    /**
     * The set.
     */
    const char *set_name;
    /**
     * Whose categories category counts in; NULL where the set has none.
     */
    const char *scheme;
    /**
     * The category as read; NULL where there is none.
     */
    const char *category;
    /**
     * The file name the set gives; NULL where it gives none.
     */
    const char *name;
    /**
     * True where the set can be wrong by construction.
     */
    bool possible;
} forensic_known_hit;

/**
 * A picture of an index that is similar: a pointer, not a verdict.
 */
typedef struct {
    /**
     * The index.
     */
    const char *index;
    /**
     * What the index has the picture under, where that is a text; NULL where it is a number.
     */
    const char *text;
    /**
     * What the index has the picture under, where that is a number.
     */
    int64_t number;
    /**
     * The algorithm.
     */
    const char *algorithm;
    /**
     * Version of its implementation.
     */
    const char *version;
    /**
     * Bits that differ, of the nearest of the picture's turns and mirrors.
     */
    uint32_t distance;
    /**
     * The most that were allowed to.
     */
    uint32_t threshold;
    /**
     * Quality of the picture of the index, 0 to 100; -1 where the algorithm does not grade pictures.
     */
    int32_t quality;
} forensic_similar;

/**
 * A count of a summary.
 */
typedef struct {
    /**
     * What was counted: "volumes", "filesystems", "records", "live", "deleted", "carved", "bytes_hashed", "pictures",
     * "known", "notable", "known_good", "similar", "repeated", "issues".
     */
    const char *name;
    /**
     * How many.
     */
    uint64_t count;
} forensic_count;

/**
 * Takes a record, which lasts as long as the call; returns 0 to go on, anything else to stop, upon which the triage ends
 * with FORENSIC_CANCELLED. Called on the thread that runs the triage.
 */
typedef int (*forensic_record_sink)(void *user, const forensic_record *record);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Version of the binary interface of the library that the program runs with.
 */
uint32_t forensic_abi_version(void);

/**
 * Version of the library, "0.1.0".
 */
const char *forensic_version(void);

/**
 * The name of a state as records have it ("complete"); NULL for a number that is none. Static.
 */
const char *forensic_carved_state_name(uint32_t state);

/**
 * The type of its content: "jpeg", "docx", "mp4". Owned by the file.
 */
const char *forensic_carved_type(const forensic_carved *carved);

/**
 * Byte offset of its start on the medium.
 */
uint64_t forensic_carved_offset(const forensic_carved *carved);

/**
 * Number of bytes.
 */
uint64_t forensic_carved_size(const forensic_carved *carved);

/**
 * How whole it is.
 */
forensic_carved_state forensic_carved_status(const forensic_carved *carved);

/**
 * 0 to 100: how sure it is that these bytes are one file of this type.
 */
uint8_t forensic_carved_confidence(const forensic_carved *carved);

/**
 * The first byte known to be wrong or missing, counted from the start of the file; false, with nothing written, where there is
 * none.
 */
bool forensic_carved_damaged_at(const forensic_carved *carved,
                                uint64_t *byte);

/**
 * Where its bytes lie on the medium, in the order of the file.
 */
forensic_status forensic_carved_extents(const forensic_carved *carved,
                                        forensic_extents **extents,
                                        forensic_error **error);

/**
 * Its bytes.
 */
forensic_status forensic_carved_open(const forensic_carved *carved, forensic_stream **stream, forensic_error **error);

/**
 * Number of files inside this one (a thumbnail, a member, a frame).
 */
size_t forensic_carved_child_count(const forensic_carved *carved);

/**
 * The file at index inside this one, in order of offset; NULL past the end. Owned by this file.
 */
const forensic_carved *forensic_carved_child(const forensic_carved *carved, size_t index);

/**
 * Frees a file; NULL is allowed, and a child is not. Its streams live on.
 */
void forensic_carved_free(forensic_carved *carved);

/**
 * Gives the defaults: every type, at every byte offset, on as many threads as the machine runs at once. NULL for options
 * means the same.
 */
forensic_status forensic_carve_options_new(forensic_carve_options **options,
                                           forensic_error **error);

/**
 * Reports files of these types only, by commas: "jpeg,png" (forensic_carve_type lists them). What is found does not depend on
 * it; an unknown type is refused when carving begins.
 */
forensic_status forensic_carve_options_set_types(forensic_carve_options *options,
                                                 const char *types,
                                                 forensic_error **error);

/**
 * Looks for files at multiples of so many bytes only.
 */
forensic_status forensic_carve_options_set_align(forensic_carve_options *options,
                                                 uint64_t align,
                                                 forensic_error **error);

/**
 * Gives each child once more as a file of its own, behind the file that holds it.
 */
forensic_status forensic_carve_options_set_nested(forensic_carve_options *options, bool nested, forensic_error **error);

/**
 * Sets the bytes of a cluster of the filesystem that was there, where known: fragments begin at multiples of it. Otherwise it
 * is that of the filesystem, or, for unallocated space of evidence, of its filesystems where they agree.
 */
forensic_status forensic_carve_options_set_cluster_size(forensic_carve_options *options,
                                                        uint64_t cluster_size,
                                                        forensic_error **error);

/**
 * Sets the threads to work on, one at least. The files are the same on any number.
 */
forensic_status forensic_carve_options_set_threads(forensic_carve_options *options,
                                                   size_t threads,
                                                   forensic_error **error);

/**
 * Sets bounds on effort and memory; they are copied.
 */
forensic_status forensic_carve_options_set_limits(forensic_carve_options *options,
                                                  const forensic_limits *limits,
                                                  forensic_error **error);

/**
 * Frees options; NULL is allowed.
 */
void forensic_carve_options_free(forensic_carve_options *options);

/**
 * The type at index that can be carved, in alphabetical order; NULL past the end. Static.
 */
const char *forensic_carve_type(size_t index);

/**
 * Carves a medium; within is a forensic_within. progress, which may be NULL, gets bytes and user. Long work.
 *
 * FORENSIC_INVALID_ARGUMENT for a type that is not known, FORENSIC_CANCELLED where progress stops it. What cannot be read
 * is no error: see forensic_carver_issues.
 */
forensic_status forensic_carver_open_evidence(const forensic_evidence *evidence,
                                              uint32_t within,
                                              const forensic_carve_options *options,
                                              forensic_progress progress,
                                              void *user,
                                              forensic_carver **carver,
                                              forensic_error **error);

/**
 * Carves the volume of a filesystem, or its unallocated clusters; otherwise as forensic_carver_open_evidence.
 */
forensic_status forensic_carver_open_filesystem(const forensic_filesystem *filesystem,
                                                uint32_t within,
                                                const forensic_carve_options *options,
                                                forensic_progress progress,
                                                void *user,
                                                forensic_carver **carver,
                                                forensic_error **error);

/**
 * Carves a stream; otherwise as forensic_carver_open_evidence.
 */
forensic_status forensic_carver_open_stream(const forensic_stream *stream,
                                            const forensic_carve_options *options,
                                            forensic_progress progress,
                                            void *user,
                                            forensic_carver **carver,
                                            forensic_error **error);

/**
 * Carves length bytes in memory, which are copied; otherwise as forensic_carver_open_evidence.
 */
forensic_status forensic_carver_open_buffer(const uint8_t *buffer,
                                            size_t length,
                                            const forensic_carve_options *options,
                                            forensic_progress progress,
                                            void *user,
                                            forensic_carver **carver,
                                            forensic_error **error);

/**
 * Number of files still to be given; 0 for NULL.
 */
size_t forensic_carver_left(const forensic_carver *carver);

/**
 * Gives the next file in order of offset, which the caller frees. FORENSIC_DONE, with carved set to NULL, at the end.
 */
forensic_status forensic_carver_next(forensic_carver *carver, forensic_carved **carved, forensic_error **error);

/**
 * What could not be read.
 */
forensic_status forensic_carver_issues(const forensic_carver *carver, forensic_issues **issues, forensic_error **error);

/**
 * Frees a carver; NULL is allowed. The files it gave live on.
 */
void forensic_carver_free(forensic_carver *carver);

/**
 * True where both readers say the same, but for differences explained by a known limit of the second reader; false for
 * NULL.
 */
bool forensic_cross_check_agrees(const forensic_cross_check *check);

/**
 * The second reader and its version. Owned by the cross-check.
 */
const char *forensic_cross_check_reader(const forensic_cross_check *check);

/**
 * Live entries compared.
 */
uint64_t forensic_cross_check_compared(const forensic_cross_check *check);

/**
 * Number of disagreements.
 */
size_t forensic_cross_check_difference_count(const forensic_cross_check *check);

/**
 * A disagreement, in order of path; NULL past the end. Owned by the cross-check.
 */
const forensic_difference *forensic_cross_check_difference(const forensic_cross_check *check, size_t index);

/**
 * Frees a cross-check; NULL is allowed.
 */
void forensic_cross_check_free(forensic_cross_check *check);

/**
 * The name of a kind as records have it ("file"); NULL for a number that is none. Static.
 */
const char *forensic_kind_name(uint32_t kind);

/**
 * The name of a state as records have it ("deleted"); NULL for a number that is none. Static.
 */
const char *forensic_entry_state_name(uint32_t state);

/**
 * The name of a grade as records have it ("intact"); NULL for FORENSIC_RECOVERABILITY_NONE and for a number that is
 * none. Static.
 */
const char *forensic_recoverability_name(uint32_t recoverability);

/**
 * The path from the root, with '/' between names. What is no text in a name, and '/' or NUL inside one, is U+FFFD. A
 * name may be ".." on hostile media: never join a path to a path of your own unchecked. Owned by the entry.
 */
const char *forensic_entry_path(const forensic_entry *entry);

/**
 * The last part of the path; empty where the name is lost. Owned by the entry.
 */
const char *forensic_entry_name(const forensic_entry *entry);

/**
 * The name as stored (UTF-16LE for NTFS and FAT long names, the volume's code page for FAT short names), not
 * NUL-terminated; length, which may be NULL, is set to its bytes. Owned by the entry.
 */
const uint8_t *forensic_entry_name_bytes(const forensic_entry *entry, size_t *length);

/**
 * MFT record number; for FAT, the byte offset of the directory entry in the volume / 32.
 */
uint64_t forensic_entry_id(const forensic_entry *entry);

/**
 * True where the directory is known; its id is then written to parent_id (which may be NULL).
 */
bool forensic_entry_parent_id(const forensic_entry *entry, uint64_t *parent_id);

/**
 * What it is; FORENSIC_KIND_OTHER for NULL.
 */
forensic_kind forensic_entry_kind(const forensic_entry *entry);

/**
 * Whether its name and metadata are in use; FORENSIC_ENTRY_UNLISTED for NULL.
 */
forensic_entry_state forensic_entry_status(const forensic_entry *entry);

/**
 * How much of the content can be given back; FORENSIC_RECOVERABILITY_NONE for an entry in use.
 */
forensic_recoverability forensic_entry_recoverability(const forensic_entry *entry);

/**
 * Why the recoverability is what it is; empty for an entry in use. Owned by the entry.
 */
const char *forensic_entry_recoverability_reason(const forensic_entry *entry);

/**
 * Where a symbolic link leads; NULL for anything else. Owned by the entry.
 */
const char *forensic_entry_target(const forensic_entry *entry);

/**
 * Bytes of the main stream; 0 for a directory without one.
 */
uint64_t forensic_entry_size(const forensic_entry *entry);

/**
 * True where there is a time of this kind (a forensic_time_kind); its preferred value is then written to time (which
 * may be NULL).
 */
bool forensic_entry_time(const forensic_entry *entry, uint32_t kind, forensic_time *time);

/**
 * Number of all stored times.
 */
size_t forensic_entry_timestamp_count(const forensic_entry *entry);

/**
 * A stored time, the preferred source first; NULL past the end. Owned by the entry.
 */
const forensic_timestamp *forensic_entry_timestamp(const forensic_entry *entry, size_t index);

/**
 * Number of further attributes (dos flags, compressed, encrypted, ...).
 */
size_t forensic_entry_attribute_count(const forensic_entry *entry);

/**
 * A further attribute, in order of their keys; NULL past the end. Owned by the entry.
 */
const forensic_attribute *forensic_entry_attribute(const forensic_entry *entry, size_t index);

/**
 * The further attribute of this key. FORENSIC_NOT_FOUND where there is none. Owned by the entry.
 */
forensic_status forensic_entry_attribute_named(const forensic_entry *entry,
                                               const char *key,
                                               const forensic_attribute **attribute,
                                               forensic_error **error);

/**
 * Number of streams.
 */
size_t forensic_entry_stream_count(const forensic_entry *entry);

/**
 * What is known of a stream; the main one, named "", comes first, on every file. NULL past the end. Owned by the entry.
 */
const forensic_stream_info *forensic_entry_stream_info(const forensic_entry *entry, size_t index);

/**
 * Opens the stream of this name; "" is the main one.
 *
 * FORENSIC_NOT_FOUND where there is none; FORENSIC_CORRUPT, FORENSIC_UNSUPPORTED and others where its bytes cannot be
 * had.
 */
forensic_status forensic_entry_open(const forensic_entry *entry,
                                    const char *name,
                                    forensic_stream **stream,
                                    forensic_error **error);

/**
 * Opens the stream at index, as forensic_entry_stream_info counts them. Errors are those of forensic_entry_open.
 */
forensic_status forensic_entry_open_at(const forensic_entry *entry,
                                       size_t index,
                                       forensic_stream **stream,
                                       forensic_error **error);

/**
 * Where the stream of this name lies on the medium. Errors are those of forensic_entry_open.
 */
forensic_status forensic_entry_extents(const forensic_entry *entry,
                                       const char *name,
                                       forensic_extents **extents,
                                       forensic_error **error);

/**
 * The bytes between the end of the main stream and the end of its last cluster; an empty stream where there are none.
 */
forensic_status forensic_entry_slack(const forensic_entry *entry, forensic_stream **slack, forensic_error **error);

/**
 * The slack of the stream at index.
 */
forensic_status forensic_entry_slack_at(const forensic_entry *entry,
                                        size_t index,
                                        forensic_stream **slack,
                                        forensic_error **error);

/**
 * What could not be read of this entry.
 */
forensic_status forensic_entry_issues(const forensic_entry *entry, forensic_issues **issues, forensic_error **error);

/**
 * Frees an entry; NULL is allowed. Streams opened from it live on.
 */
void forensic_entry_free(forensic_entry *entry);

/**
 * The name of a status ("corrupt"); NULL for a number that is none. Static.
 */
const char *forensic_status_name(uint32_t status);

/**
 * The status of the call that failed; FORENSIC_OK for NULL.
 */
forensic_status forensic_error_status(const forensic_error *error);

/**
 * What went wrong, in words; NULL for NULL. Owned by the error.
 */
const char *forensic_error_message(const forensic_error *error);

/**
 * The structure the error is about ("MFT record", "E01 table"); NULL where it is about none. Owned by the error.
 */
const char *forensic_error_structure(const forensic_error *error);

/**
 * True where the error is about a byte offset, which is then written to offset (which may be NULL): on the medium, or,
 * for a structure of a container, in its segment file.
 */
bool forensic_error_offset(const forensic_error *error, uint64_t *offset);

/**
 * The operating system's code (errno) where it refused something; otherwise 0.
 */
int forensic_error_os_code(const forensic_error *error);

/**
 * Frees an error; NULL is allowed.
 */
void forensic_error_free(forensic_error *error);

/**
 * Gives the defaults: an unreadable place is an error, limits fit real media. NULL for options means the same.
 */
forensic_status forensic_open_options_new(forensic_open_options **options, forensic_error **error);

/**
 * Sets what to do about unreadable places (a forensic_unreadable).
 */
forensic_status forensic_open_options_set_unreadable(forensic_open_options *options,
                                                     uint32_t unreadable,
                                                     forensic_error **error);

/**
 * Sets bounds on what the evidence may demand; they are copied.
 */
forensic_status forensic_open_options_set_limits(forensic_open_options *options,
                                                 const forensic_limits *limits,
                                                 forensic_error **error);

/**
 * Frees options; NULL is allowed.
 */
void forensic_open_options_free(forensic_open_options *options);

/**
 * Opens the image at path; further segments are found beside it. The container is found by content, not by name.
 *
 * FORENSIC_IO where a file cannot be opened, FORENSIC_UNSUPPORTED for a container that is recognised but not read,
 * FORENSIC_CORRUPT for a damaged one, FORENSIC_MISSING_SEGMENT.
 */
forensic_status forensic_evidence_open(const char *path,
                                       const forensic_open_options *options,
                                       forensic_evidence **evidence,
                                       forensic_error **error);

/**
 * Opens an image from its segment files, given in order. Errors are those of forensic_evidence_open.
 */
forensic_status forensic_evidence_open_segments(const char *const *paths,
                                                size_t count,
                                                const forensic_open_options *options,
                                                forensic_evidence **evidence,
                                                forensic_error **error);

/**
 * Opens an image held in memory, which is copied. Errors are those of forensic_evidence_open.
 */
forensic_status forensic_evidence_open_bytes(const uint8_t *bytes,
                                             size_t length,
                                             const forensic_open_options *options,
                                             forensic_evidence **evidence,
                                             forensic_error **error);

/**
 * Opens an image that lies in a stream: a file inside other evidence. Errors are those of forensic_evidence_open.
 */
forensic_status forensic_evidence_open_stream(const forensic_stream *stream,
                                              const forensic_open_options *options,
                                              forensic_evidence **evidence,
                                              forensic_error **error);

/**
 * Opens an image of size bytes that the caller reads: read_at is called with user, from any thread, also from several at
 * once, as long as the evidence or anything that came from it lives. release, which may be NULL, is called once, with
 * user, when nothing needs it any more: at once where opening fails.
 *
 * Errors are those of forensic_evidence_open.
 */
forensic_status forensic_evidence_open_callback(forensic_read_at read_at,
                                                uint64_t size,
                                                void *user,
                                                forensic_release release,
                                                const forensic_open_options *options,
                                                forensic_evidence **evidence,
                                                forensic_error **error);

/**
 * The container: "raw", "split", "ewf". Owned by the evidence.
 */
const char *forensic_evidence_format(const forensic_evidence *evidence);

/**
 * Bytes of the medium.
 */
uint64_t forensic_evidence_size(const forensic_evidence *evidence);

/**
 * Bytes a sector, as the container says, otherwise 512.
 */
uint32_t forensic_evidence_sector_size(const forensic_evidence *evidence);

/**
 * Number of things the container says about the case and the acquisition.
 */
size_t forensic_evidence_metadata_count(const forensic_evidence *evidence);

/**
 * What the container says, in order of keys; NULL past the end. Owned by the evidence.
 */
const forensic_pair *forensic_evidence_metadata(const forensic_evidence *evidence, size_t index);

/**
 * What the container says under this key ("case_number"). FORENSIC_NOT_FOUND where it says nothing. Owned by the
 * evidence.
 */
forensic_status forensic_evidence_metadata_named(const forensic_evidence *evidence,
                                                 const char *key,
                                                 const char **value,
                                                 forensic_error **error);

/**
 * Number of digests stored at acquisition.
 */
size_t forensic_evidence_stored_hash_count(const forensic_evidence *evidence);

/**
 * A digest stored at acquisition: the algorithm ("md5") and lower-case hex; NULL past the end. Owned by the evidence.
 */
const forensic_pair *forensic_evidence_stored_hash(const forensic_evidence *evidence, size_t index);

/**
 * The digest of this algorithm ("md5") stored at acquisition, in lower-case hex. FORENSIC_NOT_FOUND where there is none.
 * Owned by the evidence.
 */
forensic_status forensic_evidence_stored_hash_named(const forensic_evidence *evidence,
                                                    const char *algorithm,
                                                    const char **hex,
                                                    forensic_error **error);

/**
 * Reads up to capacity bytes of the medium; as forensic_stream_read_at.
 */
forensic_status forensic_evidence_read_at(const forensic_evidence *evidence,
                                          uint64_t offset,
                                          uint8_t *buffer,
                                          size_t capacity,
                                          size_t *read,
                                          forensic_error **error);

/**
 * All bytes of the medium.
 */
forensic_status forensic_evidence_stream(const forensic_evidence *evidence,
                                         forensic_stream **stream,
                                         forensic_error **error);

/**
 * Ranges that could not be read: at acquisition, and since, where FORENSIC_UNREADABLE_ZERO replaced them.
 */
forensic_status forensic_evidence_unreadable_ranges(const forensic_evidence *evidence,
                                                    forensic_extents **ranges,
                                                    forensic_error **error);

/**
 * What was passed over in the container and the partition tables so far.
 */
forensic_status forensic_evidence_issues(const forensic_evidence *evidence,
                                         forensic_issues **issues,
                                         forensic_error **error);

/**
 * Number of volumes of the medium, gaps between them included; a bare filesystem is one volume.
 */
size_t forensic_evidence_volume_count(const forensic_evidence *evidence);

/**
 * The volume at index, in medium order. FORENSIC_NOT_FOUND past the end.
 */
forensic_status forensic_evidence_volume(const forensic_evidence *evidence,
                                         size_t index,
                                         forensic_volume **volume,
                                         forensic_error **error);

/**
 * Opens the filesystem of every volume that has a known one; one that cannot be opened is an issue of the evidence.
 */
forensic_status forensic_evidence_filesystems(const forensic_evidence *evidence,
                                              forensic_filesystems **filesystems,
                                              forensic_error **error);

/**
 * Frees evidence; NULL is allowed. What came from it lives on and keeps the image open.
 */
void forensic_evidence_free(forensic_evidence *evidence);

/**
 * The name of a kind of extent as records have it ("data"); NULL for a number that is none. Static.
 */
const char *forensic_extent_kind_name(uint32_t kind);

/**
 * Number of extents; 0 for NULL.
 */
size_t forensic_extents_count(const forensic_extents *extents);

/**
 * The extent at index; NULL past the end. Those that follow stand right behind it in memory. Owned by the list.
 */
const forensic_extent *forensic_extents_get(const forensic_extents *extents, size_t index);

/**
 * Frees a list of extents; NULL is allowed.
 */
void forensic_extents_free(forensic_extents *extents);

/**
 * "fat12", "fat16", "fat32", "ntfs", "hfsplus", "apfs". Owned by the filesystem.
 */
const char *forensic_filesystem_kind(const forensic_filesystem *filesystem);

/**
 * The volume label; empty where there is none. Owned by the filesystem.
 */
const char *forensic_filesystem_label(const forensic_filesystem *filesystem);

/**
 * The volume serial number as the system prints it, in lower-case hex; empty where there is none. Owned by the
 * filesystem.
 */
const char *forensic_filesystem_serial(const forensic_filesystem *filesystem);

/**
 * Byte offset of the filesystem on the medium.
 */
uint64_t forensic_filesystem_offset(const forensic_filesystem *filesystem);

/**
 * Bytes the filesystem says it spans.
 */
uint64_t forensic_filesystem_size(const forensic_filesystem *filesystem);

/**
 * Bytes a cluster.
 */
uint32_t forensic_filesystem_cluster_size(const forensic_filesystem *filesystem);

/**
 * Number of things this reader can tell.
 */
size_t forensic_filesystem_cap_count(const forensic_filesystem *filesystem);

/**
 * A thing this reader can tell ("deleted", "orphans", "extents", "slack", "streams", ...), so that "none found" and "not
 * implemented" differ; NULL past the end. Owned by the filesystem.
 */
const char *forensic_filesystem_cap(const forensic_filesystem *filesystem,
                                    size_t index);

/**
 * What could not be read so far, in order of offset.
 */
forensic_status forensic_filesystem_issues(const forensic_filesystem *filesystem,
                                           forensic_issues **issues,
                                           forensic_error **error);

/**
 * All unallocated clusters, in volume order, as one stream.
 */
forensic_status forensic_filesystem_unallocated(const forensic_filesystem *filesystem,
                                                forensic_stream **stream,
                                                forensic_error **error);

/**
 * Volume slack: the bytes of the volume behind the end of the filesystem, as one stream; empty where there are none.
 */
forensic_status forensic_filesystem_slack(const forensic_filesystem *filesystem,
                                          forensic_stream **stream,
                                          forensic_error **error);

/**
 * Writes the timeline of the filesystem into a new file, as a bodyfile (version 3) that mactime reads. prefix is put
 * before every path (NULL: nothing); utc_offset is how many seconds local time was ahead of UTC on the machine that wrote
 * the medium, for filesystems that store local time.
 */
forensic_status forensic_filesystem_write_bodyfile(const forensic_filesystem *filesystem,
                                                   const char *path,
                                                   const char *prefix,
                                                   int32_t utc_offset,
                                                   forensic_error **error);

/**
 * Begins a walk over the entries, from position start on (0, or forensic_walk_cursor of an earlier walk); with deleted
 * false, only over those whose metadata is in use.
 */
forensic_status forensic_filesystem_walk(const forensic_filesystem *filesystem,
                                         bool deleted,
                                         uint64_t start,
                                         forensic_walk **walk,
                                         forensic_error **error);

/**
 * Number of entries: the positions forensic_filesystem_entry_at takes. The first call reads all metadata.
 */
uint64_t forensic_filesystem_entry_count(const forensic_filesystem *filesystem);

/**
 * The entry at a position of the listing, so that many threads can share one. FORENSIC_NOT_FOUND past the end.
 */
forensic_status forensic_filesystem_entry_at(const forensic_filesystem *filesystem,
                                             uint64_t position,
                                             forensic_entry **entry,
                                             forensic_error **error);

/**
 * The entry with this path ("/DCIM/IMG_1.JPG"); of several (a deleted file and its successor) the allocated one.
 * FORENSIC_NOT_FOUND where there is none.
 */
forensic_status forensic_filesystem_entry(const forensic_filesystem *filesystem,
                                          const char *path,
                                          forensic_entry **entry,
                                          forensic_error **error);

/**
 * Reads the volume with an independent second reader and compares the live listing and contents. Long work.
 */
forensic_status forensic_filesystem_cross_check(const forensic_filesystem *filesystem,
                                                forensic_cross_check **cross_check,
                                                forensic_error **error);

/**
 * Frees a filesystem; NULL is allowed. Its walks and entries live on.
 */
void forensic_filesystem_free(forensic_filesystem *filesystem);

/**
 * Number of filesystems; 0 for NULL.
 */
size_t forensic_filesystems_count(const forensic_filesystems *filesystems);

/**
 * The filesystem at index, in medium order; NULL past the end. Owned by the list.
 */
const forensic_filesystem *forensic_filesystems_get(const forensic_filesystems *filesystems, size_t index);

/**
 * Frees a list of filesystems and them with it; NULL is allowed. Their walks and entries live on.
 */
void forensic_filesystems_free(forensic_filesystems *filesystems);

/**
 * Writes the similarity digest of all bytes of a stream, NUL-terminated and cut to capacity (FORENSIC_FUZZY_SIZE holds
 * any). algorithm is "ssdeep" or "tlsh"; TLSH is "TNULL" for fewer than 50 bytes and for bytes that vary too little.
 *
 * FORENSIC_UNREADABLE, FORENSIC_CORRUPT where a byte cannot be had, FORENSIC_LIMIT for more than 192 GiB (ssdeep) or
 * 4 GiB (TLSH).
 */
forensic_status forensic_fuzzy_hash_stream(const forensic_stream *stream,
                                           const char *algorithm,
                                           char *buffer,
                                           size_t capacity,
                                           forensic_error **error);

/**
 * The same of a file of the system. FORENSIC_IO where it cannot be opened.
 */
forensic_status forensic_fuzzy_hash_file(const char *path,
                                         const char *algorithm,
                                         char *buffer,
                                         size_t capacity,
                                         forensic_error **error);

/**
 * The same of length bytes.
 */
forensic_status forensic_fuzzy_hash_bytes(const uint8_t *bytes,
                                          size_t length,
                                          const char *algorithm,
                                          char *buffer,
                                          size_t capacity,
                                          forensic_error **error);

/**
 * What two similarity digests of the same algorithm, told by their form, say of two files. ssdeep: 0 (nothing alike) to
 * 100 (the same digest). TLSH: a distance, 0 for the same digest.
 *
 * FORENSIC_INVALID_ARGUMENT for what is no digest, for digests of two algorithms, and for "TNULL".
 */
forensic_status forensic_fuzzy_compare(const char *a, const char *b, uint32_t *score, forensic_error **error);

/**
 * Gives the number of the algorithm of this name ("md5", "SHA-256"). FORENSIC_INVALID_ARGUMENT where there is none.
 */
forensic_status forensic_algorithm_named(const char *name, uint32_t *algorithm, forensic_error **error);

/**
 * The name of one algorithm ("md5"); NULL for a number that is none. Static.
 */
const char *forensic_algorithm_name(uint32_t algorithm);

/**
 * Writes one of the digests in lower-case hex, NUL-terminated and cut to capacity (FORENSIC_HEX_SIZE holds any).
 * FORENSIC_NOT_FOUND where it is not among them.
 */
forensic_status forensic_digests_hex(const forensic_digests *digests,
                                     uint32_t algorithm,
                                     char *buffer,
                                     size_t capacity,
                                     forensic_error **error);

/**
 * Gives a hasher of these algorithms.
 */
forensic_status forensic_hasher_new(uint32_t algorithms, forensic_hasher **hasher, forensic_error **error);

/**
 * Takes the next length bytes.
 */
forensic_status forensic_hasher_update(forensic_hasher *hasher,
                                       const uint8_t *bytes,
                                       size_t length,
                                       forensic_error **error);

/**
 * Gives the digests of all bytes taken so far; more may follow.
 */
forensic_status forensic_hasher_finish(const forensic_hasher *hasher,
                                       forensic_digests *digests,
                                       forensic_error **error);

/**
 * Frees a hasher; NULL is allowed.
 */
void forensic_hasher_free(forensic_hasher *hasher);

/**
 * The digests of length bytes.
 */
forensic_status forensic_hash_bytes(const uint8_t *bytes,
                                    size_t length,
                                    uint32_t algorithms,
                                    forensic_digests *digests,
                                    forensic_error **error);

/**
 * The digests of a file of the system. FORENSIC_IO where it cannot be opened.
 */
forensic_status forensic_hash_file(const char *path,
                                   uint32_t algorithms,
                                   forensic_digests *digests,
                                   forensic_error **error);

/**
 * The digests of all bytes of a stream, while as many threads as readers read ahead (0: none). progress, which may be
 * NULL, gets bytes and user.
 *
 * FORENSIC_UNREADABLE, FORENSIC_CORRUPT where a byte cannot be had, FORENSIC_CANCELLED where progress stops it.
 */
forensic_status forensic_hash_stream(const forensic_stream *stream,
                                     uint32_t algorithms,
                                     size_t readers,
                                     forensic_progress progress,
                                     void *user,
                                     forensic_digests *digests,
                                     forensic_error **error);

/**
 * The digests of many streams, on threads threads (0: as many as the machine runs at once): the fast way for many files.
 * digests has count places, in the order of streams; a stream that cannot be read in full gets one without algorithms.
 * errors is NULL or has count places too: NULL for each stream that was read, an error that the caller frees for each
 * that was not.
 *
 * FORENSIC_OK where the work was done, whatever became of single streams.
 */
forensic_status forensic_hash_many(const forensic_stream *const *streams,
                                   size_t count,
                                   uint32_t algorithms,
                                   size_t threads,
                                   forensic_digests *digests,
                                   forensic_error **errors,
                                   forensic_error **error);

/**
 * Sets builder to one without hashes.
 */
forensic_status forensic_index_builder_new(forensic_index_builder **builder, forensic_error **error);

/**
 * Takes a hash under a key: text, or number where text is NULL.
 *
 * FORENSIC_INVALID_ARGUMENT where the hash is of another algorithm or length than those before it, or has fewer than 64 or
 * more than 1,024 bits.
 */
forensic_status forensic_index_builder_add(forensic_index_builder *builder,
                                           int64_t number,
                                           const char *text,
                                           const forensic_image_hash *hash,
                                           forensic_error **error);

/**
 * Takes the length bytes of a hash of an algorithm ("pdq"), of a quality of 0 to 100, or -1 where there is none; otherwise as
 * forensic_index_builder_add.
 */
forensic_status forensic_index_builder_add_bytes(forensic_index_builder *builder,
                                                 int64_t number,
                                                 const char *text,
                                                 const char *algorithm,
                                                 const uint8_t *hash,
                                                 size_t length,
                                                 int32_t quality,
                                                 forensic_error **error);

/**
 * Takes what an index has, but for what is under one of number_count numbers or text_count texts: so hashes are added to an
 * index and deleted from it. FORENSIC_CORRUPT for an index that was changed.
 */
forensic_status forensic_index_builder_merge(forensic_index_builder *builder,
                                             const forensic_hash_index *index,
                                             const int64_t *numbers,
                                             size_t number_count,
                                             const char *const *texts,
                                             size_t text_count,
                                             forensic_error **error);

/**
 * Builds the index, in memory where path is NULL, else in a file of that name, which it has when it is whole; one that was
 * there before is replaced. The builder is left without hashes.
 */
forensic_status forensic_index_builder_finish(forensic_index_builder *builder,
                                              const char *path,
                                              forensic_hash_index **index,
                                              forensic_error **error);

/**
 * Frees a builder; NULL is allowed.
 */
void forensic_index_builder_free(forensic_index_builder *builder);

/**
 * Opens an index in a file, which is mapped and must not be changed meanwhile. Its header and a few hashes are checked, all
 * else when it is touched.
 *
 * FORENSIC_FORMAT for what is no index, FORENSIC_CORRUPT for one that is cut or changed, FORENSIC_UNSUPPORTED for one of
 * another version or algorithm.
 */
forensic_status forensic_hash_index_open(const char *path,
                                         forensic_hash_index **index,
                                         forensic_error **error);

/**
 * Reads all of the index and holds it against its checksums and itself; FORENSIC_CORRUPT where it was changed.
 */
forensic_status forensic_hash_index_verify(const forensic_hash_index *index, forensic_error **error);

/**
 * Number of hashes.
 */
size_t forensic_hash_index_size(const forensic_hash_index *index);

/**
 * Bits of a hash.
 */
uint32_t forensic_hash_index_bits(const forensic_hash_index *index);

/**
 * The algorithm of the hashes ("pdq"); NULL where there is none. Owned by the index.
 */
const char *forensic_hash_index_algorithm(const forensic_hash_index *index);

/**
 * Sets answer to all hashes that differ from hash in at most max_distance bits. Hashes of a quality under min_quality (-1: 50)
 * neither ask nor answer.
 *
 * FORENSIC_INVALID_ARGUMENT where the hash is of another algorithm or length than those of the index, FORENSIC_CORRUPT for an
 * index that was changed.
 */
forensic_status forensic_hash_index_query(const forensic_hash_index *index,
                                          const forensic_image_hash *hash,
                                          uint32_t max_distance,
                                          int32_t min_quality,
                                          forensic_answer **answer,
                                          forensic_error **error);

/**
 * Asks for count hashes of the index's algorithm, of length bytes each, which stand one behind another in hashes, by as many
 * threads as threads says (0: as the machine runs at once), and writes to the places of answers what
 * forensic_hash_index_query says of each. qualities has one of 0 to 100 for each, or is NULL where they have none. The caller
 * frees each answer. On failure all places are NULL.
 */
forensic_status forensic_hash_index_query_many(const forensic_hash_index *index,
                                               const uint8_t *hashes,
                                               size_t length,
                                               const uint8_t *qualities,
                                               size_t count,
                                               uint32_t max_distance,
                                               int32_t min_quality,
                                               size_t threads,
                                               forensic_answer **answers,
                                               forensic_error **error);

/**
 * Frees an index; NULL is allowed.
 */
void forensic_hash_index_free(forensic_hash_index *index);

/**
 * Number of matches.
 */
size_t forensic_answer_count(const forensic_answer *answer);

/**
 * A match; NULL past the end. Owned by the answer.
 */
const forensic_match *forensic_answer_match(const forensic_answer *answer, size_t index);

/**
 * False where the quality of the hash asked for is too low: then nothing was looked for, and no match means nothing.
 */
bool forensic_answer_asked(const forensic_answer *answer);

/**
 * Number of hashes near enough whose own quality is too low to be a match.
 */
size_t forensic_answer_gated(const forensic_answer *answer);

/**
 * Frees an answer; NULL is allowed.
 */
void forensic_answer_free(forensic_answer *answer);

/**
 * Groups count hashes of one algorithm, of length bytes each, which stand one behind another in hashes, by as many threads as
 * threads says (0: as the machine runs at once). qualities has one of 0 to 100 for each, or is NULL where they have none.
 *
 * Every hash that has another within max_distance bits is in exactly one group, and every member of a group is within that of
 * its representative, which is the hash with the most near it. A hash whose neighbours are all in other groups is a group of
 * its own; one that has none, or is of a quality under min_quality (-1: 50), is in no group.
 */
forensic_status forensic_group_hashes(const uint8_t *hashes,
                                      size_t length,
                                      const uint8_t *qualities,
                                      size_t count,
                                      uint32_t max_distance,
                                      int32_t min_quality,
                                      size_t threads,
                                      forensic_groups **groups,
                                      forensic_error **error);

/**
 * Number of groups.
 */
size_t forensic_groups_count(const forensic_groups *groups);

/**
 * A group; NULL past the end. Owned by the groups.
 */
const forensic_group *forensic_groups_at(const forensic_groups *groups, size_t index);

/**
 * Frees groups; NULL is allowed.
 */
void forensic_groups_free(forensic_groups *groups);

/**
 * Builds a set in memory from count lists. format is that of all of them ("plain", "sums", "hashdeep", "set", …), or NULL:
 * each is told by its content. A set is a list, too.
 *
 * FORENSIC_IO, or FORENSIC_FORMAT for a file that is no list of digests. A row that cannot be read is an issue.
 */
forensic_status forensic_hash_set_build(const char *const *paths,
                                        size_t count,
                                        const char *format,
                                        forensic_hash_set **set,
                                        forensic_error **error);

/**
 * The same in a file at path, in less than a gigabyte of memory however many digests there are. The file has its name when
 * it is whole; one that was there before is replaced.
 */
forensic_status forensic_hash_set_build_to(const char *const *paths,
                                           size_t count,
                                           const char *format,
                                           const char *path,
                                           forensic_hash_set **set,
                                           forensic_error **error);

/**
 * Opens a set that forensic_hash_set_build_to wrote; the file is mapped, and must not be changed meanwhile. Its header and
 * its table of checksums are checked, all else when it is touched.
 *
 * FORENSIC_FORMAT for what is no set, FORENSIC_CORRUPT for one that is cut or changed.
 */
forensic_status forensic_hash_set_open(const char *path,
                                       forensic_hash_set **set,
                                       forensic_error **error);

/**
 * Reads all of the set and holds it against its checksums; FORENSIC_CORRUPT where it was changed.
 */
forensic_status forensic_hash_set_verify(const forensic_hash_set *set, forensic_error **error);

/**
 * Writes the set as a list that other programs read, into a file that is made new. format is "vics", "vics-case", "caid",
 * "icse-csv", "hashdeep", "sums" or "plain". report tells what the format has no place for; the caller frees it.
 *
 * FORENSIC_UNSUPPORTED for a format that is only read, FORENSIC_IO, FORENSIC_CORRUPT for a set that was changed.
 */
forensic_status forensic_hash_set_write(const forensic_hash_set *set,
                                        const char *path,
                                        const char *format,
                                        forensic_write_report **report,
                                        forensic_error **error);

/**
 * Number of distinct digests.
 */
size_t forensic_hash_set_size(const forensic_hash_set *set);

/**
 * Number of lists it was built from.
 */
size_t forensic_hash_set_source_count(const forensic_hash_set *set);

/**
 * A list it was built from; NULL past the end. Owned by the set.
 */
const forensic_set_source *forensic_hash_set_source(const forensic_hash_set *set, size_t index);

/**
 * Number of rows that could not be read.
 */
size_t forensic_hash_set_issue_count(const forensic_hash_set *set);

/**
 * A row that could not be read; NULL past the end. Owned by the set.
 */
const forensic_set_issue *forensic_hash_set_issue(const forensic_hash_set *set, size_t index);

/**
 * What the set says of a digest of 16, 20 or 32 bytes; no hits where it is unknown.
 */
forensic_status forensic_hash_set_lookup(const forensic_hash_set *set,
                                         const uint8_t *digest,
                                         size_t length,
                                         forensic_hits **hits,
                                         forensic_error **error);

/**
 * What the set says of a digest given as hex text in either case. FORENSIC_INVALID_ARGUMENT where it is no digest.
 */
forensic_status forensic_hash_set_lookup_hex(const forensic_hash_set *set,
                                             const char *hex,
                                             forensic_hits **hits,
                                             forensic_error **error);

/**
 * What the set says of a file with any of these digests; nothing twice.
 */
forensic_status forensic_hash_set_lookup_digests(const forensic_hash_set *set,
                                                 const forensic_digests *digests,
                                                 forensic_hits **hits,
                                                 forensic_error **error);

/**
 * Looks up count digests of length bytes each (16, 20 or 32), which stand one behind another in digests, and writes to
 * the places of known whether the set knows each; the fast way for many.
 */
forensic_status forensic_hash_set_contains_many(const forensic_hash_set *set,
                                                const uint8_t *digests,
                                                size_t length,
                                                size_t count,
                                                bool *known,
                                                forensic_error **error);

/**
 * Looks up count digests as forensic_hash_set_contains_many does and writes to the places of hits what the set says of each:
 * NULL where it is unknown. The caller frees each. On failure all places are NULL.
 */
forensic_status forensic_hash_set_lookup_many(const forensic_hash_set *set,
                                              const uint8_t *digests,
                                              size_t length,
                                              size_t count,
                                              forensic_hits **hits,
                                              forensic_error **error);

/**
 * Frees a hash set; NULL is allowed. A triage that uses it keeps it.
 */
void forensic_hash_set_free(forensic_hash_set *set);

/**
 * Number of hits; 0 for NULL.
 */
size_t forensic_hits_count(const forensic_hits *hits);

/**
 * The hit at index; NULL past the end. Owned by the hits.
 */
const forensic_known *forensic_hits_get(const forensic_hits *hits, size_t index);

/**
 * Frees hits; NULL is allowed.
 */
void forensic_hits_free(forensic_hits *hits);

/**
 * Hashes the picture in a file of the system, of a format that forensic_picture_info names. options may be NULL for PDQ,
 * limits too.
 *
 * FORENSIC_IO, FORENSIC_FORMAT where it is no picture, FORENSIC_LIMIT where it is too large, FORENSIC_CORRUPT where it does
 * not decode, FORENSIC_UNSUPPORTED for a kind of picture that is not decoded, FORENSIC_INVALID_ARGUMENT for options that the
 * algorithm does not take.
 */
forensic_status forensic_image_hash_file(const char *path,
                                         const forensic_image_options *options,
                                         const forensic_limits *limits,
                                         forensic_image_hash **hash,
                                         forensic_error **error);

/**
 * Hashes the picture in a stream; otherwise as forensic_image_hash_file.
 */
forensic_status forensic_image_hash_stream(const forensic_stream *stream,
                                           const forensic_image_options *options,
                                           const forensic_limits *limits,
                                           forensic_image_hash **hash,
                                           forensic_error **error);

/**
 * Hashes a decoded picture: rows of red, green and blue bytes, top row first, stride bytes from one row to the next (at
 * least 3 * width); length is that of the whole buffer.
 *
 * FORENSIC_INVALID_ARGUMENT where the buffer is too short for that, or as forensic_image_hash_file.
 */
forensic_status forensic_image_hash_rgb(const uint8_t *pixels,
                                        size_t length,
                                        uint32_t width,
                                        uint32_t height,
                                        size_t stride,
                                        const forensic_image_options *options,
                                        forensic_image_hash **hash,
                                        forensic_error **error);

/**
 * The bytes of the hash, first bit lowest; length, which may be NULL, is set to their number. Owned by the hash.
 */
const uint8_t *forensic_image_hash_bytes(const forensic_image_hash *hash, size_t *length);

/**
 * Number of bits.
 */
uint32_t forensic_image_hash_bits(const forensic_image_hash *hash);

/**
 * The hash in lower-case hex. Owned by the hash.
 */
const char *forensic_image_hash_hex(const forensic_image_hash *hash);

/**
 * The name of the algorithm ("gradient"). Owned by the hash.
 */
const char *forensic_image_hash_algorithm(const forensic_image_hash *hash);

/**
 * Sets distance to the number of bits that differ. FORENSIC_INVALID_ARGUMENT where the hashes are of different algorithms
 * or lengths.
 */
forensic_status forensic_image_hash_distance(const forensic_image_hash *hash,
                                             const forensic_image_hash *other,
                                             uint32_t *distance,
                                             forensic_error **error);

/**
 * Its quality, 0 to 100; -1 where its algorithm does not grade pictures.
 */
int32_t forensic_image_hash_quality(const forensic_image_hash *hash);

/**
 * Share of the picture that decoded, 0 to 1.
 */
double forensic_image_hash_decoded(const forensic_image_hash *hash);

/**
 * Side of the blocks of pixels that were hashed by their means: 1, 2, 4 or 8; 0 for NULL.
 */
uint32_t forensic_image_hash_scale(const forensic_image_hash *hash);

/**
 * Of a PDQ that was made from a picture, sets other to the hash of that picture turned or mirrored: 0 as it is; 1, 2, 3 turned
 * by 90, 180, 270 degrees; 4 upside down; 5 left to right; 6, 7 along each diagonal. The caller frees it.
 *
 * FORENSIC_INVALID_ARGUMENT for another algorithm or a greater turn.
 */
forensic_status forensic_image_hash_dihedral(const forensic_image_hash *hash,
                                             uint32_t turn,
                                             forensic_image_hash **other,
                                             forensic_error **error);

/**
 * Frees an image hash; NULL is allowed.
 */
void forensic_image_hash_free(forensic_image_hash *hash);

/**
 * Number of issues; 0 for NULL.
 */
size_t forensic_issues_count(const forensic_issues *issues);

/**
 * The issue at index; NULL past the end. Owned by the list.
 */
const forensic_issue *forensic_issues_get(const forensic_issues *issues, size_t index);

/**
 * Frees a list of issues; NULL is allowed.
 */
void forensic_issues_free(forensic_issues *issues);

/**
 * Gives the default bounds, which fit real media.
 */
forensic_status forensic_limits_new(forensic_limits **limits, forensic_error **error);

/**
 * Sets one bound. FORENSIC_INVALID_ARGUMENT where limit is no forensic_limit or value does not fit it.
 */
forensic_status forensic_limits_set(forensic_limits *limits, uint32_t limit, uint64_t value, forensic_error **error);

/**
 * The value of a bound; 0 where limit is no forensic_limit.
 */
uint64_t forensic_limits_get(const forensic_limits *limits, uint32_t limit);

/**
 * Frees bounds; NULL is allowed. What was opened with them keeps a copy.
 */
void forensic_limits_free(forensic_limits *limits);

/**
 * Reads what the picture file at path says of its picture: format, size, EXIF, XMP, IPTC, where it was taken, and the
 * thumbnails inside. No pixel is decoded. limits may be NULL.
 *
 * FORENSIC_IO, FORENSIC_FORMAT where it is no picture, FORENSIC_CORRUPT where neither its size nor any metadata can be read.
 */
forensic_status forensic_picture_info_file(const char *path,
                                           const forensic_limits *limits,
                                           forensic_picture_info **info,
                                           forensic_error **error);

/**
 * Reads what the picture file in a stream says; otherwise as forensic_picture_info_file.
 */
forensic_status forensic_picture_info_stream(const forensic_stream *stream,
                                             const forensic_limits *limits,
                                             forensic_picture_info **info,
                                             forensic_error **error);

/**
 * The format: "jpeg", "png", "cr2", ... Owned by the info.
 */
const char *forensic_picture_info_format(const forensic_picture_info *info);

/**
 * Width in pixels, as stored (before any rotation); of a camera raw, that of its largest preview. 0 where the header that
 * tells is lost.
 */
uint32_t forensic_picture_info_width(const forensic_picture_info *info);

/**
 * Height in pixels.
 */
uint32_t forensic_picture_info_height(const forensic_picture_info *info);

/**
 * The maker of the camera; NULL where it is not told. Owned by the info.
 */
const char *forensic_picture_info_maker(const forensic_picture_info *info);

/**
 * Number of EXIF tags.
 */
size_t forensic_picture_info_exif_count(const forensic_picture_info *info);

/**
 * An EXIF tag: its name as in the standard ("DateTimeOriginal"; of others, their number), and its value in writing; NULL past
 * the end. Owned by the info.
 */
const forensic_pair *forensic_picture_info_exif(const forensic_picture_info *info,
                                                size_t index);

/**
 * Sets value to that of the EXIF tag of a name, NULL where there is none. Owned by the info.
 */
forensic_status forensic_picture_info_exif_value(const forensic_picture_info *info,
                                                 const char *name,
                                                 const char **value,
                                                 forensic_error **error);

/**
 * Degrees, north positive. False where they are not told or impossible; latitude may be NULL.
 */
bool forensic_picture_info_latitude(const forensic_picture_info *info, double *latitude);

/**
 * Degrees, east positive; otherwise as forensic_picture_info_latitude.
 */
bool forensic_picture_info_longitude(const forensic_picture_info *info, double *longitude);

/**
 * Metres above the sea, below negative; otherwise as forensic_picture_info_latitude.
 */
bool forensic_picture_info_altitude(const forensic_picture_info *info, double *altitude);

/**
 * When the place was measured, in UTC ("2024-05-17T08:30:15Z"); NULL where it is not told. Owned by the info.
 */
const char *forensic_picture_info_gps_time(const forensic_picture_info *info);

/**
 * The XMP packet; NULL where there is none. Owned by the info.
 */
const char *forensic_picture_info_xmp(const forensic_picture_info *info);

/**
 * Number of simple properties of the XMP packet.
 */
size_t forensic_picture_info_xmp_count(const forensic_picture_info *info);

/**
 * A property of the XMP packet: its name with the prefix of the packet ("dc:creator"), and its text; NULL past the end. Owned
 * by the info.
 */
const forensic_pair *forensic_picture_info_xmp_property(const forensic_picture_info *info,
                                                        size_t index);

/**
 * Number of names of IPTC-IIM datasets.
 */
size_t forensic_picture_info_iptc_count(const forensic_picture_info *info);

/**
 * A dataset of IPTC-IIM: its name ("Keywords") and its values with "; " between them; NULL past the end. Owned by the info.
 */
const forensic_pair *forensic_picture_info_iptc(const forensic_picture_info *info,
                                                size_t index);

/**
 * Number of pictures inside the file.
 */
size_t forensic_picture_info_thumbnail_count(const forensic_picture_info *info);

/**
 * A picture inside the file, a file of its own; NULL past the end. offset and length, which may be NULL, are set to its place in
 * the source and its bytes. Owned by the info.
 */
const uint8_t *forensic_picture_info_thumbnail(const forensic_picture_info *info,
                                               size_t index,
                                               uint64_t *offset,
                                               size_t *length);

/**
 * What is damaged.
 */
forensic_status forensic_picture_info_issues(const forensic_picture_info *info,
                                             forensic_issues **issues,
                                             forensic_error **error);

/**
 * Frees an info; NULL is allowed.
 */
void forensic_picture_info_free(forensic_picture_info *info);

/**
 * The frames of the animation or video in a stream: GIF, APNG, animated WebP, sequences of AVIF, Motion JPEG in AVI, QuickTime
 * and MP4. A picture that does not move is one frame. limits may be NULL.
 *
 * FORENSIC_FORMAT where it is nothing of these, FORENSIC_UNSUPPORTED where the video is coded otherwise, FORENSIC_LIMIT where a
 * frame is too large, FORENSIC_CORRUPT where not even the headers hold.
 */
forensic_status forensic_frames_stream(const forensic_stream *stream,
                                       const forensic_limits *limits,
                                       forensic_frames **frames,
                                       forensic_error **error);

/**
 * The next frame; FORENSIC_DONE at the end. FORENSIC_CORRUPT where it does not decode: the next call gives what follows, where
 * the format allows (GIF, AVI, QuickTime).
 */
forensic_status forensic_frames_next(forensic_frames *frames,
                                     forensic_frame **frame,
                                     forensic_error **error);

/**
 * Frees an iterator over frames; NULL is allowed.
 */
void forensic_frames_free(forensic_frames *frames);

/**
 * When a frame is shown, in seconds from the first on.
 */
double forensic_frame_seconds(const forensic_frame *frame);

/**
 * The number of a frame, the first being 0.
 */
uint64_t forensic_frame_number(const forensic_frame *frame);

/**
 * Width in pixels.
 */
uint32_t forensic_frame_width(const forensic_frame *frame);

/**
 * Height in pixels.
 */
uint32_t forensic_frame_height(const forensic_frame *frame);

/**
 * Red, green and blue bytes of each pixel, row by row from the top, without gaps: 3 * width * height bytes. Owned by the frame.
 */
const uint8_t *forensic_frame_rgb(const forensic_frame *frame);

/**
 * Frees a frame; NULL is allowed.
 */
void forensic_frame_free(forensic_frame *frame);

/**
 * Gives the pieces of size bytes of a stream; the last may be shorter. FORENSIC_INVALID_ARGUMENT for a size of 0.
 */
forensic_status forensic_pieces_new(const forensic_stream *stream,
                                    uint64_t size,
                                    uint32_t algorithms,
                                    forensic_pieces **pieces,
                                    forensic_error **error);

/**
 * Gives the next piece. FORENSIC_DONE at the end.
 *
 * FORENSIC_UNREADABLE, FORENSIC_CORRUPT where a byte of the piece cannot be had; the next call gives the piece behind it.
 */
forensic_status forensic_pieces_next(forensic_pieces *pieces,
                                     forensic_piece *piece,
                                     forensic_error **error);

/**
 * Frees pieces; NULL is allowed.
 */
void forensic_pieces_free(forensic_pieces *pieces);

/**
 * The whole record as one JSON object, as it stands in a line of JSONL. Owned by the record.
 */
const char *forensic_record_json(const forensic_record *record);

/**
 * Position in the output, from 0.
 */
uint64_t forensic_record_id(const forensic_record *record);

/**
 * Where it was found: "filesystem". Owned by the record.
 */
const char *forensic_record_source(const forensic_record *record);

/**
 * True where it lies in a volume; the volume's index is then written to volume (which may be NULL).
 */
bool forensic_record_volume(const forensic_record *record, uint64_t *volume);

/**
 * True where it lies in a volume; the volume's byte offset on the medium is then written to offset (which may be NULL).
 */
bool forensic_record_volume_offset(const forensic_record *record, uint64_t *offset);

/**
 * Kind of the filesystem; NULL outside one. Owned by the record.
 */
const char *forensic_record_filesystem(const forensic_record *record);

/**
 * Path in the filesystem; NULL where it has none. Owned by the record.
 */
const char *forensic_record_path(const forensic_record *record);

/**
 * Last part of the path; NULL where it has none. Owned by the record.
 */
const char *forensic_record_name(const forensic_record *record);

/**
 * Name of the stream, "" being the main one; NULL for a directory itself. Owned by the record.
 */
const char *forensic_record_stream(const forensic_record *record);

/**
 * True where it is of an entry; its id in its filesystem is then written to entry_id (which may be NULL).
 */
bool forensic_record_entry_id(const forensic_record *record, uint64_t *entry_id);

/**
 * True where the directory is known; its id is then written to parent_id (which may be NULL).
 */
bool forensic_record_parent_id(const forensic_record *record, uint64_t *parent_id);

/**
 * "file", "directory", "symlink", "other"; or NULL. Owned by the record.
 */
const char *forensic_record_kind(const forensic_record *record);

/**
 * "allocated", "deleted", "orphan", "unlisted"; of a carved file "complete", "fragmented", "truncated", "damaged"; or NULL.
 * Owned by the record.
 */
const char *forensic_record_status(const forensic_record *record);

/**
 * Where a symbolic link leads; or NULL. Owned by the record.
 */
const char *forensic_record_target(const forensic_record *record);

/**
 * What the most urgent of its hits means: "notable" (a set puts it in a category of illegal material), "listed" (a set
 * lists it and says no more), "known_good" (NSRL and the like); NULL where no set knows it. Owned by the record.
 */
const char *forensic_record_standing(const forensic_record *record);

/**
 * "intact", "partial", "overwritten", "unknown"; NULL for what is in use. Owned by the record.
 */
const char *forensic_record_recoverability(const forensic_record *record);

/**
 * Why; NULL for what is in use. Owned by the record.
 */
const char *forensic_record_recoverability_reason(const forensic_record *record);

/**
 * True where there is a stream; its bytes are then written to size (which may be NULL).
 */
bool forensic_record_size(const forensic_record *record, uint64_t *size);

/**
 * True where there is a time of this kind (a forensic_time_kind); it is then written to time (which may be NULL).
 */
bool forensic_record_time(const forensic_record *record, uint32_t kind, forensic_time *time);

/**
 * Where the stream lies.
 */
forensic_status forensic_record_extents(const forensic_record *record,
                                        forensic_extents **extents,
                                        forensic_error **error);

/**
 * MD5 in lower-case hex; NULL where it was not asked for or the content could not be read in full. Owned by the record.
 */
const char *forensic_record_md5(const forensic_record *record);

/**
 * SHA-1; as forensic_record_md5.
 */
const char *forensic_record_sha1(const forensic_record *record);

/**
 * SHA-256; as forensic_record_md5.
 */
const char *forensic_record_sha256(const forensic_record *record);

/**
 * BLAKE3; as forensic_record_md5.
 */
const char *forensic_record_blake3(const forensic_record *record);

/**
 * Type of the content by its signature ("jpeg"); NULL where none fits. Owned by the record.
 */
const char *forensic_record_type(const forensic_record *record);

/**
 * What is known of a picture that decodes; NULL for anything else. Owned by the record.
 */
const forensic_picture *forensic_record_picture(const forensic_record *record);

/**
 * Number of perceptual hashes.
 */
size_t forensic_record_perceptual_count(const forensic_record *record);

/**
 * A perceptual hash; NULL past the end. Owned by the record.
 */
const forensic_perceptual *forensic_record_perceptual(const forensic_record *record, size_t index);

/**
 * Number of hits in hash sets.
 */
size_t forensic_record_known_count(const forensic_record *record);

/**
 * A hit in a hash set; NULL past the end. Owned by the record.
 */
const forensic_known_hit *forensic_record_known(const forensic_record *record, size_t index);

/**
 * Number of similar pictures in indexes.
 */
size_t forensic_record_similar_count(const forensic_record *record);

/**
 * A similar picture in an index, nearest first in each; NULL past the end. Owned by the record.
 */
const forensic_similar *forensic_record_similar(const forensic_record *record, size_t index);

/**
 * True where an earlier record has the same SHA-256; the id of the first is then written to id (which may be NULL).
 */
bool forensic_record_same_as(const forensic_record *record, uint64_t *id);

/**
 * True where another record holds this one; its id is then written to id (which may be NULL).
 */
bool forensic_record_parent(const forensic_record *record, uint64_t *id);

/**
 * Number of things that could not be read.
 */
size_t forensic_record_issue_count(const forensic_record *record);

/**
 * A thing that could not be read, in words; NULL past the end. Owned by the record.
 */
const char *forensic_record_issue(const forensic_record *record, size_t index);

/**
 * Gives the next record; FORENSIC_DONE, with record set to NULL, at the end. Several threads may share the records out
 * among them with it. Owned by the report.
 */
forensic_status forensic_report_next(const forensic_report *report,
                                     const forensic_record **record,
                                     forensic_error **error);

/**
 * Number of records.
 */
size_t forensic_report_record_count(const forensic_report *report);

/**
 * The record at index, which is its id; NULL past the end. Owned by the report.
 */
const forensic_record *forensic_report_record(const forensic_report *report, size_t index);

/**
 * The record at a place of the order in which to look at them: what is notable first, then what a set lists, then what no
 * set knows, and last what is known to be good. NULL past the end. Owned by the report.
 */
const forensic_record *forensic_report_ranked(const forensic_report *report,
                                              size_t rank);

/**
 * Number of counts of the summary.
 */
size_t forensic_report_summary_count(const forensic_report *report);

/**
 * A count of the summary, always in the same order; NULL past the end. Owned by the report.
 */
const forensic_count *forensic_report_summary(const forensic_report *report, size_t index);

/**
 * What could not be read of the evidence, its volumes and filesystems.
 */
forensic_status forensic_report_issues(const forensic_report *report, forensic_issues **issues, forensic_error **error);

/**
 * A class of the account and its bytes, always in the same order; NULL past the end. Each byte of the medium is in one class, so
 * that they sum to its size: "unread", "live", "slack", "deleted" (intact), "partition", "carved", "metadata", "fill",
 * "unexplained". Owned by the report.
 */
const forensic_count *forensic_report_account(const forensic_report *report,
                                              size_t index);

/**
 * Where the bytes of a class of the account lie, in medium order. FORENSIC_INVALID_ARGUMENT for an unknown class.
 */
forensic_status forensic_report_account_extents(const forensic_report *report,
                                                const char *class_name,
                                                forensic_extents **extents,
                                                forensic_error **error);

/**
 * Creates a file and writes all records into it. format is "jsonl" (one JSON object a line) or "csv" (RFC 4180).
 * FORENSIC_IO where it cannot be written.
 */
forensic_status forensic_report_write(const forensic_report *report,
                                      const char *path,
                                      const char *format,
                                      forensic_error **error);

/**
 * Frees a report and its records; NULL is allowed.
 */
void forensic_report_free(forensic_report *report);

/**
 * Number of bytes; 0 for NULL.
 */
uint64_t forensic_stream_size(const forensic_stream *stream);

/**
 * Reads up to capacity bytes from offset on and sets read to their number, which is less than capacity only at the end
 * and 0 beyond it.
 *
 * FORENSIC_UNREADABLE, FORENSIC_CORRUPT where bytes cannot be had; what stands in the buffer then is not content.
 */
forensic_status forensic_stream_read_at(const forensic_stream *stream,
                                        uint64_t offset,
                                        uint8_t *buffer,
                                        size_t capacity,
                                        size_t *read,
                                        forensic_error **error);

/**
 * Where all of the stream lies on the medium.
 */
forensic_status forensic_stream_extents(const forensic_stream *stream,
                                        forensic_extents **extents,
                                        forensic_error **error);

/**
 * Where length bytes of the stream from offset on lie on the medium; what lies past the end is left out.
 */
forensic_status forensic_stream_locate(const forensic_stream *stream,
                                       uint64_t offset,
                                       uint64_t length,
                                       forensic_extents **extents,
                                       forensic_error **error);

/**
 * Frees a stream; NULL is allowed.
 */
void forensic_stream_free(forensic_stream *stream);

/**
 * The name of a kind of time as records have it ("created"); NULL for a number that is none. Static.
 */
const char *forensic_time_kind_name(uint32_t kind);

/**
 * Writes a time as RFC 3339 text, NUL-terminated and cut to capacity, without an offset where the zone is unknown.
 * length is set to the bytes of the whole text without its NUL; 31 bytes of capacity hold any.
 *
 * FORENSIC_INVALID_ARGUMENT outside the years 0 to 9999.
 */
forensic_status forensic_time_format(const forensic_time *time,
                                     char *buffer,
                                     size_t capacity,
                                     size_t *length,
                                     forensic_error **error);

/**
 * Gives the defaults: all digests, a gradient hash of every picture, no hash set, as many threads as the machine runs at
 * once. NULL for options means the same.
 */
forensic_status forensic_triage_options_new(forensic_triage_options **options,
                                            forensic_error **error);

/**
 * Sets the threads to work on; 0: as many as the machine runs at once. The records are the same on any number.
 */
forensic_status forensic_triage_options_set_threads(forensic_triage_options *options,
                                                    size_t threads,
                                                    forensic_error **error);

/**
 * Sets whether the space that no file in use has is carved, which is the default.
 */
forensic_status forensic_triage_options_set_carve(forensic_triage_options *options, bool carve, forensic_error **error);

/**
 * Sets whether pictures that no set calls anything but good (NSRL) are left undecoded, which is the default.
 */
forensic_status forensic_triage_options_set_skip_known_good(forensic_triage_options *options,
                                                            bool skip,
                                                            forensic_error **error);

/**
 * Sets the digests of every stream: FORENSIC_MD5 | FORENSIC_SHA1 | ...
 */
forensic_status forensic_triage_options_set_algorithms(forensic_triage_options *options,
                                                       uint32_t algorithms,
                                                       forensic_error **error);

/**
 * Leaves pictures without perceptual hashes, until some are added.
 */
forensic_status forensic_triage_options_clear_image_hashes(forensic_triage_options *options, forensic_error **error);

/**
 * Adds a perceptual hash of every picture: with wanted NULL, PDQ.
 */
forensic_status forensic_triage_options_add_image_hash(forensic_triage_options *options,
                                                       const forensic_image_options *wanted,
                                                       forensic_error **error);

/**
 * Adds an index that every perceptual hash of its algorithm and length is looked up in, in all turns and mirrors of the picture
 * and of what is within its border; it may be freed at once. name is what records call it; max_distance the most bits that
 * may differ, negative for less than an eighth of them; hashes of a quality below min_quality (0 to 100, negative for 50)
 * neither ask nor answer.
 */
forensic_status forensic_triage_options_add_picture_index(forensic_triage_options *options,
                                                          const forensic_hash_index *index,
                                                          const char *name,
                                                          int32_t max_distance,
                                                          int32_t min_quality,
                                                          forensic_error **error);

/**
 * Adds a hash set that every stream is looked up in; it may be freed at once.
 */
forensic_status forensic_triage_options_add_hash_set(forensic_triage_options *options,
                                                     const forensic_hash_set *set,
                                                     forensic_error **error);

/**
 * Frees options; NULL is allowed.
 */
void forensic_triage_options_free(forensic_triage_options *options);

/**
 * Runs a triage: every file of every volume, live and deleted, hashed and looked up; the report keeps all records.
 * progress, which may be NULL, gets entries and user.
 *
 * FORENSIC_CANCELLED where progress stops it. Damage is no error: see forensic_report_issues and forensic_record_issue.
 */
forensic_status forensic_triage_run(const forensic_evidence *evidence,
                                    const forensic_triage_options *options,
                                    forensic_progress progress,
                                    void *user,
                                    forensic_report **report,
                                    forensic_error **error);

/**
 * Runs a triage and writes its records to a file as they come, in memory independent of their number; the report has the
 * summary and the issues, but no records. format is "jsonl" or "csv".
 *
 * FORENSIC_IO where the file cannot be written, and as forensic_triage_run.
 */
forensic_status forensic_triage_write(const forensic_evidence *evidence,
                                      const forensic_triage_options *options,
                                      const char *path,
                                      const char *format,
                                      forensic_progress progress,
                                      void *user,
                                      forensic_report **report,
                                      forensic_error **error);

/**
 * Runs a triage and gives each record to sink, with user, as soon as its turn comes, in memory independent of their
 * number; the report has the summary and the issues, but no records. progress is called with user too.
 *
 * FORENSIC_CANCELLED where sink or progress stops it.
 */
forensic_status forensic_triage_each(const forensic_evidence *evidence,
                                     const forensic_triage_options *options,
                                     forensic_record_sink sink,
                                     forensic_progress progress,
                                     void *user,
                                     forensic_report **report,
                                     forensic_error **error);

/**
 * Reads the whole medium and compares its digests with those stored at acquisition. Bytes that cannot be read are
 * reported and do not end it. progress, which may be NULL, gets bytes and user.
 *
 * FORENSIC_CANCELLED where progress stops it.
 */
forensic_status forensic_evidence_verify(const forensic_evidence *evidence,
                                         forensic_progress progress,
                                         void *user,
                                         forensic_verification **verification,
                                         forensic_error **error);

/**
 * Whether the medium is what was acquired; FORENSIC_VERDICT_NONE for NULL.
 */
forensic_verdict forensic_verification_verdict(const forensic_verification *verification);

/**
 * Number of computed digests: none where part of the medium cannot be read, as there is no whole to digest.
 */
size_t forensic_verification_computed_count(const forensic_verification *verification);

/**
 * A computed digest: the algorithm ("md5") and lower-case hex; NULL past the end. Owned by the verification.
 */
const forensic_pair *forensic_verification_computed(const forensic_verification *verification, size_t index);

/**
 * Number of digests stored at acquisition.
 */
size_t forensic_verification_stored_count(const forensic_verification *verification);

/**
 * A digest stored at acquisition: the algorithm and lower-case hex; NULL past the end. Owned by the verification.
 */
const forensic_pair *forensic_verification_stored(const forensic_verification *verification, size_t index);

/**
 * Ranges of the medium that cannot be read or whose checksum does not fit, in order.
 */
forensic_status forensic_verification_bad_ranges(const forensic_verification *verification,
                                                 forensic_extents **ranges,
                                                 forensic_error **error);

/**
 * Frees a verification; NULL is allowed.
 */
void forensic_verification_free(forensic_verification *verification);

/**
 * A video without frames.
 */
forensic_status forensic_video_hash_new(forensic_video_hash **video, forensic_error **error);

/**
 * A video from the text of Meta's programs: a line frame,quality,hash,seconds a frame. FORENSIC_CORRUPT for another.
 */
forensic_status forensic_video_hash_parse(const char *text, forensic_video_hash **video, forensic_error **error);

/**
 * Adds the next frame by its PDQ (forensic_image_hash_rgb). Meta's programs take a frame a second.
 *
 * FORENSIC_INVALID_ARGUMENT for a hash of another algorithm.
 */
forensic_status forensic_video_hash_add(forensic_video_hash *video,
                                        double seconds,
                                        const forensic_image_hash *frame,
                                        forensic_error **error);

/**
 * Number of frames.
 */
size_t forensic_video_hash_size(const forensic_video_hash *video);

/**
 * The text of Meta's programs. Owned by the video.
 */
const char *forensic_video_hash_text(const forensic_video_hash *video);

/**
 * Sets video_percent to how many of a video's frames have one in other that differs in max_distance bits or fewer (31 is
 * usual), and other_percent the other way round. Frames of a quality below min_quality (50 is usual) are left out.
 */
forensic_status forensic_video_hash_match(const forensic_video_hash *video,
                                          const forensic_video_hash *other,
                                          uint32_t max_distance,
                                          uint8_t min_quality,
                                          double *video_percent,
                                          double *other_percent,
                                          forensic_error **error);

/**
 * Frees a video hash; NULL is allowed.
 */
void forensic_video_hash_free(forensic_video_hash *video);

/**
 * Position in medium order, from 0, gaps counted.
 */
size_t forensic_volume_index(const forensic_volume *volume);

/**
 * The partition table it stands in: "mbr", "gpt", "apm", "none". Owned by the volume.
 */
const char *forensic_volume_scheme(const forensic_volume *volume);

/**
 * What the partition table says it holds, or, where that says nothing, what was recognised in it; "unallocated" for a
 * gap. Owned by the volume.
 */
const char *forensic_volume_type(const forensic_volume *volume);

/**
 * Its name in the partition table; empty where it has none. Owned by the volume.
 */
const char *forensic_volume_label(const forensic_volume *volume);

/**
 * Byte offset on the medium.
 */
uint64_t forensic_volume_offset(const forensic_volume *volume);

/**
 * Bytes.
 */
uint64_t forensic_volume_size(const forensic_volume *volume);

/**
 * False for a gap.
 */
bool forensic_volume_allocated(const forensic_volume *volume);

/**
 * The bytes of the volume.
 */
forensic_status forensic_volume_stream(const forensic_volume *volume, forensic_stream **stream, forensic_error **error);

/**
 * Opens the filesystem on the volume. FORENSIC_OK with filesystem set to NULL where none is recognised.
 *
 * FORENSIC_UNSUPPORTED for one that is recognised but not read, FORENSIC_CORRUPT for one too damaged to open.
 */
forensic_status forensic_volume_filesystem(const forensic_volume *volume,
                                           forensic_filesystem **filesystem,
                                           forensic_error **error);

/**
 * Frees a volume; NULL is allowed.
 */
void forensic_volume_free(forensic_volume *volume);

/**
 * Gives the next entry, which the caller frees. FORENSIC_DONE, with entry set to NULL, at the end.
 *
 * Damage never ends a walk: it goes to the entry's issues and the filesystem's.
 */
forensic_status forensic_walk_next(forensic_walk *walk, forensic_entry **entry, forensic_error **error);

/**
 * The position to resume at with forensic_filesystem_walk.
 */
uint64_t forensic_walk_cursor(const forensic_walk *walk);

/**
 * Frees a walk; NULL is allowed. Its entries live on.
 */
void forensic_walk_free(forensic_walk *walk);

/**
 * Records written.
 */
uint64_t forensic_write_report_records(const forensic_write_report *report);

/**
 * Records that the format cannot hold at all: in VICS those without an MD5.
 */
uint64_t forensic_write_report_skipped(const forensic_write_report *report);

/**
 * A part that the format has no place for ("sha256", "category"), and how many records lost it; NULL past the end. Owned by
 * the report.
 */
const forensic_count *forensic_write_report_lost(const forensic_write_report *report,
                                                 size_t index);

/**
 * Frees a report; NULL is allowed.
 */
void forensic_write_report_free(forensic_write_report *report);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FORENSIC_H */
