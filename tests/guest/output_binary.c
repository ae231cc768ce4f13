// All 256 byte values go through standard output unchanged: no line end is translated and nothing ends at a zero.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char bytes[256];
    DWORD written = 0;
    for (int index = 0; index < 256; index++)
        bytes[index] = (char)index;
    EXPECT(WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, 256, &written, NULL));
    EXPECT_EQUAL(written, 256);
    EXPECT(WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, 0, &written, NULL));
    EXPECT_EQUAL(written, 0);
    EXPECT_ERROR(WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), (PVOID)0x80000000, 1, &written, NULL), ERROR_NOACCESS);
    EXPECT_ERROR(WriteFile((HANDLE)0x7777, bytes, 1, &written, NULL), ERROR_INVALID_HANDLE);
}
