/* Digests, known-file sets and perceptual hashes: hashes FOLDER, which may be written to. */
#include "story.h"

static const char EMPTY_MD5[] = "d41d8cd98f00b204e9800998ecf8427e";
static const char ABC_MD5[] = "900150983cd24fb0d6963f7d28e17f72";
static char path[1024];

static const char *write_file(const char *folder, const char *name, const void *bytes, size_t length) {
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    EXPECT(file != NULL && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
    return path;
}

static void expect_md5(const forensic_digests *digests, const char *wanted) {
    char hex[FORENSIC_HEX_SIZE];
    EXPECT_OK(forensic_digests_hex(digests, FORENSIC_MD5, hex, sizeof hex, &error));
    EXPECT_TEXT(hex, wanted);
}

static forensic_stream *stream_of(const char *text) {
    forensic_evidence *evidence = NULL;
    forensic_stream *stream = NULL;
    EXPECT_OK(forensic_evidence_open_bytes((const uint8_t *)text, strlen(text), NULL, &evidence, &error));
    EXPECT_OK(forensic_evidence_stream(evidence, &stream, &error));
    forensic_evidence_free(evidence);
    return stream;
}

static void all_ways_of_hashing_agree(const char *folder) {
    forensic_hasher *hasher = NULL;
    forensic_digests digests;
    forensic_stream *stream = stream_of("abc");
    char hex[FORENSIC_HEX_SIZE];

    EXPECT_OK(forensic_hasher_new(FORENSIC_ALL_HASHES, &hasher, &error));
    EXPECT_OK(forensic_hasher_update(hasher, (const uint8_t *)"a", 1, &error));
    EXPECT_OK(forensic_hasher_update(hasher, NULL, 0, &error));
    EXPECT_OK(forensic_hasher_update(hasher, (const uint8_t *)"bc", 2, &error));
    EXPECT_OK(forensic_hasher_finish(hasher, &digests, &error));
    forensic_hasher_free(hasher);
    EXPECT(digests.algorithms == FORENSIC_ALL_HASHES);
    expect_md5(&digests, ABC_MD5);
    EXPECT_OK(forensic_digests_hex(&digests, FORENSIC_SHA1, hex, sizeof hex, &error));
    EXPECT_TEXT(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_OK(forensic_digests_hex(&digests, FORENSIC_SHA512, hex, sizeof hex, &error));
    EXPECT(strlen(hex) == 128 && strncmp(hex, "ddaf35a193617aba", 16) == 0);
    EXPECT_OK(forensic_digests_hex(&digests, FORENSIC_SHA3_256, hex, sizeof hex, &error));
    EXPECT_TEXT(hex, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    EXPECT_OK(forensic_digests_hex(&digests, FORENSIC_CRC32, hex, sizeof hex, &error));
    EXPECT_TEXT(hex, "352441c2");
    EXPECT_OK(forensic_digests_hex(&digests, FORENSIC_ED2K, hex, sizeof hex, &error));
    EXPECT_TEXT(hex, "a448017aaf21d8525fc10ae87aa6729d");

    EXPECT_OK(forensic_hash_bytes((const uint8_t *)"abc", 3, FORENSIC_MD5, &digests, &error));
    expect_md5(&digests, ABC_MD5);
    EXPECT_FAILS(FORENSIC_NOT_FOUND, forensic_digests_hex(&digests, FORENSIC_SHA256, hex, sizeof hex, &error));
    EXPECT_OK(forensic_hash_file(write_file(folder, "abc", "abc", 3), FORENSIC_MD5, &digests, &error));
    expect_md5(&digests, ABC_MD5);
    EXPECT_OK(forensic_hash_stream(stream, FORENSIC_MD5, 2, NULL, NULL, &digests, &error));
    expect_md5(&digests, ABC_MD5);
    forensic_stream_free(stream);
}

static void similarity_digests_are_written_and_compared(const char *folder) {
    char first[FORENSIC_FUZZY_SIZE], second[FORENSIC_FUZZY_SIZE];
    forensic_stream *stream = stream_of("abc");
    uint32_t score = 7;
    EXPECT_OK(forensic_fuzzy_hash_stream(stream, "ssdeep", first, sizeof first, &error));
    EXPECT_OK(forensic_fuzzy_hash_bytes((const uint8_t *)"abc", 3, "ssdeep", second, sizeof second, &error));
    EXPECT_TEXT(first, second);
    EXPECT_OK(forensic_fuzzy_compare(first, second, &score, &error));
    EXPECT(score == 100);
    EXPECT_OK(forensic_fuzzy_hash_file(write_file(folder, "abc", "abc", 3), "tlsh", first, sizeof first, &error));
    EXPECT_TEXT(first, "TNULL");
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_fuzzy_compare(first, second, &score, &error));
    EXPECT(score == 0);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_fuzzy_hash_stream(stream, "nilsimsa", first, sizeof first, &error));
    forensic_stream_free(stream);
}

static void a_set_is_written_as_a_list(const char *folder) {
    char list[1100], written[1100];
    const char *lists[] = {list};
    forensic_hash_set *set = NULL;
    forensic_write_report *report = NULL;
    snprintf(list, sizeof list, "%s", write_file(folder, "to-write.md5", ABC_MD5, 32));
    snprintf(written, sizeof written, "%s/written.json", folder);
    EXPECT_OK(forensic_hash_set_build(lists, 1, NULL, &set, &error));
    EXPECT_OK(forensic_hash_set_write(set, written, "vics", &report, &error));
    EXPECT(forensic_write_report_records(report) == 1 && forensic_write_report_skipped(report) == 0);
    EXPECT(forensic_write_report_lost(report, 0) == NULL);
    forensic_write_report_free(report);
    EXPECT_FAILS(FORENSIC_UNSUPPORTED, forensic_hash_set_write(set, written, "iped", &report, &error));
    EXPECT(report == NULL);
    forensic_hash_set_free(set);
    lists[0] = written;
    EXPECT_OK(forensic_hash_set_build(lists, 1, "vics", &set, &error));
    EXPECT(forensic_hash_set_size(set) == 1);
    forensic_hash_set_free(set);
}

static void pieces_come_one_after_another(void) {
    forensic_stream *stream = stream_of("abcabcab");
    forensic_pieces *pieces = NULL;
    forensic_piece piece;
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_pieces_new(stream, 0, FORENSIC_MD5, &pieces, &error));
    EXPECT_OK(forensic_pieces_new(stream, 3, FORENSIC_MD5, &pieces, &error));
    EXPECT_OK(forensic_pieces_next(pieces, &piece, &error));
    expect_md5(&piece.digests, ABC_MD5);
    EXPECT_OK(forensic_pieces_next(pieces, &piece, &error));
    EXPECT(piece.offset == 3 && piece.length == 3 && !piece.is_null);
    EXPECT_OK(forensic_pieces_next(pieces, &piece, &error));
    EXPECT(piece.offset == 6 && piece.length == 2);
    EXPECT(forensic_pieces_next(pieces, &piece, NULL) == FORENSIC_DONE);
    forensic_pieces_free(pieces);
    forensic_pieces_free(NULL);
    forensic_stream_free(stream);
}

