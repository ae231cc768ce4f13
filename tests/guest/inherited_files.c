// Files and NUL as the standard handles of a child: it goes on where its parent was, and its parent where it was.
// expect: exit 0
#include "process.h"

static HANDLE open(const char *name, DWORD access, DWORD creation)
{
    HANDLE file = CreateFileA(name, access, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, creation, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    return file;
}

static void null_device(void)
{
    char buffer[4] = "abc";
    DWORD done = 9;
    HANDLE null = open("nul", GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    EXPECT_EQUAL(GetFileType(null), FILE_TYPE_CHAR);
    EXPECT(ReadFile(null, buffer, 4, &done, NULL) && done == 0 && buffer[0] == 'a');
    EXPECT(WriteFile(null, "much", 4, &done, NULL) && done == 4);
    EXPECT(ReadFile(null, buffer, 4, &done, NULL) && done == 0);
    EXPECT(CloseHandle(null));
    // Whatever directory, extension or creation is said.
    null = open("C:\\NUL.txt", GENERIC_READ, OPEN_EXISTING);
    EXPECT_EQUAL(GetFileType(null), FILE_TYPE_CHAR);
    EXPECT(CloseHandle(null));
    null = open("NUL", GENERIC_WRITE, CREATE_ALWAYS);
    EXPECT(CloseHandle(null));
}

static void standard_handles(void)
{
    char text[32] = "";
    DWORD done, flags = 9;
    HANDLE file = open("C:\\inherited.txt", GENERIC_READ | GENERIC_WRITE, CREATE_NEW), null = open("NUL", GENERIC_READ, OPEN_EXISTING);
    EXPECT(GetHandleInformation(file, &flags) && flags == 0);
    EXPECT(SetHandleInformation(file, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
    EXPECT(SetHandleInformation(null, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
    EXPECT(GetHandleInformation(file, &flags) && flags == HANDLE_FLAG_INHERIT);
    EXPECT(WriteFile(file, "one ", 4, &done, NULL) && done == 4);
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = null;
    startup.hStdOutput = startup.hStdError = file;
    EXPECT_EQUAL(run_with(NULL, "child.exe say two", TRUE, 0, NULL, NULL), 77);
    EXPECT_EQUAL(SetFilePointer(file, 0, NULL, FILE_CURRENT), 8);
    EXPECT(WriteFile(file, "three", 5, &done, NULL) && done == 5);
    EXPECT_EQUAL(SetFilePointer(file, 0, NULL, FILE_BEGIN), 0);
    EXPECT(ReadFile(file, text, sizeof text, &done, NULL) && done == 13);
    EXPECT(lstrcmpA(text, "one two\nthree") == 0);
    EXPECT(CloseHandle(file) && CloseHandle(null) && DeleteFileA("C:\\inherited.txt"));
}

static void test(void)
{
    null_device();
    standard_handles();
}
