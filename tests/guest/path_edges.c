// Paths and the environment where they are unusual: empty ones, null ones, too little room, dots and separators at their ends, shares.
// expect: exit 0

#include "test.h"

static char text[600];

static BOOL same(const char *expected)
{
    if (lstrcmpA(text, expected) == 0)
        return TRUE;
    put(text);
    put("\n");
    return FALSE;
}

static void full(const char *path, const char *expected, int name_at)
{
    char *part = (char *)9;
    text[0] = 0;
    DWORD length = GetFullPathNameA(path, sizeof text, text, &part);
    EXPECT_EQUAL(length, length_of(expected));
    EXPECT(same(expected));
    EXPECT_EQUAL(part, name_at < 0 ? NULL : text + name_at);
}

static void full_paths(void)
{
    EXPECT(SetCurrentDirectoryA("C:\\WINDOWS"));
    full("", "", -1);
    full("  ", "", -1);
    full("file", "C:\\WINDOWS\\file", 11);
    full("C:file", "C:\\WINDOWS\\file", 11);
    full("\\file", "C:\\file", 3);
    full("C:\\a\\.\\b\\..\\c", "C:\\a\\c", 5);
    full("C:/a/b/", "C:\\a\\b\\", -1);
    full("C:\\", "C:\\", -1);
    full("C:\\..\\..", "C:\\", -1);
    full("C:\\a. . ", "C:\\a", 3);
    full("\\\\server\\share\\..\\x", "\\\\server\\share\\x", 15);
    full("C:\\a\\nul", "\\\\.\\nul", 4);
    // Too little room: how much is needed, and nothing else.
    char *part = (char *)9;
    text[0] = '#';
    EXPECT_EQUAL(GetFullPathNameA("C:\\abc", 6, text, &part), 7);
    EXPECT(text[0] == '#' && part == NULL);
    EXPECT_EQUAL(GetFullPathNameA("C:\\abc", 7, text, NULL), 6);
    EXPECT_EQUAL(GetFullPathNameW(L"C:\\abc", 0, NULL, NULL), 7);
}