static int cannot_read(void *user, uint64_t offset, uint8_t *buffer, size_t length) {
    (void)user, (void)offset, (void)buffer, (void)length;
    return -1;
}

static void many_streams_are_hashed_and_the_unreadable_one_says_why(void) {
    forensic_evidence *broken = NULL;
    forensic_stream *streams[3] = {stream_of("abc"), NULL, stream_of("")};
    forensic_digests digests[3];
    forensic_error *errors[3];

    EXPECT_OK(forensic_evidence_open_callback(cannot_read, 3, NULL, NULL, NULL, &broken, &error));
    EXPECT_OK(forensic_evidence_stream(broken, &streams[1], &error));
    EXPECT_OK(forensic_hash_many((const forensic_stream *const *)streams, 3, FORENSIC_MD5, 2, digests, errors, &error));
    expect_md5(&digests[0], ABC_MD5);
    expect_md5(&digests[2], EMPTY_MD5);
    EXPECT(digests[1].algorithms == 0 && errors[0] == NULL && errors[2] == NULL);
    EXPECT(forensic_error_status(errors[1]) == FORENSIC_UNREADABLE);
    forensic_error_free(errors[1]);
    EXPECT_OK(forensic_hash_many((const forensic_stream *const *)streams, 3, FORENSIC_MD5, 0, digests, NULL, &error));
    for (int i = 0; i < 3; i++) {
        forensic_stream_free(streams[i]);
    }
    forensic_evidence_free(broken);
}

