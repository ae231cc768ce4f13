// In a process made by CreateProcess, the filter is asked, and the exception's code is the exit status.
// expect: exit 0
// stdout: the child's filter
// stdout: the child's filter
#include "process.h"

static void test(void)
{
    EXPECT_EQUAL(run("child crash"), 0xC0000005);
    EXPECT_EQUAL(run("child filter"), 0xC0000005);
    EXPECT_EQUAL(run("child filter in a thread"), 0xC0000005);
}
