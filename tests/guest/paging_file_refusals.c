// What NtCreatePagingFile refuses: without the privilege, and sizes, names and files that cannot be. Nothing of it changes the limit.
// expect: exit 0
// cc: -ladvapi32
#include "test.h"

#define NOT_HELD ((NTSTATUS)0xC0000061)
#define NAME_INVALID ((NTSTATUS)0xC0000033)
#define PATH_NOT_FOUND ((NTSTATUS)0xC000003A)
#define SHARED ((NTSTATUS)0xC0000043)
#define DIRECTORY ((NTSTATUS)0xC00000BA)
#define NO_DEVICE_REQUEST ((NTSTATUS)0xC0000010)
#define FULL ((NTSTATUS)0xC000007F)

typedef struct {
    USHORT length, maximum;
    const WCHAR *text;
} NAME;

NTSTATUS NTAPI NtCreatePagingFile(NAME *name, ULONGLONG *minimum, ULONGLONG *maximum, ULONG priority);

#define MB 0x100000ull

static NTSTATUS create(const WCHAR *text, ULONGLONG minimum, ULONGLONG maximum)
{
    NAME name = {(USHORT)(lstrlenW(text) * 2), 0, text};
    name.maximum = name.length;
    return NtCreatePagingFile(&name, &minimum, &maximum, 0);
}

static DWORDLONG limit(void)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    EXPECT(GlobalMemoryStatusEx(&status));
    return status.ullTotalPageFile;
}

static void may_make_paging_files(void)
{
    TOKEN_PRIVILEGES privilege = {.PrivilegeCount = 1, .Privileges[0].Attributes = SE_PRIVILEGE_ENABLED};
    HANDLE token;
    EXPECT(LookupPrivilegeValueA(NULL, "SeCreatePagefilePrivilege", &privilege.Privileges[0].Luid));
    EXPECT(OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token));
    EXPECT(AdjustTokenPrivileges(token, FALSE, &privilege, 0, NULL, NULL));
    EXPECT_EQUAL(GetLastError(), 0);
    CloseHandle(token);
}

static void sizes(void)
{
    EXPECT_EQUAL(create(L"\\??\\C:\\no.sys", 0, MB), PARAMETER_2);
    EXPECT_EQUAL(create(L"\\??\\C:\\no.sys", MB - 1, MB), PARAMETER_2);
    EXPECT_EQUAL(create(L"\\??\\C:\\no.sys", 4096 * MB, 4096 * MB), PARAMETER_2);
    EXPECT_EQUAL(create(L"\\??\\C:\\no.sys", ~0ull, ~0ull), PARAMETER_2);
    EXPECT_EQUAL(create(L"\\??\\C:\\no.sys", 2 * MB, 2 * MB - 1), PARAMETER_3);
    EXPECT_EQUAL(create(L"\\??\\C:\\no.sys", MB, 4096 * MB), PARAMETER_3);
    EXPECT_EQUAL(create(L"\\??\\C:\\no.sys", 4095 * MB, 4095 * MB), FULL);
    EXPECT_EQUAL(GetFileAttributesA("C:\\no.sys"), INVALID_FILE_ATTRIBUTES);
}

static void names(void)
{
    static WCHAR longest[130];
    ULONGLONG size = MB;
    NAME name = {3, 3, L"ab"};
    EXPECT_EQUAL(create(L"", MB, MB), NAME_INVALID);
    for (int index = 0; index < 129; index++)
        longest[index] = 'a';
    EXPECT_EQUAL(create(longest, MB, MB), NAME_INVALID);
    EXPECT_EQUAL(NtCreatePagingFile(&name, &size, &size, 0), NAME_INVALID);
    EXPECT_EQUAL(create(L"\\??\\C:\\no such folder\\no.sys", MB, MB), PATH_NOT_FOUND);
    EXPECT_EQUAL(create(L"\\??\\C:\\WINDOWS", MB, MB), DIRECTORY);
    EXPECT_EQUAL(create(L"\\??\\NUL", MB, MB), NO_DEVICE_REQUEST);
    EXPECT_EQUAL(create(L"\\??\\Q:\\no.sys", MB, MB), PATH_NOT_FOUND);
}

static void pointers(void)
{
    ULONGLONG size = MB, kernel = 0x80000000;
    NAME name = {8, 8, (const WCHAR *)0x80000000};
    EXPECT_EQUAL(NtCreatePagingFile(NULL, &size, &size, 0), VIOLATION);
    EXPECT_EQUAL(NtCreatePagingFile(&name, NULL, &size, 0), VIOLATION);
    EXPECT_EQUAL(NtCreatePagingFile(&name, &size, NULL, 0), VIOLATION);
    EXPECT_EQUAL(NtCreatePagingFile(&name, (void *)(DWORD)kernel, &size, 0), VIOLATION);
    EXPECT_EQUAL(NtCreatePagingFile(&name, &size, &size, 0), VIOLATION);
}

static void test(void)
{
    DWORDLONG before = limit();
    HANDLE file;
    EXPECT_EQUAL(create(L"\\??\\C:\\no.sys", MB, MB), NOT_HELD);
    EXPECT_EQUAL(NtCreatePagingFile(NULL, NULL, NULL, 0), NOT_HELD);
    may_make_paging_files();
    sizes();
    names();
    pointers();
    file = CreateFileA("C:\\open.sys", GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_NEW, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(create(L"\\??\\C:\\open.sys", MB, MB), SHARED);
    EXPECT(CloseHandle(file) && DeleteFileA("C:\\open.sys"));
    EXPECT(limit() == before);
}
