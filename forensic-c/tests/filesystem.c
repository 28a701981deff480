/* From an image to every file of it: filesystem IMAGE FOLDER; the image holds a filesystem with files, the folder may be
 * written to. */
#include "story.h"

#include <pthread.h>

static forensic_filesystem *first_filesystem(const char *image, forensic_evidence **evidence) {
    forensic_volume *volume = NULL;
    forensic_filesystem *filesystem = NULL;
    EXPECT_OK(forensic_evidence_open(image, NULL, evidence, &error));
    for (size_t i = 0; filesystem == NULL && i < forensic_evidence_volume_count(*evidence); i++) {
        EXPECT_OK(forensic_evidence_volume(*evidence, i, &volume, &error));
        EXPECT(forensic_volume_index(volume) == i && forensic_volume_size(volume) > 0);
        EXPECT(forensic_volume_type(volume) != NULL && forensic_volume_label(volume) != NULL);
        EXPECT_OK(forensic_volume_filesystem(volume, &filesystem, &error));
        forensic_volume_free(volume);
    }
    EXPECT(filesystem != NULL);
    return filesystem;
}

static void the_filesystem_says_what_it_is(const forensic_filesystem *filesystem) {
    forensic_issues *issues = NULL;
    forensic_stream *unallocated = NULL;
    forensic_entry *entry = NULL;

    EXPECT(strlen(forensic_filesystem_kind(filesystem)) > 0 && forensic_filesystem_cluster_size(filesystem) >= 512);
    EXPECT(forensic_filesystem_label(filesystem) != NULL && forensic_filesystem_serial(filesystem) != NULL);
    EXPECT(forensic_filesystem_size(filesystem) > 0 && forensic_filesystem_cap_count(filesystem) > 0);
    EXPECT_TEXT(forensic_filesystem_cap(filesystem, 0), "deleted");
    EXPECT(forensic_filesystem_cap(filesystem, forensic_filesystem_cap_count(filesystem)) == NULL);
    EXPECT_OK(forensic_filesystem_unallocated(filesystem, &unallocated, &error));
    EXPECT(forensic_stream_size(unallocated) > 0);
    forensic_stream_free(unallocated);
    EXPECT_OK(forensic_filesystem_slack(filesystem, &unallocated, &error));
    forensic_stream_free(unallocated);
    EXPECT_OK(forensic_filesystem_issues(filesystem, &issues, &error));
    EXPECT(forensic_issues_get(issues, forensic_issues_count(issues)) == NULL);
    forensic_issues_free(issues);
    EXPECT_FAILS(FORENSIC_NOT_FOUND, forensic_filesystem_entry(filesystem, "/no/such/file", &entry, &error));
    EXPECT_FAILS(FORENSIC_NOT_FOUND, forensic_filesystem_entry_at(filesystem, UINT64_MAX, &entry, &error));
}

static void an_entry_tells_all_it_knows(const forensic_entry *entry) {
    const size_t streams = forensic_entry_stream_count(entry);
    const forensic_attribute *attribute;
    const forensic_timestamp *timestamp;
    forensic_issues *issues = NULL;
    forensic_stream *stream = NULL;
    size_t length = 0;
    char text[32];

    EXPECT(forensic_entry_path(entry)[0] == '/' && forensic_entry_name_bytes(entry, &length) != NULL);
    EXPECT(strlen(forensic_entry_name(entry)) == 0 || length > 0);
    EXPECT(forensic_entry_recoverability_reason(entry) != NULL);
    EXPECT((forensic_entry_target(entry) == NULL) == (forensic_entry_kind(entry) != FORENSIC_KIND_SYMLINK));
    for (size_t i = 0; (timestamp = forensic_entry_timestamp(entry, i)) != NULL; i++) {
        forensic_time time;
        EXPECT(forensic_entry_time(entry, timestamp->kind, &time) && timestamp->source != NULL);
        if (forensic_time_format(&timestamp->value, text, sizeof text, &length, NULL) == FORENSIC_OK) {
            EXPECT(strlen(text) == length && text[10] == 'T' && (text[length - 1] == 'Z') == timestamp->value.utc);
        }
    }
    for (size_t i = 0; (attribute = forensic_entry_attribute(entry, i)) != NULL; i++) {
        const forensic_attribute *same = NULL;
        EXPECT_OK(forensic_entry_attribute_named(entry, attribute->key, &same, &error));
        EXPECT(same == attribute && (attribute->text != NULL) == (attribute->kind >= FORENSIC_VALUE_TEXT));
    }
    EXPECT(forensic_entry_stream_info(entry, streams) == NULL);
    EXPECT_FAILS(FORENSIC_NOT_FOUND, forensic_entry_open_at(entry, streams, &stream, &error));
    EXPECT_FAILS(FORENSIC_NOT_FOUND, forensic_entry_open(entry, "no such stream", &stream, &error));
    EXPECT_OK(forensic_entry_slack(entry, &stream, &error));
    forensic_stream_free(stream);
    EXPECT_OK(forensic_entry_issues(entry, &issues, &error));
    forensic_issues_free(issues);
}

