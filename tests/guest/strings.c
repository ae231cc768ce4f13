// Conversions and string functions of kernel32.
// expect: exit 0
#include "test.h"

static void test(void)
{
    WCHAR wide[16];
    char narrow[16];
    BOOL used = FALSE;
    EXPECT_EQUAL(MultiByteToWideChar(CP_ACP, 0, "a\x80\xE4", -1, wide, 16), 4);
    EXPECT(wide[0] == 'a' && wide[1] == 0x20AC && wide[2] == 0xE4 && wide[3] == 0);
    EXPECT_EQUAL(WideCharToMultiByte(CP_ACP, 0, L"a\x20AC\x4E2D", -1, narrow, 16, "!", &used), 4);
    EXPECT(narrow[1] == (char)0x80 && narrow[2] == '!' && used);
    EXPECT_EQUAL(MultiByteToWideChar(CP_UTF8, 0, "\xE2\x82\xAC", 3, wide, 16), 1);
    EXPECT_EQUAL(wide[0], 0x20AC);
    EXPECT_EQUAL(WideCharToMultiByte(CP_UTF8, 0, L"\x20AC", 1, NULL, 0, NULL, NULL), 3);
    EXPECT_ERROR(MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, "\xFF", 1, wide, 16), ERROR_NO_UNICODE_TRANSLATION);
    EXPECT_ERROR(MultiByteToWideChar(CP_ACP, 0, "abc", 3, wide, 2), ERROR_INSUFFICIENT_BUFFER);
    EXPECT_ERROR(MultiByteToWideChar(12345, 0, "abc", 3, wide, 16), ERROR_INVALID_PARAMETER);
    EXPECT(lstrcmpA("abc", "ABC") < 0 && lstrcmpiA("abc", "ABC") == 0 && lstrcmpA("abc", "abd") < 0 && lstrcmpA("b", "abc") > 0);
    EXPECT(lstrcpyA(narrow, "one") == narrow && lstrcatA(narrow, "two") == narrow && lstrcmpA(narrow, "onetwo") == 0);
    EXPECT(lstrcpynA(narrow, "truncated", 5) == narrow && lstrcmpA(narrow, "trun") == 0);
    EXPECT_EQUAL(lstrlenA(NULL), 0);
}
