// A page made read-only after it was written can be read and not written.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    volatile char *page = commit(PAGE);
    *page = 1;
    EXPECT_EQUAL(protect_at((PVOID)page, PAGE, PAGE_READONLY), SUCCESS);
    EXPECT(*page == 1);
    *page = 2;
}
