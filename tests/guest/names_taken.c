// Who takes the system's own names away loses the files behind them, and the system goes on. A boot of its own, which ends with it.
// expect: exit 0
// stdin: a boot of its own
#include "names.h"

NTSTATUS NTAPI NtOpenFile(HANDLE *file, ULONG access, const void *attributes, void *status, ULONG share, ULONG options);

static NTSTATUS open_file(const WCHAR *name)
{
    DWORD status[2];
    return NtOpenFile(&last, 0x100001, named(NULL, name, 0), status, 7, 0x20);
}

static void take(NTSTATUS opened)
{
    EXPECT_EQUAL(opened, SUCCESS);
    EXPECT_EQUAL(NtMakeTemporaryObject(last), SUCCESS);
    CLOSE(last);
}

static void test(void)
{
    EXPECT_EQUAL(open_file(L"\\??\\C:\\names_taken.exe"), SUCCESS);
    HANDLE file = last;
    take(open_directory(NULL, L"\\Device", 0));
    EXPECT_EQUAL(open_file(L"\\Device\\HarddiskVolume1\\names_taken.exe"), PATH_NOT_FOUND);
    EXPECT_EQUAL(open_file(L"\\??\\C:\\names_taken.exe"), SUCCESS);
    CLOSE(last);
    take(open_directory(NULL, L"\\GLOBAL??", 0));
    EXPECT_EQUAL(open_file(L"\\DosDevices\\C:\\names_taken.exe"), PATH_NOT_FOUND);
    EXPECT_EQUAL(open_file(L"\\??\\C:\\names_taken.exe"), SUCCESS);
    CLOSE(last);
    take(open_link(NULL, L"\\??\\C:", 0));
    EXPECT_EQUAL(open_file(L"\\??\\C:\\names_taken.exe"), PATH_NOT_FOUND);
    EXPECT_EQUAL(open_file(L"\\??\\C:"), NAME_NOT_FOUND);
    EXPECT_EQUAL(GetFileAttributesA("C:\\names_taken.exe"), INVALID_FILE_ATTRIBUTES);
    take(open_link(NULL, L"\\??", 0));
    EXPECT_EQUAL(open_event(NULL, L"\\??\\x", 0), NAME_NOT_FOUND);
    EXPECT_EQUAL(create_event(NULL, L"\\??\\x", 0), SUCCESS);
    CLOSE(last);
    take(open_directory(NULL, L"\\BaseNamedObjects", 0));
    take(open_directory(NULL, L"\\KnownDlls", 0));
    EXPECT_EQUAL(create_event(NULL, L"\\BaseNamedObjects\\x", 0), PATH_NOT_FOUND);
    // What is open stays.
    char bytes[2];
    DWORD done;
    EXPECT(ReadFile(file, bytes, 2, &done, NULL) && done == 2 && bytes[0] == 'M');
    CLOSE(file);
}
