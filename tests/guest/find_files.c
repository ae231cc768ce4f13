// Folders are listed, the current directory moves, and paths are made whole: with XP's errors for what is not there.
// expect: exit 0
#include "test.h"

static int is_same(const char *one, const char *other)
{
    return lstrcmpA(one, other) == 0;
}

static void listing(void)
{
    WIN32_FIND_DATAA found;
    int kernel32 = 0, ntdll = 0, folders = 0;
    HANDLE search = FindFirstFileA("C:\\WINDOWS\\system32\\*.dll", &found);
    EXPECT(search != INVALID_HANDLE_VALUE);
    do {
        kernel32 += is_same(found.cFileName, "kernel32.dll");
        ntdll += is_same(found.cFileName, "ntdll.dll");
        EXPECT(found.nFileSizeHigh == 0 && found.nFileSizeLow > 0x800);
    } while (FindNextFileA(search, &found));
    EXPECT_EQUAL(GetLastError(), ERROR_NO_MORE_FILES);
    EXPECT(FindClose(search));
    EXPECT_EQUAL(kernel32 + ntdll, 2);
    WIN32_FIND_DATAW wide;
    search = FindFirstFileW(L"C:\\WINDOWS\\*.*", &wide);
    EXPECT(search != INVALID_HANDLE_VALUE);
    do
        folders += (wide.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    while (FindNextFileW(search, &wide));
    EXPECT(FindClose(search));
    EXPECT_EQUAL(folders, 3);
    EXPECT_ERROR(FindFirstFileA("C:\\nosuch*", &found) != INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(FindFirstFileA("C:\\nosuch\\*", &found) != INVALID_HANDLE_VALUE, ERROR_PATH_NOT_FOUND);
    EXPECT_ERROR(FindFirstFileA("C:\\", &found) != INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(FindClose(INVALID_HANDLE_VALUE), ERROR_INVALID_HANDLE);
}

static void directories(void)
{
    char path[MAX_PATH], *name;
    EXPECT(SetCurrentDirectoryA("C:\\windows\\SYSTEM32"));
    EXPECT_EQUAL(GetCurrentDirectoryA(sizeof path, path), 19);
    EXPECT(is_same(path, "C:\\windows\\SYSTEM32"));
    EXPECT_EQUAL(GetFileAttributesA("kernel32.dll") & FILE_ATTRIBUTE_DIRECTORY, 0);
    EXPECT(SetCurrentDirectoryW(L".."));
    EXPECT_EQUAL(GetFullPathNameA("a\\..\\b.txt", sizeof path, path, &name), 16);
    EXPECT(is_same(path, "C:\\windows\\b.txt") && is_same(name, "b.txt"));
    EXPECT_EQUAL(GetFullPathNameA("b.txt", 4, path, &name), 17);
    EXPECT_ERROR(SetCurrentDirectoryA("nosuch"), ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(SetCurrentDirectoryA("system32\\ntdll.dll"), ERROR_DIRECTORY);
    EXPECT_EQUAL(GetFileAttributesA("system32"), FILE_ATTRIBUTE_DIRECTORY);
    EXPECT_ERROR(GetFileAttributesA("nosuch") != INVALID_FILE_ATTRIBUTES, ERROR_FILE_NOT_FOUND);
    EXPECT(SetCurrentDirectoryA("C:\\"));
}

static void test(void)
{
    DWORD sectors, bytes, free, clusters;
    listing();
    directories();
    EXPECT(GetDiskFreeSpaceA("C:\\", &sectors, &bytes, &free, &clusters));
    EXPECT_EQUAL(bytes, 512);
    EXPECT(sectors > 0 && clusters > free && free > 0);
    EXPECT(GetDiskFreeSpaceW(NULL, &sectors, &bytes, &free, &clusters));
}
