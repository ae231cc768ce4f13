// Profiles: values, keys and sections are read, changed, and taken out.
// expect: exit 0
#include "test.h"

#define FILE_NAME "C:\\profile_strings.ini"
#define WIDE_NAME L"C:\\profile_strings.ini"

static void make(const char *text)
{
    DWORD done;
    HANDLE file = CreateFileA(FILE_NAME, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    EXPECT(WriteFile(file, text, length_of(text), &done, NULL) && done == length_of(text) && CloseHandle(file));
}

static void expect_file(int line, const char *name, const char *expected)
{
    char text[256] = "";
    DWORD done = 0;
    HANDLE file = CreateFileA(name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    expect_word(line, "reading", ReadFile(file, text, sizeof text - 1, &done, NULL) && CloseHandle(file), 1);
    text[done] = 0;
    expect_word(line, text, lstrcmpA(text, expected), 0);
}

// The same with zeros, up to two of them, as bars.
static const char *shown(char *list)
{
    for (char *at = list; at[0] != 0 || at[1] != 0; at++)
        if (*at == 0)
            *at = '|';
    return list;
}

static void reading(void)
{
    char text[64];
    WCHAR wide[64];
    make("; comment\r\n[First]\r\nname = one two \r\nquoted='  x '\r\nnumber=42 apples\r\nminus=-7\r\n\r\n[Second]\r\n;gone=1\r\nb=2\r\n");
    EXPECT_EQUAL(GetPrivateProfileStringA("first", "NAME", "none", text, sizeof text, FILE_NAME), 7);
    EXPECT(lstrcmpA(text, "one two") == 0);
    EXPECT_EQUAL(GetPrivateProfileStringA("First", "quoted", NULL, text, sizeof text, FILE_NAME), 4);
    EXPECT(lstrcmpA(text, "  x ") == 0);
    EXPECT_EQUAL(GetPrivateProfileStringA("First", "b", "none  ", text, sizeof text, FILE_NAME), 4);
    EXPECT(lstrcmpA(text, "none") == 0);
    EXPECT_EQUAL(GetPrivateProfileStringA("First", "name", "", text, 4, FILE_NAME), 3);
    EXPECT(lstrcmpA(text, "one") == 0);
    EXPECT_EQUAL(GetPrivateProfileStringW(L"Second", L"b", L"", wide, 64, WIDE_NAME), 1);
    EXPECT(wide[0] == '2' && wide[1] == 0);
    EXPECT_EQUAL(GetPrivateProfileStringA(NULL, NULL, "", text, sizeof text, FILE_NAME), 13);
    EXPECT(lstrcmpA(shown(text), "First|Second") == 0);
    EXPECT_EQUAL(GetPrivateProfileStringA("First", NULL, "", text, sizeof text, FILE_NAME), 25);
    EXPECT(lstrcmpA(shown(text), "name|quoted|number|minus") == 0);
    EXPECT_EQUAL(GetPrivateProfileStringA("First", NULL, "", text, 8, FILE_NAME), 6);
    EXPECT(lstrcmpA(shown(text), "name|q") == 0 && text[6] == 0 && text[7] == 0);
    EXPECT_EQUAL(GetPrivateProfileSectionNamesA(text, sizeof text, FILE_NAME), 13);
    EXPECT_EQUAL(GetPrivateProfileSectionA("Second", text, sizeof text, FILE_NAME), 4);
    EXPECT(lstrcmpA(shown(text), "b=2") == 0);
    EXPECT_EQUAL(GetPrivateProfileIntA("First", "number", 5, FILE_NAME), 42);
    EXPECT_EQUAL(GetPrivateProfileIntW(L"First", L"minus", 5, WIDE_NAME), -7);
    EXPECT_EQUAL(GetPrivateProfileIntA("First", "name", 5, FILE_NAME), 0);
    EXPECT_EQUAL(GetPrivateProfileIntA("First", "absent", 5, FILE_NAME), 5);
}

static void writing(void)
{
    EXPECT(WritePrivateProfileStringA("First", "Name", "x", FILE_NAME));
    EXPECT(WritePrivateProfileStringA("First", "quoted", NULL, FILE_NAME));
    EXPECT(WritePrivateProfileStringW(L"First", L"new", L"y", WIDE_NAME));
    EXPECT(WritePrivateProfileStringA("Second", NULL, NULL, FILE_NAME));
    EXPECT(WritePrivateProfileStringA("Third", "k", "v", FILE_NAME));
    expect_file(__LINE__, FILE_NAME, "; comment\r\n[First]\r\nName=x\r\nnumber=42 apples\r\nminus=-7\r\nnew=y\r\n\r\n[Third]\r\nk=v\r\n");
    EXPECT(WritePrivateProfileSectionA("First", "a=1\0b=2\0", FILE_NAME));
    expect_file(__LINE__, FILE_NAME, "; comment\r\n[First]\r\na=1\r\nb=2\r\n[Third]\r\nk=v\r\n");
    EXPECT(!WritePrivateProfileStringA(NULL, NULL, NULL, FILE_NAME));
    EXPECT(DeleteFileA(FILE_NAME));
}

// Without a folder, and without a name.
static void of_windows(void)
{
    char text[16];
    EXPECT_EQUAL(GetPrivateProfileStringA("s", "k", "default", text, sizeof text, FILE_NAME), 7);
    EXPECT_EQUAL(GetLastError(), ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(WritePrivateProfileStringA("s", "k", "v", "C:\\nowhere\\x.ini"), ERROR_PATH_NOT_FOUND);
    EXPECT(WritePrivateProfileStringA("s", "k", "12", "profile_test.ini"));
    expect_file(__LINE__, "C:\\WINDOWS\\profile_test.ini", "[s]\r\nk=12\r\n");
    EXPECT(DeleteFileA("C:\\WINDOWS\\profile_test.ini"));
    EXPECT_EQUAL(GetProfileIntA("s", "k", 9), 9);
    EXPECT(WriteProfileStringA("s", "k", "12"));
    EXPECT_EQUAL(GetProfileIntA("s", "k", 9), 12);
    EXPECT_EQUAL(GetProfileStringA("s", "k", "", text, sizeof text), 2);
    EXPECT(DeleteFileA("C:\\WINDOWS\\win.ini"));
}

static void test(void)
{
    reading();
    writing();
    of_windows();
}