/* The bytes of an extent, read from the medium, are those of the file. */
static void the_main_stream_lies_where_its_extents_say(const forensic_evidence *evidence, const forensic_entry *entry) {
    forensic_stream *stream = NULL;
    forensic_extents *extents = NULL;
    const forensic_extent *extent;
    uint8_t file[512], place[512];
    size_t read = 0, read_there = 0;

    EXPECT_OK(forensic_entry_open(entry, "", &stream, &error));
    EXPECT(forensic_stream_size(stream) == forensic_entry_size(entry));
    EXPECT_OK(forensic_entry_extents(entry, "", &extents, &error));
    for (size_t i = 0; (extent = forensic_extents_get(extents, i)) != NULL; i++) {
        size_t length = extent->length < sizeof file ? (size_t)extent->length : sizeof file;
        if (extent->kind == FORENSIC_EXTENT_COMPRESSED || !extent->has_offset) {
            continue;
        }
        EXPECT_OK(forensic_stream_read_at(stream, extent->stream_offset, file, length, &read, &error));
        EXPECT_OK(forensic_evidence_read_at(evidence, extent->offset, place, length, &read_there, &error));
        EXPECT(read == length && read_there == length && memcmp(file, place, length) == 0);
    }
    forensic_extents_free(extents);
    forensic_stream_free(stream);
}

static uint64_t the_walk_lists_every_entry(const forensic_evidence *evidence, const forensic_filesystem *filesystem) {
    forensic_walk *walk = NULL;
    forensic_entry *entry = NULL, *same = NULL;
    uint64_t seen = 0, live = 0;

    EXPECT_OK(forensic_filesystem_walk(filesystem, true, 0, &walk, &error));
    while (forensic_walk_next(walk, &entry, NULL) == FORENSIC_OK) {
        const forensic_entry_state state = forensic_entry_status(entry);
        const bool is_live = state == FORENSIC_ENTRY_ALLOCATED || state == FORENSIC_ENTRY_UNLISTED;
        an_entry_tells_all_it_knows(entry);
        EXPECT(is_live == (forensic_entry_recoverability(entry) == FORENSIC_RECOVERABILITY_NONE));
        EXPECT_OK(forensic_filesystem_entry_at(filesystem, seen, &same, &error));
        EXPECT_TEXT(forensic_entry_path(same), forensic_entry_path(entry));
        EXPECT(forensic_entry_id(same) == forensic_entry_id(entry));
        forensic_entry_free(same);
        if (is_live && forensic_entry_kind(entry) == FORENSIC_KIND_FILE) {
            EXPECT_OK(forensic_filesystem_entry(filesystem, forensic_entry_path(entry), &same, &error));
            forensic_entry_free(same);
            the_main_stream_lies_where_its_extents_say(evidence, entry);
        }
        live += is_live;
        seen++;
        forensic_entry_free(entry);
        EXPECT(forensic_walk_cursor(walk) == seen);
    }
    EXPECT(entry == NULL && forensic_walk_next(walk, &entry, NULL) == FORENSIC_DONE);
    EXPECT(seen == forensic_filesystem_entry_count(filesystem) && live > 0 && live < seen);
    forensic_walk_free(walk);

    EXPECT_OK(forensic_filesystem_walk(filesystem, false, 0, &walk, &error));
    for (; forensic_walk_next(walk, &entry, NULL) == FORENSIC_OK; live--) {
        forensic_entry_free(entry);
    }
    EXPECT(live == 0);
    forensic_walk_free(walk);
    return seen;
}

