/*
 * Lists every file of a disk image, live and deleted, with its MD5: listing IMAGE.
 *
 * examples/rust/listing.rs and examples/python/listing.py print the same bytes.
 */
#include <forensic.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The MD5 of a stream; "-" where its content cannot be read in full. */
static void md5_of(const forensic_entry *entry, size_t index, char hex[FORENSIC_HEX_SIZE]) {
    forensic_stream *stream = NULL;
    forensic_digests digests;
    if (forensic_entry_open_at(entry, index, &stream, NULL) != FORENSIC_OK ||
        forensic_hash_stream(stream, FORENSIC_MD5, 0, NULL, NULL, &digests, NULL) != FORENSIC_OK ||
        forensic_digests_hex(&digests, FORENSIC_MD5, hex, FORENSIC_HEX_SIZE, NULL) != FORENSIC_OK) {
        hex[0] = '-';
        hex[1] = '\0';
    }
    forensic_stream_free(stream);
}

static void print_entry(const forensic_entry *entry) {
    const char *status = forensic_entry_state_name(forensic_entry_status(entry));
    const char *kind = forensic_kind_name(forensic_entry_kind(entry));
    const char *grade = forensic_recoverability_name(forensic_entry_recoverability(entry));
    const char *path = forensic_entry_path(entry);
    const size_t streams = forensic_entry_stream_count(entry);

    if (grade == NULL) {
        grade = "-";
    }
    if (streams == 0) {
        printf("%-9s %-11s %-9s %12s %-32s %s\n", status, grade, kind, "-", "-", path);
    }
    for (size_t i = 0; i < streams; i++) {
        const forensic_stream_info *stream = forensic_entry_stream_info(entry, i);
        const char *colon = stream->name[0] == '\0' ? "" : ":";
        char md5[FORENSIC_HEX_SIZE];
        md5_of(entry, i, md5);
        printf("%-9s %-11s %-9s %12" PRIu64 " %-32s %s%s%s\n", status, grade, kind, stream->size, md5, path, colon,
               stream->name);
    }
}

static forensic_status list(const forensic_filesystem *filesystem, forensic_error **error) {
    forensic_walk *walk = NULL;
    forensic_entry *entry = NULL;
    forensic_status status;

    printf("# %s at byte %" PRIu64 "\n", forensic_filesystem_kind(filesystem), forensic_filesystem_offset(filesystem));
    status = forensic_filesystem_walk(filesystem, true, 0, &walk, error);
    while (status == FORENSIC_OK && (status = forensic_walk_next(walk, &entry, error)) == FORENSIC_OK) {
        print_entry(entry);
        forensic_entry_free(entry);
    }
    forensic_walk_free(walk);
    return status == FORENSIC_DONE ? FORENSIC_OK : status;
}

int main(int argc, char **argv) {
    forensic_evidence *evidence = NULL;
    forensic_filesystems *filesystems = NULL;
    forensic_error *error = NULL;
    forensic_status status;

    if (argc < 2) {
        fprintf(stderr, "usage: listing IMAGE\n");
        return EXIT_FAILURE;
    }
    status = forensic_evidence_open(argv[1], NULL, &evidence, &error);
    if (status == FORENSIC_OK) {
        status = forensic_evidence_filesystems(evidence, &filesystems, &error);
    }
    for (size_t i = 0; status == FORENSIC_OK && i < forensic_filesystems_count(filesystems); i++) {
        status = list(forensic_filesystems_get(filesystems, i), &error);
    }
    if (status != FORENSIC_OK) {
        fprintf(stderr, "listing: %s\n", forensic_error_message(error));
    }
    forensic_error_free(error);
    forensic_filesystems_free(filesystems);
    forensic_evidence_free(evidence);
    return status == FORENSIC_OK && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
