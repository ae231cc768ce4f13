// A million handles, or as many as there is room for: a refusal, and everything comes back.
// expect: exit 0
// emulator: translator
#include "test.h"

static void test(void)
{
    DWORD count = 0;
    while (count < 1000000 && CreateEventW(NULL, FALSE, FALSE, NULL) != NULL)
        count++;
    EXPECT(count > 10000);
    if (count < 1000000)
        EXPECT_EQUAL(GetLastError(), ERROR_NO_SYSTEM_RESOURCES);
}