static void *list_in_a_thread(void *shared) {
    const forensic_filesystem *filesystem = shared;
    forensic_entry *entry = NULL;
    uintptr_t entries = 0;
    while (forensic_filesystem_entry_at(filesystem, entries, &entry, NULL) == FORENSIC_OK) {
        EXPECT(strlen(forensic_filesystem_kind(filesystem)) > 0);
        forensic_entry_free(entry);
        entries++;
    }
    return (void *)entries; /* NOLINT: a number, not a pointer */
}

static void threads_share_a_filesystem(forensic_filesystem *filesystem, uint64_t entries) {
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        EXPECT(pthread_create(&threads[i], NULL, list_in_a_thread, filesystem) == 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *seen = NULL;
        EXPECT(pthread_join(threads[i], &seen) == 0 && (uintptr_t)seen == entries);
    }
}

static int stop(void *user, uint64_t done, uint64_t total) {
    (void)done, (void)total;
    ++*(int *)user;
    return 1;
}

static int count_records(void *user, const forensic_record *record) {
    EXPECT(forensic_record_json(record)[0] == '{');
    return ++*(int *)user == 3;
}

static void expect_same_file(const char *first, const char *second) {
    FILE *a = fopen(first, "rb"), *b = fopen(second, "rb");
    int byte;
    EXPECT(a != NULL && b != NULL);
    do {
        byte = fgetc(a);
        EXPECT(byte == fgetc(b));
    } while (byte != EOF);
    fclose(a);
    fclose(b);
}

