/* A medium from memory, from a callback and from a path; what cannot be read is told with its offset. */
#include "story.h"

enum { SECTOR = 512, SECTORS = 16, BAD_SECTOR = 9 };

typedef struct {
    uint8_t bytes[SECTOR * SECTORS];
    int released;
} medium;

static int read_medium(void *user, uint64_t offset, uint8_t *buffer, size_t length) {
    if (offset < (BAD_SECTOR + 1) * SECTOR && offset + length > BAD_SECTOR * SECTOR) {
        return 5; /* EIO */
    }
    memcpy(buffer, ((const medium *)user)->bytes + offset, length);
    return 0;
}

static void release_medium(void *user) { ((medium *)user)->released++; }

static forensic_evidence *open_medium(medium *medium, const forensic_open_options *options) {
    forensic_evidence *evidence = NULL;
    memset(medium->bytes, 'x', sizeof medium->bytes);
    medium->released = 0;
    EXPECT_OK(forensic_evidence_open_callback(read_medium, sizeof medium->bytes, medium, release_medium, options,
                                              &evidence, &error));
    return evidence;
}

static void bytes_in_memory_are_a_medium(void) {
    forensic_evidence *evidence = NULL, *inner = NULL;
    forensic_volume *volume = NULL;
    forensic_filesystem *filesystem = NULL;
    forensic_stream *stream = NULL;
    forensic_extents *extents = NULL;
    uint8_t buffer[8] = {0};
    size_t read = 0;

    EXPECT_OK(forensic_evidence_open_bytes((const uint8_t *)"forensic", 8, NULL, &evidence, &error));
    EXPECT_TEXT(forensic_evidence_format(evidence), "raw");
    EXPECT(forensic_evidence_size(evidence) == 8 && forensic_evidence_sector_size(evidence) == 512);
    EXPECT(forensic_evidence_metadata_count(evidence) == 0 && forensic_evidence_stored_hash_count(evidence) == 0);
    EXPECT_OK(forensic_evidence_read_at(evidence, 3, buffer, sizeof buffer, &read, &error));
    EXPECT(read == 5 && memcmp(buffer, "ensic", 5) == 0);
    EXPECT_OK(forensic_evidence_read_at(evidence, 100, buffer, sizeof buffer, &read, &error));
    EXPECT(read == 0);

    EXPECT(forensic_evidence_volume_count(evidence) == 1);
    EXPECT_OK(forensic_evidence_volume(evidence, 0, &volume, &error));
    EXPECT_TEXT(forensic_volume_scheme(volume), "none");
    EXPECT(forensic_volume_size(volume) == 8 && forensic_volume_offset(volume) == 0);
    EXPECT_OK(forensic_volume_filesystem(volume, &filesystem, &error));
    EXPECT(filesystem == NULL);
    forensic_volume_free(volume);
    EXPECT_FAILS(FORENSIC_NOT_FOUND, forensic_evidence_volume(evidence, 1, &volume, &error));
    EXPECT(volume == NULL);

    EXPECT_OK(forensic_evidence_stream(evidence, &stream, &error));
    forensic_evidence_free(evidence);
    EXPECT_OK(forensic_stream_read_at(stream, 0, buffer, 8, &read, &error)); /* the stream does not need the evidence */
    EXPECT(read == 8 && forensic_stream_size(stream) == 8);
    EXPECT_OK(forensic_stream_locate(stream, 2, 3, &extents, &error));
    EXPECT(forensic_extents_count(extents) == 1 && forensic_extents_get(extents, 1) == NULL);
    EXPECT(forensic_extents_get(extents, 0)->has_offset && forensic_extents_get(extents, 0)->offset == 2);
    EXPECT(forensic_extents_get(extents, 0)->length == 3);
    forensic_extents_free(extents);
    EXPECT_OK(forensic_evidence_open_stream(stream, NULL, &inner, &error));
    EXPECT(forensic_evidence_size(inner) == 8);
    forensic_evidence_free(inner);
    forensic_stream_free(stream);
}

static void an_unreadable_sector_is_an_error_with_its_offset(void) {
    medium medium;
    forensic_evidence *evidence = open_medium(&medium, NULL);
    forensic_error *error = NULL;
    uint8_t buffer[SECTOR];
    uint64_t offset = 0;
    size_t read = 1;

    EXPECT(forensic_evidence_read_at(evidence, BAD_SECTOR * SECTOR, buffer, SECTOR, &read, &error) ==
           FORENSIC_UNREADABLE);
    EXPECT(read == 0 && forensic_error_offset(error, &offset) && offset == BAD_SECTOR * SECTOR);
    EXPECT(forensic_error_os_code(error) == 5 && forensic_error_structure(error) == NULL);
    forensic_error_free(error);
    EXPECT(medium.released == 0);
    forensic_evidence_free(evidence);
    EXPECT(medium.released == 1);
}

