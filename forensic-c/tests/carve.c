/* From bytes to the files found in them: carve FOLDER; the folder may be written to. */
#include "story.h"

static const uint8_t GIF[] = {'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff,
                              0xff, ',', 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, ';'};
enum { SIZE = 8192, FIRST = 512, SECOND = 5000 };

static int stop(void *user, uint64_t done, uint64_t total) {
    (void)user;
    return done <= total;
}

static void a_file_tells_where_it_lies(const forensic_carved *carved, uint64_t offset) {
    forensic_extents *extents = NULL;
    forensic_stream *stream = NULL;
    uint8_t bytes[sizeof GIF + 1];
    uint64_t damaged_at = 7;
    size_t read = 0;

    EXPECT_TEXT(forensic_carved_type(carved), "gif");
    EXPECT(forensic_carved_offset(carved) == offset && forensic_carved_size(carved) == sizeof GIF);
    EXPECT(forensic_carved_status(carved) == FORENSIC_CARVED_COMPLETE && forensic_carved_confidence(carved) >= 70);
    EXPECT(!forensic_carved_damaged_at(carved, &damaged_at) && damaged_at == 7);
    EXPECT(forensic_carved_child_count(carved) == 0 && forensic_carved_child(carved, 0) == NULL);
    EXPECT_OK(forensic_carved_extents(carved, &extents, &error));
    EXPECT(forensic_extents_count(extents) == 1 && forensic_extents_get(extents, 0)->offset == offset);
    forensic_extents_free(extents);
    EXPECT_OK(forensic_carved_open(carved, &stream, &error));
    EXPECT_OK(forensic_stream_read_at(stream, 0, bytes, sizeof bytes, &read, &error));
    EXPECT(read == sizeof GIF && memcmp(bytes, GIF, sizeof GIF) == 0);
    forensic_stream_free(stream);
}

static void two_files_are_found(forensic_carver *carver) {
    forensic_carved *carved = NULL;
    forensic_issues *issues = NULL;

    EXPECT(forensic_carver_left(carver) == 2);
    EXPECT_OK(forensic_carver_next(carver, &carved, &error));
    a_file_tells_where_it_lies(carved, FIRST);
    forensic_carved_free(carved);
    EXPECT_OK(forensic_carver_next(carver, &carved, &error));
    forensic_carved_free(carved);
    EXPECT(forensic_carver_next(carver, &carved, NULL) == FORENSIC_DONE && carved == NULL);
    EXPECT_OK(forensic_carver_issues(carver, &issues, &error));
    EXPECT(forensic_issues_count(issues) == 0);
    forensic_issues_free(issues);
    forensic_carver_free(carver);
}

int main(int argc, char **argv) {
    static uint8_t medium[SIZE];
    char image[4096];
    forensic_carver *carver = NULL;
    forensic_carved *carved = NULL;
    forensic_evidence *evidence = NULL;
    forensic_carve_options *options = NULL;
    bool has_gif = false;
    FILE *file;

    EXPECT(argc == 2);
    memcpy(medium + FIRST, GIF, sizeof GIF);
    memcpy(medium + SECOND, GIF, sizeof GIF);
    for (size_t i = 0; forensic_carve_type(i) != NULL; i++) {
        has_gif = has_gif || strcmp(forensic_carve_type(i), "gif") == 0;
    }
    EXPECT(has_gif);
    EXPECT_TEXT(forensic_carved_state_name(FORENSIC_CARVED_FRAGMENTED), "fragmented");

    EXPECT_OK(forensic_carver_open_buffer(medium, sizeof medium, NULL, NULL, NULL, &carver, &error));
    two_files_are_found(carver);

    snprintf(image, sizeof image, "%s/medium.dd", argv[1]);
    file = fopen(image, "wb");
    EXPECT(file != NULL && fwrite(medium, sizeof medium, 1, file) == 1 && fclose(file) == 0);
    EXPECT_OK(forensic_evidence_open(image, NULL, &evidence, &error));
    EXPECT_OK(forensic_carver_open_evidence(evidence, FORENSIC_WITHIN_UNALLOCATED, NULL, NULL, NULL, &carver, &error));
    two_files_are_found(carver);

    EXPECT_OK(forensic_carve_options_new(&options, &error));
    EXPECT_OK(forensic_carve_options_set_align(options, 512, &error));
    EXPECT_OK(forensic_carve_options_set_types(options, "gif", &error));
    EXPECT_OK(forensic_carve_options_set_nested(options, true, &error));
    EXPECT_OK(forensic_carve_options_set_cluster_size(options, 512, &error));
    EXPECT_OK(forensic_carve_options_set_threads(options, 1, &error));
    EXPECT_OK(forensic_carver_open_evidence(evidence, FORENSIC_WITHIN_ALL, options, NULL, NULL, &carver, &error));
    EXPECT_OK(forensic_carver_next(carver, &carved, &error));
    forensic_carver_free(carver);
    forensic_evidence_free(evidence);
    /* The file outlives its carver and the evidence. */
    a_file_tells_where_it_lies(carved, FIRST);
    forensic_carved_free(carved);

    EXPECT_FAILS(FORENSIC_CANCELLED,
                 forensic_carver_open_buffer(medium, sizeof medium, options, stop, NULL, &carver, &error));
    EXPECT_OK(forensic_carve_options_set_types(options, "gif,holiday", &error));
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT,
                 forensic_carver_open_buffer(medium, sizeof medium, options, NULL, NULL, &carver, &error));
    EXPECT(carver == NULL);
    forensic_carve_options_free(options);
    return 0;
}
