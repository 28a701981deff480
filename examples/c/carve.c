/*
 * Carves an image: carve IMAGE prints one line of JSON a file found, in order of offset, with its BLAKE3.
 *
 * examples/rust/carve.rs and examples/python/carve.py print the same bytes.
 */
#include <forensic.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Null where the content cannot be read in full. */
static void print_blake3(const forensic_carved *file) {
    forensic_stream *stream = NULL;
    forensic_digests digests;
    char hex[FORENSIC_HEX_SIZE];

    if (forensic_carved_open(file, &stream, NULL) == FORENSIC_OK &&
        forensic_hash_stream(stream, FORENSIC_BLAKE3, 0, NULL, NULL, &digests, NULL) == FORENSIC_OK &&
        forensic_digests_hex(&digests, FORENSIC_BLAKE3, hex, sizeof hex, NULL) == FORENSIC_OK) {
        printf("\"%s\"", hex);
    } else {
        printf("null");
    }
    forensic_stream_free(stream);
}

static forensic_status print_file(const forensic_carved *file, forensic_error **error) {
    forensic_extents *extents = NULL;
    uint64_t damaged_at = 0;
    forensic_status status = forensic_carved_extents(file, &extents, error);

    if (status != FORENSIC_OK) {
        return status;
    }
    printf("{\"type\": \"%s\", \"size\": %" PRIu64 ", \"status\": \"%s\", \"confidence\": %u, \"damaged_at\": ",
           forensic_carved_type(file), forensic_carved_size(file),
           forensic_carved_state_name(forensic_carved_status(file)), (unsigned)forensic_carved_confidence(file));
    if (forensic_carved_damaged_at(file, &damaged_at)) {
        printf("%" PRIu64, damaged_at);
    } else {
        printf("null");
    }
    printf(", \"extents\": [");
    for (size_t i = 0; i < forensic_extents_count(extents); i++) {
        const forensic_extent *extent = forensic_extents_get(extents, i);
        printf("%s[%" PRIu64 ", %" PRIu64 "]", i == 0 ? "" : ", ", extent->offset, extent->length);
    }
    printf("], \"children\": %zu, \"blake3\": ", forensic_carved_child_count(file));
    print_blake3(file);
    printf("}\n");
    forensic_extents_free(extents);
    return FORENSIC_OK;
}

static forensic_status print_all(forensic_carver *carver, forensic_error **error) {
    forensic_carved *file = NULL;
    forensic_issues *issues = NULL;
    forensic_status status = FORENSIC_OK;

    while (status == FORENSIC_OK && (status = forensic_carver_next(carver, &file, error)) == FORENSIC_OK) {
        status = print_file(file, error);
        forensic_carved_free(file);
    }
    if (status == FORENSIC_DONE) {
        status = forensic_carver_issues(carver, &issues, error);
    }
    for (size_t i = 0; i < forensic_issues_count(issues); i++) {
        fprintf(stderr, "%s\n", forensic_issues_get(issues, i)->text);
    }
    forensic_issues_free(issues);
    return status;
}

int main(int argc, char **argv) {
    forensic_evidence *evidence = NULL;
    forensic_carver *carver = NULL;
    forensic_error *error = NULL;
    forensic_status status;

    if (argc != 2) {
        fprintf(stderr, "usage: carve IMAGE\n");
        return EXIT_FAILURE;
    }
    status = forensic_evidence_open(argv[1], NULL, &evidence, &error);
    if (status == FORENSIC_OK) {
        status = forensic_carver_open_evidence(evidence, FORENSIC_WITHIN_ALL, NULL, NULL, NULL, &carver, &error);
    }
    if (status == FORENSIC_OK) {
        status = print_all(carver, &error);
    }
    if (status != FORENSIC_OK) {
        fprintf(stderr, "carve: %s\n", forensic_error_message(error));
    }
    forensic_error_free(error);
    forensic_carver_free(carver);
    forensic_evidence_free(evidence);
    return status == FORENSIC_OK && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
