// Standard output and standard error are two streams, and neither is a console.
// expect: exit 0
// stdout: to the output
#include "test.h"

static void test(void)
{
    DWORD mode;
    put("to the output\n");
    put_bytes(STD_ERROR_HANDLE, "to the error stream\n", 20);
    EXPECT_EQUAL(GetFileType(GetStdHandle(STD_OUTPUT_HANDLE)), FILE_TYPE_PIPE);
    EXPECT_EQUAL(GetFileType(GetStdHandle(STD_ERROR_HANDLE)), FILE_TYPE_PIPE);
    EXPECT(GetStdHandle(STD_OUTPUT_HANDLE) != GetStdHandle(STD_ERROR_HANDLE));
    EXPECT_ERROR(GetConsoleMode(GetStdHandle(STD_OUTPUT_HANDLE), &mode), ERROR_INVALID_HANDLE);
    EXPECT(GetStdHandle(0x12345678) == INVALID_HANDLE_VALUE);
    EXPECT_ERROR(CloseHandle((HANDLE)0x7777), ERROR_INVALID_HANDLE);
    HANDLE error = GetStdHandle(STD_ERROR_HANDLE);
    EXPECT(SetStdHandle(STD_OUTPUT_HANDLE, error) && GetStdHandle(STD_OUTPUT_HANDLE) == error);
}