static void a_triage_records_every_file(const forensic_evidence *evidence, const char *folder) {
    forensic_triage_options *options = NULL;
    forensic_report *report = NULL, *summary = NULL;
    const forensic_record *record = NULL;
    char kept[1024], streamed[1024];
    size_t records = 0;
    uint64_t size = 0, accounted = 0;
    forensic_extents *account = NULL;
    forensic_image_options mean = {.algorithm = FORENSIC_IMAGE_MEAN};
    int calls = 0;

    EXPECT_OK(forensic_triage_options_new(&options, &error));
    EXPECT_OK(forensic_triage_options_set_carve(options, false, &error));
    EXPECT_OK(forensic_triage_options_set_threads(options, 2, &error));
    EXPECT_OK(forensic_triage_options_clear_image_hashes(options, &error));
    EXPECT_OK(forensic_triage_options_add_image_hash(options, &mean, &error));
    EXPECT_OK(forensic_triage_run(evidence, options, NULL, NULL, &report, &error));
    while (forensic_report_next(report, &record, NULL) == FORENSIC_OK) {
        forensic_extents *extents = NULL;
        EXPECT(forensic_record_id(record) == records && forensic_report_record(report, records) == record);
        EXPECT_TEXT(forensic_record_source(record), "filesystem");
        EXPECT(forensic_record_path(record) != NULL && forensic_record_status(record) != NULL);
        EXPECT(forensic_record_issue(record, forensic_record_issue_count(record)) == NULL);
        EXPECT(forensic_record_known_count(record) == 0 && forensic_record_known(record, 0) == NULL);
        if (forensic_record_picture(record) != NULL && forensic_record_perceptual_count(record) > 0) {
            EXPECT_TEXT(forensic_record_perceptual(record, 0)->algorithm, "mean");
        }
        forensic_record_size(record, &size);
        EXPECT_OK(forensic_record_extents(record, &extents, &error));
        forensic_extents_free(extents);
        records++;
    }
    EXPECT(record == NULL && records > 0 && records == forensic_report_record_count(report));
    EXPECT_TEXT(forensic_report_summary(report, 2)->name, "records");
    EXPECT(forensic_report_summary(report, 2)->count == records);
    EXPECT(forensic_report_summary(report, forensic_report_summary_count(report)) == NULL);
    for (size_t i = 0; forensic_report_account(report, i) != NULL; i++) {
        accounted += forensic_report_account(report, i)->count;
    }
    EXPECT(accounted == forensic_evidence_size(evidence));
    EXPECT_OK(forensic_report_account_extents(report, "live", &account, &error));
    EXPECT(forensic_extents_count(account) > 0);
    forensic_extents_free(account);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_report_account_extents(report, "lost", &account, &error));

    snprintf(kept, sizeof kept, "%s/kept.csv", folder);
    snprintf(streamed, sizeof streamed, "%s/streamed.csv", folder);
    EXPECT_OK(forensic_report_write(report, kept, "csv", &error));
    EXPECT_OK(forensic_triage_write(evidence, options, streamed, "csv", NULL, NULL, &summary, &error));
    EXPECT(forensic_report_record_count(summary) == 0);
    EXPECT(forensic_report_summary(summary, 2)->count == records);
    expect_same_file(kept, streamed);
    forensic_report_free(summary);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_report_write(report, kept, "no format", &error));
    EXPECT_FAILS(FORENSIC_IO, forensic_report_write(report, "/no/such/folder/records", "jsonl", &error));
    forensic_report_free(report);

    EXPECT_FAILS(FORENSIC_CANCELLED, forensic_triage_run(evidence, options, stop, &calls, &report, &error));
    EXPECT(calls == 1 && report == NULL);
    calls = 0;
    EXPECT_FAILS(FORENSIC_CANCELLED,
                 forensic_triage_each(evidence, options, count_records, NULL, &calls, &report, &error));
    EXPECT(calls == 3);
    forensic_triage_options_free(options);
}

static void a_timeline_is_written(const forensic_filesystem *filesystem, const char *folder) {
    char path[1024], line[8192];
    uint64_t lines = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/bodyfile", folder);
    EXPECT_OK(forensic_filesystem_write_bodyfile(filesystem, path, "C:", 0, &error));
    EXPECT((file = fopen(path, "rb")) != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        EXPECT(strncmp(line, "0|C:/", 5) == 0);
        lines++;
    }
    fclose(file);
    EXPECT(lines >= forensic_filesystem_entry_count(filesystem));
    EXPECT_FAILS(FORENSIC_IO, forensic_filesystem_write_bodyfile(filesystem, "/no/such/folder/b", NULL, 0, &error));
}

static void the_second_reader_is_heard(const forensic_filesystem *filesystem) {
    forensic_cross_check *check = NULL;
    EXPECT_OK(forensic_filesystem_cross_check(filesystem, &check, &error));
    EXPECT(strlen(forensic_cross_check_reader(check)) > 0 && forensic_cross_check_compared(check) > 0);
    EXPECT(forensic_cross_check_agrees(check));
    EXPECT((forensic_cross_check_difference(check, 0) == NULL) == (forensic_cross_check_difference_count(check) == 0));
    forensic_cross_check_free(check);
}

int main(int argc, char **argv) {
    forensic_evidence *evidence = NULL;
    forensic_filesystem *filesystem;
    EXPECT(argc == 3);
    filesystem = first_filesystem(argv[1], &evidence);
    the_filesystem_says_what_it_is(filesystem);
    threads_share_a_filesystem(filesystem, the_walk_lists_every_entry(evidence, filesystem));
    a_timeline_is_written(filesystem, argv[2]);
    the_second_reader_is_heard(filesystem);
    a_triage_records_every_file(evidence, argv[2]);
    forensic_evidence_free(evidence);
    the_filesystem_says_what_it_is(filesystem); /* it does not need the evidence */
    forensic_filesystem_free(filesystem);
    return 0;
}
