// A free takes every page that the range touches.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *range = commit(4 * PAGE);
    PVOID base = range + PAGE + 1;
    SIZE_T size = PAGE;
    EXPECT_EQUAL(NtFreeVirtualMemory(OWN_PROCESS, &base, &size, MEM_DECOMMIT), SUCCESS);
    EXPECT_EQUAL(base, range + PAGE);
    EXPECT_EQUAL(size, 2 * PAGE);
    EXPECT_REGION(range + PAGE, 2 * PAGE, MEM_RESERVE, 0);
    base = range + 5;
    size = 0;
    EXPECT_EQUAL(NtFreeVirtualMemory(OWN_PROCESS, &base, &size, MEM_RELEASE), SUCCESS);
    EXPECT_EQUAL(base, range);
    EXPECT_EQUAL(size, 4 * PAGE);
}
