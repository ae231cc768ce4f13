// The first touch of a guard page is an exception of its own.
// expect: exception 80000001
#include "test.h"

static void test(void)
{
    volatile char *page = commit(PAGE);
    EXPECT_EQUAL(protect_at((PVOID)page, PAGE, PAGE_READWRITE | PAGE_GUARD), SUCCESS);
    (void)*page;
}