static void a_set_knows_what_its_lists_say(const char *folder) {
    const char list[] = "d41d8cd98f00b204e9800998ecf8427e  empty.jpg\nno digest at all\n";
    const char *paths[1];
    forensic_hash_set *set = NULL;
    forensic_hits *hits = NULL;
    forensic_digests digests[2];
    uint8_t table[2][16];
    bool known[2] = {true, false};
    forensic_hits *many[2];

    paths[0] = write_file(folder, "case-7.md5", list, sizeof list - 1);
    EXPECT_OK(forensic_hash_set_build(paths, 1, NULL, &set, &error));
    EXPECT(forensic_hash_set_size(set) == 1 && forensic_hash_set_source_count(set) == 1);
    EXPECT_TEXT(forensic_hash_set_source(set, 0)->set_name, "case-7.md5");
    EXPECT_TEXT(forensic_hash_set_source(set, 0)->format, "sums");
    EXPECT(forensic_hash_set_source(set, 0)->records == 1 && forensic_hash_set_source(set, 1) == NULL);
    EXPECT(forensic_hash_set_issue_count(set) == 1 && forensic_hash_set_issue(set, 0)->position == 2);

    EXPECT_OK(forensic_hash_set_lookup_hex(set, EMPTY_MD5, &hits, &error));
    EXPECT(forensic_hits_count(hits) == 1 && forensic_hits_get(hits, 1) == NULL);
    EXPECT_TEXT(forensic_hits_get(hits, 0)->name, "empty.jpg");
    EXPECT(!forensic_hits_get(hits, 0)->possible && forensic_hits_get(hits, 0)->category == NULL);
    forensic_hits_free(hits);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_hash_set_lookup_hex(set, "no digest", &hits, &error));

    EXPECT_OK(forensic_hash_bytes((const uint8_t *)"abc", 3, FORENSIC_ALL_HASHES, &digests[0], &error));
    EXPECT_OK(forensic_hash_bytes(NULL, 0, FORENSIC_ALL_HASHES, &digests[1], &error));
    EXPECT_OK(forensic_hash_set_lookup_digests(set, &digests[1], &hits, &error));
    EXPECT(forensic_hits_count(hits) == 1);
    forensic_hits_free(hits);
    EXPECT_OK(forensic_hash_set_lookup(set, digests[0].md5, 16, &hits, &error));
    EXPECT(forensic_hits_count(hits) == 0);
    forensic_hits_free(hits);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_hash_set_lookup(set, digests[0].md5, 15, &hits, &error));

    memcpy(table[0], digests[0].md5, 16);
    memcpy(table[1], digests[1].md5, 16);
    EXPECT_OK(forensic_hash_set_contains_many(set, table[0], 16, 2, known, &error));
    EXPECT(!known[0] && known[1]);
    EXPECT_OK(forensic_hash_set_lookup_many(set, table[0], 16, 2, many, &error));
    EXPECT(many[0] == NULL && forensic_hits_count(many[1]) == 1);
    forensic_hits_free(many[1]);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_hash_set_lookup_many(set, table[0], 15, 2, many, &error));
    EXPECT(many[0] == NULL && many[1] == NULL);
    forensic_hash_set_free(set);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_hash_set_build(paths, 1, "no format", &set, &error));
}

