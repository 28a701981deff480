/*
 * Triage of a disk image: triage IMAGE RECORDS.jsonl [LIST...] hashes every file, looks it up in lists of known
 * digests (VICS, NSRL, sums and others), writes one JSON record a stream and prints a table, the most urgent files first.
 *
 * examples/rust/triage.rs and examples/python/triage.py do the same and write the same bytes.
 */
#include <forensic.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *or_dash(const char *text) { return text == NULL ? "-" : text; }

/* One line of the table: what became of a file, its content, whether it is known and how, and where it was. */
static void print_row(const forensic_record *record) {
    const forensic_known_hit *known = forensic_record_known(record, 0);
    const char *stream = forensic_record_stream(record);
    forensic_extents *extents = NULL;
    char place[64];
    const char *path = forensic_record_path(record);
    uint64_t size = 0;

    forensic_record_size(record, &size);
    if (strcmp(forensic_record_source(record), "carved") == 0 &&
        forensic_record_extents(record, &extents, NULL) == FORENSIC_OK && forensic_extents_count(extents) > 0) {
        snprintf(place, sizeof place, "carved at byte %" PRIu64, forensic_extents_get(extents, 0)->offset);
        path = place;
    }
    if (stream == NULL) {
        stream = "";
    }
    printf("%-10s %-10s %-11s %9" PRIu64 " %-8s %-32s %-10s %s%s%s\n", or_dash(forensic_record_standing(record)),
           or_dash(forensic_record_status(record)), or_dash(forensic_record_recoverability(record)), size, or_dash(forensic_record_type(record)),
           or_dash(forensic_record_md5(record)), known == NULL ? "-" : known->set_name,
           or_dash(path), stream[0] == '\0' ? "" : ":", stream);
    forensic_extents_free(extents);
}

static forensic_status print_report(forensic_report *report, forensic_error **error) {
    const forensic_record *record;
    const forensic_count *count;
    forensic_issues *issues = NULL;
    forensic_status status;

    printf("%-10s %-10s %-11s %9s %-8s %-32s %-10s PATH\n", "STANDING", "STATUS", "RECOVERABLE", "SIZE", "TYPE", "MD5", "KNOWN");
    for (size_t rank = 0; (record = forensic_report_ranked(report, rank)) != NULL; rank++) {
        if (strcmp(or_dash(forensic_record_kind(record)), "file") == 0) {
            print_row(record);
        }
    }
    for (size_t i = 0; (count = forensic_report_summary(report, i)) != NULL; i++) {
        printf("%s: %" PRIu64 "\n", count->name, count->count);
    }
    status = forensic_report_issues(report, &issues, error);
    for (size_t i = 0; i < forensic_issues_count(issues); i++) {
        printf("issue: %s\n", forensic_issues_get(issues, i)->text);
    }
    forensic_issues_free(issues);
    return status;
}

/* Options with one set, built from all lists. */
static forensic_status choose(char **lists, size_t count, forensic_triage_options **options, forensic_error **error) {
    forensic_hash_set *known = NULL;
    forensic_status status = forensic_hash_set_build((const char *const *)lists, count, NULL, &known, error);

    if (status == FORENSIC_OK) {
        status = forensic_triage_options_new(options, error);
    }
    if (status == FORENSIC_OK) {
        status = forensic_triage_options_add_hash_set(*options, known, error);
    }
    forensic_hash_set_free(known);
    return status;
}

int main(int argc, char **argv) {
    forensic_triage_options *options = NULL;
    forensic_evidence *evidence = NULL;
    forensic_report *report = NULL;
    forensic_error *error = NULL;
    forensic_status status;

    if (argc < 3) {
        fprintf(stderr, "usage: triage IMAGE RECORDS.jsonl [LIST...]\n");
        return EXIT_FAILURE;
    }
    status = choose(argv + 3, (size_t)argc - 3, &options, &error);
    if (status == FORENSIC_OK) {
        status = forensic_evidence_open(argv[1], NULL, &evidence, &error);
    }
    if (status == FORENSIC_OK) {
        status = forensic_triage_run(evidence, options, NULL, NULL, &report, &error);
    }
    if (status == FORENSIC_OK) {
        status = forensic_report_write(report, argv[2], "jsonl", &error);
    }
    if (status == FORENSIC_OK) {
        status = print_report(report, &error);
    }
    if (status != FORENSIC_OK) {
        fprintf(stderr, "triage: %s\n", forensic_error_message(error));
    }
    forensic_error_free(error);
    forensic_report_free(report);
    forensic_evidence_free(evidence);
    forensic_triage_options_free(options);
    return status == FORENSIC_OK && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
