// Files of C: are found without regard to case, read from any position, and not written.
// expect: exit 0
#include "test.h"

static HANDLE open(const char *name, DWORD access, DWORD creation)
{
    return CreateFileA(name, access, FILE_SHARE_READ, NULL, creation, FILE_ATTRIBUTE_NORMAL, NULL);
}

static void expect_refusal(const char *name, DWORD access, DWORD creation, DWORD error)
{
    SetLastError(0x12345678);
    EXPECT(open(name, access, creation) == INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(GetLastError(), error);
}

static void test(void)
{
    HANDLE file = open("c:\\WINDOWS\\System32\\NTDLL.DLL", GENERIC_READ, OPEN_EXISTING);
    EXPECT(file != INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(GetFileType(file), FILE_TYPE_DISK);
    DWORD size = GetFileSize(file, NULL), count;
    EXPECT(size > 0x8000 && size < 0x100000);
    char start[2] = {0}, again[2] = {0};
    EXPECT(ReadFile(file, start, 2, &count, NULL) && count == 2 && start[0] == 'M' && start[1] == 'Z');
    EXPECT_EQUAL(SetFilePointer(file, 0, NULL, FILE_CURRENT), 2);
    EXPECT_EQUAL(SetFilePointer(file, -1, NULL, FILE_END), size - 1);
    EXPECT(ReadFile(file, again, 2, &count, NULL));
    EXPECT_EQUAL(count, 1);
    EXPECT(ReadFile(file, again, 2, &count, NULL));
    EXPECT_EQUAL(count, 0);
    EXPECT_EQUAL(SetFilePointer(file, 0, NULL, FILE_BEGIN), 0);
    char *whole = commit(size);
    EXPECT(ReadFile(file, whole, size, &count, NULL));
    EXPECT_EQUAL(count, size);
    // The file is what is mapped.
    char *image = (char *)GetModuleHandleA("ntdll");
    for (int index = 0x200; index < 0x280; index++)
        EXPECT(whole[index] == image[index]);
    EXPECT(CloseHandle(file));
    expect_refusal("C:\\nosuch.txt", GENERIC_READ, OPEN_EXISTING, ERROR_FILE_NOT_FOUND);
    expect_refusal("C:\\nowhere\\x.txt", GENERIC_READ, OPEN_EXISTING, ERROR_PATH_NOT_FOUND);
    expect_refusal("C:\\files.exe", GENERIC_READ, 9, ERROR_INVALID_PARAMETER);
    EXPECT(open("files.exe", GENERIC_READ, OPEN_EXISTING) != INVALID_HANDLE_VALUE);
}