static void a_set_is_a_file(const char *folder) {
    const char list[] = "%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n0,d41d8cd98f00b204e9800998ecf8427e,/empty\n";
    const char *lists[1];
    char place[1100];
    forensic_hash_set *set = NULL;
    forensic_hits *hits = NULL;

    lists[0] = write_file(folder, "list", list, sizeof list - 1);
    snprintf(place, sizeof place, "%s/known.set", folder);
    EXPECT_FAILS(FORENSIC_FORMAT, forensic_hash_set_open(lists[0], &set, &error));
    EXPECT_OK(forensic_hash_set_build_to(lists, 1, "hashdeep", place, &set, &error));
    forensic_hash_set_free(set);
    EXPECT_OK(forensic_hash_set_open(place, &set, &error));
    EXPECT_OK(forensic_hash_set_verify(set, &error));
    EXPECT_OK(forensic_hash_set_lookup_hex(set, EMPTY_MD5, &hits, &error));
    EXPECT(forensic_hits_get(hits, 0)->property_count == 1);
    EXPECT_TEXT(forensic_hits_get(hits, 0)->properties[0].key, "size");
    EXPECT_TEXT(forensic_hits_get(hits, 0)->properties[0].value, "0");
    forensic_hits_free(hits);
    forensic_hash_set_free(set);
}

static void pictures_that_are_alike_have_near_hashes(void) {
    enum { WIDTH = 64, HEIGHT = 48, STRIDE = 200 };
    static uint8_t pixels[HEIGHT * STRIDE];
    forensic_image_hash *first = NULL, *same = NULL, *other = NULL;
    forensic_stream *text = stream_of("no picture");
    forensic_image_options gradient = {.algorithm = FORENSIC_IMAGE_GRADIENT}, mean = {.algorithm = FORENSIC_IMAGE_MEAN};
    uint32_t distance = 9;
    size_t length = 0;

    for (size_t y = 0; y < HEIGHT; y++) {
        for (size_t x = 0; x < WIDTH; x++) {
            memset(pixels + y * STRIDE + x * 3, (int)((x * y) % 251), 3);
        }
    }
    EXPECT_OK(forensic_image_hash_rgb(pixels, sizeof pixels, WIDTH, HEIGHT, STRIDE, &gradient, &first, &error));
    EXPECT(forensic_image_hash_bits(first) == 64 && strlen(forensic_image_hash_hex(first)) == 16);
    EXPECT(forensic_image_hash_bytes(first, &length) != NULL && length == 8);
    EXPECT_TEXT(forensic_image_hash_algorithm(first), "gradient");
    pixels[10] ^= 1;
    EXPECT_OK(forensic_image_hash_rgb(pixels, sizeof pixels, WIDTH, HEIGHT, STRIDE, &gradient, &same, &error));
    EXPECT_OK(forensic_image_hash_distance(first, same, &distance, &error));
    EXPECT(distance <= 2);
    EXPECT_OK(forensic_image_hash_rgb(pixels, sizeof pixels, WIDTH, HEIGHT, STRIDE, &mean, &other, &error));
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_image_hash_distance(first, other, &distance, &error));
    forensic_image_hash_free(other);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT,
                 forensic_image_hash_rgb(pixels, sizeof pixels, WIDTH, HEIGHT + 1, STRIDE, &mean, &other, &error));
    mean.scale = 3;
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT,
                 forensic_image_hash_rgb(pixels, sizeof pixels, WIDTH, HEIGHT, STRIDE, &mean, &other, &error));
    EXPECT_FAILS(FORENSIC_FORMAT, forensic_image_hash_stream(text, NULL, NULL, &other, &error));
    EXPECT(other == NULL);
    forensic_stream_free(text);
    forensic_image_hash_free(first);
    forensic_image_hash_free(same);
}

