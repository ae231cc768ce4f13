// Files are made, emptied, written, read again and deleted, with XP's last errors for each of CreateFile's dispositions.
// expect: exit 0
#include "test.h"

static HANDLE open(const char *name, DWORD access, DWORD share, DWORD creation, DWORD flags)
{
    SetLastError(0x12345678);
    return CreateFileA(name, access, share, NULL, creation, flags, NULL);
}

static void expect_refusal(const char *name, DWORD access, DWORD creation, DWORD flags, DWORD error)
{
    EXPECT(open(name, access, 7, creation, flags) == INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(GetLastError(), error);
}

static HANDLE expect_open(const char *name, DWORD access, DWORD creation, DWORD error)
{
    HANDLE file = open(name, access, 7, creation, FILE_ATTRIBUTE_NORMAL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(GetLastError(), error);
    return file;
}

static void dispositions(void)
{
    const DWORD both = GENERIC_READ | GENERIC_WRITE;
    expect_refusal("made.txt", both, OPEN_EXISTING, 0, ERROR_FILE_NOT_FOUND);
    expect_refusal("made.txt", both, TRUNCATE_EXISTING, 0, ERROR_FILE_NOT_FOUND);
    HANDLE file = expect_open("made.txt", both, CREATE_NEW, 0);
    DWORD done = 0;
    char bytes[16] = {0};
    EXPECT(WriteFile(file, "twelve bytes", 12, &done, NULL));
    EXPECT_EQUAL(done, 12);
    EXPECT_EQUAL(GetFileSize(file, NULL), 12);
    EXPECT_EQUAL(SetFilePointer(file, 0, NULL, FILE_CURRENT), 12);
    EXPECT_EQUAL(SetFilePointer(file, 7, NULL, FILE_BEGIN), 7);
    EXPECT(ReadFile(file, bytes, sizeof bytes, &done, NULL));
    EXPECT_EQUAL(done, 5);
    EXPECT(bytes[0] == 'b' && bytes[4] == 's' && bytes[5] == 0);
    EXPECT(CloseHandle(file));
    expect_refusal("made.txt", both, CREATE_NEW, 0, ERROR_FILE_EXISTS);
    file = expect_open("MADE.TXT", both, OPEN_ALWAYS, ERROR_ALREADY_EXISTS);
    EXPECT_EQUAL(GetFileSize(file, NULL), 12);
    EXPECT(CloseHandle(file));
    file = expect_open("made.txt", both, CREATE_ALWAYS, ERROR_ALREADY_EXISTS);
    EXPECT_EQUAL(GetFileSize(file, NULL), 0);
    EXPECT(WriteFile(file, "x", 1, &done, NULL));
    EXPECT(CloseHandle(file));
    expect_refusal("made.txt", GENERIC_READ, TRUNCATE_EXISTING, 0, ERROR_INVALID_PARAMETER);
    file = expect_open("made.txt", both, TRUNCATE_EXISTING, 0);
    EXPECT_EQUAL(GetFileSize(file, NULL), 0);
    EXPECT(CloseHandle(file));
    file = expect_open("other.txt", both, OPEN_ALWAYS, 0);
    EXPECT(CloseHandle(file));
    file = expect_open("third.txt", both, CREATE_ALWAYS, 0);
    EXPECT(CloseHandle(file));
    EXPECT(DeleteFileA("made.txt") && DeleteFileA("other.txt") && DeleteFileA("third.txt"));
    EXPECT(!DeleteFileA("made.txt"));
    EXPECT_EQUAL(GetLastError(), ERROR_FILE_NOT_FOUND);
}

static void refusals(void)
{
    expect_refusal("C:\\", GENERIC_READ, OPEN_EXISTING, 0, ERROR_ACCESS_DENIED);
    expect_refusal("C:\\WINDOWS", GENERIC_READ, OPEN_EXISTING, 0, ERROR_ACCESS_DENIED);
    expect_refusal("C:\\WINDOWS", GENERIC_WRITE, CREATE_ALWAYS, 0, ERROR_ACCESS_DENIED);
    expect_refusal("nowhere\\x", GENERIC_WRITE, CREATE_NEW, 0, ERROR_PATH_NOT_FOUND);
    expect_refusal("a|b", GENERIC_WRITE, CREATE_NEW, 0, ERROR_INVALID_NAME);
    expect_refusal("", GENERIC_WRITE, CREATE_NEW, 0, ERROR_PATH_NOT_FOUND);
    // What runs is not written.
    expect_refusal("C:\\WINDOWS\\system32\\ntdll.dll", GENERIC_WRITE, OPEN_EXISTING, 0, ERROR_SHARING_VIOLATION);
    EXPECT(!DeleteFileA("C:\\WINDOWS\\system32\\ntdll.dll"));
    EXPECT_EQUAL(GetLastError(), ERROR_ACCESS_DENIED);
    EXPECT(!DeleteFileA("C:\\WINDOWS"));
    EXPECT_EQUAL(GetLastError(), ERROR_ACCESS_DENIED);
}

static void goes_when_closed(void)
{
    HANDLE file = open("passing.tmp", GENERIC_WRITE, 7, CREATE_NEW, FILE_FLAG_DELETE_ON_CLOSE);
    EXPECT(file != INVALID_HANDLE_VALUE);
    EXPECT(GetFileAttributesA("passing.tmp") != INVALID_FILE_ATTRIBUTES);
    EXPECT(CloseHandle(file));
    EXPECT_EQUAL(GetFileAttributesA("passing.tmp"), INVALID_FILE_ATTRIBUTES);
    EXPECT_EQUAL(GetLastError(), ERROR_FILE_NOT_FOUND);
    // Who still has it may read it; nobody else opens it.
    HANDLE one = open("doomed", GENERIC_READ | GENERIC_WRITE, 7, CREATE_NEW, 0);
    DWORD done;
    char byte = 0;
    EXPECT(WriteFile(one, "d", 1, &done, NULL));
    EXPECT(DeleteFileA("doomed"));
    expect_refusal("doomed", GENERIC_READ, OPEN_EXISTING, 0, ERROR_ACCESS_DENIED);
    EXPECT_EQUAL(SetFilePointer(one, 0, NULL, FILE_BEGIN), 0);
    EXPECT(ReadFile(one, &byte, 1, &done, NULL) && done == 1 && byte == 'd');
    EXPECT(CloseHandle(one));
    expect_refusal("doomed", GENERIC_READ, OPEN_EXISTING, 0, ERROR_FILE_NOT_FOUND);
}

static void shares(void)
{
    HANDLE reader = open("shared", GENERIC_READ, FILE_SHARE_READ, CREATE_NEW, 0);
    EXPECT(reader != INVALID_HANDLE_VALUE);
    expect_refusal("shared", GENERIC_WRITE, OPEN_EXISTING, 0, ERROR_SHARING_VIOLATION);
    EXPECT(open("shared", GENERIC_READ, FILE_SHARE_WRITE, OPEN_EXISTING, 0) == INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(GetLastError(), ERROR_SHARING_VIOLATION);
    HANDLE other = open("shared", GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0);
    EXPECT(other != INVALID_HANDLE_VALUE);
    EXPECT(!DeleteFileA("shared"));
    EXPECT_EQUAL(GetLastError(), ERROR_SHARING_VIOLATION);
    EXPECT(CloseHandle(reader) && CloseHandle(other));
    EXPECT(DeleteFileA("shared"));
}

static void test(void)
{
    dispositions();
    refusals();
    goes_when_closed();
    shares();
}
