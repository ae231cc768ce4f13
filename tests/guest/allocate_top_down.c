// MEM_TOP_DOWN takes the highest gap, and each time the one below.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *first = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_TOP_DOWN, PAGE_READWRITE);
    char *second = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN, PAGE_READWRITE);
    EXPECT_EQUAL((DWORD)first % GRANULARITY, 0);
    EXPECT((DWORD)first > 0x7FF00000 && (DWORD)first < 0x7FFE0000);
    EXPECT(second < first && (DWORD)second > 0x7FE00000);
    second[0] = 1;
    EXPECT(VirtualFree(first, 0, MEM_RELEASE));
    EXPECT_EQUAL(VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_TOP_DOWN, PAGE_READWRITE), first);
}
