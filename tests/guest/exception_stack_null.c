// An exception with ESP 0.
// expect: exception C000001D
#include "handler.h"

static void test(void)
{
    char *page = commit(PAGE);
    EXPECT_EQUAL(protect_at(page, PAGE, PAGE_READONLY), SUCCESS);
    __asm__ volatile("movl %0, %%esp; ud2" : : "r"(0));
    __builtin_unreachable();
}