static void videos_are_as_alike_as_their_frames(const forensic_image_hash *first, const forensic_image_hash *second) {
    forensic_video_hash *video = NULL, *half = NULL, *parsed = NULL;
    double own = 0, other = 0;

    EXPECT_OK(forensic_video_hash_new(&video, &error));
    EXPECT_OK(forensic_video_hash_add(video, 0, first, &error));
    EXPECT_OK(forensic_video_hash_add(video, 1.5, second, &error));
    EXPECT_OK(forensic_video_hash_new(&half, &error));
    EXPECT_OK(forensic_video_hash_add(half, 0, second, &error));
    EXPECT_OK(forensic_video_hash_match(video, half, 31, 50, &own, &other, &error));
    EXPECT(forensic_video_hash_size(video) == 2 && own == 50 && other == 100);
    EXPECT_OK(forensic_video_hash_parse(forensic_video_hash_text(video), &parsed, &error));
    EXPECT_TEXT(forensic_video_hash_text(parsed), forensic_video_hash_text(video));
    forensic_video_hash_free(parsed);
    EXPECT_FAILS(FORENSIC_CORRUPT, forensic_video_hash_parse("0,100,12,0", &parsed, &error));
    forensic_video_hash_free(video);
    forensic_video_hash_free(half);
}

static void a_pdq_knows_its_picture_turned_and_mirrored(void) {
    enum { SIDE = 96 };
    static uint8_t pixels[SIDE * SIDE * 3], mirrored[SIDE * SIDE * 3];
    forensic_image_hash *hash = NULL, *turned = NULL, *other = NULL;
    uint32_t distance = 999;

    for (size_t y = 0; y < SIDE; y++) {
        for (size_t x = 0; x < SIDE; x++) {
            memset(pixels + (y * SIDE + x) * 3, (int)((x / 12 * 37 + y / 10 * x / 7 * 91) % 256), 3);
            memcpy(mirrored + (y * SIDE + SIDE - 1 - x) * 3, pixels + (y * SIDE + x) * 3, 3);
        }
    }
    EXPECT_OK(forensic_image_hash_rgb(pixels, sizeof pixels, SIDE, SIDE, SIDE * 3, NULL, &hash, &error));
    EXPECT_OK(forensic_image_hash_rgb(mirrored, sizeof mirrored, SIDE, SIDE, SIDE * 3, NULL, &other, &error));
    EXPECT(forensic_image_hash_bits(hash) == 256 && forensic_image_hash_quality(hash) > 50);
    EXPECT(forensic_image_hash_decoded(hash) == 1.0 && forensic_image_hash_scale(hash) == 1);
    EXPECT_OK(forensic_image_hash_dihedral(hash, 5, &turned, &error));
    EXPECT_OK(forensic_image_hash_distance(turned, other, &distance, &error));
    EXPECT(distance <= 10);
    videos_are_as_alike_as_their_frames(hash, other);
    forensic_image_hash_free(turned);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_image_hash_dihedral(hash, 8, &turned, &error));
    EXPECT(turned == NULL);
    forensic_image_hash_free(hash);
    forensic_image_hash_free(other);
}

int main(int argc, char **argv) {
    EXPECT(argc == 2);
    similarity_digests_are_written_and_compared(argv[1]);
    pieces_come_one_after_another();
    a_set_is_written_as_a_list(argv[1]);
    all_ways_of_hashing_agree(argv[1]);
    many_streams_are_hashed_and_the_unreadable_one_says_why();
    a_set_knows_what_its_lists_say(argv[1]);
    a_set_is_a_file(argv[1]);
    pictures_that_are_alike_have_near_hashes();
    a_pdq_knows_its_picture_turned_and_mirrored();
    return 0;
}
