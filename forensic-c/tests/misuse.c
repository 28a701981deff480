/* NULL in every place is an error or nothing, never a crash: the calls here are the ones a careless program makes. */
#include "story.h"

#define NULL_IS_REFUSED(call) EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, call)

static void freeing_null_does_nothing(void) {
    forensic_error_free(NULL);
    forensic_issues_free(NULL);
    forensic_extents_free(NULL);
    forensic_limits_free(NULL);
    forensic_open_options_free(NULL);
    forensic_evidence_free(NULL);
    forensic_verification_free(NULL);
    forensic_volume_free(NULL);
    forensic_filesystem_free(NULL);
    forensic_filesystems_free(NULL);
    forensic_cross_check_free(NULL);
    forensic_walk_free(NULL);
    forensic_entry_free(NULL);
    forensic_stream_free(NULL);
    forensic_hasher_free(NULL);
    forensic_hash_set_free(NULL);
    forensic_hits_free(NULL);
    forensic_image_hash_free(NULL);
    forensic_triage_options_free(NULL);
    forensic_report_free(NULL);
}

static void getters_of_null_give_nothing(void) {
    EXPECT(forensic_error_status(NULL) == FORENSIC_OK && forensic_error_message(NULL) == NULL);
    EXPECT(!forensic_error_offset(NULL, NULL) && forensic_error_structure(NULL) == NULL);
    EXPECT(forensic_error_os_code(NULL) == 0);
    EXPECT(forensic_evidence_size(NULL) == 0 && forensic_evidence_format(NULL) == NULL);
    EXPECT(forensic_evidence_volume_count(NULL) == 0 && forensic_evidence_metadata(NULL, 0) == NULL);
    EXPECT(forensic_evidence_stored_hash(NULL, 0) == NULL && forensic_evidence_sector_size(NULL) == 0);
    EXPECT(forensic_volume_scheme(NULL) == NULL && !forensic_volume_allocated(NULL));
    EXPECT(forensic_filesystem_kind(NULL) == NULL && forensic_filesystem_cap(NULL, 0) == NULL);
    EXPECT(forensic_filesystem_entry_count(NULL) == 0 && forensic_filesystems_get(NULL, 0) == NULL);
    EXPECT(forensic_entry_path(NULL) == NULL && forensic_entry_name_bytes(NULL, NULL) == NULL);
    EXPECT(!forensic_entry_time(NULL, FORENSIC_TIME_CREATED, NULL) && !forensic_entry_parent_id(NULL, NULL));
    EXPECT(forensic_entry_kind(NULL) == FORENSIC_KIND_OTHER && forensic_entry_attribute(NULL, 0) == NULL);
    EXPECT(forensic_stream_size(NULL) == 0 && forensic_walk_cursor(NULL) == 0);
    EXPECT(forensic_extents_get(NULL, 0) == NULL && forensic_issues_get(NULL, 0) == NULL);
    EXPECT(forensic_hash_set_size(NULL) == 0 && forensic_hits_get(NULL, 0) == NULL);
    EXPECT(forensic_image_hash_bytes(NULL, NULL) == NULL && forensic_image_hash_bits(NULL) == 0);
    EXPECT(forensic_report_record(NULL, 0) == NULL && forensic_report_summary(NULL, 0) == NULL);
    EXPECT(forensic_record_path(NULL) == NULL && forensic_record_json(NULL) == NULL);
    EXPECT(forensic_verification_verdict(NULL) == FORENSIC_VERDICT_NONE && !forensic_cross_check_agrees(NULL));
}