static void an_unreadable_sector_can_read_as_zeros_and_is_listed(void) {
    medium medium;
    forensic_open_options *options = NULL;
    forensic_evidence *evidence;
    forensic_extents *ranges = NULL;
    uint8_t buffer[SECTOR * SECTORS];
    size_t read = 0;

    EXPECT_OK(forensic_open_options_new(&options, &error));
    EXPECT_OK(forensic_open_options_set_unreadable(options, FORENSIC_UNREADABLE_ZERO, &error));
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_open_options_set_unreadable(options, 7, &error));
    evidence = open_medium(&medium, options);
    forensic_open_options_free(options);
    EXPECT_OK(forensic_evidence_read_at(evidence, 0, buffer, sizeof buffer, &read, &error));
    EXPECT(read == sizeof buffer && buffer[BAD_SECTOR * SECTOR] == 0 && buffer[(BAD_SECTOR + 1) * SECTOR] == 'x');
    EXPECT_OK(forensic_evidence_unreadable_ranges(evidence, &ranges, &error));
    EXPECT(forensic_extents_count(ranges) == 1);
    EXPECT(forensic_extents_get(ranges, 0)->offset == BAD_SECTOR * SECTOR);
    EXPECT(forensic_extents_get(ranges, 0)->length == SECTOR);
    forensic_extents_free(ranges);
    forensic_evidence_free(evidence);
}

static void a_callback_is_released_even_when_opening_fails(void) {
    medium medium;
    medium.released = 0;
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT,
                 forensic_evidence_open_callback(read_medium, 1, &medium, release_medium, NULL, NULL, &error));
    EXPECT(medium.released == 1);
}

static int stop_at_once(void *user, uint64_t done, uint64_t total) {
    EXPECT(done <= total);
    ++*(int *)user;
    return 1;
}

static void a_verification_compares_and_can_be_cancelled(void) {
    forensic_evidence *evidence = NULL;
    forensic_verification *verification = NULL;
    forensic_extents *ranges = NULL;
    const forensic_pair *md5;
    int calls = 0;

    EXPECT_OK(forensic_evidence_open_bytes((const uint8_t *)"abc", 3, NULL, &evidence, &error));
    EXPECT_OK(forensic_evidence_verify(evidence, NULL, NULL, &verification, &error));
    EXPECT(forensic_verification_verdict(verification) == FORENSIC_VERDICT_NONE);
    EXPECT(forensic_verification_stored_count(verification) == 0);
    md5 = forensic_verification_computed(verification, 0);
    EXPECT(md5 != NULL && forensic_verification_stored(verification, 0) == NULL);
    EXPECT_TEXT(md5->key, "md5");
    EXPECT_TEXT(md5->value, "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_OK(forensic_verification_bad_ranges(verification, &ranges, &error));
    EXPECT(forensic_extents_count(ranges) == 0);
    forensic_extents_free(ranges);
    forensic_verification_free(verification);
    EXPECT_FAILS(FORENSIC_CANCELLED, forensic_evidence_verify(evidence, stop_at_once, &calls, &verification, &error));
    EXPECT(calls == 1 && verification == NULL);
    forensic_evidence_free(evidence);
}

static void a_missing_file_is_the_systems_error(void) {
    forensic_evidence *evidence = NULL;
    forensic_error *error = NULL;
    EXPECT(forensic_evidence_open("/no/such/image.E01", NULL, &evidence, &error) == FORENSIC_IO);
    EXPECT(evidence == NULL && forensic_error_os_code(error) == 2 && !forensic_error_offset(error, NULL));
    EXPECT(strstr(forensic_error_message(error), "/no/such/image.E01") != NULL);
    forensic_error_free(error);
}

int main(void) {
    bytes_in_memory_are_a_medium();
    an_unreadable_sector_is_an_error_with_its_offset();
    an_unreadable_sector_can_read_as_zeros_and_is_listed();
    a_callback_is_released_even_when_opening_fails();
    a_verification_compares_and_can_be_cancelled();
    a_missing_file_is_the_systems_error();
    return 0;
}