static void current(void)
{
    EXPECT_ERROR(SetCurrentDirectoryA(""), ERROR_INVALID_NAME);
    EXPECT_ERROR(SetCurrentDirectoryA("C:\\no such folder"), ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(SetCurrentDirectoryA("C:\\no such folder\\x"), ERROR_PATH_NOT_FOUND);
    EXPECT_ERROR(SetCurrentDirectoryA("C:\\path_edges.exe"), ERROR_DIRECTORY);
    EXPECT_EQUAL(GetCurrentDirectoryA(10, text), 11);
    EXPECT_EQUAL(GetCurrentDirectoryA(11, text), 10);
    EXPECT(same("C:\\WINDOWS"));
    EXPECT(SetCurrentDirectoryA("system32\\") && GetCurrentDirectoryA(sizeof text, text) == 19);
    EXPECT(SetCurrentDirectoryA("\\") && GetCurrentDirectoryA(sizeof text, text) == 3);
    EXPECT_EQUAL(GetCurrentDirectoryW(0, NULL), 4);
}

static void searching(void)
{
    char *part = NULL;
    EXPECT_EQUAL(SearchPathA(NULL, "kernel32", ".dll", sizeof text, text, &part), 32);
    EXPECT(same("C:\\WINDOWS\\system32\\kernel32.dll") && part == text + 20);
    EXPECT_EQUAL(SearchPathA("C:\\nowhere;C:\\WINDOWS\\system32", "ntdll.dll", ".exe", 10, text, &part), 30);
    EXPECT_ERROR(SearchPathA("C:\\nowhere", "ntdll.dll", NULL, sizeof text, text, &part), ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(SearchPathA(NULL, NULL, NULL, sizeof text, text, &part), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(SearchPathW(NULL, NULL, NULL, 0, NULL, NULL), ERROR_INVALID_PARAMETER);
}

static void forms(void)
{
    HANDLE file = CreateFileA("C:\\a long name of a file.text", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        EXPECT(CloseHandle(file));
        DWORD length = GetShortPathNameA("C:\\a long name of a file.text", text, sizeof text);
        EXPECT(length == lstrlenA(text) + 0u && length <= 15);
        char again[600];
        EXPECT_EQUAL(GetLongPathNameA(text, again, sizeof again), 29);
        EXPECT_EQUAL(lstrcmpA(again, "C:\\a long name of a file.text"), 0);
        EXPECT_EQUAL(GetLongPathNameA(text, again, 5), 30);
        EXPECT_EQUAL(GetShortPathNameA("C:\\a long name of a file.text", again, 3), length + 1);
        EXPECT(DeleteFileA("C:\\a long name of a file.text"));
    }
    EXPECT_ERROR(GetShortPathNameA("C:\\no such file", text, sizeof text), ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(GetLongPathNameA("C:\\no such folder\\x", text, sizeof text), ERROR_PATH_NOT_FOUND);
    EXPECT_ERROR(GetLongPathNameA(NULL, text, sizeof text), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetShortPathNameW(NULL, NULL, 0), ERROR_INVALID_PARAMETER);
}

static void temporary(void)
{
    EXPECT_EQUAL(GetTempFileNameA("C:\\", "prefix", 0x1234, text), 0x1234);
    EXPECT(same("C:\\pre1234.tmp"));
    EXPECT_EQUAL(GetFileAttributesA(text), INVALID_FILE_ATTRIBUTES);
    EXPECT_EQUAL(GetTempFileNameA("C:\\WINDOWS", "", 0xAB, text), 0xAB);
    EXPECT(same("C:\\WINDOWS\\AB.tmp"));
    UINT number = GetTempFileNameA("C:\\", "x", 0, text);
    if (number != 0) {
        EXPECT(number <= 0xFFFF && GetFileAttributesA(text) != INVALID_FILE_ATTRIBUTES);
        EXPECT(DeleteFileA(text));
    }
    EXPECT_ERROR(GetTempFileNameA("C:\\no such folder", "x", 1, text), ERROR_DIRECTORY);
    EXPECT_ERROR(GetTempFileNameA("C:\\path_edges.exe", "x", 1, text), ERROR_DIRECTORY);
}

static void variables(void)
{
    EXPECT_ERROR(SetEnvironmentVariableA("", "x"), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(SetEnvironmentVariableA("A=B", "x"), ERROR_INVALID_PARAMETER);
    EXPECT(SetEnvironmentVariableA("=X:", "X:\\folder"));
    EXPECT_EQUAL(GetEnvironmentVariableA("=X:", text, sizeof text), 9);
    EXPECT(SetEnvironmentVariableA("EDGE", "value"));
    EXPECT_EQUAL(GetEnvironmentVariableA("edge", text, 5), 6);
    EXPECT_EQUAL(GetEnvironmentVariableA("edge", text, 6), 5);
    EXPECT_EQUAL(GetEnvironmentVariableA("edge", NULL, 0), 6);
    EXPECT(SetEnvironmentVariableA("EMPTY", ""));
    SetLastError(0);
    EXPECT_EQUAL(GetEnvironmentVariableA("EMPTY", text, sizeof text), 0);
    EXPECT(GetLastError() == 0 && text[0] == 0);
    EXPECT_EQUAL(GetEnvironmentVariableA("EMPTY", NULL, 0), 1);
    EXPECT_ERROR(SetEnvironmentVariableA("NO SUCH", NULL), ERROR_ENVVAR_NOT_FOUND);

    EXPECT_EQUAL(ExpandEnvironmentStringsA("<%edge%> %NO SUCH% 100% %%", text, sizeof text), 26);
    EXPECT(same("<value> %NO SUCH% 100% %%"));
    text[0] = '#';
    EXPECT_EQUAL(ExpandEnvironmentStringsW(L"%EDGE%%EDGE%", NULL, 0), 11);
    EXPECT_EQUAL(ExpandEnvironmentStringsW(L"", (WCHAR *)text, 9), 1);
}

static void test(void)
{
    full_paths();
    current();
    searching();
    forms();
    temporary();
    variables();
}