static void calls_refuse_null(void) {
    forensic_evidence *evidence = NULL;
    forensic_stream *stream = NULL, *nothing[3] = {NULL, NULL, NULL};
    forensic_entry *entry = NULL;
    forensic_digests digests, three[3];
    size_t read = 7;
    forensic_hash_set *set = NULL;
    bool known = false;

    NULL_IS_REFUSED(forensic_evidence_open(NULL, NULL, &evidence, &error));
    NULL_IS_REFUSED(forensic_evidence_open("image", NULL, NULL, &error));
    NULL_IS_REFUSED(forensic_evidence_open_segments(NULL, 1, NULL, &evidence, &error));
    NULL_IS_REFUSED(forensic_evidence_open_segments(NULL, 0, NULL, &evidence, &error));
    NULL_IS_REFUSED(forensic_evidence_open_bytes(NULL, 1, NULL, &evidence, &error));
    NULL_IS_REFUSED(forensic_evidence_open_callback(NULL, 512, NULL, NULL, NULL, &evidence, &error));
    NULL_IS_REFUSED(forensic_evidence_open_stream(NULL, NULL, &evidence, &error));
    NULL_IS_REFUSED(forensic_evidence_verify(NULL, NULL, NULL, NULL, &error));
    NULL_IS_REFUSED(forensic_evidence_stream(NULL, &stream, &error));
    NULL_IS_REFUSED(forensic_stream_read_at(NULL, 0, NULL, 0, &read, &error));
    EXPECT(read == 0);
    NULL_IS_REFUSED(forensic_volume_stream(NULL, &stream, &error));
    NULL_IS_REFUSED(forensic_filesystem_entry(NULL, "/", &entry, &error));
    NULL_IS_REFUSED(forensic_walk_next(NULL, &entry, &error));
    NULL_IS_REFUSED(forensic_entry_open(NULL, "", &stream, &error));
    NULL_IS_REFUSED(forensic_hasher_new(FORENSIC_MD5, NULL, &error));
    NULL_IS_REFUSED(forensic_hasher_update(NULL, NULL, 0, &error));
    NULL_IS_REFUSED(forensic_hash_bytes(NULL, 3, FORENSIC_MD5, &digests, &error));
    NULL_IS_REFUSED(forensic_hash_many(NULL, 3, FORENSIC_MD5, 0, three, NULL, &error));
    NULL_IS_REFUSED(forensic_hash_many((const forensic_stream *const *)nothing, 3, FORENSIC_MD5, 0, three, NULL, &error));
    NULL_IS_REFUSED(forensic_hash_set_contains_many(NULL, NULL, 16, 1, &known, &error));
    NULL_IS_REFUSED(forensic_hash_set_lookup_many(NULL, NULL, 16, 1, NULL, &error));
    NULL_IS_REFUSED(forensic_hash_set_open(NULL, &set, &error));
    NULL_IS_REFUSED(forensic_hash_set_verify(NULL, &error));
    NULL_IS_REFUSED(forensic_triage_run(NULL, NULL, NULL, NULL, NULL, &error));
    NULL_IS_REFUSED(forensic_report_next(NULL, NULL, &error));
    /* Nor does it matter when nobody wants to know why. */
    EXPECT(forensic_evidence_open(NULL, NULL, &evidence, NULL) == FORENSIC_INVALID_ARGUMENT);
}

static void numbers_that_mean_nothing_are_refused(void) {
    forensic_limits *limits = NULL;
    forensic_hasher *hasher = NULL;
    EXPECT_OK(forensic_limits_new(&limits, &error));
    NULL_IS_REFUSED(forensic_limits_set(limits, 99, 1, &error));
    NULL_IS_REFUSED(forensic_limits_set(limits, FORENSIC_LIMIT_DEPTH, UINT64_MAX, &error));
    EXPECT_OK(forensic_limits_set(limits, FORENSIC_LIMIT_PIXELS, 100, &error));
    EXPECT(forensic_limits_get(limits, FORENSIC_LIMIT_PIXELS) == 100 && forensic_limits_get(limits, 99) == 0);
    forensic_limits_free(limits);
    NULL_IS_REFUSED(forensic_hasher_new(1u << 31, &hasher, &error));
    EXPECT(hasher == NULL);
    EXPECT(forensic_kind_name(99) == NULL && forensic_status_name(99) == NULL && forensic_algorithm_name(3) == NULL);
    EXPECT(forensic_recoverability_name(FORENSIC_RECOVERABILITY_NONE) == NULL);
    EXPECT_TEXT(forensic_recoverability_name(FORENSIC_RECOVERABILITY_UNKNOWN), "unknown");
}

int main(void) {
    EXPECT(forensic_abi_version() == FORENSIC_ABI_VERSION);
    freeing_null_does_nothing();
    getters_of_null_give_nothing();
    calls_refuse_null();
    numbers_that_mean_nothing_are_refused();
    return 0;
}
