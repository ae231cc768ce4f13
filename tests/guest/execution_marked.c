// A program that is marked NX-compatible is covered by data execution prevention for good.
// expect: exit 0
#include "test.h"


static void test(void)
{
    DWORD flags = 0;
    BOOL permanent = FALSE;
    EXPECT(GetProcessDEPPolicy(GetCurrentProcess(), &flags, &permanent));
    EXPECT_EQUAL(flags, 1);
    EXPECT_EQUAL(permanent, TRUE);
    EXPECT(!SetProcessDEPPolicy(0));
    EXPECT_EQUAL(GetLastError(), ERROR_ACCESS_DENIED);
    EXPECT(!GetProcessDEPPolicy(NULL, &flags, &permanent));
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_HANDLE);
}
