/* The index of perceptual hashes, and groups: index FOLDER, which may be written to. */
#include "story.h"

enum { LENGTH = 32, COUNT = 6 };

static uint8_t hashes[COUNT * LENGTH];
static const uint8_t qualities[COUNT] = {100, 90, 50, 49, 100, 100};
static char path[1024];

/* Four that differ from the first in 0, 1, 2 and 3 bits, and two that are far from all. */
static void make_hashes(void) {
    memset(hashes, 0x5a, sizeof hashes);
    hashes[1 * LENGTH] ^= 1;
    hashes[2 * LENGTH] ^= 3;
    hashes[3 * LENGTH] ^= 7;
    memset(hashes + 4 * LENGTH, 0xff, LENGTH);
    memset(hashes + 5 * LENGTH, 0x00, LENGTH);
}

static forensic_hash_index *build(const char *file) {
    forensic_index_builder *builder = NULL;
    forensic_hash_index *index = NULL;
    int number;
    EXPECT_OK(forensic_index_builder_new(&builder, &error));
    for (number = 0; number < COUNT; number++)
        EXPECT_OK(forensic_index_builder_add_bytes(builder, number, number == 1 ? "one.jpg" : NULL, "pdq",
                                                   hashes + number * LENGTH, LENGTH, qualities[number], &error));
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT,
                 forensic_index_builder_add_bytes(builder, 7, NULL, "pdq", hashes, 16, 100, &error));
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT,
                 forensic_index_builder_add_bytes(builder, 7, NULL, "tea leaves", hashes, LENGTH, 100, &error));
    EXPECT_OK(forensic_index_builder_finish(builder, file, &index, &error));
    forensic_index_builder_free(builder);
    EXPECT(forensic_hash_index_size(index) == COUNT && forensic_hash_index_bits(index) == 8 * LENGTH);
    EXPECT_TEXT(forensic_hash_index_algorithm(index), "pdq");
    EXPECT_OK(forensic_hash_index_verify(index, &error));
    return index;
}

static void expect_answers(const forensic_hash_index *index) {
    forensic_answer *answers[COUNT];
    const forensic_match *match;
    int number;
    EXPECT_OK(forensic_hash_index_query_many(index, hashes, LENGTH, qualities, COUNT, 31, -1, 2, answers, &error));
    EXPECT(forensic_answer_count(answers[0]) == 3 && forensic_answer_asked(answers[0]));
    EXPECT(forensic_answer_gated(answers[0]) == 1);
    match = forensic_answer_match(answers[0], 0);
    EXPECT(match->text == NULL && match->number == 0 && match->distance == 0 && match->quality == 100);
    match = forensic_answer_match(answers[0], 1);
    EXPECT_TEXT(match->text, "one.jpg");
    EXPECT(match->distance == 1 && match->threshold == 31 && match->quality == 90);
    EXPECT_TEXT(match->algorithm, "pdq");
    EXPECT(match->version != NULL && forensic_answer_match(answers[0], 3) == NULL);
    EXPECT(forensic_answer_count(answers[3]) == 0 && !forensic_answer_asked(answers[3]));
    EXPECT(forensic_answer_count(answers[4]) == 1);
    for (number = 0; number < COUNT; number++)
        forensic_answer_free(answers[number]);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT,
                 forensic_hash_index_query_many(index, hashes, 16, NULL, COUNT, 31, -1, 1, answers, &error));
    EXPECT(answers[0] == NULL);
}

