// Reserving what is taken and committing what is not reserved are conflicts.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *range = reserve(2 * GRANULARITY);
    EXPECT_EQUAL(allocate_at(range, PAGE, MEM_RESERVE, PAGE_READWRITE), CONFLICT);
    EXPECT_EQUAL(allocate_at(range + GRANULARITY, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), CONFLICT);
    EXPECT_EQUAL(allocate_at(range + GRANULARITY, 2 * GRANULARITY, MEM_RESERVE, PAGE_READWRITE), CONFLICT);
    EXPECT_EQUAL(allocate_at((PVOID)GetModuleHandleA(NULL), PAGE, MEM_RESERVE, PAGE_READWRITE), CONFLICT);
    EXPECT_EQUAL(allocate_at((PVOID)0x7FFDF000, PAGE, MEM_RESERVE, PAGE_READWRITE), CONFLICT);
    char *nobody = free_range(GRANULARITY);
    EXPECT_EQUAL(allocate_at(nobody, PAGE, MEM_COMMIT, PAGE_READWRITE), CONFLICT);
    EXPECT_EQUAL(allocate_at(range + 2 * GRANULARITY - PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE), CONFLICT);
    EXPECT_REGION(range, 2 * GRANULARITY, MEM_RESERVE, 0);
}
