// Checks for tests of the C library: what does not hold is printed, and makes main's status 1.
#ifndef CRT_CHECK_H
#define CRT_CHECK_H

#include <stdio.h>
#include <string.h>

static int failures;

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            failures++; \
            printf("line %d: %s\n", __LINE__, #condition); \
        } \
    } while (0)

#define CHECK_TEXT(actual, expected) \
    do { \
        const char *checked = (actual); \
        if (strcmp(checked, expected) != 0) { \
            failures++; \
            printf("line %d: [%s], not [%s]\n", __LINE__, checked, expected); \
        } \
    } while (0)

#endif
