/* The few words the C tests are told in. */
#ifndef STORY_H
#define STORY_H

#include <forensic.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: in %s: expected %s\n", __FILE__, __LINE__, __func__, #condition);                  \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

#define EXPECT_TEXT(actual, wanted)                                                                                    \
    do {                                                                                                               \
        const char *actual_ = (actual);                                                                                \
        if (actual_ == NULL || strcmp(actual_, (wanted)) != 0) {                                                       \
            fprintf(stderr, "%s:%d: in %s: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, __func__, #actual,    \
                    actual_ == NULL ? "(null)" : actual_, (wanted));                                                   \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* The call succeeds; its last argument is &error, declared here. */
#define EXPECT_OK(call)                                                                                                \
    do {                                                                                                               \
        forensic_error *error = NULL;                                                                                  \
        forensic_status status_ = (call);                                                                              \
        if (status_ != FORENSIC_OK) {                                                                                  \
            fprintf(stderr, "%s:%d: in %s: %s: %s: %s\n", __FILE__, __LINE__, __func__, #call,                         \
                    forensic_status_name(status_), forensic_error_message(error));                                     \
            exit(1);                                                                                                   \
        }                                                                                                              \
        EXPECT(error == NULL);                                                                                         \
    } while (0)

/* The call fails with this status, and with an error that has it too and says why. */
#define EXPECT_FAILS(wanted, call)                                                                                     \
    do {                                                                                                               \
        forensic_error *error = NULL;                                                                                  \
        EXPECT((call) == (wanted));                                                                                    \
        EXPECT(error != NULL && forensic_error_status(error) == (wanted));                                             \
        EXPECT(forensic_error_message(error)[0] != '\0');                                                              \
        forensic_error_free(error);                                                                                    \
    } while (0)

#endif
