// A write to a guard page meets the guard first, though the page under it is read-only.
// expect: exception 80000001
#include "test.h"

static void test(void)
{
    volatile char *page = commit(PAGE);
    EXPECT_EQUAL(protect_at((PVOID)page, PAGE, PAGE_READONLY | PAGE_GUARD), SUCCESS);
    *page = 1;
}
