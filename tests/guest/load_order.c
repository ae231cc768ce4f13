// What a DLL leans on comes before it and goes after it; another reference keeps it.
// expect: exit 0
#include "test.h"

static void expect_order(int line, const char *expected)
{
    char text[64] = "";
    GetEnvironmentVariableA("order", text, sizeof text);
    expect_word(line, text, (DWORD)lstrcmpA(text, expected), 0);
}

static void test(void)
{
    HMODULE upper = LoadLibraryA("library_upper.exe");
    expect_order(__LINE__, "lu");
    EXPECT_EQUAL(((int (*)(void))GetProcAddress(upper, "upper"))(), 2);
    EXPECT(LoadLibraryA("library_upper.exe") == upper);
    EXPECT(FreeLibrary(upper));
    expect_order(__LINE__, "lu");
    EXPECT(FreeLibrary(upper));
    expect_order(__LINE__, "luUL");
    EXPECT(GetModuleHandleA("library_lower.exe") == NULL);
    // The lower one on its own account stays when the upper one goes.
    HMODULE lower = LoadLibraryA("library_lower.exe");
    upper = LoadLibraryA("library_upper.exe");
    EXPECT(FreeLibrary(upper));
    expect_order(__LINE__, "luULluU");
    EXPECT(FreeLibrary(lower));
    expect_order(__LINE__, "luULluUL");
}