static void an_index_is_in_memory_or_in_a_file(const char *folder) {
    forensic_hash_index *index = build(NULL);
    forensic_index_builder *builder = NULL;
    const int64_t numbers[] = {0, 1};
    const char *const texts[] = {"one.jpg"};
    FILE *file;
    expect_answers(index);
    forensic_hash_index_free(index);
    snprintf(path, sizeof path, "%s/pictures.index", folder);
    forensic_hash_index_free(build(path));
    EXPECT_OK(forensic_hash_index_open(path, &index, &error));
    expect_answers(index);

    EXPECT_OK(forensic_index_builder_new(&builder, &error));
    EXPECT_OK(forensic_index_builder_merge(builder, index, numbers, 2, texts, 1, &error));
    forensic_hash_index_free(index);
    EXPECT_OK(forensic_index_builder_finish(builder, path, &index, &error));
    forensic_index_builder_free(builder);
    EXPECT(forensic_hash_index_size(index) == COUNT - 2);
    forensic_hash_index_free(index);

    file = fopen(path, "wb");
    EXPECT(file != NULL && fputs("no index", file) >= 0 && fclose(file) == 0);
    EXPECT_FAILS(FORENSIC_FORMAT, forensic_hash_index_open(path, &index, &error));
    EXPECT(index == NULL);
}

static void a_picture_is_looked_up_by_its_hash(void) {
    uint8_t pixels[16 * 16 * 3];
    forensic_image_hash *hash = NULL;
    forensic_index_builder *builder = NULL;
    forensic_hash_index *index = NULL;
    forensic_answer *answer = NULL;
    size_t at;
    for (at = 0; at < sizeof pixels; at++)
        pixels[at] = (uint8_t)(at * 7);
    const forensic_image_options mean = {.algorithm = FORENSIC_IMAGE_MEAN};
    EXPECT_OK(forensic_image_hash_rgb(pixels, sizeof pixels, 16, 16, 48, &mean, &hash, &error));
    EXPECT_OK(forensic_index_builder_new(&builder, &error));
    EXPECT_OK(forensic_index_builder_add(builder, -5, NULL, hash, &error));
    EXPECT_OK(forensic_index_builder_finish(builder, NULL, &index, &error));
    EXPECT_OK(forensic_hash_index_query(index, hash, 0, -1, &answer, &error));
    EXPECT(forensic_answer_count(answer) == 1 && forensic_answer_match(answer, 0)->number == -5);
    EXPECT(forensic_answer_match(answer, 0)->quality == -1);
    forensic_answer_free(answer);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_hash_index_query(index, hash, 65, -1, &answer, &error));
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_hash_index_query(NULL, hash, 0, -1, &answer, &error));
    forensic_index_builder_free(builder);
    forensic_hash_index_free(index);
    forensic_image_hash_free(hash);
}

static void hashes_that_are_near_are_grouped(void) {
    forensic_groups *groups = NULL;
    const forensic_group *group;
    EXPECT_OK(forensic_group_hashes(hashes, LENGTH, NULL, COUNT, 1, -1, 1, &groups, &error));
    EXPECT(forensic_groups_count(groups) == 2);
    group = forensic_groups_at(groups, 0);
    EXPECT(group->representative == 1 && group->count == 3);
    EXPECT(group->members[0] == 1 && group->members[1] == 0 && group->members[2] == 2);
    EXPECT(group->distances[0] == 0 && group->distances[1] == 1 && group->distances[2] == 1);
    group = forensic_groups_at(groups, 1);
    EXPECT(group->representative == 3 && group->count == 1 && forensic_groups_at(groups, 2) == NULL);
    forensic_groups_free(groups);
    EXPECT_OK(forensic_group_hashes(hashes, LENGTH, qualities, COUNT, 31, -1, 0, &groups, &error));
    EXPECT(forensic_groups_count(groups) == 1 && forensic_groups_at(groups, 0)->count == 3);
    forensic_groups_free(groups);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT,
                 forensic_group_hashes(hashes, 7, NULL, COUNT, 1, -1, 1, &groups, &error));
}

int main(int argc, char **argv) {
    EXPECT(argc == 2);
    make_hashes();
    an_index_is_in_memory_or_in_a_file(argv[1]);
    a_picture_is_looked_up_by_its_hash();
    hashes_that_are_near_are_grouped();
    return 0;
}
