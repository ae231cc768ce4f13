// PAGE_NOACCESS closes a page that was open.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    volatile char *page = commit(PAGE);
    *page = 1;
    EXPECT_EQUAL(protect_at((PVOID)page, PAGE, PAGE_NOACCESS), SUCCESS);
    (void)*page;
}
