// Standard input comes in and its end is seen.
// expect: exit 0
// stdin: first line
// stdin: second line, longer than the first
// stdout: first line
// stdout: second line, longer than the first
// stdout: end after 46
#include "test.h"

static void test(void)
{
    char buffer[7];
    DWORD count, total = 0;
    EXPECT_EQUAL(GetFileType(GetStdHandle(STD_INPUT_HANDLE)), FILE_TYPE_PIPE);
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), buffer, sizeof buffer, &count, NULL) && count != 0) {
        put_bytes(STD_OUTPUT_HANDLE, buffer, count);
        total += count;
    }
    EXPECT_EQUAL(GetLastError(), ERROR_BROKEN_PIPE);
    put("end after ");
    put_decimal(total);
    put("\n");
}
