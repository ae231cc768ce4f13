// An exception with ESP at the last address.
// expect: exception C000001D
#include "handler.h"

static void test(void)
{
    char *page = commit(PAGE);
    EXPECT_EQUAL(protect_at(page, PAGE, PAGE_READONLY), SUCCESS);
    __asm__ volatile("movl %0, %%esp; ud2" : : "r"(-1));
    __builtin_unreachable();
}
